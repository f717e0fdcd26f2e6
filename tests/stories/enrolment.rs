//! Enrolment, renewal and revocation of an agent.

use std::process::Command;
use std::time::Duration;

use connect_tests::harness::binaries;
use connect_tests::harness::wait::wait_for;
use connect_tests::harness::world::World;
use serde_json::json;

use super::support::{LIMIT, documents_of, run_of, world};

async fn connected(world: &World, wanted: bool) {
    let path = format!("/agents/{}", world.tenancy.agent_id);
    wait_for(
        "the agent's connection",
        Duration::from_secs(30),
        || async {
            let agent = world.api.get(&path).await?;
            Ok((agent["connected"] == wanted).then_some(()))
        },
    )
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_token_works_once() {
    let world = world().await;
    let agent = json!({"environment_id": world.tenancy.environment_id, "name": "second"});
    let agent = world.api.post("/agents", &agent).await.unwrap();
    let token = agent["enrollment_token"].as_str().unwrap();
    let config = world.directory().join("agent.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let mut outcomes = Vec::new();
    for name in ["one", "two"] {
        let other = world.directory().join(format!("{name}.toml"));
        let state = format!("{}/{name}\"", world.directory().display());
        let own = format!("{}/agent\"", world.directory().display());
        std::fs::write(&other, text.replacen(&own, &state, 1)).unwrap();
        let output = Command::new(binaries::path("connect-agent").unwrap())
            .args([
                "--config",
                &other.display().to_string(),
                "enroll",
                "--token",
                token,
            ])
            .output()
            .unwrap();
        outcomes.push(output.status.success());
    }
    assert_eq!(outcomes, [true, false]);
    world.end(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn revocation_ends_a_live_session_within_seconds_and_for_good() {
    let mut world = world().await;
    connected(&world, true).await;
    let path = format!("/agents/{}/revoke", world.tenancy.agent_id);
    world.api.post(&path, &json!({})).await.unwrap();
    let start = std::time::Instant::now();
    connected(&world, false).await;
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
    world.agent.kill().unwrap();
    let log = world.agent_launch.log.clone();
    let said = move || std::fs::read_to_string(&log).unwrap_or_default();
    let before = said().len();
    world.restart_agent(&[]).unwrap();
    wait_for("the new process to say it was sent away", LIMIT, || async {
        let fresh = said().split_off(before).to_lowercase();
        anyhow::ensure!(fresh.contains("revoked"), "{fresh}");
        Ok(Some(()))
    })
    .await
    .unwrap();
    connected(&world, false).await;
    let order = world.shop.place(1, "any").await.unwrap().remove(0);
    run_of(&world, &order, "waiting").await;
    assert!(documents_of(&world, &order).await.is_empty());
    world.end(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_off_for_ten_days_returns_without_a_person() {
    let mut world = world().await;
    connected(&world, true).await;
    world.agent.stop().await.unwrap();
    connected(&world, false).await;
    let ten_days = 10 * 24 * 3600;
    let clock = format!("{}/test/clock", world.admin);
    let body = json!({"offset_seconds": ten_days});
    let http = reqwest::Client::builder().build().unwrap();
    let answer = http.post(clock).json(&body).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    let offset = ten_days.to_string();
    world
        .restart_agent(&[("CONNECT_CLOCK_OFFSET_SECONDS", &offset)])
        .unwrap();
    connected(&world, true).await;
    world.end(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_told_to_stop_as_soon_as_it_is_ready_ends_cleanly() {
    let mut world = world().await;
    for _ in 0..5 {
        let ended = world.cloud.stop().await.unwrap();
        assert!(ended.success(), "{ended}");
        world.restart_cloud(&[]).await.unwrap();
    }
    world.end(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_comes_back_after_the_cloud_was_killed() {
    let mut world = world().await;
    connected(&world, true).await;
    world.cloud.kill().unwrap();
    world.restart_cloud(&[]).await.unwrap();
    connected(&world, true).await;
    let order = world.shop.place(1, "any").await.unwrap().remove(0);
    run_of(&world, &order, "succeeded").await;
    world.settled(1, LIMIT).await.unwrap();
    world.end(false).await.unwrap();
}
