//! Going through a list: taking entries apart, leaving some out, joining alike ones, in order.

use std::cmp::Ordering;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::expression::{Expression, ExpressionError, Facts, Name, Shared};
use super::problem::Problems;
use super::value::Value;

/// The step between two lines in GP.
const STEP: i64 = 16_384;

/// A list to go through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ForEach {
    /// A formula for the list.
    pub list: String,
    /// The name of an entry.
    pub item: String,
    /// The name of its place, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// The name of its running number as GP numbers lines: 16384, 32768, ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<String>,
    /// Takes each entry apart, as a bundle into its components.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explode: Option<Explode>,
    /// A formula: false leaves the entry out.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Makes one entry of alike ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merge: Option<Merge>,
    /// The order of the entries; those that are equal in all keep theirs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sort: Vec<SortBy>,
}

/// Taking an entry apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explode {
    /// A formula over the entry for the list of its parts. Without parts the entry stays whole and
    /// its part is nothing.
    pub list: String,
    /// The name of a part.
    pub item: String,
}

/// Making one entry of alike ones: the first, with sums.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// Formulas over the entry; entries for which all give the same are alike.
    pub by: Vec<String>,
    /// Paths inside the entry, such as `quantity`, whose numbers are added up.
    pub sum: Vec<String>,
}

/// One key of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SortBy {
    /// A formula over the entry.
    pub by: String,
    /// The largest first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub descending: bool,
}

/// A compiled list to go through.
#[derive(Debug)]
pub(super) struct CompiledForEach {
    list: Expression,
    item: Name,
    index: Option<Name>,
    sequence: Option<Name>,
    explode: Option<(Expression, Name)>,
    filter: Option<Expression>,
    merge: Option<(Vec<Expression>, Vec<String>)>,
    sort: Vec<(Expression, bool)>,
}

/// One entry.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    item: Shared,
    part: Option<Shared>,
}

impl CompiledForEach {
    /// Compiles it over the variables `known` and adds the names it gives to them.
    pub(super) fn compile(
        each: &ForEach,
        location: &str,
        known: &mut Vec<String>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let place = |part: &str| format!("{location}.for_each.{part}");
        let list = problems.expression(&place("list"), &each.list, known);
        problems.name(&place("item"), &each.item, known);
        if let Some(path) = list.as_ref().and_then(Expression::path) {
            problems.alias(&each.item, &format!("{path}[0]"));
        }
        let explode = each.explode.as_ref().map(|explode| {
            let parts = problems.expression(&place("explode.list"), &explode.list, known);
            problems.name(&place("explode.item"), &explode.item, known);
            (parts, Name::new(&explode.item))
        });
        let filter = problems.optional(&place("where"), each.filter.as_ref(), known);
        let merge = each.merge.as_ref().map(|merge| {
            let by = merge.by.iter().enumerate().filter_map(|(index, by)| {
                problems.expression(&place(&format!("merge.by[{index}]")), by, known)
            });
            (by.collect(), merge.sum.clone())
        });
        if each.merge.as_ref().is_some_and(|merge| merge.by.is_empty()) {
            problems.add(&place("merge.by"), "must name what makes entries alike");
        }
        let sort = each.sort.iter().enumerate().filter_map(|(index, key)| {
            let place = place(&format!("sort[{index}]"));
            let by = problems.expression(&place, &key.by, known)?;
            Some((by, key.descending))
        });
        let sort = sort.collect();
        for name in [("index", &each.index), ("sequence", &each.sequence)] {
            if let (part, Some(name)) = name {
                problems.name(&place(part), name, known);
            }
        }
        Some(Self {
            list: list?,
            item: Name::new(&each.item),
            index: each.index.as_deref().map(Name::new),
            sequence: each.sequence.as_deref().map(Name::new),
            explode: match explode {
                Some((parts, item)) => Some((parts?, item)),
                None => None,
            },
            filter,
            merge,
            sort,
        })
    }

    /// Gives the entries: taken apart, without those left out, alike ones joined, in order.
    pub(super) fn entries(&self, facts: &mut Facts) -> Result<Vec<Entry>, ExpressionError> {
        let mut entries = Vec::new();
        for item in list_of(&self.list, facts)? {
            self.take_apart(item, facts, &mut entries)?;
        }
        if let Some(filter) = &self.filter {
            let mut kept = Vec::with_capacity(entries.len());
            for entry in entries {
                if self.within(facts, &entry, |facts| filter.holds(facts))? {
                    kept.push(entry);
                }
            }
            entries = kept;
        }
        if let Some((by, sums)) = &self.merge {
            entries = self.merged(by, sums, entries, facts)?;
        }
        if !self.sort.is_empty() {
            entries = self.sorted(entries, facts)?;
        }
        Ok(entries)
    }

    fn take_apart(
        &self,
        item: Shared,
        facts: &mut Facts,
        entries: &mut Vec<Entry>,
    ) -> Result<(), ExpressionError> {
        let whole = Entry { item, part: None };
        let Some((parts, _)) = &self.explode else {
            entries.push(whole);
            return Ok(());
        };
        let parts = self.within(facts, &whole, |facts| list_of(parts, facts))?;
        if parts.is_empty() {
            entries.push(whole);
            return Ok(());
        }
        entries.extend(parts.into_iter().map(|part| Entry {
            item: whole.item.clone(),
            part: Some(part),
        }));
        Ok(())
    }

