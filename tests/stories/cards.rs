//! Card data of the store's orders ends nowhere: not in the database, the logs or the traces.

use std::path::Path;

use connect_tests::harness::world::Options;

use super::support::{LIMIT, start};

/// The number the sandbox store plants in every order of the official API.
const PLANTED: &str = "4111111111111111";

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_card_number_is_nowhere() {
    let world = start(Options {
        flavour: "official".into(),
        ..Options::default()
    })
    .await;
    let placed = world.shop.place(5, "any").await.unwrap();
    world.settled(5, LIMIT).await.unwrap();
    let shown = shown_by_the_api(&world).await;
    assert!(shown.contains("XTNDPRCE"), "the traces were not read");
    assert!(!shown.contains(PLANTED));
    let id = placed[0]["id"].to_string();
    let official = format!("{}/api-backend/Order/GetById/{id}", world.shop.base_url);
    assert!(
        planted(&world, &official).await,
        "the store plants no card number"
    );
    let directory = world.end(true).await.unwrap().unwrap();
    let mut read = 0;
    for entry in std::fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().is_some_and(|name| name != "store.log") && path.is_file() {
            assert!(!contains(&path), "{} holds the card number", path.display());
            read += 1;
        }
    }
    assert!(read > 5);
    std::fs::remove_dir_all(directory).unwrap();
}

/// Everything the API shows of the runs: steps, inputs, outputs and traces.
async fn shown_by_the_api(world: &connect_tests::harness::world::World) -> String {
    use connect_tests::harness::api::items;
    let mut shown = String::new();
    for run in items(&world.api.get("/runs?limit=200").await.unwrap()) {
        let id = run["id"].as_str().unwrap();
        let steps = world.api.get(&format!("/runs/{id}/steps")).await.unwrap();
        for step in items(&steps) {
            let number = &step["number"];
            let trace = format!("/runs/{id}/steps/{number}/trace");
            let (_, trace) = world
                .api
                .call(reqwest::Method::GET, &trace, None)
                .await
                .unwrap();
            shown.push_str(&trace.to_string());
        }
        shown.push_str(&steps.to_string());
    }
    shown
}

async fn planted(world: &connect_tests::harness::world::World, url: &str) -> bool {
    let http = reqwest::Client::builder().build().unwrap();
    let login = serde_json::json!({
        "username": world.shop.username, "email": world.shop.username,
        "password": world.shop.password,
    });
    let token = format!("{}/api-backend/Authenticate/GetToken", world.shop.base_url);
    let said = http.post(token).json(&login).send().await.unwrap();
    let said: serde_json::Value = said.json().await.unwrap();
    let token = said["token"].as_str().unwrap();
    let order = http
        .get(url)
        .header("authorization", token)
        .send()
        .await
        .unwrap();
    order.text().await.unwrap().contains(PLANTED)
}

fn contains(path: &Path) -> bool {
    let bytes = std::fs::read(path).unwrap();
    bytes
        .windows(PLANTED.len())
        .any(|window| window == PLANTED.as_bytes())
}
