//! Makes the document.

use connect_proto::econnect::catalogue::NodeSpec;
use connect_proto::econnect::value::SqlType;
use connect_proto::econnect::{
    self, Document, Node, Transaction, Value as Content, Violation, ViolationKind,
};
use rust_decimal::Decimal;

use super::balance;
use super::compile::{
    Compiled, CompiledElement, CompiledNamedBy, CompiledNode, Preparation, Source,
};
use super::model::{Missing, Transform};
use super::trace::{self, ElementTrace, Trace, VariableTrace};
use super::transform;
use crate::domain::failure::{Failure, FailureClass, Fault};
use crate::engine::checks::{self, Verdict, unreadable};
use crate::engine::expression::{ExpressionError, Facts};
use crate::engine::schema;
use crate::engine::value::Value;

/// Makes a document from the records `inputs` holds by name, with the trace of its making.
///
/// The document keeps eConnect's limits and, where it is a sales document, balances by GP's rule;
/// otherwise the failure names field, value and repair.
pub fn evaluate(mapping: &Compiled, inputs: &Value) -> Result<(Document, Trace), Failure> {
    let mut run = Run::new(mapping, inputs);
    run.prepare()?;
    for rule in &mapping.nodes {
        run.node_rule(rule)?;
    }
    let document = Document::new().with(run.transaction);
    let violations = econnect::check(&document);
    if !violations.is_empty() {
        return Err(refused(&violations, &run.repairs));
    }
    balance::check(&document)?;
    Ok((document, run.trace))
}

/// What to tell people who must mend an element, by node path and element.
type Repairs = Vec<(String, String, String)>;

struct Run<'a> {
    mapping: &'a Compiled,
    facts: Facts,
    transaction: Transaction,
    trace: Trace,
    repairs: Repairs,
}

/// An element as it goes into the document.
struct Made {
    text: String,
    trace: ElementTrace,
    repair: String,
}

