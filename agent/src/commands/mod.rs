//! The commands the cloud may send, each in its file.

mod bulk;
mod describe;
mod diagnose;
mod execute;
mod query;

use std::sync::Arc;

use connect_proto::tunnel::v1::command::Body;
use connect_proto::tunnel::v1::command_result::Outcome;
use connect_proto::tunnel::v1::{Command, ErrorClass, Failure};

use crate::doctor::Doctor;
use crate::sqlserver::{Company, Gp};
use crate::tunnel::{Handler, Work};

/// What commands work with.
#[derive(Debug, Clone)]
pub struct Desk {
    pub gp: Arc<Gp>,
    pub doctor: Arc<Doctor>,
}

/// Makes the handler the tunnel hands commands to.
pub fn handler(desk: Desk) -> Handler {
    Arc::new(move |work| {
        let desk = desk.clone();
        Box::pin(async move { desk.run(work).await })
    })
}

impl Desk {
    async fn run(&self, work: Work) -> Outcome {
        let name = match &work.command.body {
            Some(Body::Execute(_)) => "execute",
            Some(Body::ExecuteBulk(_)) => "execute_bulk",
            Some(Body::Query(_)) => "query",
            Some(Body::Describe(_)) => "describe",
            Some(Body::Diagnose(_)) => "diagnose",
            None => "unknown",
        };
        let command_id = work.command.command_id.clone();
        let outcome = self.dispatch(work).await;
        match &outcome {
            Outcome::Failure(failure) => {
                let (class, code) = (failure.class().as_str_name(), failure.code.as_str());
                tracing::warn!(
                    command.id = command_id,
                    command.name = name,
                    class,
                    code,
                    "A command failed"
                );
            }
            Outcome::Executed(_)
            | Outcome::Bulk(_)
            | Outcome::Page(_)
            | Outcome::Described(_)
            | Outcome::Diagnosis(_) => {
                tracing::debug!(
                    command.id = command_id,
                    command.name = name,
                    "A command is done"
                );
            }
        }
        outcome
    }

    async fn dispatch(&self, mut work: Work) -> Outcome {
        match work.command.body.take() {
            Some(Body::Execute(body)) => match self.company(&work.command) {
                Ok(company) => execute::run(company, &work, &body).await,
                Err(failure) => Outcome::Failure(failure),
            },
            Some(Body::ExecuteBulk(body)) => match self.company(&work.command) {
                Ok(company) => bulk::run(company, &work, body).await,
                Err(failure) => Outcome::Failure(failure),
            },
            Some(Body::Query(body)) => match self.company(&work.command) {
                Ok(company) => in_time(&work, query::run(company, &body)).await,
                Err(failure) => Outcome::Failure(failure),
            },
            Some(Body::Describe(body)) => {
                in_time(&work, describe::run(&self.gp, &work.command.company, &body)).await
            }
            Some(Body::Diagnose(_)) => in_time(&work, diagnose::run(&self.doctor)).await,
            None => unsupported(),
        }
    }

    fn company(&self, command: &Command) -> Result<&Arc<Company>, Failure> {
        self.gp.company(&command.company).ok_or_else(|| {
            let message = format!("The agent does not serve a company {}.", command.company);
            failure(ErrorClass::Parked, "unknown_company", message)
        })
    }
}

/// Reading may stop anywhere: at the deadline or when it is no longer wanted.
async fn in_time(work: &Work, reading: impl Future<Output = Outcome>) -> Outcome {
    let deadline = tokio::time::Instant::from_std(work.deadline);
    tokio::select! {
        outcome = reading => outcome,
        () = tokio::time::sleep_until(deadline) => {
            let message = "The command did not finish in its time.";
            Outcome::Failure(failure(ErrorClass::Unavailable, "timed_out", message))
        }
        () = work.cancelled.cancelled() => {
            let message = "The command was cancelled.";
            Outcome::Failure(failure(ErrorClass::Unavailable, "cancelled", message))
        }
    }
}

fn unsupported() -> Outcome {
    let message = "This version of the agent does not know the command.";
    Outcome::Failure(failure(ErrorClass::Unsupported, "unsupported", message))
}

fn failure(class: ErrorClass, code: &str, message: impl Into<String>) -> Failure {
    Failure {
        class: class.into(),
        code: code.to_owned(),
        message: message.into(),
        errors: Vec::new(),
        retry_after_ms: 0,
    }
}
