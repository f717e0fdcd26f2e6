//! Stories: the built product is driven through its public faces, against the sandboxes.
#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(
    clippy::disallowed_methods,
    reason = "webhooks are signed with the real time"
)]

mod support;

mod agent_offline;
mod cards;
mod demo;
mod enrolment;
mod gp_changes;
mod gp_refuses;
mod hanging_agent;
mod kills;
mod orders;
mod other_database;
mod outside_clients;
mod paused;
mod profiles;
mod replay;
mod store_outage;
mod tenants;
mod webhooks;
mod workflows;
