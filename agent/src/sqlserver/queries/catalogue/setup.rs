//! Set-up lists of the sales, receivables and inventory series.

use super::super::declare::{
    Column, EVERYTHING, Query, Source, Type, amount, by, date, flag, int, key, meaning, one,
    places, text,
};
use super::codes;

const CHAR15: Type = Type::Char(15);
const CHAR11: Type = Type::Char(11);

/// A whole list of one table.
const fn list(
    name: &'static str,
    text: &'static str,
    sources: &'static [Source],
    key: &'static [super::super::declare::Key],
) -> Query {
    Query {
        name,
        text,
        parameters: &[],
        ways: &[EVERYTHING],
        always: "",
        sources,
        key,
    }
}

const fn of(columns: &'static [&'static [Column]], from: &'static str) -> Source {
    Source {
        columns,
        from,
        condition: "",
    }
}

pub(super) static QUERIES: &[Query] = &[
    list(
        "setup.document_ids",
        "Sales document ids by type, with their next number.",
        &[of(&[DOCUMENT_ID], "dbo.SOP40200 s")],
        &[key("SOPTYPE", Type::SmallInt), key("DOCID", CHAR15)],
    ),
    list(
        "setup.sites",
        "Sites.",
        &[of(&[SITE], "dbo.IV40700 s")],
        &[key("LOCNCODE", CHAR11)],
    ),
    list(
        "setup.price_levels",
        "Price levels.",
        &[of(
            &[&[text("s.PRCLEVEL"), text("s.DSCRIPTN"), date("s.MODIFDT")]],
            "dbo.IV40800 s",
        )],
        &[key("PRCLEVEL", CHAR11)],
    ),
    list(
        "setup.shipping_methods",
        "Shipping methods.",
        &[of(&[SHIPPING], "dbo.SY03000 s")],
        &[key("SHIPMTHD", CHAR15)],
    ),
    list(
        "setup.payment_terms",
        "Payment terms.",
        &[of(&[TERMS], "dbo.SY03300 s")],
        &[key("PYMTRMID", Type::Char(21))],
    ),
    list(
        "setup.customer_classes",
        "Customer classes with what they give a new customer.",
        &[of(&[CUSTOMER_CLASS], "dbo.RM00201 s")],
        &[key("CLASSID", CHAR15)],
    ),
    list(
        "setup.item_classes",
        "Item classes with what they give a new item.",
        &[of(&[ITEM_CLASS], "dbo.IV40400 s")],
        &[key("ITMCLSCD", CHAR11)],
    ),
    list(
        "setup.territories",
        "Sales territories.",
        &[of(
            &[&[
                text("s.SALSTERR"),
                text("s.SLTERDSC"),
                text("s.SLPRSNID"),
                flag("s.INACTIVE"),
            ]],
            "dbo.RM00303 s",
        )],
        &[key("SALSTERR", CHAR15)],
    ),
    list(
        "setup.salespeople",
        "Salespeople.",
        &[of(
            &[&[
                text("s.SLPRSNID"),
                text("s.SLPRSNFN"),
                text("s.SPRSNSLN"),
                text("s.SALSTERR"),
                flag("s.INACTIVE"),
            ]],
            "dbo.RM00301 s",
        )],
        &[key("SLPRSNID", CHAR15)],
    ),
    list(
        "setup.process_holds",
        "Process holds and what each forbids.",
        &[of(&[HOLD], "dbo.SOP00100 s")],
        &[key("PRCHLDID", CHAR15)],
    ),
    list(
        "setup.cards",
        "Payment cards by name, with their accounts and checkbooks.",
        &[of(
            &[CARD],
            "dbo.SY03100 s LEFT JOIN dbo.GL00105 a ON a.ACTINDX = s.ACTINDX",
        )],
        &[key("CARDNAME", CHAR15)],
    ),
    Query {
        name: "setup.units",
        text: "Units of measure schedules, unit by unit.",
        parameters: &[one("UOMSCHDL", CHAR11)],
        ways: &[EVERYTHING, by(&["UOMSCHDL"], "u.UOMSCHDL = @UOMSCHDL")],
        always: "",
        sources: &[of(
            &[UNIT],
            "dbo.IV40202 u LEFT JOIN dbo.IV40201 s ON s.UOMSCHDL = u.UOMSCHDL",
        )],
        key: &[key("UOMSCHDL", CHAR11), key("SEQNUMBR", Type::Int)],
    },
];

