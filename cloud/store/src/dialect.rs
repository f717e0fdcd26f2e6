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

/// The same, for the lanes of a query that joins other tables.
pub(crate) fn lock_lane(conn: &Conn) -> &'static str {
    match conn.kind {
        Kind::Postgres(_) => "FOR UPDATE OF lane",
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

/// Rows of one statement at most: both databases bound the number of parameters.
pub(crate) const MOST_ROWS: usize = 100;

/// Placeholders for so many rows: `($1, $2), ($3, $4)`. The same on both databases.
pub(crate) fn places(rows: usize, columns: usize) -> String {
    places_from(1, rows, columns)
}

/// The same, beginning with the placeholder of that number.
pub(crate) fn places_from(first: usize, rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let places: Vec<String> = (0..columns)
            .map(|column| format!("${}", first + row * columns + column))
            .collect();
        format!("({})", places.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}
