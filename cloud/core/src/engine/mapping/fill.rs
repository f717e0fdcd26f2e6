//! Makes the elements of a node.

use connect_proto::econnect::value::SqlType;
use rust_decimal::Decimal;

use super::compile::{CompiledNamedBy, CompiledNode};
use super::element::CompiledElement;
use super::evaluate::Run;
use super::faults::{At, missing, unknown_element};
use super::model::Missing;
use super::source::Source;
use super::trace::{self, ElementTrace, Read, Warning};
use crate::domain::failure::Failure;
use crate::engine::checks::unreadable;
use crate::engine::expression::{Expression, ExpressionError, Facts};
use crate::engine::moment;
use crate::engine::transform::{self, Notes, Wrong};
use crate::engine::value::Value;

/// An element as it goes into the document.
pub(super) struct Made<'m> {
    pub(super) name: &'static str,
    pub(super) text: String,
    /// None where nobody reads it.
    pub(super) trace: Option<Box<ElementTrace<'m>>>,
    pub(super) repair: &'m str,
}

impl<'m> Run<'m, '_> {
    /// Makes an element; none where there is none to make.
    pub(super) fn element(
        &mut self,
        rule: &CompiledNode,
        element: &'m CompiledElement,
        place: usize,
    ) -> Result<Option<Made<'m>>, Failure> {
        let wrong = |error: ExpressionError| unreadable(element.spec.name, &error);
        if let Some(when) = &element.when
            && !when.holds(self.facts).map_err(wrong)?
        {
            return Ok(None);
        }
        let mut trace = self.traced.then(|| {
            Box::new(ElementTrace {
                element: element.spec.name.into(),
                value: None,
                source: element.source.kind().into(),
                from: element.source.shown().into(),
                reads: source_reads(&element.source, self.facts),
                transforms: Vec::new(),
            })
        });
        let at = At {
            node: rule.spec,
            place,
            element: element.spec.name,
            repair: &element.repair,
        };
        let text = self.text(element, &at, trace.as_deref_mut())?;
        let constant = matches!(element.source, Source::Constant(_));
        let (text, repair) = if text.trim().is_empty() && !constant {
            match &element.missing {
                Missing::Omit | Missing::Keep => return Ok(None),
                Missing::Default(text) => {
                    if let Some(trace) = &mut trace {
                        trace.source = "default".into();
                        trace.from = text.as_str().into();
                    }
                    (text.clone(), element.repair.as_str())
                }
                Missing::Empty => (String::new(), ""),
                Missing::Error => return Err(missing(rule.spec, element, place)),
            }
        } else {
            (text, element.repair.as_str())
        };
        Ok(Some(Made::new(element.spec.name, text, trace, repair)))
    }

    /// Gives the text that an element's source comes to.
    fn text(
        &mut self,
        element: &CompiledElement,
        at: &At<'_>,
        trace: Option<&mut ElementTrace<'_>>,
    ) -> Result<String, Failure> {
        let sql_type = element.spec.sql_type;
        if let (Source::Path(path), []) = (&element.source, element.transforms.as_slice())
            && let Some(value) = self.facts.at(path)
            && is_single(value)
        {
            return Ok(shown(value, sql_type));
        }
        let value = self.source(&element.source, at)?;
        let value = self.transformed(&element.transforms, value, at, trace)?;
        Ok(written(value, sql_type))
    }

    /// Applies transforms to an element's value, and tells in its trace what they did.
    fn transformed(
        &mut self,
        transforms: &[transform::Compiled],
        value: Value,
        at: &At<'_>,
        trace: Option<&mut ElementTrace<'_>>,
    ) -> Result<Value, Failure> {
        if transforms.is_empty() && is_single(&value) {
            return Ok(value);
        }
        let mut notes = match trace {
            Some(_) => Notes::default(),
            None => Notes::of_warnings(),
        };
        let made = transform::apply(transforms, value, self.facts, &mut notes);
        if let Some(trace) = trace {
            trace.transforms = notes.steps;
        }
        let warned = notes.warnings.into_iter().map(|warned| Warning {
            code: warned.code.into(),
            node: at.path(),
            element: at.element.into(),
            message: warned.message,
        });
        self.trace.warnings.extend(warned);
        let value = made.map_err(|wrong| at.wrong(&wrong))?;
        if !is_single(&value) {
            return Err(at.wrong(&transform::not_one(&value)));
        }
        Ok(value)
    }

    fn source(&mut self, source: &Source, at: &At<'_>) -> Result<Value, Failure> {
        let wrong = |error: ExpressionError| unreadable(at.element, &error);
        match source {
            Source::Constant(text) => Ok(Value::Text(text.clone())),
            Source::Path(path) => Ok(self.facts.at(path).cloned().unwrap_or_default()),
            Source::Expression(formula) => formula.evaluate(self.facts).map_err(wrong),
            Source::Template { compiled, .. } => {
                compiled.render(self.facts).map(Value::Text).map_err(wrong)
            }
            Source::Lookup {
                table, keys, give, ..
            } => {
                let asked = keys.iter().map(|key| key.evaluate(self.facts));
                let asked = asked.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
                let found = table.find(&asked).map_err(|none| at.no_row(&none))?;
                Ok(found.get(give).cloned().unwrap_or_default())
            }
            Source::Concat { parts, between, .. } => {
                let mut texts = Vec::with_capacity(parts.len());
                for part in parts {
                    let part = part.evaluate(self.facts).map_err(wrong)?;
                    let text = written(part, SqlType::Text);
                    texts.extend(Some(text.trim().to_owned()).filter(|text| !text.is_empty()));
                }
                Ok(Value::Text(texts.join(between)))
            }
            Source::Today(zone) => {
                let zone = zone.evaluate(self.facts).map_err(wrong)?.to_string();
                let began = self.facts.find("event.began").and_then(Value::as_text);
                let today = moment::zoned(began.unwrap_or_default(), &zone);
                let today = today.map(|today| Value::Text(today.date().to_string()));
                today.map_err(|message| {
                    at.wrong(&Wrong::new(
                        "today",
                        message,
                        "Correct the time zone, or replay from the start.",
                    ))
                })
            }
        }
    }

    /// Makes the elements whose names a list gives.
    pub(super) fn named_elements(
        &mut self,
        rule: &'m CompiledNode,
        named: &'m CompiledNamedBy,
        place: usize,
    ) -> Result<Vec<Made<'m>>, Failure> {
        let wrong = |error: ExpressionError| unreadable(&rule.rule, &error);
        let entries = named.for_each.entries(self.facts).map_err(wrong)?;
        let mark = self.facts.mark();
        let mut made = Vec::new();
        for (index, entry) in entries.into_iter().enumerate() {
            named.for_each.enter(self.facts, index, entry);
            let element = named.element.evaluate(self.facts).map_err(wrong)?;
            let path = named.path.evaluate(self.facts).map_err(wrong)?;
            self.facts.reset(mark);
            let (name, path) = (element.to_string(), path.to_string());
            let Some(spec) = rule.spec.element(&name) else {
                return Err(unknown_element(rule.spec, &name, place, &named.repair));
            };
            let value = self.input(&path).cloned().unwrap_or_default();
            let mut trace = self.traced.then(|| {
                Box::new(ElementTrace {
                    element: name.into(),
                    value: None,
                    source: "path".into(),
                    reads: vec![Read::of(path.clone(), &value)],
                    from: path.into(),
                    transforms: Vec::new(),
                })
            });
            // Their kinds are those of texts; a number or a day goes as it is.
            let transforms: &[transform::Compiled] = if spec.sql_type.is_text() {
                &named.transforms
            } else {
                &[]
            };
            let at = At {
                node: rule.spec,
                place,
                element: spec.name,
                repair: &named.repair,
            };
            let value = self.transformed(transforms, value, &at, trace.as_deref_mut())?;
            let text = written(value, spec.sql_type);
            if !text.trim().is_empty() {
                made.push(Made::new(spec.name, text, trace, &named.repair));
            }
        }
        Ok(made)
    }

    /// What stands at a path of a record the mapping was given.
    fn input(&self, path: &str) -> Option<&Value> {
        let root = path.split(['.', '[']).next().unwrap_or_default();
        let given = self.mapping.inputs.iter().any(|name| name == root);
        self.facts.find(path).filter(|_| given)
    }
}

