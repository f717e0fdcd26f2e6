//! Agent and cloud are killed at every named crash point and at random moments: nothing is lost or doubled.

use std::time::Duration;

use connect_tests::demo::{Demo, Outcome, run};
use connect_tests::harness::database::Choice;
use tokio_util::sync::CancellationToken;

use super::support::databases;

async fn survives(database: Choice, flavour: &str) {
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
    let outcome = run(demo, &CancellationToken::new()).await.unwrap();
    assert_eq!(outcome, Outcome::Equal, "store and GP differ");
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_lose_nothing_and_double_nothing_on_both_databases() {
    let [sqlite, postgres] = databases();
    survives(sqlite, "opensource").await;
    survives(postgres, "official").await;
}
