//! From a transform as mappings write it to one ready to apply.

use std::collections::BTreeMap;

use regex::Regex;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::parameters::{Arguments, Parameter, ParameterKind, pattern};
use super::{Call, Entry, Kind, Notes, Wrong, catalogue, taken};
use crate::engine::expression::{Expression, Facts};
use crate::engine::problem::Problems;
use crate::engine::value::Value;

/// A transform as mappings write it: `"trim"`, `{"truncate": 60}`, where the value is the first
/// parameter, or `{"pad": {"length": 6, "with": "0"}}`. An argument may be a formula:
/// `{"formula": "order.customer_currency_code"}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transform {
    /// The name of its [`Entry`].
    pub name: String,
    /// What it is told: nothing, the first parameter alone, or all by name.
    pub told: Value,
}

impl Serialize for Transform {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.told.is_null() {
            serializer.serialize_str(&self.name)
        } else {
            serializer.collect_map([(&self.name, &self.told)])
        }
    }
}

impl<'de> Deserialize<'de> for Transform {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = || D::Error::custom("a transform is a name, or a group of one name");
        match Value::deserialize(deserializer)? {
            Value::Text(name) => Ok(Self {
                name,
                told: Value::Null,
            }),
            Value::Map(map) if map.len() == 1 => {
                let (name, told) = map.into_iter().next().ok_or_else(wrong)?;
                Ok(Self { name, told })
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Map(_) => {
                Err(wrong())
            }
        }
    }
}

/// A transform ready to apply.
#[derive(Debug)]
pub(in crate::engine) struct Compiled {
    entry: &'static Entry,
    fixed: BTreeMap<&'static str, Value>,
    computed: Vec<(&'static Parameter, Expression)>,
    pattern: Option<Regex>,
    shown: String,
}

impl Compiled {
    /// Compiles a transform over the variables `known`, noting what is wrong with it.
    pub(super) fn compile(
        transform: &Transform,
        location: &str,
        known: &[String],
        problems: &mut Problems,
    ) -> Option<Self> {
        let location = format!("{location}.{}", transform.name);
        let Some(entry) = catalogue::entry(&transform.name) else {
            problems.add(
                &location,
                format!("there is no transform `{}`", transform.name),
            );
            return None;
        };
        let told = told(entry, &transform.told, &location, problems)?;
        let mut compiled = Self {
            entry,
            fixed: BTreeMap::new(),
            computed: Vec::new(),
            pattern: None,
            shown: shown(entry, &told),
        };
        for parameter in entry.parameters {
            let place = format!("{location}.{}", parameter.name);
            match told.get(parameter.name) {
                Some(value) => compiled.argument(parameter, value, &place, known, problems),
                None => compiled.default(parameter, &place, problems),
            }
        }
        Some(compiled)
    }

    fn argument(
        &mut self,
        parameter: &'static Parameter,
        value: &Value,
        location: &str,
        known: &[String],
        problems: &mut Problems,
    ) {
        if let Some(formula) = formula(value)
            && parameter.kind.takes_formula()
        {
            let formula = problems.expression(location, formula, known);
            self.computed
                .extend(formula.map(|formula| (parameter, formula)));
            return;
        }
        if let Err(message) = parameter.kind.check(value) {
            problems.add(location, message);
            return;
        }
        if parameter.kind == ParameterKind::Pattern {
            self.pattern = value.as_text().and_then(|text| pattern(text).ok());
        }
        self.fixed.insert(parameter.name, value.clone());
    }

    fn default(&mut self, parameter: &'static Parameter, location: &str, problems: &mut Problems) {
        match parameter.default.map(Value::from_json) {
            Some(Ok(value)) => {
                self.fixed.insert(parameter.name, value);
            }
            Some(Err(_)) | None => problems.add(location, "must be said"),
        }
    }

    /// Gives what it works on.
    pub(in crate::engine) fn takes(&self) -> Kind {
        self.entry.takes
    }

    /// Gives what it makes.
    pub(in crate::engine) fn gives(&self) -> Kind {
        self.entry.gives
    }

    /// Gives the most characters it leaves, where it says so.
    pub(in crate::engine) fn longest(&self) -> Option<usize> {
        let length = self.fixed.get(self.entry.longest?)?;
        length.as_number()?.try_into().ok()
    }

    /// Gives its name and what it was told: `truncate 60`.
    pub(in crate::engine) fn shown(&self) -> &str {
        &self.shown
    }

