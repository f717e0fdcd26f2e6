//! `sp_describe_first_result_set`: the columns a text would give, without running it.

use super::super::error::{SqlError, Stop};
use super::super::heap::catalogue;
use super::super::procedures::call::Argument as Given;
use super::super::sql::compile::OutColumn;
use super::super::sql::run::Answer;
use super::super::sql::script::Step;
use super::super::sql::{Prepared, Setting};
use super::super::value::{SqlType, Value};
use super::super::wire::tokens::Column;
use super::Session;
use super::batch::Flow;
use super::state::Variables;
use super::unit::Failure;

pub(super) const NAME: &str = "sp_describe_first_result_set";

impl Session {
    /// Describes the first query of a text whose parameters are declared as the second argument.
    pub(super) async fn describe(&mut self, given: &[Given]) -> Result<Flow, Failure> {
        let text = |at: usize| {
            let text = given.get(at).and_then(|each| each.value.text());
            text.unwrap_or_default().to_owned()
        };
        let declared = self.server.scripts.declarations(&text(1))?;
        let script = self.server.scripts.get(&text(0), &declared.kinds)?;
        let described = self.unit(|work, state| {
            let setting = Setting {
                inner: work.inner,
                database: state.database,
                isolation: state.isolation,
                variables: &declared.kinds,
            };
            for step in &script.steps {
                let Step::Statement(statement) = step else {
                    continue;
                };
                let prepared = script.statement(statement, &setting).map_err(Stop::Error)?;
                if let Prepared::Query(plan) = prepared.as_ref() {
                    return Ok(plan.columns.clone());
                }
            }
            Err(Stop::Error(SqlError::new(
                11_526,
                "The metadata could not be determined.",
            )))
        });
        let answer = described_as(&described.await?);
        self.answer(answer, &mut Variables::default())?;
        Ok(Flow::Next)
    }
}

fn described_as(described: &[OutColumn]) -> Answer {
    let column = |name: &str, kind| Column {
        name: name.to_owned(),
        kind,
        nullable: true,
    };
    let rows = (1..).zip(described).map(|(ordinal, column)| {
        let kind = column.kind.unwrap_or(SqlType::NVarChar(None));
        vec![
            Value::Int(0),
            Value::Int(ordinal),
            Value::Text(column.name.clone()),
            Value::Int(1),
            Value::Int(catalogue::type_id(kind)),
            Value::Text(type_name(kind)),
        ]
    });
    Answer {
        rows: rows.collect(),
        columns: vec![
            column("is_hidden", SqlType::Bit),
            column("column_ordinal", SqlType::Int),
            column("name", SqlType::NVarChar(Some(128))),
            column("is_nullable", SqlType::Bit),
            column("system_type_id", SqlType::Int),
            column("system_type_name", SqlType::NVarChar(Some(256))),
        ],
        result_set: true,
        ..Answer::default()
    }
}

/// As T-SQL writes it: `char(15)`, `numeric(19,5)`.
fn type_name(kind: SqlType) -> String {
    let (name, bytes, precision, scale) = catalogue::describe(kind);
    match name {
        "numeric" => format!("{name}({precision},{scale})"),
        "char" | "varchar" | "binary" | "varbinary" if bytes > 0 => format!("{name}({bytes})"),
        "nchar" | "nvarchar" if bytes > 0 => format!("{name}({})", bytes / 2),
        "char" | "varchar" | "nchar" | "nvarchar" | "varbinary" => format!("{name}(max)"),
        plain => plain.to_owned(),
    }
}
