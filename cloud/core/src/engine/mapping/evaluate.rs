//! Makes the document.

use connect_proto::econnect::{
    self, Document, Element, Node, Transaction, Value as Content, Violation,
};

use super::balance;
use super::compile::{Compiled, CompiledNode, Preparation};
use super::faults::repair;
use super::fill::{Made, formula_reads};
use super::trace::{self, NodeTrace, Trace, VariableTrace, Warning};
use crate::domain::failure::{Failure, FailureClass, Fault};
use crate::engine::checks::{self, Verdict, unreadable};
use crate::engine::expression::Facts;
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

pub(super) struct Run<'m, 'f> {
    pub(super) mapping: &'m Compiled,
    pub(super) facts: &'f mut Facts,
    transaction: Transaction,
    pub(super) trace: Trace<'m>,
    pub(super) traced: bool,
    /// How many nodes there are of the last one's name; nodes of a name follow one another.
    alike: usize,
    /// What to tell people who must mend an element, by the node's place in the document.
    repairs: Vec<(usize, &'static str, &'m str)>,
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
            let wanted = when.holds(self.facts);
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
            traces.extend(made.trace.take().map(|trace| *trace));
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
            let wanted = group.when.holds(self.facts);
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
