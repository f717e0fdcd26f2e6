//! The engine: mappings and workflows as data, evaluated without clock, database or network.

pub mod checks;
pub mod difference;
pub mod expression;
pub mod lookup;
pub mod mapping;
mod moment;
mod must;
pub mod nop_xml;
mod problem;
mod repeat;
pub mod retry;
mod rounding;
mod schema;
pub mod settings;
pub mod transform;
pub mod value;
pub mod workflow;

pub use moment::text as instant;
pub use must::Must;
pub use problem::{Problem, Severity};
pub use repeat::{Explode, ForEach, Merge, SortBy};
pub use schema::complete;
pub use value::{Value, ValueError};
