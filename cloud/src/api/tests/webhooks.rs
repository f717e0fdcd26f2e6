//! Deliveries through the router: what is stored, what is refused, and that refusing stores nothing.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

struct Delivery {
    key: String,
    secret: String,
    age: i64,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Delivery {
    fn of(store: &Value, body: &Value) -> Self {
        let url = store["hook_url"].as_str().expect("an address");
        let (_, key) = url.rsplit_once('/').expect("a key");
        Self {
            key: key.to_owned(),
            secret: store["webhook_secret"]
                .as_str()
                .expect("a secret")
                .to_owned(),
            age: 0,
            headers: Vec::new(),
            body: body.to_string(),
        }
    }

    fn standard(mut self, cloud: &Cloud) -> Request<Body> {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        let id = body["id"].as_str().unwrap_or("evt").to_owned();
        let timestamp = cloud.services.clock.now().0 / 1_000_000 - self.age;
        let secret = self.secret.trim_start_matches("whsec_");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(secret).expect("Base64"));
        let signed = format!("{id}.{timestamp}.{}", self.body);
        let signature = STANDARD.encode(hmac::sign(&key, signed.as_bytes()));
        self.headers.push(("webhook-id", id));
        self.headers
            .push(("webhook-timestamp", timestamp.to_string()));
        self.headers
            .push(("webhook-signature", format!("v1,{signature}")));
        self.request()
    }

    fn legacy(mut self) -> Request<Body> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
        let tag = hmac::sign(&key, self.body.as_bytes());
        let hex = crate::secrets::to_hex(tag.as_ref()).to_uppercase();
        self.headers.push(("ms-signature", format!("sha256={hex}")));
        self.request()
    }

    fn request(self) -> Request<Body> {
        let mut request = Request::post(format!("/hooks/{}", self.key));
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        request.body(Body::from(self.body)).expect("a request")
    }
}

fn envelope(id: &str, order: i64) -> Value {
    json!({
        "id": id, "topic": "order.placed", "store_url": "https://shop.example",
        "installation_id": "i-1", "store_id": 1, "entity": "order", "entity_id": order,
        "occurred_at": "2026-11-23T10:00:00Z", "sequence": 1,
    })
}

