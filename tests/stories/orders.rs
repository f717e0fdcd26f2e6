//! An order placed in the store becomes one document in GP, and the store is told.

use connect_tests::harness::world::{Options, World};

use super::support::{LIMIT, databases, documents, documents_of, run_of, start};

async fn orders_arrive(world: World) {
    let placed = world.shop.place(25, "any").await.unwrap();
    world.settled(25, LIMIT).await.unwrap();
    for order in &placed {
        let run = run_of(&world, order, "succeeded").await;
        let found = documents_of(&world, order).await;
        assert_eq!(found.len(), 1, "{order} {found:?}");
        assert_eq!(run["gp_key"], found[0]["SOPNUMBE"]);
    }
    assert_eq!(documents(&world).await.len(), 25);
    world.end(false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_becomes_one_document_on_both_databases() {
    for database in databases() {
        orders_arrive(
            start(Options {
                database,
                ..Options::default()
            })
            .await,
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_api_gives_the_same_documents_and_gets_a_note() {
    let world = start(Options {
        flavour: "official".into(),
        ..Options::default()
    })
    .await;
    let placed = world.shop.place(5, "any").await.unwrap();
    world.settled(5, LIMIT).await.unwrap();
    for order in &placed {
        let run = run_of(&world, order, "succeeded").await;
        let document = run["gp_key"].as_str().unwrap();
        let order = world.shop.order(&order["id"].to_string()).await.unwrap();
        let notes = order["notes"].to_string();
        assert!(
            notes.contains(document),
            "{document} is in no note: {notes}"
        );
    }
    world.end(false).await.unwrap();
}
