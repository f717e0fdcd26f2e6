//! Nonces for renewals: sealed, so that none is kept until it comes back signed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use connect_core::domain::ids::AgentId;
use connect_core::domain::time::Micros;

use crate::secrets::{Place, Sealer, SecretError};

const LIFE_SECONDS: i64 = 120;

/// A nonce and its end.
#[derive(Debug)]
pub(crate) struct Nonce {
    pub(crate) bytes: Vec<u8>,
    pub(crate) expires: Micros,
}

/// Hands nonces out and takes each back once. Whoever asks for many costs no memory: only a
/// nonce that came back is kept, until its end.
#[derive(Debug, Default)]
pub(crate) struct Nonces {
    used: Mutex<HashMap<Vec<u8>, Micros>>,
}

impl Nonces {
    pub(crate) fn make(sealer: &Sealer, agent: AgentId, now: Micros) -> Result<Nonce, SecretError> {
        let expires = now.plus_seconds(LIFE_SECONDS);
        let row = agent.to_string();
        let bytes = sealer.seal_global(&place(&row), &expires.0.to_be_bytes())?;
        Ok(Nonce { bytes, expires })
    }

    /// Whether the nonce is ours, for that agent, in time and not used before; uses it up.
    pub(crate) fn take(&self, sealer: &Sealer, agent: AgentId, nonce: &[u8], now: Micros) -> bool {
        let row = agent.to_string();
        let Ok(opened) = sealer.open_global(&place(&row), nonce) else {
            return false;
        };
        let Ok(expires) = <[u8; 8]>::try_from(opened.as_slice()) else {
            return false;
        };
        let expires = Micros(i64::from_be_bytes(expires));
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, end| *end > now);
        expires > now && used.insert(nonce.to_vec(), expires).is_none()
    }
}

fn place(agent: &str) -> Place<'_> {
    Place {
        tenant: None,
        table: "enrolment",
        row: agent,
        column: "nonce",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_nonce_is_good_once_for_its_agent_and_its_time() {
        let (sealer, nonces) = (Sealer::new(&[1; 32]), Nonces::default());
        let (agent, other) = (AgentId(Uuid::from_u128(1)), AgentId(Uuid::from_u128(2)));
        let start = Micros(1_000_000);
        let nonce = Nonces::make(&sealer, agent, start).unwrap().bytes;
        assert!(!nonces.take(&sealer, other, &nonce, start));
        assert!(!nonces.take(&sealer, agent, b"made up", start));
        assert!(!nonces.take(&sealer, agent, &nonce, start.plus_seconds(121)));
        assert!(nonces.take(&sealer, agent, &nonce, start.plus_seconds(119)));
        assert!(!nonces.take(&sealer, agent, &nonce, start.plus_seconds(119)));
    }
}
