//! Customers and their addresses.

use super::super::declare::{
    Column, EVERYTHING, Query, Source, Type, amount, by, date, flag, hundredths, int, key, many,
    meaning, one, text, utc,
};
use super::codes;

const NUMBER: Type = Type::Char(15);

pub(super) static QUERIES: &[Query] = &[
    Query {
        name: "customers",
        text: "Customers with class, terms, price level, default addresses, credit limit, holds \
               and balance.",
        parameters: &[
            one("CUSTNMBR", NUMBER),
            many("CUSTNMBRS", NUMBER),
            one("CUSTCLAS", NUMBER),
        ],
        ways: &[
            EVERYTHING,
            by(&["CUSTNMBR"], "c.CUSTNMBR = @CUSTNMBR"),
            by(&["CUSTNMBRS"], "c.CUSTNMBR IN (@CUSTNMBRS)"),
            by(&["CUSTCLAS"], "c.CUSTCLAS = @CUSTCLAS"),
        ],
        always: "",
        sources: &[Source {
            columns: &[CUSTOMER, BALANCE],
            from: "dbo.RM00101 c LEFT JOIN dbo.RM00103 b ON b.CUSTNMBR = c.CUSTNMBR",
            condition: "",
        }],
        key: &[key("CUSTNMBR", NUMBER)],
    },
    Query {
        name: "customer_addresses",
        text: "Addresses of customers with their e-mail and internet addresses. By INET1, an \
               e-mail address, the whole list is searched.",
        parameters: &[
            one("CUSTNMBR", NUMBER),
            one("ADRSCODE", Type::Char(15)),
            many("CUSTNMBRS", NUMBER),
            one("INET1", Type::Char(201)),
        ],
        ways: &[
            EVERYTHING,
            by(&["CUSTNMBR"], "a.CUSTNMBR = @CUSTNMBR"),
            by(
                &["CUSTNMBR", "ADRSCODE"],
                "a.CUSTNMBR = @CUSTNMBR AND a.ADRSCODE = @ADRSCODE",
            ),
            by(&["CUSTNMBRS"], "a.CUSTNMBR IN (@CUSTNMBRS)"),
            by(&["INET1"], "e.INET1 = @INET1"),
        ],
        always: "",
        sources: &[Source {
            columns: &[ADDRESS, INTERNET],
            from: "dbo.RM00102 a LEFT JOIN dbo.SY01200 e ON e.Master_Type = 'CUS' \
                   AND e.Master_ID = a.CUSTNMBR AND e.ADRSCODE = a.ADRSCODE",
            condition: "",
        }],
        key: &[key("CUSTNMBR", NUMBER), key("ADRSCODE", Type::Char(15))],
    },
];

const CUSTOMER: &[Column] = &[
    text("c.CUSTNMBR"),
    text("c.CUSTNAME"),
    text("c.SHRTNAME"),
    text("c.STMTNAME"),
    text("c.CUSTCLAS"),
    text("c.CPRCSTNM"),
    text("c.CNTCPRSN"),
    text("c.ADRSCODE"),
    text("c.PRBTADCD"),
    text("c.PRSTADCD"),
    text("c.STADDRCD"),
    text("c.ADDRESS1"),
    text("c.ADDRESS2"),
    text("c.ADDRESS3"),
    text("c.CITY"),
    text("c.STATE"),
    text("c.ZIP"),
    text("c.COUNTRY"),
    text("c.CCode"),
    text("c.PHONE1"),
    text("c.PHONE2"),
    text("c.PHONE3"),
    text("c.FAX"),
    text("c.TAXSCHID"),
    text("c.TAXEXMT1"),
    text("c.TAXEXMT2"),
    text("c.TXRGNNUM"),
    text("c.SHIPMTHD"),
    text("c.PYMTRMID"),
    text("c.PRCLEVEL"),
    text("c.CURNCYID"),
    text("c.RATETPID"),
    text("c.SLPRSNID"),
    text("c.SALSTERR"),
    text("c.CHEKBKID"),
    int("c.CRLMTTYP"),
    meaning("credit_limit", "c.CRLMTTYP", codes::CREDIT_LIMITS),
    amount("c.CRLMTAMT"),
    hundredths("c.CUSTDISC").named("discount_percent"),
    meaning("balance_type", "c.BALNCTYP", codes::BALANCES),
    text("c.COMMENT1"),
    text("c.COMMENT2"),
    text("c.USERDEF1"),
    text("c.USERDEF2"),
    flag("c.HOLD"),
    flag("c.INACTIVE"),
    flag("c.SHIPCOMPLETE"),
    date("c.CREATDDT"),
    date("c.MODIFDT"),
    utc("c.DEX_ROW_TS"),
];

const BALANCE: &[Column] = &[
    amount("b.CUSTBLNC"),
    amount("b.ONORDAMT"),
    amount("b.DEPRECV"),
    amount("b.UNPSTDSA"),
    amount("b.UNPSTDCA"),
    amount("b.UNPSTOSA"),
    amount("b.UNPSTOCA"),
    date("b.LSTTRXDT"),
    date("b.LASTPYDT"),
    amount("b.LPYMTAMT"),
];

const ADDRESS: &[Column] = &[
    text("a.CUSTNMBR"),
    text("a.ADRSCODE"),
    text("a.ShipToName"),
    text("a.CNTCPRSN"),
    text("a.ADDRESS1"),
    text("a.ADDRESS2"),
    text("a.ADDRESS3"),
    text("a.CITY"),
    text("a.STATE"),
    text("a.ZIP"),
    text("a.COUNTRY"),
    text("a.CCode"),
    text("a.PHONE1"),
    text("a.PHONE2"),
    text("a.PHONE3"),
    text("a.FAX"),
    text("a.UPSZONE"),
    text("a.SHIPMTHD"),
    text("a.TAXSCHID"),
    text("a.LOCNCODE"),
    text("a.SLPRSNID"),
    text("a.SALSTERR"),
    text("a.USERDEF1"),
    text("a.USERDEF2"),
    date("a.CREATDDT"),
    date("a.MODIFDT"),
    utc("a.DEX_ROW_TS"),
];

const INTERNET: &[Column] = &[
    text("e.INET1"),
    text("e.INET2"),
    text("e.INET3"),
    text("e.INET4"),
    text("e.INET5"),
    text("e.INET6"),
    text("e.INET7"),
    text("e.INET8"),
    text("e.EmailToAddress"),
    text("e.EmailCcAddress"),
    text("e.EmailBccAddress"),
];
