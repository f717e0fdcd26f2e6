//! While the agent is away, work waits, uses up no attempt and resumes by itself.

use super::support::{LIMIT, documents, documents_of, run_of, world};

#[tokio::test(flavor = "multi_thread")]
async fn orders_wait_for_the_agent_and_go_on_by_themselves() {
    let mut world = world().await;
    world.agent.stop().await.unwrap();
    let placed = world.shop.place(10, "any").await.unwrap();
    for order in &placed {
        run_of(&world, order, "waiting").await;
    }
    assert_eq!(documents(&world).await.len(), 0);
    world.restart_agent(&[]).unwrap();
    world.settled(10, LIMIT).await.unwrap();
    for order in &placed {
        let run = run_of(&world, order, "succeeded").await;
        assert_eq!(documents_of(&world, order).await.len(), 1);
        let id = run["id"].as_str().unwrap();
        let steps = world
            .api
            .get(&format!("/runs/{id}/steps"))
            .await
            .unwrap()
            .to_string();
        assert!(
            !steps.contains("\"attempt\":2"),
            "an attempt was used up: {steps}"
        );
    }
    world.end(false).await.unwrap();
}
