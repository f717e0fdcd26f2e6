//! Items with quantities, prices and units.

use super::super::declare::{
    Column, EVERYTHING, MONEY, Query, Source, Type, adds, amount, by, date, flag, hundredths, int,
    key, many, meaning, one, places, text, utc,
};
use super::codes;

const NUMBER: Type = Type::Char(31);
const SITE: Type = Type::Char(11);
const CURRENCY: Type = Type::Char(15);
const LEVEL: Type = Type::Char(11);

pub(super) static QUERIES: &[Query] = &[ITEMS, QUANTITIES, PRICES, LIST_PRICES, UNITS];

const ITEMS: Query = Query {
    name: "items",
    text: "Items with type, class, units, tracking, tax option, weight (GP's hundredths \
           divided) and decimal places.",
    parameters: &[
        one("ITEMNMBR", NUMBER),
        many("ITEMNMBRS", NUMBER),
        one("ITMCLSCD", Type::Char(11)),
    ],
    ways: &[
        EVERYTHING,
        by(&["ITEMNMBR"], "i.ITEMNMBR = @ITEMNMBR"),
        by(&["ITEMNMBRS"], "i.ITEMNMBR IN (@ITEMNMBRS)"),
        by(&["ITMCLSCD"], "i.ITMCLSCD = @ITMCLSCD"),
    ],
    always: "",
    sources: &[Source {
        columns: &[ITEM],
        from: "dbo.IV00101 i LEFT JOIN dbo.IV40201 s ON s.UOMSCHDL = i.UOMSCHDL",
        condition: "",
    }],
    key: &[key("ITEMNMBR", NUMBER)],
};

const QUANTITIES: Query = Query {
    name: "item_quantities",
    text: "Quantities of items at each site, in the base unit. available is on hand less \
           allocated; with net=1 available_net also leaves out what open orders, invoices and \
           fulfillment orders ask for and have not been allocated.",
    parameters: &[
        one("ITEMNMBR", NUMBER),
        many("ITEMNMBRS", NUMBER),
        one("LOCNCODE", SITE),
        adds("net", NET),
    ],
    ways: &[
        EVERYTHING,
        by(&["ITEMNMBR"], "q.ITEMNMBR = @ITEMNMBR"),
        by(&["ITEMNMBRS"], "q.ITEMNMBR IN (@ITEMNMBRS)"),
        by(&["LOCNCODE"], "q.LOCNCODE = @LOCNCODE"),
        by(
            &["ITEMNMBR", "LOCNCODE"],
            "q.ITEMNMBR = @ITEMNMBR AND q.LOCNCODE = @LOCNCODE",
        ),
        by(
            &["ITEMNMBRS", "LOCNCODE"],
            "q.ITEMNMBR IN (@ITEMNMBRS) AND q.LOCNCODE = @LOCNCODE",
        ),
    ],
    // Record type 1 is the sum over all sites.
    always: "q.RCRDTYPE = 2",
    sources: &[Source {
        columns: &[QUANTITY],
        from: "dbo.IV00102 q",
        condition: "",
    }],
    key: &[key("ITEMNMBR", NUMBER), key("LOCNCODE", SITE)],
};