async fn events(cloud: &Cloud, tenant: &Tenant) -> Vec<Value> {
    let page = cloud.get(&tenant.key, "/events").await;
    page["items"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn a_delivery_is_stored_once_however_often_it_comes() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = cloud.store(&tenant).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let request = Delivery::of(&store, &envelope("evt_1", 1042)).standard(&cloud);
        let taken = cloud.send(request).await.expect(StatusCode::ACCEPTED);
        seen.push(taken["event_id"].clone());
    }
    let stored = events(&cloud, &tenant).await;
    assert_eq!(stored.len(), 1);
    assert!(
        seen.iter().all(|event| *event == stored[0]["id"]),
        "{seen:?}"
    );
    assert_eq!(
        (&stored[0]["entity_id"], &stored[0]["source"]),
        (&json!("1042"), &json!("webhook"))
    );
    assert_eq!(
        (&stored[0]["delivery"], &stored[0]["revision"]),
        (&json!("evt_1"), &json!(1))
    );
    let status = cloud.get(&tenant.key, "/status").await;
    assert_eq!(status["lanes_waiting"], 1);
    let shown = cloud
        .get(
            &tenant.key,
            &format!("/stores/{}", store["id"].as_str().expect("an id")),
        )
        .await;
    assert_eq!(shown["installation_id"], "i-1");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story")]
async fn what_is_not_the_stores_word_stores_nothing() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = cloud.store(&tenant).await;
    let good = envelope("evt_1", 1);
    let path = format!("/stores/{}", store["id"].as_str().expect("an id"));
    let known = json!({"installation_id": "i-1", "nop_store_id": 1});
    cloud
        .call(&tenant.key, Method::PATCH, &path, Some(known))
        .await
        .expect(StatusCode::OK);
    let of = |body: &Value| Delivery::of(&store, body);

    let mut forged = of(&good);
    forged.secret = format!("whsec_{}", STANDARD.encode([7_u8; 32]));
    let answer = cloud.send(forged.standard(&cloud)).await;
    answer.problem(StatusCode::UNAUTHORIZED, "signature_wrong");

    let answer = cloud.send(of(&good).request()).await;
    answer.problem(StatusCode::UNAUTHORIZED, "signature_missing");

    for age in [301, -301] {
        let mut old = of(&good);
        old.age = age;
        let answer = cloud.send(old.standard(&cloud)).await;
        answer.problem(StatusCode::UNAUTHORIZED, "timestamp_out_of_range");
    }
    let now = cloud.services.clock.now();
    let due = cloud
        .services
        .database
        .poll_cursors()
        .list_tenants_due(now)
        .await
        .expect("read");
    assert_eq!(due, [tenant.id], "a poll follows");

    let changed = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let cases = [
        (
            "installation_id",
            json!("a copy"),
            StatusCode::UNAUTHORIZED,
            "other_installation",
        ),
        (
            "installation_id",
            Value::Null,
            StatusCode::UNAUTHORIZED,
            "other_installation",
        ),
        (
            "store_id",
            json!(2),
            StatusCode::BAD_REQUEST,
            "other_nop_store",
        ),
        (
            "topic",
            json!("order.lost"),
            StatusCode::BAD_REQUEST,
            "unknown_topic",
        ),
        (
            "entity_id",
            json!("../../1"),
            StatusCode::BAD_REQUEST,
            "not_an_envelope",
        ),
        ("id", json!("evt 1"), StatusCode::BAD_REQUEST, "id_mismatch"),
    ];
    for (field, value, status, code) in cases {
        let request = of(&changed(field, value)).standard(&cloud);
        cloud.send(request).await.problem(status, code);
    }
    let mut broken = of(&good);
    broken.body = "{not json".into();
    let answer = cloud.send(broken.standard(&cloud)).await;
    answer.problem(StatusCode::BAD_REQUEST, "not_an_envelope");

    let mut large = of(&good);
    large.body = format!("{{\"id\":\"{}\"}}", "x".repeat(70_000));
    let answer = cloud.send(large.standard(&cloud)).await;
    answer.problem(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large");

    for key in ["nobody".to_owned(), format!("s{}", "0".repeat(64))] {
        let mut nobody = of(&good);
        nobody.key = key;
        let answer = cloud.send(nobody.standard(&cloud)).await;
        answer.problem(StatusCode::NOT_FOUND, "not_found");
    }
    assert_eq!(events(&cloud, &tenant).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_replaced_secret_is_good_for_a_day() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let mut store = cloud.store(&tenant).await;
    let old = store.clone();
    let path = format!(
        "/stores/{}/rotate-secret",
        store["id"].as_str().expect("an id")
    );
    let rotated = cloud
        .call(&tenant.key, Method::POST, &path, None)
        .await
        .expect(StatusCode::OK);
    store["webhook_secret"] = rotated["webhook_secret"].clone();
    for (index, signer) in [&old, &store].into_iter().enumerate() {
        let request = Delivery::of(signer, &envelope(&format!("evt_{index}"), 1)).standard(&cloud);
        cloud.send(request).await.expect(StatusCode::ACCEPTED);
    }
    cloud.clock.set_offset_seconds(86_500);
    cloud.services.hooks.forget();
    let request = Delivery::of(&old, &envelope("evt_3", 1)).standard(&cloud);
    cloud
        .send(request)
        .await
        .problem(StatusCode::UNAUTHORIZED, "signature_wrong");
    let request = Delivery::of(&store, &envelope("evt_4", 1)).standard(&cloud);
    cloud.send(request).await.expect(StatusCode::ACCEPTED);
}

#[tokio::test]
async fn the_old_plugin_is_understood() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = cloud.store(&tenant).await;
    let body = |attempt: i64| {
        json!({
            "Id": "5d9d3f2f", "Attempt": attempt, "Properties": {},
            "Notifications": [
                {"Action": "orders/create", "Item": {"id": 1001, "store_id": 1, "card_number": "4111111111111111"}},
                {"Action": "customers/update", "Item": {"id": 88}},
                {"Action": "languages/update", "Item": {"id": 1}},
            ],
        })
    };
    let first = cloud
        .send(Delivery::of(&store, &body(1)).legacy())
        .await
        .expect(StatusCode::ACCEPTED);
    assert_eq!(first["event_ids"].as_array().map(Vec::len), Some(2));
    // Another attempt has another number in its body, and so another signature.
    let again = cloud
        .send(Delivery::of(&store, &body(2)).legacy())
        .await
        .expect(StatusCode::ACCEPTED);
    assert_eq!(first["event_ids"], again["event_ids"]);
    let mut forged = Delivery::of(&store, &body(3));
    forged.secret = "0123456789abcdef0123456789abcdef".into();
    cloud
        .send(forged.legacy())
        .await
        .problem(StatusCode::UNAUTHORIZED, "signature_wrong");
    let stored = events(&cloud, &tenant).await;
    assert_eq!(stored.len(), 2);
    assert!(!json!(stored).to_string().contains("4111"));

    let hook = store["hook_url"]
        .as_str()
        .and_then(|url| url.rsplit_once('/'))
        .expect("a key")
        .1;
    let echo = |text: &str| {
        Request::get(format!("/hooks/{hook}?echo={text}"))
            .body(Body::empty())
            .expect("a request")
    };
    let answer = cloud.send(echo("0a1b2c3d4e5f60718293a4b5c6d7e8f9")).await;
    assert_eq!(answer.media, "text/plain");
    assert_eq!(
        answer.expect(StatusCode::OK),
        "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
    );
    cloud
        .send(echo("%3Cscript%3E"))
        .await
        .problem(StatusCode::BAD_REQUEST, "nothing_to_echo");
}

#[tokio::test]
async fn a_batch_of_the_old_plugin_leaves_out_other_shops() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = cloud.store(&tenant).await;
    let path = format!("/stores/{}", store["id"].as_str().expect("an id"));
    let second = json!({"nop_store_id": 2});
    cloud
        .call(&tenant.key, Method::PATCH, &path, Some(second))
        .await
        .expect(StatusCode::OK);
    let body = json!({
        "Id": "5d9d3f2f", "Attempt": 1, "Properties": {},
        "Notifications": [
            {"Action": "orders/create", "Item": {"id": 1001, "store_id": 2}},
            {"Action": "orders/create", "Item": {"id": 1002, "store_id": 1}},
            {"Action": "orders/create", "Item": {"id": 1003, "store_id": 2}},
        ],
    });
    let taken = cloud
        .send(Delivery::of(&store, &body).legacy())
        .await
        .expect(StatusCode::ACCEPTED);
    assert_eq!(taken["event_ids"].as_array().map(Vec::len), Some(2));
    let stored = events(&cloud, &tenant).await;
    let mut orders: Vec<&str> = stored
        .iter()
        .filter_map(|event| event["entity_id"].as_str())
        .collect();
    orders.sort_unstable();
    assert_eq!(orders, ["1001", "1003"]);
}

