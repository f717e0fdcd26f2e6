//! Making, changing and publishing things.

use super::*;

#[tokio::test]
async fn a_store_is_added_changed_and_removed() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = cloud.store(&tenant).await;
    let path = format!("/stores/{}", store["id"].as_str().expect("an id"));
    assert!(
        store["webhook_secret"]
            .as_str()
            .is_some_and(|secret| secret.starts_with("whsec_"))
    );
    assert!(
        store["hook_url"]
            .as_str()
            .is_some_and(|url| url.contains("/hooks/s"))
    );
    let shown = cloud.get(&tenant.key, &path).await;
    assert_eq!(shown["base_url"], "http://127.0.0.1:5000");
    assert!(shown.get("webhook_secret").is_none() && shown.get("credentials").is_none());

    let change =
        json!({"name": "Other", "paused": true, "credentials": {"username": "b", "password": "c"}});
    let changed = cloud
        .call(&tenant.key, Method::PATCH, &path, Some(change))
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        (&changed["name"], &changed["paused"]),
        (&json!("Other"), &json!(true))
    );
    let rotated = cloud
        .call(
            &tenant.key,
            Method::POST,
            &format!("{path}/rotate-secret"),
            None,
        )
        .await
        .expect(StatusCode::OK);
    assert_ne!(rotated["webhook_secret"], store["webhook_secret"]);

    cloud
        .call(&tenant.key, Method::DELETE, &path, None)
        .await
        .expect(StatusCode::NO_CONTENT);
    cloud
        .call(&tenant.key, Method::GET, &path, None)
        .await
        .problem(StatusCode::NOT_FOUND, "not_found");
    let stores = cloud.get(&tenant.key, "/stores").await;
    assert_eq!(stores["items"].as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn nothing_secret_is_readable_in_the_row() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = cloud.store(&tenant).await;
    let row = cloud
        .services
        .database
        .stores()
        .find(
            tenant.id,
            connect_core::domain::ids::StoreId(id(&store["id"])),
        )
        .await
        .expect("read")
        .expect("there");
    let sealed = [row.credentials, row.webhook_secrets].concat();
    let text = String::from_utf8_lossy(&sealed).into_owned();
    assert!(!text.contains("secret words") && !text.contains("whsec_"));
}

#[tokio::test]
async fn every_field_at_fault_is_named_at_once() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let body = json!({
        "environment_id": "x", "base_url": "ftp://shop", "flavour": "third", "time_zone": "Mars",
        "currency": "usd", "credentials": {"username": ""}, "colour": "red",
    });
    let answer = cloud
        .call(&tenant.key, Method::POST, "/stores", Some(body))
        .await;
    let mut fields = answer.problem(StatusCode::BAD_REQUEST, "invalid_fields");
    fields.sort();
    assert_eq!(
        fields,
        [
            "base_url",
            "colour",
            "credentials.password",
            "credentials.username",
            "currency",
            "environment_id",
            "flavour",
            "name",
            "time_zone",
        ]
    );
    let broken = Request::post("/api/v1/environments")
        .header("authorization", format!("Bearer {}", tenant.key))
        .body(Body::from("{"))
        .expect("a request");
    cloud
        .send(broken)
        .await
        .problem(StatusCode::BAD_REQUEST, "body_not_json");
    let again = json!({"name": "production"});
    let answer = cloud
        .call(&tenant.key, Method::POST, "/environments", Some(again))
        .await;
    assert_eq!(
        answer.problem(StatusCode::CONFLICT, "already_exists"),
        ["name"]
    );
}

