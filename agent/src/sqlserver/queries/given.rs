//! What a caller gives with a query: checked against the declaration, typed, and made one question.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connect_proto::econnect;

use super::QueryError;
use super::declare::{LONGEST_LIST, Parameter, Query, Role, Type, Way};
use crate::sqlserver::values::{Misfit, ParameterType, SqlValue};

/// Parameters as the command brings them.
pub(crate) type Parameters = BTreeMap<String, String>;

/// Typed values by their names.
#[derive(Debug, Default)]
pub(super) struct Given(BTreeMap<String, (Type, Values)>);

/// A parameter's value, or those of a list.
#[derive(Debug, Clone)]
pub(super) enum Values {
    One(SqlValue),
    Many(Vec<SqlValue>),
}

/// What is asked: the way, its values, and the columns asked for beside the usual ones.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) way: &'static Way,
    pub(super) given: Given,
    pub(super) added: Vec<&'static super::declare::Column>,
}

impl Given {
    pub(super) fn add(&mut self, name: &str, kind: Type, values: Values) {
        self.0.insert(name.to_owned(), (kind, values));
    }

    pub(super) fn get(&self, name: &str) -> Option<&(Type, Values)> {
        self.0.get(name)
    }
}

/// Checks what was given with a query.
pub(super) fn asked(query: &'static Query, parameters: &Parameters) -> Result<Asked, QueryError> {
    let known = |name: &str| query.parameters.iter().find(|known| known.name == name);
    if let Some(unknown) = parameters.keys().find(|name| known(name).is_none()) {
        let names = query.parameters.iter().map(|known| known.name);
        return Err(QueryError::unknown_parameter(unknown, names));
    }
    let mut given = Given::default();
    let mut added = Vec::new();
    for parameter in query.parameters {
        let text = match (parameters.get(parameter.name), parameter.role) {
            (Some(text), _) => text.as_str(),
            (None, Role::Default(text)) => text,
            (None, Role::Choice | Role::List | Role::Adds(_)) => continue,
        };
        let values = values(parameter, text)?;
        if let (Role::Adds(columns), "1") = (parameter.role, text) {
            added.extend(columns);
        }
        given.add(parameter.name, parameter.kind, values);
    }
    let way = way(query, parameters)?;
    Ok(Asked { way, given, added })
}

/// The way that takes exactly the choices that were made.
fn way(query: &'static Query, parameters: &Parameters) -> Result<&'static Way, QueryError> {
    let chosen = query.parameters.iter().filter(|parameter| {
        matches!(parameter.role, Role::Choice | Role::List)
            && parameters.contains_key(parameter.name)
    });
    let chosen: Vec<&str> = chosen.map(|parameter| parameter.name).collect();
    let takes = |way: &&Way| chosen.iter().all(|name| way.by.contains(name));
    let mut possible = query.ways.iter().filter(takes);
    if let Some(exact) = possible.clone().find(|way| way.by.len() == chosen.len()) {
        return Ok(exact);
    }
    match possible.next() {
        Some(_) if chosen.is_empty() => Err(QueryError::MissingOneOf(ways(query))),
        Some(next) => {
            let missing = next.by.iter().find(|name| !chosen.contains(name));
            Err(QueryError::Missing((*missing.unwrap_or(&"")).to_owned()))
        }
        None => Err(QueryError::NotTogether {
            given: chosen.join(", "),
            ways: ways(query),
        }),
    }
}

fn ways(query: &Query) -> String {
    let all = query.ways.iter().filter(|way| !way.by.is_empty());
    let all: Vec<_> = all.map(|way| way.by.join(" with ")).collect();
    all.join(", or ")
}

fn values(parameter: &Parameter, text: &str) -> Result<Values, QueryError> {
    let kind = parameter.kind.parameter();
    let misfit = |problem: String| QueryError::Misfit {
        parameter: parameter.name.to_owned(),
        problem,
    };
    let typed = |text: &str| typed(&kind, text).map_err(|problem| misfit(problem.to_string()));
    match parameter.role {
        Role::Adds(_) if !matches!(text, "0" | "1") => Err(misfit("is not 0 or 1".to_owned())),
        Role::Choice | Role::Default(_) | Role::Adds(_) => typed(text).map(Values::One),
        Role::List => {
            let list: Vec<String> = serde_json::from_str(text)
                .map_err(|_| misfit("is not a JSON array of texts".to_owned()))?;
            if list.is_empty() || list.len() > LONGEST_LIST {
                let problem = format!("has {} values, not 1 to {LONGEST_LIST}", list.len());
                return Err(misfit(problem));
            }
            let list: Result<_, _> = list.iter().map(|text| typed(text)).collect();
            list.map(Values::Many)
        }
    }
}

/// A value of a type, from its text.
pub(super) fn typed(kind: &ParameterType, text: &str) -> Result<SqlValue, Misfit> {
    kind.bind(&econnect::Value::Text(text.to_owned()))
}

/// Names what is asked, so that a page's token is not taken for another question's.
pub(super) fn question(name: &str, parameters: &Parameters) -> String {
    let mut text = name.to_owned();
    for (name, value) in parameters {
        text.extend(["\n", &name.len().to_string(), " ", name, " ", value]);
    }
    let digest = digest(&SHA256, text.as_bytes());
    let short = digest.as_ref().get(..9).unwrap_or_default();
    format!("{name} {}", URL_SAFE_NO_PAD.encode(short))
}
