//! Turns a mapping's JSON into something to evaluate, or tells all that is wrong with it.

use std::collections::BTreeSet;

use connect_proto::econnect::catalogue::{self, ElementSpec, NodeSpec, TransactionType};

use super::model::{ElementRule, Entry, FORMAT, Mapping, Missing, NamedBy, NodeRule, Transform};
use crate::engine::checks::{CompiledCheck, CompiledForEach};
use crate::engine::expression::{Expression, Template};
use crate::engine::problem::{Problem, Problems};
use crate::engine::schema;

/// A mapping ready to evaluate.
#[derive(Debug)]
pub struct Compiled {
    pub(super) name: String,
    pub(super) document: &'static TransactionType,
    pub(super) inputs: Vec<String>,
    pub(super) prepare: Vec<Preparation>,
    pub(super) nodes: Vec<CompiledNode>,
}

#[derive(Debug)]
pub(super) enum Preparation {
    Set { name: String, formula: Expression },
    Check(Box<CompiledCheck>),
}

#[derive(Debug)]
pub(super) struct CompiledNode {
    pub(super) rule: String,
    pub(super) spec: &'static NodeSpec,
    pub(super) when: Option<Expression>,
    pub(super) for_each: Option<CompiledForEach>,
    pub(super) elements: Vec<CompiledElement>,
    pub(super) named_by: Option<CompiledNamedBy>,
}

#[derive(Debug)]
pub(super) struct CompiledElement {
    pub(super) spec: &'static ElementSpec,
    pub(super) source: Source,
    pub(super) when: Option<Expression>,
    pub(super) missing: Missing,
    pub(super) transforms: Vec<Transform>,
    pub(super) repair: String,
}

#[derive(Debug)]
pub(super) enum Source {
    Constant(String),
    Path(String),
    Expression(Expression),
    Template { text: String, compiled: Template },
}

#[derive(Debug)]
pub(super) struct CompiledNamedBy {
    pub(super) for_each: CompiledForEach,
    pub(super) element: Expression,
    pub(super) path: Expression,
    pub(super) transforms: Vec<Transform>,
    pub(super) repair: String,
}

impl Compiled {
    /// Gives the mapping's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives the names of the records it wants.
    pub fn inputs(&self) -> &[String] {
        &self.inputs
    }
}

/// Compiles a mapping against the eConnect catalogue and the records' fields.
pub fn compile(json: &str) -> Result<Compiled, Vec<Problem>> {
    let mut problems = Problems::default();
    let mapping: Mapping = match serde_json::from_str(json) {
        Ok(mapping) => mapping,
        Err(error) => {
            problems.add("mapping", error.to_string());
            return problems.finish(None);
        }
    };
    if mapping.format != FORMAT {
        problems.add("format", format!("must be {FORMAT}"));
    }
    let Some(document) = catalogue::transaction_type(&mapping.document) else {
        let message = format!("`{}` is not an eConnect transaction type", mapping.document);
        problems.add("document", message);
        return problems.finish(None);
    };
    let mut known = mapping.inputs.clone();
    let prepare = prepare(&mapping.prepare, &mut known, &mut problems);
    let mut nodes: Vec<CompiledNode> = mapping
        .nodes
        .iter()
        .filter_map(|rule| node(rule, document, &known, &mut problems))
        .collect();
    nodes.sort_by_key(|node| document.position_of(node.spec.name));
    problems.finish(Some(Compiled {
        name: mapping.name,
        document,
        inputs: mapping.inputs,
        prepare,
        nodes,
    }))
}

fn prepare(
    entries: &[Entry],
    known: &mut Vec<String>,
    problems: &mut Problems,
) -> Vec<Preparation> {
    let mut compiled = Vec::new();
    for entry in entries {
        match entry {
            Entry::Set(variable) => {
                let location = format!("prepare.{}", variable.name);
                if known.contains(&variable.name) {
                    problems.add(&location, "the name is taken");
                }
                let formula = problems.expression(&location, &variable.expression, known);
                known.push(variable.name.clone());
                compiled.extend(formula.map(|formula| Preparation::Set {
                    name: variable.name.clone(),
                    formula,
                }));
            }
            Entry::Check(check) => {
                let check = CompiledCheck::compile(check, "prepare", known, problems);
                compiled.extend(check.map(|check| Preparation::Check(Box::new(check))));
            }
        }
    }
    compiled
}

