//! Outgoing calls: the one place that speaks to systems on the internet.

pub mod gp;
pub mod http;
pub mod nopcommerce;
