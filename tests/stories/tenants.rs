//! Another tenant's key finds nothing of ours, at any address.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::support::{LIMIT, run_of, world};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_tenants_key_gets_404_everywhere() {
    let world = world().await;
    let order = world.shop.place(1, "any").await.unwrap().remove(0);
    let run = run_of(&world, &order, "succeeded").await;
    world.settled(1, LIMIT).await.unwrap();
    let operator = world.api.with_key(&world.tenancy.operator_key);
    let other = operator
        .post("/tenants", &json!({"name": "Other"}))
        .await
        .unwrap();
    let other = world.api.with_key(other["api_key"].as_str().unwrap());
    let openapi = world.api.get("/openapi.json").await.unwrap();
    let mut asked = 0;
    for (path, methods) in openapi["paths"].as_object().unwrap() {
        let Some(concrete) = concrete(path, &world.tenancy, &run) else {
            continue;
        };
        for method in methods.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let body = body_of(&concrete);
            let (status, said) = other
                .call(method.clone(), &concrete, Some(&body))
                .await
                .unwrap();
            assert_eq!(status, StatusCode::NOT_FOUND, "{method} {concrete}: {said}");
            asked += 1;
        }
    }
    assert!(asked >= 12, "only {asked} endpoints carry an id");
    world.end(false).await.unwrap();
}

/// The path with our tenant's ids; none when it carries no id of ours.
fn concrete(
    path: &str,
    ours: &connect_tests::harness::world::Tenancy,
    run: &Value,
) -> Option<String> {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let owner = path.trim_start_matches('/').split('/').next()?;
    let id = match owner {
        "stores" => ours.store_id.clone(),
        "agents" => ours.agent_id.clone(),
        "companies" => ours.company_id.clone(),
        "runs" | "dead-letters" => run["id"].as_str()?.to_owned(),
        _ => return None,
    };
    let open = path.find('{')?;
    let close = path.find('}')?;
    let concrete = format!("{}{id}{}", &path[..open], &path[close + 1..]);
    Some(
        concrete
            .replace("{order_id}", "1")
            .replace("{number}", "1")
            .replace("{n}", "1"),
    )
}

fn body_of(path: &str) -> Value {
    if path.ends_with("/resolve") {
        json!({"as": "restored"})
    } else if path.ends_with("/replay") {
        json!({"from": "start"})
    } else {
        json!({})
    }
}
