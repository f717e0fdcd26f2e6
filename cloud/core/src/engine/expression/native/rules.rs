//! Tables of rules: which row fits the facts.

use std::borrow::Cow;

use super::super::functions::rules::says;
use super::calls::{self, number};
use super::evaluate::Run;
use super::item::{Item, Map};
use crate::engine::lookup::inside;

/// What a rule is asked about one field.
struct Question<'a> {
    name: Cow<'a, str>,
    fact: Item<'a>,
}

pub(super) fn match_rule<'a>(
    run: &mut Run<'a>,
    rules: Item<'a>,
    facts: Item<'a>,
) -> Option<Item<'a>> {
    let mut best: Option<(u32, Item<'a>)> = None;
    for (score, rule) in fitting(run, rules, facts)? {
        if best.as_ref().is_none_or(|(most, _)| score > *most) {
            best = Some((score, rule));
        }
    }
    Some(best.map_or(Item::Nothing, |(_, rule)| rule))
}

pub(super) fn first_rule<'a>(
    run: &mut Run<'a>,
    rules: Item<'a>,
    facts: Item<'a>,
) -> Option<Item<'a>> {
    let fitting = fitting(run, rules, facts)?;
    let first = fitting.into_iter().next();
    Some(first.map_or(Item::Nothing, |(_, rule)| rule))
}

/// Gives the rules that fit, with how much each of them says.
fn fitting<'a>(
    run: &mut Run<'a>,
    rules: Item<'a>,
    facts: Item<'a>,
) -> Option<Vec<(u32, Item<'a>)>> {
    let facts = calls::map(run, facts)?.into_fields();
    let questions: Vec<Question<'a>> = facts
        .into_iter()
        .map(|(name, fact)| Question { name, fact })
        .collect();
    let mut fitting = Vec::new();
    for rule in calls::list(run, rules)?.iter() {
        let rule = calls::map(run, rule)?;
        match fits(&rule, &questions)? {
            Fit::Scores(score) => fitting.push((score, Item::Map(rule))),
            Fit::Not => {}
        }
    }
    Some(fitting)
}

/// Whether a rule fits.
enum Fit {
    /// It says something else.
    Not,
    /// It does; how exactly it says so.
    Scores(u32),
}

fn fits(rule: &Map<'_>, questions: &[Question<'_>]) -> Option<Fit> {
    let mut score = 0;
    for question in questions {
        match answer(rule, question)? {
            Fit::Scores(more) => score += more,
            Fit::Not => return Some(Fit::Not),
        }
    }
    Some(Fit::Scores(score))
}

fn answer(rule: &Map<'_>, question: &Question<'_>) -> Option<Fit> {
    let field = |name: &str| rule.get(name).filter(|value| !value.is_blank());
    let fact = calls::text(question.fact.clone())?;
    let mut score = 0;
    if let Some(wanted) = field(&question.name) {
        let wanted = calls::text(wanted)?;
        match says(&wanted, number(&question.fact), &fact) {
            Some(more) => score += more,
            None => return Some(Fit::Not),
        }
    }
    for (end, low) in [("_from", true), ("_to", false)] {
        if let Some(bound) = rule
            .get_joined(&question.name, end)
            .filter(|bound| !bound.is_blank())
        {
            if !inside(&fact, &calls::text(bound)?, low) {
                return Some(Fit::Not);
            }
            score += 1;
        }
    }
    Some(Fit::Scores(score))
}