#[tokio::test]
async fn an_installation_is_learnt_once_and_only_from_what_is_accepted() {
    let cloud = Cloud::start().await;
    let tenant = cloud.tenant("Fabrikam").await;
    let store = cloud.store(&tenant).await;
    let mut old = Delivery::of(&store, &envelope("evt_1", 1));
    old.age = 900;
    let answer = cloud.send(old.standard(&cloud)).await;
    answer.problem(StatusCode::UNAUTHORIZED, "timestamp_out_of_range");
    let path = format!("/stores/{}", store["id"].as_str().expect("an id"));
    let shown = cloud.get(&tenant.key, &path).await;
    assert_eq!(shown["installation_id"], Value::Null);

    // Another process hears of another installation first; this one remembers that none is known.
    let stores = cloud.services.database.stores();
    let id = connect_core::domain::ids::StoreId(id(&store["id"]));
    let claimed = stores.claim_installation(tenant.id, id, "i-2").await;
    assert!(claimed.expect("written"));
    let fresh = Delivery::of(&store, &envelope("evt_2", 1)).standard(&cloud);
    let answer = cloud.send(fresh).await;
    answer.problem(StatusCode::UNAUTHORIZED, "other_installation");
    assert!(events(&cloud, &tenant).await.is_empty());
}
