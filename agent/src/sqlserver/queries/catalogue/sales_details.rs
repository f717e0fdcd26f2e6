//! What belongs to sales documents, unposted and posted alike: each table holds both.
//!
//! Payments are given without the card's number and expiry.

use super::super::declare::{
    Column, EVERYTHING, Parameter, Query, Source, Type, Way, amount, by, date, flag, int, key,
    many, meaning, one, text, time, usually,
};
use super::codes;
use super::sales::{KIND, NUMBER};

const PARAMETERS: &[Parameter] = &[
    one("SOPNUMBE", NUMBER),
    many("SOPNUMBES", NUMBER),
    usually("SOPTYPE", KIND, "0"),
];
const WAYS: &[Way] = &[
    by(&["SOPNUMBE"], "d.SOPNUMBE = @SOPNUMBE"),
    by(&["SOPNUMBES"], "d.SOPNUMBE IN (@SOPNUMBES)"),
];
const OF_TYPE: &str = "(@SOPTYPE = 0 OR d.SOPTYPE = @SOPTYPE)";
const OF: &[Column] = &[int("d.SOPTYPE"), text("d.SOPNUMBE")];

pub(super) static QUERIES: &[Query] = &[
    Query {
        name: "sop_payments",
        text: "Deposits and payments of sales documents.",
        parameters: PARAMETERS,
        ways: WAYS,
        always: OF_TYPE,
        sources: &[Source {
            columns: &[OF, PAYMENT],
            from: "dbo.SOP10103 d",
            condition: "",
        }],
        key: &[
            key("SOPTYPE", KIND),
            key("SOPNUMBE", NUMBER),
            key("SEQNUMBR", Type::Int),
        ],
    },
    Query {
        name: "sop_tracking",
        text: "Tracking numbers of sales documents.",
        parameters: PARAMETERS,
        ways: &[EVERYTHING, WAYS[0], WAYS[1]],
        always: OF_TYPE,
        sources: &[Source {
            columns: &[OF, &[text("d.Tracking_Number")]],
            from: "dbo.SOP10107 d",
            condition: "",
        }],
        key: &[
            key("SOPNUMBE", NUMBER),
            key("SOPTYPE", KIND),
            key("Tracking_Number", Type::Char(41)),
        ],
    },
    Query {
        name: "sop_user_defined",
        text: "User-defined fields and comment of sales documents.",
        parameters: PARAMETERS,
        ways: &[EVERYTHING, WAYS[0], WAYS[1]],
        always: OF_TYPE,
        sources: &[Source {
            columns: &[OF, USER_DEFINED],
            from: "dbo.SOP10106 d",
            condition: "",
        }],
        key: &[key("SOPTYPE", KIND), key("SOPNUMBE", NUMBER)],
    },
    Query {
        name: "sop_taxes",
        text: "Taxes of sales documents by line and tax detail; LNITMSEQ 0 is the document.",
        parameters: PARAMETERS,
        ways: WAYS,
        always: OF_TYPE,
        sources: &[Source {
            columns: &[OF, TAX],
            from: "dbo.SOP10105 d",
            condition: "",
        }],
        key: &[
            key("SOPTYPE", KIND),
            key("SOPNUMBE", NUMBER),
            key("LNITMSEQ", Type::Int),
            key("TAXDTLID", Type::Char(15)),
        ],
    },
    Query {
        name: "sop_holds",
        text: "Process holds of sales documents, with what each forbids; removed ones too.",
        parameters: PARAMETERS,
        ways: WAYS,
        always: OF_TYPE,
        sources: &[Source {
            columns: &[OF, HOLD],
            from: "dbo.SOP10104 d LEFT JOIN dbo.SOP00100 h ON h.PRCHLDID = d.PRCHLDID",
            condition: "",
        }],
        key: &[
            key("SOPTYPE", KIND),
            key("SOPNUMBE", NUMBER),
            key("PRCHLDID", Type::Char(15)),
        ],
    },
    Query {
        name: "sop_distributions",
        text: "Distributions of sales documents with their accounts.",
        parameters: PARAMETERS,
        ways: WAYS,
        always: OF_TYPE,
        sources: &[Source {
            columns: &[OF, DISTRIBUTION],
            from: "dbo.SOP10102 d LEFT JOIN dbo.GL00105 a ON a.ACTINDX = d.ACTINDX",
            condition: "",
        }],
        key: &[
            key("SOPTYPE", KIND),
            key("SOPNUMBE", NUMBER),
            key("SEQNUMBR", Type::Int),
        ],
    },
];