#[tokio::test]
async fn an_agent_gets_a_token_once_and_can_be_shut_out() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let body = json!({"environment_id": tenant.environment.0, "name": "GP server"});
    let made = cloud
        .call(&tenant.key, Method::POST, "/agents", Some(body))
        .await
        .expect(StatusCode::CREATED);
    assert!(
        made["enrollment_token"]
            .as_str()
            .is_some_and(|token| token.starts_with("iht_"))
    );
    let path = format!("/agents/{}", made["id"].as_str().expect("an id"));
    let shown = cloud.get(&tenant.key, &path).await;
    assert_eq!(
        (&shown["connected"], &shown["revoked_at"]),
        (&json!(false), &Value::Null)
    );
    assert!(!shown.to_string().contains("iht_"));
    let another = cloud
        .call(&tenant.key, Method::POST, &format!("{path}/token"), None)
        .await;
    let another = another.expect(StatusCode::CREATED);
    assert_ne!(another["enrollment_token"], made["enrollment_token"]);
    let revoked = cloud
        .call(&tenant.key, Method::POST, &format!("{path}/revoke"), None)
        .await
        .expect(StatusCode::OK);
    assert!(revoked["revoked_at"].is_string());
    let late = cloud
        .call(&tenant.key, Method::POST, &format!("{path}/token"), None)
        .await;
    late.problem(StatusCode::CONFLICT, "agent_revoked");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story")]