    /// Changes a value, and notes what it did.
    pub(super) fn apply(
        &self,
        value: Value,
        facts: &mut Facts,
        notes: &mut Notes,
    ) -> Result<Value, Wrong> {
        let mut computed = BTreeMap::new();
        for (parameter, formula) in &self.computed {
            computed.insert(parameter.name, self.computed(parameter, formula, facts)?);
        }
        let before = taken(self.entry.takes, value)?;
        let mut call = Call {
            arguments: Arguments {
                fixed: &self.fixed,
                computed,
                pattern: self.pattern.as_ref(),
            },
            notes,
        };
        if call.notes.untold {
            return (self.entry.run)(&mut call, before);
        }
        let unchanged = before.clone();
        let after = (self.entry.run)(&mut call, before)?;
        if after != unchanged {
            let (before, after) = (quoted(&unchanged), quoted(&after));
            let step = format!("{}: {before} became {after}", self.shown);
            notes.steps.push(step);
        }
        Ok(after)
    }

    fn computed(
        &self,
        parameter: &Parameter,
        formula: &Expression,
        facts: &mut Facts,
    ) -> Result<Value, Wrong> {
        let wrong = |message: String| {
            Wrong::new(
                "argument",
                format!("{} of {}: {message}", parameter.name, self.entry.name),
                "Complete the field the formula reads, or correct the mapping.",
            )
        };
        let value = formula
            .evaluate(facts)
            .map_err(|error| wrong(error.message))?;
        parameter.kind.check(&value).map_err(wrong)?;
        Ok(value)
    }
}

/// Compiles transforms, noting what is wrong with them and between them.
pub(in crate::engine) fn compile(
    transforms: &[Transform],
    location: &str,
    known: &[String],
    problems: &mut Problems,
) -> Vec<Compiled> {
    let mut compiled: Vec<Compiled> = Vec::new();
    for transform in transforms {
        let next = Compiled::compile(transform, location, known, problems);
        let Some(next) = next else { continue };
        if let Some(before) = compiled.last()
            && !next.takes().takes(before.gives())
        {
            let (before, next) = (before.shown(), next.shown());
            problems.add(
                location,
                format!("`{next}` cannot take what `{before}` gives"),
            );
        }
        compiled.push(next);
    }
    compiled
}

/// Gives the arguments by name.
fn told(
    entry: &'static Entry,
    told: &Value,
    location: &str,
    problems: &mut Problems,
) -> Option<BTreeMap<String, Value>> {
    let alone = |value: &Value| {
        let first = entry.parameters.first()?;
        Some(BTreeMap::from([(first.name.to_owned(), value.clone())]))
    };
    let told = match told {
        Value::Null => return Some(BTreeMap::new()),
        Value::Map(_) if formula(told).is_some() => alone(told),
        Value::Map(map) => Some(map.clone()),
        Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) => alone(told),
    };
    let Some(told) = told else {
        problems.add(location, "takes no parameters");
        return None;
    };
    for name in told.keys() {
        if !entry.parameters.iter().any(|known| known.name == name) {
            problems.add(location, format!("has no parameter `{name}`"));
        }
    }
    Some(told)
}

/// Gives the formula of an argument that is one.
fn formula(value: &Value) -> Option<&str> {
    let map = value.as_map().filter(|map| map.len() == 1)?;
    map.get("formula")?.as_text()
}

fn shown(entry: &Entry, told: &BTreeMap<String, Value>) -> String {
    let mut parts = Vec::new();
    for (place, parameter) in entry.parameters.iter().enumerate() {
        let Some(value) = told.get(parameter.name) else {
            continue;
        };
        let value = formula(value).map_or_else(|| value.to_json(), str::to_owned);
        let value = super::shortened(&value);
        parts.push(if place == 0 {
            value
        } else {
            format!("{} {value}", parameter.name)
        });
    }
    format!("{} {}", entry.name, parts.join(", "))
        .trim_end()
        .to_owned()
}

fn quoted(value: &Value) -> String {
    match value {
        Value::Text(text) => match text.char_indices().nth(200) {
            Some((end, _)) => format!("\"{}…\"", &text[..end]),
            None => format!("\"{text}\""),
        },
        Value::Null => "nothing".into(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::List(_) | Value::Map(_) => super::shortened(&value.to_json()),
    }
}
