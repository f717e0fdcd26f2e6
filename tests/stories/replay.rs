//! Replaying what was committed writes nothing again, even when the cloud has forgotten its links.

use connect_tests::harness::api::items;
use serde_json::json;

use super::support::{LIMIT, documents, world};

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_committed_runs_replayed_without_links_write_no_new_document() {
    let world = world().await;
    world.shop.place(200, "any").await.unwrap();
    world.settled(200, LIMIT).await.unwrap();
    let before = documents(&world).await;
    let mut replayed = 0;
    let mut cursor = String::new();
    loop {
        let page = world
            .api
            .get(&format!("/runs?state=succeeded&limit=100{cursor}"))
            .await
            .unwrap();
        for run in items(&page) {
            let path = format!("/runs/{}/replay", run["id"].as_str().unwrap());
            world
                .api
                .post(&path, &json!({"forget_links": true}))
                .await
                .unwrap();
            replayed += 1;
        }
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
        if replayed >= 200 {
            break;
        }
    }
    assert!(replayed >= 200, "{replayed}");
    world
        .settled(before.len() as u64 + 200, LIMIT)
        .await
        .unwrap();
    let after = documents(&world).await;
    assert_eq!(before.len(), after.len());
    let numbers = |rows: &[serde_json::Value]| {
        let mut numbers: Vec<_> = rows.iter().map(|row| row["SOPNUMBE"].to_string()).collect();
        numbers.sort();
        numbers
    };
    assert_eq!(numbers(&before), numbers(&after));
    world.end(false).await.unwrap();
}
