//! The agent's side of the tunnel: enrolment, the session, transfers. The only tonic.

mod backoff;
mod channel;
mod client;
mod enrol;
mod open;
mod proxy;
mod sending;
mod session;
mod transfer;
mod work;

pub use client::{Handler, Tunnel, TunnelConfig, TunnelParts, TunnelStatus, Work};
pub use enrol::{EnrolError, Enrolment, cloud_time, enroll, reach, renew};