impl<'m> Made<'m> {
    pub(super) fn new(
        name: &'static str,
        text: String,
        mut trace: Option<Box<ElementTrace<'m>>>,
        repair: &'m str,
    ) -> Self {
        if let Some(trace) = &mut trace {
            trace.value = Some(text.clone()).filter(|text| !text.is_empty());
        }
        Self {
            name,
            text,
            trace,
            repair,
        }
    }
}

fn source_reads<'m>(source: &'m Source, facts: &Facts) -> Vec<Read<'m>> {
    match source {
        Source::Constant(_) => Vec::new(),
        Source::Path(path) => vec![trace::read(path.text(), facts)],
        Source::Expression(formula) => trace::reads(formula_reads(formula), facts),
        Source::Template { compiled, .. } => trace::reads(compiled.reads(), facts),
        Source::Lookup { keys: formulas, .. }
        | Source::Concat {
            parts: formulas, ..
        } => trace::reads(formulas.iter().flat_map(formula_reads), facts),
        Source::Today(zone) => trace::reads(formula_reads(zone), facts),
    }
}

pub(super) fn formula_reads(formula: &Expression) -> impl Iterator<Item = &str> {
    formula.reads().iter().map(String::as_str)
}

fn is_single(value: &Value) -> bool {
    match value {
        Value::List(_) | Value::Map(_) => false,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => true,
    }
}

/// Writes a value as an element of that type has it.
fn written(value: Value, sql_type: SqlType) -> String {
    match value {
        Value::Text(text) => text,
        other @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::List(_)
        | Value::Map(_)) => shown(&other, sql_type),
    }
}

/// The same of a value that stays where it is.
fn shown(value: &Value, sql_type: SqlType) -> String {
    match value {
        Value::Bool(yes) => i32::from(*yes).to_string(),
        Value::Number(number) => match sql_type {
            SqlType::Numeric { scale, .. } if number.scale() <= scale.into() => number.to_string(),
            SqlType::Numeric { .. }
            | SqlType::Char(_)
            | SqlType::Varchar(_)
            | SqlType::Text
            | SqlType::Tinyint
            | SqlType::Smallint
            | SqlType::Int
            | SqlType::Bigint
            | SqlType::Datetime
            | SqlType::UnconfirmedText
            | SqlType::UnconfirmedInteger => plain(*number),
        },
        Value::Text(text) => text.clone(),
        Value::Null | Value::List(_) | Value::Map(_) => value.to_string(),
    }
}

fn plain(number: Decimal) -> String {
    number.normalize().to_string()
}