async fn packaged_artifacts_profiles_and_routes_make_revisions() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let flow = cloud.get(&tenant.key, "/workflows/order_to_sop").await;
    assert_eq!(flow["version"], 1);
    assert!(flow["body"].is_object());
    assert!(cloud.get(&tenant.key, "/mappings/order_to_sop").await["body"].is_object());

    let profile: Value =
        serde_json::from_str(include_str!("../../../../tests/fixtures/profile.json"))
            .expect("JSON");
    let body = json!({"environment_id": tenant.environment.0, "body": profile});
    let put = cloud
        .call(&tenant.key, Method::PUT, "/profiles/web", Some(body))
        .await;
    let published = put.expect(StatusCode::OK);
    assert_eq!(
        (&published["version"], &published["revision"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(
        cloud.get(&tenant.key, "/profiles/web").await["body"],
        profile
    );

    let mut wrong = profile.clone();
    wrong["document"]["site"] = json!("A SITE NAME OF TWENTY");
    wrong["rounding"]["limit_cents"] = json!(-1);
    let body = json!({"environment_id": tenant.environment.0, "body": wrong});
    let put = cloud
        .call(&tenant.key, Method::PUT, "/profiles/web", Some(body))
        .await;
    let fields = put.problem(StatusCode::BAD_REQUEST, "invalid_fields");
    assert_eq!(fields, ["body.document.site", "body.rounding.limit_cents"]);

    let store = cloud.store(&tenant).await;
    let company = company(&cloud, &tenant).await;
    let route = json!({
        "environment_id": tenant.environment.0, "store_id": store["id"], "company_id": company,
        "workflow": "order_to_sop", "profile": "web",
    });
    let put = cloud
        .call(&tenant.key, Method::PUT, "/routes/web", Some(route.clone()))
        .await;
    let first = put.expect(StatusCode::OK);
    let put = cloud
        .call(&tenant.key, Method::PUT, "/routes/web", Some(route.clone()))
        .await;
    let second = put.expect(StatusCode::OK);
    assert_eq!(
        (&first["version"], &second["version"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(first["id"], second["id"]);
    let put = cloud
        .call(
            &tenant.key,
            Method::PUT,
            "/routes/other",
            Some(route.clone()),
        )
        .await;
    put.problem(StatusCode::CONFLICT, "store_routed_already");
    let mut unknown = route;
    unknown["workflow"] = json!("nothing");
    unknown["profile"] = json!("nothing");
    let put = cloud
        .call(&tenant.key, Method::PUT, "/routes/web", Some(unknown))
        .await;
    let fields = put.problem(StatusCode::BAD_REQUEST, "invalid_fields");
    assert_eq!(fields, ["workflow", "profile"]);

    let revisions = cloud.get(&tenant.key, "/revisions").await;
    let numbers: Vec<i64> = revisions["items"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|revision| revision["number"].as_i64())
        .collect();
    assert_eq!(numbers, [4, 3, 2, 1]);
    assert_eq!(
        revisions["items"][0]["pins"].as_array().map(Vec::len),
        Some(4)
    );
}

#[tokio::test]
async fn an_order_is_imported_by_hand_and_a_poll_is_asked_for() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = cloud.store(&tenant).await;
    let path = format!("/stores/{}", store["id"].as_str().expect("an id"));
    let import = |order: &str| format!("{path}/orders/{order}/import");
    let stored = cloud
        .call(&tenant.key, Method::POST, &import("1042"), None)
        .await;
    let stored = stored.expect(StatusCode::ACCEPTED);
    let events = cloud.get(&tenant.key, "/events").await;
    assert_eq!(events["items"][0]["id"], stored["event_id"]);
    assert_eq!(events["items"][0]["source"], "manual");
    assert_eq!(events["items"][0]["revision"], 1);
    let wrong = cloud
        .call(&tenant.key, Method::POST, &import("first"), None)
        .await;
    assert_eq!(
        wrong.problem(StatusCode::BAD_REQUEST, "invalid_fields"),
        ["order_id"]
    );
    let poll = cloud
        .call(&tenant.key, Method::POST, &format!("{path}/poll"), None)
        .await;
    poll.expect(StatusCode::ACCEPTED);
    let now = cloud.services.clock.now();
    let due = cloud
        .services
        .database
        .poll_cursors()
        .list_tenants_due(now)
        .await
        .expect("read");
    assert_eq!(due, [tenant.id]);
}

/// The profile of the fixtures, for people to change.
pub(super) fn profile() -> Value {
    let text = include_str!("../../../../tests/fixtures/profile.json");
    serde_json::from_str(text).expect("JSON")
}

/// Publishes a profile of that name; what came back.
pub(super) async fn put_profile(cloud: &Cloud, tenant: &Tenant, name: &str, body: Value) -> Answer {
    let body = json!({"environment_id": tenant.environment.0, "body": body});
    let path = format!("/profiles/{name}");
    cloud
        .call(&tenant.key, Method::PUT, &path, Some(body))
        .await
}

/// Publishes a route of that name, by the profile of that name; what came back.
pub(super) async fn put_route(
    cloud: &Cloud,
    tenant: &Tenant,
    name: &str,
    (store, company): (Uuid, Uuid),
    enabled: bool,
) -> Answer {
    let body = json!({
        "environment_id": tenant.environment.0, "store_id": store, "company_id": company,
        "workflow": "order_to_sop", "profile": name, "enabled": enabled,
    });
    let path = format!("/routes/{name}");
    cloud
        .call(&tenant.key, Method::PUT, &path, Some(body))
        .await
}

/// A route of the store's work to a company, by the fixtures' profile.
pub(super) async fn routed(cloud: &Cloud, tenant: &Tenant, store: &Value) -> Uuid {
    let company = company(cloud, tenant).await;
    let put = put_profile(cloud, tenant, "web", profile()).await;
    put.expect(StatusCode::OK);
    let put = put_route(cloud, tenant, "web", (id(&store["id"]), company), true).await;
    put.expect(StatusCode::OK);
    company
}

/// Who did what in the tenant, newest first.
pub(super) async fn audited(cloud: &Cloud, tenant: &Tenant) -> Vec<(String, String)> {
    let audits = cloud.services.database.audits();
    let rows = audits.list(tenant.id, None, 100).await.expect("read");
    rows.into_iter()
        .map(|row| (row.entry.action, row.entry.actor))
        .collect()
}

#[tokio::test]
async fn one_shop_is_added_once() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = cloud.store(&tenant).await;
    let mut twin = store_body(&tenant);
    for (address, number) in [("http://127.0.0.1:5000", 0), ("https://127.0.0.1:5000/", 3)] {
        twin["base_url"] = json!(address);
        twin["nop_store_id"] = json!(number);
        let again = cloud
            .call(&tenant.key, Method::POST, "/stores", Some(twin.clone()))
            .await;
        let fields = again.problem(StatusCode::CONFLICT, "store_exists");
        assert_eq!(fields, ["base_url"]);
    }
    let path = format!("/stores/{}", store["id"].as_str().expect("an id"));
    let first = json!({"nop_store_id": 1});
    let changed = cloud
        .call(&tenant.key, Method::PATCH, &path, Some(first))
        .await;
    changed.expect(StatusCode::OK);
    let made = cloud
        .call(&tenant.key, Method::POST, "/stores", Some(twin))
        .await;
    let made = made.expect(StatusCode::CREATED);
    let path = format!("/stores/{}", made["id"].as_str().expect("an id"));
    let all = json!({"nop_store_id": 0});
    let changed = cloud
        .call(&tenant.key, Method::PATCH, &path, Some(all))
        .await;
    changed.problem(StatusCode::CONFLICT, "store_exists");
}

#[tokio::test]
async fn two_stores_keep_their_numbers_apart_in_a_company() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = cloud.store(&tenant).await;
    let company = routed(&cloud, &tenant, &store).await;
    let mut second = store_body(&tenant);
    second["base_url"] = json!("https://outlet.example");
    let second = cloud
        .call(&tenant.key, Method::POST, "/stores", Some(second))
        .await;
    let second = second.expect(StatusCode::CREATED);
    let ends = (id(&second["id"]), company);

    let mut outlet = profile();
    outlet["customer"]["prefix"] = json!("w");
    outlet["order_number"]["prefix"] = json!("OUT-");
    let put = put_profile(&cloud, &tenant, "outlet", outlet.clone()).await;
    put.expect(StatusCode::OK);
    let put = put_route(&cloud, &tenant, "outlet", ends, true).await;
    assert!(
        put.body["fields"][0]["message"]
            .to_string()
            .contains("customer.prefix")
    );
    let fields = put.problem(StatusCode::UNPROCESSABLE_ENTITY, "prefix_taken");
    assert_eq!(fields, ["profile"]);

    let put = put_route(&cloud, &tenant, "outlet", ends, false).await;
    put.expect(StatusCode::OK);
    outlet["customer"]["prefix"] = json!("OUT");
    let put = put_profile(&cloud, &tenant, "outlet", outlet.clone()).await;
    put.expect(StatusCode::OK);
    let put = put_route(&cloud, &tenant, "outlet", ends, true).await;
    put.expect(StatusCode::OK);
    outlet["order_number"]["prefix"] = json!("N1-");
    let put = put_profile(&cloud, &tenant, "outlet", outlet).await;
    let fields = put.problem(StatusCode::UNPROCESSABLE_ENTITY, "prefix_taken");
    assert_eq!(fields, ["body.order_number.prefix"]);
}

#[tokio::test]
async fn two_profiles_at_once_cannot_take_the_same_prefix() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = cloud.store(&tenant).await;
    let company = routed(&cloud, &tenant, &store).await;
    let mut second = store_body(&tenant);
    second["base_url"] = json!("https://outlet.example");
    let second = cloud
        .call(&tenant.key, Method::POST, "/stores", Some(second))
        .await;
    let ends = (id(&second.expect(StatusCode::CREATED)["id"]), company);
    let prefixed = |customer: &str, order: &str| {
        let mut profile = profile();
        profile["customer"]["prefix"] = json!(customer);
        profile["order_number"]["prefix"] = json!(order);
        profile
    };
    let put = put_profile(&cloud, &tenant, "outlet", prefixed("OUT", "OUT-")).await;
    put.expect(StatusCode::OK);
    let put = put_route(&cloud, &tenant, "outlet", ends, true).await;
    put.expect(StatusCode::OK);
    for round in 0..5 {
        let (customer, order) = (format!("C{round}"), format!("O{round}-"));
        let (first, second) = tokio::join!(
            put_profile(&cloud, &tenant, "web", prefixed(&customer, &order)),
            put_profile(&cloud, &tenant, "outlet", prefixed(&customer, &order)),
        );
        let good = [first.status, second.status].map(|status| status == StatusCode::OK);
        assert_eq!(good.iter().filter(|good| **good).count(), 1, "{round}");
    }
}

#[tokio::test]
async fn a_store_with_work_stays_and_the_audit_does_not_say_otherwise() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = cloud.store(&tenant).await;
    let path = format!("/stores/{}", store["id"].as_str().expect("an id"));
    let import = format!("{path}/orders/7/import");
    let import = cloud.call(&tenant.key, Method::POST, &import, None).await;
    import.expect(StatusCode::ACCEPTED);
    let deleted = cloud.call(&tenant.key, Method::DELETE, &path, None).await;
    deleted.problem(StatusCode::CONFLICT, "store_has_work");
    cloud.get(&tenant.key, &path).await;
    let audited = audited(&cloud, &tenant).await;
    assert!(!audited.iter().any(|(action, _)| action == "store.delete"));
}

