//! How a query is declared: what may be asked, where rows come from, what they hold, how they page.

use std::borrow::Cow;

use crate::sqlserver::values::ParameterType;

/// A query the cloud may name. Its rows come from its sources, one after the other.
///
/// What is unposted comes first: a document that is posted between two pages is then met again
/// as a posted one, never missed.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) text: &'static str,
    pub(crate) parameters: &'static [Parameter],
    /// What may be asked; exactly one of them is.
    pub(crate) ways: &'static [Way],
    /// What holds for every row, whatever is asked.
    pub(crate) always: &'static str,
    pub(crate) sources: &'static [Source],
    /// Columns that order the rows and tell them apart within a source.
    pub(crate) key: &'static [Key],
}

/// A value that may be given with a query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) kind: Type,
    pub(crate) role: Role,
}

/// What a parameter does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Role {
    /// Belongs to the ways that name it.
    Choice,
    /// The same, as a JSON array of at most [`LONGEST_LIST`] values.
    List,
    /// May always be given; this is its value when it is not.
    Default(&'static str),
    /// Adds columns when it is 1.
    Adds(&'static [Column]),
}

/// As many values as a list may have: the text has a place for each.
pub(crate) const LONGEST_LIST: usize = 50;

/// One thing that can be asked: the parameters it takes, and what they mean for a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way {
    pub(crate) by: &'static [&'static str],
    pub(crate) condition: &'static str,
}

/// Tables that rows come from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source {
    pub(crate) columns: &'static [&'static [Column]],
    pub(crate) from: &'static str,
    pub(crate) condition: &'static str,
}

/// A value of a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// What is selected; nothing for a value that is the same in every row.
    pub(crate) sql: &'static str,
    pub(crate) kind: Kind,
}

/// What a value is when it reaches the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Int,
    /// GP's 0 and 1.
    Flag,
    /// A decimal, as text.
    Amount,
    /// A whole number of hundredths in GP, as a decimal text.
    Hundredths,
    /// Decimal places, which GP keeps as one more.
    Places,
    /// A day; GP's empty date, 1900-01-01, is null.
    Date,
    /// A time of day.
    Time,
    /// A day and time of the server's own zone.
    Moment,
    /// A day and time in UTC.
    Utc,
    /// The meaning of a code; null for a code that has none here.
    Named(&'static [(i64, &'static str)]),
    Always(&'static str),
    /// The source has no such value.
    Absent,
}

/// A column of the page key, with the type its last value is compared as.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub(crate) column: &'static str,
    pub(crate) kind: Type,
}

/// SQL Server's type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Char(usize),
    VarChar(usize),
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Numeric(u32, u32),
    DateTime,
}

/// GP's type of amounts and quantities.
pub(crate) const MONEY: Type = Type::Numeric(19, 5);

impl Type {
    /// The type as T-SQL writes it.
    pub(crate) fn sql(self) -> Cow<'static, str> {
        match self {
            Self::Char(length) => Cow::Owned(format!("char({length})")),
            Self::VarChar(length) => Cow::Owned(format!("varchar({length})")),
            Self::TinyInt => Cow::Borrowed("tinyint"),
            Self::SmallInt => Cow::Borrowed("smallint"),
            Self::Int => Cow::Borrowed("int"),
            Self::BigInt => Cow::Borrowed("bigint"),
            Self::Numeric(precision, scale) => Cow::Owned(format!("numeric({precision},{scale})")),
            Self::DateTime => Cow::Borrowed("datetime"),
        }
    }

    /// Reads a type as T-SQL writes it; `None` for one the agent does not bind.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text: String = text.to_ascii_lowercase().split_whitespace().collect();
        let (name, size) = match text.split_once('(') {
            Some((name, rest)) => (name, Some(rest.strip_suffix(')')?)),
            None => (text.as_str(), None),
        };
        let length = |most: usize| {
            let length = size?.parse().ok()?;
            (1..=most).contains(&length).then_some(length)
        };
        match (name, size) {
            ("char", Some(_)) => length(8000).map(Self::Char),
            ("varchar", Some(_)) => length(8000).map(Self::VarChar),
            ("tinyint", None) => Some(Self::TinyInt),
            ("smallint", None) => Some(Self::SmallInt),
            ("int", None) => Some(Self::Int),
            ("bigint", None) => Some(Self::BigInt),
            ("datetime", None) => Some(Self::DateTime),
            ("numeric" | "decimal", Some(size)) => {
                let (precision, scale) = size.split_once(',').unwrap_or((size, "0"));
                let (precision, scale) = (precision.parse().ok()?, scale.parse().ok()?);
                // The agent's own decimals have 28 digits.
                let fits = (1..=28).contains(&precision) && scale <= precision;
                fits.then_some(Self::Numeric(precision, scale))
            }
            _ => None,
        }
    }

    /// How a value given as text is read.
    pub(crate) fn parameter(self) -> ParameterType {
        match self {
            Self::Char(length) | Self::VarChar(length) => ParameterType::Text(Some(length)),
            Self::TinyInt => ParameterType::TinyInt,
            Self::SmallInt => ParameterType::SmallInt,
            Self::Int => ParameterType::Int,
            Self::BigInt => ParameterType::BigInt,
            Self::Numeric(precision, scale) => ParameterType::Numeric { precision, scale },
            Self::DateTime => ParameterType::DateTime,
        }
    }
}

