//! What an effect step asks for, computed from the facts.

use super::action::{Action, GpKey, LinkQuery, LinkToComplete, StoreRead, StoreWrite};
use super::compiled::{CompiledStep, LinkName, PartyKey, Question, Work, Write};
use super::model::ClosedPeriod;
use crate::domain::failure::Failure;
use crate::engine::checks::unreadable;
use crate::engine::expression::{Expression, ExpressionError, Facts};
use crate::engine::value::Value;

/// Gives the action of an effect step; `None` for steps that have no effect.
pub(super) fn action(
    key: &str,
    step: &CompiledStep,
    generation: u32,
    facts: &mut Facts,
) -> Result<Option<Action>, Failure> {
    let wrong = |error: ExpressionError| unreadable(key, &error);
    let name = || key.to_owned();
    let timeout_ms = step.timeout_ms;
    let action = match &step.work {
        Work::ReadStore { order } => Action::ReadStore {
            step: name(),
            what: StoreRead::Order {
                id: text(order, facts).map_err(wrong)?,
            },
            timeout_ms,
        },
        Work::FindLink(questions) => Action::FindLinks {
            step: name(),
            keys: queries(questions, facts).map_err(wrong)?,
        },
        Work::ReserveLink {
            link: which,
            gp_key,
        } => {
            let link = link(which, facts).map_err(wrong)?;
            Action::ReserveLink {
                step: name(),
                kind: link.kind,
                store_scoped: link.store_scoped,
                store_key: link.store_key,
                gp_key: text(gp_key, facts).map_err(wrong)?,
            }
        }
        Work::WriteGp(write) => execute(key, step, write, generation, facts).map_err(wrong)?,
        Work::WriteStore { order, note } => Action::WriteStore {
            step: name(),
            what: StoreWrite::OrderNote {
                order_id: text(order, facts).map_err(wrong)?,
                text: note.render(facts).map_err(wrong)?,
            },
            timeout_ms,
        },
        Work::Branch { .. }
        | Work::Check { .. }
        | Work::Set(_)
        | Work::Map(_)
        | Work::Wait(_)
        | Work::Parts(_)
        | Work::Stop(_) => return Ok(None),
    };
    Ok(Some(action))
}

fn queries(questions: &[Question], facts: &mut Facts) -> Result<Vec<LinkQuery>, ExpressionError> {
    let query = |question: &Question| {
        let link = link(&question.link, facts)?;
        Ok(LinkQuery {
            name: question.name.clone(),
            kind: link.kind,
            store_scoped: link.store_scoped,
            store_key: link.store_key,
        })
    };
    questions.iter().map(query).collect()
}

fn execute(
    key: &str,
    step: &CompiledStep,
    write: &Write,
    generation: u32,
    facts: &mut Facts,
) -> Result<Action, ExpressionError> {
    let xml = facts
        .find(&format!("{}.xml", write.document))
        .and_then(Value::as_text)
        .unwrap_or_default()
        .to_owned();
    let gapless = match &write.gapless {
        Some(gapless) => gapless.holds(facts)?,
        None => false,
    };
    let next_batches = match &write.next_batches {
        Some(formula) => next_batches(formula, facts)?,
        None => 0,
    };
    let closed_period = match &write.closed_period {
        Some(formula) => closed_period(formula, facts)?,
        None => ClosedPeriod::default(),
    };
    let mut parties = Vec::new();
    for party in &write.links {
        if let Some(when) = &party.when
            && !when.holds(facts)?
        {
            continue;
        }
        let link = link(&party.link, facts)?;
        parties.push(LinkToComplete {
            kind: link.kind,
            store_scoped: link.store_scoped,
            store_key: link.store_key,
            gp_key: match &party.gp_key {
                PartyKey::Element(element) => GpKey::Element(element.clone()),
                PartyKey::Value(formula) => GpKey::Known(text(formula, facts)?),
            },
        });
    }
    Ok(Action::ExecuteDocument {
        step: key.into(),
        purpose: write.purpose.clone(),
        generation,
        xml,
        parties,
        semantics: write.semantics,
        gapless,
        next_batches,
        closed_period,
        timeout_ms: step.timeout_ms,
    })
}

struct Link {
    kind: String,
    store_scoped: bool,
    store_key: String,
}

fn link(name: &LinkName, facts: &mut Facts) -> Result<Link, ExpressionError> {
    Ok(Link {
        kind: name.kind.render(facts)?,
        store_scoped: name.store_scoped.holds(facts)?,
        store_key: text(&name.store_key, facts)?,
    })
}

/// As many next batches as have a name: 0 to 9, none when the formula gives nothing.
fn next_batches(formula: &Expression, facts: &mut Facts) -> Result<u32, ExpressionError> {
    let value = formula.evaluate(facts)?;
    let number = value.as_number().and_then(|n| u32::try_from(n).ok());
    match number {
        Some(number) if number <= 9 => Ok(number),
        None if value == Value::Null => Ok(0),
        Some(_) | None => Err(ExpressionError::new(
            formula.text(),
            "gives no number from 0 to 9 of next batches",
        )),
    }
}

/// Refused when the formula gives nothing.
fn closed_period(formula: &Expression, facts: &mut Facts) -> Result<ClosedPeriod, ExpressionError> {
    let value = formula.evaluate(facts)?;
    let known = value.as_text().and_then(ClosedPeriod::named);
    match known {
        Some(policy) => Ok(policy),
        None if value == Value::Null => Ok(ClosedPeriod::default()),
        None => Err(ExpressionError::new(
            formula.text(),
            "gives none of refuse, wait and next_open_day",
        )),
    }
}

/// Computes a text that must not be blank; a number is written plainly.
fn text(formula: &Expression, facts: &mut Facts) -> Result<String, ExpressionError> {
    let value = formula.evaluate(facts)?;
    let text = match &value {
        Value::Number(number) => number.normalize().to_string(),
        Value::Text(text) => text.trim().to_owned(),
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) => String::new(),
    };
    if text.is_empty() {
        return Err(ExpressionError::new(
            formula.text(),
            format!("gives {} where a key is wanted", value.kind()),
        ));
    }
    Ok(text)
}
