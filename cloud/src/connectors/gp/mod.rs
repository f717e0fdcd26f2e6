//! Work for an agent: builds commands for GP and reads their answers.

use std::collections::BTreeMap;

use connect_core::domain::failure::{Failure, FailureClass, Fault};
use connect_core::domain::ids::CommandId;
use connect_core::engine::workflow::ClosedPeriod;
use connect_proto::tunnel::v1;
use prost::Message;

/// What an eConnect document brings about, and how it is to be carried out.
#[derive(Clone, Debug)]
pub struct Execute<'a> {
    /// Names the attempt.
    pub command: CommandId,
    /// INTERID of the company.
    pub database: &'a str,
    /// Commands of one lane are worked on in order.
    pub lane: &'a str,
    /// Identity of the effect.
    pub effect_key: &'a str,
    /// Take document numbers inside the writing transaction.
    pub gapless: bool,
    /// How many next batches may be joined when the document's own takes none.
    pub next_batches: u32,
    /// What becomes of it when its posting date is in a closed period.
    pub closed_period: ClosedPeriod,
    /// The binding the cloud knows; none: not checked.
    pub incarnation: Option<&'a str>,
    /// How long the agent may work on it.
    pub timeout_ms: u32,
}

/// The command's protobuf, without the document: the tunnel adds that when it sends.
pub fn execute_body(execute: &Execute<'_>) -> Vec<u8> {
    v1::Command {
        command_id: execute.command.to_string(),
        company: execute.database.into(),
        lane: execute.lane.into(),
        timeout_ms: execute.timeout_ms,
        trace_parent: String::new(),
        body: Some(v1::command::Body::Execute(v1::ExecuteDocument {
            effect_key: execute.effect_key.into(),
            document: None,
            semantics: v1::Semantics::Once.into(),
            revision: 0,
            gapless: execute.gapless,
            expected_incarnation: execute.incarnation.unwrap_or_default().into(),
            next_batches: execute.next_batches,
            closed_period: match execute.closed_period {
                ClosedPeriod::Refuse => v1::ClosedPeriod::Refuse,
                ClosedPeriod::Wait => v1::ClosedPeriod::Wait,
                ClosedPeriod::NextOpenDay => v1::ClosedPeriod::NextOpenDay,
            }
            .into(),
        })),
    }
    .encode_to_vec()
}

/// A document that GP holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// An earlier attempt had written it.
    pub already_done: bool,
    /// ... and from another document than this attempt's.
    pub payload_differs: bool,
    /// What GP numbered or named: `SOPNUMBE` to `ORDST2228`.
    pub keys: BTreeMap<String, String>,
}

/// Reads an agent's answer to an eConnect document.
pub fn executed(answer: &[u8]) -> Result<Executed, Failure> {
    let result = v1::CommandResult::decode(answer)
        .map_err(|error| bug(format!("The agent's answer cannot be read: {error}")))?;
    match result.outcome {
        Some(v1::command_result::Outcome::Executed(done)) => Ok(Executed {
            already_done: done.already_done,
            payload_differs: done.payload_differs,
            keys: done
                .keys
                .into_iter()
                .map(|key| (key.element, key.value))
                .collect(),
        }),
        Some(v1::command_result::Outcome::Failure(failure)) => Err(from_wire(failure)),
        Some(
            v1::command_result::Outcome::Bulk(_)
            | v1::command_result::Outcome::Page(_)
            | v1::command_result::Outcome::Described(_)
            | v1::command_result::Outcome::Diagnosis(_),
        )
        | None => Err(bug(
            "The agent answered something else than was asked.".into()
        )),
    }
}

fn bug(message: String) -> Failure {
    Failure::new(FailureClass::Bug, "unreadable_answer", message)
}

fn from_wire(failure: v1::Failure) -> Failure {
    let class = class(failure.class());
    let errors = failure.errors.into_iter();
    Failure {
        class,
        faults: errors.map(|error| fault(error, &failure.code)).collect(),
        code: failure.code,
        message: failure.message,
        retry_after_ms: (failure.retry_after_ms > 0).then_some(failure.retry_after_ms.into()),
        step: None,
    }
}

fn class(class: v1::ErrorClass) -> FailureClass {
    match class {
        v1::ErrorClass::Busy => FailureClass::Busy,
        v1::ErrorClass::Unavailable => FailureClass::Unavailable,
        v1::ErrorClass::Authentication => FailureClass::Authentication,
        v1::ErrorClass::InvalidData => FailureClass::InvalidData,
        v1::ErrorClass::BusinessRule => FailureClass::BusinessRule,
        v1::ErrorClass::Duplicate => FailureClass::Duplicate,
        v1::ErrorClass::Unsupported => FailureClass::Unsupported,
        v1::ErrorClass::Parked => FailureClass::Parked,
        v1::ErrorClass::InDoubt => FailureClass::InDoubt,
        v1::ErrorClass::RateLimited => FailureClass::RateLimited,
        v1::ErrorClass::Bug | v1::ErrorClass::Unspecified => FailureClass::Bug,
    }
}

/// An error that the agent found by itself has no code of GP's; the failure's own stands in.
fn fault(error: v1::GpError, found: &str) -> Fault {
    let some = |text: String| (!text.is_empty()).then_some(text);
    Fault {
        code: match error.code {
            0 => found.into(),
            code => code.to_string(),
        },
        message: error.text,
        procedure: some(error.procedure),
        node: some(error.node),
        field: some(error.element),
        value: some(error.value),
        repair: error.repair,
        keys: error.key_fields.into_iter().collect(),
    }
}
