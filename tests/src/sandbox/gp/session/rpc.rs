//! RPC: procedures by name, and the numbered ones that run and prepare statements.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::super::convert::{assign, cast_owned};
use super::super::error::{SqlError, Stop};
use super::super::faults::{Fault, Kind, When};
use super::super::procedures::call::{Argument as Given, Reply};
use super::super::procedures::{self, signature::Signature};
use super::super::sql::script::Argument;
use super::super::sql::{Declared, Script};
use super::super::value::{SqlType, Value};
use super::super::wire::packet::Message;
use super::super::wire::request::{self, Call, Parameter, Target};
use super::super::wire::tokens;
use super::batch::{Flow, refuse_doomed};
use super::state::{Handle, Variables};
use super::unit::Failure;
use super::{Session, describe, plain};

impl Session {
    /// Runs every call of an RPC message.
    pub(super) async fn rpc(&mut self, message: Message) -> Result<(), Failure> {
        let calls = request::calls(message.body).map_err(|error| SqlError::new(8016, error))?;
        self.done_token = tokens::DONE_IN_PROC;
        let count = calls.len();
        if count == 0 {
            return Err(SqlError::new(8016, "the message names no procedure").into());
        }
        for (index, call) in calls.into_iter().enumerate() {
            let more = if index + 1 < count { tokens::MORE } else { 0 };
            self.one(call, more).await?;
        }
        Ok(())
    }

    async fn one(&mut self, mut call: Call, more: u16) -> Result<(), Failure> {
        let name = match &call.target {
            Target::Name(name) => name.clone(),
            Target::Number(10) => "sp_executesql".to_owned(),
            Target::Number(11) => "sp_prepare".to_owned(),
            Target::Number(12) => "sp_execute".to_owned(),
            Target::Number(13) => "sp_prepexec".to_owned(),
            Target::Number(15) => "sp_unprepare".to_owned(),
            Target::Number(other) => format!("procedure number {other}"),
        };
        let plain = name.replace(['[', ']'], "");
        let short = plain
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let outcome = match short.as_str() {
            "sp_executesql" => self
                .execute_sql(&mut call.parameters)
                .await
                .map(|values| (0, values)),
            "sp_prepare" => self
                .prepare(&call.parameters)
                .map(|values| (0, values))
                .map_err(Failure::Error),
            "sp_execute" => self
                .execute_prepared(&mut call.parameters)
                .await
                .map(|values| (0, values)),
            "sp_prepexec" => self
                .prepare_and_execute(&mut call.parameters)
                .await
                .map(|values| (0, values)),
            "sp_unprepare" => {
                let handle = call
                    .parameters
                    .first()
                    .and_then(|parameter| parameter.value.int())
                    .unwrap_or_default();
                self.state.handles.remove(&handle);
                Ok((0, Vec::new()))
            }
            _ if short.starts_with("sp_") || short.starts_with("procedure number") => {
                Err(SqlError::unsupported(format!("procedure {name}")).into())
            }
            _ => self.procedure_call(&plain, &call.parameters).await,
        };
        self.conclude(outcome, &call.parameters, more)
    }

    fn conclude(
        &mut self,
        outcome: Result<(i32, Vec<(usize, Value)>), Failure>,
        parameters: &[Parameter],
        more: u16,
    ) -> Result<(), Failure> {
        match outcome {
            Ok((status, values)) => {
                tokens::return_status(&mut self.out, status);
                for (index, value) in values {
                    let parameter = &parameters[index];
                    tokens::return_value(
                        &mut self.out,
                        index,
                        &parameter.name,
                        parameter.kind,
                        &value,
                    );
                }
                tokens::done(&mut self.out, tokens::DONE_PROC, more, 0);
            }
            Err(Failure::Error(error)) => {
                tokens::error(&mut self.out, &error, &self.state.server_name);
                self.state.last_error = i64::from(error.number);
                if self.state.abort_on_error {
                    self.abandon()?;
                }
                tokens::done(&mut self.out, tokens::DONE_PROC, more | tokens::FAILED, 0);
            }
            Err(other) => return Err(other),
        }
        Ok(())
    }

    fn declarations(&self, parameter: Option<&Parameter>) -> Result<Arc<Declared>, SqlError> {
        let text = parameter.and_then(|parameter| parameter.value.text());
        self.server.scripts.declarations(text.unwrap_or_default())
    }

