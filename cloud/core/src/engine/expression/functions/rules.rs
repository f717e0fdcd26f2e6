//! Tables of rules: which row fits the facts.

use rhai::{Dynamic, Engine, Map};
use rust_decimal::Decimal;

use super::{Given, convert, map, text, with_list, with_map};
use crate::engine::lookup::{fits_pattern, inside};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("match_rule", |rules: Dynamic, facts: Dynamic| {
        let mut best: Option<(u32, Map)> = None;
        for (score, rule) in fitting("match_rule", &rules, &facts)? {
            if best.as_ref().is_none_or(|(most, _)| score > *most) {
                best = Some((score, rule));
            }
        }
        Given::Ok(best.map_or(Dynamic::UNIT, |(_, rule)| Dynamic::from_map(rule)))
    });
    engine.register_fn("first_rule", |rules: Dynamic, facts: Dynamic| {
        let fitting = fitting("first_rule", &rules, &facts)?;
        let first = fitting.into_iter().next();
        Given::Ok(first.map_or(Dynamic::UNIT, |(_, rule)| Dynamic::from_map(rule)))
    });
}

/// Gives the rules that fit, with how much each of them says.
fn fitting(helper: &str, rules: &Dynamic, facts: &Dynamic) -> Given<Vec<(u32, Map)>> {
    let facts = map(helper, "facts", facts)?;
    with_list(helper, "rules", rules, |rules| {
        let mut fitting = Vec::new();
        for rule in rules {
            with_map(helper, "rule", rule, |rule| {
                let score = score(helper, rule, &facts)?;
                fitting.extend(score.map(|score| (score, rule.clone())));
                Ok(())
            })?;
        }
        Ok(fitting)
    })
}

/// Tells how exactly a rule says all facts; `None` where it says something else.
fn score(helper: &str, rule: &Map, facts: &Map) -> Given<Option<u32>> {
    let mut score = 0;
    for (name, fact) in facts {
        match fits(helper, rule, name, fact)? {
            Some(more) => score += more,
            None => return Ok(None),
        }
    }
    Ok(Some(score))
}

/// Tells how exactly a rule's fields say a fact; `None` where they say something else.
fn fits(helper: &str, rule: &Map, name: &str, fact: &Dynamic) -> Given<Option<u32>> {
    let field = |name: &str| rule.get(name).filter(|value| !super::is_blank(value));
    let fact_text = text(helper, name, fact)?;
    let mut score = 0;
    if let Some(wanted) = field(name) {
        let wanted = text(helper, name, wanted)?;
        match says(&wanted, convert::number(fact), &fact_text) {
            Some(more) => score += more,
            None => return Ok(None),
        }
    }
    for (end, low) in [("from", true), ("to", false)] {
        if let Some(bound) = field(&format!("{name}_{end}")) {
            let bound = text(helper, name, bound)?;
            if !inside(&fact_text, &bound, low) {
                return Ok(None);
            }
            score += 1;
        }
    }
    Ok(Some(score))
}

/// Scores a field against a fact: 3 exact, 1 pattern, 0 anything.
pub(in crate::engine::expression) fn says(
    wanted: &str,
    number: Option<Decimal>,
    fact_text: &str,
) -> Option<u32> {
    let wanted = wanted.trim();
    if wanted == "*" {
        return Some(0);
    }
    if let Some(number) = number {
        let wanted: Decimal = wanted.parse().ok()?;
        return (wanted == number).then_some(3);
    }
    let (wanted, fact) = (wanted.to_lowercase(), fact_text.trim().to_lowercase());
    if wanted.contains('*') {
        return fits_pattern(&wanted, &fact).then_some(1);
    }
    (wanted == fact).then_some(3)
}
