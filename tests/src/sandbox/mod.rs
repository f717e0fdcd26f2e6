//! Stand-ins for the outside world that speak its real protocols.

pub mod nop;
pub mod process;
