//! Executes one eConnect document in one transaction, exactly once for its effect key.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use connect_proto::econnect::Document;
use connect_proto::tunnel::v1::{DocumentKey, ErrorClass, Executed, Failure};
use rand::RngExt;

use super::answer::recorded;
use super::company::Company;
use super::error::SqlError;
use super::journal;
use super::numbers;
use super::plan::{self, Plan};
use super::preflight;
use super::refusal::{self, LOCKED, failure};
use super::writing::{Numbering, Run};

/// What is left of a command's time when a lock is not tried again any more.
const LOCK_MARGIN: Duration = Duration::from_millis(250);
/// What the journal's column for numbers holds.
const LONGEST_NUMBERS: usize = 2_000;
/// How often a lost connection is replaced within one command.
const LOST_ATTEMPTS: u32 = 2;
/// How long the outcome of an unanswered commit is looked for.
const SETTLE_LIMIT: Duration = Duration::from_secs(15);

/// A document to execute and the identity of its effect.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub effect_key: &'a str,
    pub command_id: &'a str,
    pub document: &'a Document,
    pub payload_hash: &'a str,
    pub revision: i64,
    /// The effect may be brought about again with a higher revision.
    pub update: bool,
    pub gapless: bool,
    /// How many next batches may be joined when the document's own takes no document.
    pub next_batches: u32,
    /// A `ClosedPeriod` of the contract.
    pub closed_period: i32,
    pub deadline: Instant,
    pub progress: &'a Progress,
}

/// How far an execution has come, for whoever stops it from outside.
#[derive(Debug, Default)]
pub struct Progress {
    committing: AtomicBool,
    locked: AtomicBool,
}

impl Progress {
    /// A commit is sent and not answered.
    pub fn is_committing(&self) -> bool {
        self.committing.load(Ordering::SeqCst)
    }

    /// Locks of other sessions were in the way, so that time ran out.
    pub fn was_locked(&self) -> bool {
        self.locked.load(Ordering::SeqCst)
    }

    pub(super) fn set_committing(&self, sent: bool) {
        self.committing.store(sent, Ordering::SeqCst);
    }
}

/// Why an attempt ended without an answer.
#[derive(Debug)]
pub(super) enum Stop {
    Failed(Box<Failure>),
    /// A lock was in the way; the transaction is gone and may be tried again.
    Locked(Box<Failure>),
    /// The document's number went to another document meanwhile.
    NumberTaken(Box<Failure>),
    /// The document's batch takes no document now.
    BatchClosed(Box<Failure>),
    /// The customer does not take the document; the pre-flight says why.
    Guarded,
    /// One of several calls in one text failed, and which one is not known: each alone tells.
    Apart,
    Lost(SqlError),
    /// The commit was sent and not answered.
    InDoubt,
}

impl From<SqlError> for Stop {
    fn from(error: SqlError) -> Self {
        if error.breaks_connection() {
            return Self::Lost(error);
        }
        let failure = Box::new(refusal::of_sql_error(&error));
        if error.is_lock() {
            Self::Locked(failure)
        } else {
            Self::Failed(failure)
        }
    }
}

/// Executes the document, or says why nothing was written.
pub async fn execute(company: &Company, request: &Request<'_>) -> Result<Executed, Failure> {
    let plan = prepare(company, request.document).await?;
    let guarded = plan.numbers.len() == 1 && !request.gapless;
    execute_planned(company, request, &plan, guarded).await
}

async fn execute_planned(
    company: &Company,
    request: &Request<'_>,
    plan: &Plan,
    guarded: bool,
) -> Result<Executed, Failure> {
    match look_ahead(company, request, guarded).await? {
        preflight::Outcome::Moved(later, told) => {
            let plan = prepare(company, &later).await?;
            let request = Request {
                document: &later,
                ..*request
            };
            attempts(company, &request, &plan, &told, None).await
        }
        // What is in the way now was not when the effect came about.
        preflight::Outcome::InTheWay(failure) if !is_there(company, request).await? => Err(failure),
        preflight::Outcome::Clear | preflight::Outcome::InTheWay(_) => {
            attempts(company, request, plan, &[], None).await
        }
        preflight::Outcome::Guarded(guard) => {
            attempts(company, request, plan, &[], Some(&guard)).await
        }
    }
}

/// The pre-flight; an idle connection that died unseen is replaced once.
async fn look_ahead(
    company: &Company,
    request: &Request<'_>,
    guarded: bool,
) -> Result<preflight::Outcome, Failure> {
    let look = || preflight::run(company, request, guarded);
    let mut looked = look().await;
    if matches!(looked, Err(SqlError::Broken(_))) {
        company.connection_lost();
        looked = look().await;
    }
    looked.map_err(|error| refusal::of_sql_error(&error))
}

/// Whether the effect came about before, so that there is nothing left to write.
async fn is_there(company: &Company, request: &Request<'_>) -> Result<bool, Failure> {
    let row = async {
        let mut lease = company.lease().await?;
        let row = journal::find(&mut lease.connection, request.effect_key).await?;
        lease.give_back();
        Ok(row)
    };
    let row = row.await.map_err(|error| refusal::of_sql_error(&error))?;
    Ok(row
        .is_some_and(|row| row.committed && (!request.update || row.revision >= request.revision)))
}

