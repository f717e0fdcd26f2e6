//! Error codes of Bank Reconciliation.

use super::super::codes::codes;

codes! {
    DIST_OPTION = 96_001, "taBRBankTransactionDist", "ACTNUMST", "Option", "A distribution belongs to a transaction (1), a receipt (2) or the void of one (3, 4).";
    DIST_ACCOUNT = 96_002, "taBRBankTransactionDist", "ACTNUMST", "ACTNUMST", "There is no such account.";
    DIST_ACCOUNT_INACTIVE = 96_003, "taBRBankTransactionDist", "ACTNUMST", "ACTNUMST", "The account is inactive.";
    DIST_SIDES = 96_004, "taBRBankTransactionDist", "ACTNUMST", "DEBITAMT, CRDTAMNT", "A distribution has one of debit and credit, and neither is negative.";
    OPTION = 96_021, "taBRBankTransactionHeader", "CHEKBKID, CMTrxNum", "Option", "The option is not 1 (transaction) or 2 (receipt).";
    CHECKBOOK = 96_022, "taBRBankTransactionHeader", "CHEKBKID, CMTrxNum", "CHEKBKID", "There is no such checkbook.";
    CHECKBOOK_INACTIVE = 96_023, "taBRBankTransactionHeader", "CHEKBKID, CMTrxNum", "CHEKBKID", "The checkbook is inactive.";
    TYPE = 96_024, "taBRBankTransactionHeader", "CHEKBKID, CMTrxNum", "CMTrxType", "The transaction type is not 3 to 6.";
    RECEIPT_TYPE = 96_025, "taBRBankTransactionHeader", "CHEKBKID, CMTrxNum", "RcpType", "The receipt type is not 1 to 3.";
    CARD = 96_026, "taBRBankTransactionHeader", "CHEKBKID, CMTrxNum", "CARDNAME, RcpType", "A receipt by card needs a card that exists.";
    AMOUNT = 96_027, "taBRBankTransactionHeader", "CHEKBKID, CMTrxNum", "TRXAMNT", "The amount is not above zero.";
    CURRENCY = 96_028, "taBRBankTransactionHeader", "CHEKBKID, CMTrxNum", "CURNCYID", "There is no such currency.";
    FOREIGN = 96_029, "taBRBankTransactionHeader", "CHEKBKID, CMTrxNum", "CURNCYID", "The currency is not that of the checkbook.";
    EXISTS = 96_030, "taBRBankTransactionHeader", "CHEKBKID, CMTrxNum", "CMTrxNum", "The checkbook has such a transaction with this number already.";
    NO_DISTRIBUTIONS = 96_031, "taBRBankTransactionHeader", "CHEKBKID, CMTrxNum", "TRXAMNT", "No distribution was sent.";
    UNBALANCED = 96_032, "taBRBankTransactionHeader", "CHEKBKID, CMTrxNum", "TRXAMNT", "The distributions do not balance the amount.";
    VOID_OPTION = 96_041, "taBRBankTransactionVoid", "CHEKBKID, CMTrxNum", "Option", "The option is not 3 (transaction) or 4 (receipt).";
    VOID_MISSING = 96_042, "taBRBankTransactionVoid", "CHEKBKID, CMTrxNum", "CMTrxNum", "The checkbook has no such transaction.";
    VOID_TWICE = 96_043, "taBRBankTransactionVoid", "CHEKBKID, CMTrxNum", "CMTrxNum", "The transaction is voided already.";
    VOID_RECONCILED = 96_044, "taBRBankTransactionVoid", "CHEKBKID, CMTrxNum", "CMTrxNum", "The transaction is reconciled.";
    VOID_DEPOSITED = 96_045, "taBRBankTransactionVoid", "CHEKBKID, CMTrxNum", "CMTrxNum", "The receipt is deposited.";
    VOID_CREATE_DIST = 96_046, "taBRBankTransactionVoid", "CHEKBKID, CMTrxNum", "CreateDist", "CreateDist is not 0 or 1.";
    LINE_CHECKBOOK = 96_061, "taBRBankDepositsLine", "depositnumber, RCPTNMBR", "CHEKBKID", "There is no such checkbook.";
    LINE_RECEIPT = 96_062, "taBRBankDepositsLine", "depositnumber, RCPTNMBR", "RCPTNMBR, CMRECNUM", "The checkbook has no such receipt that is free to be deposited.";
    LINE_DEPOSIT = 96_063, "taBRBankDepositsLine", "depositnumber, RCPTNMBR", "depositnumber", "The deposit is posted already.";
    DEPOSIT_OPTION = 96_071, "taBRBankDepositsHeader", "CHEKBKID, depositnumber", "Option", "Deposits are entered (1), not voided.";
    DEPOSIT_CHECKBOOK = 96_072, "taBRBankDepositsHeader", "CHEKBKID, depositnumber", "CHEKBKID", "There is no such checkbook.";
    DEPOSIT_TYPE = 96_073, "taBRBankDepositsHeader", "CHEKBKID, depositnumber", "DEPTYPE", "The deposit type is not 1 or 2.";
    DEPOSIT_EXISTS = 96_074, "taBRBankDepositsHeader", "CHEKBKID, depositnumber", "depositnumber", "The checkbook has a deposit with this number already.";
    DEPOSIT_RECEIPTS = 96_075, "taBRBankDepositsHeader", "CHEKBKID, depositnumber", "DEPTYPE", "A deposit with receipts has some, one without has none.";
    DEPOSIT_AMOUNT = 96_076, "taBRBankDepositsHeader", "CHEKBKID, depositnumber", "DepAmt", "The amount is not above zero, or differs from the receipts.";
    POST_CHECKBOOK = 96_081, "taBRPostBankDeposits", "CHEKBKID, depositnumber", "CHEKBKID", "There is no such checkbook.";
    POST_MISSING = 96_082, "taBRPostBankDeposits", "CHEKBKID, depositnumber", "depositnumber", "The checkbook has no such unposted deposit.";
}
