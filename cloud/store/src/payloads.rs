//! Bodies kept for people and for agents, compressed.

use std::sync::Arc;

use connect_core::domain::ids::{PayloadId, TenantId};
use connect_core::domain::run::Payload;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::conn::{Conn, on};
use crate::database::Database;
use crate::dialect::{self, MOST_ROWS};
use crate::error::StoreError;
use crate::text::{compress, expand};

const DOCUMENT: &str = "document";

/// Bodies by id.
#[derive(Debug)]
pub struct Payloads<'d>(pub(crate) &'d Database);

impl Database {
    /// Bodies kept for people and for agents.
    pub fn payloads(&self) -> Payloads<'_> {
        Payloads(self)
    }
}

impl Payloads<'_> {
    /// Finds one, such as a command's document.
    pub async fn find(
        &self,
        tenant: TenantId,
        id: PayloadId,
    ) -> Result<Option<Payload>, StoreError> {
        let mut conn = self.0.read().await?;
        let content = find(&mut conn, &document(tenant, id)).await?;
        Ok(content.map(|content| Payload {
            tenant,
            id,
            content,
        }))
    }

    /// Adds one, or puts it in place of the same id.
    pub async fn insert(&self, payload: &Payload) -> Result<(), StoreError> {
        let place = document(payload.tenant, payload.id);
        let packed = Packer::default().pack(place, &payload.content)?;
        self.0
            .write([packed], |conn, packed| Box::pin(insert(conn, packed)))
            .await
    }
}

/// Where a body is kept.
pub(crate) struct Place {
    pub(crate) tenant: TenantId,
    pub(crate) owner: Uuid,
    pub(crate) number: i64,
    pub(crate) part: &'static str,
}

/// A body compressed before the unit of work begins: the writer only writes.
pub(crate) struct Packed {
    place: Place,
    content: Arc<[u8]>,
}

/// Compresses the bodies of one unit of work. What a step made the next one often takes: what was
/// compressed is not compressed again.
#[derive(Default)]
pub(crate) struct Packer<'c> {
    known: Vec<(&'c [u8], Arc<[u8]>)>,
}

impl<'c> Packer<'c> {
    pub(crate) fn pack(&mut self, place: Place, content: &'c [u8]) -> Result<Packed, StoreError> {
        let known = self.known.iter().find(|(known, _)| *known == content);
        let compressed = if let Some((_, compressed)) = known {
            Arc::clone(compressed)
        } else {
            let compressed = Arc::from(compress(content)?);
            self.known.push((content, Arc::clone(&compressed)));
            compressed
        };
        Ok(Packed {
            place,
            content: compressed,
        })
    }
}

/// Where a document is kept.
pub(crate) fn document(tenant: TenantId, id: PayloadId) -> Place {
    Place {
        tenant,
        owner: id.0,
        number: 0,
        part: DOCUMENT,
    }
}

/// Adds bodies, or puts them in place of those there, in one statement.
pub(crate) async fn insert(conn: &mut Conn, bodies: &[Packed]) -> Result<(), StoreError> {
    for bodies in bodies.chunks(MOST_ROWS) {
        let sql = format!(
            "INSERT INTO payload (tenant, owner, number, part, content)
             VALUES {places}
             ON CONFLICT (tenant, owner, number, part) DO UPDATE
             SET content = excluded.content",
            places = dialect::places(bodies.len(), 5),
        );
        on!(conn, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for Packed { place, content } in bodies {
                query = query
                    .bind(place.tenant.0)
                    .bind(place.owner)
                    .bind(place.number)
                    .bind(place.part)
                    .bind(content.as_ref());
            }
            query.execute(c).await.map(|_| ())
        })?;
    }
    Ok(())
}

pub(crate) async fn find(conn: &mut Conn, place: &Place) -> Result<Option<Vec<u8>>, StoreError> {
    let row: Option<(Vec<u8>,)> = on!(conn, c => sqlx::query_as(
        "SELECT content
         FROM payload
         WHERE tenant = $1 AND owner = $2 AND number = $3 AND part = $4",
    )
    .bind(place.tenant.0)
    .bind(place.owner)
    .bind(place.number)
    .bind(place.part)
    .fetch_optional(c)
    .await)?;
    row.map(|(content,)| expand(&content)).transpose()
}
