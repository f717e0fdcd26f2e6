//! Where watchers look for what changed.
//!
//! Rows that a transaction holds are left out: their stamps are older than the next looks begin
//! at, so they are found once it has ended. Nobody's work waits for a look, and no look waits.

use super::Statement;

const RIGHT: &str = "SELECT on the table it names (role connect_agent)";

macro_rules! stamped {
    ($name:ident, $column:literal, $table:literal) => {
        pub(crate) static $name: Statement = Statement::new(
            concat!("watch: ", $table, " stamped since"),
            RIGHT,
            concat!(
                "SELECT ",
                $column,
                ", DEX_ROW_TS FROM dbo.",
                $table,
                " WITH (READPAST) WHERE DEX_ROW_TS >= @P1"
            ),
        );
    };
}

stamped!(STAMPED_ITEMS, "ITEMNMBR", "IV00101");
stamped!(STAMPED_PRICE_OPTIONS, "ITEMNMBR", "IV00107");
stamped!(STAMPED_PRICES, "ITEMNMBR", "IV00108");
stamped!(STAMPED_CUSTOMERS, "CUSTNMBR", "RM00101");
stamped!(STAMPED_SALES_WORK, "SOPNUMBE", "SOP10100");
stamped!(STAMPED_SALES_HISTORY, "SOPNUMBE", "SOP30200");
stamped!(STAMPED_OPEN_RECEIVABLES, "DOCNUMBR", "RM20101");
stamped!(STAMPED_PAID_RECEIVABLES, "DOCNUMBR", "RM30101");

pub(crate) static NEW_TRACKING_NUMBERS: Statement = Statement::new(
    "watch: tracking numbers behind a row",
    RIGHT,
    "SELECT SOPNUMBE, DEX_ROW_ID FROM dbo.SOP10107 WITH (READPAST) WHERE DEX_ROW_ID > @P1",
);

pub(crate) static NEWEST_TRACKING_NUMBER: Statement = Statement::new(
    "watch: the newest tracking number's row",
    RIGHT,
    "SELECT CAST(MAX(DEX_ROW_ID) AS bigint) FROM dbo.SOP10107 WITH (READPAST)",
);
