//! Versioned settings and the revisions that list them.

use std::collections::BTreeMap;

use connect_core::domain::artifact::{Artifact, ArtifactKind, Pin, Revision};
use connect_core::domain::ids::{EnvironmentId, TenantId};
use connect_core::domain::time::Micros;
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::dialect;
use crate::error::StoreError;
use crate::text::{from_word, word};

/// Something to publish as the next version of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewArtifact {
    /// What it is.
    pub kind: ArtifactKind,
    /// Unique per kind in the environment.
    pub name: String,
    /// JSON.
    pub body: String,
}

/// Versions to publish together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewArtifacts {
    /// The versions.
    pub artifacts: Vec<NewArtifact>,
    /// The revision they were checked against, 0 for none: another in force is an error
    /// ([`StoreError::Stale`]), and nothing is published.
    pub after: Option<i64>,
}

impl From<Vec<NewArtifact>> for NewArtifacts {
    fn from(artifacts: Vec<NewArtifact>) -> Self {
        let after = None;
        Self { artifacts, after }
    }
}

/// Versioned settings.
#[derive(Debug)]
pub struct Artifacts<'d>(pub(crate) &'d Database);

type Publication = (TenantId, EnvironmentId, NewArtifacts, String, Micros);

impl Database {
    /// Versioned settings and the revisions that list them.
    pub fn artifacts(&self) -> Artifacts<'_> {
        Artifacts(self)
    }
}

impl Artifacts<'_> {
    /// Finds one version of one thing.
    pub async fn find(
        &self,
        tenant: TenantId,
        environment: EnvironmentId,
        kind: ArtifactKind,
        name: &str,
        version: i64,
    ) -> Result<Option<Artifact>, StoreError> {
        let kind = word(&kind)?;
        let mut conn = self.0.read().await?;
        let row: Option<Row> = on!(conn, c => sqlx::query_as(
            "SELECT tenant, environment, kind, name, version, body, created, author
             FROM artifact
             WHERE tenant = $1 AND environment = $2 AND kind = $3 AND name = $4 AND version = $5",
        )
        .bind(tenant.0)
        .bind(environment.0)
        .bind(kind)
        .bind(name)
        .bind(version)
        .fetch_optional(c)
        .await)?;
        row.map(Artifact::try_from).transpose()
    }

    /// Lists everything in force under a revision, with its bodies.
    pub async fn contents(
        &self,
        tenant: TenantId,
        environment: EnvironmentId,
        number: i64,
    ) -> Result<Vec<Artifact>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<Row> = on!(conn, c => sqlx::query_as(
            "SELECT artifact.tenant, artifact.environment, artifact.kind, artifact.name,
                    artifact.version, artifact.body, artifact.created, artifact.author
             FROM revision_pin
             JOIN artifact ON artifact.tenant = revision_pin.tenant
                          AND artifact.environment = revision_pin.environment
                          AND artifact.kind = revision_pin.kind
                          AND artifact.name = revision_pin.name
                          AND artifact.version = revision_pin.version
             WHERE revision_pin.tenant = $1 AND revision_pin.environment = $2
               AND revision_pin.number = $3
             ORDER BY artifact.kind, artifact.name",
        )
        .bind(tenant.0)
        .bind(environment.0)
        .bind(number)
        .fetch_all(c)
        .await)?;
        rows.into_iter().map(Artifact::try_from).collect()
    }

    /// Finds the number of the revision in force; `None` before anything was published.
    pub async fn current(
        &self,
        tenant: TenantId,
        environment: EnvironmentId,
    ) -> Result<Option<i64>, StoreError> {
        let mut conn = self.0.read().await?;
        current(&mut conn, tenant, environment).await
    }

    /// Finds a revision with its pins.
    pub async fn find_revision(
        &self,
        tenant: TenantId,
        environment: EnvironmentId,
        number: i64,
    ) -> Result<Option<Revision>, StoreError> {
        let mut conn = self.0.read().await?;
        let row: Option<(i64,)> = on!(conn, c => sqlx::query_as(
            "SELECT created
             FROM revision
             WHERE tenant = $1 AND environment = $2 AND number = $3",
        )
        .bind(tenant.0)
        .bind(environment.0)
        .bind(number)
        .fetch_optional(c)
        .await)?;
        let Some((created,)) = row else {
            return Ok(None);
        };
        Ok(Some(Revision {
            tenant,
            environment,
            number,
            pins: pins(&mut conn, tenant, environment, number).await?,
            created: Micros(created),
        }))
    }

    /// Lists revisions of an environment without their pins, newest first: number and time.
    pub async fn list_revisions(
        &self,
        tenant: TenantId,
        environment: EnvironmentId,
        limit: i64,
    ) -> Result<Vec<(i64, Micros)>, StoreError> {
        let mut conn = self.0.read().await?;
        let rows: Vec<(i64, i64)> = on!(conn, c => sqlx::query_as(
            "SELECT number, created
             FROM revision
             WHERE tenant = $1 AND environment = $2
             ORDER BY number DESC
             LIMIT $3",
        )
        .bind(tenant.0)
        .bind(environment.0)
        .bind(limit)
        .fetch_all(c)
        .await)?;
        Ok(rows
            .into_iter()
            .map(|(number, created)| (number, Micros(created)))
            .collect())
    }

    /// Publishes the next version of each and the next revision, in one unit of work.
    pub async fn publish(
        &self,
        tenant: TenantId,
        environment: EnvironmentId,
        artifacts: impl Into<NewArtifacts>,
        author: &str,
        now: Micros,
    ) -> Result<Revision, StoreError> {
        self.0
            .write(
                (
                    tenant,
                    environment,
                    artifacts.into(),
                    author.to_owned(),
                    now,
                ),
                |conn, publication| Box::pin(publish(conn, publication)),
            )
            .await
    }
}

