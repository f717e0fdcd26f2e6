//! Receivables: what customers owe and paid, unposted, open and in history, and what was applied.

use super::super::declare::{
    Column, EVERYTHING, FROM, Query, Source, TO, Type, absent, always, amount, by, date, flag, int,
    key, many, meaning, one, text, usually, utc,
};
use super::codes;

const CUSTOMER: Type = Type::Char(15);
const NUMBER: Type = Type::Char(21);
const KIND: Type = Type::SmallInt;

pub(super) static QUERIES: &[Query] = &[
    Query {
        name: "receivables",
        text: "Posted receivables, open (transaction_state open) and paid off (history); CURTRXAM is what \
               remains. RMDTYPAL -1 is every type; from and to are days of DOCDATE.",
        parameters: &[
            one("CUSTNMBR", CUSTOMER),
            many("CUSTNMBRS", CUSTOMER),
            one("DOCNUMBR", NUMBER),
            many("DOCNUMBRS", NUMBER),
            usually("RMDTYPAL", KIND, "-1"),
            FROM,
            TO,
        ],
        ways: &[
            EVERYTHING,
            by(&["CUSTNMBR"], "d.CUSTNMBR = @CUSTNMBR"),
            by(&["CUSTNMBRS"], "d.CUSTNMBR IN (@CUSTNMBRS)"),
            by(&["DOCNUMBR"], "d.DOCNUMBR = @DOCNUMBR"),
            by(&["DOCNUMBRS"], "d.DOCNUMBR IN (@DOCNUMBRS)"),
            by(
                &["CUSTNMBR", "DOCNUMBR"],
                "d.CUSTNMBR = @CUSTNMBR AND d.DOCNUMBR = @DOCNUMBR",
            ),
        ],
        always: "(@RMDTYPAL = -1 OR d.RMDTYPAL = @RMDTYPAL) AND d.DOCDATE >= @from \
                 AND d.DOCDATE <= @to",
        sources: &[
            Source {
                columns: &[
                    &[always("transaction_state", "open")],
                    DOCUMENT,
                    &[int("d.AGNGBUKT")],
                ],
                from: "dbo.RM20101 d",
                condition: "",
            },
            Source {
                columns: &[
                    &[always("transaction_state", "history")],
                    DOCUMENT,
                    &[absent("AGNGBUKT")],
                ],
                from: "dbo.RM30101 d",
                condition: "",
            },
        ],
        key: &[
            key("CUSTNMBR", CUSTOMER),
            key("RMDTYPAL", KIND),
            key("DOCNUMBR", NUMBER),
        ],
    },
    Query {
        name: "receivables_work",
        text: "Unposted receivables: sales documents entered in receivables, and cash receipts.",
        parameters: &[
            one("CUSTNMBR", CUSTOMER),
            one("DOCNUMBR", NUMBER),
            one("BACHNUMB", Type::Char(15)),
        ],
        ways: &[
            EVERYTHING,
            by(&["CUSTNMBR"], "d.CUSTNMBR = @CUSTNMBR"),
            by(&["DOCNUMBR"], "d.DOCNUMBR = @DOCNUMBR"),
            by(&["BACHNUMB"], "d.BACHNUMB = @BACHNUMB"),
        ],
        always: "",
        sources: &[
            Source {
                columns: &[SALE],
                from: "dbo.RM10301 d",
                condition: "",
            },
            Source {
                columns: &[RECEIPT],
                from: "dbo.RM10201 d",
                condition: "",
            },
        ],
        key: &[key("RMDTYPAL", KIND), key("number", NUMBER)],
    },
    Query {
        name: "applied",
        text: "What payments, credits and returns (from) were applied to which documents (to), \
               among open documents and in history.",
        parameters: &[
            one("CUSTNMBR", CUSTOMER),
            one("APFRDCTY", KIND),
            one("APFRDCNM", NUMBER),
            one("APTODCTY", KIND),
            one("APTODCNM", NUMBER),
            many("APTODCNMS", NUMBER),
        ],
        ways: &[
            EVERYTHING,
            by(&["CUSTNMBR"], "d.CUSTNMBR = @CUSTNMBR"),
            by(
                &["APFRDCTY", "APFRDCNM"],
                "d.APFRDCTY = @APFRDCTY AND d.APFRDCNM = @APFRDCNM",
            ),
            by(
                &["APTODCTY", "APTODCNM"],
                "d.APTODCTY = @APTODCTY AND d.APTODCNM = @APTODCNM",
            ),
            by(&["APTODCNMS"], "d.APTODCNM IN (@APTODCNMS)"),
        ],
        always: "",
        sources: &[
            Source {
                columns: &[&[always("transaction_state", "open")], APPLIED],
                from: "dbo.RM20201 d",
                condition: "",
            },
            Source {
                columns: &[&[always("transaction_state", "history")], APPLIED],
                from: "dbo.RM30201 d",
                condition: "",
            },
        ],
        key: &[
            key("APFRDCTY", KIND),
            key("APFRDCNM", NUMBER),
            key("APTODCTY", KIND),
            key("APTODCNM", NUMBER),
        ],
    },
];

