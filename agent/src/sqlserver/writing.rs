//! One attempt at a document: its journal row, its calls and its commit, in one transaction.

use connect_proto::econnect::Node;
use connect_proto::tunnel::v1::{DocumentKey, ErrorClass, Executed, Failure, GpError};

use super::answer::record;
use super::batches::{self, Closed};
use super::company::{Company, NoWriter};
use super::connection::{SqlConnection, TextCall};
use super::econnect::{Request, Stop};
use super::error::SqlError;
use super::journal::Entry;
use super::numbers::{self, Reserved};
use super::plan::{self, Place, Plan, PlannedCall};
use super::pool::Lease;
use super::preflight::Guard;
use super::refusal::{self, Refused, Verdict, failure};
use super::reply::{Called, Cell};
use super::statements::{self, Around, Statement};
use super::values::SqlValue;
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
struct Effect {
    keys: Vec<DocumentKey>,
    numbers: String,
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
                | Stop::Guarded,
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
        let end = self.plan.calls.len() - 1;
        for (index, call) in self.plan.calls.iter().enumerate() {
            let around = Around {
                first: begun.first.filter(|_| index == 0),
                batch: call.batch.is_some(),
                last: index == end,
            };
            let call = CallInRun {
                run: self,
                call,
                begun: &begun,
                effect: &effect,
                around,
            };
            call.make(connection).await?;
            if index == 0 {
                crash::point("agent.journal.written");
            }
        }
        crash::point("agent.document.called");
        self.commit(connection, begun.journal_id, effect.keys).await
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

/// One call of an attempt, with what the journal does in the same text.
struct CallInRun<'a> {
    run: &'a Run<'a>,
    call: &'a PlannedCall,
    begun: &'a Begun,
    effect: &'a Effect,
    around: Around,
}

impl CallInRun<'_> {
    async fn make(&self, connection: &mut SqlConnection) -> Result<(), Stop> {
        let called = self.send(connection).await?;
        if self.around.first.is_some() {
            taken(&called)?;
        }
        let call = self.call;
        if let Some(stop) = self.batch_closed(connection, &called).await {
            return Err(stop);
        }
        let verdict = Verdict::of(&called);
        if verdict.is_mismatch() {
            return Err(rolled_back(&call.procedure));
        }
        if verdict != Verdict::Accepted {
            return Err(self.refused(connection, &called, verdict).await);
        }
        match called.transaction_state() {
            Some(state) if state.is_sound() => {}
            Some(_) | None => return Err(rolled_back(&call.procedure)),
        }
        let recorded = called.output(statements::RECORDED).and_then(Cell::int);
        if self.around.last && recorded != Some(1) {
            return Err(vanished());
        }
        Ok(())
    }

    async fn send(&self, connection: &mut SqlConnection) -> Result<Called, SqlError> {
        let call = self.call;
        let numbers = &self.begun.numbers;
        let number = numbers.iter().find(|n| n.transaction == call.transaction);
        let number = number.map(|reserved| reserved.number.as_str());
        let mut parameters = call.parameters(number, self.run.next_batch);
        let names = call.text.outputs.iter();
        let mut outputs: Vec<_> = names.map(|n| (n.as_str(), plan::initial(n))).collect();
        outputs.extend(statements::PROOFS.map(|name| (name, SqlValue::Int(0))));
        if self.around.is_bare() {
            let text = TextCall {
                text: &call.text.text,
                declarations: &call.text.declarations,
                parameters,
                outputs,
            };
            return connection.call_text(text).await;
        }
        let entry = self.run.entry();
        parameters.extend(entry.identity());
        if self.around.first.is_some() {
            parameters.extend(entry.attempt());
            outputs.push((statements::TAKEN, SqlValue::Int(0)));
        }
        if let Some(batch) = &call.batch {
            let name = &batches::name(&batch.number, self.run.next_batch);
            parameters.push(("@connect_batch_source", batch.source.into()));
            parameters.push(("@connect_batch_number", name.as_str().into()));
            let company = self.run.company.name();
            parameters.push(("@connect_company_name", SqlValue::Text(company)));
            outputs.push((statements::BATCH, SqlValue::Int(0)));
        }
        if self.around.last {
            let Effect { keys, numbers } = self.effect;
            parameters.push(("@connect_numbers", numbers.as_str().into()));
            parameters.push(("@connect_answer", SqlValue::Text(record(keys))));
            outputs.push((statements::RECORDED, SqlValue::Int(0)));
        }
        let text = TextCall {
            text: &self.around.text(
                &call.text.text,
                &call.text.outputs,
                connection.system_database(),
            ),
            declarations: &self.around.declarations(&call.text.declarations),
            parameters,
            outputs,
        };
        connection.call_text(text).await
    }

    /// A batch that takes no document now: nothing was called, and everything is rolled back.
    async fn batch_closed(&self, connection: &mut SqlConnection, called: &Called) -> Option<Stop> {
        let batch = self.call.batch.as_ref()?;
        let found = called.output(statements::BATCH).and_then(Cell::int)?;
        let why = Closed::of(found)?;
        let name = &batches::name(&batch.number, self.run.next_batch);
        let failure = batches::closed(&self.place(), batch, name, why);
        Some(match connection.rollback_if_open().await {
            Ok(()) => Stop::BatchClosed(Box::new(failure)),
            Err(error) => error.into(),
        })
    }

    fn place(&self) -> Place<'_> {
        Place {
            document: self.run.request.document,
            transaction: self.call.transaction,
            node: self.call.node,
        }
    }

    async fn refused(
        &self,
        connection: &mut SqlConnection,
        called: &Called,
        verdict: Verdict,
    ) -> Stop {
        let call = self.call;
        if called.raised.as_ref().is_some_and(SqlError::is_drift) {
            self.run.company.forget_shapes();
        }
        let number_taken = verdict.is_number_taken() && self.may_renumber();
        let place = self.place();
        let refused = Refused {
            node: place.spec(),
            path: &place.path(),
            procedure: &call.procedure,
            verdict,
        };
        match self.run.refused(connection, &refused).await {
            Stop::Failed(failure) if number_taken => Stop::NumberTaken(failure),
            stop @ (Stop::Failed(_)
            | Stop::Locked(_)
            | Stop::NumberTaken(_)
            | Stop::BatchClosed(_)
            | Stop::Guarded
            | Stop::Lost(_)
            | Stop::InDoubt) => stop,
        }
    }

    /// Only numbers that are reserved ahead can be used by somebody else before the document is
    /// written; one of a recorded document is its own.
    fn may_renumber(&self) -> bool {
        let reserved = self.begun.first.is_some_and(Statement::takes_reserved);
        let transaction = self.call.transaction;
        let numbers = &self.begun.numbers;
        reserved && numbers.iter().any(|n| n.transaction == transaction)
    }
}

/// Whether the row was taken in front of the call: if not, the call was not made.
fn taken(called: &Called) -> Result<(), Stop> {
    match (
        called.output(statements::TAKEN).and_then(Cell::int),
        &called.raised,
    ) {
        (Some(1), _) | (None, Some(_)) => Ok(()),
        (_, Some(error)) if error.number() == Some(1222) => Err(busy()),
        (_, Some(error)) => Err(error.clone().into()),
        // Another session was faster; its row says how it went.
        (_, None) => Err(Stop::Locked(Box::new(busy_failure()))),
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
