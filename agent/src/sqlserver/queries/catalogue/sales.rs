//! Sales documents, unposted and posted: headers and lines.
//!
//! GP writes a header of nothing but type and number when a user begins a document, and leaves it
//! behind when GP ends badly: headers without a customer are no documents. A document that is
//! voided can stand in both tables while its window stays open: the posted row is the true one.

use super::super::declare::{
    Column, EVERYTHING, FROM, Query, Source, TO, Type, absent, always, amount, by, date, flag, int,
    key, many, meaning, moment, one, text, usually, utc,
};
use super::codes;

pub(super) const NUMBER: Type = Type::Char(21);
pub(super) const KIND: Type = Type::SmallInt;

pub(super) static QUERIES: &[Query] = &[
    Query {
        name: "sop_documents",
        text: "Sales documents, unposted (transaction_state work) and posted (history), with addresses, \
               amounts, whether they are voided and how many process holds they have. SOPTYPE 0 \
               is every type; from and to are days of DOCDATE.",
        parameters: &[
            one("SOPNUMBE", NUMBER),
            many("SOPNUMBES", NUMBER),
            one("CSTPONBR", Type::Char(21)),
            one("MSTRNUMB", Type::Int),
            one("CUSTNMBR", Type::Char(15)),
            one("BACHNUMB", Type::Char(15)),
            usually("SOPTYPE", KIND, "0"),
            FROM,
            TO,
        ],
        ways: &[
            EVERYTHING,
            by(&["SOPNUMBE"], "d.SOPNUMBE = @SOPNUMBE"),
            by(&["SOPNUMBES"], "d.SOPNUMBE IN (@SOPNUMBES)"),
            by(&["CSTPONBR"], "d.CSTPONBR = @CSTPONBR"),
            by(
                &["CSTPONBR", "CUSTNMBR"],
                "d.CSTPONBR = @CSTPONBR AND d.CUSTNMBR = @CUSTNMBR",
            ),
            by(&["MSTRNUMB"], "d.MSTRNUMB = @MSTRNUMB AND d.MSTRNUMB <> 0"),
            by(&["CUSTNMBR"], "d.CUSTNMBR = @CUSTNMBR"),
            by(&["BACHNUMB"], "d.BACHNUMB = @BACHNUMB"),
        ],
        always: "(@SOPTYPE = 0 OR d.SOPTYPE = @SOPTYPE) AND d.DOCDATE >= @from \
                 AND d.DOCDATE <= @to AND d.CUSTNMBR <> ''",
        sources: &[
            Source {
                columns: &[&[always("transaction_state", "work")], HEADER, MARKERS],
                from: WORK,
                condition: ONCE,
            },
            Source {
                columns: &[
                    &[always("transaction_state", "history")],
                    HEADER,
                    NO_MARKERS,
                ],
                from: "dbo.SOP30200 d",
                condition: "",
            },
        ],
        key: &[key("SOPNUMBE", NUMBER), key("SOPTYPE", KIND)],
    },
    Query {
        name: "sop_lines",
        text: "Lines of sales documents, kits' components among them (CMPNTSEQ is not 0).",
        parameters: &[
            one("SOPNUMBE", NUMBER),
            many("SOPNUMBES", NUMBER),
            one("ITEMNMBR", Type::Char(31)),
            usually("SOPTYPE", KIND, "0"),
        ],
        ways: &[
            by(&["SOPNUMBE"], "d.SOPNUMBE = @SOPNUMBE"),
            by(&["SOPNUMBES"], "d.SOPNUMBE IN (@SOPNUMBES)"),
            by(&["ITEMNMBR"], "d.ITEMNMBR = @ITEMNMBR"),
        ],
        always: "(@SOPTYPE = 0 OR d.SOPTYPE = @SOPTYPE)",
        sources: &[
            Source {
                columns: &[&[always("transaction_state", "work")], LINE, OPEN],
                from: "dbo.SOP10200 d JOIN dbo.SOP10100 h ON h.SOPNUMBE = d.SOPNUMBE \
                       AND h.SOPTYPE = d.SOPTYPE LEFT JOIN dbo.SOP30200 p \
                       ON p.SOPNUMBE = d.SOPNUMBE AND p.SOPTYPE = d.SOPTYPE \
                       LEFT JOIN dbo.SOP10202 c ON c.SOPNUMBE = d.SOPNUMBE \
                       AND c.SOPTYPE = d.SOPTYPE AND c.CMPNTSEQ = d.CMPNTSEQ \
                       AND c.LNITMSEQ = d.LNITMSEQ",
                condition: "h.CUSTNMBR <> '' AND p.SOPNUMBE IS NULL",
            },
            Source {
                columns: &[&[always("transaction_state", "history")], LINE, NOT_OPEN],
                from: "dbo.SOP30300 d LEFT JOIN dbo.SOP10202 c ON c.SOPNUMBE = d.SOPNUMBE \
                       AND c.SOPTYPE = d.SOPTYPE AND c.CMPNTSEQ = d.CMPNTSEQ \
                       AND c.LNITMSEQ = d.LNITMSEQ",
                condition: "",
            },
        ],
        key: &[
            key("SOPNUMBE", NUMBER),
            key("SOPTYPE", KIND),
            key("CMPNTSEQ", Type::Int),
            key("LNITMSEQ", Type::Int),
        ],
    },
    Query {
        name: "sop_document",
        text: "Sales documents by number or by customer's purchase order, in few words; \
               sop_documents tells more.",
        parameters: &[one("SOPNUMBE", NUMBER), one("CSTPONBR", Type::Char(21))],
        ways: &[
            by(&["SOPNUMBE"], "d.SOPNUMBE = @SOPNUMBE"),
            by(&["CSTPONBR"], "d.CSTPONBR = @CSTPONBR"),
            by(&["SOPNUMBE", "CSTPONBR"], "d.SOPNUMBE = @SOPNUMBE"),
        ],
        always: "d.CUSTNMBR <> ''",
        sources: &[
            Source {
                columns: &[BRIEF],
                from: WORK,
                condition: ONCE,
            },
            Source {
                columns: &[BRIEF],
                from: "dbo.SOP30200 d",
                condition: "",
            },
        ],
        key: &[key("SOPTYPE", KIND), key("SOPNUMBE", NUMBER)],
    },
];

