//! Error codes of Payables Management.

use super::super::codes::codes;

codes! {
    TAX_TYPE = 93_001, "taPMTransactionTaxInsert", "VENDORID, VCHRNMBR", "DOCTYPE", "The document type is not 1 to 5.";
    TAX_VENDOR = 93_002, "taPMTransactionTaxInsert", "VENDORID, VCHRNMBR", "VENDORID", "There is no such vendor.";
    TAX_DETAIL = 93_003, "taPMTransactionTaxInsert", "VENDORID, VCHRNMBR", "TAXDTLID", "There is no such tax detail.";
    TAX_TWICE = 93_004, "taPMTransactionTaxInsert", "VENDORID, VCHRNMBR", "TAXDTLID", "This voucher has the tax detail already.";
    TAX_SUM = 93_005, "taPMTransactionTaxInsert", "VENDORID, VCHRNMBR", "TAXAMNT, PCTAXAMT, FRTTXAMT, MSCTXAMT", "The tax differs from the sum of its parts for purchases, freight and miscellaneous.";
    TAX_NEGATIVE = 93_006, "taPMTransactionTaxInsert", "VENDORID, VCHRNMBR", "PCTAXAMT, FRTTXAMT, MSCTXAMT, TDTTXPUR, TXDTTPUR", "An amount is negative.";
    TAX_ACCOUNT = 93_007, "taPMTransactionTaxInsert", "VENDORID, VCHRNMBR", "ACTINDX, ACTNUMST", "There is no such account.";
    TAX_ACCOUNT_INACTIVE = 93_008, "taPMTransactionTaxInsert", "VENDORID, VCHRNMBR", "ACTINDX, ACTNUMST", "The account is inactive.";
    TAX_VOUCHER = 93_009, "taPMTransactionTaxInsert", "VENDORID, VCHRNMBR", "VCHRNMBR", "The voucher is entered already.";
    DIST_DOCUMENT = 93_021, "taPMDistribution", "VENDORID, VCHRNMBR", "DOCTYPE", "The document type is not 1 to 5.";
    DIST_VENDOR = 93_022, "taPMDistribution", "VENDORID, VCHRNMBR", "VENDORID", "There is no such vendor.";
    DIST_TYPE = 93_023, "taPMDistribution", "VENDORID, VCHRNMBR", "DISTTYPE", "There is no such distribution type.";
    DIST_ACCOUNT_MISSING = 93_024, "taPMDistribution", "VENDORID, VCHRNMBR", "ACTINDX, ACTNUMST", "The distribution names no account.";
    DIST_ACCOUNT = 93_025, "taPMDistribution", "VENDORID, VCHRNMBR", "ACTINDX, ACTNUMST", "There is no such account.";
    DIST_ACCOUNT_INACTIVE = 93_026, "taPMDistribution", "VENDORID, VCHRNMBR", "ACTINDX, ACTNUMST", "The account is inactive.";
    DIST_SIDES = 93_027, "taPMDistribution", "VENDORID, VCHRNMBR", "DEBITAMT, CRDTAMNT", "A distribution has one of debit and credit, and neither is negative.";
    DIST_TWICE = 93_028, "taPMDistribution", "VENDORID, VCHRNMBR", "DSTSQNUM", "A distribution with this sequence exists already.";
    DIST_VOUCHER = 93_029, "taPMDistribution", "VENDORID, VCHRNMBR", "VCHRNMBR", "The voucher is entered already.";
    TYPE = 93_041, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "DOCTYPE", "The document type is not 1 to 5.";
    VENDOR = 93_042, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "VENDORID", "There is no such vendor.";
    VENDOR_INACTIVE = 93_043, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "VENDORID", "The vendor is inactive.";
    VENDOR_HOLD = 93_044, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "VENDORID", "The vendor is on hold.";
    VOUCHER_EXISTS = 93_045, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "VCHNUMWK", "A voucher with this number exists already.";
    DOCUMENT_EXISTS = 93_046, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "DOCNUMBR", "The vendor has a document with this number already.";
    NEGATIVE = 93_047, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "DOCAMNT, PRCHAMNT, MSCCHAMT, FRTAMNT, TAXAMNT, TRDISAMT", "An amount is negative.";
    SUM = 93_048, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "DOCAMNT", "The document amount differs from purchases, miscellaneous, freight and tax less the trade discount.";
    PAID = 93_049, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "CASHAMNT, CHEKAMNT, CRCRDAMT", "Payments entered with a transaction are not built in the sandbox.";
    CHARGE = 93_050, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "CHRGAMNT", "The amount on account differs from the document amount.";
    TERMS = 93_051, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "PYMTRMID", "There are no such payment terms.";
    SHIPPING = 93_052, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "SHIPMTHD", "There is no such shipping method.";
    SCHEDULE = 93_053, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "TAXSCHID, PCHSCHID, FRTSCHID, MSCSCHID", "There is no such tax schedule.";
    CHECKBOOK = 93_054, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "CHEKBKID, BatchCHEKBKID", "There is no such checkbook.";
    CURRENCY = 93_055, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "CURNCYID", "There is no such currency.";
    FOREIGN = 93_056, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "CURNCYID", "Payables in other currencies than the functional one are not built in the sandbox.";
    TAXES_DIFFER = 93_057, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "TAXAMNT", "The taxes sent differ from the document's tax.";
    CREATE_DISTRIBUTIONS = 93_058, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "CREATEDIST", "CREATEDIST is not 0 or 1.";
    DISTRIBUTIONS_SENT = 93_059, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "CREATEDIST", "Distributions were sent though GP was asked to create them.";
    DISTRIBUTIONS_MISSING = 93_060, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "CREATEDIST", "No distributions were sent though GP was not to create them.";
    UNBALANCED = 93_061, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "VCHNUMWK", "The distributions' debits and credits differ.";
    PAYABLE_DIFFERS = 93_062, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "DOCAMNT", "The payable distributions do not make up the document amount.";
    CHILD_VENDOR = 93_063, "taPMTransactionInsert", "VENDORID, VCHNUMWK", "VENDORID, DOCTYPE, BACHNUMB", "A tax or distribution was sent for another vendor, document type or batch.";
    ADDRESS_VENDOR = 93_081, "taCreateVendorAddress", "VENDORID, ADRSCODE", "VENDORID", "There is no such vendor.";
    ADDRESS_EXISTS = 93_082, "taCreateVendorAddress", "VENDORID, ADRSCODE", "UpdateIfExists", "The address exists already.";
    ADDRESS_UPDATE = 93_083, "taCreateVendorAddress", "VENDORID, ADRSCODE", "UpdateIfExists", "UpdateIfExists is not 0 or 1.";
    ADDRESS_SHIPPING = 93_084, "taCreateVendorAddress", "VENDORID, ADRSCODE", "SHIPMTHD", "There is no such shipping method.";
    ADDRESS_SCHEDULE = 93_085, "taCreateVendorAddress", "VENDORID, ADRSCODE", "TAXSCHID", "There is no such tax schedule.";
}
