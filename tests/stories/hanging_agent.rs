//! An agent that hangs before its commit, and a second one that gets the same command.

use connect_tests::harness::process::Process;
use connect_tests::harness::wait::wait_for;
use connect_tests::harness::world::COMPANY;
use serde_json::json;

use super::support::{LIMIT, documents_of, run_of, world};

#[tokio::test(flavor = "multi_thread")]
async fn the_second_agent_finds_the_key_blocked_and_then_the_answer() {
    let world = world().await;
    let slow = json!({"procedure": "taSopHdrIvcInsert", "when": "after", "kind": "delay", "ms": 2000, "times": 1});
    world.gp.fault(&slow).await.unwrap();
    let order = world.shop.place(1, "any").await.unwrap().remove(0);
    wait_for("the header procedure to be called", LIMIT, || async {
        let stats = world.gp.stats().await?;
        Ok((stats["procedures"]["taSopHdrIvcInsert"].as_u64() >= Some(1)).then_some(()))
    })
    .await
    .unwrap();
    // Hangs with the transaction open: the journal row is locked.
    world.agent.freeze(true).unwrap();
    let mut second = world.agent_launch.clone();
    second.log = world.directory().join("second.log");
    let log = second.log.clone();
    let mut second = Process::start(&second).unwrap();
    // The second one got the same command and found its key blocked, so it wrote nothing.
    wait_for("the second agent to answer busy", LIMIT, || async {
        let said = std::fs::read_to_string(&log)?;
        anyhow::ensure!(said.contains("code=\"busy\""), "{said}");
        Ok(Some(()))
    })
    .await
    .unwrap();
    assert!(
        documents_of(&world, &order).await.is_empty(),
        "written beside an open transaction"
    );
    world.agent.freeze(false).unwrap();
    run_of(&world, &order, "succeeded").await;
    assert_eq!(documents_of(&world, &order).await.len(), 1);
    let journal = world.gp.table(COMPANY, "connect.Journal").await.unwrap();
    assert_eq!(journal.len(), 1, "{journal:?}");
    second.stop().await.unwrap();
    world.end(false).await.unwrap();
}
