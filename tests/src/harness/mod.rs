//! Starts the built product and its sandboxes as separate processes and drives them over HTTP.

pub mod api;
pub mod binaries;
pub mod database;
pub mod gp;
pub mod process;
pub mod shop;
pub mod wait;
pub mod world;
