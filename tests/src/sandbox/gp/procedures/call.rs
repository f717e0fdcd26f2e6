//! A call of a procedure: its arguments by element name and the error codes it collects.

use std::sync::Arc;

use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use super::super::convert::assign;
use super::super::error::{SqlError, Stop};
use super::super::heap::rows::{Access, Cell, Row};
use super::super::heap::work::Work;
use super::super::value::Value;
use super::codes;
use super::signature::Signature;

/// An argument as the caller gave it.
#[derive(Debug, Clone)]
pub struct Argument {
    /// As the caller wrote it; blank where it goes by its place.
    pub name: Arc<str>,
    pub value: Value,
    pub output: bool,
}

/// What a call gave back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reply {
    pub status: i32,
    /// Output parameters by lower-case name.
    pub outputs: Vec<(String, Value)>,
}

/// A running call.
#[derive(Debug)]
pub struct Call<'a, 'w> {
    pub work: &'a mut Work<'w>,
    pub database: usize,
    pub signature: &'a Signature,
    pub system: usize,
    arguments: FxHashMap<&'a str, Value>,
    too_long: Vec<String>,
    codes: Vec<String>,
}

impl<'a, 'w> Call<'a, 'w> {
    /// Binds arguments to parameters.
    pub fn bind(
        work: &'a mut Work<'w>,
        database: usize,
        signature: &'a Signature,
        given: &[Argument],
    ) -> Result<Self, SqlError> {
        let mut arguments = FxHashMap::default();
        let mut too_long = Vec::new();
        for (position, argument) in given.iter().enumerate() {
            let found = if argument.name.is_empty() {
                signature.parameters.get(position)
            } else {
                signature.parameter(&argument.name)
            };
            let Some(parameter) = found else {
                return Err(SqlError::new(
                    8145,
                    format!(
                        "{} is not a parameter for procedure {}.",
                        argument.name, signature.name
                    ),
                )
                .in_procedure(&signature.name));
            };
            let value = match assign(&argument.value, parameter.kind, &parameter.name) {
                Err(error) if error.number == 2628 => {
                    too_long.push(parameter.element.clone());
                    argument.value.clone()
                }
                other => other.map_err(|error| error.in_procedure(&signature.name))?,
            };
            arguments.insert(parameter.key.as_str(), value);
        }
        let system = work.inner.registry.database("DYNAMICS").unwrap_or(database);
        Ok(Call {
            work,
            database,
            signature,
            system,
            arguments,
            too_long,
            codes: Vec::new(),
        })
    }

    /// Adds an error code.
    pub fn fail(&mut self, code: i32) {
        let code = code.to_string();
        if !self.codes.contains(&code) {
            self.codes.push(code);
        }
    }

    /// Adds a code if a condition holds.
    pub fn fail_if(&mut self, condition: bool, code: i32) {
        if condition {
            self.fail(code);
        }
    }

    /// Whether anything was found wrong.
    pub fn failed(&self) -> bool {
        !self.codes.is_empty()
    }

    /// Refuses missing required elements and over-long values, each with the element's own code.
    pub fn check_elements(&mut self) {
        let absent = |value: Option<&Value>| match value {
            None | Some(Value::Null) => true,
            Some(Value::Text(text)) => text.trim().is_empty(),
            Some(_) => false,
        };
        let signature = self.signature;
        for parameter in signature
            .parameters
            .iter()
            .filter(|parameter| parameter.required)
        {
            if absent(self.arguments.get(parameter.key.as_str())) {
                self.fail(codes::missing(signature, &parameter.element));
            }
        }
        for element in std::mem::take(&mut self.too_long) {
            self.fail(codes::too_long(signature, &element));
        }
    }

    /// The reply: the first code as state, all of them in the error string.
    pub fn reply(self) -> Reply {
        let state = self
            .codes
            .first()
            .and_then(|code| code.parse().ok())
            .unwrap_or(0);
        let mut text = self.codes.join(" ");
        if !text.is_empty() {
            text.push(' ');
        }
        let outputs = vec![
            ("@o_ierrorstate".to_owned(), Value::Int(state)),
            ("@oerrstring".to_owned(), Value::Text(text)),
        ];
        Reply {
            status: i32::try_from(state).unwrap_or(-1),
            outputs,
        }
    }

    /// Whether an element was sent, empty or not; NULL counts as absent.
    pub fn given(&self, element: &str) -> bool {
        self.value(element).is_some()
    }

    /// The value of an element, unless absent or NULL.
    pub fn value(&self, element: &str) -> Option<&Value> {
        let found = self.arguments.get(element);
        found
            .or_else(|| self.arguments.get(element.to_ascii_uppercase().as_str()))
            .filter(|value| !value.is_null())
    }

    /// Text of an element, blank if absent.
    pub fn text(&self, element: &str) -> String {
        self.value(element)
            .and_then(Value::text)
            .unwrap_or_default()
            .trim_end_matches(' ')
            .to_owned()
    }

    /// An integer, or what the procedure takes when it is absent.
    pub fn int(&self, element: &str, default: i64) -> i64 {
        self.value(element).and_then(Value::int).unwrap_or(default)
    }

    /// An amount, zero if absent.
    pub fn money(&self, element: &str) -> Decimal {
        self.optional_money(element).unwrap_or_default()
    }

    /// An amount, if sent.
    pub fn optional_money(&self, element: &str) -> Option<Decimal> {
        match self.value(element)? {
            Value::Numeric(number) => Some(number.decimal()),
            Value::Int(number) => Some(Decimal::from(*number)),
            Value::Null | Value::Float(_) | Value::Text(_) | Value::Bytes(_) | Value::Time(_) => {
                None
            }
        }
    }

    /// A date, 1900-01-01 if absent.
    pub fn time(&self, element: &str) -> i64 {
        if let Some(Value::Time(ticks)) = self.value(element) {
            *ticks
        } else {
            0
        }
    }

    /// The row of a company table with a key.
    pub fn find(
        &mut self,
        table: &str,
        key: &[Cell<'_>],
        access: Access,
    ) -> Result<Option<Row>, Stop> {
        let table = self.work.table(self.database, table)?;
        self.work.find(&table, key, access)
    }

    /// The rows of a company table with a key.
    pub fn rows(&mut self, table: &str, key: &[Cell<'_>]) -> Result<Vec<Row>, Stop> {
        let table = self.work.table(self.database, table)?;
        self.work.select(&table, key, Access::Committed)
    }

    /// Whether a company table has a row with a key.
    pub fn exists(&mut self, table: &str, key: &[Cell<'_>]) -> Result<bool, Stop> {
        Ok(self.find(table, key, Access::Committed)?.is_some())
    }

    /// Inserts a row into a company table.
    pub fn add(&mut self, table: &str, cells: &[Cell<'_>]) -> Result<i64, Stop> {
        let table = self.work.table(self.database, table)?;
        self.work.add(&table, cells)
    }

    /// Changes a row.
    pub fn set(&mut self, row: &Row, cells: &[Cell<'_>]) -> Result<(), Stop> {
        let table = Arc::clone(&row.table);
        self.work.set(&table, row.number, cells)
    }

    /// The sent elements that are columns of a table too, ready to be written.
    pub fn columns_of(&mut self, table: &str) -> Result<Vec<(String, Value)>, Stop> {
        let table = self.work.table(self.database, table)?;
        let mut cells = Vec::new();
        for column in &table.columns {
            if let Some(value) = self.value(&column.name) {
                cells.push((column.name.clone(), value.clone()));
            }
        }
        Ok(cells)
    }
}
