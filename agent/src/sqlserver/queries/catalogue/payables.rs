//! Payables: what is owed to vendors and was paid, unposted, open and in history.

use super::super::declare::{
    Column, EVERYTHING, FROM, Query, Source, TO, Type, absent, always, amount, by, date, flag, int,
    key, meaning, one, text, usually, utc,
};
use super::codes;

const NUMBER: Type = Type::Char(21);

pub(super) static QUERIES: &[Query] = &[Query {
    name: "payables",
    text: "Payables: unposted (transaction_state work), open and paid off (history); CURTRXAM is what \
           remains. DOCTYPE 0 is every type; from and to are days of DOCDATE.",
    parameters: &[
        one("VENDORID", Type::Char(15)),
        one("DOCNUMBR", NUMBER),
        usually("DOCTYPE", Type::SmallInt, "0"),
        FROM,
        TO,
    ],
    ways: &[
        EVERYTHING,
        by(&["VENDORID"], "d.VENDORID = @VENDORID"),
        by(&["DOCNUMBR"], "d.DOCNUMBR = @DOCNUMBR"),
        by(
            &["VENDORID", "DOCNUMBR"],
            "d.VENDORID = @VENDORID AND d.DOCNUMBR = @DOCNUMBR",
        ),
    ],
    always: "(@DOCTYPE = 0 OR d.DOCTYPE = @DOCTYPE) AND d.DOCDATE >= @from AND d.DOCDATE <= @to",
    sources: &[
        Source {
            columns: &[
                &[
                    always("transaction_state", "work"),
                    text("d.VCHNUMWK").named("VCHRNMBR"),
                ],
                DOCUMENT,
                &[
                    absent("voided"),
                    absent("hold"),
                    amount("d.CHRGAMNT").named("on_account"),
                ],
            ],
            from: "dbo.PM10000 d",
            condition: "",
        },
        Source {
            columns: &[
                &[always("transaction_state", "open"), text("d.VCHRNMBR")],
                DOCUMENT,
                POSTED,
            ],
            from: "dbo.PM20000 d",
            condition: "",
        },
        Source {
            columns: &[
                &[always("transaction_state", "history"), text("d.VCHRNMBR")],
                DOCUMENT,
                POSTED,
            ],
            from: "dbo.PM30200 d",
            condition: "",
        },
    ],
    key: &[key("DOCTYPE", Type::SmallInt), key("VCHRNMBR", NUMBER)],
}];

const POSTED: &[Column] = &[
    flag("d.VOIDED").named("voided"),
    flag("d.HOLD").named("hold"),
    absent("on_account"),
];

const DOCUMENT: &[Column] = &[
    int("d.DOCTYPE"),
    meaning("document_type", "d.DOCTYPE", codes::PAYABLES),
    text("d.VENDORID"),
    text("d.DOCNUMBR"),
    date("d.DOCDATE"),
    date("d.PSTGDATE"),
    date("d.DUEDATE"),
    date("d.DISCDATE"),
    amount("d.DOCAMNT"),
    amount("d.CURTRXAM"),
    amount("d.PRCHAMNT"),
    amount("d.TRDISAMT"),
    amount("d.FRTAMNT"),
    amount("d.MSCCHAMT"),
    amount("d.TAXAMNT"),
    amount("d.DISTKNAM"),
    amount("d.DISAMTAV"),
    amount("d.WROFAMNT"),
    text("d.CURNCYID"),
    text("d.PORDNMBR"),
    text("d.TRXDSCRN"),
    text("d.BCHSOURC"),
    text("d.BACHNUMB"),
    text("d.CHEKBKID"),
    text("d.PYMTRMID"),
    text("d.SHIPMTHD"),
    text("d.TAXSCHID"),
    date("d.POSTEDDT"),
    text("d.PTDUSRID"),
    date("d.MODIFDT"),
    utc("d.DEX_ROW_TS"),
];
