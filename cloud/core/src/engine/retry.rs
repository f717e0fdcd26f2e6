//! When failed work is tried again: by the class of the failure, never by its text.

use serde::{Deserialize, Serialize};

use crate::domain::failure::{Failure, FailureClass};

/// How often and how far apart a step is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Tries in all, where the class of the failure uses them up.
    pub attempts: u32,
    /// The first pause.
    pub first_seconds: u32,
    /// The longest pause.
    pub longest_seconds: u32,
    /// Classes tried again besides those that always are.
    pub also: Vec<FailureClass>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            attempts: 3,
            first_seconds: 5,
            longest_seconds: 600,
            also: Vec::new(),
        }
    }
}

/// What to do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Try again after a pause.
    Again {
        /// The pause, in milliseconds.
        after_ms: i64,
        /// Whether it counts as one of the policy's tries.
        uses_attempt: bool,
    },
    /// It would fail the same way again.
    GiveUp,
}

/// How far a step has come with its tries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// Tries used up.
    pub used: u32,
    /// Pauses so far, whether they used up a try or not; pauses grow with them.
    pub pauses: u32,
}

/// Decides what a failure means. `seed` differs from run to run and spreads the pauses.
pub fn decide(policy: &Policy, failure: &Failure, tries: Tries, seed: u64) -> Decision {
    let Some((first_ms, longest_ms, uses_attempt)) = pace(policy, failure.class) else {
        return Decision::GiveUp;
    };
    let worn_out = failure.class == FailureClass::Unavailable && tries.pauses >= PATIENCE;
    if worn_out || (uses_attempt && tries.used + 1 >= policy.attempts) {
        return Decision::GiveUp;
    }
    let grown = first_ms.saturating_mul(1 << tries.pauses.min(20));
    let pause = spread(grown.min(longest_ms), seed, tries.pauses);
    let wished = failure.retry_after_ms.unwrap_or(0).clamp(0, DAY_MS);
    Decision::Again {
        after_ms: pause.max(wished),
        uses_attempt,
    }
}

/// An outage is waited for behind a closed gate. What is unavailable while other work comes through
/// gets so many pauses, which take about half an hour, then a person looks at it.
const PATIENCE: u32 = 12;
const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// Gives first and longest pause, and whether a try is used up; `None` gives up.
fn pace(policy: &Policy, class: FailureClass) -> Option<(i64, i64, bool)> {
    let own = (
        i64::from(policy.first_seconds) * SECOND_MS,
        i64::from(policy.longest_seconds) * SECOND_MS,
        true,
    );
    match class {
        FailureClass::Busy => Some((SECOND_MS / 2, 30 * SECOND_MS, false)),
        FailureClass::RateLimited => Some((SECOND_MS, 5 * MINUTE_MS, false)),
        FailureClass::Unavailable => Some((2 * SECOND_MS, 5 * MINUTE_MS, false)),
        FailureClass::Parked => Some((MINUTE_MS, 15 * MINUTE_MS, false)),
        // Slow, so that a wrong password locks no account.
        FailureClass::Authentication | FailureClass::Unsupported => {
            Some((5 * MINUTE_MS, 60 * MINUTE_MS, false))
        }
        FailureClass::Bug => Some(own),
        FailureClass::InvalidData
        | FailureClass::Duplicate
        | FailureClass::BusinessRule
        | FailureClass::InDoubt => policy.also.contains(&class).then_some(own),
    }
}

/// Takes a pause between half and all of the given one.
fn spread(pause_ms: i64, seed: u64, pauses: u32) -> i64 {
    let half = pause_ms / 2;
    let chance = mix(seed ^ (u64::from(pauses) << 32));
    let part = chance % half.unsigned_abs().saturating_add(1);
    half.saturating_add_unsigned(part)
}

/// One step of SplitMix64.
fn mix(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(class: FailureClass) -> Failure {
        Failure::new(class, "x", "x")
    }

    fn tries(used: u32, pauses: u32) -> Tries {
        Tries { used, pauses }
    }

    #[test]
    fn waiting_for_others_uses_up_no_try() {
        for class in [
            FailureClass::Busy,
            FailureClass::RateLimited,
            FailureClass::Authentication,
            FailureClass::Parked,
            FailureClass::Unsupported,
        ] {
            let decision = decide(&Policy::default(), &failure(class), tries(99, 99), 7);
            let Decision::Again { uses_attempt, .. } = decision else {
                panic!("{class:?} gives up");
            };
            assert!(!uses_attempt, "{class:?}");
        }
    }

    #[test]
    fn what_cannot_get_better_is_given_up() {
        for class in [
            FailureClass::InvalidData,
            FailureClass::Duplicate,
            FailureClass::BusinessRule,
            FailureClass::InDoubt,
        ] {
            let decision = decide(&Policy::default(), &failure(class), Tries::default(), 7);
            assert_eq!(decision, Decision::GiveUp, "{class:?}");
        }
    }

    #[test]
    fn what_stays_unavailable_uses_up_no_try_but_patience() {
        let unavailable = failure(FailureClass::Unavailable);
        let decision = decide(&Policy::default(), &unavailable, tries(99, PATIENCE - 1), 7);
        let Decision::Again { uses_attempt, .. } = decision else {
            panic!("gives up too soon");
        };
        assert!(!uses_attempt);
        let decision = decide(&Policy::default(), &unavailable, tries(0, PATIENCE), 7);
        assert_eq!(decision, Decision::GiveUp);
    }

    #[test]
    fn tries_run_out() {
        let policy = Policy::default();
        let bug = failure(FailureClass::Bug);
        for used in 0..2 {
            let decision = decide(&policy, &bug, tries(used, used), 1);
            assert!(matches!(
                decision,
                Decision::Again {
                    uses_attempt: true,
                    ..
                }
            ));
        }
        assert_eq!(decide(&policy, &bug, tries(2, 2), 1), Decision::GiveUp);
    }

    #[test]
    fn pauses_grow_and_differ_from_run_to_run() {
        let pause = |pauses, seed| {
            let busy = failure(FailureClass::Unavailable);
            match decide(&Policy::default(), &busy, tries(0, pauses), seed) {
                Decision::Again { after_ms, .. } => after_ms,
                Decision::GiveUp => panic!("given up"),
            }
        };
        for pauses in 0..12 {
            let whole = (2_000_i64 << pauses).min(300_000);
            let taken = pause(pauses, 42);
            assert!((whole / 2..=whole).contains(&taken), "{pauses}: {taken}");
        }
        assert_ne!(pause(5, 1), pause(5, 2));
        assert_eq!(pause(5, 1), pause(5, 1));
    }

    #[test]
    fn the_other_side_may_ask_for_more_time() {
        let mut limited = failure(FailureClass::RateLimited);
        limited.retry_after_ms = Some(90_000);
        let decision = decide(&Policy::default(), &limited, Tries::default(), 7);
        assert_eq!(
            decision,
            Decision::Again {
                after_ms: 90_000,
                uses_attempt: false
            }
        );
    }
}
