//! Set-up lists of companies, taxes, accounts, currencies and periods.

use super::super::declare::{
    Column, EVERYTHING, FROM, Query, Source, TO, Type, Way, amount, by, date, flag, int, key,
    meaning, one, places, text, time,
};
use super::codes;

const CHAR15: Type = Type::Char(15);
const ALL: &[Way] = &[EVERYTHING];

pub(super) static QUERIES: &[Query] = &[
    Query {
        name: "companies",
        ..COMPANIES
    },
    COMPANIES,
    Query {
        name: "setup.tax_schedules",
        text: "Tax schedules.",
        parameters: &[],
        ways: ALL,
        always: "",
        sources: &[of(
            &[&[text("s.TAXSCHID"), text("s.TXSCHDSC")]],
            "dbo.TX00101 s",
        )],
        key: &[key("TAXSCHID", CHAR15)],
    },
    Query {
        name: "setup.tax_schedule_details",
        text: "Which tax details belong to which tax schedules.",
        parameters: &[one("TAXSCHID", CHAR15)],
        ways: &[EVERYTHING, by(&["TAXSCHID"], "s.TAXSCHID = @TAXSCHID")],
        always: "",
        sources: &[of(
            &[&[
                text("s.TAXSCHID"),
                text("s.TAXDTLID"),
                int("s.TXDTLBSE"),
                flag("s.TDTAXTAX"),
                flag("s.Auto_Calculate"),
            ]],
            "dbo.TX00102 s",
        )],
        key: &[key("TAXSCHID", CHAR15), key("TAXDTLID", CHAR15)],
    },
    Query {
        name: "setup.tax_details",
        text: "Tax details with rate, limits and rounding.",
        parameters: &[],
        ways: ALL,
        always: "",
        sources: &[of(
            &[TAX_DETAIL],
            "dbo.TX00201 s LEFT JOIN dbo.GL00105 a ON a.ACTINDX = s.ACTINDX",
        )],
        key: &[key("TAXDTLID", CHAR15)],
    },
    Query {
        name: "setup.checkbooks",
        text: "Checkbooks by id; checkbooks tells their balances.",
        parameters: &[],
        ways: ALL,
        always: "",
        sources: &[of(
            &[&[
                text("s.CHEKBKID"),
                text("s.DSCRIPTN"),
                text("s.CURNCYID"),
                int("s.ACTINDX"),
                text("a.ACTNUMST"),
                flag("s.INACTIVE"),
            ]],
            "dbo.CM00100 s LEFT JOIN dbo.GL00105 a ON a.ACTINDX = s.ACTINDX",
        )],
        key: &[key("CHEKBKID", CHAR15)],
    },
    Query {
        name: "setup.accounts",
        text: "Accounts of the general ledger.",
        parameters: &[one("ACTINDX", Type::Int), one("ACTNUMST", Type::Char(129))],
        ways: &[
            EVERYTHING,
            by(&["ACTINDX"], "s.ACTINDX = @ACTINDX"),
            by(&["ACTNUMST"], "a.ACTNUMST = @ACTNUMST"),
        ],
        always: "",
        sources: &[of(
            &[ACCOUNT],
            "dbo.GL00100 s LEFT JOIN dbo.GL00105 a ON a.ACTINDX = s.ACTINDX",
        )],
        key: &[key("ACTINDX", Type::Int)],
    },
    Query {
        name: "setup.currencies",
        text: "Currencies of the installation, and which is the company's functional one.",
        parameters: &[],
        ways: ALL,
        always: "",
        sources: &[of(
            &[CURRENCY],
            "{system}.dbo.MC40200 s LEFT JOIN dbo.MC40000 f ON f.FUNLCURR = s.CURNCYID",
        )],
        key: &[key("CURNCYID", CHAR15)],
    },
    Query {
        name: "setup.exchange_rates",
        text: "Exchange rates by exchange table; from and to are days of EXCHDATE.",
        parameters: &[one("EXGTBLID", CHAR15), one("CURNCYID", CHAR15), FROM, TO],
        ways: &[
            EVERYTHING,
            by(&["EXGTBLID"], "s.EXGTBLID = @EXGTBLID"),
            by(&["CURNCYID"], "s.CURNCYID = @CURNCYID"),
        ],
        always: "s.EXCHDATE >= @from AND s.EXCHDATE <= @to",
        sources: &[of(
            &[RATE],
            "{system}.dbo.MC00100 s LEFT JOIN {system}.dbo.MC40300 t ON t.EXGTBLID = s.EXGTBLID",
        )],
        key: &[
            key("EXGTBLID", CHAR15),
            key("EXCHDATE", Type::DateTime),
            key("TIME1", Type::DateTime),
        ],
    },
    Query {
        name: "setup.fiscal_periods",
        text: "Fiscal periods by year and series, and which are closed.",
        parameters: &[one("YEAR1", Type::SmallInt)],
        ways: &[EVERYTHING, by(&["YEAR1"], "s.YEAR1 = @YEAR1")],
        always: "",
        sources: &[of(
            &[PERIOD],
            "dbo.SY40100 s LEFT JOIN dbo.SY40101 y ON y.YEAR1 = s.YEAR1",
        )],
        key: &[
            key("YEAR1", Type::SmallInt),
            key("PERIODID", Type::SmallInt),
            key("SERIES", Type::SmallInt),
            key("ODESCTN", Type::Char(51)),
            key("FORIGIN", Type::TinyInt),
        ],
    },
];