/// Unposted documents beside the posted ones of the same type and number.
pub(super) const WORK: &str = "dbo.SOP10100 d LEFT JOIN dbo.SOP30200 p \
    ON p.SOPNUMBE = d.SOPNUMBE AND p.SOPTYPE = d.SOPTYPE";
pub(super) const ONCE: &str = "p.SOPNUMBE IS NULL";

const BRIEF: &[Column] = &[
    int("d.SOPTYPE"),
    text("d.SOPNUMBE"),
    text("d.DOCID"),
    moment("d.DOCDATE"),
    text("d.CUSTNMBR"),
    text("d.BACHNUMB"),
    amount("d.DOCAMNT"),
    text("d.CSTPONBR"),
];

const HEADER: &[Column] = &[
    int("d.SOPTYPE"),
    meaning("document_type", "d.SOPTYPE", codes::SOP_TYPES),
    text("d.SOPNUMBE"),
    text("d.DOCID"),
    date("d.DOCDATE"),
    int("d.ORIGTYPE"),
    text("d.ORIGNUMB"),
    int("d.MSTRNUMB"),
    text("d.CUSTNMBR"),
    text("d.CUSTNAME"),
    text("d.CSTPONBR"),
    text("d.BCHSOURC"),
    text("d.BACHNUMB"),
    flag("d.VOIDSTTS").named("voided"),
    int("d.PSTGSTUS"),
    int("d.SOPSTATUS"),
    int(
        "(SELECT COUNT(*) FROM dbo.SOP10104 o WHERE o.SOPTYPE = d.SOPTYPE \
          AND o.SOPNUMBE = d.SOPNUMBE AND o.DELETE1 = 0)",
    )
    .named("holds"),
    meaning("allocate_by", "d.ALLOCABY", codes::ALLOCATE_BY),
    flag("d.REPTING"),
    flag("d.SHIPCOMPLETE"),
    date("d.GLPOSTDT"),
    date("d.ORDRDATE"),
    date("d.INVODATE"),
    date("d.ReqShipDate"),
    date("d.FUFILDAT"),
    date("d.ACTLSHIP"),
    date("d.DUEDATE"),
    date("d.DISCDATE"),
    text("d.PRBTADCD"),
    text("d.PRSTADCD"),
    text("d.CNTCPRSN"),
    text("d.ShipToName"),
    text("d.ADDRESS1"),
    text("d.ADDRESS2"),
    text("d.ADDRESS3"),
    text("d.CITY"),
    text("d.STATE"),
    text("d.ZIPCODE"),
    text("d.CCode"),
    text("d.COUNTRY"),
    text("d.PHNUMBR1"),
    text("d.PHNUMBR2"),
    text("d.PHONE3"),
    text("d.FAXNUMBR"),
    text("d.SHIPMTHD"),
    text("d.LOCNCODE"),
    text("d.PRCLEVEL"),
    text("d.PYMTRMID"),
    text("d.SLPRSNID"),
    text("d.SALSTERR"),
    text("d.TAXSCHID"),
    text("d.FRTSCHID"),
    text("d.MSCSCHID"),
    text("d.CURNCYID"),
    amount("d.XCHGRATE"),
    date("d.EXCHDATE"),
    amount("d.SUBTOTAL"),
    amount("d.ORSUBTOT"),
    amount("d.REMSUBTO"),
    amount("d.OREMSUBT"),
    amount("d.TRDISAMT"),
    amount("d.ORTDISAM"),
    amount("d.MRKDNAMT"),
    amount("d.ORMRKDAM"),
    amount("d.FRTAMNT"),
    amount("d.ORFRTAMT"),
    amount("d.MISCAMNT"),
    amount("d.ORMISCAMT"),
    amount("d.TAXAMNT"),
    amount("d.ORTAXAMT"),
    amount("d.DOCAMNT"),
    amount("d.ORDOCAMT"),
    amount("d.PYMTRCVD"),
    amount("d.ORPMTRVD"),
    amount("d.DEPRECVD"),
    amount("d.ORDEPRVD"),
    amount("d.ACCTAMNT"),
    amount("d.ORACTAMT"),
    amount("d.EXTDCOST"),
    text("d.REFRENCE"),
    text("d.COMMNTID"),
    text("d.TRXSORCE"),
    text("d.USER2ENT"),
    text("d.PTDUSRID"),
    date("d.POSTEDDT"),
    date("d.CREATDDT"),
    date("d.MODIFDT"),
    utc("d.DEX_ROW_TS"),
];