fn node(
    rule: &NodeRule,
    document: &TransactionType,
    known: &[String],
    problems: &mut Problems,
) -> Option<CompiledNode> {
    let location = format!("nodes.{}", rule.rule);
    let Some(spec) = catalogue::node(&rule.node) else {
        problems.add(
            &location,
            format!("`{}` is not an eConnect node", rule.node),
        );
        return None;
    };
    if document.child_of(spec.name).is_none() {
        let message = format!("{} has no node {}", document.name, spec.name);
        problems.add(&location, message);
        return None;
    }
    let mut known = known.to_vec();
    let for_each = match &rule.for_each {
        Some(each) => Some(CompiledForEach::compile(
            each, &location, &mut known, problems,
        )?),
        None => None,
    };
    let when = problems.optional(&format!("{location}.when"), rule.when.as_ref(), &known);
    let elements = elements(rule, spec, &location, &known, problems);
    let named_by = match &rule.named_by {
        Some(named) => Some(named_by(named, &location, &known, problems)?),
        None => None,
    };
    Some(CompiledNode {
        rule: rule.rule.clone(),
        spec,
        when,
        for_each,
        elements,
        named_by,
    })
}

fn elements(
    rule: &NodeRule,
    spec: &'static NodeSpec,
    location: &str,
    known: &[String],
    problems: &mut Problems,
) -> Vec<CompiledElement> {
    let mut seen = BTreeSet::new();
    let mut compiled = Vec::new();
    for element in &rule.elements {
        let location = format!("{location}.{}", element.element);
        if !seen.insert(element.element.as_str()) {
            problems.add(&location, "there are two rules for it");
        }
        match spec.element(&element.element) {
            Some(found) => {
                compiled.extend(compile_element(
                    element, spec, found, &location, known, problems,
                ));
            }
            None => problems.add(&location, format!("{} has no such element", spec.name)),
        }
    }
    for element in spec.elements.iter().filter(|element| element.required) {
        if !seen.contains(element.name) {
            problems.add(
                location,
                format!("required element {} has no rule", element.name),
            );
        }
    }
    compiled
}

fn compile_element(
    rule: &ElementRule,
    node: &NodeSpec,
    spec: &'static ElementSpec,
    location: &str,
    known: &[String],
    problems: &mut Problems,
) -> Option<CompiledElement> {
    let when = problems.optional(&format!("{location}.when"), rule.when.as_ref(), known);
    let source = source(rule, location, known, problems)?;
    if let Source::Constant(text) = &source {
        check_constant(text, node, spec, location, problems);
    }
    if !rule.transforms.is_empty() && !spec.sql_type.is_text() {
        problems.add(location, "only texts have transforms");
    }
    Some(CompiledElement {
        spec,
        source,
        when,
        missing: rule.missing,
        transforms: rule.transforms.clone(),
        repair: rule.repair.clone(),
    })
}

fn source(
    rule: &ElementRule,
    location: &str,
    known: &[String],
    problems: &mut Problems,
) -> Option<Source> {
    match (&rule.constant, &rule.path, &rule.expression, &rule.template) {
        (Some(constant), None, None, None) => Some(Source::Constant(constant.clone())),
        (None, Some(path), None, None) => {
            let root = path.split(['.', '[']).next().unwrap_or_default();
            if !known.iter().any(|name| name == root) {
                problems.add(location, format!("there is no record `{root}`"));
            }
            if let Err(message) = schema::check_path(path) {
                problems.add(location, message);
            }
            Some(Source::Path(path.clone()))
        }
        (None, None, Some(text), None) => problems
            .expression(location, text, known)
            .map(Source::Expression),
        (None, None, None, Some(text)) => {
            let compiled = problems.template(location, text, known)?;
            let text = text.clone();
            Some(Source::Template { text, compiled })
        }
        (..) => {
            problems.add(
                location,
                "needs one of constant, path, expression, template",
            );
            None
        }
    }
}

fn check_constant(
    text: &str,
    node: &NodeSpec,
    spec: &ElementSpec,
    location: &str,
    problems: &mut Problems,
) {
    if !text.is_empty() {
        if let Err(error) = spec.sql_type.check(text) {
            problems.add(location, format!("\"{text}\": {error}"));
        }
    } else if !spec.sql_type.is_text() {
        problems.add(location, "a number or date cannot be empty");
    } else if spec.required && !catalogue::takes_number(node.name, spec.name) {
        problems.add(location, "a required element cannot be empty");
    }
}

fn named_by(
    named: &NamedBy,
    location: &str,
    known: &[String],
    problems: &mut Problems,
) -> Option<CompiledNamedBy> {
    let location = format!("{location}.named_by");
    let mut known = known.to_vec();
    let for_each = CompiledForEach::compile(&named.for_each, &location, &mut known, problems)?;
    Some(CompiledNamedBy {
        for_each,
        element: problems.expression(&location, &named.element, &known)?,
        path: problems.expression(&location, &named.path, &known)?,
        transforms: named.transforms.clone(),
        repair: named.repair.clone(),
    })
}