async fn publish(
    conn: &mut Conn,
    (tenant, environment, artifacts, author, now): &Publication,
) -> Result<Revision, StoreError> {
    lock(conn, *tenant, *environment).await?;
    let number = current(conn, *tenant, *environment).await?.unwrap_or(0);
    if artifacts.after.is_some_and(|after| after != number) {
        return Err(StoreError::Stale { table: "revision" });
    }
    let mut pinned: BTreeMap<(ArtifactKind, String), i64> =
        pins(conn, *tenant, *environment, number)
            .await?
            .into_iter()
            .map(|pin| ((pin.kind, pin.name), pin.version))
            .collect();
    for new in &artifacts.artifacts {
        let version = next_version(conn, *tenant, *environment, new).await?;
        let artifact = Artifact {
            tenant: *tenant,
            environment: *environment,
            kind: new.kind,
            name: new.name.clone(),
            version,
            body: new.body.clone(),
            created: *now,
            author: author.clone(),
        };
        insert(conn, &artifact).await?;
        pinned.insert((new.kind, new.name.clone()), version);
    }
    let mut revision = Revision {
        tenant: *tenant,
        environment: *environment,
        number: number + 1,
        pins: pinned
            .into_iter()
            .map(|((kind, name), version)| Pin {
                kind,
                name,
                version,
            })
            .collect(),
        created: *now,
    };
    insert_revision(conn, &revision).await?;
    revision.pins = pins(conn, *tenant, *environment, revision.number).await?;
    Ok(revision)
}