    async fn execute_sql(
        &mut self,
        parameters: &mut [Parameter],
    ) -> Result<Vec<(usize, Value)>, Failure> {
        let text = statement_text(parameters.first())?;
        let declared = self.declarations(parameters.get(1))?;
        self.server.count_batch();
        let from = 2.min(parameters.len());
        let script = self.server.scripts.get(&text, &declared.kinds)?;
        self.run_bound(&script, &declared, parameters, from).await
    }

    fn prepare(&mut self, parameters: &[Parameter]) -> Result<Vec<(usize, Value)>, SqlError> {
        let handle = self.state.next_handle;
        self.state.next_handle += 1;
        let declared = self.declarations(parameters.get(1))?;
        let text = statement_text(parameters.get(2))?;
        let script = self.server.scripts.get(&text, &declared.kinds)?;
        let epoch = self.server.prepared_epoch.load(Ordering::Relaxed);
        let prepared = Handle {
            script,
            declared,
            epoch,
        };
        self.state.handles.insert(handle, prepared);
        Ok(vec![(0, Value::Int(handle))])
    }

    async fn prepare_and_execute(
        &mut self,
        parameters: &mut [Parameter],
    ) -> Result<Vec<(usize, Value)>, Failure> {
        let mut values = self.prepare(parameters)?;
        self.server.count_batch();
        let newest = self.state.next_handle - 1;
        let Some(Handle {
            script, declared, ..
        }) = self.state.handles.get(&newest).cloned()
        else {
            return Ok(values);
        };
        let from = 3.min(parameters.len());
        values.extend(self.run_bound(&script, &declared, parameters, from).await?);
        Ok(values)
    }

    async fn execute_prepared(
        &mut self,
        parameters: &mut [Parameter],
    ) -> Result<Vec<(usize, Value)>, Failure> {
        let number = parameters
            .first()
            .and_then(|parameter| parameter.value.int())
            .unwrap_or_default();
        let epoch = self.server.prepared_epoch.load(Ordering::Relaxed);
        let known = self.state.handles.get(&number);
        let Some(handle) = known.filter(|handle| handle.epoch == epoch).cloned() else {
            return Err(SqlError::new(
                8179,
                format!("Could not find prepared statement with handle {number}."),
            )
            .into());
        };
        self.server.count_batch();
        self.run_bound(&handle.script, &handle.declared, parameters, 1)
            .await
    }

    /// Runs a text with the parameters behind `from`; output ones come back by position.
    async fn run_bound(
        &mut self,
        script: &Arc<Script>,
        declared: &Declared,
        parameters: &mut [Parameter],
        from: usize,
    ) -> Result<Vec<(usize, Value)>, Failure> {
        let mut variables = Variables {
            kinds: Arc::clone(&declared.kinds),
            values: FxHashMap::with_capacity_and_hasher(declared.parameters.len(), FxBuildHasher),
        };
        let mut outputs = Vec::new();
        let mut by_name = false;
        for (position, parameter) in parameters.iter_mut().enumerate().skip(from) {
            by_name |= !parameter.name.is_empty();
            if by_name && parameter.name.is_empty() {
                let place = position + 1;
                let text = format!(
                    "Must pass parameter number {place} and subsequent parameters as '@name = value'."
                );
                return Err(SqlError::new(119, text).into());
            }
            let in_order = declared.parameters.get(position - from);
            let named = |(name, _): &&(Arc<str>, SqlType)| {
                parameter.name.is_empty() || name.eq_ignore_ascii_case(&parameter.name)
            };
            // Most clients send them as declared.
            let known = in_order
                .filter(named)
                .or_else(|| declared.parameters.iter().find(named));
            let Some((name, kind)) = known else {
                let text = format!("{} is not a declared parameter.", parameter.name);
                return Err(SqlError::new(8145, text).into());
            };
            let value = cast_owned(std::mem::replace(&mut parameter.value, Value::Null), *kind)?;
            variables.values.insert(Arc::clone(name), value);
            if parameter.output {
                outputs.push((position, Arc::clone(name)));
            }
        }
        let absent = |(name, _): &&(Arc<str>, SqlType)| !variables.values.contains_key(name);
        if let Some((name, _)) = declared.parameters.iter().find(absent) {
            let text = format!(
                "The parameterized query expects the parameter '{name}', which was not supplied."
            );
            return Err(SqlError::new(8178, text).into());
        }
        // What a text sets lasts no longer than the text.
        let settings = self.state.settings();
        let outcome = self.script(script, &mut variables).await;
        self.state.restore(settings);
        outcome?;
        let value = |name: &Arc<str>| variables.values.get(name).cloned().unwrap_or(Value::Null);
        Ok(outputs
            .iter()
            .map(|(position, name)| (*position, value(name)))
            .collect())
    }

