//! How a company was last seen, and the words for what is wrong with it.

use std::time::Instant;

use connect_proto::tunnel::v1::{CompanyState, ErrorClass, Failure};

use super::binding::{Bound, Found};
use super::error::SqlError;
use super::refusal;

/// A company as it was last seen.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) state: CompanyState,
    pub(super) detail: String,
    pub(super) name: String,
    pub(super) bound: Bound,
    pub(super) newest_journal: i64,
    pub(super) looked: Option<Instant>,
    pub(super) failed: Option<SqlError>,
}

/// A company nobody has looked at.
pub(super) fn unseen() -> View {
    let detail = "The company has not been looked at yet.";
    view_of(CompanyState::Unreachable, detail, String::new(), None)
}

/// The view of a database that answered.
pub(super) fn view_of(
    state: CompanyState,
    detail: &str,
    name: String,
    found: Option<&Found>,
) -> View {
    View {
        state,
        detail: detail.to_owned(),
        name,
        bound: found
            .and_then(|found| found.bound.clone())
            .unwrap_or_default(),
        newest_journal: found.map_or(0, |found| found.newest_journal),
        looked: None,
        failed: None,
    }
}

pub(super) const NOT_PREPARED: &str = "The schema connect is not in the company database, or the agent's login \
     has no rights on it. Have the database administrator run the script that \
     `connect-agent sql --install-script` prints.";
pub(super) const CHOOSE_RESTORED: &str = "Writing stops until the owner decides: \
     `connect-agent rebind --company NAME --as restored`.";
pub(super) const CHOOSE_COPIED: &str = "Writing stops until the owner decides: \
     `connect-agent rebind --company NAME --as copied`.";

/// The refusal of a company without our schema.
pub(super) fn not_prepared_failure() -> Failure {
    refusal::failure(ErrorClass::Parked, "company_not_prepared", NOT_PREPARED)
}

/// What is known stays; only the state says that it cannot be confirmed now.
pub(super) fn failed_view(before: &View, error: SqlError) -> View {
    let (state, detail) = match &error {
        SqlError::LoginRefused(_) => (CompanyState::LoginRefused, error.to_string()),
        SqlError::Server {
            number: 208 | 229, ..
        } => (
            CompanyState::NotPrepared,
            format!("{NOT_PREPARED} ({error})"),
        ),
        // A lock that was in the way says nothing about the company.
        SqlError::Server {
            number: 1205 | 1222,
            ..
        } => (before.state, before.detail.clone()),
        SqlError::Unreachable(_)
        | SqlError::Tls(_)
        | SqlError::Broken(_)
        | SqlError::Unexpected(_)
        | SqlError::Server { .. } => (CompanyState::Unreachable, error.to_string()),
    };
    View {
        state,
        detail,
        failed: Some(error),
        ..before.clone()
    }
}
