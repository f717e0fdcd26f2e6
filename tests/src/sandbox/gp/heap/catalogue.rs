//! Databases and tables come into being here, and into the system catalogue's tables.

use std::sync::Arc;

use rusqlite::params;

use super::super::clock;
use super::super::error::SqlError;
use super::super::value::{Family, SqlType};
use super::Inner;
use super::schema::{Column, Database, Default, Table, TableSpec, collation, create_statements};

/// A parameter of a procedure as the catalogue lists it.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterRow {
    pub name: String,
    pub kind: SqlType,
    pub output: bool,
}

const SYSTEM_TABLES: &[(&str, &str)] = &[
    (
        "sys.schemas",
        "name sysname, schema_id int, principal_id int",
    ),
    (
        "sys.types",
        "name sysname, system_type_id tinyint, user_type_id int, schema_id int, max_length smallint, precision tinyint, scale tinyint, is_user_defined bit, is_nullable bit",
    ),
    (
        "sys.all_objects",
        "name sysname, object_id int, schema_id int, parent_object_id int, type char(2), type_desc nvarchar(60), create_date datetime, modify_date datetime, is_ms_shipped bit",
    ),
    (
        "sys.all_columns",
        "object_id int, name sysname, column_id int, system_type_id tinyint, user_type_id int, max_length smallint, precision tinyint, scale tinyint, collation_name sysname, is_nullable bit, is_identity bit",
    ),
    (
        "sys.all_parameters",
        "object_id int, name sysname, parameter_id int, system_type_id tinyint, user_type_id int, max_length smallint, precision tinyint, scale tinyint, is_output bit, has_default_value bit, is_nullable bit",
    ),
    (
        "sys.database_principals",
        "name sysname, principal_id int, type char(1), type_desc nvarchar(60)",
    ),
    (
        "sys.indexes",
        "object_id int, name sysname, index_id int, type tinyint, is_unique bit, is_primary_key bit",
    ),
    (
        "sys.change_tracking_tables",
        "object_id int, min_valid_version bigint",
    ),
    (
        "sys.change_tracking_databases",
        "database_id int, retention_period int",
    ),
    (
        "sys.databases",
        "name sysname, database_id int, create_date datetime, compatibility_level tinyint, collation_name sysname, state tinyint, state_desc nvarchar(60), is_read_committed_snapshot_on bit, snapshot_isolation_state tinyint, recovery_model_desc nvarchar(60)",
    ),
    (
        "sys.database_recovery_status",
        "database_id int, database_guid uniqueidentifier, family_guid uniqueidentifier, last_log_backup_lsn numeric(25,0), recovery_fork_guid uniqueidentifier, first_recovery_fork_guid uniqueidentifier, fork_point_lsn numeric(25,0)",
    ),
    (
        "information_schema.columns",
        "TABLE_CATALOG nvarchar(128), TABLE_SCHEMA nvarchar(128), TABLE_NAME sysname, COLUMN_NAME sysname, ORDINAL_POSITION int, COLUMN_DEFAULT nvarchar(4000), IS_NULLABLE varchar(3), DATA_TYPE nvarchar(128), CHARACTER_MAXIMUM_LENGTH int, NUMERIC_PRECISION tinyint, NUMERIC_SCALE int, DATETIME_PRECISION smallint",
    ),
    (
        "information_schema.tables",
        "TABLE_CATALOG nvarchar(128), TABLE_SCHEMA sysname, TABLE_NAME sysname, TABLE_TYPE varchar(10)",
    ),
];

/// Views: name, the table behind, and the condition.
const SYSTEM_VIEWS: &[(&str, &str, &str)] = &[
    ("sys.objects", "sys.all_objects", "1"),
    ("sys.procedures", "sys.all_objects", "\"type\" = 'P'"),
    ("sys.tables", "sys.all_objects", "\"type\" = 'U'"),
    ("sys.columns", "sys.all_columns", "1"),
    ("sys.parameters", "sys.all_parameters", "1"),
];

/// Transactions that have written in a database. No row is stored: who looks is told what is so.
const TRANSACTIONS: (&str, &str, &str) = (
    "dm_tran_database_transactions",
    "transaction_id bigint, database_id int, database_transaction_begin_time datetime",
    "SELECT key AS \"_row\", json_extract(value, '$[0]') AS transaction_id, json_extract(value, '$[1]') + 1 AS database_id, json_extract(value, '$[2]') AS database_transaction_begin_time FROM json_each(writing())",
);