impl<'a> Run<'a> {
    fn new(mapping: &'a Compiled, inputs: &Value) -> Self {
        let mut facts = Facts::default();
        for name in &mapping.inputs {
            let mut value = inputs.get(name).cloned().unwrap_or_default();
            schema::complete(name, &mut value);
            facts.set(name, value);
        }
        Self {
            mapping,
            facts,
            transaction: Transaction::new(mapping.document.name),
            trace: Trace {
                mapping: mapping.name.clone(),
                ..Trace::default()
            },
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
                        .evaluate(&mut self.facts)
                        .map_err(|error| unreadable(name, &error))?;
                    self.trace.variables.push(VariableTrace {
                        name: name.clone(),
                        expression: formula.text().into(),
                        reads: trace::reads(formula.reads(), &self.facts),
                        value: trace::shorten(&value),
                    });
                    self.facts.set(name, value);
                }
                Preparation::Check(check) => {
                    // Neighbouring checks are told together.
                    let mut together = vec![check.as_ref()];
                    while let Some(Preparation::Check(next)) = entries.peek() {
                        together.push(next);
                        entries.next();
                    }
                    if let Verdict::Stop(message) = checks::run(together, &mut self.facts)? {
                        return Err(Failure::new(FailureClass::BusinessRule, "stopped", message));
                    }
                }
            }
        }
        Ok(())
    }

    fn node_rule(&mut self, rule: &CompiledNode) -> Result<(), Failure> {
        let Some(each) = &rule.for_each else {
            return self.node(rule);
        };
        let entries = each
            .entries(&mut self.facts)
            .map_err(|error| unreadable(&rule.rule, &error))?;
        let mark = self.facts.mark();
        for (index, entry) in entries.into_iter().enumerate() {
            each.enter(&mut self.facts, index, entry);
            let made = self.node(rule);
            self.facts.reset(mark);
            made?;
        }
        Ok(())
    }

    fn node(&mut self, rule: &CompiledNode) -> Result<(), Failure> {
        if let Some(when) = &rule.when {
            let wanted = checks::is_true(when, &mut self.facts);
            if !wanted.map_err(|error| unreadable(&rule.rule, &error))? {
                return Ok(());
            }
        }
        let name = rule.spec.name;
        let place = self.transaction.nodes_named(name).count() + 1;
        let mut made = Vec::new();
        for element in &rule.elements {
            made.extend(self.element(rule, element, place)?);
        }
        if let Some(named) = &rule.named_by {
            made.extend(self.named_elements(rule, named, place)?);
        }
        let mut node = Node::new(name);
        self.transaction.nodes.push(Node::new(name));
        let index = self.transaction.nodes.len() - 1;
        let path = self.transaction.path(index);
        for mut element in made {
            element.trace.node.clone_from(&path);
            node.set(element.trace.element.clone(), Content::from(element.text));
            if !element.repair.is_empty() {
                let name = element.trace.element.clone();
                self.repairs.push((path.clone(), name, element.repair));
            }
            self.trace.elements.push(element.trace);
        }
        self.transaction.nodes[index] = node;
        Ok(())
    }

    fn element(
        &mut self,
        rule: &CompiledNode,
        element: &CompiledElement,
        place: usize,
    ) -> Result<Option<Made>, Failure> {
        let wrong = |error: ExpressionError| unreadable(element.spec.name, &error);
        if let Some(when) = &element.when
            && !checks::is_true(when, &mut self.facts).map_err(wrong)?
        {
            return Ok(None);
        }
        let mut trace = ElementTrace {
            node: String::new(),
            element: element.spec.name.into(),
            value: None,
            rule: rule.rule.clone(),
            source: source_name(&element.source).into(),
            from: source_text(&element.source),
            reads: trace::reads(&source_reads(&element.source), &self.facts),
            transforms: Vec::new(),
        };
        let value = self.source(&element.source).map_err(wrong)?;
        let text = written(&value, element.spec.sql_type);
        let text = transform::apply(&element.transforms, text, &mut trace.transforms);
        let constant = matches!(element.source, Source::Constant(_));
        if text.trim().is_empty() && !constant {
            return match element.missing {
                Missing::Omit => Ok(None),
                Missing::Empty => Ok(Some(Made::new(String::new(), trace, ""))),
                Missing::Error => Err(missing(rule.spec, element, place, &trace)),
            };
        }
        Ok(Some(Made::new(text, trace, &element.repair)))
    }

    fn source(&mut self, source: &Source) -> Result<Value, ExpressionError> {
        match source {
            Source::Constant(text) => Ok(Value::Text(text.clone())),
            Source::Path(path) => Ok(self.facts.find(path).cloned().unwrap_or_default()),
            Source::Expression(formula) => formula.evaluate(&mut self.facts),
            Source::Template { compiled, .. } => compiled.render(&mut self.facts).map(Value::Text),
        }
    }

    fn named_elements(
        &mut self,
        rule: &CompiledNode,
        named: &CompiledNamedBy,
        place: usize,
    ) -> Result<Vec<Made>, Failure> {
        let wrong = |error: ExpressionError| unreadable(&rule.rule, &error);
        let entries = named.for_each.entries(&mut self.facts).map_err(wrong)?;
        let mark = self.facts.mark();
        let mut made = Vec::new();
        for (index, entry) in entries.into_iter().enumerate() {
            named.for_each.enter(&mut self.facts, index, entry);
            let element = named.element.evaluate(&mut self.facts).map_err(wrong)?;
            let value = named.value.evaluate(&mut self.facts).map_err(wrong)?;
            let reads = trace::reads(named.value.reads(), &self.facts);
            self.facts.reset(mark);
            let name = element.to_string();
            let Some(spec) = rule.spec.element(&name) else {
                return Err(unknown_element(rule.spec, &name, place, &named.repair));
            };
            let mut trace = ElementTrace {
                node: String::new(),
                element: name,
                value: None,
                rule: rule.rule.clone(),
                source: "expression".into(),
                from: named.value.text().into(),
                reads,
                transforms: Vec::new(),
            };
            let text = written(&value, spec.sql_type);
            let transforms: &[Transform] = if spec.sql_type.is_text() {
                &named.transforms
            } else {
                &[]
            };
            let text = transform::apply(transforms, text, &mut trace.transforms);
            if !text.trim().is_empty() {
                made.push(Made::new(text, trace, &named.repair));
            }
        }
        Ok(made)
    }
}

impl Made {
    fn new(text: String, mut trace: ElementTrace, repair: &str) -> Self {
        trace.value = Some(text.clone()).filter(|text| !text.is_empty());
        Self {
            text,
            trace,
            repair: repair.into(),
        }
    }
}

