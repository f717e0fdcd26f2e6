//! Executes one eConnect document in one transaction, exactly once for its effect key.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use connect_proto::econnect::{Document, Node};
use connect_proto::tunnel::v1::{ErrorClass, Executed, Failure};
use rand::RngExt;

use super::answer::{record, recorded};
use super::company::{Company, NoWriter};
use super::connection::{ProvenCall, SqlConnection};
use super::error::SqlError;
use super::journal::{self, Entry, Taken};
use super::numbers::{self, NoNumber, Reserved};
use super::plan::{self, Plan, PlannedCall};
use super::pool::Lease;
use super::refusal::{self, Refused, Verdict, failure};
use crate::crash;

/// How often a lock or a deadlock is tried again on the spot.
const LOCK_ATTEMPTS: u32 = 8;
/// How often a lost connection is replaced within one command.
const LOST_ATTEMPTS: u32 = 2;
/// How long the outcome of an unanswered commit is looked for.
const SETTLE_LIMIT: Duration = Duration::from_secs(15);

/// A document to execute and the identity of its effect.
#[derive(Debug)]
pub struct Request<'a> {
    pub effect_key: &'a str,
    pub command_id: &'a str,
    pub document: &'a Document,
    pub payload_hash: &'a str,
    pub revision: i64,
    /// The effect may be brought about again with a higher revision.
    pub update: bool,
    pub gapless: bool,
    pub deadline: Instant,
    /// Set while a commit is sent and not answered.
    pub committing: &'a AtomicBool,
}

