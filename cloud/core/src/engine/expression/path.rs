//! Paths taken apart, and parts of values that are used where they stand.

use std::sync::Arc;

use super::facts::Name;
use crate::engine::value::Value;

/// A path such as `order.items[0].sku`, taken apart once.
#[derive(Debug)]
pub(in crate::engine) struct Path {
    text: String,
    pub(super) name: Name,
    /// None where no value can stand.
    pub(super) steps: Option<Vec<Step>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Field(Arc<str>),
    Place(usize),
}

/// A value, or a part of one that stays within it: to give a part a name of its own, or to go
/// through a list, nothing is copied.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Shared {
    whole: Arc<Value>,
    steps: Vec<Step>,
}

impl Path {
    pub(in crate::engine) fn new(text: &str) -> Self {
        let end = text.find(['.', '[']).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        Self {
            text: text.to_owned(),
            name: Name::new(name),
            steps: steps(rest.strip_prefix('.').unwrap_or(rest)),
        }
    }

    /// Gives the path as written.
    pub(in crate::engine) fn text(&self) -> &str {
        &self.text
    }
}

/// Takes apart what [`Value::at`] follows.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    if path.is_empty() {
        return Some(steps);
    }
    for part in path.split('.') {
        let (name, mut rest) = part.split_at(part.find('[').unwrap_or(part.len()));
        if !name.is_empty() || rest.is_empty() {
            steps.push(Step::Field(name.into()));
        }
        while let Some(inside) = rest.strip_prefix('[') {
            let (index, after) = inside.split_once(']')?;
            steps.push(Step::Place(index.parse().ok()?));
            rest = after;
        }
    }
    Some(steps)
}

/// Follows steps from a value.
pub(super) fn follow<'v>(value: &'v Value, steps: &[Step]) -> Option<&'v Value> {
    steps.iter().try_fold(value, |value, step| match step {
        Step::Field(name) => value.get(name),
        Step::Place(place) => value.as_list()?.get(*place),
    })
}

impl Shared {
    /// Gives the value.
    pub(in crate::engine) fn value(&self) -> &Value {
        // The way was followed once, and what is shared does not change.
        follow(&self.whole, &self.steps).unwrap_or(&Value::Null)
    }

    /// Gives a part; none where nothing stands there.
    pub(super) fn part(&self, steps: &[Step]) -> Option<Self> {
        follow(self.value(), steps)?;
        let steps = self.steps.iter().chain(steps);
        Some(Self {
            whole: self.whole.clone(),
            steps: steps.cloned().collect(),
        })
    }

    /// Gives the entries of the list it is; none where it is none.
    pub(in crate::engine) fn entries(&self) -> Option<Vec<Self>> {
        let count = self.value().as_list()?.len();
        let entries = (0..count).map(|place| {
            let steps = self.steps.iter().cloned();
            Self {
                whole: self.whole.clone(),
                steps: steps.chain([Step::Place(place)]).collect(),
            }
        });
        Some(entries.collect())
    }

    /// Gives the value to change, apart from what it was shared with.
    pub(in crate::engine) fn to_mut(&mut self) -> &mut Value {
        if !self.steps.is_empty() {
            *self = Self::from(self.value().clone());
        }
        Arc::make_mut(&mut self.whole)
    }
}

impl From<Value> for Shared {
    fn from(value: Value) -> Self {
        Arc::new(value).into()
    }
}

impl From<Arc<Value>> for Shared {
    fn from(whole: Arc<Value>) -> Self {
        Self {
            whole,
            steps: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::expression::Facts;

    #[test]
    fn paths_find_what_their_texts_find() {
        let json =
            r#"{"items": [{"sku": "A", "": 1}, [2, {"x.y": 3}]], "none": null, "": {"a": 4}}"#;
        let mut facts = Facts::default();
        facts.set("order", Value::from_json(json).unwrap());
        facts.set("list", Value::from(vec![Value::from(7)]));
        for path in [
            "order",
            "order.",
            "order.items",
            "order.items[0].sku",
            "order.items[0].",
            "list[0]",
            "order.items[1][1].x",
            "order.items[2]",
            "order.items[x]",
            "order.items[0",
            "list.[0]",
            "order.items[0]sku",
            "order.none.deeper",
            "order..a",
            "nothing",
            "order[0]",
            "",
            "order.items.[0].sku",
            "order.[0]",
            "list[0][0]",
        ] {
            assert_eq!(facts.at(&Path::new(path)), facts.find(path), "{path}");
        }
    }

    #[test]
    fn parts_stay_what_they_are_when_one_is_changed() {
        let list = Value::from(vec![Value::map([("a", Value::from(1))]), Value::from(2)]);
        let entries = Shared::from(list.clone()).entries().unwrap();
        let mut first = entries[0].clone();
        *first.to_mut() = Value::from(9);
        assert_eq!(first.value(), &Value::from(9));
        assert_eq!(entries[0].value(), list.at("[0]").unwrap());
        assert_eq!(entries[1].part(&[]).unwrap().value(), &Value::from(2));
        assert!(entries[1].entries().is_none());
    }
}
