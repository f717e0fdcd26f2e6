//! What the server answers: rows, outputs, and where the transaction stands.

use rust_decimal::Decimal;
use time::PrimitiveDateTime;

use super::error::SqlError;
use super::statements;

/// What a procedure answered; an error it raised comes beside its outputs.
#[derive(Debug, Default)]
pub(super) struct Called {
    pub(super) return_code: i32,
    pub(super) outputs: Vec<(String, Cell)>,
    pub(super) raised: Option<SqlError>,
}

/// Rows with the names of their columns; without a row there are no names.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// One value of a row or an output.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Null,
    Text(String),
    Int(i64),
    Numeric(Decimal),
    DateTime(PrimitiveDateTime),
    Other,
}

/// Where the connection's transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TransactionState {
    pub(super) count: i64,
    /// 1 can commit, -1 can only roll back, 0 there is none.
    pub(super) xact_state: i64,
}

impl Called {
    /// An output by its name, whatever case the server echoes.
    pub(super) fn output(&self, name: &str) -> Option<&Cell> {
        self.outputs
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|found| &found.1)
    }

    /// Where the transaction stood after a proven call; `None` when the server did not get there.
    pub(super) fn transaction_state(&self) -> Option<TransactionState> {
        let both = self.output(statements::TRANSACTION).and_then(Cell::int)?;
        // Ten for each open transaction, and -1, 0 or 1 for its health.
        let count = (both + 1).div_euclid(10);
        Some(TransactionState {
            count,
            xact_state: both - 10 * count,
        })
    }
}

impl TransactionState {
    /// Exactly our own transaction is open and can be committed.
    pub(super) fn is_sound(self) -> bool {
        self.count == 1 && self.xact_state == 1
    }
}

impl Cell {
    /// The text without the blanks SQL Server pads with.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.trim_end_matches(' ')),
            Self::Null | Self::Int(_) | Self::Numeric(_) | Self::DateTime(_) | Self::Other => None,
        }
    }

    /// A whole number of any width.
    pub(super) fn int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Null | Self::Text(_) | Self::Numeric(_) | Self::DateTime(_) | Self::Other => None,
        }
    }
}