#[tokio::test]
async fn everything_that_changes_is_audited_with_who_did_it() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = cloud.store(&tenant).await;
    let agent = json!({"environment_id": tenant.environment.0, "name": "GP server"});
    let agent = cloud
        .call(&tenant.key, Method::POST, "/agents", Some(agent))
        .await;
    let agent = agent.expect(StatusCode::CREATED);
    for path in [
        format!("/agents/{}/token", agent["id"].as_str().expect("an id")),
        format!("/stores/{}/poll", store["id"].as_str().expect("an id")),
    ] {
        let done = cloud.call(&tenant.key, Method::POST, &path, None).await;
        assert!(done.status.is_success(), "{path}: {}", done.body);
    }
    let audited = audited(&cloud, &tenant).await;
    for (action, who) in [
        ("tenant.create", "operator:"),
        ("api_key.create", "operator:"),
        ("packaged.publish", "api_key:"),
        ("agent.renew_token", "api_key:"),
        ("store.poll", "api_key:"),
    ] {
        let row = audited.iter().find(|(done, _)| done == action);
        let (_, actor) = row.unwrap_or_else(|| panic!("{action} in {audited:?}"));
        let name = if who == "operator:" { "test" } else { "owner" };
        assert!(actor.starts_with(who) && actor.ends_with(name), "{actor}");
        assert!(actor.len() > 36, "the key's id stands in {actor}");
    }
}