    async fn procedure_call(
        &mut self,
        name: &str,
        parameters: &[Parameter],
    ) -> Result<(i32, Vec<(usize, Value)>), Failure> {
        let given: Vec<Given> = parameters
            .iter()
            .filter(|parameter| !parameter.default)
            .map(|parameter| Given {
                name: Arc::from(parameter.name.as_str()),
                value: parameter.value.clone(),
                output: parameter.output,
            })
            .collect();
        let reply = self.procedure(name, &given).await?;
        let signature = signature_of(name);
        let mut values = Vec::new();
        for (index, parameter) in parameters
            .iter()
            .enumerate()
            .filter(|(_, parameter)| parameter.output)
        {
            let key = output_key(signature, index, &parameter.name);
            let found = reply.outputs.iter().find(|(name, _)| *name == key);
            let value = found.map_or_else(|| parameter.value.clone(), |(_, value)| value.clone());
            values.push((index, value));
        }
        Ok((reply.status, values))
    }

    /// Calls a procedure by its written name.
    pub async fn procedure(&mut self, name: &str, given: &[Given]) -> Result<Reply, Failure> {
        let parts: Vec<&str> = name.split('.').collect();
        let short = parts.last().copied().unwrap_or_default().to_owned();
        let database = match parts.as_slice() {
            [database, _, _] => {
                let found = self.server.heap.lock().registry.database(database);
                found.ok_or_else(|| {
                    SqlError::new(2812, format!("Could not find stored procedure '{name}'."))
                })?
            }
            _ => self.state.database,
        };
        self.server.count_call(&short);
        if let Some(fault) = self.server.faults.strike(&short, When::Before, given)
            && let Some(reply) = self.suffer(&fault, &short).await?
        {
            return Ok(reply);
        }
        let reply = self.run_procedure(database, &short, given).await?;
        if let Some(fault) = self.server.faults.strike(&short, When::After, given)
            && let Some(instead) = self.suffer(&fault, &short).await?
        {
            return Ok(instead);
        }
        Ok(reply)
    }

    async fn run_procedure(
        &mut self,
        database: usize,
        name: &str,
        given: &[Given],
    ) -> Result<Reply, Failure> {
        self.unit(|work, state| {
            refuse_doomed(state)?;
            let mark = work.inner.mark(work.tx);
            let reply = procedures::call(work, database, name, given)?;
            if reply.status != 0 {
                work.inner.undo_to(work.tx, mark).map_err(Stop::Error)?;
            }
            Ok(reply)
        })
        .await
        .map_err(|failure| match failure {
            Failure::Error(error) if error.procedure.is_empty() => {
                Failure::Error(error.in_procedure(name))
            }
            other @ (Failure::Error(_) | Failure::Cancelled | Failure::Gone) => other,
        })
    }

    /// Does what a fault says; a reply takes the place of the procedure's own.
    async fn suffer(&mut self, fault: &Fault, procedure: &str) -> Result<Option<Reply>, Failure> {
        let reply = |code: i32, text: String| {
            let outputs = vec![
                ("@o_ierrorstate".to_owned(), Value::Int(i64::from(code))),
                ("@oerrstring".to_owned(), Value::Text(text)),
            ];
            Reply {
                status: code,
                outputs,
            }
        };
        let raised = |number: i32, text: &str| {
            Failure::Error(SqlError::new(number, text).in_procedure(procedure))
        };
        match fault.kind {
            Kind::Delay => self
                .pause(Duration::from_millis(fault.ms))
                .await
                .map(|()| None),
            Kind::Error => {
                let text = if fault.text.is_empty() {
                    format!("{} ", fault.code)
                } else {
                    fault.text.clone()
                };
                Ok(Some(reply(fault.code, text)))
            }
            Kind::Raise => Err(raised(
                if fault.code == 0 { 50_000 } else { fault.code },
                &fault.text,
            )),
            Kind::RollbackReturn0 => {
                self.abandon()?;
                if fault.code == 266 {
                    return Err(raised(
                        266,
                        "Transaction count after EXECUTE indicates a mismatching number of BEGIN and COMMIT statements.",
                    ));
                }
                Ok(Some(reply(0, String::new())))
            }
            Kind::Doom => {
                if let Some(open) = self.state.open.as_mut() {
                    open.doomed = true;
                }
                Ok(Some(reply(0, String::new())))
            }
            Kind::Disconnect => Err(Failure::Gone),
            Kind::Deadlock => {
                self.abandon()?;
                Err(Failure::Error(SqlError::severe(
                    1205,
                    13,
                    "Transaction was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction.",
                )))
            }
            Kind::LockTimeout => Err(raised(1222, "Lock request time out period exceeded.")),
        }
    }