/// They do not survive posting.
const MARKERS: &[Column] = &[
    text("d.GPSFOINTEGRATIONID"),
    int("d.INTEGRATIONSOURCE"),
    text("d.INTEGRATIONID"),
];

const NO_MARKERS: &[Column] = &[
    absent("GPSFOINTEGRATIONID"),
    absent("INTEGRATIONSOURCE"),
    absent("INTEGRATIONID"),
];

const LINE: &[Column] = &[
    int("d.SOPTYPE"),
    text("d.SOPNUMBE"),
    int("d.LNITMSEQ"),
    int("d.CMPNTSEQ"),
    text("d.ITEMNMBR"),
    text("d.ITEMDESC"),
    flag("d.NONINVEN"),
    flag("d.DROPSHIP"),
    text("d.UOFM"),
    amount("d.QTYBSUOM"),
    text("d.LOCNCODE"),
    amount("d.QUANTITY"),
    amount("d.ATYALLOC"),
    amount("d.QTYFULFI"),
    amount("d.QTYCANCE"),
    amount("d.QTYTBAOR"),
    amount("d.QTYTOINV"),
    amount("d.QTYREMAI"),
    amount("d.QTYPRINV"),
    amount("d.QTYPRBAC"),
    amount("d.QTYPRORD"),
    amount("d.QTYONHND"),
    amount("d.QTYRTRND"),
    amount("d.QTYINUSE"),
    amount("d.QTYINSVC"),
    amount("d.QTYDMGED"),
    amount("d.UNITPRCE"),
    amount("d.ORUNTPRC"),
    amount("d.XTNDPRCE"),
    amount("d.OXTNDPRC"),
    amount("d.UNITCOST"),
    amount("d.EXTDCOST"),
    int("d.MRKDNTYP"),
    amount("d.MRKDNAMT"),
    amount("d.ORMRKDAM"),
    int("d.MRKDNPCT"),
    amount("d.TRDISAMT"),
    amount("d.TAXAMNT"),
    amount("d.ORTAXAMT"),
    text("d.ITMTSHID"),
    text("d.TAXSCHID"),
    text("d.PRCLEVEL"),
    text("d.SHIPMTHD"),
    text("d.SLPRSNID"),
    text("d.SALSTERR"),
    date("d.ReqShipDate"),
    date("d.FUFILDAT"),
    date("d.ACTLSHIP"),
    text("d.PRSTADCD"),
    text("d.ShipToName"),
    text("d.CNTCPRSN"),
    text("d.ADDRESS1"),
    text("d.ADDRESS2"),
    text("d.ADDRESS3"),
    text("d.CITY"),
    text("d.STATE"),
    text("d.ZIPCODE"),
    text("d.CCode"),
    text("d.COUNTRY"),
    text("d.PHONE1"),
    int("d.PURCHSTAT"),
    int("d.ORGSEQNM"),
    text("d.COMMNTID"),
    text("c.CMMTTEXT"),
    utc("d.DEX_ROW_TS"),
];

const OPEN: &[Column] = &[
    amount("d.QTYONPO"),
    amount("d.QTYRECVD"),
    amount("d.QTYTOSHP"),
    text("d.INTEGRATIONID"),
];

/// QTYRECVD is there in both tables; the others are not.
const NOT_OPEN: &[Column] = &[
    absent("QTYONPO"),
    amount("d.QTYRECVD"),
    absent("QTYTOSHP"),
    absent("INTEGRATIONID"),
];
