//! Mappings and lookup tables: checked, tried, published, and never in force when invalid.

use super::*;

fn mapping() -> Value {
    serde_json::from_str(include_str!("../../../templates/order_to_sop.mapping.json"))
        .expect("JSON")
}

fn table() -> Value {
    json!({
        "format": 1, "name": "batches", "title": "A batch for each store",
        "keys": [{"name": "store"}], "gives": ["BACHNUMB"],
        "rows": [{"store": "Fabrikam Web", "BACHNUMB": "WEBSHOP"}]
    })
}

/// The packaged mapping with the batch from the table.
fn with_table() -> Value {
    let mut mapping = mapping();
    let nodes = mapping["nodes"].as_array_mut().expect("nodes");
    let header = nodes.iter_mut().find(|node| node["rule"] == "header");
    let elements = header.expect("a header")["elements"].as_array_mut();
    let batch = elements.expect("elements").iter_mut();
    let mut batch = batch.filter(|element| element["element"] == "BACHNUMB");
    *batch.next().expect("a batch") = json!({"element": "BACHNUMB", "lookup": {
        "table": "batches", "give": "BACHNUMB", "keys": {"store": "store.name"}
    }});
    mapping
}

async fn put(cloud: &Cloud, tenant: &Tenant, path: &str, body: &Value) -> Answer {
    let body = json!({"environment_id": tenant.environment.0, "body": body});
    cloud.call(&tenant.key, Method::PUT, path, Some(body)).await
}

#[tokio::test]
async fn a_mapping_comes_into_force_with_the_table_it_asks() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let answer = put(&cloud, &tenant, "/mappings/order_to_sop", &with_table()).await;
    let fields = answer.problem(StatusCode::UNPROCESSABLE_ENTITY, "invalid_setting");
    assert_eq!(fields, ["body.nodes.header.BACHNUMB.lookup"]);
    let made = put(&cloud, &tenant, "/lookups/batches", &table()).await;
    let made = made.expect(StatusCode::OK);
    assert_eq!(made["version"], 1);
    let made = put(&cloud, &tenant, "/mappings/order_to_sop", &with_table()).await;
    assert_eq!(made.expect(StatusCode::OK)["version"], 2);
    let shown = cloud.get(&tenant.key, "/lookups/batches").await;
    assert_eq!(shown["body"], table());
    let all = cloud.get(&tenant.key, "/lookups").await;
    assert_eq!(all["items"].as_array().map(Vec::len), Some(1));
    // What needs the table keeps it as it must be.
    let mut other = table();
    other["gives"] = json!(["BATCH"]);
    other["rows"] = json!([]);
    let answer = put(&cloud, &tenant, "/lookups/batches", &other).await;
    let fields = answer.problem(StatusCode::UNPROCESSABLE_ENTITY, "invalid_setting");
    assert_eq!(
        fields,
        ["mapping order_to_sop: nodes.header.BACHNUMB.lookup.give"]
    );
    let shown = cloud.get(&tenant.key, "/lookups/batches").await;
    assert_eq!(shown["version"], 1);
}

