//! One attempt at a document: its journal row, its calls and its commit, in one transaction.

use std::sync::Arc;

use connect_proto::econnect::Node;
use connect_proto::tunnel::v1::{DocumentKey, ErrorClass, Executed, Failure, GpError};

use super::batches;
use super::calling::{CallInRun, SeveralInRun};
use super::company::{Company, NoWriter};
use super::connection::SqlConnection;
use super::econnect::{Request, Stop};
use super::journal::Entry;
use super::numbers::{self, Reserved};
use super::plan::{self, Plan};
use super::pool::Lease;
use super::preflight::Guard;
use super::refusal::{self, Refused, failure};
use super::statements::{Around, Statement};
use crate::crash;

/// Whether the numbers an earlier attempt left in the journal are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbering {
    Keep,
    /// GP knows them already from other documents.
    Renew,
    Renewed,
}

/// A document on its way into one company.
pub(super) struct Run<'a> {
    pub(super) company: &'a Company,
    pub(super) request: &'a Request<'a>,
    pub(super) plan: &'a Plan,
    /// Which next batch is joined instead of the one the document names: 2, 3, ...
    pub(super) next_batch: Option<u32>,
    /// What the answer tells beside the keys: a later posting date.
    pub(super) told: &'a [DocumentKey],
    /// What is left of the pre-flight, for the text that reserves the number.
    pub(super) guard: Option<&'a Guard>,
    /// Whether every call has a text of its own.
    pub(super) apart: bool,
}

/// What stands when the writing transaction is open.
pub(super) struct Begun {
    pub(super) journal_id: i64,
    pub(super) numbers: Vec<Reserved>,
    /// Takes the row in one text with the first call; `None` when the row was inserted just now.
    pub(super) first: Option<&'static Statement>,
}

/// How the writing transaction got its row.
pub(super) enum Opening {
    Begun(Begun),
    Done(Executed),
}

/// What the last call records.
pub(super) struct Effect {
    pub(super) keys: Vec<DocumentKey>,
    pub(super) numbers: String,
}