const DOCUMENT: &[Column] = &[
    text("d.CUSTNMBR"),
    text("d.CPRCSTNM"),
    int("d.RMDTYPAL"),
    meaning("document_type", "d.RMDTYPAL", codes::RECEIVABLES),
    text("d.DOCNUMBR"),
    date("d.DOCDATE"),
    date("d.GLPOSTDT"),
    date("d.DUEDATE"),
    date("d.DISCDATE"),
    date("d.DINVPDOF"),
    amount("d.ORTRXAMT"),
    amount("d.CURTRXAM"),
    amount("d.SLSAMNT"),
    amount("d.COSTAMNT"),
    amount("d.TRDISAMT"),
    amount("d.FRTAMNT"),
    amount("d.MISCAMNT"),
    amount("d.TAXAMNT"),
    amount("d.CASHAMNT"),
    amount("d.DISTKNAM"),
    amount("d.DISAVAMT"),
    amount("d.WROFAMNT"),
    text("d.CURNCYID"),
    text("d.CSPORNBR"),
    text("d.TRXDSCRN"),
    int("d.CSHRCTYP"),
    text("d.CHEKNMBR"),
    text("d.BCHSOURC"),
    text("d.BACHNUMB"),
    text("d.TRXSORCE"),
    text("d.PYMTRMID"),
    text("d.SHIPMTHD"),
    text("d.TAXSCHID"),
    text("d.SLPRSNID"),
    text("d.SLSTERCD"),
    flag("d.VOIDSTTS").named("voided"),
    date("d.VOIDDATE"),
    date("d.POSTDATE"),
    text("d.PSTUSRID"),
    utc("d.DEX_ROW_TS"),
];

/// Sales documents are numbered twice in work: RMDNUMWK is the key, DOCNUMBR what is printed.
const SALE: &[Column] = &[
    always("kind", "sale"),
    int("d.RMDTYPAL"),
    meaning("document_type", "d.RMDTYPAL", codes::RECEIVABLES),
    text("d.RMDNUMWK").named("number"),
    text("d.DOCNUMBR"),
    text("d.CUSTNMBR"),
    date("d.DOCDATE"),
    date("d.GLPOSTDT"),
    date("d.DUEDATE"),
    text("d.BCHSOURC"),
    text("d.BACHNUMB"),
    amount("d.DOCAMNT").named("ORTRXAMT"),
    amount("d.ACCTAMNT").named("CURTRXAM"),
    amount("d.SLSAMNT"),
    amount("d.TAXAMNT"),
    text("d.CSTPONBR"),
    text("d.DOCDESCR").named("TRXDSCRN"),
    absent("payment_kind"),
    text("d.CHEKNMBR"),
    absent("CHEKBKID"),
    text("d.CURNCYID"),
    int("d.PSTGSTUS"),
];

const RECEIPT: &[Column] = &[
    always("kind", "cash receipt"),
    int("d.RMDTYPAL"),
    meaning("document_type", "d.RMDTYPAL", codes::RECEIVABLES),
    text("d.DOCNUMBR").named("number"),
    text("d.DOCNUMBR"),
    text("d.CUSTNMBR"),
    date("d.DOCDATE"),
    date("d.GLPOSTDT"),
    absent("DUEDATE"),
    text("d.BCHSOURC"),
    text("d.BACHNUMB"),
    amount("d.ORTRXAMT"),
    amount("d.CURTRXAM"),
    absent("SLSAMNT"),
    absent("TAXAMNT"),
    absent("CSTPONBR"),
    text("d.TRXDSCRN"),
    meaning("payment_kind", "d.CSHRCTYP", codes::PAYMENT_KINDS),
    text("d.CHEKNMBR"),
    text("d.CHEKBKID"),
    text("d.CURNCYID"),
    int("d.PSTGSTUS"),
];

const APPLIED: &[Column] = &[
    text("d.CUSTNMBR"),
    text("d.CPRCSTNM"),
    int("d.APFRDCTY"),
    meaning("from_type", "d.APFRDCTY", codes::RECEIVABLES),
    text("d.APFRDCNM"),
    date("d.APFRDCDT"),
    int("d.APTODCTY"),
    meaning("to_type", "d.APTODCTY", codes::RECEIVABLES),
    text("d.APTODCNM"),
    date("d.APTODCDT"),
    date("d.DATE1"),
    date("d.GLPOSTDT"),
    text("d.CURNCYID"),
    text("d.FROMCURR"),
    amount("d.APPTOAMT"),
    amount("d.ORAPTOAM"),
    amount("d.APFRMAPLYAMT"),
    amount("d.ActualApplyToAmount"),
    amount("d.DISTKNAM"),
    amount("d.ORDISTKN"),
    amount("d.WROFAMNT"),
    amount("d.ORWROFAM"),
    flag("d.POSTED"),
    text("d.TRXSORCE"),
];
