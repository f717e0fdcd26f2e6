//! The journal in the company database: one row for each effect key, committed with the effect.

use super::connection::{SqlConnection, TextCall};
use super::error::SqlError;
use super::numbers::{self, Reserved};
use super::plan::NumberWanted;
use super::preflight::Guard;
use super::reply::{Called, Cell};
use super::statements;
use super::values::SqlValue;

/// What identifies an attempt and its effect.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) effect_key: &'a str,
    pub(super) command_id: &'a str,
    pub(super) document_type: &'a str,
    pub(super) payload_hash: &'a str,
    pub(super) revision: i64,
}

/// A row as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) journal_id: i64,
    pub(super) committed: bool,
    pub(super) command_id: String,
    pub(super) payload_hash: String,
    pub(super) revision: i64,
    pub(super) numbers: String,
    pub(super) answer: String,
}

/// Outcome of the statement that takes an effect key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    Row(i64),
    /// There is a row already; look at it.
    Exists,
    /// Another session is at it.
    Blocked,
}

/// Inserts the row of a new effect.
///
/// A reserved row carries no command id: only the writing transaction puts one in, and the last
/// statement looks for it. A procedure that rolled back takes the id away with everything else.
pub(super) async fn insert(
    connection: &mut SqlConnection,
    entry: &Entry<'_>,
    writing: bool,
) -> Result<Taken, SqlError> {
    let command_id = if writing { entry.command_id } else { "" };
    let parameters = vec![
        entry.effect_key.into(),
        command_id.into(),
        entry.document_type.into(),
        entry.payload_hash.into(),
        SqlValue::BigInt(entry.revision),
    ];
    match connection
        .query_one(&statements::JOURNAL_INSERT, parameters)
        .await
    {
        Ok(row) => match row.as_deref() {
            Some([Cell::Int(id)]) => Ok(Taken::Row(*id)),
            _ => Err(SqlError::Unexpected(
                "the journal gave no number".to_owned(),
            )),
        },
        Err(error) if error.is_duplicate() => Ok(Taken::Exists),
        Err(error) if error.number() == Some(1222) => Ok(Taken::Blocked),
        Err(error) => Err(error),
    }
}

/// Keeps numbers with a reserved row.
pub(super) async fn keep_numbers(
    connection: &mut SqlConnection,
    effect_key: &str,
    numbers: String,
) -> Result<bool, SqlError> {
    let parameters = vec![SqlValue::Text(numbers), effect_key.into()];
    let touched = connection
        .execute(&statements::JOURNAL_NUMBERS, parameters)
        .await?;
    Ok(touched == 1)
}

/// How a reservation in one text ended.
#[derive(Debug)]
pub(super) enum Reservation {
    /// Row and number are committed.
    Kept { journal_id: i64, number: Reserved },
    /// There is a row already; look at it.
    Exists,
    /// Another session is at it.
    Blocked,
    /// The row's own number was seen before, so everything was rolled back.
    Older,
    /// The customer does not take the document; nothing was begun.
    Guarded,
    /// GP gave no number; everything was rolled back.
    Refused(Box<Called>),
}