const fn of(columns: &'static [&'static [Column]], from: &'static str) -> Source {
    Source {
        columns,
        from,
        condition: "",
    }
}

/// Asked by both names.
const COMPANIES: Query = Query {
    name: "setup.companies",
    text: "The companies of this GP installation.",
    parameters: &[],
    ways: ALL,
    always: "",
    sources: &[of(
        &[&[int("s.CMPANYID"), text("s.INTERID"), text("s.CMPNYNAM")]],
        "{system}.dbo.SY01500 s",
    )],
    key: &[key("INTERID", Type::Char(5))],
};

const TAX_DETAIL: &[Column] = &[
    text("s.TAXDTLID"),
    text("s.TXDTLDSC"),
    int("s.TXDTLTYP"),
    meaning("detail_type", "s.TXDTLTYP", codes::DETAIL_TYPES),
    int("s.TXDTLBSE"),
    amount("s.TXDTLPCT"),
    amount("s.TXDTLAMT"),
    int("s.TDTLRNDG"),
    text("s.TXDBODTL"),
    amount("s.TDTABMIN"),
    amount("s.TDTABMAX"),
    amount("s.TDTAXMIN"),
    amount("s.TDTAXMAX"),
    int("s.TDRNGTYP"),
    int("s.TXDTQUAL"),
    flag("s.TDTAXTAX"),
    flag("s.TXDXDISC"),
    text("s.TXIDNMBR"),
    int("s.ACTINDX"),
    text("a.ACTNUMST"),
];

const ACCOUNT: &[Column] = &[
    int("s.ACTINDX"),
    text("a.ACTNUMST"),
    text("s.ACTDESCR"),
    text("s.ACTALIAS"),
    text("s.MNACSGMT"),
    meaning("account_type", "s.ACCTTYPE", codes::ACCOUNT_TYPES),
    meaning("posting_type", "s.PSTNGTYP", codes::POSTING_TYPES),
    int("s.ACCATNUM"),
    int("s.TPCLBLNC"),
    flag("s.ACTIVE"),
    flag("s.ACCTENTR").named("allows_entry"),
    date("s.MODIFDT"),
];

const CURRENCY: &[Column] = &[
    text("s.CURNCYID"),
    text("s.ISOCURRC"),
    text("s.CRNCYDSC"),
    text("s.CRNCYSYM"),
    int("s.CURRNIDX"),
    places("s.DECPLCUR").named("currency_decimals"),
    flag("CASE WHEN f.FUNLCURR IS NULL THEN 0 ELSE 1 END").named("functional"),
];

const RATE: &[Column] = &[
    text("s.EXGTBLID"),
    text("s.CURNCYID"),
    date("s.EXCHDATE"),
    time("s.TIME1"),
    amount("s.XCHGRATE"),
    date("s.EXPNDATE"),
    meaning("rate_method", "t.RTCLCMTD", codes::RATE_METHODS),
    text("t.EXGTBDSC"),
];

const PERIOD: &[Column] = &[
    int("s.YEAR1"),
    int("s.PERIODID"),
    int("s.SERIES"),
    text("s.ODESCTN"),
    int("s.FORIGIN"),
    text("s.PERNAME"),
    date("s.PERIODDT"),
    date("s.PERDENDT"),
    flag("s.CLOSED"),
    flag("s.PSERIES_1").named("financial_closed"),
    flag("s.PSERIES_2").named("sales_closed"),
    flag("s.PSERIES_3").named("purchasing_closed"),
    flag("s.PSERIES_4").named("inventory_closed"),
    flag("s.PSERIES_5").named("payroll_closed"),
    flag("s.PSERIES_6").named("project_closed"),
    date("y.FSTFSCDY"),
    date("y.LSTFSCDY"),
    int("y.NUMOFPER"),
    flag("y.HISTORYR").named("historical"),
];
