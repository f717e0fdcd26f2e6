//! Between a run and people or formulas: what formulas may read, what notes tell.

use std::sync::Arc;

use super::action::{Action, LinkQuery, StoreRead, StoreWrite};
use super::compile::RECORDS;
use super::compiled::Compiled;
use super::state::State;
use crate::domain::event::Source;
use crate::domain::failure::{Failure, Fault};
use crate::engine::expression::Facts;
use crate::engine::moment;
use crate::engine::schema;
use crate::engine::value::Value;

/// Puts everything formulas may read in one place.
pub(super) fn facts(workflow: &Compiled, state: &State) -> Facts {
    let input = &state.input;
    let event = Value::map([
        ("topic", Value::from(input.event.topic.as_str())),
        ("entity", input.event.entity.as_str().into()),
        ("entity_id", input.event.entity_id.as_str().into()),
        ("occurred", Value::from(input.event.occurred.0)),
        ("source", source_name(input.event.source).into()),
        ("body", input.event.body.clone()),
        ("generation", Value::from(i64::from(input.generation))),
        // A snapshot may be older than this field: then nothing, never a day in 1970.
        (
            "began",
            Some(input.began)
                .filter(|at| at.0 != 0)
                .map(moment::text)
                .into(),
        ),
    ]);
    let records = [
        Arc::new(event),
        Arc::new(input.store.clone()),
        Arc::clone(&input.profile),
        Arc::new(input.company.clone()),
    ];
    let mut facts = Facts::default();
    for (name, mut value) in RECORDS.into_iter().zip(records) {
        if !schema::is_complete(name, &value) {
            schema::complete(name, Arc::make_mut(&mut value));
        }
        facts.set(name, value);
    }
    for (name, value) in input.part.iter().flat_map(|part| &part.given) {
        facts.set(name, value.clone());
    }
    for name in workflow
        .results
        .iter()
        .map(String::as_str)
        .chain(["failure"])
    {
        let value = state.results.get(name).cloned().unwrap_or_default();
        facts.set(name, value);
    }
    facts
}

fn source_name(source: Source) -> &'static str {
    match source {
        Source::Webhook => "webhook",
        Source::Poll => "poll",
        Source::Manual => "manual",
        Source::Replay => "replay",
        Source::Schedule => "schedule",
        Source::Change => "change",
    }
}

/// Writes down what did not hold and need not.
pub(super) fn warnings(faults: &[Fault]) -> String {
    serde_json::json!({"warnings": faults}).to_string()
}

/// Tells formulas of an error way what went wrong.
pub(super) fn failure(failure: &Failure) -> Value {
    Value::map([
        ("code", Value::from(failure.code.as_str())),
        ("message", failure.message.as_str().into()),
    ])
}

/// Writes what an action asks for, for people: JSON, or the document itself.
pub(super) fn asked_for(action: &Action) -> Option<String> {
    let text = |text: &str| Value::from(text);
    let asked = match action {
        Action::ExecuteDocument { xml, .. } => return Some(xml.clone()),
        Action::ReadStore {
            what: StoreRead::Order { id },
            ..
        } => Value::map([("order", text(id))]),
        Action::FindLinks { keys, .. } => {
            let link = |query: &LinkQuery| {
                let key = format!("{} {}", query.kind, query.store_key);
                (query.name.clone(), Value::from(key))
            };
            Value::map(keys.iter().map(link))
        }
        Action::ReserveLink {
            kind,
            store_key,
            gp_key,
            ..
        } => Value::map([
            ("kind", text(kind)),
            ("store_key", text(store_key)),
            ("gp_key", text(gp_key)),
        ]),
        Action::WriteStore {
            what:
                StoreWrite::OrderNote {
                    order_id,
                    text: note,
                },
            ..
        } => Value::map([("order", text(order_id)), ("note", text(note))]),
        Action::Pause { .. }
        | Action::Await { .. }
        | Action::StartItems(_)
        | Action::AwaitItems { .. }
        | Action::Succeed { .. }
        | Action::Stop { .. }
        | Action::Dead { .. } => return None,
    };
    Some(asked.to_json())
}
