//! The compiler's state: scopes, parameters and the tables a statement uses.

use std::sync::Arc;

use sqlparser::ast::{Expr, ObjectName};

use super::super::error::SqlError;
use super::super::heap::locks::Mode;
use super::super::heap::schema::{Registry, Table};
use super::super::value::{Family, SqlType};
use super::Kinds;
use super::script::Isolation;
use super::system::System;

pub type Compiled<T> = Result<T, SqlError>;

/// A piece of SQLite text and what it is known to be.
#[derive(Debug, Clone)]
pub struct Typed {
    pub sql: String,
    pub kind: Option<SqlType>,
    /// A plain column, which brings its collation and may use an index.
    pub column: bool,
}

impl Typed {
    /// An expression of a known type.
    pub fn new(sql: impl Into<String>, kind: SqlType) -> Typed {
        Typed {
            sql: sql.into(),
            kind: Some(kind),
            column: false,
        }
    }

    /// The family, if the type is known.
    pub fn family(&self) -> Option<Family> {
        self.kind.map(SqlType::family)
    }
}

/// What a SQLite parameter is filled with when the statement runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    Variable(String),
    System(System),
}

/// How the rows of a table are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint {
    pub dirty: bool,
    pub skip_locked: bool,
    /// The lock kept until the transaction ends.
    pub keep: Option<Mode>,
    /// Also lock the key where there is no row.
    pub hold: bool,
}

/// A use of a base table.
#[derive(Debug, Clone)]
pub struct TableUse {
    pub table: Arc<Table>,
    pub alias: String,
    /// 1 for the statement's own FROM, more for subqueries.
    pub depth: usize,
    pub hint: Hint,
}

/// A source of columns in a FROM clause.
#[derive(Debug, Clone)]
pub struct FromItem {
    /// The name columns are qualified with.
    pub name: String,
    pub alias: String,
    pub columns: Vec<(String, Option<SqlType>)>,
    /// The place in `uses` for base tables.
    pub table: Option<usize>,
}

/// One result column.
#[derive(Debug, Clone, PartialEq)]
pub struct OutColumn {
    pub name: String,
    pub kind: Option<SqlType>,
}

/// Compiles the statements of one batch for one database.
#[derive(Debug)]
pub struct Compiler<'a> {
    pub registry: &'a Registry,
    pub database: usize,
    pub variables: &'a Kinds,
    pub isolation: Isolation,
    pub parameters: Vec<(Source, SqlType)>,
    pub uses: Vec<TableUse>,
    pub scopes: Vec<Vec<FromItem>>,
    pub common: Vec<FromItem>,
    pub aliases: usize,
    /// Aliases of tables that are read from end to end.
    pub scanned: Vec<String>,
}

impl<'a> Compiler<'a> {
    /// A compiler with nothing seen yet.
    pub fn new(
        registry: &'a Registry,
        database: usize,
        variables: &'a Kinds,
        isolation: Isolation,
    ) -> Self {
        Compiler {
            registry,
            database,
            variables,
            isolation,
            parameters: Vec::new(),
            uses: Vec::new(),
            scopes: Vec::new(),
            common: Vec::new(),
            aliases: 0,
            scanned: Vec::new(),
        }
    }

    /// A parameter filled when the statement runs.
    pub fn parameter(&mut self, source: Source, kind: SqlType) -> Typed {
        let known = self.parameters.iter().position(|(each, _)| *each == source);
        let index = known.unwrap_or_else(|| {
            self.parameters.push((source, kind));
            self.parameters.len() - 1
        });
        Typed::new(format!("?{}", index + 1), kind)
    }

    /// A fresh alias.
    pub fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("t{}", self.aliases)
    }

    /// Finds a table by its written name.
    pub fn resolve(&self, name: &ObjectName) -> Compiled<Arc<Table>> {
        resolve(self.registry, self.database, &parts(name))
    }

    /// A column, looked for from the innermost query outwards.
    pub fn column(&self, qualifier: Option<&str>, name: &str) -> Compiled<Typed> {
        for scope in self.scopes.iter().rev() {
            for item in scope {
                if qualifier.is_some_and(|qualifier| !item.name.eq_ignore_ascii_case(qualifier)) {
                    continue;
                }
                if let Some((found, kind)) = item
                    .columns
                    .iter()
                    .find(|(each, _)| each.eq_ignore_ascii_case(name))
                {
                    return Ok(Typed {
                        sql: format!("{}.\"{found}\"", item.alias),
                        kind: *kind,
                        column: true,
                    });
                }
            }
        }
        let full = qualifier.map_or_else(
            || name.to_owned(),
            |qualifier| format!("{qualifier}.{name}"),
        );
        Err(SqlError::new(207, format!("Invalid column name '{full}'.")))
    }
}