fn source_name(source: &Source) -> &'static str {
    match source {
        Source::Constant(_) => "constant",
        Source::Path(_) => "path",
        Source::Expression(_) => "expression",
        Source::Template { .. } => "template",
    }
}

fn source_text(source: &Source) -> String {
    match source {
        Source::Constant(text) | Source::Path(text) | Source::Template { text, .. } => text.clone(),
        Source::Expression(formula) => formula.text().into(),
    }
}

fn source_reads(source: &Source) -> Vec<String> {
    match source {
        Source::Constant(_) => Vec::new(),
        Source::Path(path) => vec![path.clone()],
        Source::Expression(formula) => formula.reads().to_vec(),
        Source::Template { compiled, .. } => compiled.reads(),
    }
}

/// Writes a value as an element of that type has it.
fn written(value: &Value, sql_type: SqlType) -> String {
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
        Value::Null | Value::Text(_) | Value::List(_) | Value::Map(_) => value.to_string(),
    }
}

fn plain(number: Decimal) -> String {
    number.normalize().to_string()
}

fn missing(
    node: &NodeSpec,
    element: &CompiledElement,
    place: usize,
    trace: &ElementTrace,
) -> Failure {
    let name = element.spec.name;
    let message = format!("{name} has no value: {} gives nothing", trace.from);
    let repair = if element.repair.is_empty() {
        format!("Fill {} in the store, or in the profile.", trace.from)
    } else {
        element.repair.clone()
    };
    let fault = fault("missing_value", node, name, place, message.clone(), repair);
    Failure::new(FailureClass::InvalidData, "missing_value", message).with_fault(fault)
}

fn unknown_element(node: &NodeSpec, name: &str, place: usize, repair: &str) -> Failure {
    let message = format!("{} has no element {name}", node.name);
    let repair = if repair.is_empty() {
        format!("Name an element of {}.", node.name)
    } else {
        repair.to_owned()
    };
    let fault = fault(
        "unknown_element",
        node,
        name,
        place,
        message.clone(),
        repair,
    );
    Failure::new(FailureClass::InvalidData, "unknown_element", message).with_fault(fault)
}

fn fault(
    code: &str,
    node: &NodeSpec,
    field: &str,
    place: usize,
    message: String,
    repair: String,
) -> Fault {
    Fault {
        code: code.into(),
        message,
        node: Some(format!("{}[{place}]", node.name)),
        field: Some(field.into()),
        repair,
        ..Fault::default()
    }
}

/// Puts what breaks eConnect's limits in a failure.
fn refused(violations: &[Violation], repairs: &Repairs) -> Failure {
    let faults: Vec<Fault> = violations
        .iter()
        .map(|violation| {
            let element = violation.element.clone().unwrap_or_default();
            let own = repairs
                .iter()
                .find(|(path, name, _)| *path == violation.node_path && *name == element);
            Fault {
                code: "econnect_limits".into(),
                message: violation.message.clone(),
                node: Some(violation.node_path.clone()),
                field: violation.element.clone(),
                value: violation.value.clone(),
                repair: own.map_or_else(|| repair(violation), |(_, _, text)| text.clone()),
                ..Fault::default()
            }
        })
        .collect();
    let first = violations
        .first()
        .map_or(String::new(), ToString::to_string);
    let mut failure = Failure::new(FailureClass::InvalidData, "econnect_limits", first);
    failure.faults = faults;
    failure
}

fn repair(violation: &Violation) -> String {
    match violation.kind {
        ViolationKind::TooLong => "Shorten the value in the store, or have the mapping cut it.",
        ViolationKind::NotInCodePage => {
            "Write the value with characters of code page 1252 in the store."
        }
        ViolationKind::Missing | ViolationKind::Empty => {
            "Fill the value in the store or the profile."
        }
        ViolationKind::WrongType | ViolationKind::OutOfRange | ViolationKind::TooManyDecimals => {
            "Correct the value in the store or the profile."
        }
        ViolationKind::NothingToDo
        | ViolationKind::UnknownType
        | ViolationKind::UnknownNode
        | ViolationKind::RepeatedNode
        | ViolationKind::UnknownElement
        | ViolationKind::DuplicateElement
        | ViolationKind::BadName => "Correct the mapping.",
    }
    .into()
}