impl Kind {
    /// The type's name in a description.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text | Self::Named(_) | Self::Always(_) | Self::Absent => "text",
            Self::Int | Self::Places => "integer",
            Self::Flag => "boolean",
            Self::Amount | Self::Hundredths => "decimal",
            Self::Date => "date",
            Self::Time => "time",
            Self::Moment => "datetime",
            Self::Utc => "datetime, UTC",
        }
    }

    /// Whether the value comes from the server.
    pub(crate) fn is_selected(self) -> bool {
        match self {
            Self::Always(_) | Self::Absent => false,
            Self::Text
            | Self::Int
            | Self::Flag
            | Self::Amount
            | Self::Hundredths
            | Self::Places
            | Self::Date
            | Self::Time
            | Self::Moment
            | Self::Utc
            | Self::Named(_) => true,
        }
    }
}

impl Source {
    pub(crate) fn columns(&self) -> impl Iterator<Item = &'static Column> {
        self.columns.iter().flat_map(|part| part.iter())
    }
}

impl Column {
    /// The same value under another name.
    pub(crate) const fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }
}

/// Asks for all there is.
pub(crate) const EVERYTHING: Way = Way {
    by: &[],
    condition: "",
};

pub(crate) const fn by(by: &'static [&'static str], condition: &'static str) -> Way {
    Way { by, condition }
}

pub(crate) const fn one(name: &'static str, kind: Type) -> Parameter {
    Parameter {
        name,
        kind,
        role: Role::Choice,
    }
}

pub(crate) const fn many(name: &'static str, kind: Type) -> Parameter {
    Parameter {
        name,
        kind,
        role: Role::List,
    }
}

pub(crate) const fn usually(name: &'static str, kind: Type, value: &'static str) -> Parameter {
    Parameter {
        name,
        kind,
        role: Role::Default(value),
    }
}

pub(crate) const fn adds(name: &'static str, columns: &'static [Column]) -> Parameter {
    Parameter {
        name,
        kind: Type::TinyInt,
        role: Role::Adds(columns),
    }
}

pub(crate) const fn key(column: &'static str, kind: Type) -> Key {
    Key { column, kind }
}

/// First and last day; both may be left out.
pub(crate) const FROM: Parameter = usually("from", Type::DateTime, "1753-01-01");
pub(crate) const TO: Parameter = usually("to", Type::DateTime, "9999-12-31");

const fn column(sql: &'static str, kind: Kind) -> Column {
    Column {
        name: last_part(sql),
        sql,
        kind,
    }
}

pub(crate) const fn text(sql: &'static str) -> Column {
    column(sql, Kind::Text)
}

pub(crate) const fn int(sql: &'static str) -> Column {
    column(sql, Kind::Int)
}

pub(crate) const fn flag(sql: &'static str) -> Column {
    column(sql, Kind::Flag)
}

pub(crate) const fn amount(sql: &'static str) -> Column {
    column(sql, Kind::Amount)
}

pub(crate) const fn hundredths(sql: &'static str) -> Column {
    column(sql, Kind::Hundredths)
}

pub(crate) const fn places(sql: &'static str) -> Column {
    column(sql, Kind::Places)
}

pub(crate) const fn date(sql: &'static str) -> Column {
    column(sql, Kind::Date)
}

pub(crate) const fn time(sql: &'static str) -> Column {
    column(sql, Kind::Time)
}

pub(crate) const fn moment(sql: &'static str) -> Column {
    column(sql, Kind::Moment)
}

pub(crate) const fn utc(sql: &'static str) -> Column {
    column(sql, Kind::Utc)
}

/// The meaning of a code, beside the code itself.
pub(crate) const fn meaning(
    name: &'static str,
    sql: &'static str,
    codes: &'static [(i64, &'static str)],
) -> Column {
    Column {
        name,
        sql,
        kind: Kind::Named(codes),
    }
}

/// Tells the source of a row.
pub(crate) const fn always(name: &'static str, value: &'static str) -> Column {
    Column {
        name,
        sql: "",
        kind: Kind::Always(value),
    }
}

/// A value that the query's other sources have.
pub(crate) const fn absent(name: &'static str) -> Column {
    Column {
        name,
        sql: "",
        kind: Kind::Absent,
    }
}

/// The column's own name of `alias.NAME`.
const fn last_part(sql: &'static str) -> &'static str {
    let bytes = sql.as_bytes();
    let mut at = bytes.len();
    while at > 0 {
        if bytes[at - 1] == b'.' {
            return sql.split_at(at).1;
        }
        at -= 1;
    }
    sql
}