/// The parts of a name; parts left out between dots are empty.
pub fn parts(name: &ObjectName) -> Vec<String> {
    name.0
        .iter()
        .map(|part| {
            part.as_ident()
                .map_or_else(String::new, |ident| ident.value.clone())
        })
        .collect()
}

/// Finds a table by one to three name parts; no schema means dbo.
pub fn resolve(registry: &Registry, database: usize, parts: &[String]) -> Compiled<Arc<Table>> {
    let invalid = || SqlError::new(208, format!("Invalid object name '{}'.", parts.join(".")));
    let (place, schema, name) = match parts {
        [name] => (database, "dbo", name),
        [schema, name] => (database, schema.as_str(), name),
        [place, schema, name] => (
            registry.database(place).ok_or_else(invalid)?,
            schema.as_str(),
            name,
        ),
        _ => return Err(invalid()),
    };
    let schema = if schema.is_empty() { "dbo" } else { schema };
    let of_server =
        schema.eq_ignore_ascii_case("sys") && name.to_ascii_lowercase().starts_with("dm_");
    if of_server && !registry.server_state {
        return Err(SqlError::new(
            300,
            "VIEW SERVER STATE permission was denied on object 'server', database 'master'.",
        ));
    }
    if name.starts_with('#') {
        return Err(SqlError::unsupported("temporary tables"));
    }
    registry
        .table(place, schema, name)
        .cloned()
        .ok_or_else(invalid)
}

/// Reads table hints; one that the heap cannot honour is refused.
pub fn hints(with: &[Expr], isolation: Isolation) -> Compiled<Hint> {
    let mut hint = Hint {
        dirty: isolation == Isolation::ReadUncommitted,
        skip_locked: false,
        keep: (isolation == Isolation::Held).then_some(Mode::Shared),
        hold: isolation == Isolation::Held,
    };
    for each in with {
        let text = each.to_string().to_ascii_uppercase();
        match text.as_str() {
            "NOLOCK" | "READUNCOMMITTED" => hint.dirty = true,
            "READPAST" => hint.skip_locked = true,
            "UPDLOCK" => hint.keep = hint.keep.max(Some(Mode::Update)),
            "XLOCK" | "TABLOCKX" => hint.keep = hint.keep.max(Some(Mode::Exclusive)),
            "HOLDLOCK" | "SERIALIZABLE" => {
                hint.keep = hint.keep.max(Some(Mode::Shared));
                hint.hold = true;
            }
            "REPEATABLEREAD" => hint.keep = hint.keep.max(Some(Mode::Shared)),
            "ROWLOCK" | "PAGLOCK" | "TABLOCK" | "READCOMMITTED" | "READCOMMITTEDLOCK"
            | "NOWAIT" => {}
            _ if text.starts_with("INDEX") || text.starts_with("FORCESEEK") => {}
            _ => return Err(SqlError::unsupported(format!("table hint {text}"))),
        }
    }
    Ok(hint)
}

/// The type's name as declarations write it.
pub fn type_text(kind: SqlType) -> String {
    let (name, _, precision, scale) = super::super::heap::catalogue::describe(kind);
    let length = |length: Option<u16>| length.map_or_else(|| "max".to_owned(), |n| n.to_string());
    if let SqlType::Numeric(..) = kind {
        return format!("{name}({precision},{scale})");
    }
    if let SqlType::Char(n) | SqlType::NChar(n) | SqlType::Binary(n) = kind {
        return format!("{name}({n})");
    }
    if let SqlType::VarChar(n) | SqlType::NVarChar(n) | SqlType::VarBinary(n) = kind {
        return format!("{name}({})", length(n));
    }
    if let SqlType::Time(_) | SqlType::DateTime2(_) | SqlType::DateTimeOffset(_) = kind {
        return format!("{name}({scale})");
    }
    name.to_owned()
}

/// A text as a SQLite literal.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
