//! How sales documents come from one another: order, fulfillment order, invoice, return.
//!
//! A transferred document names the one it was made from (ORIGTYPE, ORIGNUMB). Where GP keeps
//! master numbers all documents of a chain have the same; unrelated ones have been seen to share
//! one, so it counts among documents of one customer only.

use super::super::declare::{
    Column, Query, Source, always, amount, by, date, flag, int, key, meaning, one, text,
};
use super::codes;
use super::sales::{KIND, NUMBER, WORK};

const ITSELF: &[Column] = &[always("relation", "itself")];
const FROM_IT: &[Column] = &[always("relation", "made from it")];
const FROM_THOSE: &[Column] = &[always("relation", "made from those")];
const MASTER: &[Column] = &[always("relation", "same master number")];
const UNPOSTED: &[Column] = &[always("transaction_state", "work")];
const POSTED: &[Column] = &[always("transaction_state", "history")];

pub(super) static QUERIES: &[Query] = &[Query {
    name: "sop_chain",
    text: "The documents of a chain, seen from one of them: itself, what was made from it, what \
           was made from those, and what has the same master number. A document comes once for \
           each relation.",
    parameters: &[one("SOPNUMBE", NUMBER), one("SOPTYPE", KIND)],
    ways: &[by(&["SOPNUMBE", "SOPTYPE"], "")],
    always: "d.CUSTNMBR <> ''",
    sources: &[
        Source {
            columns: &[ITSELF, UNPOSTED, DOCUMENT],
            from: WORK,
            condition: "d.SOPNUMBE = @SOPNUMBE AND d.SOPTYPE = @SOPTYPE AND p.SOPNUMBE IS NULL",
        },
        Source {
            columns: &[ITSELF, POSTED, DOCUMENT],
            from: "dbo.SOP30200 d",
            condition: "d.SOPNUMBE = @SOPNUMBE AND d.SOPTYPE = @SOPTYPE",
        },
        Source {
            columns: &[FROM_IT, UNPOSTED, DOCUMENT],
            from: WORK,
            condition: "d.ORIGNUMB = @SOPNUMBE AND d.ORIGTYPE = @SOPTYPE AND p.SOPNUMBE IS NULL",
        },
        Source {
            columns: &[FROM_IT, POSTED, DOCUMENT],
            from: "dbo.SOP30200 d",
            condition: "d.ORIGNUMB = @SOPNUMBE AND d.ORIGTYPE = @SOPTYPE",
        },
        Source {
            columns: &[FROM_THOSE, UNPOSTED, DOCUMENT],
            from: "dbo.SOP10100 d LEFT JOIN dbo.SOP30200 p ON p.SOPNUMBE = d.SOPNUMBE AND \
                   p.SOPTYPE = d.SOPTYPE JOIN dbo.SOP10100 m ON m.SOPNUMBE = d.ORIGNUMB AND \
                   m.SOPTYPE = d.ORIGTYPE LEFT JOIN dbo.SOP30200 n ON n.SOPNUMBE = m.SOPNUMBE \
                   AND n.SOPTYPE = m.SOPTYPE",
            condition: "m.ORIGNUMB = @SOPNUMBE AND m.ORIGTYPE = @SOPTYPE AND n.SOPNUMBE IS NULL AND \
                        p.SOPNUMBE IS NULL",
        },
        Source {
            columns: &[FROM_THOSE, UNPOSTED, DOCUMENT],
            from: "dbo.SOP10100 d LEFT JOIN dbo.SOP30200 p ON p.SOPNUMBE = d.SOPNUMBE AND \
                   p.SOPTYPE = d.SOPTYPE JOIN dbo.SOP30200 m ON m.SOPNUMBE = d.ORIGNUMB AND \
                   m.SOPTYPE = d.ORIGTYPE",
            condition: "m.ORIGNUMB = @SOPNUMBE AND m.ORIGTYPE = @SOPTYPE AND p.SOPNUMBE IS NULL",
        },
        Source {
            columns: &[FROM_THOSE, POSTED, DOCUMENT],
            from: "dbo.SOP30200 d JOIN dbo.SOP10100 m ON m.SOPNUMBE = d.ORIGNUMB AND m.SOPTYPE \
                   = d.ORIGTYPE LEFT JOIN dbo.SOP30200 n ON n.SOPNUMBE = m.SOPNUMBE AND \
                   n.SOPTYPE = m.SOPTYPE",
            condition: "m.ORIGNUMB = @SOPNUMBE AND m.ORIGTYPE = @SOPTYPE AND n.SOPNUMBE IS NULL",
        },
        Source {
            columns: &[FROM_THOSE, POSTED, DOCUMENT],
            from: "dbo.SOP30200 d JOIN dbo.SOP30200 m ON m.SOPNUMBE = d.ORIGNUMB AND m.SOPTYPE \
                   = d.ORIGTYPE",
            condition: "m.ORIGNUMB = @SOPNUMBE AND m.ORIGTYPE = @SOPTYPE",
        },
        Source {
            columns: &[MASTER, UNPOSTED, DOCUMENT],
            from: "dbo.SOP10100 d LEFT JOIN dbo.SOP30200 p ON p.SOPNUMBE = d.SOPNUMBE AND \
                   p.SOPTYPE = d.SOPTYPE JOIN dbo.SOP10100 m ON m.MSTRNUMB = d.MSTRNUMB AND \
                   m.CUSTNMBR = d.CUSTNMBR LEFT JOIN dbo.SOP30200 n ON n.SOPNUMBE = m.SOPNUMBE \
                   AND n.SOPTYPE = m.SOPTYPE",
            condition: "m.SOPNUMBE = @SOPNUMBE AND m.SOPTYPE = @SOPTYPE AND m.MSTRNUMB <> 0 AND \
                        (d.SOPNUMBE <> m.SOPNUMBE OR d.SOPTYPE <> m.SOPTYPE) AND n.SOPNUMBE IS NULL \
                        AND p.SOPNUMBE IS NULL",
        },
        Source {
            columns: &[MASTER, UNPOSTED, DOCUMENT],
            from: "dbo.SOP10100 d LEFT JOIN dbo.SOP30200 p ON p.SOPNUMBE = d.SOPNUMBE AND \
                   p.SOPTYPE = d.SOPTYPE JOIN dbo.SOP30200 m ON m.MSTRNUMB = d.MSTRNUMB AND \
                   m.CUSTNMBR = d.CUSTNMBR",
            condition: "m.SOPNUMBE = @SOPNUMBE AND m.SOPTYPE = @SOPTYPE AND m.MSTRNUMB <> 0 AND \
                        (d.SOPNUMBE <> m.SOPNUMBE OR d.SOPTYPE <> m.SOPTYPE) AND p.SOPNUMBE IS NULL",
        },
        Source {
            columns: &[MASTER, POSTED, DOCUMENT],
            from: "dbo.SOP30200 d JOIN dbo.SOP10100 m ON m.MSTRNUMB = d.MSTRNUMB AND m.CUSTNMBR \
                   = d.CUSTNMBR LEFT JOIN dbo.SOP30200 n ON n.SOPNUMBE = m.SOPNUMBE AND \
                   n.SOPTYPE = m.SOPTYPE",
            condition: "m.SOPNUMBE = @SOPNUMBE AND m.SOPTYPE = @SOPTYPE AND m.MSTRNUMB <> 0 AND \
                        (d.SOPNUMBE <> m.SOPNUMBE OR d.SOPTYPE <> m.SOPTYPE) AND n.SOPNUMBE IS NULL",
        },
        Source {
            columns: &[MASTER, POSTED, DOCUMENT],
            from: "dbo.SOP30200 d JOIN dbo.SOP30200 m ON m.MSTRNUMB = d.MSTRNUMB AND m.CUSTNMBR \
                   = d.CUSTNMBR",
            condition: "m.SOPNUMBE = @SOPNUMBE AND m.SOPTYPE = @SOPTYPE AND m.MSTRNUMB <> 0 AND \
                        (d.SOPNUMBE <> m.SOPNUMBE OR d.SOPTYPE <> m.SOPTYPE)",
        },
    ],
    key: &[key("SOPNUMBE", NUMBER), key("SOPTYPE", KIND)],
}];

const DOCUMENT: &[Column] = &[
    int("d.SOPTYPE"),
    meaning("document_type", "d.SOPTYPE", codes::SOP_TYPES),
    text("d.SOPNUMBE"),
    text("d.DOCID"),
    int("d.ORIGTYPE"),
    text("d.ORIGNUMB"),
    int("d.MSTRNUMB"),
    date("d.DOCDATE"),
    text("d.CUSTNMBR"),
    text("d.CSTPONBR"),
    text("d.BACHNUMB"),
    flag("d.VOIDSTTS").named("voided"),
    text("d.CURNCYID"),
    amount("d.DOCAMNT"),
    amount("d.ORDOCAMT"),
    date("d.ACTLSHIP"),
    date("d.POSTEDDT"),
];
