//! Error codes of the sandbox's procedures and the rows of taErrorCode behind them.
//!
//! Codes below 10,000 are eConnect's own, known from public sources. Codes of 90,000 and more are the
//! sandbox's: the real numbers are published nowhere.

use super::signature::Signature;

/// One row of taErrorCode.
#[derive(Debug, Clone, Copy)]
pub struct Code {
    pub code: i32,
    pub procedure: &'static str,
    pub text: &'static str,
    pub keys: &'static str,
    pub parameters: &'static str,
}

/// No setup row to take a number from.
pub const NUMBER_SETUP: i64 = 90_001;

macro_rules! codes {
    ($($name:ident = $code:literal, $procedure:literal, $keys:literal, $parameters:literal, $text:literal;)*) => {
        $(#[doc = $text] pub const $name: i32 = $code;)*
        /// Every code with its text.
        pub static ALL: &[Code] = &[$(Code {
            code: $code, procedure: $procedure, text: $text, keys: $keys, parameters: $parameters,
        }),*];
    };
}

codes! {
    SUBTOTAL = 67, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "SUBTOTAL", "The subtotal is not the sum of the lines' extended prices.";
    BALANCE = 235, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "DOCAMNT, SUBTOTAL, FREIGHT, MISCAMNT, TAXAMNT, FRTTXAMT, MSCTXAMT, TRDISAMT", "The document amount is not subtotal plus freight, misc and taxes less trade discount.";
    EXTENDED = 722, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE, ITEMNMBR", "UNITPRCE, QUANTITY, XTNDPRCE", "The unit price times the quantity does not give the extended price.";
    DUPLICATE = 2221, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "SOPNUMBE", "A document with this number exists already.";
    LOCKED_BY_USER = 2079, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "SOPNUMBE", "Another user has this document open.";
    LINE_LOCKED_BY_USER = 2022, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE", "SOPNUMBE", "Another user has the document of this line open.";
    OTHER_ITEM = 2902, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE, LNITMSEQ", "ITEMNMBR", "The existing line holds another item.";
    NO_BACK_ORDER = 4776, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE, ITEMNMBR", "QtyShrtOpt, QUANTITY", "The item does not allow back orders and there is not enough of it.";
    LINE_CURRENCY = 9370, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "CURNCYID", "The header names a currency that a line was sent without.";
    SALESPERSON_INACTIVE = 9539, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "SLPRSNID", "The salesperson is inactive.";
    DOCUMENT_TYPE = 90_011, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "SOPTYPE", "The document type is not 1 to 6.";
    DOCUMENT_ID = 90_012, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "DOCID", "There is no such document id for the type.";
    CUSTOMER = 90_013, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "CUSTNMBR", "There is no such customer.";
    CUSTOMER_INACTIVE = 90_014, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "CUSTNMBR", "The customer is inactive.";
    CUSTOMER_HOLD = 90_015, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "CUSTNMBR", "The customer is on hold.";
    SITE = 90_017, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "LOCNCODE", "There is no such site.";
    TERMS = 90_018, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "PYMTRMID", "There are no such payment terms.";
    SHIPPING = 90_019, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "SHIPMTHD", "There is no such shipping method.";
    SCHEDULE = 90_020, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "TAXSCHID, FRTSCHID, MSCSCHID", "There is no such tax schedule.";
    SALESPERSON = 90_022, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "SLPRSNID", "There is no such salesperson.";
    TERRITORY = 90_023, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "SALSTERR", "There is no such sales territory.";
    PRICE_LEVEL = 90_024, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "PRCLEVEL", "There is no such price level.";
    CURRENCY = 90_025, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "CURNCYID", "There is no such currency.";
    DISCOUNT_ORDER = 90_026, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "DISTKNAM, DISAVAMT, DOCAMNT", "Terms discount taken, available and document amount must rise in this order.";
    PAYMENTS_DIFFER = 90_027, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "PYMTRCVD", "The amount received is not the sum of the payments.";
    NO_LINES = 90_028, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "SOPNUMBE", "The document has no lines.";
    BILL_TO = 90_029, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "PRBTADCD", "The customer has no such bill-to address.";
    SHIP_TO = 90_030, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "PRSTADCD", "The customer has no such ship-to address.";
    TAXES_DIFFER = 90_031, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "TAXAMNT, FRTTXAMT, MSCTXAMT", "The taxes are not the sum of the tax rows.";
    DISTRIBUTIONS = 90_032, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "CREATEDIST", "The distributions' debits and credits differ.";
    NO_DOCUMENT = 90_034, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "UpdateExisting", "There is no such document to update.";
    NEGATIVE = 90_035, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "SUBTOTAL, FREIGHT, MISCAMNT, TAXAMNT, TRDISAMT, DOCAMNT", "An amount is negative.";
    CHECKBOOK = 90_036, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "BatchCHEKBKID", "There is no such checkbook.";
    FOREIGN = 90_037, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "CURNCYID", "Documents in other currencies than the functional one are not built in the sandbox.";
    REMAINING = 90_038, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "PYMTRCVD, DOCAMNT", "More was received than the document amounts to.";
    TAX_ENGINE = 90_039, "taSopHdrIvcInsert", "SOPTYPE, SOPNUMBE", "CREATETAXES", "GP's own tax calculation is not built in the sandbox; send tax rows.";
    ITEM = 90_041, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE, ITEMNMBR", "ITEMNMBR", "There is no such item.";
    ITEM_INACTIVE = 90_042, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE, ITEMNMBR", "ITEMNMBR", "The item is inactive.";
    ITEM_DISCONTINUED = 90_043, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE, ITEMNMBR", "ITEMNMBR, QUANTITY", "The item is discontinued and there is not enough of it.";
    LINE_SITE = 90_044, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE, ITEMNMBR", "LOCNCODE", "There is no such site.";
    ITEM_SITE = 90_045, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE, ITEMNMBR", "ITEMNMBR, LOCNCODE", "The item is not assigned to the site.";
    UNIT = 90_046, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE, ITEMNMBR", "UOFM", "The item's schedule has no such unit of measure.";
    QUANTITY = 90_047, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE, ITEMNMBR", "QUANTITY, QTYCANCE", "The quantity is not above zero or less than what is cancelled.";
    LINE_EXISTS = 90_048, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE, LNITMSEQ", "LNITMSEQ", "A line with this sequence exists already.";
    LINE_PRICE_LEVEL = 90_049, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE, ITEMNMBR", "PRCLEVEL", "There is no such price level.";
    LINE_SHIPPING = 90_050, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE, ITEMNMBR", "SHIPMTHD", "There is no such shipping method.";
    LINE_SCHEDULE = 90_051, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE, ITEMNMBR", "TAXSCHID, ITMTSHID", "There is no such tax schedule.";
    LINE_CUSTOMER = 90_052, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE, ITEMNMBR", "CUSTNMBR", "There is no such customer.";
    LINE_TYPE = 90_053, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE, ITEMNMBR", "SOPTYPE", "The document type is not 1 to 6.";
    LINE_SALESPERSON = 90_054, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE, ITEMNMBR", "SLPRSNID", "There is no such salesperson.";
    SHORTAGE_OPTION = 90_056, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE, ITEMNMBR", "QtyShrtOpt", "The shortage option is not 1 to 6.";
    LINE_CURNCYID = 90_057, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE, ITEMNMBR", "CURNCYID", "There is no such currency.";
    LINE_NEGATIVE = 90_058, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE, ITEMNMBR", "UNITPRCE, XTNDPRCE", "A price is negative.";
    NO_PRICE = 90_059, "taSopLineIvcInsert", "SOPTYPE, SOPNUMBE, ITEMNMBR", "PRCLEVEL, UOFM", "There is no price for the item, level and unit.";
    TAX_DETAIL = 90_061, "taSopLineIvcTaxInsert", "SOPTYPE, SOPNUMBE, TAXDTLID", "TAXDTLID", "There is no such tax detail.";
    TAX_TYPE = 90_062, "taSopLineIvcTaxInsert", "SOPTYPE, SOPNUMBE, TAXDTLID", "TAXTYPE", "The tax type is not 0 to 2.";
    TAX_LINE = 90_063, "taSopLineIvcTaxInsert", "SOPTYPE, SOPNUMBE, TAXDTLID", "LNITMSEQ", "There is no such line for the tax.";
    TAX_TWICE = 90_064, "taSopLineIvcTaxInsert", "SOPTYPE, SOPNUMBE, TAXDTLID", "TAXDTLID, TAXTYPE", "This tax row was sent already.";
    TAX_CUSTOMER = 90_065, "taSopLineIvcTaxInsert", "SOPTYPE, SOPNUMBE, TAXDTLID", "CUSTNMBR", "There is no such customer.";
    PAYMENT_TYPE = 90_071, "taCreateSopPaymentInsertRecord", "SOPTYPE, SOPNUMBE", "PYMTTYPE", "The payment type is not one the document takes: 1 to 3 for orders, 4 to 6 for invoices.";
    PAYMENT_CHECKBOOK = 90_072, "taCreateSopPaymentInsertRecord", "SOPTYPE, SOPNUMBE", "CHEKBKID", "There is no such checkbook.";
    PAYMENT_CARD = 90_073, "taCreateSopPaymentInsertRecord", "SOPTYPE, SOPNUMBE", "CARDNAME", "There is no such card.";
    PAYMENT_AMOUNT = 90_074, "taCreateSopPaymentInsertRecord", "SOPTYPE, SOPNUMBE", "DOCAMNT", "The payment is not above zero.";
    PAYMENT_CUSTOMER = 90_075, "taCreateSopPaymentInsertRecord", "SOPTYPE, SOPNUMBE", "CUSTNMBR", "There is no such customer.";
    PAYMENT_UNKNOWN = 90_076, "taCreateSopPaymentInsertRecord", "SOPTYPE, SOPNUMBE", "DOCNUMBR, SEQNUMBR, Action", "There is no such payment to change or delete.";
    PAYMENT_ACTION = 90_077, "taCreateSopPaymentInsertRecord", "SOPTYPE, SOPNUMBE", "Action", "The action is not 1, 2 or 3.";
    PAYMENT_CARD_NUMBER = 90_078, "taCreateSopPaymentInsertRecord", "SOPTYPE, SOPNUMBE", "RCTNCCRD", "The sandbox refuses more than the last four digits of a card number.";
    DISTRIBUTION_TYPE = 90_091, "taSopDistribution", "SOPTYPE, SOPNUMBE", "DISTTYPE", "The distribution type is not 1 to 23.";
    DISTRIBUTION_ACCOUNT = 90_092, "taSopDistribution", "SOPTYPE, SOPNUMBE", "ACTINDX, ACTNUMST", "There is no such account.";
    DISTRIBUTION_SIDES = 90_093, "taSopDistribution", "SOPTYPE, SOPNUMBE", "DEBITAMT, CRDTAMNT", "A distribution has exactly one of debit and credit, and neither is negative.";
    CLASS = 90_111, "taUpdateCreateCustomerRcd", "CUSTNMBR", "CUSTCLAS", "There is no such customer class.";
    NAME = 90_112, "taUpdateCreateCustomerRcd", "CUSTNMBR", "CUSTNAME", "A new customer needs a name.";
    CLASS_MISSING = 90_113, "taUpdateCreateCustomerRcd", "CUSTNMBR", "UseCustomerClass, CUSTCLAS", "Class defaults were asked for without a class.";
    CUSTOMER_EXISTS = 90_114, "taUpdateCreateCustomerRcd", "CUSTNMBR", "UpdateIfExists", "The customer exists already.";
    CUSTOMER_TERMS = 90_115, "taUpdateCreateCustomerRcd", "CUSTNMBR", "PYMTRMID", "There are no such payment terms.";
    CUSTOMER_SHIPPING = 90_116, "taUpdateCreateCustomerRcd", "CUSTNMBR", "SHIPMTHD", "There is no such shipping method.";
    CUSTOMER_SCHEDULE = 90_117, "taUpdateCreateCustomerRcd", "CUSTNMBR", "TAXSCHID", "There is no such tax schedule.";
    CUSTOMER_SALESPERSON = 90_118, "taUpdateCreateCustomerRcd", "CUSTNMBR", "SLPRSNID", "There is no such salesperson.";
    CUSTOMER_TERRITORY = 90_119, "taUpdateCreateCustomerRcd", "CUSTNMBR", "SALSTERR", "There is no such sales territory.";
    CUSTOMER_PRICE_LEVEL = 90_120, "taUpdateCreateCustomerRcd", "CUSTNMBR", "PRCLEVEL", "There is no such price level.";
    CUSTOMER_CURRENCY = 90_121, "taUpdateCreateCustomerRcd", "CUSTNMBR", "CURNCYID", "There is no such currency.";
    CUSTOMER_CHECKBOOK = 90_122, "taUpdateCreateCustomerRcd", "CUSTNMBR", "CHEKBKID", "There is no such checkbook.";
    ADDRESS_CODE = 90_123, "taUpdateCreateCustomerRcd", "CUSTNMBR", "ADRSCODE", "A primary address needs an address code.";
    ADDRESS_CUSTOMER = 90_131, "taCreateCustomerAddress", "CUSTNMBR, ADRSCODE", "CUSTNMBR", "There is no such customer.";
    ADDRESS_EXISTS = 90_132, "taCreateCustomerAddress", "CUSTNMBR, ADRSCODE", "UpdateIfExists", "The address exists already.";
    ADDRESS_SHIPPING = 90_133, "taCreateCustomerAddress", "CUSTNMBR, ADRSCODE", "SHIPMTHD", "There is no such shipping method.";
    ADDRESS_SCHEDULE = 90_134, "taCreateCustomerAddress", "CUSTNMBR, ADRSCODE", "TAXSCHID", "There is no such tax schedule.";
    ADDRESS_SITE = 90_135, "taCreateCustomerAddress", "CUSTNMBR, ADRSCODE", "LOCNCODE", "There is no such site.";
    ADDRESS_SALESPERSON = 90_136, "taCreateCustomerAddress", "CUSTNMBR, ADRSCODE", "SLPRSNID", "There is no such salesperson.";
    ADDRESS_TERRITORY = 90_137, "taCreateCustomerAddress", "CUSTNMBR, ADRSCODE", "SALSTERR", "There is no such sales territory.";
    MASTER_TYPE = 90_141, "taCreateInternetAddresses", "Master_Type, Master_ID, ADRSCODE", "Master_Type", "The master type is none of CUS, ITM, VEN, CMP, SLP, EMP.";
    MASTER = 90_142, "taCreateInternetAddresses", "Master_Type, Master_ID, ADRSCODE", "Master_ID", "There is no such master record.";
    MASTER_ADDRESS = 90_143, "taCreateInternetAddresses", "Master_Type, Master_ID, ADRSCODE", "ADRSCODE", "The master record has no such address.";
    BATCH_SERIES = 90_151, "taCreateUpdateBatchHeaderRcd", "BCHSOURC, BACHNUMB", "SERIES", "The series is not 2 to 7.";
    BATCH_CHECKBOOK = 90_152, "taCreateUpdateBatchHeaderRcd", "BCHSOURC, BACHNUMB", "CHEKBKID", "There is no such checkbook.";
    BATCH_POSTING = 90_153, "taCreateUpdateBatchHeaderRcd", "BCHSOURC, BACHNUMB", "BACHNUMB", "The batch is being posted.";
}

/// The procedures the sandbox has, in the order their element codes count in.
pub const BUILT: [&str; 11] = [
    "taSopHdrIvcInsert",
    "taSopLineIvcInsert",
    "taSopLineIvcTaxInsert",
    "taCreateSopPaymentInsertRecord",
    "taSopUserDefined",
    "taSopDistribution",
    "taSopTrackingNum",
    "taUpdateCreateCustomerRcd",
    "taCreateCustomerAddress",
    "taCreateInternetAddresses",
    "taCreateUpdateBatchHeaderRcd",
];

fn element(base: i32, signature: &Signature, element: &str) -> i32 {
    let procedure = BUILT
        .iter()
        .position(|name| *name == signature.name)
        .unwrap_or(BUILT.len());
    let position = signature
        .parameters
        .iter()
        .position(|each| each.element == element)
        .unwrap_or_default();
    base + i32::try_from(procedure * 1000 + position).unwrap_or_default()
}

/// The code of a required element that is missing, empty or NULL.
pub fn missing(signature: &Signature, name: &str) -> i32 {
    element(910_000, signature, name)
}

/// The code of an element longer than the parameter.
pub fn too_long(signature: &Signature, name: &str) -> i32 {
    element(950_000, signature, name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::ALL;

    #[test]
    fn every_code_is_used_once() {
        let codes: HashSet<i32> = ALL.iter().map(|code| code.code).collect();
        assert_eq!(codes.len(), ALL.len());
    }
}