const DOCUMENT_ID: &[Column] = &[
    int("s.SOPTYPE"),
    meaning("document_type", "s.SOPTYPE", codes::SOP_TYPES),
    text("s.DOCID"),
    text("s.DOCTYABR"),
    text("s.SOPNUMBE"),
    meaning("allocate_by", "s.ALLOCABY", codes::ALLOCATE_BY),
    flag("s.USPFULPR").named("separate_fulfillment"),
    flag("s.USEPROSP"),
    flag("s.ALLREPEA"),
    text("s.COMMNTID"),
    text("s.CREDITLIMITHOLDID"),
    flag("s.WORKFLOWENABLED"),
    date("s.MODIFDT"),
];

const SITE: &[Column] = &[
    text("s.LOCNCODE"),
    text("s.LOCNDSCR"),
    text("s.ADDRESS1"),
    text("s.ADDRESS2"),
    text("s.ADDRESS3"),
    text("s.CITY"),
    text("s.STATE"),
    text("s.ZIPCODE"),
    text("s.COUNTRY"),
    text("s.CCode"),
    text("s.PHONE1"),
    text("s.STAXSCHD"),
    flag("s.INACTIVE"),
];

const SHIPPING: &[Column] = &[
    text("s.SHIPMTHD"),
    text("s.SHMTHDSC"),
    text("s.CARRIER"),
    int("s.SHIPTYPE"),
    date("s.MODIFDT"),
];

const TERMS: &[Column] = &[
    text("s.PYMTRMID"),
    int("s.DUETYPE"),
    int("s.DUEDTDS"),
    int("s.DISCTYPE"),
    int("s.DISCDTDS"),
    int("s.DSCLCTYP"),
    amount("s.DSCDLRAM"),
    int("s.DSCPCTAM"),
    flag("s.USEGRPER"),
    date("s.MODIFDT"),
];

const CUSTOMER_CLASS: &[Column] = &[
    text("s.CLASSID"),
    text("s.CLASDSCR"),
    flag("s.DEFLTCLS"),
    int("s.CRLMTTYP"),
    meaning("credit_limit", "s.CRLMTTYP", codes::CREDIT_LIMITS),
    amount("s.CRLMTAMT"),
    meaning("balance_type", "s.BALNCTYP", codes::BALANCES),
    text("s.TAXSCHID"),
    text("s.SHIPMTHD"),
    text("s.PYMTRMID"),
    text("s.PRCLEVEL"),
    text("s.CURNCYID"),
    text("s.CHEKBKID"),
    text("s.SLPRSNID"),
    text("s.SALSTERR"),
];

const ITEM_CLASS: &[Column] = &[
    text("s.ITMCLSCD"),
    text("s.ITMCLSDC"),
    flag("s.DEFLTCLS"),
    meaning("item_type", "s.ITEMTYPE", codes::ITEM_TYPES),
    meaning("tracking", "s.ITMTRKOP", codes::TRACKING),
    meaning("tax_option", "s.TAXOPTNS", codes::TAX_OPTIONS),
    text("s.ITMTSHID"),
    text("s.UOMSCHDL"),
    text("s.PRCLEVEL"),
    meaning("price_method", "s.PRICMTHD", codes::PRICE_METHODS),
    places("s.DECPLQTY").named("quantity_decimals"),
    flag("s.ALWBKORD"),
];

const HOLD: &[Column] = &[
    text("s.PRCHLDID"),
    text("s.DSCRIPTN"),
    flag("s.XFERPHOL").named("holds_transfer"),
    flag("s.POSTPHOL").named("holds_posting"),
    flag("s.FUFIPHOL").named("holds_fulfillment"),
    flag("s.PRINPHOL").named("holds_printing"),
    flag("s.WORKFLOWHOLD").named("of_workflow"),
];

const CARD: &[Column] = &[
    text("s.CARDNAME"),
    flag("s.CBRCVBLE").named("for_receivables"),
    flag("s.CBPAYBLE").named("for_payables"),
    int("s.RCVBGRBX"),
    int("s.PYBLGRBX"),
    text("s.CKBKNUM1"),
    text("s.CKBKNUM2"),
    int("s.ACTINDX"),
    text("a.ACTNUMST"),
    text("s.VENDORID"),
];

const UNIT: &[Column] = &[
    text("u.UOMSCHDL"),
    text("s.UMSCHDSC"),
    text("s.BASEUOFM"),
    places("s.UMDPQTYS").named("quantity_decimals"),
    int("u.SEQNUMBR"),
    text("u.UOFM"),
    text("u.UOFMLONGDESC"),
    text("u.EQUIVUOM"),
    amount("u.EQUOMQTY"),
    amount("u.QTYBSUOM"),
];
