//! Has the owner's server compile every statement the agent can send, without running any.

use super::company::Company;
use super::connection::SqlConnection;
use super::error::SqlError;
use super::health::Finding;
use super::queries::{self, NOT_TRACKED, Own};
use super::reply::Cell;
use super::statements;

/// Compiles everything on a connection of its own, which is closed afterwards.
pub(super) async fn examine(company: &Company, name: String) -> Finding {
    let mut lease = match company.fresh_lease().await {
        Ok(lease) => lease,
        Err(error) => return Finding::failed(name, error.to_string(), LOOK),
    };
    let connection = &mut lease.connection;
    let different = match different(connection).await {
        Ok(different) => different,
        Err(error) => return Finding::failed(name, error.to_string(), LOOK),
    };
    match refused(connection, company.own_queries()).await {
        // What does not compile is told by that.
        Ok((_, refused)) if refused.is_empty() && !different.is_empty() => {
            Finding::failed(name, different.join("; "), OTHER_COLUMNS)
        }
        Ok((count, refused)) if refused.is_empty() => {
            let detail = format!("{count} statements compile, and queries give what is expected");
            Finding::passed(name, detail)
        }
        Ok((_, refused)) => {
            let repair = repair(&refused);
            let details: Vec<_> = refused
                .iter()
                .map(|(statement, error)| format!("{statement}: {error}"))
                .collect();
            Finding::failed(name, details.join("; "), repair)
        }
        Err(error) => Finding::failed(name, error.to_string(), LOOK),
    }
}

/// What a query would give that its rows are not read as, or why the server does not say what it
/// would give.
async fn different(connection: &mut SqlConnection) -> Result<Vec<String>, SqlError> {
    let mut different = Vec::new();
    for query in queries::described_columns(connection.system_database()) {
        let asked = vec![query.sql.as_str().into(), query.parameters.as_str().into()];
        let rows = match connection.query(&statements::DESCRIBE, asked).await {
            Ok(rows) => rows,
            Err(error) if error.breaks_connection() => return Err(error),
            Err(error) => {
                different.push(format!("{}: {error}", query.name));
                continue;
            }
        };
        let text = |row: &[Cell], at: usize| {
            let text = row.get(at).and_then(Cell::text).unwrap_or_default();
            text.to_owned()
        };
        let told: Vec<_> = rows
            .iter()
            .map(|row| (text(row, 2), text(row, 5)))
            .collect();
        if let Some(why) = query.differs(&told) {
            different.push(format!("{}: {why}", query.name));
        }
    }
    Ok(different)
}

const OTHER_COLUMNS: &str = "What this agent reads here is not as it knows it: tell us the versions of GP \
                             and SQL Server and these words.";

type Refused = Vec<(String, SqlError)>;

async fn refused(
    connection: &mut SqlConnection,
    own: &[Own],
) -> Result<(usize, Refused), SqlError> {
    connection
        .batch(statements::COMPILE_ONLY.fixed().to_owned())
        .await?;
    let system = connection.system_database();
    let statements = statements::compilable(system).into_iter();
    let mut batches: Vec<_> = statements
        .map(|(name, text)| (name.to_owned(), text))
        .collect();
    batches.extend(queries::compilable(system, own));
    let count = batches.len();
    let mut refused = Vec::new();
    for (name, text) in batches {
        match connection.batch(text).await {
            Ok(()) => {}
            Err(error) if error.breaks_connection() => return Err(error),
            // Sent only where the owner has switched change tracking on.
            Err(error) if error.number().is_some_and(|n| NOT_TRACKED.contains(&n)) => {}
            // A right of the owner's choice.
            Err(error) if name == statements::OLDEST_OPEN.name && queries::is_denied(&error) => {}
            Err(error) => refused.push((name, error)),
        }
    }
    Ok((count, refused))
}

const LOOK: &str = "See the agent's log and the server's error log.";

fn repair(refused: &Refused) -> &'static str {
    let any = |numbers: &[i32]| {
        let found = refused.iter().filter_map(|(_, error)| error.number());
        found.into_iter().any(|number| numbers.contains(&number))
    };
    if any(&[229, 230, 916]) {
        "Give the agent's login the rights that `connect-agent sql` names beside each statement, \
         in the company and in the system database."
    } else if any(&[207, 208]) {
        "Run the script of `connect-agent sql --install-script` of this version, and check \
         gp.system_database. A table of GP's own that is missing means another version of GP: \
         tell us which."
    } else {
        "The server does not take a statement of this agent: tell us its version and these words."
    }
}
