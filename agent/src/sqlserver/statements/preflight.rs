//! What is asked of GP's set-up before a document's first call.

use super::Statement;

/// Keys of a text that asks for few at a time; unused ones are blank.
pub(crate) const FEW: usize = 4;
/// Keys of a text that asks for what lines name.
pub(crate) const MANY: usize = 12;

const RIGHT: &str = "SELECT on the tables it names (role connect_agent)";

macro_rules! asked {
    ($name:ident, $title:literal, $sql:literal, few $kind:literal) => {
        asked!($name, $title, $sql, $kind: "1" "2" "3" "4");
    };
    ($name:ident, $title:literal, $sql:literal, many $kind:literal) => {
        asked!($name, $title, $sql, $kind: "1" "2" "3" "4" "5" "6" "7" "8" "9" "10" "11" "12");
    };
    ($name:ident, $title:literal, $sql:literal, $kind:literal: $first:literal $($place:literal)*) => {
        pub(crate) static $name: Statement = Statement::new(
            $title,
            RIGHT,
            concat!($sql, " IN (CAST(@P", $first, " AS ", $kind, ")",
                $(", CAST(@P", $place, " AS ", $kind, ")",)* ")"),
        );
    };
}

asked!(
    CUSTOMERS,
    "pre-flight: customers",
    "SELECT CUSTNMBR, INACTIVE, HOLD FROM dbo.RM00101 WHERE CUSTNMBR",
    few "char(15)"
);
asked!(
    VENDORS,
    "pre-flight: vendors",
    "SELECT VENDORID, VENDSTTS, HOLD FROM dbo.PM00200 WHERE VENDORID",
    few "char(15)"
);
asked!(
    SALESPEOPLE,
    "pre-flight: salespeople",
    "SELECT SLPRSNID, INACTIVE FROM dbo.RM00301 WHERE SLPRSNID",
    few "char(15)"
);
asked!(
    SITES,
    "pre-flight: sites",
    "SELECT LOCNCODE, INACTIVE FROM dbo.IV40700 WHERE LOCNCODE",
    few "char(11)"
);
asked!(
    TAX_DETAILS,
    "pre-flight: tax details",
    "SELECT TAXDTLID FROM dbo.TX00201 WHERE TAXDTLID",
    few "char(15)"
);
asked!(
    ITEMS,
    "pre-flight: items",
    "SELECT ITEMNMBR, INACTIVE, ITEMTYPE FROM dbo.IV00101 WHERE ITEMNMBR",
    many "char(31)"
);
asked!(
    DISCONTINUED,
    "pre-flight: what is left of discontinued items",
    "SELECT ITEMNMBR, QTYONHND - ATYALLOC FROM dbo.IV00102 WHERE RCRDTYPE = 1 AND ITEMNMBR",
    many "char(31)"
);
asked!(
    UNITS,
    "pre-flight: units of measure",
    "SELECT i.ITEMNMBR, u.UOFM FROM dbo.IV00101 i \
     INNER JOIN dbo.IV40202 u ON u.UOMSCHDL = i.UOMSCHDL WHERE i.ITEMNMBR",
    many "char(31)"
);
asked!(
    ACCOUNTS,
    "pre-flight: accounts",
    "SELECT n.ACTNUMST, a.ACTIVE FROM dbo.GL00105 n \
     INNER JOIN dbo.GL00100 a ON a.ACTINDX = n.ACTINDX WHERE n.ACTNUMST",
    many "char(129)"
);

/// A row of series 0 stands for the whole period, with a flag for each series; periods that end
/// before the date are left out.
pub(crate) static PERIODS: Statement = Statement::new(
    "pre-flight: fiscal periods from a date on",
    RIGHT,
    "SELECT TOP 40 p.PERIODDT, p.PERDENDT, p.PERNAME, y.HISTORYR, \
     p.PSERIES_1, p.PSERIES_2, p.PSERIES_3, p.PSERIES_4 \
     FROM dbo.SY40100 p LEFT JOIN dbo.SY40101 y ON y.YEAR1 = p.YEAR1 \
     WHERE p.SERIES = 0 AND p.PERDENDT >= @P1 ORDER BY p.PERIODDT",
);

/// A row for each exchange table of a currency, one without for a currency that has none.
pub(crate) static EXCHANGE_TABLES: Statement = Statement::new(
    "pre-flight: a currency's exchange tables, and from when to when rates begin",
    "SELECT on MC40000 of the company and on MC40200, MC40300 and MC00100 of the system database",
    "SELECT f.FUNLCURR, c.CURNCYID, t.EXGTBLID, t.TRXDTDEF, MIN(r.EXCHDATE), MAX(r.EXCHDATE) \
     FROM dbo.MC40000 f \
     LEFT JOIN {system}.dbo.MC40200 c ON c.CURNCYID = CAST(@P1 AS char(15)) \
     LEFT JOIN {system}.dbo.MC40300 t ON t.CURNCYID = c.CURNCYID \
     LEFT JOIN {system}.dbo.MC00100 r ON r.EXGTBLID = t.EXGTBLID \
     GROUP BY f.FUNLCURR, c.CURNCYID, t.EXGTBLID, t.TRXDTDEF ORDER BY t.EXGTBLID",
);