const PAYMENT: &[Column] = &[
    int("d.SEQNUMBR"),
    int("d.PYMTTYPE"),
    meaning("payment_type", "d.PYMTTYPE", codes::SOP_PAYMENTS),
    text("d.DOCNUMBR"),
    int("d.RMDTYPAL"),
    text("d.CHEKBKID"),
    text("d.CHEKNMBR"),
    text("d.CARDNAME"),
    text("d.AUTHCODE"),
    amount("d.AMNTPAID"),
    amount("d.OAMTPAID"),
    amount("d.AMNTREMA"),
    amount("d.OAMNTREM"),
    date("d.DOCDATE"),
    date("d.GLPOSTDT"),
    text("d.CURNCYID"),
    text("d.TRXSORCE"),
    int("d.DEPSTATS"),
    flag("d.DELETE1").named("deleted"),
];

const USER_DEFINED: &[Column] = &[
    date("d.USRDAT01"),
    date("d.USRDAT02"),
    text("d.USRTAB01"),
    text("d.USRTAB09"),
    text("d.USRTAB03"),
    text("d.USERDEF1"),
    text("d.USERDEF2"),
    text("d.USRDEF03"),
    text("d.USRDEF04"),
    text("d.USRDEF05"),
    text("d.COMMENT_1"),
    text("d.COMMENT_2"),
    text("d.COMMENT_3"),
    text("d.COMMENT_4"),
    text("d.CMMTTEXT"),
];

const TAX: &[Column] = &[
    int("d.LNITMSEQ"),
    text("d.TAXDTLID"),
    flag("d.BKOUTTAX"),
    flag("d.TXABLETX"),
    amount("d.STAXAMNT"),
    amount("d.ORSLSTAX"),
    amount("d.FRTTXAMT"),
    amount("d.ORFRTTAX"),
    amount("d.MSCTXAMT"),
    amount("d.ORMSCTAX"),
    amount("d.TAXDTSLS"),
    amount("d.ORTOTSLS"),
    amount("d.TDTTXSLS"),
    amount("d.ORTXSLS"),
    amount("d.TXDTOTTX"),
    amount("d.OTTAXPON"),
    flag("d.DELETE1").named("deleted"),
    int("d.ACTINDX"),
];

const HOLD: &[Column] = &[
    text("d.PRCHLDID"),
    text("h.DSCRIPTN"),
    flag("d.DELETE1").named("removed"),
    text("d.USERID"),
    date("d.HOLDDATE"),
    time("d.TIME1"),
    flag("h.XFERPHOL").named("holds_transfer"),
    flag("h.POSTPHOL").named("holds_posting"),
    flag("h.FUFIPHOL").named("holds_fulfillment"),
    flag("h.PRINPHOL").named("holds_printing"),
];

const DISTRIBUTION: &[Column] = &[
    int("d.SEQNUMBR"),
    int("d.DISTTYPE"),
    meaning("distribution_type", "d.DISTTYPE", codes::SOP_DISTRIBUTIONS),
    text("d.DistRef"),
    int("d.ACTINDX"),
    text("a.ACTNUMST"),
    amount("d.DEBITAMT"),
    amount("d.CRDTAMNT"),
    amount("d.ORDBTAMT"),
    amount("d.ORCRDAMT"),
    text("d.TRXSORCE"),
    flag("d.POSTED"),
];
