//! Has the owner's server compile every statement the agent can send, without running any.

use super::company::Company;
use super::connection::SqlConnection;
use super::error::SqlError;
use super::health::Finding;
use super::queries::{self, NOT_TRACKED, Own};
use super::statements;

/// Compiles everything on a connection of its own, which is closed afterwards.
pub(super) async fn examine(company: &Company, name: String) -> Finding {
    let mut lease = match company.fresh_lease().await {
        Ok(lease) => lease,
        Err(error) => return Finding::failed(name, error.to_string(), LOOK),
    };
    match refused(&mut lease.connection, company.own_queries()).await {
        Ok((count, refused)) if refused.is_empty() => {
            Finding::passed(name, format!("{count} statements compile"))
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
