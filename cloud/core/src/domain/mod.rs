//! What the business is made of: plain data, shared by store, worker and API.

pub mod agent;
pub mod artifact;
pub mod change;
pub mod command;
pub mod event;
pub mod failure;
pub mod ids;
pub mod issue;
pub mod lane;
pub mod link;
pub mod run;
pub mod schedule;
pub mod store;
pub mod tenant;
pub mod time;
pub mod wait;
