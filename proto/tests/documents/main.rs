//! Documents through the public face: what is read, what is refused, what survives a round trip.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod generated;
mod large;
mod meaning;
mod properties;
mod refusals;
