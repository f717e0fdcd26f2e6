//! What the server says of a query's columns, held against what the query's rows are read as.

use super::declare::{Column, Kind};
use super::print;

/// A text of a query with its columns in order.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) name: String,
    pub(crate) sql: String,
    /// Declarations of its parameters.
    pub(crate) parameters: String,
    columns: Vec<&'static Column>,
}

/// Every text of the fixed queries.
pub(crate) fn all(system_database: &str) -> Vec<Described> {
    let described = print::fixed().map(|(printed, columns)| {
        let numbered = (1..=printed.parameters()).map(|n| format!("@P{n} nvarchar(4000)"));
        Described {
            sql: printed.sql.replace("{system}", system_database),
            name: printed.name,
            parameters: numbered.collect::<Vec<_>>().join(", "),
            columns,
        }
    });
    described.collect()
}

impl Described {
    /// What is wrong with the columns the server tells, each with its name and type.
    pub(crate) fn differs(&self, told: &[(String, String)]) -> Option<String> {
        if told.len() != self.columns.len() {
            return Some(format!(
                "it has {} columns, not {}",
                told.len(),
                self.columns.len()
            ));
        }
        let mut pairs = self.columns.iter().zip(told);
        let (column, (name, kind)) = pairs.find(|(column, (_, kind))| {
            let plain = kind.split('(').next().unwrap_or_default();
            !types(column.kind).contains(&plain.to_ascii_lowercase().as_str())
        })?;
        Some(format!(
            "column {name} is {kind}; {} is read as {}",
            column.name,
            column.kind.name()
        ))
    }
}

/// The server's types that a column may be of.
fn types(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Text | Kind::Always(_) | Kind::Absent => {
            &["char", "varchar", "nchar", "nvarchar", "text", "ntext"]
        }
        Kind::Int | Kind::Flag | Kind::Hundredths | Kind::Places | Kind::Named(_) => {
            &["bit", "tinyint", "smallint", "int", "bigint"]
        }
        Kind::Amount => &["numeric", "decimal", "money"],
        Kind::Date | Kind::Time | Kind::Moment | Kind::Utc => &["datetime", "smalldatetime"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_columns_and_types_are_told() {
        let all = all("DYNAMICS");
        assert!(all.len() > 40);
        let customers = all.iter().find(|each| each.name == "query customers");
        let customers = customers.unwrap();
        let fits = |column: &&Column| (column.name.to_owned(), types(column.kind)[0].to_owned());
        let told: Vec<_> = customers.columns.iter().map(fits).collect();
        assert_eq!(customers.differs(&told), None);
        let fewer = customers.differs(&told[1..]).unwrap();
        assert!(fewer.contains("columns, not"), "{fewer}");
        let mut other = told.clone();
        other[0].1 = "numeric(19,5)".to_owned();
        let other = customers.differs(&other).unwrap();
        assert_eq!(
            other,
            "column CUSTNMBR is numeric(19,5); CUSTNMBR is read as text"
        );
    }
}