/// `name, system type id` of every type; the id of a user type is the same.
const TYPES: &[(&str, i64)] = &[
    ("image", 34),
    ("text", 35),
    ("uniqueidentifier", 36),
    ("date", 40),
    ("time", 41),
    ("datetime2", 42),
    ("datetimeoffset", 43),
    ("tinyint", 48),
    ("smallint", 52),
    ("int", 56),
    ("smalldatetime", 58),
    ("real", 59),
    ("money", 60),
    ("datetime", 61),
    ("float", 62),
    ("ntext", 99),
    ("bit", 104),
    ("decimal", 106),
    ("numeric", 108),
    ("smallmoney", 122),
    ("bigint", 127),
    ("varbinary", 165),
    ("varchar", 167),
    ("binary", 173),
    ("char", 175),
    ("nvarchar", 231),
    ("nchar", 239),
    ("sysname", 256),
];

/// How the catalogue describes a type: name, bytes, precision, scale.
pub fn describe(kind: SqlType) -> (&'static str, i64, u8, u8) {
    let length = |length: Option<u16>, width: i64| length.map_or(-1, |n| i64::from(n) * width);
    match kind {
        SqlType::Bit => ("bit", 1, 1, 0),
        SqlType::TinyInt => ("tinyint", 1, 3, 0),
        SqlType::SmallInt => ("smallint", 2, 5, 0),
        SqlType::Int => ("int", 4, 10, 0),
        SqlType::BigInt => ("bigint", 8, 19, 0),
        SqlType::Numeric(precision, scale) => {
            let bytes = match precision {
                0..=9 => 5,
                10..=19 => 9,
                20..=28 => 13,
                _ => 17,
            };
            ("numeric", bytes, precision, scale)
        }
        SqlType::Money => ("money", 8, 19, 4),
        SqlType::SmallMoney => ("smallmoney", 4, 10, 4),
        SqlType::Real => ("real", 4, 24, 0),
        SqlType::Float => ("float", 8, 53, 0),
        SqlType::Char(n) => ("char", i64::from(n), 0, 0),
        SqlType::VarChar(n) => ("varchar", length(n, 1), 0, 0),
        SqlType::NChar(n) => ("nchar", i64::from(n) * 2, 0, 0),
        SqlType::NVarChar(n) => ("nvarchar", length(n, 2), 0, 0),
        SqlType::Text => ("text", 16, 0, 0),
        SqlType::NText => ("ntext", 16, 0, 0),
        SqlType::Binary(n) => ("binary", i64::from(n), 0, 0),
        SqlType::VarBinary(n) => ("varbinary", length(n, 1), 0, 0),
        SqlType::Image => ("image", 16, 0, 0),
        SqlType::Guid => ("uniqueidentifier", 16, 0, 0),
        SqlType::Date => ("date", 3, 10, 0),
        SqlType::Time(scale) => ("time", 5, 16, scale),
        SqlType::DateTime => ("datetime", 8, 23, 3),
        SqlType::SmallDateTime => ("smalldatetime", 4, 16, 0),
        SqlType::DateTime2(scale) => ("datetime2", 8, 27, scale),
        SqlType::DateTimeOffset(scale) => ("datetimeoffset", 10, 34, scale),
    }
}

/// The catalogue's number of a type.
pub fn type_id(kind: SqlType) -> i64 {
    let name = describe(kind).0;
    TYPES
        .iter()
        .find(|(known, _)| *known == name)
        .map_or(0, |(_, id)| *id)
}

/// The type name behind a catalogue number.
pub fn type_name(id: i64) -> Option<&'static str> {
    TYPES
        .iter()
        .find(|(_, known)| *known == id)
        .map(|(name, _)| *name)
}

