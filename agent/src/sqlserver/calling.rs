//! The calls of an attempt: one in a text with what the journal does around it, or several alike.

use super::answer::record;
use super::batches::{self, Closed};
use super::connection::{SqlConnection, TextCall};
use super::econnect::Stop;
use super::error::SqlError;
use super::numbers::Reserved;
use super::plan::{self, Place, PlannedCall};
use super::procedures::SeveralText;
use super::refusal::{Refused, Verdict};
use super::reply::{Called, Cell};
use super::statements::{self, Around, Statement};
use super::values::SqlValue;
use super::writing::{Begun, Effect, Run, busy, busy_failure, rolled_back, vanished};

/// One call of an attempt, with what the journal does in the same text.
pub(super) struct CallInRun<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) call: &'a PlannedCall,
    pub(super) begun: &'a Begun,
    pub(super) effect: &'a Effect,
    pub(super) around: Around,
}

/// Calls of one procedure in one text.
pub(super) struct SeveralInRun<'a> {
    pub(super) calls: Vec<CallInRun<'a>>,
    pub(super) text: &'a SeveralText,
}

impl SeveralInRun<'_> {
    pub(super) async fn make(&self, connection: &mut SqlConnection) -> Result<(), Stop> {
        let mut outputs = self.calls[0].outputs();
        outputs.push((statements::MADE, SqlValue::Int(0)));
        let parameters = self.calls.iter().flat_map(CallInRun::parameters);
        let called = connection
            .call_text(TextCall {
                text: &self.text.text,
                declarations: &self.text.declarations,
                parameters: parameters.collect(),
                outputs,
            })
            .await?;
        let made = called.output(statements::MADE).and_then(Cell::int);
        let made = made.and_then(|made| usize::try_from(made).ok());
        let last = match (&called.raised, made.and_then(|made| self.calls.get(made))) {
            (None, Some(call)) => call,
            // It passes; whose it was does not matter.
            (Some(error), _) if error.is_lock() => &self.calls[0],
            // A procedure may go on behind an error that it raised.
            (Some(_), _) | (None, None) => return Err(Stop::Apart),
        };
        last.judge(connection, &called).await?;
        // What is accepted here and was not there is something between blank and text.
        if made == Some(self.calls.len() - 1) {
            Ok(())
        } else {
            Err(Stop::Apart)
        }
    }
}

impl CallInRun<'_> {
    pub(super) async fn make(&self, connection: &mut SqlConnection) -> Result<(), Stop> {
        let called = self.send(connection).await?;
        self.judge(connection, &called).await
    }

    /// Whether the call was made and accepted, and the transaction stands.
    async fn judge(&self, connection: &mut SqlConnection, called: &Called) -> Result<(), Stop> {
        if self.around.first.is_some() {
            taken(called)?;
        }
        let call = self.call;
        if let Some(stop) = self.batch_closed(connection, called).await {
            return Err(stop);
        }
        let verdict = Verdict::of(called);
        if verdict.is_mismatch() {
            return Err(rolled_back(&call.procedure));
        }
        if verdict != Verdict::Accepted {
            return Err(self.refused(connection, called, verdict).await);
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

    fn parameters(&self) -> Vec<(&'static str, SqlValue)> {
        let numbers = &self.begun.numbers;
        let of_call = |n: &&Reserved| n.transaction == self.call.transaction;
        let number = numbers.iter().find(of_call);
        let number = number.map(|reserved| reserved.number.as_str());
        self.call.parameters(number, self.run.next_batch)
    }

    /// What the outputs hold before the call.
    fn outputs(&self) -> Vec<(&str, SqlValue)> {
        let names = self.call.text.outputs.iter();
        let mut outputs: Vec<_> = names.map(|n| (n.as_str(), plan::initial(n))).collect();
        outputs.extend(statements::PROOFS.map(|name| (name, SqlValue::Int(0))));
        outputs
    }

    async fn send(&self, connection: &mut SqlConnection) -> Result<Called, SqlError> {
        let call = self.call;
        let mut parameters: Vec<(&str, SqlValue)> = self.parameters();
        let mut outputs = self.outputs();
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
            | Stop::Apart
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