#[tokio::test]
async fn an_owner_says_what_is_watched_in_a_company() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let company = company(&cloud, &tenant).await;
    let path = format!("/companies/{company}/watchers");
    let put = |name: &str, body: Value| {
        let path = format!("{path}/{name}");
        let (cloud, key) = (&cloud, &tenant.key);
        async move { cloud.call(key, Method::PUT, &path, Some(body)).await }
    };
    let made = put("items", json!({"interval_ms": 500})).await;
    let made = made.expect(StatusCode::OK);
    assert_eq!(
        made,
        json!({"name": "items", "interval_ms": 500, "sweep_seconds": 0, "means": null,
        "problem": null, "last_full_read": null})
    );
    put("items", json!({"sweep_seconds": 60}))
        .await
        .expect(StatusCode::OK);
    let listed = cloud.get(&tenant.key, &path).await;
    let only = json!({"name": "items", "interval_ms": 0, "sweep_seconds": 60, "means": null,
        "problem": null, "last_full_read": null});
    assert_eq!(listed["items"], json!([only]));
    let wrong = put("items", json!({"interval_ms": 100, "sweep_seconds": -1})).await;
    let problem = wrong.problem(StatusCode::BAD_REQUEST, "invalid_fields");
    assert_eq!(problem, ["sweep_seconds", "interval_ms"]);
    let wrong = put("Items", json!({})).await;
    wrong.problem(StatusCode::NOT_FOUND, "not_found");
    let one = format!("{path}/items");
    for status in [StatusCode::NO_CONTENT, StatusCode::NOT_FOUND] {
        let gone = cloud.call(&tenant.key, Method::DELETE, &one, None).await;
        assert_eq!(gone.status, status);
    }
    let changes = format!("/companies/{company}/changes");
    let changes = cloud.get(&tenant.key, &changes).await;
    assert_eq!(changes["items"], json!([]));
    let audited = audited(&cloud, &tenant).await;
    assert!(audited.iter().any(|(done, _)| done == "watcher.unwant"));
}

/// A company as an agent would report it.
pub(super) async fn company(cloud: &Cloud, tenant: &Tenant) -> Uuid {
    let body = json!({"environment_id": tenant.environment.0, "name": "GP server"});
    let made = cloud
        .call(&tenant.key, Method::POST, "/agents", Some(body))
        .await;
    let made = made.expect(StatusCode::CREATED);
    let report = connect_store::CompanyReport {
        tenant: tenant.id,
        new_id: connect_core::domain::ids::CompanyId(cloud.services.ids.next()),
        environment: tenant.environment,
        agent: connect_core::domain::ids::AgentId(id(&made["id"])),
        database: "TWO".into(),
        name: "Fabrikam, Inc.".into(),
        state: connect_core::domain::agent::CompanyState::Ready,
        detail: String::new(),
    };
    let companies = cloud.services.database.companies();
    companies
        .update_report(&report)
        .await
        .expect("reported")
        .id
        .0
}
