//! Whether a company database is still the one it was bound as, judged without I/O from what was read.

use super::connection::SqlConnection;
use super::error::SqlError;
use super::journal;
use super::reply::Cell;
use super::statements;
use super::values::SqlValue;
use crate::state::Mark;

/// Who the database says it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bound {
    pub(super) environment: String,
    pub(super) company: String,
    pub(super) server_name: String,
    pub(super) database_name: String,
    pub(super) recovery_fork: String,
    pub(super) incarnation: String,
}

/// What was found in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Server, database and recovery fork as they are now; the fork is empty when it may not be seen.
    pub(super) server_name: String,
    pub(super) database_name: String,
    pub(super) recovery_fork: String,
    pub(super) bound: Option<Bound>,
    pub(super) newest_journal: i64,
}

/// What the agent expects.
#[derive(Debug, Clone)]
pub(super) struct Expected<'a> {
    pub(super) environment: &'a str,
    pub(super) company: &'a str,
    pub(super) environment_check: bool,
    pub(super) mark: Option<&'a Mark>,
}

/// What to make of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judgement {
    Ready,
    /// Bound again by its owner since we last looked.
    Rebound,
    /// Never bound: the agent binds it now.
    Unbound,
    Restored(String),
    Copied(String),
}

/// Reads everything the judgement needs; `None` when the schema is not there.
pub(super) async fn read(connection: &mut SqlConnection) -> Result<Option<Found>, SqlError> {
    let present = connection
        .query_one(&statements::SCHEMA_PRESENT, Vec::new())
        .await?;
    if !matches!(present.as_deref(), Some([Cell::Int(_), Cell::Int(_)])) {
        return Ok(None);
    }
    let identity = connection
        .query_one(&statements::SERVER_IDENTITY, Vec::new())
        .await?;
    let identity = identity.unwrap_or_default();
    let recovery_fork = match connection
        .query_one(&statements::RECOVERY_FORK, Vec::new())
        .await
    {
        Ok(row) => text(&row.unwrap_or_default(), 0),
        Err(error) if error.breaks_connection() => return Err(error),
        // Without the right to see it, the journal alone shows a restore.
        Err(_) => String::new(),
    };
    let bound = connection
        .query_one(&statements::BINDING_FIND, Vec::new())
        .await?;
    let bound = bound.map(|row| Bound {
        environment: text(&row, 0),
        company: text(&row, 1),
        server_name: text(&row, 2),
        database_name: text(&row, 3),
        recovery_fork: text(&row, 4),
        incarnation: text(&row, 5),
    });
    Ok(Some(Found {
        server_name: text(&identity, 0),
        database_name: text(&identity, 1),
        recovery_fork,
        bound,
        newest_journal: journal::newest(connection).await?,
    }))
}

/// Writes the binding of a company that has none, or replaces it.
pub(super) async fn write(
    connection: &mut SqlConnection,
    bound: &Bound,
    replace: bool,
) -> Result<(), SqlError> {
    let statement = if replace {
        &statements::BINDING_UPDATE
    } else {
        &statements::BINDING_INSERT
    };
    let values = [
        &bound.environment,
        &bound.company,
        &bound.server_name,
        &bound.database_name,
        &bound.recovery_fork,
        &bound.incarnation,
    ];
    let parameters = values.map(|value| SqlValue::Text(value.clone())).to_vec();
    connection.execute(statement, parameters).await?;
    Ok(())
}

/// Decides whether the database may be written.
pub(super) fn judge(found: &Found, expected: &Expected<'_>) -> Judgement {
    let Some(bound) = &found.bound else {
        return unbound(expected);
    };
    if let Some(problem) = copied(found, bound, expected) {
        return Judgement::Copied(problem);
    }
    if let Some(problem) = restored(found, bound, expected) {
        return Judgement::Restored(problem);
    }
    match expected.mark {
        Some(mark) if mark.incarnation == bound.incarnation => Judgement::Ready,
        Some(_) | None => Judgement::Rebound,
    }
}

fn unbound(expected: &Expected<'_>) -> Judgement {
    match expected.mark {
        None => Judgement::Unbound,
        Some(_) => Judgement::Restored(
            "The database was bound before and has no binding now: it is older than the agent's \
             first start, or its connect schema was emptied."
                .to_owned(),
        ),
    }
}

