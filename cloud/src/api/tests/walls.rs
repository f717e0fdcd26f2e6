//! Who may do what: other tenants' things are not there, roles hold, and every route is described.

use super::*;

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story")]
async fn another_tenants_key_finds_nothing_at_any_address() {
    let cloud = Cloud::start().await;
    let ours = cloud.tenant("Ours").await;
    let other = cloud.tenant("Other").await;
    let store = cloud.store(&ours).await;
    let company = resources::company(&cloud, &ours).await;
    let agents = cloud.get(&ours.key, "/agents").await;
    let run = runs::dead_run(&cloud, &ours, &store, "gp_refused").await;
    let openapi = cloud.get("", "/openapi.json").await;
    let mut asked = 0;
    for (path, methods) in openapi["paths"].as_object().expect("paths") {
        let Some(path) = path.strip_prefix("/api/v1") else {
            continue;
        };
        let Some(owner) = path.trim_start_matches('/').split('/').next() else {
            continue;
        };
        let id = match owner {
            "stores" | "gates" => store["id"].as_str().expect("an id").to_owned(),
            "agents" => agents["items"][0]["id"].as_str().expect("an id").to_owned(),
            "companies" => company.to_string(),
            "issues" => {
                let issues = cloud.get(&ours.key, "/issues").await;
                issues["items"][0]["id"].as_str().expect("an id").to_owned()
            }
            "runs" | "dead-letters" | "approvals" => run.to_string(),
            "workflows" | "mappings" | "lookups" | "check" | "profiles" | "routes"
            | "revisions" => String::new(),
            _ => continue,
        };
        let concrete = concrete(path, &id);
        let in_environment = id.is_empty();
        if !in_environment && concrete == path {
            continue;
        }
        let query = format!("?environment_id={}", ours.environment.0);
        let concrete = if in_environment {
            format!("{concrete}{query}")
        } else {
            concrete
        };
        for method in methods.as_object().expect("methods").keys() {
            let method: Method = method.to_uppercase().parse().expect("a method");
            let body = body_of(&concrete, &ours, &store, company);
            let answer = cloud
                .call(&other.key, method.clone(), &concrete, Some(body))
                .await;
            assert_eq!(
                answer.status,
                StatusCode::NOT_FOUND,
                "{method} {concrete}: {}",
                answer.body
            );
            asked += 1;
        }
    }
    assert!(asked >= 25, "only {asked} endpoints were asked");
    for list in [
        "/stores",
        "/agents",
        "/companies",
        "/events",
        "/runs",
        "/dead-letters",
        "/approvals",
        "/issues",
        "/gates",
    ] {
        let page = cloud.get(&other.key, list).await;
        assert_eq!(page["items"].as_array().map(Vec::len), Some(0), "{list}");
    }
    let both = json!({"ids": [run]});
    let replayed = cloud
        .call(&other.key, Method::POST, "/dead-letters/replay", Some(both))
        .await;
    let replayed = replayed.expect(StatusCode::ACCEPTED);
    assert_eq!(replayed["not_found"], json!([run]));
}

fn concrete(path: &str, id: &str) -> String {
    let (kind, name) = ("{kind}", "{name}");
    let of = if path.starts_with("/check") {
        "mapping"
    } else {
        "store"
    };
    path.replace(kind, of)
        .replace(name, "order_to_sop")
        .replace("{order_id}", "1")
        .replace("{number}", "1")
        .replace("{run_id}", id)
        .replace("{id}", id)
}

fn body_of(path: &str, ours: &Tenant, store: &Value, company: Uuid) -> Value {
    let environment = ours.environment.0;
    if path.starts_with("/profiles") {
        let profile: Value =
            serde_json::from_str(include_str!("../../../../tests/fixtures/profile.json"))
                .expect("JSON");
        json!({"environment_id": environment, "body": profile})
    } else if path.starts_with("/routes") {
        json!({"environment_id": environment, "store_id": store["id"], "company_id": company,
               "workflow": "order_to_sop", "profile": "web"})
    } else if path.contains("/shadow") {
        json!({"environment_id": environment, "since": "2026-01-01T00:00:00Z"})
    } else if path.contains("/try") {
        json!({"environment_id": environment, "records": {}})
    } else if ["/mappings", "/workflows", "/lookups", "/check"]
        .iter()
        .any(|owner| path.starts_with(owner))
    {
        json!({"environment_id": environment, "body": {"name": "order_to_sop"}})
    } else if path.ends_with("/resolve") {
        json!({"as": "restored"})
    } else {
        json!({})
    }
}

