//! T-SQL: read with sqlparser's SQL Server dialect, rewritten for the heap, refused where unknown.

pub mod arithmetic;
pub mod change;
pub mod coerce;
pub mod compile;
pub mod definition;
pub mod expression;
pub mod from;
pub mod functions;
pub mod plan;
pub mod predicate;
pub mod query;
pub mod run;
pub mod script;
pub mod system;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
use sqlparser::ast::{Expr, Query, Statement};

use super::error::SqlError;
use super::heap::Inner;
use super::value::SqlType;
use change::Change;
use compile::Compiler;
use plan::Plan;
use script::{Isolation, Step};

/// A statement compiled for one database and dictionary.
#[derive(Debug)]
pub enum Prepared {
    Query(Plan),
    Change(Change),
}

/// Where and how a statement is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    node: usize,
    database: usize,
    version: u64,
    isolation: u8,
}

/// A batch read once, with what was compiled from it.
#[derive(Debug)]
pub struct Script {
    pub steps: Vec<Step>,
    prepared: Mutex<HashMap<Place, Arc<Prepared>>>,
}

/// Types of variables by their lower-case names.
pub type Kinds = FxHashMap<Arc<str>, SqlType>;

/// What a text's parameters are declared as.
#[derive(Debug, Default)]
pub struct Declared {
    /// In order, lower-case.
    pub parameters: Vec<(Arc<str>, SqlType)>,
    /// The same by name.
    pub kinds: Arc<Kinds>,
}

/// The scripts of one text, by the types of its parameters.
type OfText = Vec<(Arc<Kinds>, Arc<Script>)>;

/// Batches read before, by their text and the types of their parameters; declarations by theirs.
#[derive(Debug, Default)]
pub struct Scripts {
    known: Mutex<FxHashMap<String, OfText>>,
    declared: Mutex<FxHashMap<String, Arc<Declared>>>,
}

/// As many texts as are kept; a client that builds texts with values in them gets no more.
const KEPT: usize = 2000;

impl Scripts {
    /// The script of a text.
    pub fn get(&self, text: &str, kinds: &Arc<Kinds>) -> Result<Arc<Script>, SqlError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |known: &Arc<Kinds>| Arc::ptr_eq(known, kinds) || known == kinds;
        let mut of_text = known.get(text).into_iter().flatten();
        if let Some((_, script)) = of_text.find(|(known, _)| same(known)) {
            return Ok(Arc::clone(script));
        }
        let script = Arc::new(Script {
            steps: script::parse(text)?,
            prepared: Mutex::new(HashMap::new()),
        });
        if known.len() >= KEPT {
            known.clear();
        }
        let of_text = known.entry(text.to_owned()).or_default();
        of_text.push((Arc::clone(kinds), Arc::clone(&script)));
        Ok(script)
    }

    /// What `@P1 int, @P2 numeric(19,5) OUTPUT` declares.
    pub fn declarations(&self, text: &str) -> Result<Arc<Declared>, SqlError> {
        let mut known = self.declared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(declared) = known.get(text) {
            return Ok(Arc::clone(declared));
        }
        let declared = Arc::new(declarations(text)?);
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(text.to_owned(), Arc::clone(&declared));
        Ok(declared)
    }
}

fn declarations(text: &str) -> Result<Declared, SqlError> {
    let mut depth = 0_i32;
    let parts = text.split(|c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    let mut parameters = Vec::new();
    for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
        let (name, kind) = part.split_once(char::is_whitespace).unwrap_or((part, ""));
        let kind = SqlType::parse(kind).ok_or_else(|| {
            SqlError::new(
                2715,
                format!("Cannot find data type {kind} of parameter {name}."),
            )
        })?;
        parameters.push((Arc::from(name.to_ascii_lowercase()), kind));
    }
    let kinds = Arc::new(parameters.iter().cloned().collect());
    Ok(Declared { parameters, kinds })
}

/// What a compilation depends on besides the text.
#[derive(Debug)]
pub struct Setting<'a> {
    pub inner: &'a Inner,
    pub database: usize,
    pub isolation: Isolation,
    pub variables: &'a Kinds,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Script {
    /// The compiled form of a statement of this script.
    pub fn statement(
        &self,
        statement: &Statement,
        setting: &Setting<'_>,
    ) -> Result<Arc<Prepared>, SqlError> {
        self.cached(std::ptr::from_ref(statement).addr(), setting, || {
            compile(statement, setting)
        })
    }

    /// The compiled form of an expression of this script.
    pub fn expression(
        &self,
        expression: &Expr,
        setting: &Setting<'_>,
    ) -> Result<Arc<Prepared>, SqlError> {
        self.cached(std::ptr::from_ref(expression).addr(), setting, || {
            change::scalar(compiler(setting), expression).map(Prepared::Query)
        })
    }

    fn cached(
        &self,
        node: usize,
        setting: &Setting<'_>,
        make: impl FnOnce() -> Result<Prepared, SqlError>,
    ) -> Result<Arc<Prepared>, SqlError> {
        let isolation = setting.isolation as u8;
        let place = Place {
            node,
            database: setting.database,
            version: setting.inner.version,
            isolation,
        };
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = prepared.get(&place) {
            return Ok(Arc::clone(found));
        }
        let made = Arc::new(make()?);
        prepared.retain(|known, _| known.version == place.version);
        prepared.insert(place, Arc::clone(&made));
        Ok(made)
    }
}

fn compiler<'a>(setting: &Setting<'a>) -> Compiler<'a> {
    Compiler::new(
        &setting.inner.registry,
        setting.database,
        setting.variables,
        setting.isolation,
    )
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other statement is refused with its kind"
)]
fn compile(statement: &Statement, setting: &Setting<'_>) -> Result<Prepared, SqlError> {
    match statement {
        Statement::Query(query) => select(query, setting),
        Statement::Insert(insert) => {
            change::insert(|| compiler(setting), insert).map(Prepared::Change)
        }
        Statement::Update(update) => {
            change::update(compiler(setting), update).map(Prepared::Change)
        }
        Statement::Delete(delete) => {
            change::delete(compiler(setting), delete).map(Prepared::Change)
        }
        other => {
            let text = other.to_string();
            let kind: Vec<&str> = text.split_whitespace().take(3).collect();
            Err(SqlError::unsupported(format!(
                "statement {}",
                kind.join(" ")
            )))
        }
    }
}

fn select(query: &Query, setting: &Setting<'_>) -> Result<Prepared, SqlError> {
    compiler(setting).plan(query).map(Prepared::Query)
}
