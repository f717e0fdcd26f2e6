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

/// A balance has no stamp; what changes it is a document that is posted, applied or voided.
pub(crate) static STAMPED_BALANCES: Statement = Statement::new(
    "watch: customers of RM20101 stamped since",
    RIGHT,
    "SELECT CUSTNMBR, DEX_ROW_TS FROM dbo.RM20101 WITH (READPAST) WHERE DEX_ROW_TS >= @P1",
);

/// What a login reads it by; the owner's choice.
pub(crate) const SEES_TRANSACTIONS: &str =
    "VIEW SERVER STATE, if the owner gives it (without it, looks reach back half an hour)";

/// For how many seconds the oldest transaction that wrote in the company has been open.
pub(crate) static OLDEST_OPEN: Statement = Statement::new(
    "watch: age of the oldest open transaction",
    SEES_TRANSACTIONS,
    "SELECT DATEDIFF(second, MIN(database_transaction_begin_time), GETDATE()) \
     FROM sys.dm_tran_database_transactions \
     WHERE database_id = DB_ID() AND database_transaction_begin_time IS NOT NULL",
);

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

macro_rules! tracked {
    ($name:ident, $column:literal, $table:literal) => {
        pub(crate) static $name: Statement = Statement::new(
            concat!("watch: ", $table, " changed behind a version"),
            TRACKING,
            concat!(
                "SELECT c.",
                $column,
                ", c.SYS_CHANGE_VERSION FROM CHANGETABLE(CHANGES dbo.",
                $table,
                ", @P1) AS c"
            ),
        );
    };
}

const TRACKING: &str = "SELECT and VIEW CHANGE TRACKING on the table it names (role connect_agent); \
     sent only where change tracking is on for it";

tracked!(TRACKED_ITEMS, "ITEMNMBR", "IV00101");
tracked!(TRACKED_QUANTITIES, "ITEMNMBR", "IV00102");
tracked!(TRACKED_PRICE_OPTIONS, "ITEMNMBR", "IV00107");
tracked!(TRACKED_PRICES, "ITEMNMBR", "IV00108");
tracked!(TRACKED_LIST_PRICES, "ITEMNMBR", "IV00105");
tracked!(TRACKED_CUSTOMERS, "CUSTNMBR", "RM00101");
tracked!(TRACKED_BALANCES, "CUSTNMBR", "RM00103");
tracked!(TRACKED_SALES_WORK, "SOPNUMBE", "SOP10100");
tracked!(TRACKED_SALES_HISTORY, "SOPNUMBE", "SOP30200");
tracked!(TRACKED_HOLDS, "SOPNUMBE", "SOP10104");
tracked!(TRACKED_TRACKING_NUMBERS, "SOPNUMBE", "SOP10107");
tracked!(TRACKED_USER_DEFINED, "SOPNUMBE", "SOP10106");
tracked!(TRACKED_OPEN_RECEIVABLES, "DOCNUMBR", "RM20101");
tracked!(TRACKED_PAID_RECEIVABLES, "DOCNUMBR", "RM30101");
tracked!(TRACKED_APPLIED, "APTODCNM", "RM20201");
tracked!(TRACKED_APPLIED_HISTORY, "APTODCNM", "RM30201");

pub(crate) static TRACKED_TABLES: Statement = Statement::new(
    "watch: which tables are tracked, from which version on, and the version now",
    "VIEW CHANGE TRACKING on a table shows its version (role connect_agent)",
    "SELECT OBJECT_NAME(object_id), CHANGE_TRACKING_MIN_VALID_VERSION(object_id), \
     CHANGE_TRACKING_CURRENT_VERSION() FROM sys.change_tracking_tables",
);
