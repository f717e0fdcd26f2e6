//! Where an element's value comes from, compiled.

use std::sync::Arc;

use super::model::{Concat, ElementRule, LookupRule};
use crate::engine::expression::{Expression, Path, Template};
use crate::engine::lookup;
use crate::engine::problem::Problems;

#[derive(Debug)]
pub(super) enum Source {
    Constant(String),
    Path(Path),
    Expression(Expression),
    Template {
        text: String,
        compiled: Template,
    },
    Lookup {
        shown: String,
        table: Arc<lookup::Compiled>,
        /// In the order of the table's keys.
        keys: Vec<Expression>,
        give: String,
    },
    Concat {
        shown: String,
        parts: Vec<Expression>,
        between: String,
    },
    Today(Expression),
}

impl Source {
    /// Names its kind in traces.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Constant(_) => "constant",
            Self::Path(_) => "path",
            Self::Expression(_) => "expression",
            Self::Template { .. } => "template",
            Self::Lookup { .. } => "lookup",
            Self::Concat { .. } => "concat",
            Self::Today(_) => "today",
        }
    }

    /// Shows it as it was written.
    pub(super) fn shown(&self) -> &str {
        match self {
            Self::Constant(text) | Self::Template { text, .. } => text,
            Self::Path(path) => path.text(),
            Self::Expression(formula) | Self::Today(formula) => formula.text(),
            Self::Lookup { shown, .. } | Self::Concat { shown, .. } => shown,
        }
    }

    /// Compiles a rule's source, noting what is wrong with it.
    pub(super) fn compile(
        rule: &ElementRule,
        location: &str,
        known: &[String],
        problems: &mut Problems,
    ) -> Option<Self> {
        let mut sources: Vec<Option<Self>> = Vec::new();
        sources.extend(rule.constant.clone().map(|text| Some(Self::Constant(text))));
        if let Some(path) = &rule.path {
            let found = problems.path(location, path, known);
            sources.push(found.then(|| Self::Path(Path::new(path))));
        }
        if let Some(text) = &rule.expression {
            let formula = problems.expression(location, text, known);
            sources.push(formula.map(Self::Expression));
        }
        if let Some(text) = &rule.template {
            let compiled = problems.template(location, text, known);
            let text = text.clone();
            sources.push(compiled.map(|compiled| Self::Template { text, compiled }));
        }
        if let Some(lookup) = &rule.lookup {
            sources.push(compile_lookup(lookup, location, known, problems));
        }
        if let Some(concat) = &rule.concat {
            sources.push(compile_concat(concat, location, known, problems));
        }
        if let Some(zone) = &rule.today {
            let zone = problems.expression(&format!("{location}.today"), zone, known);
            sources.push(zone.map(Self::Today));
        }
        let count = sources.len();
        match sources.pop() {
            Some(source) if count == 1 => source,
            Some(_) | None => {
                let message = "needs one of constant, path, expression, template, lookup, concat, \
                               today";
                problems.add(location, message);
                None
            }
        }
    }
}

fn compile_lookup(
    rule: &LookupRule,
    location: &str,
    known: &[String],
    problems: &mut Problems,
) -> Option<Source> {
    let location = format!("{location}.lookup");
    let table = problems.lookup(&location, &rule.table)?;
    let mut keys = Vec::new();
    for name in table.keys() {
        let place = format!("{location}.keys.{name}");
        match rule.keys.get(name) {
            Some(text) => keys.push(problems.expression(&place, text, known)),
            None => problems.add(&place, format!("the table {} is asked by it", rule.table)),
        }
    }
    for name in rule.keys.keys() {
        if !table.keys().any(|key| key == name) {
            let message = format!("the table {} has no key `{name}`", rule.table);
            problems.add(&location, message);
        }
    }
    let give = rule.give.as_deref().or_else(|| table.only());
    let Some(give) = give.filter(|give| table.has(give)) else {
        let message = format!("say which column of the table {} to give", rule.table);
        problems.add(&format!("{location}.give"), message);
        return None;
    };
    let keys = keys.into_iter().collect::<Option<Vec<_>>>()?;
    let asked: Vec<&str> = keys.iter().map(Expression::text).collect();
    Some(Source::Lookup {
        shown: format!("{}[{}].{give}", rule.table, asked.join(", ")),
        give: give.to_owned(),
        keys,
        table,
    })
}

fn compile_concat(
    concat: &Concat,
    location: &str,
    known: &[String],
    problems: &mut Problems,
) -> Option<Source> {
    if concat.parts.is_empty() {
        problems.add(&format!("{location}.concat.parts"), "must not be empty");
    }
    let mut parts = Vec::new();
    for (place, text) in concat.parts.iter().enumerate() {
        let place = format!("{location}.concat.parts[{place}]");
        parts.push(problems.expression(&place, text, known));
    }
    Some(Source::Concat {
        shown: concat.parts.join(" & "),
        parts: parts.into_iter().collect::<Option<_>>()?,
        between: concat.between.clone(),
    })
}
