//! Checkbooks, bank transactions and the receipts that deposits are made of.

use super::super::declare::{
    Column, EVERYTHING, FROM, MONEY, Query, Source, TO, Type, amount, by, date, flag, int, key,
    meaning, one, text,
};
use super::codes;

const CHECKBOOK: Type = Type::Char(15);

pub(super) static QUERIES: &[Query] = &[
    Query {
        name: "checkbooks",
        text: "Checkbooks with balance, last reconciliation and next numbers.",
        parameters: &[one("CHEKBKID", CHECKBOOK)],
        ways: &[EVERYTHING, by(&["CHEKBKID"], "c.CHEKBKID = @CHEKBKID")],
        always: "",
        sources: &[Source {
            columns: &[CHECKBOOKS],
            from: "dbo.CM00100 c LEFT JOIN dbo.GL00105 a ON a.ACTINDX = c.ACTINDX",
            condition: "",
        }],
        key: &[key("CHEKBKID", CHECKBOOK)],
    },
    Query {
        name: "bank_transactions",
        text: "Bank transactions; from and to are days of TRXDATE. By SRCDOCNUM, the number of \
               the document they come from.",
        parameters: &[
            one("CHEKBKID", CHECKBOOK),
            one("CMTrxNum", Type::Char(21)),
            one("SRCDOCNUM", Type::Char(21)),
            FROM,
            TO,
        ],
        ways: &[
            EVERYTHING,
            by(&["CHEKBKID"], "d.CHEKBKID = @CHEKBKID"),
            by(
                &["CHEKBKID", "CMTrxNum"],
                "d.CHEKBKID = @CHEKBKID AND d.CMTrxNum = @CMTrxNum",
            ),
            by(&["SRCDOCNUM"], "d.SRCDOCNUM = @SRCDOCNUM"),
        ],
        always: "d.TRXDATE >= @from AND d.TRXDATE <= @to",
        sources: &[Source {
            columns: &[TRANSACTION],
            from: "dbo.CM20200 d",
            condition: "",
        }],
        key: &[key("CMRECNUM", MONEY)],
    },
    Query {
        name: "deposited_receipts",
        text: "Receipts of checkbooks, deposited or not (DEPOSITED), with the deposit they went \
               into; from and to are days of receiptdate.",
        parameters: &[
            one("CHEKBKID", CHECKBOOK),
            one("depositnumber", Type::Char(21)),
            one("RCPTNMBR", Type::Char(21)),
            one("SRCDOCNUM", Type::Char(21)),
            FROM,
            TO,
        ],
        ways: &[
            EVERYTHING,
            by(&["CHEKBKID"], "d.CHEKBKID = @CHEKBKID"),
            by(
                &["CHEKBKID", "depositnumber"],
                "d.CHEKBKID = @CHEKBKID AND d.depositnumber = @depositnumber",
            ),
            by(
                &["CHEKBKID", "RCPTNMBR"],
                "d.CHEKBKID = @CHEKBKID AND d.RCPTNMBR = @RCPTNMBR",
            ),
            by(&["SRCDOCNUM"], "d.SRCDOCNUM = @SRCDOCNUM"),
        ],
        always: "d.receiptdate >= @from AND d.receiptdate <= @to",
        sources: &[Source {
            columns: &[RECEIPT],
            from: "dbo.CM20300 d",
            condition: "",
        }],
        key: &[key("CMRECNUM", MONEY)],
    },
];

const CHECKBOOKS: &[Column] = &[
    text("c.CHEKBKID"),
    text("c.DSCRIPTN"),
    text("c.BANKID"),
    text("c.CURNCYID"),
    int("c.ACTINDX"),
    text("a.ACTNUMST"),
    amount("c.CURRBLNC"),
    date("c.Last_Reconciled_Date"),
    amount("c.Last_Reconciled_Balance"),
    text("c.NXTCHNUM"),
    text("c.Next_Deposit_Number"),
    flag("c.INACTIVE"),
    date("c.CREATDDT"),
    date("c.MODIFDT"),
];

const TRANSACTION: &[Column] = &[
    amount("d.CMRECNUM"),
    text("d.CHEKBKID"),
    text("d.CMTrxNum"),
    int("d.CMTrxType"),
    meaning("transaction_type", "d.CMTrxType", codes::BANK_TRANSACTIONS),
    date("d.TRXDATE"),
    date("d.GLPOSTDT"),
    amount("d.TRXAMNT"),
    amount("d.ORIGAMT"),
    amount("d.Checkbook_Amount"),
    text("d.CURNCYID"),
    text("d.CMLinkID"),
    text("d.paidtorcvdfrom"),
    text("d.DSCRIPTN"),
    flag("d.Recond").named("reconciled"),
    date("d.clearedate"),
    flag("d.VOIDED"),
    date("d.VOIDDATE"),
    text("d.VOIDDESC"),
    int("d.DEPTYPE"),
    text("d.SOURCDOC"),
    int("d.SRCDOCTYP"),
    text("d.SRCDOCNUM"),
    text("d.AUDITTRAIL"),
    date("d.POSTEDDT"),
    text("d.PTDUSRID"),
    date("d.MODIFDT"),
];

const RECEIPT: &[Column] = &[
    amount("d.CMRECNUM"),
    text("d.CHEKBKID"),
    flag("d.DEPOSITED"),
    text("d.depositnumber"),
    text("d.RCPTNMBR"),
    int("d.RcpType"),
    date("d.receiptdate"),
    date("d.GLPOSTDT"),
    amount("d.RCPTAMT"),
    amount("d.ORIGAMT"),
    amount("d.Checkbook_Amount"),
    text("d.CURNCYID"),
    text("d.CARDNAME"),
    text("d.CMLinkID"),
    text("d.RcvdFrom"),
    text("d.DSCRIPTN"),
    flag("d.VOIDED"),
    date("d.VOIDDATE"),
    text("d.SOURCDOC"),
    int("d.SRCDOCTYP"),
    text("d.SRCDOCNUM"),
    text("d.PMNTNMBR"),
    text("d.AUDITTRAIL"),
    date("d.POSTEDDT"),
    date("d.MODIFDT"),
];