/// Two publications in one environment follow each other.
async fn lock(
    conn: &mut Conn,
    tenant: TenantId,
    environment: EnvironmentId,
) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT id
         FROM environment
         WHERE tenant = $1 AND id = $2
         {lock}",
        lock = dialect::lock_rows(conn),
    );
    on!(conn, c => sqlx::query(AssertSqlSafe(sql))
        .bind(tenant.0)
        .bind(environment.0)
        .fetch_optional(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

async fn current(
    conn: &mut Conn,
    tenant: TenantId,
    environment: EnvironmentId,
) -> Result<Option<i64>, StoreError> {
    let (number,): (Option<i64>,) = on!(conn, c => sqlx::query_as(
        "SELECT MAX(number)
         FROM revision
         WHERE tenant = $1 AND environment = $2",
    )
    .bind(tenant.0)
    .bind(environment.0)
    .fetch_one(c)
    .await)?;
    Ok(number)
}

async fn pins(
    conn: &mut Conn,
    tenant: TenantId,
    environment: EnvironmentId,
    number: i64,
) -> Result<Vec<Pin>, StoreError> {
    let rows: Vec<(String, String, i64)> = on!(conn, c => sqlx::query_as(
        "SELECT kind, name, version
         FROM revision_pin
         WHERE tenant = $1 AND environment = $2 AND number = $3
         ORDER BY kind, name",
    )
    .bind(tenant.0)
    .bind(environment.0)
    .bind(number)
    .fetch_all(c)
    .await)?;
    rows.into_iter()
        .map(|(kind, name, version)| {
            Ok(Pin {
                kind: from_word("revision_pin", "kind", &kind)?,
                name,
                version,
            })
        })
        .collect()
}

async fn next_version(
    conn: &mut Conn,
    tenant: TenantId,
    environment: EnvironmentId,
    new: &NewArtifact,
) -> Result<i64, StoreError> {
    let kind = word(&new.kind)?;
    let (version,): (Option<i64>,) = on!(conn, c => sqlx::query_as(
        "SELECT MAX(version)
         FROM artifact
         WHERE tenant = $1 AND environment = $2 AND kind = $3 AND name = $4",
    )
    .bind(tenant.0)
    .bind(environment.0)
    .bind(kind)
    .bind(&new.name)
    .fetch_one(c)
    .await)?;
    Ok(version.unwrap_or(0) + 1)
}

async fn insert(conn: &mut Conn, artifact: &Artifact) -> Result<(), StoreError> {
    let kind = word(&artifact.kind)?;
    on!(conn, c => sqlx::query(
        "INSERT INTO artifact (tenant, environment, kind, name, version, body, created, author)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(artifact.tenant.0)
    .bind(artifact.environment.0)
    .bind(kind)
    .bind(&artifact.name)
    .bind(artifact.version)
    .bind(&artifact.body)
    .bind(artifact.created.0)
    .bind(&artifact.author)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn insert_revision(conn: &mut Conn, revision: &Revision) -> Result<(), StoreError> {
    on!(conn, c => sqlx::query(
        "INSERT INTO revision (tenant, environment, number, created)
         VALUES ($1, $2, $3, $4)",
    )
    .bind(revision.tenant.0)
    .bind(revision.environment.0)
    .bind(revision.number)
    .bind(revision.created.0)
    .execute(c)
    .await
    .map(|_| ()))?;
    for pin in &revision.pins {
        let kind = word(&pin.kind)?;
        on!(conn, c => sqlx::query(
            "INSERT INTO revision_pin (tenant, environment, number, kind, name, version)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(revision.tenant.0)
        .bind(revision.environment.0)
        .bind(revision.number)
        .bind(kind)
        .bind(&pin.name)
        .bind(pin.version)
        .execute(c)
        .await
        .map(|_| ()))?;
    }
    Ok(())
}

#[derive(FromRow)]
struct Row {
    tenant: Uuid,
    environment: Uuid,
    kind: String,
    name: String,
    version: i64,
    body: String,
    created: i64,
    author: String,
}

impl TryFrom<Row> for Artifact {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            tenant: TenantId(row.tenant),
            environment: EnvironmentId(row.environment),
            kind: from_word("artifact", "kind", &row.kind)?,
            name: row.name,
            version: row.version,
            body: row.body,
            created: Micros(row.created),
            author: row.author,
        })
    }
}