#[tokio::test]
async fn mistakes_are_told_with_their_places_and_nothing_is_published() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let before = cloud.get(&tenant.key, "/revisions").await;
    let mut wrong = mapping();
    wrong["nodes"][0]["elements"][0] = json!({"element": "CUSTNMBR", "path": "order.nothing"});
    let check = |kind: &str, body: &Value| {
        let path = format!("/check/{kind}/order_to_sop");
        let body = json!({"environment_id": tenant.environment.0, "body": body});
        (path, body)
    };
    let (path, body) = check("mapping", &wrong);
    let checked = cloud
        .call(&tenant.key, Method::POST, &path, Some(body))
        .await;
    let checked = checked.expect(StatusCode::OK);
    assert_eq!(checked["valid"], false);
    let problem = &checked["problems"][0];
    assert_eq!(
        (
            &problem["severity"],
            &problem["location"],
            &problem["message"]
        ),
        (
            &json!("error"),
            &json!("nodes.customer.CUSTNMBR"),
            &json!("there is no field `order.nothing`")
        )
    );
    let (path, body) = check("mapping", &mapping());
    let checked = cloud
        .call(&tenant.key, Method::POST, &path, Some(body))
        .await;
    assert_eq!(checked.expect(StatusCode::OK)["valid"], true);
    let (path, body) = check("route", &mapping());
    let answer = cloud
        .call(&tenant.key, Method::POST, &path, Some(body))
        .await;
    answer.problem(StatusCode::NOT_FOUND, "not_found");
    let answer = put(&cloud, &tenant, "/mappings/other", &mapping()).await;
    let fields = answer.problem(StatusCode::BAD_REQUEST, "invalid_fields");
    assert_eq!(fields, ["body.name"]);
    let viewer = cloud.key(&tenant, Role::Viewer).await;
    let body = json!({"environment_id": tenant.environment.0, "body": mapping()});
    let answer = cloud
        .call(&viewer, Method::PUT, "/mappings/order_to_sop", Some(body))
        .await;
    answer.problem(StatusCode::FORBIDDEN, "role_not_enough");
    let after = cloud.get(&tenant.key, "/revisions").await;
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_mapping_is_tried_on_records_without_writing_anything() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let small = json!({
        "format": 1, "name": "small", "title": "A customer", "document": "RMCustomerMasterType",
        "inputs": ["order"], "prepare": [], "nodes": [{
            "rule": "customer", "node": "taUpdateCreateCustomerRcd", "elements": [
                {"element": "CUSTNMBR", "template": "W{order.customer_id}"},
                {"element": "CUSTNAME", "path": "order.billing_address.company",
                 "missing": "error", "transforms": ["trim", {"truncate": 8}]},
                {"element": "CRLMTAMT", "path": "order.order_total"}
            ]
        }]
    });
    let run = async |records: Value| {
        let body =
            json!({"environment_id": tenant.environment.0, "body": small, "records": records});
        let answer = cloud
            .call(&tenant.key, Method::POST, "/mappings/small/try", Some(body))
            .await;
        answer.expect(StatusCode::OK)
    };
    let order = json!({"customer_id": 7, "billing_address": {"company": " Field  Works "},
        "order_total": serde_json::from_str::<Value>("12.3400").expect("a number")});
    let tried = run(json!({"order": order})).await;
    let document = tried["document"].as_str().expect("a document");
    assert!(document.contains("<CUSTNMBR>W7</CUSTNMBR>"), "{document}");
    assert!(
        document.contains("<CRLMTAMT>12.3400</CRLMTAMT>"),
        "{document}"
    );
    assert_eq!(
        tried["warnings"][0]["message"],
        "\"Field Works\" was cut to 8 characters"
    );
    assert_eq!(
        tried["trace"]["nodes"][0]["elements"][1]["value"],
        "Field Wo"
    );
    let tried = run(json!({"order": {"customer_id": 7}})).await;
    assert_eq!(tried["document"], Value::Null);
    assert_eq!(tried["failure"]["code"], "missing_value");
    assert_eq!(cloud.get(&tenant.key, "/runs").await["items"], json!([]));
}

#[tokio::test]
async fn the_catalogue_tells_every_transform() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let page = cloud.get(&tenant.key, "/transforms").await;
    let items = page["items"].as_array().expect("items");
    assert!(items.len() >= 30, "{}", items.len());
    let truncate = items.iter().find(|item| item["name"] == "truncate");
    let truncate = truncate.expect("truncate");
    assert_eq!(truncate["group"], "text");
    assert_eq!(truncate["parameters"][0]["name"], "length");
    assert_eq!(truncate["parameters"][0]["required"], true);
    assert_eq!(
        truncate["examples"][0]["transform"],
        json!({"truncate": 11})
    );
    let page = cloud.get(&tenant.key, "/functions").await;
    let items = page["items"].as_array().expect("items");
    let sum = items
        .iter()
        .find(|item| item["name"] == "sum")
        .expect("sum");
    assert_eq!(
        (&sum["call"], &sum["example"]),
        (&json!("sum(list)"), &json!("sum([1.10, 2])"))
    );
    assert_eq!(sum["gives"].to_string(), "3.10");
}

#[tokio::test]
async fn two_changes_at_once_cannot_make_each_other_invalid() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    put(&cloud, &tenant, "/lookups/batches", &table())
        .await
        .expect(StatusCode::OK);
    let mut other = table();
    other["gives"] = json!(["BATCH"]);
    other["rows"] = json!([]);
    // Each is sound by itself; together they are not.
    for _ in 0..5 {
        let (mapping, lookup) = (with_table(), other.clone());
        let (first, second) = tokio::join!(
            put(&cloud, &tenant, "/mappings/order_to_sop", &mapping),
            put(&cloud, &tenant, "/lookups/batches", &lookup),
        );
        let good = [first.status, second.status].map(|status| status == StatusCode::OK);
        assert!(good != [true, true], "both were published");
        assert!(good != [false, false], "neither was published");
        put(&cloud, &tenant, "/mappings/order_to_sop", &self::mapping()).await;
        put(&cloud, &tenant, "/lookups/batches", &table())
            .await
            .expect(StatusCode::OK);
    }
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
