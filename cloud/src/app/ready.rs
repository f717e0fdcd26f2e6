//! The line that says where the process listens.

use std::collections::BTreeMap;

use serde::Serialize;

/// Bound addresses and the CA that signs the tunnel's certificates.
#[derive(Clone, Debug, Serialize)]
pub struct Ready {
    /// Web API and webhooks.
    pub web: String,
    /// Enrolment and tunnel.
    pub tunnel: String,
    /// Metrics and health.
    pub admin: String,
    /// Settings of the live database connection by which a commit survives a power cut.
    pub durability: BTreeMap<&'static str, String>,
    /// Certificate of the private CA, PEM.
    pub ca_pem: String,
}

impl Ready {
    /// One line of JSON.
    pub fn to_line(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string(self)? + "\n")
    }
}