#[tokio::test]
async fn roles_hold_everywhere() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = cloud.store(&tenant).await;
    let viewer = cloud.key(&tenant, Role::Viewer).await;
    let operator = cloud.key(&tenant, Role::Operator).await;
    let import = format!(
        "/stores/{}/orders/7/import",
        store["id"].as_str().expect("an id")
    );
    let forbidden = [
        (&viewer, Method::POST, "/stores"),
        (&viewer, Method::POST, "/environments"),
        (&viewer, Method::POST, "/agents"),
        (&viewer, Method::PUT, "/profiles/web"),
        (&viewer, Method::POST, import.as_str()),
        (&viewer, Method::POST, "/dead-letters/replay"),
        (&operator, Method::POST, "/stores"),
        (&operator, Method::PUT, "/routes/web"),
    ];
    for (key, method, path) in forbidden {
        let answer = cloud.call(key, method.clone(), path, Some(json!({}))).await;
        answer.problem(StatusCode::FORBIDDEN, "role_not_enough");
    }
    for path in ["/stores", "/runs", "/status", "/workflows", "/gates"] {
        cloud.get(&viewer, path).await;
    }
    cloud
        .call(&operator, Method::POST, &import, None)
        .await
        .expect(StatusCode::ACCEPTED);
}

#[tokio::test]
async fn keys_are_judged() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let missing = cloud.call("", Method::GET, "/stores", None).await;
    missing.problem(StatusCode::UNAUTHORIZED, "key_missing");
    let mut wrong = tenant.key.clone();
    wrong.pop();
    wrong.push('x');
    for key in [wrong.as_str(), "nonsense", "ihc_1_2_3"] {
        let answer = cloud.call(key, Method::GET, "/stores", None).await;
        answer.problem(StatusCode::UNAUTHORIZED, "key_unknown");
    }
    let operator = cloud
        .call(&cloud.operator, Method::GET, "/stores", None)
        .await;
    operator.problem(StatusCode::FORBIDDEN, "wrong_kind_of_key");
    let owner = cloud.call(&tenant.key, Method::GET, "/tenants", None).await;
    owner.problem(StatusCode::FORBIDDEN, "wrong_kind_of_key");
    assert_eq!(
        cloud.get(&cloud.operator, "/tenants").await["items"][0]["name"],
        "Fabrikam"
    );
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_problems() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let answer = cloud.call(&tenant.key, Method::GET, "/nothing", None).await;
    answer.problem(StatusCode::NOT_FOUND, "not_found");
    let answer = cloud
        .call(&tenant.key, Method::DELETE, "/stores", None)
        .await;
    answer.problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
    let answer = cloud
        .call(&tenant.key, Method::GET, "/stores/17", None)
        .await;
    answer.problem(StatusCode::NOT_FOUND, "not_found");
    let answer = cloud
        .call(&tenant.key, Method::GET, "/runs?limit=1000&cursor=!", None)
        .await;
    assert_eq!(
        answer
            .problem(StatusCode::BAD_REQUEST, "invalid_fields")
            .len(),
        2
    );
}

#[tokio::test]
async fn whatever_is_refused_is_a_problem() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    for path in [
        "/runs?state=dead&state=dead",
        "/routes?environment_id=1&environment_id=2",
    ] {
        let answer = cloud.call(&tenant.key, Method::GET, path, None).await;
        answer.problem(StatusCode::BAD_REQUEST, "bad_query");
    }
    for path in ["/runs/%FF", "/runs/%FF/steps/1/trace"] {
        let answer = cloud.call(&tenant.key, Method::GET, path, None).await;
        answer.problem(StatusCode::BAD_REQUEST, "bad_path");
    }
    let ask = |method: Method, path: &str| {
        let request = Request::builder().method(method).uri(path);
        request.body(Body::empty()).expect("a request")
    };
    let answer = cloud.send(ask(Method::POST, "/hooks/%FF")).await;
    answer.problem(StatusCode::NOT_FOUND, "not_found");
    let answer = cloud
        .send(ask(Method::GET, "/hooks/s1?echo=a&echo=b"))
        .await;
    answer.problem(StatusCode::BAD_REQUEST, "bad_query");
    for (path, allowed) in [
        ("/hooks/s1", ["GET", "POST"]),
        ("/api/v1/stores", ["GET", "POST"]),
    ] {
        let request = ask(Method::DELETE, path);
        let response = cloud.router.clone().oneshot(request).await.expect("said");
        let allow = response.headers().get("allow").cloned();
        let allow = allow.expect("the methods there are");
        for method in allowed {
            let said = allow.to_str().expect("text");
            assert!(said.contains(method), "{path}: {said}");
        }
        let answer = cloud.send(ask(Method::DELETE, path)).await;
        answer.problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
    }
}

#[tokio::test]
async fn the_description_lists_every_route() {
    let cloud = Cloud::start().await;
    let openapi = cloud.get("", "/openapi.json").await;
    let mut described: Vec<String> = Vec::new();
    for (path, methods) in openapi["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            assert!(
                operation["responses"]["default"].is_object(),
                "{method} {path}"
            );
            assert!(operation["security"][0].is_object(), "{method} {path}");
            let problem = &operation["responses"]["default"]["content"];
            let media: Vec<&String> = problem.as_object().expect("one").keys().collect();
            assert_eq!(media, ["application/problem+json"], "{method} {path}");
            described.push(format!(
                "{} {}",
                method.to_uppercase(),
                path.trim_start_matches("/api/v1")
            ));
        }
    }
    described.sort();
    let mut promised: Vec<&str> = include_str!("routes.txt").lines().collect();
    promised.sort_unstable();
    assert_eq!(described, promised);
    assert_eq!(
        serde_json::to_value(crate::api::openapi()).expect("JSON"),
        openapi
    );
}