    fn merged(
        &self,
        by: &[Expression],
        sums: &[String],
        entries: Vec<Entry>,
        facts: &mut Facts,
    ) -> Result<Vec<Entry>, ExpressionError> {
        let mut merged: Vec<Entry> = Vec::new();
        let mut places = std::collections::HashMap::new();
        for entry in entries {
            let key = self.within(facts, &entry, |facts| {
                let values = by.iter().map(|by| Ok(alike(&by.evaluate(facts)?)));
                values.collect::<Result<Vec<_>, ExpressionError>>()
            })?;
            let Some(place) = places.get(&key).copied() else {
                places.insert(key, merged.len());
                merged.push(entry);
                continue;
            };
            let first: &mut Entry = &mut merged[place];
            for path in sums {
                add(first.item.to_mut(), entry.item.value(), path)?;
            }
        }
        Ok(merged)
    }

    fn sorted(
        &self,
        entries: Vec<Entry>,
        facts: &mut Facts,
    ) -> Result<Vec<Entry>, ExpressionError> {
        let mut keyed = Vec::with_capacity(entries.len());
        for entry in entries {
            let keys = self.within(facts, &entry, |facts| {
                let keys = self.sort.iter().map(|(by, _)| by.evaluate(facts));
                keys.collect::<Result<Vec<_>, ExpressionError>>()
            })?;
            keyed.push((keys, entry));
        }
        keyed.sort_by(|(a, _), (b, _)| {
            let each = self.sort.iter().zip(a.iter().zip(b));
            let mut orders = each.map(|((_, descending), (a, b))| {
                let order = compared(a, b);
                if *descending { order.reverse() } else { order }
            });
            orders
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        });
        Ok(keyed.into_iter().map(|(_, entry)| entry).collect())
    }

    /// Does something while the names of an entry are set.
    fn within<T>(
        &self,
        facts: &mut Facts,
        entry: &Entry,
        work: impl FnOnce(&mut Facts) -> Result<T, ExpressionError>,
    ) -> Result<T, ExpressionError> {
        let mark = facts.mark();
        self.set(facts, entry.clone());
        let done = work(facts);
        facts.reset(mark);
        done
    }

    fn set(&self, facts: &mut Facts, entry: Entry) {
        facts.share(&self.item, entry.item);
        if let Some((_, name)) = &self.explode {
            let part = entry.part.unwrap_or_else(|| Value::Null.into());
            facts.share(name, part);
        }
    }

    /// Sets the names of one entry.
    pub(super) fn enter(&self, facts: &mut Facts, index: usize, entry: Entry) {
        self.set(facts, entry);
        let index = i64::try_from(index).unwrap_or(i64::MAX);
        if let Some(name) = &self.index {
            facts.share(name, Value::from(index));
        }
        if let Some(name) = &self.sequence {
            let number = index.saturating_add(1).saturating_mul(STEP);
            facts.share(name, Value::from(number));
        }
    }
}

fn list_of(list: &Expression, facts: &mut Facts) -> Result<Vec<Shared>, ExpressionError> {
    let given = list.share(facts)?;
    match (given.entries(), given.value()) {
        (Some(entries), _) => Ok(entries),
        (None, Value::Null) => Ok(Vec::new()),
        (None, other) => Err(ExpressionError::new(
            list.text(),
            format!("not a list but {}", other.kind()),
        )),
    }
}

/// Adds the number at a path of one entry to that of another.
fn add(to: &mut Value, from: &Value, path: &str) -> Result<(), ExpressionError> {
    let more = from.at(path).cloned().unwrap_or_default();
    let Some(place) = to.at_mut(path) else {
        return Err(ExpressionError::new(path, "the entry has no such field"));
    };
    let number = |value: &Value| match value {
        Value::Null => Some(Decimal::ZERO),
        Value::Number(number) => Some(*number),
        Value::Bool(_) | Value::Text(_) | Value::List(_) | Value::Map(_) => None,
    };
    let (Some(have), Some(more)) = (number(place), number(&more)) else {
        return Err(ExpressionError::new(path, "is not a number in every entry"));
    };
    let Some(sum) = have.checked_add(more) else {
        return Err(ExpressionError::new(path, "the sum is too large"));
    };
    *place = Value::Number(sum);
    Ok(())
}

/// A value as it is compared with others: numbers of the same size are the same.
fn alike(value: &Value) -> String {
    match value {
        Value::Number(number) => number.normalize().to_string(),
        Value::Null | Value::Bool(_) | Value::Text(_) | Value::List(_) | Value::Map(_) => {
            value.to_json()
        }
    }
}

/// Compares keys of an order: numbers by size, texts by their letters, nothing behind all.
fn compared(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.cmp(b),
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Greater,
        (_, Value::Null) => Ordering::Less,
        _ => a.to_string().cmp(&b.to_string()),
    }
}
