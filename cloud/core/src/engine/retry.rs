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
    /// The pauses double from five seconds to twelve hours; together they take more than three days.
    fn default() -> Self {
        Self {
            attempts: 21,
            first_seconds: 5,
            longest_seconds: 12 * 60 * 60,
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
    let Some((first_ms, longest_ms, tries_allowed)) = pace(policy, failure.class) else {
        return Decision::GiveUp;
    };
    let uses_attempt = tries_allowed.is_some();
    if tries_allowed.is_some_and(|most| tries.used + 1 >= most) {
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

/// Tries at what fails for a reason of ours: a person sees it soon.
const TRIES_AT_BUGS: u32 = 3;
const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// Gives first and longest pause, and how many tries there are where they are counted; `None`
/// gives up.
///
/// An outage is waited for behind a closed gate and uses up no try. What is unavailable while
/// other work comes through does.
fn pace(policy: &Policy, class: FailureClass) -> Option<(i64, i64, Option<u32>)> {
    let own = |tries: u32| {
        let first = i64::from(policy.first_seconds) * SECOND_MS;
        let longest = i64::from(policy.longest_seconds) * SECOND_MS;
        (first, longest, Some(tries))
    };
    match class {
        FailureClass::Busy => Some((SECOND_MS / 2, 30 * SECOND_MS, None)),
        FailureClass::RateLimited => Some((SECOND_MS, 5 * MINUTE_MS, None)),
        FailureClass::Unavailable => Some(own(policy.attempts)),
        FailureClass::Parked => Some((MINUTE_MS, 15 * MINUTE_MS, None)),
        // Slow, so that a wrong password locks no account.
        FailureClass::Authentication | FailureClass::Unsupported => {
            Some((5 * MINUTE_MS, 60 * MINUTE_MS, None))
        }
        FailureClass::Bug => Some(own(policy.attempts.min(TRIES_AT_BUGS))),
        FailureClass::InvalidData
        | FailureClass::Duplicate
        | FailureClass::BusinessRule
        | FailureClass::InDoubt => policy.also.contains(&class).then(|| own(policy.attempts)),
    }
}

/// Takes a pause between four and six fifths of the given one.
fn spread(pause_ms: i64, seed: u64, pauses: u32) -> i64 {
    let fifth = pause_ms / 5;
    let chance = mix(seed ^ (u64::from(pauses) << 32));
    let part = chance % (2 * fifth).unsigned_abs().saturating_add(1);
    (pause_ms - fifth).saturating_add_unsigned(part)
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
    fn what_stays_unavailable_is_tried_for_three_days() {
        let unavailable = failure(FailureClass::Unavailable);
        for seed in 0..50 {
            let mut waited = 0;
            let mut used = 0;
            while let Decision::Again {
                after_ms,
                uses_attempt,
            } = decide(&Policy::default(), &unavailable, tries(used, used), seed)
            {
                assert!(uses_attempt);
                waited += after_ms;
                used += 1;
            }
            let days = waited / (24 * 60 * MINUTE_MS);
            assert!((3..=5).contains(&days), "{days} days, seed {seed}");
        }
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
            let whole = (5_000_i64 << pauses).min(43_200_000);
            let taken = pause(pauses, 42);
            let about = whole * 4 / 5..=whole * 6 / 5;
            assert!(about.contains(&taken), "{pauses}: {taken}");
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
