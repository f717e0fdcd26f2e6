//! The engine: mappings and workflows as data, evaluated without clock, database or network.

pub mod checks;
pub mod expression;
pub mod mapping;
mod problem;
pub mod retry;
mod schema;
pub mod value;
pub mod workflow;

pub use problem::Problem;
pub use schema::complete;
pub use value::{Value, ValueError};
