//! What we know belongs together: a store entity and a GP key. Links outlive every retention.

use super::ids::{CompanyId, RunId, StoreId, TenantId};
use super::time::Micros;

/// Which store entity, seen from which company.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LinkKey {
    /// Owner.
    pub tenant: TenantId,
    /// The GP side.
    pub company: CompanyId,
    /// `order`, `customer`, `customer_email`.
    pub kind: String,
    /// The store; all zero where the key holds for every store of the company.
    pub store: StoreId,
    /// nop's id, or the e-mail address in lower case.
    pub store_key: String,
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Which.
    pub key: LinkKey,
    /// SOPNUMBE, CUSTNMBR, ...; empty while only reserved without a key.
    pub gp_key: String,
    /// Whether GP holds it.
    pub complete: bool,
    /// SHA-256 of what was last written to GP.
    pub written_sha256: Option<Vec<u8>>,
    /// The run that made it.
    pub run: RunId,
    /// When it was made or completed.
    pub updated: Micros,
}
