//! Error codes of General Ledger.

use super::super::codes::codes;

codes! {
    LINE_TWICE = 7738, "taGLTransactionLineInsert", "BACHNUMB, JRNENTRY", "SQNCLINE", "A line with this sequence exists already.";
    ACCOUNT_MISSING = 94_001, "taGLTransactionLineInsert", "BACHNUMB, JRNENTRY", "ACTINDX, ACTNUMST", "The line names no account.";
    ACCOUNT = 94_002, "taGLTransactionLineInsert", "BACHNUMB, JRNENTRY", "ACTINDX, ACTNUMST", "There is no such account.";
    ACCOUNT_INACTIVE = 94_003, "taGLTransactionLineInsert", "BACHNUMB, JRNENTRY", "ACTINDX, ACTNUMST", "The account is inactive.";
    SIDES = 94_004, "taGLTransactionLineInsert", "BACHNUMB, JRNENTRY", "DEBITAMT, CRDTAMNT", "A line has one of debit and credit, and neither is negative.";
    LINE_CURRENCY = 94_005, "taGLTransactionLineInsert", "BACHNUMB, JRNENTRY", "CURNCYID", "There is no such currency.";
    LINES_CURRENCY = 94_006, "taGLTransactionHeaderInsert", "BACHNUMB, JRNENTRY", "CURNCYID", "A line is in another currency than the journal.";
    TYPE = 94_011, "taGLTransactionHeaderInsert", "BACHNUMB, JRNENTRY", "TRXTYPE", "The transaction type is not 0 or 1.";
    REVERSING_DATE = 94_012, "taGLTransactionHeaderInsert", "BACHNUMB, JRNENTRY", "RVRSNGDT, TRXTYPE", "A reversing entry needs a reversing date after its own, and no other has one.";
    JOURNAL_EXISTS = 94_013, "taGLTransactionHeaderInsert", "BACHNUMB, JRNENTRY", "JRNENTRY", "A journal entry with this number exists already.";
    NO_LINES = 94_014, "taGLTransactionHeaderInsert", "BACHNUMB, JRNENTRY", "JRNENTRY", "The journal entry has no lines.";
    UNBALANCED = 94_015, "taGLTransactionHeaderInsert", "BACHNUMB, JRNENTRY", "JRNENTRY", "The lines' debits and credits differ.";
    LINE_BATCH = 94_016, "taGLTransactionHeaderInsert", "BACHNUMB, JRNENTRY", "BACHNUMB", "A line was sent for another batch.";
    SERIES = 94_017, "taGLTransactionHeaderInsert", "BACHNUMB, JRNENTRY", "SERIES", "The series is not 2 to 7.";
    CURRENCY = 94_018, "taGLTransactionHeaderInsert", "BACHNUMB, JRNENTRY", "CURNCYID", "There is no such currency.";
    NO_RATE = 94_019, "taGLTransactionHeaderInsert", "BACHNUMB, JRNENTRY", "CURNCYID, EXCHDATE, TRXDATE", "There is no exchange rate for the currency and date.";
}
