//! Webhooks of the stores: judged, read, stored, and only then answered.

pub mod envelope;
pub mod verify;
