//! Stand-ins for the outside world that speak its real protocols.

pub mod gp;
pub mod nop;
pub mod process;
