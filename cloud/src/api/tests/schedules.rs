//! Workflows that start by themselves: each time brings one run, whatever the clock does.

use super::*;
use crate::worker::look_at_schedules;

const HOUR: i64 = 60 * 60;

async fn publish(cloud: &Cloud, tenant: &Tenant, name: &str, schedules: Value) {
    let flow = json!({"format": 1, "name": name, "title": "Hourly", "start": "end",
        "trigger": {"when": null, "schedules": schedules},
        "steps": [{"key": "end", "title": "End",
                   "do": {"stop": {"outcome": "succeeded", "summary": "done"}}}]});
    let body = json!({"environment_id": tenant.environment.0, "body": flow});
    let path = format!("/workflows/{name}");
    let answer = cloud
        .call(&tenant.key, Method::PUT, &path, Some(body))
        .await;
    answer.expect(StatusCode::OK);
}

async fn route(cloud: &Cloud, tenant: &Tenant, store: &Value, workflow: &str) {
    let company = resources::company(cloud, tenant).await;
    let profile: Value =
        serde_json::from_str(include_str!("../../../../tests/fixtures/profile.json"))
            .expect("JSON");
    let body = json!({"environment_id": tenant.environment.0, "body": profile});
    let answer = cloud
        .call(&tenant.key, Method::PUT, "/profiles/web", Some(body))
        .await;
    answer.expect(StatusCode::OK);
    let body = json!({"environment_id": tenant.environment.0, "store_id": store["id"],
        "company_id": company, "workflow": workflow, "profile": "web"});
    let answer = cloud
        .call(&tenant.key, Method::PUT, "/routes/hourly", Some(body))
        .await;
    answer.expect(StatusCode::OK);
}

/// Times at which the workflow started, oldest first.
async fn started(cloud: &Cloud, tenant: &Tenant) -> Vec<String> {
    let events = cloud.get(&tenant.key, "/events").await;
    let events = events["items"].as_array().expect("a list");
    let mut times: Vec<String> = events
        .iter()
        .filter(|event| event["source"] == "schedule")
        .map(|event| event["occurred_at"].as_str().expect("a time").to_owned())
        .collect();
    times.sort();
    times
}

#[tokio::test]
async fn each_time_starts_one_run_however_often_and_whenever_it_is_looked() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = cloud.store(&tenant).await;
    publish(&cloud, &tenant, "hourly", json!([{"cron": "0 * * * *"}])).await;
    route(&cloud, &tenant, &store, "hourly").await;
    let services = &cloud.services;
    look_at_schedules(services).await.expect("a look");
    assert!(started(&cloud, &tenant).await.is_empty());
    cloud.clock.set_offset_seconds(HOUR);
    let (first, second) = tokio::join!(look_at_schedules(services), look_at_schedules(services));
    first.expect("a look");
    second.expect("a look");
    let once = started(&cloud, &tenant).await;
    assert_eq!(once.len(), 1, "{once:?}");
    // Set back, the clock brings the same hour again.
    cloud.clock.set_offset_seconds(0);
    look_at_schedules(services).await.expect("a look");
    cloud.clock.set_offset_seconds(HOUR);
    look_at_schedules(services).await.expect("a look");
    assert_eq!(started(&cloud, &tenant).await, once);
    // Published anew it goes on where it was; nothing ran for a day: one run makes up for all.
    publish(&cloud, &tenant, "hourly", json!([{"cron": "0 * * * *"}])).await;
    cloud.clock.set_offset_seconds(25 * HOUR);
    look_at_schedules(services).await.expect("a look");
    look_at_schedules(services).await.expect("a look");
    let after = started(&cloud, &tenant).await;
    assert_eq!(after.len(), 2, "{after:?}");
}

#[tokio::test]
async fn what_was_missed_may_be_left_out_and_a_schedule_that_is_gone_starts_nothing() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = cloud.store(&tenant).await;
    let skipping = json!([{"cron": "30 3 * * *", "zone": "Europe/Berlin", "missed": "skip"}]);
    publish(&cloud, &tenant, "nightly", skipping).await;
    route(&cloud, &tenant, &store, "nightly").await;
    let services = &cloud.services;
    look_at_schedules(services).await.expect("a look");
    let schedules = services.database.schedules();
    let listed = schedules
        .list(tenant.id, tenant.environment)
        .await
        .expect("a list");
    let due = listed[0].due.expect("a time");
    let now = crate::clock::Clock::now(cloud.clock.as_ref());
    let until = (due.0 - now.0) / 1_000_000;
    cloud.clock.set_offset_seconds(until + 2 * HOUR);
    look_at_schedules(services).await.expect("a look");
    assert!(started(&cloud, &tenant).await.is_empty(), "two hours late");
    cloud.clock.set_offset_seconds(until + 24 * HOUR + 60);
    look_at_schedules(services).await.expect("a look");
    assert_eq!(started(&cloud, &tenant).await.len(), 1);
    publish(&cloud, &tenant, "nightly", json!([])).await;
    cloud.clock.set_offset_seconds(until + 48 * HOUR + 60);
    look_at_schedules(services).await.expect("a look");
    assert_eq!(started(&cloud, &tenant).await.len(), 1);
}

#[tokio::test]
async fn a_schedule_that_is_none_is_refused_with_its_place() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let flow = json!({"format": 1, "name": "odd", "title": "Odd", "start": "end",
        "trigger": {"when": null, "schedules": [{"cron": "0 * * * *"}, {"cron": "61 * * * *"}]},
        "steps": [{"key": "end", "title": "End",
                   "do": {"stop": {"outcome": "succeeded", "summary": "done"}}}]});
    let body = json!({"environment_id": tenant.environment.0, "body": flow});
    let answer = cloud
        .call(&tenant.key, Method::PUT, "/workflows/odd", Some(body))
        .await;
    let told = answer.problem(StatusCode::UNPROCESSABLE_ENTITY, "invalid_setting");
    assert_eq!(told, ["body.trigger.schedules[1]"]);
}
