//! Carries out data definition.

use super::super::error::SqlError;
use super::super::heap::schema::{Column, TableSpec};
use super::super::heap::work::Work;
use super::super::sql::compile::resolve;
use super::super::sql::definition::Definition;

fn split(name: &str) -> Vec<String> {
    name.split('.').map(ToOwned::to_owned).collect()
}

/// Runs one definition; as a deviation from SQL Server it is not taken back by a rollback.
pub fn run(work: &mut Work<'_>, database: usize, definition: &Definition) -> Result<(), SqlError> {
    match definition {
        Definition::Schema(name) => {
            if work.inner.schema_id(database, name).is_some() {
                return Err(SqlError::new(
                    2714,
                    format!("There is already an object named '{name}' in the database."),
                ));
            }
            work.inner.add_schema(database, name)
        }
        Definition::DropSchema(name) => work.inner.drop_schema(database, name),
        Definition::DropPrincipal(name) => work.inner.drop_principal(database, name),
        Definition::Table {
            name,
            columns,
            uniques,
        } => create_table(work, database, name, columns, uniques),
        Definition::AddColumns { name, columns } => add_columns(work, database, name, columns),
        Definition::AddUnique { name, columns } => add_unique(work, database, name, columns),
        Definition::Index {
            table,
            columns,
            unique: true,
        } => add_unique(work, database, table, columns),
        Definition::Index {
            table,
            columns,
            unique: false,
        } => {
            let table = resolve(&work.inner.registry, database, &split(table))?;
            positions(columns, |column| table.column(column)).map(|_| ())
        }
        Definition::DropTable { name, if_exists } => drop_table(work, database, name, *if_exists),
        Definition::Principal { name, kind } => work.inner.add_principal(database, name, kind),
        Definition::ServerState(seen) => {
            work.inner.registry.server_state = *seen;
            work.inner.version += 1;
            Ok(())
        }
        Definition::TrackDatabase { name, on } => {
            let Some(database) = work.inner.registry.database(name) else {
                return Err(SqlError::new(
                    5011,
                    format!("The database {name} is not there."),
                ));
            };
            work.inner.track_database(database, *on);
            Ok(())
        }
        Definition::TrackTable { name, on } => {
            let table = resolve(&work.inner.registry, database, &split(name))?;
            work.inner.track_table(&table, *on)
        }
        Definition::Rights => Ok(()),
    }
}

fn create_table(
    work: &mut Work<'_>,
    database: usize,
    name: &str,
    columns: &[Column],
    uniques: &[Vec<String>],
) -> Result<(), SqlError> {
    let (place, schema, table) = place(work, database, name)?;
    let find = |name: &str| {
        columns
            .iter()
            .position(|each| each.name.eq_ignore_ascii_case(name))
    };
    let mut keys = Vec::new();
    for key in uniques {
        keys.push(positions(key, find)?);
    }
    let spec = TableSpec {
        schema,
        name: table,
        columns: columns.to_vec(),
        uniques: keys,
    };
    work.inner.create_table(place, spec).map(|_| ())
}

fn add_columns(
    work: &mut Work<'_>,
    database: usize,
    name: &str,
    columns: &[Column],
) -> Result<(), SqlError> {
    for column in columns {
        let table = resolve(&work.inner.registry, database, &split(name))?;
        if table.column(&column.name).is_some() {
            return Err(SqlError::new(
                2705,
                format!(
                    "Column names in each table must be unique. Column name '{}' in table '{name}' is specified more than once.",
                    column.name
                ),
            ));
        }
        work.inner.add_column(&table, column)?;
    }
    Ok(())
}

fn drop_table(
    work: &mut Work<'_>,
    database: usize,
    name: &str,
    if_exists: bool,
) -> Result<(), SqlError> {
    match resolve(&work.inner.registry, database, &split(name)) {
        Ok(table) if table.view => Err(SqlError::new(
            3701,
            format!("Cannot drop the table '{name}'."),
        )),
        Ok(table) => work.inner.drop_table(&table),
        Err(_) if if_exists => Ok(()),
        Err(_) => Err(SqlError::new(
            3701,
            format!("Cannot drop the table '{name}', because it does not exist."),
        )),
    }
}

fn place(
    work: &Work<'_>,
    database: usize,
    name: &str,
) -> Result<(usize, String, String), SqlError> {
    let parts = split(name);
    let (place, schema, table) = match parts.as_slice() {
        [table] => (database, "dbo", table),
        [schema, table] => (database, schema.as_str(), table),
        [place, schema, table] => {
            let known = work.inner.registry.database(place);
            (
                known.ok_or_else(|| {
                    SqlError::new(911, format!("Database '{place}' does not exist."))
                })?,
                schema.as_str(),
                table,
            )
        }
        _ => return Err(SqlError::new(208, format!("Invalid object name '{name}'."))),
    };
    let schema = if schema.is_empty() { "dbo" } else { schema };
    if work.inner.schema_id(place, schema).is_none() {
        return Err(SqlError::new(
            2760,
            format!(
                "The specified schema name \"{schema}\" either does not exist or you do not have permission to use it."
            ),
        ));
    }
    Ok((place, schema.to_owned(), table.clone()))
}

fn positions(
    names: &[String],
    find: impl Fn(&str) -> Option<usize>,
) -> Result<Vec<usize>, SqlError> {
    let mut found = Vec::new();
    for name in names {
        found.push(find(name).ok_or_else(|| {
            SqlError::new(
                1911,
                format!("Column name '{name}' does not exist in the target table."),
            )
        })?);
    }
    Ok(found)
}

fn add_unique(
    work: &mut Work<'_>,
    database: usize,
    name: &str,
    columns: &[String],
) -> Result<(), SqlError> {
    let table = resolve(&work.inner.registry, database, &split(name))?;
    let key = positions(columns, |column| table.column(column))?;
    work.inner.add_unique(&table, key)
}
