//! Schemas and principals of a database in the system catalogue.

use rusqlite::params;

use super::super::error::SqlError;
use super::Inner;

impl Inner {
    /// Makes a schema.
    pub fn add_schema(&mut self, database: usize, name: &str) -> Result<(), SqlError> {
        let place = &mut self.registry.databases[database];
        place.schemas.push(name.to_owned());
        let number = match name {
            "dbo" => 1,
            "guest" => 2,
            "INFORMATION_SCHEMA" => 3,
            "sys" => 4,
            _ => i64::try_from(place.schemas.len()).unwrap_or_default(),
        };
        let sql = format!(
            "INSERT INTO \"{}\".\"sys.schemas\" (name, schema_id, principal_id) VALUES (?1, ?2, 1)",
            place.name
        );
        self.connection.execute(&sql, params![name, number])?;
        self.version += 1;
        Ok(())
    }

    /// The number of a schema.
    pub fn schema_id(&self, database: usize, name: &str) -> Option<i64> {
        let sql = format!(
            "SELECT schema_id FROM \"{}\".\"sys.schemas\" WHERE name = ?1",
            self.registry.databases[database].name
        );
        self.connection
            .query_row(&sql, [name], |row| row.get(0))
            .ok()
    }

    /// Drops a schema that holds nothing any more.
    pub fn drop_schema(&mut self, database: usize, name: &str) -> Result<(), SqlError> {
        if self.schema_id(database, name).is_none() {
            return Err(SqlError::new(
                15151,
                format!("Cannot drop the schema '{name}', because it does not exist."),
            ));
        }
        let held = self
            .registry
            .tables_of(database)
            .any(|table| table.schema.eq_ignore_ascii_case(name));
        if held {
            return Err(SqlError::new(
                3729,
                format!("Cannot drop schema '{name}' because it is being referenced."),
            ));
        }
        let place = &mut self.registry.databases[database];
        place
            .schemas
            .retain(|each| !each.eq_ignore_ascii_case(name));
        let sql = format!(
            "DELETE FROM \"{}\".\"sys.schemas\" WHERE name = ?1",
            place.name
        );
        self.connection.execute(&sql, [name])?;
        self.version += 1;
        Ok(())
    }

    /// Drops a database principal.
    pub fn drop_principal(&mut self, database: usize, name: &str) -> Result<(), SqlError> {
        let place = &self.registry.databases[database].name;
        let sql = format!("DELETE FROM \"{place}\".\"sys.database_principals\" WHERE name = ?1");
        if self.connection.execute(&sql, [name])? == 0 {
            return Err(SqlError::new(
                15151,
                format!("Cannot drop the principal '{name}', because it does not exist."),
            ));
        }
        Ok(())
    }

    /// Lists a database principal.
    pub fn add_principal(
        &mut self,
        database: usize,
        name: &str,
        kind: &str,
    ) -> Result<(), SqlError> {
        let place = &self.registry.databases[database].name;
        let table = format!("\"{place}\".\"sys.database_principals\"");
        let known: i64 = self.connection.query_row(
            &format!("SELECT count(*) FROM {table} WHERE name = ?1"),
            [name],
            |row| row.get(0),
        )?;
        if known > 0 {
            return Err(SqlError::new(
                15023,
                format!("User, group, or role '{name}' already exists in the current database."),
            ));
        }
        let text = if kind == "R" {
            "DATABASE_ROLE"
        } else {
            "SQL_USER"
        };
        let sql = format!(
            "INSERT INTO {table} (name, principal_id, type, type_desc) SELECT ?1, 5 + count(*), ?2, ?3 FROM {table}"
        );
        self.connection.execute(&sql, params![name, kind, text])?;
        Ok(())
    }
}
