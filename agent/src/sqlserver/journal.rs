//! The journal in the company database: one row for each effect key, committed with the effect.

use super::connection::SqlConnection;
use super::error::SqlError;
use super::reply::Cell;
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

/// Takes a reserved row for writing; false when it is no longer reserved.
pub(super) async fn take(
    connection: &mut SqlConnection,
    entry: &Entry<'_>,
) -> Result<Option<bool>, SqlError> {
    update(connection, &statements::JOURNAL_TAKE, entry).await
}

/// Takes the row of an older revision for writing; false when there is none older.
pub(super) async fn revise(
    connection: &mut SqlConnection,
    entry: &Entry<'_>,
) -> Result<Option<bool>, SqlError> {
    update(connection, &statements::JOURNAL_REVISE, entry).await
}

/// `None` means blocked by another session.
async fn update(
    connection: &mut SqlConnection,
    statement: &statements::Statement,
    entry: &Entry<'_>,
) -> Result<Option<bool>, SqlError> {
    let parameters = vec![
        entry.command_id.into(),
        entry.payload_hash.into(),
        entry.document_type.into(),
        SqlValue::BigInt(entry.revision),
        entry.effect_key.into(),
    ];
    match connection.execute(statement, parameters).await {
        Ok(touched) => Ok(Some(touched == 1)),
        Err(error) if error.number() == Some(1222) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The last statement of a writing transaction: must still find the row it began with.
pub(super) async fn commit(
    connection: &mut SqlConnection,
    entry: &Entry<'_>,
    answer: String,
) -> Result<bool, SqlError> {
    let parameters = vec![
        SqlValue::Text(answer),
        entry.effect_key.into(),
        entry.command_id.into(),
    ];
    let touched = connection
        .execute(&statements::JOURNAL_COMMIT, parameters)
        .await?;
    Ok(touched == 1)
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
