//! Makes the document.

use connect_proto::econnect::value::SqlType;
use connect_proto::econnect::{
    self, Document, Element, Node, Transaction, Value as Content, Violation,
};
use rust_decimal::Decimal;

use super::balance;
use super::compile::{Compiled, CompiledNamedBy, CompiledNode, Preparation};
use super::element::CompiledElement;
use super::faults::{At, missing, repair, unknown_element};
use super::model::Missing;
use super::source::Source;
use super::trace::{self, ElementTrace, NodeTrace, Read, Trace, VariableTrace, Warning};
use crate::domain::failure::{Failure, FailureClass, Fault};
use crate::engine::checks::{self, Verdict, unreadable};
use crate::engine::expression::{Expression, ExpressionError, Facts};
use crate::engine::moment;
use crate::engine::transform::{self, Notes, Wrong};
use crate::engine::value::Value;

/// Makes a document from the records among the facts, with the trace of its making; the facts stay
/// as they were.
///
/// The document keeps eConnect's limits and, where it is a sales document, balances by GP's rule;
/// otherwise the failure names field, value and repair.
pub fn evaluate<'m>(
    mapping: &'m Compiled,
    facts: &mut Facts,
) -> Result<(Document, Trace<'m>), Failure> {
    let mark = facts.mark();
    let made = make(mapping, facts, true);
    facts.reset(mark);
    made
}

/// The same without a trace: for work in bulk whose history nobody reads. The trace has the
/// warnings alone.
pub fn evaluate_untraced<'m>(
    mapping: &'m Compiled,
    facts: &mut Facts,
) -> Result<(Document, Trace<'m>), Failure> {
    let mark = facts.mark();
    let made = make(mapping, facts, false);
    facts.reset(mark);
    made
}

fn make<'m>(
    mapping: &'m Compiled,
    facts: &mut Facts,
    traced: bool,
) -> Result<(Document, Trace<'m>), Failure> {
    let mut run = Run::new(mapping, facts, traced);
    run.prepare()?;
    for rule in &mapping.nodes {
        run.node_rule(rule)?;
    }
    let empty = Transaction::new(mapping.document.name);
    let made = std::mem::replace(&mut run.transaction, empty);
    let document = Document::new().with(made);
    let violations = econnect::check(&document);
    if !violations.is_empty() {
        return Err(run.refused(&violations, &document.transactions[0]));
    }
    balance::check(&document)?;
    Ok((document, run.trace))
}

struct Run<'m, 'f> {
    mapping: &'m Compiled,
    facts: &'f mut Facts,
    transaction: Transaction,
    trace: Trace<'m>,
    traced: bool,
    /// How many nodes there are of the last one's name; nodes of a name follow one another.
    alike: usize,
    /// What to tell people who must mend an element, by the node's place in the document.
    repairs: Vec<(usize, &'static str, &'m str)>,
}

/// An element as it goes into the document.
struct Made<'m> {
    name: &'static str,
    text: String,
    /// None where nobody reads it.
    trace: Option<ElementTrace<'m>>,
    repair: &'m str,
}

impl<'m, 'f> Run<'m, 'f> {
    fn new(mapping: &'m Compiled, facts: &'f mut Facts, traced: bool) -> Self {
        for name in &mapping.inputs {
            if facts.find(name).is_none() {
                facts.set(name, Value::Null);
            }
        }
        Self {
            mapping,
            facts,
            traced,
            transaction: Transaction::new(mapping.document.name),
            trace: Trace {
                mapping: mapping.name.as_str().into(),
                ..Trace::default()
            },
            alike: 0,
            repairs: Vec::new(),
        }
    }

