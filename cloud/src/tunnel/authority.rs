//! Brings the private CA up: makes it at the first start, opens it at every later one.

use connect_core::domain::time::Micros;
use connect_store::{CaKey, Database};
use uuid::Uuid;

use super::pki::{Authority, AuthorityParts, PkiError, der_of_pem, pem};
use crate::error::{Error, Result};
use crate::secrets::{Place, Sealer};

const PURPOSE: &str = "agent_root";

impl Authority {
    /// The installation's CA. When several replicas start at once, the first one's stays.
    pub(crate) async fn open(
        database: &Database,
        sealer: &Sealer,
        new_id: Uuid,
        now: Micros,
    ) -> Result<Self> {
        let kept = match database.ca_keys().list(PURPOSE).await?.into_iter().next() {
            Some(kept) => kept,
            None => {
                database
                    .ca_keys()
                    .claim(&make(sealer, new_id, now)?)
                    .await?
            }
        };
        let key_der = sealer.open_global(&place(), &kept.sealed_key)?;
        let certificate_der = der_of_pem(&kept.certificate_pem).map_err(Error::internal)?;
        Ok(Self::load(&AuthorityParts {
            certificate_der,
            key_der,
        })?)
    }
}

fn make(sealer: &Sealer, id: Uuid, now: Micros) -> Result<CaKey> {
    let parts = AuthorityParts::generate(now)?;
    Ok(CaKey {
        id,
        purpose: PURPOSE.to_owned(),
        certificate_pem: pem("CERTIFICATE", &parts.certificate_der),
        sealed_key: sealer
            .seal_global(&place(), &parts.key_der)
            .map_err(PkiError::from)?,
        created: now,
    })
}

/// Not bound to the row's id: whichever replica's row wins, all can open it.
fn place() -> Place<'static> {
    Place {
        tenant: None,
        table: "ca_key",
        row: PURPOSE,
        column: "sealed_key",
    }
}
