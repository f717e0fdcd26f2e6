//! Journal entries line by line: unposted, of open years and of history.

use super::super::declare::{
    Column, EVERYTHING, FROM, MONEY, Parameter, Query, Source, TO, Type, Way, amount, by, date,
    flag, int, key, meaning, one, text, utc,
};
use super::codes;

pub(super) static QUERIES: &[Query] = &[
    Query {
        name: "journals_work",
        text: "Unposted journal entries, line by line with their header; from and to are days \
               of TRXDATE.",
        parameters: &[
            one("JRNENTRY", Type::Int),
            one("BACHNUMB", Type::Char(15)),
            one("ACTINDX", Type::Int),
            FROM,
            TO,
        ],
        ways: &[
            EVERYTHING,
            by(&["JRNENTRY"], "d.JRNENTRY = @JRNENTRY"),
            by(&["BACHNUMB"], "h.BACHNUMB = @BACHNUMB"),
            by(&["ACTINDX"], "d.ACTINDX = @ACTINDX"),
        ],
        always: "h.TRXDATE >= @from AND h.TRXDATE <= @to",
        sources: &[Source {
            columns: &[WORK],
            from: "dbo.GL10001 d JOIN dbo.GL10000 h ON h.JRNENTRY = d.JRNENTRY \
                   AND h.BACHNUMB = d.BACHNUMB LEFT JOIN dbo.GL00105 a ON a.ACTINDX = d.ACTINDX",
            condition: "",
        }],
        key: &[key("JRNENTRY", Type::Int), key("SQNCLINE", MONEY)],
    },
    Query {
        name: "journals_open",
        text: "Posted journal entries of open years, line by line; from and to are days of \
               TRXDATE. By ORDOCNUM, the number of the document they come from.",
        parameters: PARAMETERS,
        ways: WAYS,
        always: DAYS,
        sources: &[Source {
            columns: &[&[int("d.OPENYEAR").named("year")], POSTED],
            from: "dbo.GL20000 d LEFT JOIN dbo.GL00105 a ON a.ACTINDX = d.ACTINDX",
            condition: "",
        }],
        key: KEY,
    },
    Query {
        name: "journals_history",
        text: "Posted journal entries of closed years, line by line, as journals_open.",
        parameters: PARAMETERS,
        ways: WAYS,
        always: DAYS,
        sources: &[Source {
            columns: &[&[int("d.HSTYEAR").named("year")], POSTED],
            from: "dbo.GL30000 d LEFT JOIN dbo.GL00105 a ON a.ACTINDX = d.ACTINDX",
            condition: "",
        }],
        key: KEY,
    },
];

const PARAMETERS: &[Parameter] = &[
    one("JRNENTRY", Type::Int),
    one("ACTINDX", Type::Int),
    one("ORDOCNUM", Type::Char(21)),
    one("TRXSORCE", Type::Char(13)),
    FROM,
    TO,
];
const WAYS: &[Way] = &[
    EVERYTHING,
    by(&["JRNENTRY"], "d.JRNENTRY = @JRNENTRY"),
    by(&["ACTINDX"], "d.ACTINDX = @ACTINDX"),
    by(&["ORDOCNUM"], "d.ORDOCNUM = @ORDOCNUM"),
    by(&["TRXSORCE"], "d.TRXSORCE = @TRXSORCE"),
];
const DAYS: &str = "d.TRXDATE >= @from AND d.TRXDATE <= @to";

/// The tables have no key of the ledger's own: the row's number tells lines apart within a page
/// run, and is not for keeping.
const KEY: &[super::super::declare::Key] = &[key("JRNENTRY", Type::Int), key("row", Type::Int)];

const WORK: &[Column] = &[
    int("d.JRNENTRY"),
    amount("d.SQNCLINE"),
    text("h.BCHSOURC"),
    text("h.BACHNUMB"),
    text("h.SOURCDOC"),
    text("h.REFRENCE"),
    date("h.TRXDATE"),
    date("h.RVRSNGDT"),
    int("h.TRXTYPE"),
    int("h.SERIES"),
    meaning("series_name", "h.SERIES", codes::SERIES),
    text("h.CURNCYID"),
    amount("h.XCHGRATE"),
    int("h.PERIODID"),
    int("h.OPENYEAR"),
    int("h.PSTGSTUS"),
    flag("h.VOIDED"),
    text("h.LASTUSER"),
    int("d.ACTINDX"),
    text("a.ACTNUMST"),
    text("d.DSCRIPTN"),
    amount("d.DEBITAMT"),
    amount("d.CRDTAMNT"),
    amount("d.ORDBTAMT"),
    amount("d.ORCRDAMT"),
    text("d.ORCTRNUM"),
    text("d.ORDOCNUM"),
    text("d.ORMSTRID"),
    text("d.ORMSTRNM"),
    int("d.ORTRXTYP"),
    utc("d.DEX_ROW_TS"),
];

const POSTED: &[Column] = &[
    int("d.JRNENTRY"),
    int("d.DEX_ROW_ID").named("row"),
    amount("d.RCTRXSEQ"),
    int("d.SEQNUMBR"),
    date("d.TRXDATE"),
    int("d.PERIODID"),
    text("d.SOURCDOC"),
    text("d.REFRENCE"),
    text("d.DSCRIPTN"),
    int("d.ACTINDX"),
    text("a.ACTNUMST"),
    amount("d.DEBITAMT"),
    amount("d.CRDTAMNT"),
    amount("d.ORDBTAMT"),
    amount("d.ORCRDAMT"),
    text("d.CURNCYID"),
    amount("d.XCHGRATE"),
    int("d.SERIES"),
    meaning("series_name", "d.SERIES", codes::SERIES),
    int("d.ORTRXTYP"),
    text("d.ORCTRNUM"),
    text("d.ORDOCNUM"),
    text("d.ORMSTRID"),
    text("d.ORMSTRNM"),
    text("d.ORGNTSRC"),
    text("d.ORTRXSRC"),
    text("d.TRXSORCE"),
    flag("d.VOIDED"),
    text("d.USWHPSTD"),
    date("d.ORPSTDDT"),
    utc("d.DEX_ROW_TS"),
];
