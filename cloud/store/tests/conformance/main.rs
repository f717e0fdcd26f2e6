//! Every store function on both databases.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::too_many_lines, reason = "a story is read in one go")]

#[path = "../support/mod.rs"]
mod support;

/// Runs each story on a fresh SQLite file and on a fresh PostgreSQL database.
macro_rules! on_both {
    ($($story:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                Box::pin(super::$story(crate::support::sqlite().await)).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                Box::pin(super::$story(crate::support::postgres().await)).await;
            })*
        }
    };
}

mod agents;
mod artifacts;
mod changes;
mod commands;
mod durability;
mod events;
mod gates;
mod issues;
mod lanes;
mod links;
mod parts;
mod replay;
mod runs;
mod schedules;
mod schema;
mod settings;
mod waits;
mod wall;