/// Tries until the document is written or cannot be; `told` goes into the answer.
async fn attempts(
    company: &Company,
    request: &Request<'_>,
    plan: &Plan,
    told: &[DocumentKey],
    guard: Option<&preflight::Guard>,
) -> Result<Executed, Failure> {
    let mut run = Run {
        apart: false,
        company,
        request,
        plan,
        next_batch: None,
        told,
        guard,
    };
    let mut next_batches = 2..2 + request.next_batches;
    let mut numbering = Numbering::Keep;
    let (mut locked, mut lost) = (0, 0);
    loop {
        match Box::pin(run.attempt(&mut numbering)).await {
            Ok(executed) => return Ok(executed),
            Err(Stop::Failed(failure)) => return Err(*failure),
            Err(Stop::Guarded) => {
                return Box::pin(execute_planned(company, request, plan, false)).await;
            }
            Err(Stop::Apart) => run.apart = true,
            Err(Stop::InDoubt) => return settle(company, request).await,
            Err(Stop::Locked(failure)) => {
                request.progress.locked.store(true, Ordering::SeqCst);
                locked += 1;
                let left = request.deadline.saturating_duration_since(Instant::now());
                let left = left.saturating_sub(LOCK_MARGIN);
                if left.is_zero() {
                    return Err(*failure);
                }
                let wait = lock_wait(locked).min(left);
                tracing::debug!(
                    attempt = locked,
                    "A lock in GP was in the way; trying again"
                );
                tokio::time::sleep(wait).await;
            }
            Err(Stop::BatchClosed(failure)) => match next_batches.next() {
                Some(next) => run.next_batch = Some(next),
                None => return Err(*failure),
            },
            Err(Stop::NumberTaken(failure)) => {
                if numbering != Numbering::Keep {
                    return Err(*failure);
                }
                tracing::warn!("A reserved document number was used by hand; taking another");
                numbering = Numbering::Renew;
            }
            Err(Stop::Lost(error)) => {
                lost += 1;
                company.connection_lost();
                if lost >= LOST_ATTEMPTS || matches!(error, SqlError::LoginRefused(_)) {
                    return Err(refusal::of_sql_error(&error));
                }
            }
        }
    }
}

/// What a document answers whose locks outlived its time.
pub fn locked_failure() -> Failure {
    let message = "Other sessions held locks in GP for the whole time; nothing was written.";
    failure(ErrorClass::Busy, LOCKED, message)
}

/// After a commit without answer: looks in the journal whether it happened.
///
/// When even that cannot be read the effect may be there; its key makes a repeat safe.
pub async fn settle(company: &Company, request: &Request<'_>) -> Result<Executed, Failure> {
    let until = Instant::now() + SETTLE_LIMIT;
    loop {
        match outcome(company, request).await {
            Ok(Some(executed)) => return Ok(executed),
            Ok(None) => {
                let message = "The connection ended before the commit; nothing was written.";
                return Err(failure(ErrorClass::Unavailable, "connection_lost", message));
            }
            // A refused login must not be tried over and over: the account could be locked.
            Err(error) if Instant::now() < until && !matches!(error, SqlError::LoginRefused(_)) => {
                tracing::warn!("The outcome of a commit is not known yet: {error}");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            Err(error) => {
                let message = format!("The commit was sent and not answered; {error}");
                return Err(failure(ErrorClass::Unavailable, "commit_in_doubt", message));
            }
        }
    }
}

async fn outcome(company: &Company, request: &Request<'_>) -> Result<Option<Executed>, SqlError> {
    let mut lease = company.fresh_lease().await?;
    let row = journal::find(&mut lease.connection, request.effect_key).await?;
    lease.give_back();
    let ours = row.filter(|row| {
        row.committed && (row.revision == request.revision || row.command_id == request.command_id)
    });
    Ok(ours.map(|row| recorded(company, request, &row, row.command_id != request.command_id)))
}

/// Reads the live procedures and plans; nothing is written before everything is known to fit.
async fn prepare(company: &Company, document: &Document) -> Result<Plan, Failure> {
    let allowed = |node: &str| company.allows_node(node);
    let shapes = company
        .shapes_of(&plan::procedures(document))
        .await
        .map_err(|error| refusal::of_sql_error(&error))?;
    let plan = plan::plan(document, &shapes, &allowed)?;
    if numbers::longest_text(&plan.numbers) > LONGEST_NUMBERS {
        let message = "The document asks for more numbers than the journal can keep; split it.";
        return Err(failure(
            ErrorClass::InvalidData,
            "too_many_numbers",
            message,
        ));
    }
    Ok(plan)
}

fn lock_wait(attempt: u32) -> Duration {
    let ceiling = 40u64 << attempt.min(5);
    Duration::from_millis(rand::rng().random_range(10..=ceiling))
}