    fn prepare(&mut self) -> Result<(), Failure> {
        let mapping = self.mapping;
        let mut entries = mapping.prepare.iter().peekable();
        while let Some(entry) = entries.next() {
            match entry {
                Preparation::Set { name, formula } => {
                    let value = formula
                        .share(self.facts)
                        .map_err(|error| unreadable(name.text(), &error))?;
                    if self.traced {
                        self.trace.variables.push(VariableTrace {
                            name: name.text().into(),
                            expression: formula.text().into(),
                            reads: trace::reads(formula_reads(formula), self.facts),
                            value: trace::shorten(value.value()),
                        });
                    }
                    self.facts.share(name, value);
                }
                Preparation::Check(check) => {
                    // Neighbouring checks are told together.
                    let mut together = vec![check.as_ref()];
                    while let Some(Preparation::Check(next)) = entries.peek() {
                        together.push(next);
                        entries.next();
                    }
                    match checks::run(together, self.facts)? {
                        Verdict::Holds(warnings) => self.warned(warnings),
                        Verdict::Stop(message) => {
                            let class = FailureClass::BusinessRule;
                            return Err(Failure::new(class, "stopped", message));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Tells of checks that do not hold and need not.
    fn warned(&mut self, faults: Vec<Fault>) {
        let warnings = faults.into_iter().map(|fault| Warning {
            code: fault.code,
            node: String::new(),
            element: fault.field.unwrap_or_default(),
            message: fault.message,
        });
        self.trace.warnings.extend(warnings);
    }

    fn node_rule(&mut self, rule: &'m CompiledNode) -> Result<(), Failure> {
        let Some(each) = &rule.for_each else {
            return self.node(rule);
        };
        let entries = each
            .entries(self.facts)
            .map_err(|error| unreadable(&rule.rule, &error))?;
        let mark = self.facts.mark();
        for (index, entry) in entries.into_iter().enumerate() {
            each.enter(self.facts, index, entry);
            let made = self.node(rule);
            self.facts.reset(mark);
            made?;
        }
        Ok(())
    }

    fn node(&mut self, rule: &'m CompiledNode) -> Result<(), Failure> {
        if let Some(when) = &rule.when {
            let wanted = checks::is_true(when, self.facts);
            if !wanted.map_err(|error| unreadable(&rule.rule, &error))? {
                return Ok(());
            }
        }
        let name = rule.spec.name;
        let last = self.transaction.nodes.last();
        if last.is_none_or(|last| last.name != name) {
            self.alike = 0;
        }
        let place = self.alike + 1;
        let made = self.elements(rule, place)?;
        let named = match &rule.named_by {
            Some(named) => self.named_elements(rule, named, place)?,
            None => Vec::new(),
        };
        let mut node = Node::new(name);
        node.elements.reserve_exact(made.len() + named.len());
        let index = self.transaction.nodes.len();
        let mut traces = Vec::new();
        let mut note = |made: &mut Made<'m>| {
            if !made.repair.is_empty() {
                self.repairs.push((index, made.name, made.repair));
            }
            traces.extend(made.trace.take());
        };
        for mut element in made {
            note(&mut element);
            node.elements.push(Element {
                name: element.name.to_owned(),
                value: Content::from(element.text),
            });
        }
        for mut element in named {
            note(&mut element);
            // It may be one that a rule has made too.
            node.set(element.name, Content::from(element.text));
        }
        self.transaction.nodes.push(node);
        self.alike = place;
        if self.traced {
            self.trace.nodes.push(NodeTrace {
                node: self.transaction.path(index),
                rule: rule.rule.as_str().into(),
                elements: traces,
            });
        }
        Ok(())
    }

    /// Makes the elements that have rules, each once.
    fn elements(&mut self, rule: &'m CompiledNode, place: usize) -> Result<Vec<Made<'m>>, Failure> {
        let mut made = Vec::with_capacity(rule.elements.len());
        for element in &rule.elements {
            made.extend(self.element(rule, element, place)?);
        }
        for group in &rule.groups {
            let wanted = checks::is_true(&group.when, self.facts);
            if !wanted.map_err(|error| unreadable(&rule.rule, &error))? {
                continue;
            }
            for element in &group.elements {
                let Some(element) = self.element(rule, element, place)? else {
                    continue;
                };
                // The last rule that holds is taken, in the place of the first.
                let mut earlier = made.iter_mut();
                match earlier.find(|made: &&mut Made<'_>| made.name == element.name) {
                    Some(earlier) => *earlier = element,
                    None => made.push(element),
                }
            }
        }
        Ok(made)
    }

    fn element(
        &mut self,
        rule: &CompiledNode,
        element: &'m CompiledElement,
        place: usize,
    ) -> Result<Option<Made<'m>>, Failure> {
        let wrong = |error: ExpressionError| unreadable(element.spec.name, &error);
        if let Some(when) = &element.when
            && !checks::is_true(when, self.facts).map_err(wrong)?
        {
            return Ok(None);
        }
        let mut trace = self.traced.then(|| ElementTrace {
            element: element.spec.name.into(),
            value: None,
            source: element.source.kind().into(),
            from: element.source.shown().into(),
            reads: source_reads(&element.source, self.facts),
            transforms: Vec::new(),
        });
        let at = At {
            node: rule.spec,
            place,
            element: element.spec.name,
            repair: &element.repair,
        };
        let value = self.source(&element.source, &at)?;
        let value = self.transformed(&element.transforms, value, &at, trace.as_mut())?;
        let text = written(value, element.spec.sql_type);
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

    /// Applies transforms to an element's value, and tells in its trace what they did.
    fn transformed(
        &mut self,
        transforms: &[transform::Compiled],
        value: Value,
        at: &At<'_>,
        trace: Option<&mut ElementTrace<'_>>,
    ) -> Result<Value, Failure> {
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
        match value {
            Value::List(_) | Value::Map(_) => Err(at.wrong(&transform::not_one(&value))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => Ok(value),
        }
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

    fn named_elements(
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
            let mut trace = self.traced.then(|| ElementTrace {
                element: name.into(),
                value: None,
                source: "path".into(),
                reads: vec![Read::of(path.clone(), &value)],
                from: path.into(),
                transforms: Vec::new(),
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
            let value = self.transformed(transforms, value, &at, trace.as_mut())?;
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

    /// Puts what breaks eConnect's limits in a failure.
    fn refused(&self, violations: &[Violation], made: &Transaction) -> Failure {
        let fault = |violation: &Violation| {
            let element = violation.element.as_deref().unwrap_or_default();
            let own = self.repairs.iter().find(|(place, name, _)| {
                *name == element && made.path(*place) == violation.node_path
            });
            Fault {
                code: "econnect_limits".into(),
                message: violation.message.clone(),
                node: Some(violation.node_path.clone()),
                field: violation.element.clone(),
                value: violation.value.clone(),
                repair: own.map_or_else(|| repair(violation), |(_, _, text)| (*text).to_owned()),
                ..Fault::default()
            }
        };
        let first = violations
            .first()
            .map_or(String::new(), ToString::to_string);
        let mut failure = Failure::new(FailureClass::InvalidData, "econnect_limits", first);
        failure.faults = violations.iter().map(fault).collect();
        failure
    }
}

impl<'m> Made<'m> {
    fn new(
        name: &'static str,
        text: String,
        mut trace: Option<ElementTrace<'m>>,
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

fn formula_reads(formula: &Expression) -> impl Iterator<Item = &str> {
    formula.reads().iter().map(String::as_str)
}

/// Writes a value as an element of that type has it.
fn written(value: Value, sql_type: SqlType) -> String {
    match value {
        Value::Bool(yes) => i32::from(yes).to_string(),
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
            | SqlType::UnconfirmedInteger => plain(number),
        },
        Value::Text(text) => text,
        Value::Null | Value::List(_) | Value::Map(_) => value.to_string(),
    }
}

fn plain(number: Decimal) -> String {
    number.normalize().to_string()
}