impl Run<'_> {
    /// Tries once; whatever it began is rolled back unless it answers.
    pub(super) async fn attempt(&self, numbering: &mut Numbering) -> Result<Executed, Stop> {
        let mut lease = self.company.writer().await.map_err(|stop| match stop {
            NoWriter::Sql(error) => Stop::Lost(error),
            NoWriter::Parked(failure) => Stop::Failed(failure),
        })?;
        let outcome = self.transaction(&mut lease, numbering).await;
        match &outcome {
            Ok(_) => lease.give_back(),
            Err(
                Stop::Failed(_)
                | Stop::Locked(_)
                | Stop::NumberTaken(_)
                | Stop::BatchClosed(_)
                | Stop::Guarded
                | Stop::Apart,
            ) => {
                // Rolled back twice does no harm; a connection that cannot is dropped.
                if lease.connection.rollback_if_open().await.is_ok() {
                    lease.give_back();
                }
            }
            Err(Stop::Lost(_) | Stop::InDoubt) => {}
        }
        outcome
    }

    async fn transaction(
        &self,
        lease: &mut Lease,
        numbering: &mut Numbering,
    ) -> Result<Executed, Stop> {
        let connection = &mut lease.connection;
        let begun = match self.open(connection, numbering).await? {
            Opening::Begun(begun) => begun,
            Opening::Done(executed) => return Ok(executed),
        };
        let effect = self.effect(&begun.numbers);
        let calls = &self.plan.calls;
        let end = calls.len() - 1;
        let mut index = 0;
        while let Some(call) = calls.get(index) {
            let around = Around {
                first: begun.first.filter(|_| index == 0),
                batch: call.batch.is_some(),
                last: index == end,
            };
            let in_run = |call, around| CallInRun {
                run: self,
                call,
                begun: &begun,
                effect: &effect,
                around,
            };
            let alike = self.alike(index, around);
            let made = if let Some((count, text)) = call.text.several(alike) {
                let calls = calls[index..index + count].iter();
                let calls = calls.map(|call| in_run(call, around)).collect();
                SeveralInRun { calls, text }.make(connection).await?;
                count
            } else {
                in_run(call, around).make(connection).await?;
                1
            };
            if index == 0 {
                crash::point("agent.journal.written");
            }
            index += made;
        }
        crash::point("agent.document.called");
        self.commit(connection, begun.journal_id, effect.keys).await
    }

    /// How many calls from one on have the same text and nothing around them.
    fn alike(&self, index: usize, around: Around) -> usize {
        if self.apart || !around.is_bare() {
            return 1;
        }
        let calls = &self.plan.calls;
        let text = &calls[index].text;
        let before_last = &calls[index..calls.len() - 1];
        let alike = before_last
            .iter()
            .take_while(|call| Arc::ptr_eq(&call.text, text) && call.batch.is_none());
        alike.count()
    }

    /// The answer is known before the last call, which records it.
    fn effect(&self, numbers: &[Reserved]) -> Effect {
        let number = |transaction| {
            let found = numbers
                .iter()
                .find(|reserved| reserved.transaction == transaction);
            found.map(|reserved| reserved.number.clone())
        };
        let text = match numbers {
            [] => String::new(),
            numbers => numbers::to_journal(numbers),
        };
        let mut keys = plan::keys(self.request.document, number);
        keys.extend(self.joined_instead());
        keys.extend_from_slice(self.told);
        Effect {
            keys,
            numbers: text,
        }
    }

    /// A next batch is told with the answer: the document names another one.
    fn joined_instead(&self) -> Option<DocumentKey> {
        let next = self.next_batch?;
        let batch = self
            .plan
            .calls
            .iter()
            .find_map(|call| call.batch.as_ref())?;
        Some(DocumentKey {
            element: batches::ELEMENT.to_owned(),
            value: batches::name(&batch.number, Some(next)),
            ..DocumentKey::default()
        })
    }

    async fn commit(
        &self,
        connection: &mut SqlConnection,
        journal_id: i64,
        keys: Vec<DocumentKey>,
    ) -> Result<Executed, Stop> {
        crash::point("agent.commit.before");
        let progress = self.request.progress;
        progress.set_committing(true);
        match connection.commit().await {
            Ok(()) => {}
            Err(error) if error.breaks_connection() => return Err(Stop::InDoubt),
            Err(error) => {
                progress.set_committing(false);
                return Err(error.into());
            }
        }
        crash::point("agent.commit.after");
        self.company.committed(journal_id);
        self.company.written(self.request.document, &keys);
        Ok(Executed {
            already_done: false,
            payload_differs: false,
            journal_number: journal_id,
            keys,
            incarnation: self.company.incarnation(),
        })
    }

    pub(super) fn header_of(&self, transaction: usize) -> &Node {
        let nodes = &self.request.document.transactions[transaction].nodes;
        nodes
            .iter()
            .find(|node| numbers::of_header(&node.name).is_some())
            .unwrap_or(&nodes[0])
    }

    /// Rolls back, then reads GP's words, so that no lock is held meanwhile.
    pub(super) async fn refused(
        &self,
        connection: &mut SqlConnection,
        refused: &Refused<'_>,
    ) -> Stop {
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

    pub(super) fn entry(&self) -> Entry<'_> {
        Entry {
            effect_key: self.request.effect_key,
            command_id: self.request.command_id,
            document_type: &self.plan.document_type,
            payload_hash: self.request.payload_hash,
            revision: self.request.revision,
        }
    }
}

pub(super) fn rolled_back(procedure: &str) -> Stop {
    let message = format!(
        "{procedure} ended the document's transaction by itself, or left it unable to commit; \
         everything was rolled back."
    );
    let repair = format!(
        "Look for code of a partner or of your own in {procedure}Pre, {procedure}Post and the \
         triggers of the tables that they write: it must not roll back or commit. Correct it, and \
         replay."
    );
    broken_by_code(message, procedure, repair)
}

pub(super) fn busy() -> Stop {
    Stop::Failed(Box::new(busy_failure()))
}

pub(super) fn busy_failure() -> Failure {
    let message = "Another session is working on the same effect.";
    failure(ErrorClass::Busy, "busy", message)
}

pub(super) fn vanished() -> Stop {
    let message = "The journal row of the document was gone before the commit; everything was \
                   rolled back.";
    let repair = "Look for code of a partner or of your own, in procedures or triggers, that rolls \
                  back and begins a transaction anew. Correct it, and replay.";
    broken_by_code(message.to_owned(), "", repair.to_owned())
}

fn broken_by_code(message: String, procedure: &str, repair: String) -> Stop {
    let error = GpError {
        text: message.clone(),
        procedure: procedure.to_owned(),
        repair,
        ..GpError::default()
    };
    let class = ErrorClass::BusinessRule;
    let mut failure = failure(class, "rolled_back_by_procedure", message);
    failure.errors.push(error);
    Stop::Failed(Box::new(failure))
}
