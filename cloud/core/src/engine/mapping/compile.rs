//! Turns a mapping's JSON into something to evaluate, or tells all that is wrong with it.

use std::collections::BTreeSet;

use connect_proto::econnect::catalogue::{self, NodeSpec, TransactionType};

use super::element::CompiledElement;
use super::model::{ElementRule, Entry, FORMAT, Mapping, NamedBy, NodeRule};
use crate::engine::checks::CompiledCheck;
use crate::engine::expression::{Expression, Name};
use crate::engine::lookup::Lookups;
use crate::engine::problem::{Problem, Problems};
use crate::engine::repeat::CompiledForEach;
use crate::engine::transform;

/// A mapping ready to evaluate.
#[derive(Debug)]
pub struct Compiled {
    pub(super) name: String,
    pub(super) document: &'static TransactionType,
    pub(super) inputs: Vec<String>,
    pub(super) prepare: Vec<Preparation>,
    pub(super) nodes: Vec<CompiledNode>,
    warnings: Vec<Problem>,
}

#[derive(Debug)]
pub(super) enum Preparation {
    Set {
        name: Name,
        formula: Box<Expression>,
    },
    Check(Box<CompiledCheck>),
}

#[derive(Debug)]
pub(super) struct CompiledNode {
    pub(super) rule: String,
    pub(super) spec: &'static NodeSpec,
    pub(super) when: Option<Expression>,
    pub(super) for_each: Option<CompiledForEach>,
    pub(super) elements: Vec<CompiledElement>,
    pub(super) groups: Vec<CompiledGroup>,
    pub(super) named_by: Option<CompiledNamedBy>,
}

#[derive(Debug)]
pub(super) struct CompiledGroup {
    pub(super) when: Expression,
    pub(super) elements: Vec<CompiledElement>,
}

#[derive(Debug)]
pub(super) struct CompiledNamedBy {
    pub(super) for_each: CompiledForEach,
    pub(super) element: Expression,
    pub(super) path: Expression,
    pub(super) transforms: Vec<transform::Compiled>,
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

    /// Gives what may make it refuse some work.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }
}

/// Compiles a mapping against the eConnect catalogue, the records' fields and the lookup tables.
pub fn compile(json: &str, lookups: &Lookups) -> Result<Compiled, Vec<Problem>> {
    let mut problems = Problems::with(lookups);
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
    check_rules(&mapping.nodes, document, &mut problems);
    let mut nodes: Vec<CompiledNode> = mapping
        .nodes
        .iter()
        .filter_map(|rule| node(rule, document, &known, &mut problems))
        .collect();
    nodes.sort_by_key(|node| document.position_of(node.spec.name));
    let warnings = problems.warnings();
    problems.finish(Some(Compiled {
        name: mapping.name,
        document,
        inputs: mapping.inputs,
        prepare,
        nodes,
        warnings,
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
                problems.name(&location, &variable.name, known);
                if let Some(path) = formula.as_ref().and_then(Expression::path) {
                    problems.alias(&variable.name, path);
                }
                compiled.extend(formula.map(|formula| Preparation::Set {
                    name: Name::new(&variable.name),
                    formula: Box::new(formula),
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

/// Notes rules that would make a node more often than the document takes it.
fn check_rules(rules: &[NodeRule], document: &TransactionType, problems: &mut Problems) {
    let mut names = BTreeSet::new();
    let mut always = BTreeSet::new();
    for rule in rules {
        let location = format!("nodes.{}", rule.rule);
        if !names.insert(rule.rule.as_str()) {
            problems.add(&location, "the name is taken");
        }
        if document
            .child_of(&rule.node)
            .is_none_or(|child| child.wrapper)
        {
            continue;
        }
        if rule.for_each.is_some() {
            let message = format!("{} may occur once, not for each entry of a list", rule.node);
            problems.add(&location, message);
        }
        if rule.when.is_none() && !always.insert(rule.node.as_str()) {
            problems.add(&location, format!("{} may occur once: say when", rule.node));
        }
    }
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
    let scope = problems.scope();
    let mut known = known.to_vec();
    let for_each = rule
        .for_each
        .as_ref()
        .map(|each| CompiledForEach::compile(each, &location, &mut known, problems));
    let when = problems.optional(&format!("{location}.when"), rule.when.as_ref(), &known);
    let elements = elements(&rule.elements, spec, &location, &known, problems);
    let groups = groups(rule, spec, &location, &known, problems);
    check_required(rule, spec, &location, problems);
    let named_by = rule
        .named_by
        .as_ref()
        .map(|named| named_by(named, &location, &known, problems));
    problems.leave(scope);
    Some(CompiledNode {
        rule: rule.rule.clone(),
        spec,
        when,
        for_each: match for_each {
            Some(each) => Some(each?),
            None => None,
        },
        elements,
        groups,
        named_by: match named_by {
            Some(named) => Some(named?),
            None => None,
        },
    })
}

fn elements(
    rules: &[ElementRule],
    spec: &'static NodeSpec,
    location: &str,
    known: &[String],
    problems: &mut Problems,
) -> Vec<CompiledElement> {
    let mut seen = BTreeSet::new();
    let mut compiled = Vec::new();
    for rule in rules {
        let location = format!("{location}.{}", rule.element);
        if !seen.insert(rule.element.as_str()) {
            problems.add(&location, "there are two rules for it");
        }
        match spec.element(&rule.element) {
            Some(found) => {
                let element =
                    CompiledElement::compile(rule, spec, found, &location, known, problems);
                compiled.extend(element);
            }
            None => problems.add(&location, format!("{} has no such element", spec.name)),
        }
    }
    compiled
}

fn groups(
    rule: &NodeRule,
    spec: &'static NodeSpec,
    location: &str,
    known: &[String],
    problems: &mut Problems,
) -> Vec<CompiledGroup> {
    let mut compiled = Vec::new();
    for (place, group) in rule.groups.iter().enumerate() {
        let location = format!("{location}.groups[{place}]");
        let when = problems.expression(&format!("{location}.when"), &group.when, known);
        let elements = elements(&group.elements, spec, &location, known, problems);
        compiled.extend(when.map(|when| CompiledGroup { when, elements }));
    }
    compiled
}

/// Notes required elements that no rule makes, and those that only a condition makes.
fn check_required(rule: &NodeRule, spec: &NodeSpec, location: &str, problems: &mut Problems) {
    for element in spec.elements.iter().filter(|element| element.required) {
        let is_it = |rule: &&ElementRule| rule.element == element.name;
        let grouped = rule.groups.iter().flat_map(|group| &group.elements);
        if rule.elements.iter().any(|rule| is_it(&rule)) {
            continue;
        }
        if grouped.clone().any(|rule| is_it(&rule)) {
            let message = format!(
                "required element {} has a rule in groups alone",
                element.name
            );
            problems.warn(location, message);
        } else {
            let message = format!("required element {} has no rule", element.name);
            problems.add(location, message);
        }
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
    let scope = problems.scope();
    let for_each = CompiledForEach::compile(&named.for_each, &location, &mut known, problems);
    let element = problems.expression(&location, &named.element, &known);
    let path = problems.expression(&location, &named.path, &known);
    let transforms = transform::compile(&named.transforms, &location, &known, problems);
    problems.leave(scope);
    Some(CompiledNamedBy {
        for_each: for_each?,
        element: element?,
        path: path?,
        transforms,
        repair: named.repair.clone(),
    })
}
