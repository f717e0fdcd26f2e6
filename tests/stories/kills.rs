//! Agent and cloud are killed at every named crash point and at random moments: nothing is lost or doubled.

use std::time::Duration;

use connect_tests::demo::{Demo, Outcome, run};
use connect_tests::harness::database::Choice;
use tokio_util::sync::CancellationToken;

use super::support::databases;

/// The reason is the last thing printed, where an excerpt of a long log still shows it.
async fn survives(database: Choice, flavour: &str) -> Result<(), String> {
    let demo = Demo {
        orders: Some(120),
        exit: true,
        kills: 14,
        keep: false,
        database,
        flavour: flavour.into(),
        seed: 7,
        pace: Duration::from_secs(1),
    };
    match run(demo, &CancellationToken::new()).await {
        Ok(Outcome::Equal) => Ok(()),
        Ok(outcome) => Err(format!("{flavour}: {outcome:?}")),
        Err(error) => Err(format!("{flavour}: {error:#}")),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_lose_nothing_and_double_nothing_on_both_databases() -> Result<(), String> {
    let [sqlite, postgres] = databases();
    survives(sqlite, "opensource").await?;
    survives(postgres, "official").await
}
