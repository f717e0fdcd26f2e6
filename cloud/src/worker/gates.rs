//! Which failures close a gate, and when a closed gate lets one piece of work through to see.

use connect_core::domain::failure::{Failure, FailureClass};
use connect_core::domain::ids::TenantId;
use connect_core::domain::lane::{Gate, GateKey};
use connect_core::domain::time::Micros;

/// The gate that this failure closes; none when the failure is the work's own.
pub(super) fn closed_by(
    tenant: TenantId,
    key: GateKey,
    failure: &Failure,
    probes: i64,
    now: Micros,
) -> Option<Gate> {
    let probe = match failure.class {
        FailureClass::Unavailable => Some(backoff(1_000, 60_000, probes)),
        FailureClass::RateLimited => Some(backoff(2_000, 60_000, probes)),
        // Slowly: a login that is refused again and again gets locked.
        FailureClass::Authentication => Some(backoff(60_000, 900_000, probes)),
        // The owner's choice brings it back; the agent reports when it is made.
        FailureClass::Parked => Some(backoff(5_000, 60_000, probes)),
        FailureClass::Busy
        | FailureClass::InvalidData
        | FailureClass::Duplicate
        | FailureClass::BusinessRule
        | FailureClass::Unsupported
        | FailureClass::InDoubt
        | FailureClass::Bug => return None,
    };
    let wait = probe.map(|millis| failure.retry_after_ms.unwrap_or(0).max(millis));
    Some(Gate {
        tenant,
        key,
        reason: failure.message.clone(),
        closed: now,
        probe: wait.map(|millis| now.plus_millis(millis)),
        probes: probes + 1,
    })
}

fn backoff(first_ms: i64, most_ms: i64, probes: i64) -> i64 {
    let doublings = u32::try_from(probes.clamp(0, 20)).unwrap_or(20);
    first_ms.saturating_mul(1 << doublings).min(most_ms)
}

#[cfg(test)]
mod tests {
    use connect_core::domain::lane::GateKind;
    use uuid::Uuid;

    use super::*;

    fn gate(class: FailureClass, probes: i64) -> Option<Gate> {
        let key = GateKey {
            kind: GateKind::Company,
            target: Uuid::nil(),
        };
        let failure = Failure::new(class, "code", "reason");
        closed_by(TenantId(Uuid::nil()), key, &failure, probes, Micros(0))
    }

    #[test]
    fn a_refused_login_is_probed_slowly() {
        let probe = gate(FailureClass::Authentication, 0).and_then(|gate| gate.probe);
        assert_eq!(probe, Some(Micros(60_000_000)));
    }

    #[test]
    fn probes_back_off_to_a_minute() {
        let probe = gate(FailureClass::Unavailable, 50).and_then(|gate| gate.probe);
        assert_eq!(probe, Some(Micros(60_000_000)));
    }

    #[test]
    fn the_works_own_failures_close_nothing() {
        assert_eq!(gate(FailureClass::BusinessRule, 0), None);
        assert_eq!(gate(FailureClass::Busy, 0), None);
    }
}
