//! Tables of rules: which row fits the facts.

use rhai::{Dynamic, Engine, Map};
use rust_decimal::Decimal;

use super::{Given, convert, map, text, with_list, with_map};

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
        match says(&wanted, fact, &fact_text) {
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
fn says(wanted: &str, fact: &Dynamic, fact_text: &str) -> Option<u32> {
    let wanted = wanted.trim();
    if wanted == "*" {
        return Some(0);
    }
    if let Some(number) = convert::number(fact) {
        let wanted: Decimal = wanted.parse().ok()?;
        return (wanted == number).then_some(3);
    }
    let (wanted, fact) = (wanted.to_lowercase(), fact_text.trim().to_lowercase());
    if wanted.contains('*') {
        return fits_pattern(&wanted, &fact).then_some(1);
    }
    (wanted == fact).then_some(3)
}

/// Tells whether a text fits a pattern in which `*` stands for any characters.
fn fits_pattern(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        let Some(place) = rest.find(part) else {
            return false;
        };
        rest = &rest[place + part.len()..];
    }
    rest.ends_with(last)
}

/// Compares postcodes: without blanks, in one case, and only as far as the bound is written, so
/// that `58899-1234` lies within `58899`.
fn inside(fact: &str, bound: &str, low: bool) -> bool {
    let tidy = |text: &str| -> String {
        let kept = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
        kept.flat_map(char::to_uppercase).collect()
    };
    let (fact, bound) = (tidy(fact), tidy(bound));
    if fact.is_empty() {
        return false;
    }
    let fact: String = fact.chars().take(bound.chars().count()).collect();
    if low { fact >= bound } else { fact <= bound }
}
