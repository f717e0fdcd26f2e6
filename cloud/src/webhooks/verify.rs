//! Proves that a webhook came from the store: Standard Webhooks signatures, and the old plugin's.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use connect_core::domain::time::Micros;

/// Oldest and newest a delivery may be, by our clock.
pub const TOLERANCE_SECONDS: i64 = 300;
// A rotation needs two; more would only make a forger's guess cheap to multiply.
const MOST_SIGNATURES: usize = 8;

/// The secrets a store may sign with now.
#[derive(Debug, Default)]
pub struct Keys {
    standard: Vec<hmac::Key>,
    legacy: Vec<hmac::Key>,
}

/// Headers of a Standard Webhooks delivery.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// `webhook-id`.
    pub id: &'a str,
    /// `webhook-timestamp`: seconds since 1970 of this attempt.
    pub timestamp: &'a str,
    /// `webhook-signature`: `v1,BASE64 v1,BASE64`.
    pub signature: &'a str,
}

/// What a signature is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// From the store, just now.
    Genuine,
    /// From the store, but made at another time than it seems: its clock or ours is wrong, or it is a replay.
    Skewed {
        /// Seconds by which the delivery is old; negative: from the future.
        age_seconds: i64,
    },
    /// Not from the store.
    Forged,
}

impl Keys {
    /// Takes secrets as shown to people: `whsec_` and Base64, or any text for the old plugin.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut keys = Self::default();
        for secret in secrets {
            keys.legacy
                .push(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()));
            let bytes = secret.strip_prefix("whsec_").and_then(decode);
            if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) {
                keys.standard
                    .push(hmac::Key::new(hmac::HMAC_SHA256, &bytes));
            }
        }
        keys
    }

    /// Judges a Standard Webhooks delivery by its exact bytes.
    pub fn verify(&self, signed: Signed<'_>, body: &[u8], now: Micros) -> Verdict {
        let Ok(timestamp) = signed.timestamp.parse::<i64>() else {
            return Verdict::Forged;
        };
        let given: Vec<Vec<u8>> = signed
            .signature
            .split_ascii_whitespace()
            .filter_map(|signature| signature.strip_prefix("v1,"))
            .take(MOST_SIGNATURES)
            .filter_map(decode)
            .collect();
        let genuine = self.standard.iter().any(|key| {
            let tag = sign(key, signed.id, signed.timestamp, body);
            given
                .iter()
                .any(|given| verify_slices_are_equal(tag.as_ref(), given).is_ok())
        });
        if !genuine {
            return Verdict::Forged;
        }
        let age_seconds = now.0.div_euclid(1_000_000).saturating_sub(timestamp);
        if age_seconds.abs() > TOLERANCE_SECONDS {
            return Verdict::Skewed { age_seconds };
        }
        Verdict::Genuine
    }

    /// Judges a delivery of the old plugin, which signs the body alone: `sha256=HEX`.
    pub fn verify_legacy(&self, signature: &str, body: &[u8]) -> bool {
        let Some(given) = signature
            .strip_prefix("sha256=")
            .and_then(crate::secrets::from_hex)
        else {
            return false;
        };
        self.legacy
            .iter()
            .any(|key| hmac::verify(key, body, &given).is_ok())
    }
}

fn sign(key: &hmac::Key, id: &str, timestamp: &str, body: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        context.update(part);
    }
    context.sign()
}

fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD
        .decode(text)
        .or_else(|_| STANDARD_NO_PAD.decode(text))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of the Standard Webhooks specification.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNED: Signed<'_> = Signed {
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp: "1614265330",
        signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    const THEN: Micros = Micros(1_614_265_330_000_000);

    #[test]
    fn the_published_example_is_genuine() {
        let keys = Keys::new([SECRET]);
        assert_eq!(keys.verify(SIGNED, BODY, THEN), Verdict::Genuine);
        let edge = THEN.plus_seconds(TOLERANCE_SECONDS);
        assert_eq!(keys.verify(SIGNED, BODY, edge), Verdict::Genuine);
    }

    #[test]
    fn age_is_judged_only_of_what_is_genuine() {
        let keys = Keys::new([SECRET]);
        let late = THEN.plus_seconds(TOLERANCE_SECONDS + 1);
        assert_eq!(
            keys.verify(SIGNED, BODY, late),
            Verdict::Skewed { age_seconds: 301 }
        );
        let early = THEN.plus_seconds(-301);
        assert_eq!(
            keys.verify(SIGNED, BODY, early),
            Verdict::Skewed { age_seconds: -301 }
        );
        let other = Keys::new(["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]);
        assert_eq!(other.verify(SIGNED, BODY, late), Verdict::Forged);
    }

    #[test]
    fn any_of_several_signatures_and_secrets_will_do() {
        let keys = Keys::new(["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", SECRET]);
        let two = format!("v1,AAAA v1a,AAAA {}", SIGNED.signature);
        let signed = Signed {
            signature: &two,
            ..SIGNED
        };
        assert_eq!(keys.verify(signed, BODY, THEN), Verdict::Genuine);
    }

    #[test]
    fn every_altered_part_is_forged() {
        let keys = Keys::new([SECRET]);
        let altered = [
            Signed {
                id: "msg_p5jXN8AQM9LWM0D4loKWxJel",
                ..SIGNED
            },
            Signed {
                timestamp: "1614265331",
                ..SIGNED
            },
            Signed {
                timestamp: "soon",
                ..SIGNED
            },
            Signed {
                signature: "",
                ..SIGNED
            },
            Signed {
                signature: "v1,",
                ..SIGNED
            },
            Signed {
                signature: "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
                ..SIGNED
            },
        ];
        for signed in altered {
            assert_eq!(
                keys.verify(signed, BODY, THEN),
                Verdict::Forged,
                "{signed:?}"
            );
        }
        assert_eq!(
            keys.verify(SIGNED, br#"{"test": 2432232315}"#, THEN),
            Verdict::Forged
        );
        assert_eq!(Keys::default().verify(SIGNED, BODY, THEN), Verdict::Forged);
    }

    #[test]
    fn the_recorded_legacy_delivery_is_genuine() {
        let body: &[u8] =
            include_bytes!("../../../tests/fixtures/nop/legacy_webhook_orders_create.body.json");
        let signature = "sha256=26BEA42412F47C545DE2F1488F297F76D26489258567E56F9026F4ACF66AB72B";
        let keys = Keys::new(["0123456789abcdef0123456789abcdef"]);
        assert!(keys.verify_legacy(signature, body));
        assert!(keys.verify_legacy(&signature.replace("26BEA", "26bea"), body));
        assert!(!keys.verify_legacy(signature, &body[1..]));
        assert!(!keys.verify_legacy("sha256=00", body));
        assert!(!keys.verify_legacy(&signature[7..], body));
    }
}