/// Why an attempt ended without an answer.
#[derive(Debug)]
enum Stop {
    Failed(Box<Failure>),
    /// A lock was in the way; the transaction is gone and may be tried again.
    Locked(Box<Failure>),
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
    let run = Run {
        company,
        request,
        plan: &plan,
    };
    let (mut locked, mut lost) = (0, 0);
    loop {
        match Box::pin(run.attempt()).await {
            Ok(executed) => return Ok(executed),
            Err(Stop::Failed(failure)) => return Err(*failure),
            Err(Stop::InDoubt) => return settle(company, request).await,
            Err(Stop::Locked(failure)) => {
                locked += 1;
                let wait = lock_wait(locked);
                if locked >= LOCK_ATTEMPTS || Instant::now() + wait >= request.deadline {
                    return Err(*failure);
                }
                tracing::info!(
                    attempt = locked,
                    "A lock in GP was in the way; trying again"
                );
                tokio::time::sleep(wait).await;
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

/// After a commit without answer: looks in the journal whether it happened.
pub async fn settle(company: &Company, request: &Request<'_>) -> Result<Executed, Failure> {
    let until = Instant::now() + SETTLE_LIMIT;
    loop {
        match outcome(company, request).await {
            Ok(Some(executed)) => return Ok(executed),
            Ok(None) => {
                let message = "The connection ended before the commit; nothing was written.";
                return Err(failure(ErrorClass::Unavailable, "connection_lost", message));
            }
            Err(error) if Instant::now() < until => {
                tracing::warn!("The outcome of a commit is not known yet: {error}");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            Err(error) => {
                let message = format!("The commit was sent and not answered; {error}");
                return Err(failure(ErrorClass::InDoubt, "commit_in_doubt", message));
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
    plan::plan(document, &shapes, &allowed)
}

struct Run<'a> {
    company: &'a Company,
    request: &'a Request<'a>,
    plan: &'a Plan,
}

/// How the writing transaction got its row.
enum Opening {
    Begun {
        journal_id: i64,
        numbers: Vec<Reserved>,
    },
    Done(Executed),
}

impl Run<'_> {
    async fn attempt(&self) -> Result<Executed, Stop> {
        let mut lease = self.company.writer().await.map_err(|stop| match stop {
            NoWriter::Sql(error) => Stop::Lost(error),
            NoWriter::Parked(failure) => Stop::Failed(failure),
        })?;
        let outcome = self.transaction(&mut lease).await;
        match &outcome {
            Ok(_) => lease.give_back(),
            Err(Stop::Failed(_) | Stop::Locked(_)) => {
                // Rolled back twice does no harm; a connection that cannot is dropped.
                if lease.connection.rollback_if_open().await.is_ok() {
                    lease.give_back();
                }
            }
            Err(Stop::Lost(_) | Stop::InDoubt) => {}
        }
        outcome
    }

    async fn transaction(&self, lease: &mut Lease) -> Result<Executed, Stop> {
        let connection = &mut lease.connection;
        let (journal_id, numbers) = match self.open(connection).await? {
            Opening::Begun {
                journal_id,
                numbers,
            } => (journal_id, numbers),
            Opening::Done(executed) => return Ok(executed),
        };
        crash::point("agent.journal.written");
        for call in &self.plan.calls {
            self.call(connection, call, &numbers).await?;
        }
        crash::point("agent.document.called");
        self.commit(connection, journal_id, &numbers).await
    }

    /// Begins the writing transaction; its first statement takes the effect key.
    async fn open(&self, connection: &mut SqlConnection) -> Result<Opening, Stop> {
        let reserves = !self.plan.numbers.is_empty() && !self.request.gapless;
        let known = self.company.highest_journal();
        connection.begin().await?;
        let taken = journal::insert(connection, &self.entry(), !reserves).await?;
        if let Taken::Row(journal_id) = taken
            && journal_id <= known
        {
            // Numbers only grow; one seen before means the database went back in time.
            self.company
                .recheck()
                .await
                .map_err(|failure| Stop::Failed(Box::new(failure)))?;
        }
        match taken {
            Taken::Blocked => Err(busy()),
            Taken::Exists => self.open_existing(connection).await,
            Taken::Row(journal_id) if reserves => {
                let numbers = self.reserve(connection).await?;
                self.open_reserved(connection, journal_id, numbers).await
            }
            Taken::Row(journal_id) => {
                let numbers = self.take_numbers(connection).await?;
                Ok(Opening::Begun {
                    journal_id,
                    numbers,
                })
            }
        }
    }

    /// Takes the numbers and commits them with the row, so that retries use them again.
    async fn reserve(&self, connection: &mut SqlConnection) -> Result<Vec<Reserved>, Stop> {
        let numbers = self.take_numbers(connection).await?;
        let text = numbers::to_journal(&numbers);
        if !journal::keep_numbers(connection, self.request.effect_key, text).await? {
            return Err(vanished());
        }
        connection.commit().await?;
        crash::point("agent.number.reserved");
        Ok(numbers)
    }

    async fn open_reserved(
        &self,
        connection: &mut SqlConnection,
        journal_id: i64,
        numbers: Vec<Reserved>,
    ) -> Result<Opening, Stop> {
        connection.begin().await?;
        match journal::take(connection, &self.entry()).await? {
            None => Err(busy()),
            Some(true) => Ok(Opening::Begun {
                journal_id,
                numbers,
            }),
            // Another session was faster; its row says how it went.
            Some(false) => Err(Stop::Locked(Box::new(busy_failure()))),
        }
    }

    /// The key is known: the effect is there, or an earlier attempt got no further than its numbers.
    async fn open_existing(&self, connection: &mut SqlConnection) -> Result<Opening, Stop> {
        connection.rollback_if_open().await?;
        let found = match journal::find(connection, self.request.effect_key).await {
            Ok(found) => found,
            Err(error) if error.number() == Some(1222) => return Err(busy()),
            Err(error) => return Err(error.into()),
        };
        let Some(row) = found else {
            return Err(Stop::Locked(Box::new(busy_failure())));
        };
        if row.committed {
            return self.open_committed(connection, &row).await;
        }
        let mut kept = numbers::from_journal(&row.numbers);
        if !numbers::fit(&kept, &self.plan.numbers) {
            connection.begin().await?;
            kept = self.reserve(connection).await?;
        }
        self.open_reserved(connection, row.journal_id, kept).await
    }

    async fn open_committed(
        &self,
        connection: &mut SqlConnection,
        row: &journal::Row,
    ) -> Result<Opening, Stop> {
        if !self.request.update || row.revision == self.request.revision {
            return Ok(Opening::Done(recorded(
                self.company,
                self.request,
                row,
                true,
            )));
        }
        if row.revision > self.request.revision {
            let message = format!(
                "Revision {} is older than the recorded revision {}.",
                self.request.revision, row.revision
            );
            let failure = failure(ErrorClass::BusinessRule, "older_revision", message);
            return Err(Stop::Failed(Box::new(failure)));
        }
        connection.begin().await?;
        match journal::revise(connection, &self.entry()).await? {
            None => Err(busy()),
            Some(false) => Err(Stop::Locked(Box::new(busy_failure()))),
            Some(true) => {
                let numbers = self.take_numbers(connection).await?;
                Ok(Opening::Begun {
                    journal_id: row.journal_id,
                    numbers,
                })
            }
        }
    }

    async fn take_numbers(&self, connection: &mut SqlConnection) -> Result<Vec<Reserved>, Stop> {
        let mut taken = Vec::with_capacity(self.plan.numbers.len());
        for wanted in &self.plan.numbers {
            match numbers::take(connection, wanted).await {
                Ok(reserved) => taken.push(reserved),
                Err(NoNumber::Sql(error)) => return Err(error.into()),
                Err(NoNumber::Refused(called)) => {
                    let header = self.header_of(wanted.transaction);
                    let refused = Refused {
                        node: header,
                        path: &self.request.document.path(wanted.transaction),
                        procedure: numbers::PROCEDURE,
                        verdict: Verdict::of(&called).or_code(called.return_code),
                    };
                    return Err(self.refused(connection, &refused).await);
                }
            }
        }
        Ok(taken)
    }

    fn header_of(&self, transaction: usize) -> &Node {
        let nodes = &self.request.document.transactions[transaction].nodes;
        nodes
            .iter()
            .find(|node| node.name == plan::HEADER)
            .unwrap_or(&nodes[0])
    }

    async fn call(
        &self,
        connection: &mut SqlConnection,
        call: &PlannedCall,
        numbers: &[Reserved],
    ) -> Result<(), Stop> {
        let number = numbers.iter().find(|n| n.transaction == call.transaction);
        let number = number.map(|reserved| reserved.number.as_str());
        let outputs = call
            .outputs
            .iter()
            .map(|name| (name.as_str(), plan::initial(name)));
        let proven = ProvenCall {
            text: &call.text,
            declarations: &call.declarations,
            parameters: call.arguments.iter().map(|a| a.bound(number)).collect(),
            outputs: outputs.collect(),
        };
        let called = connection.call_proven(proven).await?;
        let verdict = Verdict::of(&called);
        if verdict.is_mismatch() {
            return Err(rolled_back(&call.procedure));
        }
        if verdict != Verdict::Accepted {
            let refused = Refused {
                node: &self.request.document.transactions[call.transaction].nodes[call.node],
                path: &call.path,
                procedure: &call.procedure,
                verdict,
            };
            if called.raised.as_ref().is_some_and(SqlError::is_drift) {
                self.company.forget_shapes();
            }
            return Err(self.refused(connection, &refused).await);
        }
        match called.transaction_state() {
            Some(state) if state.is_sound() => Ok(()),
            Some(_) | None => Err(rolled_back(&call.procedure)),
        }
    }

    /// Rolls back, then reads GP's words, so that no lock is held meanwhile.
    async fn refused(&self, connection: &mut SqlConnection, refused: &Refused<'_>) -> Stop {
        let locked = refused.verdict.is_lock();
        let reader = match connection.rollback_if_open().await {
            Ok(()) => Some(connection),
            Err(_) => None,
        };
        let failure = Box::new(refusal::report(refused, reader).await);
        if locked {
            Stop::Locked(failure)
        } else {
            Stop::Failed(failure)
        }
    }

    async fn commit(
        &self,
        connection: &mut SqlConnection,
        journal_id: i64,
        numbers: &[Reserved],
    ) -> Result<Executed, Stop> {
        let number = |transaction| {
            let found = numbers
                .iter()
                .find(|reserved| reserved.transaction == transaction);
            found.map(|reserved| reserved.number.clone())
        };
        let keys = plan::keys(self.request.document, number);
        if !journal::commit(connection, &self.entry(), record(&keys)).await? {
            return Err(vanished());
        }
        crash::point("agent.commit.before");
        self.request.committing.store(true, Ordering::SeqCst);
        let committed = connection.commit().await;
        match committed {
            Ok(()) => {}
            Err(error) if error.breaks_connection() => return Err(Stop::InDoubt),
            Err(error) => {
                self.request.committing.store(false, Ordering::SeqCst);
                return Err(error.into());
            }
        }
        crash::point("agent.commit.after");
        self.company.committed(journal_id);
        Ok(Executed {
            already_done: false,
            payload_differs: false,
            journal_number: journal_id,
            keys,
            incarnation: self.company.incarnation(),
        })
    }

    fn entry(&self) -> Entry<'_> {
        Entry {
            effect_key: self.request.effect_key,
            command_id: self.request.command_id,
            document_type: &self.plan.document_type,
            payload_hash: self.request.payload_hash,
            revision: self.request.revision,
        }
    }
}

fn rolled_back(procedure: &str) -> Stop {
    let message = format!(
        "{procedure} ended the document's transaction by itself; everything was rolled back."
    );
    let failure = failure(
        ErrorClass::BusinessRule,
        "rolled_back_by_procedure",
        message,
    );
    Stop::Failed(Box::new(failure))
}

fn busy() -> Stop {
    Stop::Failed(Box::new(busy_failure()))
}

fn busy_failure() -> Failure {
    let message = "Another session is working on the same effect.";
    failure(ErrorClass::Busy, "busy", message)
}

fn vanished() -> Stop {
    let message = "The journal row of the document was gone before the commit; everything was \
                   rolled back.";
    let failure = failure(
        ErrorClass::BusinessRule,
        "rolled_back_by_procedure",
        message,
    );
    Stop::Failed(Box::new(failure))
}

fn lock_wait(attempt: u32) -> Duration {
    let ceiling = 40u64 << attempt.min(5);
    Duration::from_millis(rand::rng().random_range(10..=ceiling))
}
