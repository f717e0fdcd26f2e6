//! A fresh database for one run: a SQLite file, or a database on the PostgreSQL server provided.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// Which database the cloud uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The embedded default.
    Sqlite,
    /// A fresh database on the server of `CONNECT_TEST_POSTGRES_URL`.
    Postgres,
    /// One that exists.
    Url(String),
}

impl std::str::FromStr for Choice {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        Ok(match text {
            "sqlite" => Self::Sqlite,
            "postgres" => Self::Postgres,
            url if url.contains("://") => Self::Url(url.to_owned()),
            other => bail!("{other} is neither sqlite, nor postgres, nor a URL"),
        })
    }
}

/// URL of a fresh database.
pub fn fresh(choice: &Choice, directory: &Path) -> anyhow::Result<String> {
    match choice {
        Choice::Sqlite => Ok(format!(
            "sqlite://{}",
            directory.join("connect.db").display()
        )),
        Choice::Url(url) => Ok(url.clone()),
        Choice::Postgres => create(),
    }
}

fn create() -> anyhow::Result<String> {
    let server = std::env::var("CONNECT_TEST_POSTGRES_URL")
        .context("no PostgreSQL server: run through `make test`, or tests/with-postgres.sh")?;
    let name = format!("c{}", uuid::Uuid::new_v4().simple());
    let output = Command::new("psql")
        .arg(&server)
        .args(["-q", "-c", &format!("CREATE DATABASE {name}")])
        .stdin(Stdio::null())
        .output()
        .context("psql is missing (Debian: postgresql-client)")?;
    if !output.status.success() {
        bail!(
            "cannot create a database: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let (base, _) = server
        .rsplit_once('/')
        .context("the server's URL names no database")?;
    Ok(format!("{base}/{name}"))
}
