//! Runs a batch step by step and writes its answer.

use std::pin::Pin;
use std::sync::Arc;

use sqlparser::ast::{Expr, Statement};

use super::super::convert::assign;
use super::super::error::{SqlError, Stop};
use super::super::sql::definition::Definition;
use super::super::sql::run::{self, Answer};
use super::super::sql::script::{Raise, Setting, Step};
use super::super::sql::{Kinds, Prepared, Script, Setting as Compilation};
use super::super::value::{SqlType, Value};
use super::super::wire::tokens;
use super::state::{Scope, Variables};
use super::unit::Failure;
use super::{Session, define, plain};

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Next,
    /// RETURN or an error that ends the batch.
    Stop,
}

type Ran = Result<Flow, Failure>;

impl Session {
    /// Runs a text with its variables; errors are written into the answer.
    pub async fn text(&mut self, text: &str, variables: &mut Variables) -> Ran {
        let script = match self.server.scripts.get(text, &variables.kinds) {
            Ok(script) => script,
            Err(error) => {
                self.error(&error);
                return Ok(Flow::Stop);
            }
        };
        self.script(&script, variables).await
    }

    /// Runs a parsed text with its variables.
    pub async fn script(&mut self, script: &Arc<Script>, variables: &mut Variables) -> Ran {
        if self.state.no_exec
            && !script
                .steps
                .iter()
                .any(|step| matches!(step, Step::Set(Setting::NoExec(_))))
        {
            let mut kinds = Kinds::clone(&variables.kinds);
            return Ok(match self.check_only(script, &script.steps, &mut kinds) {
                Ok(()) => Flow::Next,
                Err(error) => {
                    self.error(&error);
                    Flow::Stop
                }
            });
        }
        let flow = self.steps(script, &script.steps, variables).await?;
        if self.state.open.as_ref().is_some_and(|open| open.doomed) {
            self.abandon()?;
            self.error(&SqlError::new(
                3998,
                "Uncommittable transaction is detected at the end of the batch. The transaction is rolled back.",
            ));
        }
        Ok(flow)
    }

    /// SET NOEXEC: statements are compiled, in every branch, and nothing runs.
    fn check_only(
        &self,
        script: &Script,
        steps: &[Step],
        kinds: &mut Kinds,
    ) -> Result<(), SqlError> {
        for step in steps {
            match step {
                Step::Declare { variable, kind, .. } => {
                    kinds.insert(variable.to_ascii_lowercase().into(), *kind);
                }
                Step::Block(inside) => self.check_only(script, inside, kinds)?,
                Step::If {
                    condition,
                    then,
                    otherwise,
                } => {
                    self.compiled(kinds, |setting| script.expression(condition, setting))?;
                    self.check_only(script, then, kinds)?;
                    self.check_only(script, otherwise, kinds)?;
                }
                Step::Try { body, handler } => {
                    self.check_only(script, body, kinds)?;
                    self.check_only(script, handler, kinds)?;
                }
                Step::Assign { value, .. } => {
                    self.compiled(kinds, |setting| script.expression(value, setting))?;
                }
                Step::Statement(statement) => {
                    self.compiled(kinds, |setting| script.statement(statement, setting))?;
                }
                Step::Begin
                | Step::Commit
                | Step::Rollback(_)
                | Step::Save(_)
                | Step::Set(_)
                | Step::Execute { .. }
                | Step::ExecuteText(_)
                | Step::Print(_)
                | Step::Raise(_)
                | Step::Rethrow
                | Step::Wait(_)
                | Step::Use(_)
                | Step::Define(_)
                | Step::Return(_) => {}
            }
        }
        Ok(())
    }

