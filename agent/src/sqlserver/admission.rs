//! Who may come in: whether a company is worth asking, or why not.

use std::time::Duration;

use connect_proto::tunnel::v1::{CompanyState, ErrorClass, Failure};

use super::company::Company;
use super::error::SqlError;
use super::refusal;

/// A server that did not answer is not asked again sooner.
const UNREACHABLE_WAIT: Duration = Duration::from_secs(1);
/// A refused login is tried slowly, so that no account is locked.
const REFUSED_WAIT: Duration = Duration::from_secs(30);
/// What its owner has to mend is looked at now and then.
const OWNER_WAIT: Duration = Duration::from_secs(5);
impl Company {
    /// Whether the company may be written: looks again when that is due, and never sooner.
    pub async fn admit(&self) -> Result<(), Failure> {
        self.look_if_due().await;
        self.refusal().map_or(Ok(()), Err)
    }

    /// Whether the company may be read: a database that was restored or copied still may.
    pub async fn admit_reading(&self) -> Result<(), Failure> {
        self.look_if_due().await;
        match self.state() {
            CompanyState::Unreachable | CompanyState::Unspecified | CompanyState::LoginRefused => {
                self.refusal().map_or(Ok(()), Err)
            }
            CompanyState::Ready
            | CompanyState::NotPrepared
            | CompanyState::Restored
            | CompanyState::Copied => Ok(()),
        }
    }

    /// Commands that come together look once.
    async fn look_if_due(&self) {
        if self.is_due() {
            let _one_at_a_time = self.checking.lock().await;
            if self.is_due() {
                self.look_again().await;
            }
        }
    }

    /// Whether a company that may not be written is worth another look.
    pub fn is_due(&self) -> bool {
        let view = self.view();
        let wait = match view.state {
            CompanyState::Ready => return false,
            CompanyState::Unreachable | CompanyState::Unspecified => UNREACHABLE_WAIT,
            CompanyState::LoginRefused => REFUSED_WAIT,
            CompanyState::NotPrepared | CompanyState::Restored | CompanyState::Copied => OWNER_WAIT,
        };
        view.looked.is_none_or(|looked| looked.elapsed() >= wait)
    }

    pub(super) fn refusal(&self) -> Option<Failure> {
        let view = self.view();
        let code = match view.state {
            CompanyState::Ready => return None,
            CompanyState::Unreachable | CompanyState::Unspecified | CompanyState::LoginRefused => {
                let error = view.failed.clone();
                let error = error.unwrap_or_else(|| SqlError::Unreachable(view.detail.clone()));
                return Some(refusal::of_sql_error(&error));
            }
            CompanyState::NotPrepared => "company_not_prepared",
            CompanyState::Restored => "company_restored",
            CompanyState::Copied => "company_copied",
        };
        Some(refusal::failure(
            ErrorClass::Parked,
            code,
            view.detail.clone(),
        ))
    }
}
