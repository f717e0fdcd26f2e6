//! The agents' side of the house: certificates, enrolment, sessions, commands and their results.

mod dispatch;
mod listener;
mod pki;
pub mod registry;
mod status;

pub use pki::Authority;