/// Takes the effect key and one document number and commits both in one round trip.
///
/// The text begins and ends its own transaction, and any error ends both (`XACT_ABORT`). A guard
/// is asked before it begins.
pub(super) async fn reserve(
    connection: &mut SqlConnection,
    entry: &Entry<'_>,
    wanted: &NumberWanted,
    known: i64,
    guard: Option<&Guard>,
) -> Result<Reservation, SqlError> {
    let (before, after) = numbers::around(wanted);
    let mut parameters = entry.attempt();
    parameters.extend([
        ("@connect_effect_key", entry.effect_key.into()),
        ("@connect_known", SqlValue::BigInt(known)),
        ("@connect_before", SqlValue::Text(before)),
        ("@connect_after", SqlValue::Text(after)),
    ]);
    parameters.extend(wanted.parameters());
    if let Some(guard) = guard {
        parameters.push(("@connect_customer", guard.customer.as_str().into()));
        let accepted = SqlValue::Bit(guard.hold_accepted);
        parameters.push(("@connect_hold_accepted", accepted));
    }
    let mut outputs: Vec<_> = numbers::outputs().into();
    outputs.push((statements::JOURNAL_ID, SqlValue::BigInt(0)));
    outputs.push((statements::KEPT, SqlValue::Int(0)));
    let call = TextCall {
        text: statements::reserve(wanted.counter, guard.is_some()),
        declarations: statements::reserve_declarations(guard.is_some()),
        parameters,
        outputs,
    };
    let called = connection.call_text(call).await?;
    if let Some(raised) = &called.raised {
        return raised_while_reserving(raised.clone(), called);
    }
    let int = |name| called.output(name).and_then(Cell::int);
    let journal_id = int(statements::JOURNAL_ID).unwrap_or_default();
    match int(statements::KEPT) {
        Some(1) => {
            let number = wanted.reserved(numbers::given(&called));
            return Ok(Reservation::Kept { journal_id, number });
        }
        Some(-1) => return Ok(Reservation::Guarded),
        Some(_) | None => {}
    }
    if (1..=known).contains(&journal_id) {
        return Ok(Reservation::Older);
    }
    Ok(Reservation::Refused(Box::new(called)))
}

/// Errors of the text itself come without a procedure's name; others are GP's.
fn raised_while_reserving(raised: SqlError, called: Called) -> Result<Reservation, SqlError> {
    if !raised.is_from_text() {
        return if raised.is_lock() {
            Err(raised)
        } else {
            Ok(Reservation::Refused(Box::new(called)))
        };
    }
    match raised {
        raised if raised.is_duplicate() => Ok(Reservation::Exists),
        raised if raised.number() == Some(1222) => Ok(Reservation::Blocked),
        raised => Err(raised),
    }
}

impl<'a> Entry<'a> {
    /// What the row says of the attempt, for texts with named parameters.
    pub(super) fn attempt(&self) -> Vec<(&'a str, SqlValue)> {
        vec![
            ("@connect_payload_hash", self.payload_hash.into()),
            ("@connect_document_type", self.document_type.into()),
            ("@connect_revision", SqlValue::BigInt(self.revision)),
        ]
    }

    /// Which row, and whose attempt.
    pub(super) fn identity(&self) -> [(&'a str, SqlValue); 2] {
        [
            ("@connect_effect_key", self.effect_key.into()),
            ("@connect_command_id", self.command_id.into()),
        ]
    }
}

/// Reads the row of an effect key; waits for a session that is writing it.
pub(super) async fn find(
    connection: &mut SqlConnection,
    effect_key: &str,
) -> Result<Option<Row>, SqlError> {
    let found = connection
        .query_one(&statements::JOURNAL_FIND, vec![effect_key.into()])
        .await?;
    let Some(cells) = found else { return Ok(None) };
    let text = |at: usize| {
        cells
            .get(at)
            .and_then(Cell::text)
            .unwrap_or_default()
            .to_owned()
    };
    let int = |at: usize| cells.get(at).and_then(Cell::int);
    let (Some(journal_id), Some(state)) = (int(0), int(1)) else {
        return Err(SqlError::Unexpected(
            "a journal row without number or state".to_owned(),
        ));
    };
    Ok(Some(Row {
        journal_id,
        committed: state == 1,
        command_id: text(2),
        payload_hash: text(3),
        revision: int(4).unwrap_or_default(),
        numbers: text(5),
        answer: text(6),
    }))
}

/// The highest committed number, 0 when there is none.
pub(super) async fn highest(connection: &mut SqlConnection) -> Result<i64, SqlError> {
    maximum(connection, &statements::JOURNAL_HIGHEST).await
}

/// The newest number, of a session still at it too; 0 when there is none.
pub(super) async fn newest(connection: &mut SqlConnection) -> Result<i64, SqlError> {
    maximum(connection, &statements::JOURNAL_NEWEST).await
}

async fn maximum(
    connection: &mut SqlConnection,
    statement: &statements::Statement,
) -> Result<i64, SqlError> {
    let row = connection.query_one(statement, Vec::new()).await?;
    Ok(row
        .and_then(|row| row.first().and_then(Cell::int))
        .unwrap_or_default())
}
