//! GP restored from a backup, and production copied over test: nothing is written until the owner chose.

use connect_tests::harness::api::items;
use connect_tests::harness::wait::wait_for;
use connect_tests::harness::world::{COMPANY, World};
use serde_json::json;

use super::support::{LIMIT, documents, documents_of, plain, run_of, world};

async fn company_is(world: &World, state: &str) {
    wait_for(&format!("the company to be {state}"), LIMIT, || async {
        let companies = items(&world.api.get("/companies").await?);
        let found = companies
            .iter()
            .any(|c| c["database"] == COMPANY && c["state"] == state);
        if !found {
            anyhow::bail!("{companies:?}");
        }
        Ok(Some(()))
    })
    .await
    .unwrap_or_else(|error| panic!("{error:#}\n{}", world.agent.tail()));
}

/// The owner's choice, made through the web API.
async fn resolve(world: &World, became: &str) {
    let path = format!("/companies/{}/resolve", world.tenancy.company_id);
    let choice = json!({"as": became});
    world.api.post(&path, &choice).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_company_stops_until_the_owner_says_so() {
    let mut world = world().await;
    world.shop.place(3, "any").await.unwrap();
    world.settled(3, LIMIT).await.unwrap();
    world
        .gp
        .post(&format!("/backup/{COMPANY}"), &json!({"name": "b"}))
        .await
        .unwrap();
    let lost = world.shop.place(3, "any").await.unwrap();
    world.settled(6, LIMIT).await.unwrap();
    let restore = json!({"name": "b", "into": COMPANY});
    world
        .gp
        .post(&format!("/restore/{COMPANY}"), &restore)
        .await
        .unwrap();
    world.agent.stop().await.unwrap();
    world.restart_agent(&[]).unwrap();
    company_is(&world, "restored").await;
    let order = world.shop.place(1, "any").await.unwrap().remove(0);
    run_of(&world, &order, "waiting").await;
    assert_eq!(documents(&world).await.len(), 3);
    resolve(&world, "restored").await;
    company_is(&world, "ready").await;
    run_of(&world, &order, "succeeded").await;
    assert_eq!(documents_of(&world, &order).await.len(), 1);
    // What the backup did not have comes back by replaying it, once each.
    for order in &lost {
        assert!(documents_of(&world, order).await.is_empty());
        for _ in 0..2 {
            let run = run_of(&world, order, "succeeded").await;
            let path = format!("/runs/{}/replay", plain(&run["id"]));
            // The links still say that the order is there; GP's journal knows better.
            let wish = json!({"forget_links": true});
            world.api.post(&path, &wish).await.unwrap();
        }
    }
    world.settled(7 + 6, LIMIT).await.unwrap();
    for order in &lost {
        assert_eq!(documents_of(&world, order).await.len(), 1);
    }
    world.end(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn production_copied_over_test_writes_nothing_until_the_owner_says_so() {
    let mut world = world().await;
    world.shop.place(2, "any").await.unwrap();
    world.settled(2, LIMIT).await.unwrap();
    // What a copy brings along: the binding of the environment it came from.
    let sql = "UPDATE connect.Binding SET Environment = 'elsewhere'";
    world.gp.sql(COMPANY, sql).await.unwrap();
    world.agent.stop().await.unwrap();
    world.restart_agent(&[]).unwrap();
    company_is(&world, "copied").await;
    let order = world.shop.place(1, "any").await.unwrap().remove(0);
    run_of(&world, &order, "waiting").await;
    assert!(documents_of(&world, &order).await.is_empty());
    resolve(&world, "copied").await;
    company_is(&world, "ready").await;
    run_of(&world, &order, "succeeded").await;
    assert_eq!(documents_of(&world, &order).await.len(), 1);
    world.end(false).await.unwrap();
}