    /// EXEC inside a batch.
    pub(super) async fn execute(
        &mut self,
        script: &Arc<Script>,
        procedure: &str,
        arguments: &[Argument],
        status: Option<&str>,
        variables: &mut Variables,
    ) -> Result<Flow, Failure> {
        let mut given = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let value = match plain::value(&argument.value, &self.state, variables) {
                Some(value) => value,
                None => self.evaluate(script, &argument.value, variables).await?,
            };
            given.push(Given {
                name: Arc::clone(&argument.name),
                value,
                output: argument.target.is_some(),
            });
        }
        let short = procedure.rsplit('.').next().unwrap_or(procedure);
        if short.eq_ignore_ascii_case("sp_executesql") {
            return self.nested_sql(&given).await;
        }
        if short.eq_ignore_ascii_case(describe::NAME) {
            return self.describe(&given).await;
        }
        let reply = self.procedure(procedure, &given).await?;
        if let Some(name) = status {
            self.assign(variables, name, &Value::Int(i64::from(reply.status)))?;
        }
        let signature = signature_of(procedure);
        for (position, argument) in arguments.iter().enumerate() {
            let Some(target) = &argument.target else {
                continue;
            };
            let key = output_key(signature, position, &argument.name);
            if let Some((_, value)) = reply.outputs.iter().find(|(name, _)| *name == key) {
                self.assign(variables, target, value)?;
            }
        }
        Ok(Flow::Next)
    }

    async fn nested_sql(&mut self, given: &[Given]) -> Result<Flow, Failure> {
        let text = |index: usize| {
            given
                .get(index)
                .and_then(|each| each.value.text())
                .unwrap_or_default()
                .to_owned()
        };
        let declared = self.server.scripts.declarations(&text(1))?;
        let mut inner = Variables::default();
        for (index, each) in given.iter().enumerate().skip(2) {
            let known = if each.name.is_empty() {
                declared.parameters.get(index - 2)
            } else {
                let named =
                    |(name, _): &&(Arc<str>, SqlType)| name.eq_ignore_ascii_case(&each.name);
                declared.parameters.iter().find(named)
            };
            let (name, kind) = known.ok_or_else(|| {
                SqlError::new(8145, format!("{} is not a declared parameter.", each.name))
            })?;
            inner.declare(name, *kind, assign(&each.value, *kind, name)?);
        }
        Box::pin(self.text(&text(0), &mut inner)).await
    }
}

fn signature_of(procedure: &str) -> Option<&'static Signature> {
    let short = procedure.rsplit('.').next().unwrap_or_default();
    procedures::signature::all().get(&short.to_ascii_lowercase())
}

/// The name an output has in a reply; one sent without a name has its parameter's.
fn output_key(signature: Option<&Signature>, position: usize, name: &str) -> String {
    if !name.is_empty() {
        return name.to_ascii_lowercase();
    }
    let parameter = signature.and_then(|signature| signature.parameters.get(position));
    parameter.map_or_else(String::new, |parameter| parameter.name.to_ascii_lowercase())
}

fn statement_text(parameter: Option<&Parameter>) -> Result<String, SqlError> {
    let text = parameter.and_then(|parameter| parameter.value.text());
    text.map(ToOwned::to_owned).ok_or_else(|| {
        SqlError::new(
            214,
            "Procedure expects parameter '@statement' of type 'ntext/nchar/nvarchar'.",
        )
    })
}