const PRICES: Query = Query {
    name: "item_prices",
    text: "The price list: prices of items by currency, price level, unit and quantity break; \
           an amount or a percentage, as price_method says. LISTPRCE is the list price in the \
           same currency.",
    parameters: &[
        one("ITEMNMBR", NUMBER),
        many("ITEMNMBRS", NUMBER),
        one("PRCLEVEL", LEVEL),
        one("CURNCYID", CURRENCY),
    ],
    ways: &[
        EVERYTHING,
        by(&["ITEMNMBR"], "p.ITEMNMBR = @ITEMNMBR"),
        by(&["ITEMNMBRS"], "p.ITEMNMBR IN (@ITEMNMBRS)"),
        by(&["PRCLEVEL"], "p.PRCLEVEL = @PRCLEVEL"),
        by(
            &["PRCLEVEL", "CURNCYID"],
            "p.PRCLEVEL = @PRCLEVEL AND p.CURNCYID = @CURNCYID",
        ),
        by(
            &["ITEMNMBR", "PRCLEVEL"],
            "p.ITEMNMBR = @ITEMNMBR AND p.PRCLEVEL = @PRCLEVEL",
        ),
        by(
            &["ITEMNMBR", "PRCLEVEL", "CURNCYID"],
            "p.ITEMNMBR = @ITEMNMBR AND p.PRCLEVEL = @PRCLEVEL AND p.CURNCYID = @CURNCYID",
        ),
        by(
            &["ITEMNMBRS", "PRCLEVEL"],
            "p.ITEMNMBR IN (@ITEMNMBRS) AND p.PRCLEVEL = @PRCLEVEL",
        ),
    ],
    always: "",
    sources: &[Source {
        columns: &[PRICE],
        from: "dbo.IV00108 p \
               LEFT JOIN dbo.IV00107 o ON o.ITEMNMBR = p.ITEMNMBR AND o.CURNCYID = p.CURNCYID \
               AND o.PRCLEVEL = p.PRCLEVEL AND o.UOFM = p.UOFM \
               LEFT JOIN dbo.IV00105 l ON l.ITEMNMBR = p.ITEMNMBR AND l.CURNCYID = p.CURNCYID \
               LEFT JOIN dbo.IV00101 i ON i.ITEMNMBR = p.ITEMNMBR",
        condition: "",
    }],
    key: &[
        key("ITEMNMBR", NUMBER),
        key("CURNCYID", CURRENCY),
        key("PRCLEVEL", LEVEL),
        key("UOFM", Type::Char(9)),
        key("TOQTY", MONEY),
    ],
};

const LIST_PRICES: Query = Query {
    name: "item_list_prices",
    text: "List prices of items by currency.",
    parameters: &[
        one("ITEMNMBR", NUMBER),
        many("ITEMNMBRS", NUMBER),
        one("CURNCYID", CURRENCY),
    ],
    ways: &[
        EVERYTHING,
        by(&["ITEMNMBR"], "l.ITEMNMBR = @ITEMNMBR"),
        by(&["ITEMNMBRS"], "l.ITEMNMBR IN (@ITEMNMBRS)"),
        by(&["CURNCYID"], "l.CURNCYID = @CURNCYID"),
        by(
            &["ITEMNMBR", "CURNCYID"],
            "l.ITEMNMBR = @ITEMNMBR AND l.CURNCYID = @CURNCYID",
        ),
    ],
    always: "",
    sources: &[Source {
        columns: &[&[
            text("l.ITEMNMBR"),
            text("l.CURNCYID"),
            amount("l.LISTPRCE"),
            places("l.DECPLCUR").named("currency_decimals"),
        ]],
        from: "dbo.IV00105 l",
        condition: "",
    }],
    key: &[key("ITEMNMBR", NUMBER), key("CURNCYID", CURRENCY)],
};

const UNITS: Query = Query {
    name: "item_units",
    text: "The units of measure of items' schedules, with how many base units each is.",
    parameters: &[one("ITEMNMBR", NUMBER), many("ITEMNMBRS", NUMBER)],
    ways: &[
        EVERYTHING,
        by(&["ITEMNMBR"], "i.ITEMNMBR = @ITEMNMBR"),
        by(&["ITEMNMBRS"], "i.ITEMNMBR IN (@ITEMNMBRS)"),
    ],
    always: "",
    sources: &[Source {
        columns: &[&[
            text("i.ITEMNMBR"),
            text("i.UOMSCHDL"),
            int("u.SEQNUMBR"),
            text("u.UOFM"),
            text("u.UOFMLONGDESC"),
            amount("u.QTYBSUOM"),
            text("u.EQUIVUOM"),
            amount("u.EQUOMQTY"),
            text("s.BASEUOFM"),
            text("i.SELNGUOM"),
            text("i.PRCHSUOM"),
            places("s.UMDPQTYS").named("quantity_decimals"),
        ]],
        from: "dbo.IV00101 i JOIN dbo.IV40202 u ON u.UOMSCHDL = i.UOMSCHDL \
               LEFT JOIN dbo.IV40201 s ON s.UOMSCHDL = i.UOMSCHDL",
        condition: "",
    }],
    key: &[key("ITEMNMBR", NUMBER), key("SEQNUMBR", Type::Int)],
};