fn system_columns(list: &str) -> Vec<Column> {
    let mut columns = Vec::new();
    let mut depth = 0_i32;
    let split = list.split(|c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    for part in split {
        let (name, kind) = part.trim().split_once(' ').unwrap_or((part, "int"));
        let kind = SqlType::parse(kind).unwrap_or(SqlType::Int);
        columns.push(Column {
            name: name.to_owned(),
            kind,
            nullable: true,
            identity: false,
            default: Default::Missing,
        });
    }
    columns
}

impl Inner {
    /// Makes a database with its system catalogue.
    pub fn add_database(&mut self, name: &str) -> Result<usize, SqlError> {
        self.connection
            .execute(&format!("ATTACH ':memory:' AS \"{name}\""), [])?;
        let schemas = ["dbo", "guest", "INFORMATION_SCHEMA", "sys"]
            .map(ToOwned::to_owned)
            .to_vec();
        self.registry.databases.push(Database {
            name: name.to_owned(),
            schemas: Vec::new(),
            created: clock::now(),
            recovery_fork: clock::new_guid(),
            family: clock::new_guid(),
            next_object: 581_577_110,
            binary: false,
        });
        let database = self.registry.databases.len() - 1;
        for (full, columns) in SYSTEM_TABLES {
            let (schema, table) = full.split_once('.').unwrap_or(("sys", full));
            let spec = TableSpec {
                schema: schema.to_owned(),
                name: table.to_owned(),
                columns: system_columns(columns),
                uniques: Vec::new(),
            };
            let table = self.registry.add(database, spec, true);
            let create = create_statements(&table);
            self.connection
                .execute_batch(create.first().map_or("", String::as_str))?;
        }
        for (full, behind, condition) in SYSTEM_VIEWS {
            self.add_view(database, full, behind, condition)?;
        }
        let (view, columns, rows) = TRANSACTIONS;
        let spec = TableSpec {
            schema: "sys".to_owned(),
            name: view.to_owned(),
            columns: system_columns(columns),
            uniques: Vec::new(),
        };
        let view = self.registry.add(database, spec, true);
        let create = format!("CREATE VIEW {} AS {rows}", view.stored);
        self.connection.execute_batch(&create)?;
        for schema in schemas {
            self.add_schema(database, &schema)?;
        }
        for (type_name, id) in TYPES {
            let sql = format!(
                "INSERT INTO \"{name}\".\"sys.types\" (name, system_type_id, user_type_id, schema_id, is_user_defined, is_nullable) VALUES (?1, ?2, ?3, 4, 0, 1)"
            );
            let system = if *id == 256 { 231 } else { *id };
            self.connection
                .execute(&sql, params![type_name, system, id])?;
        }
        self.refresh_server_rows()?;
        Ok(database)
    }

    fn add_view(
        &mut self,
        database: usize,
        full: &str,
        behind: &str,
        condition: &str,
    ) -> Result<(), SqlError> {
        let (schema, name) = full.split_once('.').unwrap_or(("sys", full));
        let (_, source) = behind.split_once('.').unwrap_or(("sys", behind));
        let columns = self
            .registry
            .table(database, schema, source)
            .map(|table| table.columns.clone())
            .unwrap_or_default();
        let spec = TableSpec {
            schema: schema.to_owned(),
            name: name.to_owned(),
            columns,
            uniques: Vec::new(),
        };
        let table = self.registry.add(database, spec, true);
        let sql = format!(
            "CREATE VIEW {} AS SELECT * FROM \"{behind}\" WHERE {condition}",
            table.stored
        );
        Ok(self.connection.execute_batch(&sql)?)
    }

    /// The number of an object.
    pub fn object_id(&self, database: usize, schema: &str, name: &str) -> Option<i64> {
        let place = &self.registry.databases[database].name;
        let schema = self.schema_id(database, schema)?;
        let sql = format!(
            "SELECT object_id FROM \"{place}\".\"sys.all_objects\" WHERE name = ?1 AND schema_id = ?2"
        );
        self.connection
            .query_row(&sql, params![name, schema], |row| row.get(0))
            .ok()
    }

    /// Makes a table and lists it in the catalogue.
    pub fn create_table(
        &mut self,
        database: usize,
        spec: TableSpec,
    ) -> Result<Arc<Table>, SqlError> {
        if self
            .registry
            .table(database, &spec.schema, &spec.name)
            .is_some()
        {
            return Err(SqlError::new(
                2714,
                format!(
                    "There is already an object named '{}' in the database.",
                    spec.name
                ),
            ));
        }
        let table = self.registry.add(database, spec, false);
        for statement in create_statements(&table) {
            self.connection.execute_batch(&statement)?;
        }
        let object = self.add_object(database, &table.schema, &table.name, "U", "USER_TABLE")?;
        let place = self.registry.databases[database].name.clone();
        self.connection.execute(
            &format!("INSERT INTO \"{place}\".\"information_schema.tables\" (TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE) VALUES (?1, ?2, ?3, 'BASE TABLE')"),
            params![place, table.schema, table.name],
        )?;
        for (index, column) in table.columns.iter().enumerate() {
            self.list_column(&place, &table, object, index, column)?;
        }
        self.version += 1;
        Ok(table)
    }

    /// Adds a column to a table; present rows take the default.
    pub fn add_column(
        &mut self,
        table: &Arc<Table>,
        column: &Column,
    ) -> Result<Arc<Table>, SqlError> {
        let collation = collation(column.kind, table.binary);
        for place in [&table.stored, &table.before] {
            self.connection.execute_batch(&format!(
                "ALTER TABLE {place} ADD COLUMN \"{}\"{collation}",
                column.name
            ))?;
        }
        let mut columns = table.columns.clone();
        columns.push(column.clone());
        let spec = TableSpec {
            schema: table.schema.clone(),
            name: table.name.clone(),
            columns,
            uniques: table.uniques.clone(),
        };
        let changed = self.registry.add(table.database, spec, false);
        self.texts.remove(&table.id);
        let object = self
            .object_id(table.database, &table.schema, &table.name)
            .unwrap_or_default();
        let place = self.registry.databases[table.database].name.clone();
        self.list_column(&place, &changed, object, table.columns.len(), column)?;
        if let Default::Constant(value) = &column.default {
            let stored = super::codec::encode(value, column.kind);
            self.connection.execute(
                &format!("UPDATE {} SET \"{}\" = ?1", table.stored, column.name),
                [stored],
            )?;
        }
        self.version += 1;
        Ok(changed)
    }

    /// Drops a table.
    pub fn drop_table(&mut self, table: &Arc<Table>) -> Result<(), SqlError> {
        let place = self.registry.databases[table.database].name.clone();
        let object = self
            .object_id(table.database, &table.schema, &table.name)
            .unwrap_or_default();
        self.connection.execute_batch(&format!(
            "DROP TABLE {}; DROP TABLE {}",
            table.stored, table.before
        ))?;
        for system in ["sys.all_objects", "sys.all_columns"] {
            self.connection.execute(
                &format!("DELETE FROM \"{place}\".\"{system}\" WHERE object_id = ?1"),
                [object],
            )?;
        }
        for system in ["columns", "tables"] {
            let sql = format!(
                "DELETE FROM \"{place}\".\"information_schema.{system}\" WHERE TABLE_SCHEMA = ?1 AND TABLE_NAME = ?2"
            );
            self.connection
                .execute(&sql, params![table.schema, table.name])?;
        }
        self.registry.remove(table);
        self.texts.remove(&table.id);
        self.version += 1;
        Ok(())
    }

    fn add_object(
        &mut self,
        database: usize,
        schema: &str,
        name: &str,
        kind: &str,
        text: &str,
    ) -> Result<i64, SqlError> {
        let schema = self.schema_id(database, schema).unwrap_or(1);
        let place = &mut self.registry.databases[database];
        place.next_object += 16;
        let object = place.next_object;
        let sql = format!(
            "INSERT INTO \"{}\".\"sys.all_objects\" (name, object_id, schema_id, parent_object_id, type, type_desc, create_date, modify_date, is_ms_shipped) VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?6, 0)",
            place.name
        );
        self.connection.prepare_cached(&sql)?.execute(params![
            name,
            object,
            schema,
            kind,
            text,
            clock::now()
        ])?;
        Ok(object)
    }

    fn list_column(
        &self,
        place: &str,
        table: &Table,
        object: i64,
        index: usize,
        column: &Column,
    ) -> Result<(), SqlError> {
        let (name, bytes, precision, scale) = describe(column.kind);
        let id = type_id(column.kind);
        let position = i64::try_from(index + 1).unwrap_or_default();
        let text = column.kind.family() == Family::Text;
        let sql = format!(
            "INSERT INTO \"{place}\".\"sys.all_columns\" (object_id, name, column_id, system_type_id, user_type_id, max_length, precision, scale, collation_name, is_nullable, is_identity) VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
        );
        let collation = text.then_some("SQL_Latin1_General_CP1_CI_AS");
        self.connection.prepare_cached(&sql)?.execute(params![
            object,
            column.name,
            position,
            id,
            bytes,
            precision,
            scale,
            collation,
            column.nullable,
            column.identity
        ])?;
        let sql = format!(
            "INSERT INTO \"{place}\".\"information_schema.columns\" (TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, ORDINAL_POSITION, IS_NULLABLE, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
        );
        let chars = text.then(|| {
            column
                .kind
                .max_chars()
                .map_or(-1, |n| i64::try_from(n).unwrap_or_default())
        });
        let counted = matches!(column.kind.family(), Family::Int | Family::Numeric);
        let nullable = if column.nullable { "YES" } else { "NO" };
        self.connection.prepare_cached(&sql)?.execute(params![
            place,
            table.schema,
            table.name,
            column.name,
            position,
            nullable,
            name,
            chars,
            counted.then_some(precision),
            counted.then_some(scale)
        ])?;
        Ok(())
    }

    /// Lists a procedure and its parameters.
    pub fn add_procedure(
        &mut self,
        database: usize,
        name: &str,
        parameters: &[ParameterRow],
    ) -> Result<(), SqlError> {
        let object = self.add_object(database, "dbo", name, "P", "SQL_STORED_PROCEDURE")?;
        let place = &self.registry.databases[database].name;
        let sql = format!(
            "INSERT INTO \"{place}\".\"sys.all_parameters\" (object_id, name, parameter_id, system_type_id, user_type_id, max_length, precision, scale, is_output, has_default_value, is_nullable) VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, 0, 1)"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        for (index, parameter) in parameters.iter().enumerate() {
            let (_, bytes, precision, scale) = describe(parameter.kind);
            let position = i64::try_from(index + 1).unwrap_or_default();
            statement.execute(params![
                object,
                parameter.name,
                position,
                type_id(parameter.kind),
                bytes,
                precision,
                scale,
                parameter.output
            ])?;
        }
        Ok(())
    }

    /// Writes the rows every database has about all databases.
    pub fn refresh_server_rows(&mut self) -> Result<(), SqlError> {
        let databases = self.registry.databases.clone();
        for place in &databases {
            for system in ["sys.databases", "sys.database_recovery_status"] {
                self.connection
                    .execute_batch(&format!("DELETE FROM \"{}\".\"{system}\"", place.name))?;
            }
            for (index, each) in databases.iter().enumerate() {
                let id = i64::try_from(index + 1).unwrap_or_default();
                let sql = format!(
                    "INSERT INTO \"{}\".\"sys.databases\" VALUES (NULL, ?1, ?2, ?3, 150, 'SQL_Latin1_General_CP1_CI_AS', 0, 'ONLINE', 0, 0, 'FULL')",
                    place.name
                );
                self.connection
                    .execute(&sql, params![each.name, id, each.created])?;
                let sql = format!(
                    "INSERT INTO \"{}\".\"sys.database_recovery_status\" VALUES (NULL, ?1, ?2, ?2, NULL, ?3, ?3, NULL)",
                    place.name
                );
                self.connection
                    .execute(&sql, params![id, each.family, each.recovery_fork])?;
            }
        }
        Ok(())
    }

    /// Makes a further set of columns unique.
    pub fn add_unique(&mut self, table: &Arc<Table>, key: Vec<usize>) -> Result<(), SqlError> {
        let mut uniques = table.uniques.clone();
        uniques.push(key);
        let spec = TableSpec {
            schema: table.schema.clone(),
            name: table.name.clone(),
            columns: table.columns.clone(),
            uniques,
        };
        let before = create_statements(table).len();
        let changed = self.registry.add(table.database, spec, false);
        let statements = create_statements(&changed);
        // The last index statement is the new one; behind it comes the before-image table.
        let index = statements.get(before - 1).map_or("", String::as_str);
        self.connection.execute_batch(index).map_err(|_| {
            SqlError::new(
                1505,
                "The CREATE UNIQUE INDEX statement terminated because a duplicate key was found.",
            )
        })?;
        self.texts.remove(&table.id);
        self.version += 1;
        Ok(())
    }
}