fn copied(found: &Found, bound: &Bound, expected: &Expected<'_>) -> Option<String> {
    let differs = |what: &str, bound: &str, is: &str| {
        Some(format!(
            "The database is bound to {what} {bound}, but this is {what} {is}."
        ))
    };
    if expected.environment_check && bound.environment != expected.environment {
        return differs("environment", &bound.environment, expected.environment);
    }
    if !bound.company.eq_ignore_ascii_case(expected.company) {
        return differs("company", &bound.company, expected.company);
    }
    if !bound.server_name.eq_ignore_ascii_case(&found.server_name) {
        return differs("server", &bound.server_name, &found.server_name);
    }
    if !bound
        .database_name
        .eq_ignore_ascii_case(&found.database_name)
    {
        return differs("database", &bound.database_name, &found.database_name);
    }
    None
}

fn restored(found: &Found, bound: &Bound, expected: &Expected<'_>) -> Option<String> {
    let forks = [&found.recovery_fork, &bound.recovery_fork];
    if forks.iter().all(|fork| !fork.is_empty())
        && !found
            .recovery_fork
            .eq_ignore_ascii_case(&bound.recovery_fork)
    {
        return Some(
            "The database was restored from a backup: its recovery fork changed.".to_owned(),
        );
    }
    let mark = expected.mark?;
    if mark.replaced.contains(&bound.incarnation) {
        return Some("The database carries a binding that was replaced: it is older.".to_owned());
    }
    let behind =
        mark.incarnation == bound.incarnation && found.newest_journal < mark.highest_journal;
    behind.then(|| {
        format!(
            "The journal ends at {}, but entry {} was written: the database is older than that.",
            found.newest_journal, mark.highest_journal
        )
    })
}

fn text(row: &[Cell], at: usize) -> String {
    row.get(at)
        .and_then(Cell::text)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Found {
        Found {
            server_name: "SQL01".to_owned(),
            database_name: "TWO".to_owned(),
            recovery_fork: "F1".to_owned(),
            bound: Some(Bound {
                environment: "production".to_owned(),
                company: "TWO".to_owned(),
                server_name: "SQL01".to_owned(),
                database_name: "TWO".to_owned(),
                recovery_fork: "F1".to_owned(),
                incarnation: "I2".to_owned(),
            }),
            newest_journal: 10,
        }
    }

    fn mark() -> Mark {
        Mark {
            incarnation: "I2".to_owned(),
            highest_journal: 10,
            replaced: vec!["I1".to_owned()],
        }
    }

    fn judged(found: &Found, mark: Option<&Mark>) -> Judgement {
        let environment = "production";
        judge(
            found,
            &Expected {
                environment,
                company: "TWO",
                environment_check: true,
                mark,
            },
        )
    }

    #[test]
    fn the_same_database_is_ready() {
        assert_eq!(judged(&found(), Some(&mark())), Judgement::Ready);
        let unseen = Found {
            recovery_fork: String::new(),
            ..found()
        };
        assert_eq!(judged(&unseen, Some(&mark())), Judgement::Ready);
        assert_eq!(judged(&found(), None), Judgement::Rebound);
    }

    #[test]
    fn a_restore_shows_by_fork_by_journal_and_by_an_old_binding() {
        let fork = Found {
            recovery_fork: "F2".to_owned(),
            ..found()
        };
        assert!(matches!(
            judged(&fork, Some(&mark())),
            Judgement::Restored(_)
        ));
        let behind = Found {
            newest_journal: 9,
            ..found()
        };
        assert!(matches!(
            judged(&behind, Some(&mark())),
            Judgement::Restored(_)
        ));
        let mut old = found();
        old.bound.as_mut().expect("bound").incarnation = "I1".to_owned();
        assert!(matches!(
            judged(&old, Some(&mark())),
            Judgement::Restored(_)
        ));
        let emptied = Found {
            bound: None,
            ..found()
        };
        assert!(matches!(
            judged(&emptied, Some(&mark())),
            Judgement::Restored(_)
        ));
        assert_eq!(judged(&emptied, None), Judgement::Unbound);
    }

    #[test]
    fn a_copy_shows_by_environment_server_database_or_company() {
        let mut other = found();
        other.bound.as_mut().expect("bound").environment = "test".to_owned();
        assert!(matches!(
            judged(&other, Some(&mark())),
            Judgement::Copied(_)
        ));
        let server = Found {
            server_name: "SQL02".to_owned(),
            ..found()
        };
        assert!(matches!(
            judged(&server, Some(&mark())),
            Judgement::Copied(_)
        ));
        let database = Found {
            database_name: "TWO2".to_owned(),
            ..found()
        };
        assert!(matches!(
            judged(&database, Some(&mark())),
            Judgement::Copied(_)
        ));
    }

    #[test]
    fn a_new_binding_by_the_owner_is_taken_over() {
        let mut rebound = found();
        rebound.bound.as_mut().expect("bound").incarnation = "I3".to_owned();
        rebound.newest_journal = 3;
        assert_eq!(judged(&rebound, Some(&mark())), Judgement::Rebound);
    }
}
