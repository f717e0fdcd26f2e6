//! Where the two databases differ. Nothing else in this crate asks which one it speaks to.

use crate::conn::{Conn, Kind};

/// Takes rows nobody else has locked, and leaves the rest.
pub(crate) fn skip_locked(conn: &Conn) -> &'static str {
    match conn.kind {
        Kind::Postgres(_) => "FOR UPDATE SKIP LOCKED",
        Kind::Sqlite(_) => "",
    }
}

/// Keeps the rows read from changing until the unit of work ends.
pub(crate) fn lock_rows(conn: &Conn) -> &'static str {
    match conn.kind {
        Kind::Postgres(_) => "FOR UPDATE",
        Kind::Sqlite(_) => "",
    }
}

/// The database's own clock in microseconds: leases are measured by it alone.
pub(crate) fn database_now(conn: &Conn) -> &'static str {
    match conn.kind {
        Kind::Postgres(_) => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
        Kind::Sqlite(_) => "CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000",
    }
}