const ITEM: &[Column] = &[
    text("i.ITEMNMBR"),
    text("i.ITEMDESC"),
    text("i.ITMSHNAM"),
    text("i.ITMGEDSC"),
    int("i.ITEMTYPE"),
    meaning("item_type", "i.ITEMTYPE", codes::ITEM_TYPES),
    flag("i.INACTIVE"),
    flag("CASE WHEN i.ITEMTYPE = 2 THEN 1 ELSE 0 END").named("discontinued"),
    text("i.ITMCLSCD"),
    text("i.UOMSCHDL"),
    text("s.BASEUOFM"),
    text("i.SELNGUOM"),
    text("i.PRCHSUOM"),
    meaning("tracking", "i.ITMTRKOP", codes::TRACKING),
    text("i.LOTTYPE"),
    meaning("tax_option", "i.TAXOPTNS", codes::TAX_OPTIONS),
    text("i.ITMTSHID"),
    hundredths("i.ITEMSHWT").named("weight"),
    places("i.DECPLQTY").named("quantity_decimals"),
    places("i.DECPLCUR").named("currency_decimals"),
    amount("i.STNDCOST"),
    amount("i.CURRCOST"),
    text("i.PRCLEVEL"),
    meaning("price_method", "i.PRICMTHD", codes::PRICE_METHODS),
    text("i.PriceGroup"),
    text("i.LOCNCODE"),
    flag("i.ALWBKORD"),
    text("i.ALTITEM1"),
    text("i.ALTITEM2"),
    text("i.USCATVLS_1"),
    text("i.USCATVLS_2"),
    text("i.USCATVLS_3"),
    text("i.USCATVLS_4"),
    text("i.USCATVLS_5"),
    text("i.USCATVLS_6"),
    date("i.CREATDDT"),
    date("i.MODIFDT"),
    utc("i.DEX_ROW_TS"),
];

const QUANTITY: &[Column] = &[
    text("q.ITEMNMBR"),
    text("q.LOCNCODE"),
    amount("q.QTYONHND"),
    amount("q.ATYALLOC"),
    amount("q.QTYONHND - q.ATYALLOC").named("available"),
    amount("q.QTYBKORD"),
    amount("q.QTYONORD"),
    amount("q.QTYRQSTN"),
    amount("q.QTYCOMTD"),
    amount("q.QTYRTRND"),
    amount("q.QTYINUSE"),
    amount("q.QTYINSVC"),
    amount("q.QTYDMGED"),
    flag("q.INACTIVE"),
];

/// Documents that allocate when they are fulfilled ask for stock that ATYALLOC does not show yet.
const NET: &[Column] = &[amount(
    "CAST(q.QTYONHND - q.ATYALLOC - ISNULL((SELECT SUM((d.QUANTITY - d.ATYALLOC - d.QTYONPO \
     - d.QTYRECVD - d.QTYTBAOR - d.QTYPRBAC - d.QTYPRINV - d.QTYCANCE) * d.QTYBSUOM) \
     FROM dbo.SOP10200 d WHERE d.ITEMNMBR = q.ITEMNMBR AND d.LOCNCODE = q.LOCNCODE \
     AND d.SOPTYPE IN (2, 3, 6) AND d.DROPSHIP = 0), 0) AS numeric(19,5))",
)
.named("available_net")];

const PRICE: &[Column] = &[
    text("p.ITEMNMBR"),
    text("p.CURNCYID"),
    text("p.PRCLEVEL"),
    text("p.UOFM"),
    amount("p.FROMQTY"),
    amount("p.TOQTY"),
    amount("p.UOMPRICE"),
    amount("p.QTYBSUOM"),
    int("i.PRICMTHD"),
    meaning("price_method", "i.PRICMTHD", codes::PRICE_METHODS),
    amount("l.LISTPRCE"),
    int("o.UMSLSOPT"),
    amount("o.RNDGAMNT"),
    int("o.ROUNDHOW"),
    int("o.ROUNDTO"),
    utc("p.DEX_ROW_TS"),
];