    fn compiled<T>(
        &self,
        kinds: &Kinds,
        compile: impl FnOnce(&Compilation<'_>) -> Result<T, SqlError>,
    ) -> Result<(), SqlError> {
        let inner = self.server.heap.lock();
        let setting = Compilation {
            inner: &inner,
            database: self.state.database,
            isolation: self.state.isolation,
            variables: kinds,
        };
        compile(&setting).map(|_| ())
    }

    /// Runs steps; boxed because blocks nest.
    pub fn steps<'s>(
        &'s mut self,
        script: &'s Arc<Script>,
        steps: &'s [Step],
        variables: &'s mut Variables,
    ) -> Pin<Box<dyn Future<Output = Ran> + Send + 's>> {
        Box::pin(async move {
            for step in steps {
                match self.step(script, step, variables).await {
                    Ok(Flow::Next) => self.state.last_error = 0,
                    Ok(Flow::Stop) => return Ok(Flow::Stop),
                    Err(Failure::Error(error)) => {
                        if self.in_try > 0 {
                            return Err(Failure::Error(error));
                        }
                        if self.failed(&error)? == Flow::Stop {
                            return Ok(Flow::Stop);
                        }
                    }
                    Err(other) => return Err(other),
                }
            }
            Ok(Flow::Next)
        })
    }

    /// Writes an error; with XACT_ABORT it takes the transaction and the batch with it.
    fn failed(&mut self, error: &SqlError) -> Result<Flow, SqlError> {
        const GOES_ON: [i32; 9] = [2627, 2601, 515, 547, 8152, 2628, 1222, 50000, 3903];
        self.error(error);
        self.state.last_error = i64::from(error.number);
        self.state.row_count = 0;
        if self.state.abort_on_error && self.state.open.is_some() {
            self.abandon()?;
            return Ok(Flow::Stop);
        }
        let goes_on = GOES_ON.contains(&error.number) && !self.state.abort_on_error;
        Ok(if goes_on { Flow::Next } else { Flow::Stop })
    }

    async fn step(&mut self, script: &Arc<Script>, step: &Step, variables: &mut Variables) -> Ran {
        match step {
            Step::Statement(statement) => self.rows(script, statement, variables).await?,
            Step::If {
                condition,
                then,
                otherwise,
            } => {
                let holds = self.evaluate(script, condition, variables).await?.int();
                let branch = if holds.is_some_and(|value| value != 0) {
                    then
                } else {
                    otherwise
                };
                return self.steps(script, branch, variables).await;
            }
            Step::Block(steps) => return self.steps(script, steps, variables).await,
            Step::Try { body, handler } => {
                return self.try_catch(script, body, handler, variables).await;
            }
            Step::Begin => self.begin(),
            Step::Commit => self.commit()?,
            Step::Rollback(name) => self.rollback(name.as_deref())?,
            Step::Save(name) => self.save(name)?,
            Step::Set(setting) => self.set(setting),
            Step::Assign { variable, value } => {
                let value = self.evaluate(script, value, variables).await?;
                self.assign(variables, variable, &value)?;
            }
            Step::Declare {
                variable,
                kind,
                value,
            } => {
                self.declare(script, (variable, *kind), value.as_ref(), variables)
                    .await?;
            }
            Step::Execute {
                procedure,
                arguments,
                status,
            } => {
                let status = status.as_deref();
                return self
                    .execute(script, procedure, arguments, status, variables)
                    .await;
            }
            Step::ExecuteText(parts) => return self.execute_text(script, parts, variables).await,
            Step::Print(value) => self.print_value(script, value, variables).await?,
            Step::Raise(raise) => return self.raise(script, raise, variables).await,
            Step::Rethrow => return Err(self.caught().into()),
            Step::Wait(length) => self.pause(*length).await?,
            Step::Use(database) => self.use_database(database)?,
            Step::Define(definition) => self.define(definition).await?,
            Step::Return(_) => return Ok(Flow::Stop),
        }
        Ok(Flow::Next)
    }

    async fn rows(
        &mut self,
        script: &Arc<Script>,
        statement: &Statement,
        variables: &mut Variables,
    ) -> Result<(), Failure> {
        let answer = self.statement(script, statement, variables).await?;
        Ok(self.answer(answer, variables)?)
    }

    fn caught(&self) -> SqlError {
        let caught = self.state.caught.clone();
        caught.unwrap_or_else(|| SqlError::unsupported("THROW outside CATCH"))
    }

    async fn declare(
        &mut self,
        script: &Arc<Script>,
        (name, kind): (&str, SqlType),
        value: Option<&Expr>,
        variables: &mut Variables,
    ) -> Result<(), Failure> {
        let value = match value {
            Some(value) => self.evaluate(script, value, variables).await?,
            None => Value::Null,
        };
        variables.declare(name, kind, assign(&value, kind, name)?);
        Ok(())
    }

    async fn print_value(
        &mut self,
        script: &Arc<Script>,
        value: &Expr,
        variables: &Variables,
    ) -> Result<(), Failure> {
        let value = self.evaluate(script, value, variables).await?;
        let value = assign(&value, SqlType::NVarChar(None), "PRINT")?;
        self.print(value.text().unwrap_or_default());
        Ok(())
    }

    async fn execute_text(
        &mut self,
        script: &Arc<Script>,
        parts: &[Expr],
        variables: &Variables,
    ) -> Ran {
        let mut text = String::new();
        for part in parts {
            let part = self.evaluate(script, part, variables).await?;
            text.push_str(part.text().unwrap_or_default());
        }
        Box::pin(self.text(&text, &mut Variables::default())).await
    }

    /// Waits for a while, or until the client interrupts.
    pub(super) async fn pause(&mut self, length: std::time::Duration) -> Result<(), Failure> {
        tokio::select! {
            () = tokio::time::sleep(length) => Ok(()),
            interrupted = self.interruption() => Err(interrupted),
        }
    }

    async fn try_catch(
        &mut self,
        script: &Arc<Script>,
        body: &[Step],
        handler: &[Step],
        variables: &mut Variables,
    ) -> Ran {
        self.in_try += 1;
        let outcome = self.steps(script, body, variables).await;
        self.in_try -= 1;
        match outcome {
            Err(Failure::Error(error)) => {
                if let Some(open) = self
                    .state
                    .open
                    .as_mut()
                    .filter(|_| self.state.abort_on_error)
                {
                    open.doomed = true;
                }
                let before = self.state.caught.replace(error);
                let flow = self.steps(script, handler, variables).await;
                self.state.caught = before;
                flow
            }
            other => other,
        }
    }

    async fn raise(&mut self, script: &Arc<Script>, raise: &Raise, variables: &Variables) -> Ran {
        let text = self.evaluate(script, &raise.message, variables).await?;
        let number = match &raise.number {
            Some(number) => self
                .evaluate(script, number, variables)
                .await?
                .int()
                .unwrap_or(50_000),
            None => 50_000,
        };
        let severity = match &raise.severity {
            Some(severity) => self
                .evaluate(script, severity, variables)
                .await?
                .int()
                .unwrap_or(16),
            None => 16,
        };
        let text = text.text().unwrap_or_default().to_owned();
        if severity <= 10 {
            self.print(&text);
            return Ok(Flow::Next);
        }
        let number = i32::try_from(number).unwrap_or(50_000);
        Err(SqlError::severe(number, u8::try_from(severity).unwrap_or(16), text).into())
    }

    /// Compiles and runs one statement.
    async fn statement(
        &mut self,
        script: &Arc<Script>,
        statement: &Statement,
        variables: &Variables,
    ) -> Result<Answer, Failure> {
        let script = Arc::clone(script);
        self.unit(|work, state| {
            let setting = Compilation {
                inner: work.inner,
                database: state.database,
                isolation: state.isolation,
                variables: &variables.kinds,
            };
            let prepared = script.statement(statement, &setting).map_err(Stop::Error)?;
            let scope = Scope { state, variables };
            match prepared.as_ref() {
                Prepared::Query(plan) => run::query(work, plan, &scope),
                Prepared::Change(change) => {
                    refuse_doomed(state)?;
                    run::change(work, change, &scope)
                }
            }
        })
        .await
    }

    /// The value of an expression.
    pub async fn evaluate(
        &mut self,
        script: &Arc<Script>,
        expression: &Expr,
        variables: &Variables,
    ) -> Result<Value, Failure> {
        if let Some(value) = plain::value(expression, &self.state, variables) {
            return Ok(value);
        }
        let script = Arc::clone(script);
        self.unit(|work, state| {
            let setting = Compilation {
                inner: work.inner,
                database: state.database,
                isolation: state.isolation,
                variables: &variables.kinds,
            };
            let prepared = script
                .expression(expression, &setting)
                .map_err(Stop::Error)?;
            let Prepared::Query(plan) = prepared.as_ref() else {
                return Ok(Value::Null);
            };
            let rows = run::rows(work, plan, &Scope { state, variables })?;
            Ok(rows
                .into_iter()
                .next()
                .and_then(|row| row.into_iter().next())
                .unwrap_or(Value::Null))
        })
        .await
    }

    pub(super) fn answer(
        &mut self,
        answer: Answer,
        variables: &mut Variables,
    ) -> Result<(), SqlError> {
        self.state.row_count = i64::try_from(answer.affected).unwrap_or(i64::MAX);
        if answer.identity.is_some() {
            self.state.identity = answer.identity;
        }
        if let Some(last) = answer.rows.last().filter(|_| !answer.assigns.is_empty()) {
            let pairs: Vec<(String, Value)> = answer
                .assigns
                .iter()
                .cloned()
                .zip(last.iter().cloned())
                .collect();
            for (name, value) in pairs {
                self.assign(variables, &name, &value)?;
            }
        }
        if answer.result_set {
            tokens::columns(&mut self.out, &answer.columns);
            for row in &answer.rows {
                tokens::row(&mut self.out, &answer.columns, row);
            }
        }
        let counted = if self.state.no_count && !answer.result_set {
            0
        } else {
            tokens::COUNT
        };
        self.done(counted, answer.affected);
        if let Some(capture) = &mut self.capture {
            capture.answers.push(answer);
        }
        Ok(())
    }

    /// Gives a variable a value.
    pub fn assign(
        &mut self,
        variables: &mut Variables,
        name: &str,
        value: &Value,
    ) -> Result<(), SqlError> {
        let known = variables.kinds.get_key_value(name);
        let known = known.or_else(|| {
            let key = name.to_ascii_lowercase();
            variables.kinds.get_key_value(key.as_str())
        });
        let (key, kind) = known.ok_or_else(|| {
            SqlError::severe(
                137,
                15,
                format!("Must declare the scalar variable \"{name}\"."),
            )
        })?;
        let value = super::super::convert::cast(value, *kind)?;
        variables.values.insert(Arc::clone(key), value);
        Ok(())
    }

    fn set(&mut self, setting: &Setting) {
        match setting {
            Setting::LockTimeout(millis) => {
                self.state.lock_timeout = u64::try_from(*millis)
                    .ok()
                    .map(std::time::Duration::from_millis);
            }
            Setting::AbortOnError(on) => self.state.abort_on_error = *on,
            Setting::NoCount(on) => self.state.no_count = *on,
            Setting::ImplicitTransactions(on) => self.state.implicit = *on,
            Setting::NoExec(on) => self.state.no_exec = *on,
            Setting::Isolation(level) => self.state.isolation = *level,
            Setting::Other => {}
        }
    }

    fn use_database(&mut self, name: &str) -> Result<(), SqlError> {
        let (found, old) = {
            let inner = self.server.heap.lock();
            let old = inner.registry.databases[self.state.database].name.clone();
            (inner.registry.database(name), old)
        };
        let Some(found) = found else {
            return Err(SqlError::new(
                911,
                format!(
                    "Database '{name}' does not exist. Make sure that the name is entered correctly."
                ),
            ));
        };
        self.state.database = found;
        tokens::change(&mut self.out, 1, name, &old);
        self.info(5701, &format!("Changed database context to '{name}'."));
        Ok(())
    }

    async fn define(&mut self, definition: &Definition) -> Result<(), Failure> {
        self.unit(|work, state| {
            refuse_doomed(state)?;
            define::run(work, state.database, definition).map_err(Stop::Error)
        })
        .await
    }
}

/// A doomed transaction takes no writes.
pub fn refuse_doomed(state: &super::state::State) -> Result<(), Stop> {
    if state.open.as_ref().is_some_and(|open| open.doomed) {
        return Err(SqlError::new(
            3930,
            "The current transaction cannot be committed and cannot support operations that write to the log file. Roll back the transaction.",
        )
        .into());
    }
    Ok(())
}
