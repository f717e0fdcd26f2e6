//! Orders of both APIs read over HTTP from recorded answers, and what faults of a store become.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use connect_core::domain::ids::{EnvironmentId, TenantId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::shops::Password;

const PAN: &str = "4111111111111111";

/// A store that answers what was recorded.
struct Shop {
    flavour: Flavour,
    answers: HashMap<String, Value>,
    orders: Mutex<Vec<Value>>,
    calls: Mutex<Vec<String>>,
    /// Statuses given once each, by the beginning of the path.
    faults: Mutex<Vec<(String, u16)>>,
    token: Mutex<u32>,
    notes: Mutex<Vec<Value>>,
}

impl Shop {
    fn new(flavour: Flavour) -> Self {
        Self {
            flavour,
            answers: HashMap::new(),
            orders: Mutex::default(),
            calls: Mutex::default(),
            faults: Mutex::default(),
            token: Mutex::new(1),
            notes: Mutex::default(),
        }
    }

    /// A recorded bundle of the official API, with a card number planted in its order.
    fn official(bundle: &str) -> Self {
        let mut shop = Self::new(Flavour::Official);
        let bundle: Value = serde_json::from_str(bundle).expect("a bundle");
        for (call, answer) in bundle.as_object().expect("calls") {
            let Some(path) = call.strip_prefix("GET ") else {
                continue;
            };
            let mut answer = answer.clone();
            if path.contains("/Order/GetById/") {
                answer["card_number"] = PAN.into();
                answer["masked_credit_card_number"] = PAN.into();
                answer["card_cvv2"] = "987".into();
            }
            shop.answers.insert(path.to_owned(), answer);
        }
        shop
    }

    fn opensource(order: &str, customer: &str) -> Self {
        let mut shop = Self::new(Flavour::Opensource);
        let order: Value = serde_json::from_str(order).expect("orders");
        let customer: Value = serde_json::from_str(customer).expect("customers");
        let id = &order["orders"][0]["id"];
        shop.answers
            .insert(format!("/api/orders/{id}"), order.clone());
        let mut customer = customer.clone();
        customer["customers"][0]["id"] = order["orders"][0]["customer_id"].clone();
        let id = &customer["customers"][0]["id"];
        shop.answers
            .insert(format!("/api/customers/{id}"), customer.clone());
        shop
    }

    fn fault(&self, path: &str, status: u16) {
        self.faults
            .lock()
            .expect("faults")
            .push((path.to_owned(), status));
    }

    fn calls(&self) -> Vec<String> {
        self.calls.lock().expect("calls").clone()
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one arm for each address of the shop"
    )]
    fn answer(&self, path: &str, query: &str) -> Option<Value> {
        if let Some(answer) = self.answers.get(path) {
            return Some(answer.clone());
        }
        let parameter = |name: &str| {
            query
                .split('&')
                .find_map(|pair| pair.strip_prefix(&format!("{name}="))?.parse().ok())
        };
        if let Some(ids) = path.strip_prefix("/api-backend/Product/GetProductsByIds/") {
            let product = |id: &str| {
                self.answers
                    .get(&format!("/api-backend/Product/GetById/{id}"))
            };
            return Some(ids.split(';').filter_map(product).cloned().collect());
        }
        if path.starts_with("/api-backend/ProductAttributeCombination/GetAll/") {
            return Some(json!([]));
        }
        if path.starts_with("/api-backend/OrderNote/GetOrderNotesByOrderId/") {
            return Some(self.notes.lock().expect("notes").iter().cloned().collect());
        }
        let countries = json!([
            {"id": 237, "name": "United States", "two_letter_iso_code": "US",
             "three_letter_iso_code": "USA"},
            {"id": 57, "name": "Germany", "two_letter_iso_code": "DE",
             "three_letter_iso_code": "DEU"},
        ]);
        let states = json!([
            {"id": 40, "name": "North Dakota", "abbreviation": "ND", "country_id": 237},
            {"id": 43, "name": "Ohio", "abbreviation": "OH", "country_id": 237},
        ]);
        let orders = self.orders.lock().expect("orders").clone();
        match path {
            "/api-backend/Country/GetAllCountries" => Some(countries),
            "/api-backend/StateProvince/GetAll" => Some(states),
            "/api/countries" => {
                let text = countries
                    .to_string()
                    .replace("three_letter_iso_code", "ThreeLetterIsoCode");
                Some(json!({"countries": serde_json::from_str::<Value>(&text).expect("JSON")}))
            }
            "/api/stateprovinces" => Some(json!({"state_provinces": states})),
            "/api/orders" => {
                let since: i64 = parameter("since_id").unwrap_or(0);
                let page: Vec<Value> = orders
                    .into_iter()
                    .filter(|order| order["id"].as_i64() > Some(since))
                    .take(usize::try_from(parameter("limit").unwrap_or(50)).unwrap_or(50))
                    .collect();
                Some(json!({"orders": page}))
            }
            "/api-backend/Order/Search" => {
                let index = usize::try_from(parameter("pageIndex").unwrap_or(0)).unwrap_or(0);
                let size = usize::try_from(parameter("pageSize").unwrap_or(1000)).unwrap_or(1000);
                let newest: Vec<Value> = orders.into_iter().rev().collect();
                let page: Vec<Value> = newest
                    .iter()
                    .skip(index * size)
                    .take(size)
                    .cloned()
                    .collect();
                let more = newest.len() > (index + 1) * size;
                Some(json!({"items": page, "has_next_page": more}))
            }
            _ => None,
        }
    }
}

async fn serve(
    State(shop): State<Arc<Shop>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    shop.calls.lock().expect("calls").push(path.clone());
    let fault = {
        let mut faults = shop.faults.lock().expect("faults");
        let at = faults
            .iter()
            .position(|(start, _)| path.starts_with(start.as_str()));
        at.map(|at| faults.remove(at).1)
    };
    if let Some(status) = fault {
        let status = StatusCode::from_u16(status).expect("a status");
        let body = json!({"message": format!("no luck with card {PAN}")}).to_string();
        return (
            status,
            [("retry-after", "7"), ("location", "https://other.example/")],
            body,
        )
            .into_response();
    }
    let token = format!("token-{}", shop.token.lock().expect("token"));
    if path.ends_with("GetToken") || path == "/token" {
        let given: Value = serde_json::from_slice(&body).expect("JSON");
        if given["password"] != "right" {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        let name = if shop.flavour == Flavour::Official {
            "token"
        } else {
            "access_token"
        };
        return json!({name: token}).to_string().into_response();
    }
    let given = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    if given != Some(&format!("Bearer {token}")) {
        return (StatusCode::UNAUTHORIZED, r#"{"message":"Unauthorized"}"#).into_response();
    }
    if method == Method::POST && path == "/api-backend/OrderNote/Create" {
        let mut note: Value = serde_json::from_slice(&body).expect("JSON");
        note["id"] = 1.into();
        shop.notes.lock().expect("notes").push(note);
        return body.into_response();
    }
    match shop.answer(&path, uri.query().unwrap_or_default()) {
        Some(answer) => answer.to_string().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(crate::clock::SystemClock::default())
}

async fn open(shop: Shop) -> (Arc<Shop>, Arc<Client>) {
    open_as(shop, "right").await
}

async fn open_as(shop: Shop, password: &str) -> (Arc<Shop>, Arc<Client>) {
    let shop = Arc::new(shop);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = axum::Router::new().fallback(serve).with_state(shop.clone());
    #[expect(clippy::disallowed_methods, reason = "a test's own server")]
    tokio::spawn(async move { axum::serve(listener, router).await });
    let settings = http::Settings {
        allow_private_networks: true,
        ..http::Settings::default()
    };
    let clients = Clients::new(settings, clock()).expect("a client");
    let store = store(&format!("http://{address}/"), shop.flavour);
    let client = clients
        .make(&store, credentials(password))
        .expect("a client");
    assert!(
        clients
            .find(&store)
            .is_some_and(|kept| Arc::ptr_eq(&kept, &client))
    );
    (shop, client)
}

fn credentials(password: &str) -> Credentials {
    Credentials {
        username: "api".into(),
        email: None,
        password: Password::new(password),
    }
}

fn store(base_url: &str, flavour: Flavour) -> Store {
    Store {
        tenant: TenantId(Uuid::from_u128(1)),
        id: StoreId(Uuid::from_u128(2)),
        environment: EnvironmentId(Uuid::from_u128(3)),
        name: "Shop".into(),
        hook_key: "s1".into(),
        base_url: base_url.into(),
        effect_scope: "shop.example".into(),
        flavour,
        nop_store_id: 0,
        installation: None,
        time_zone: "UTC".into(),
        currency: "USD".into(),
        credentials: Vec::new(),
        webhook_secrets: Vec::new(),
        created: Micros(0),
        paused: false,
    }
}

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/fixtures/nop/", $name, ".json"))
    };
}

#[tokio::test]
async fn every_recorded_official_order_is_read_exactly() {
    let bundles = [
        (1001, fixture!("official_order_guest")),
        (1002, fixture!("official_order_registered")),
        (1003, fixture!("official_order_multicurrency")),
        (1004, fixture!("official_order_discounts")),
        (1005, fixture!("official_order_giftcard_rewardpoints")),
        (1006, fixture!("official_order_checkout_attributes")),
        (1008, fixture!("official_order_bundle_combination")),
    ];
    for (id, bundle) in bundles {
        let (shop, client) = open(Shop::official(bundle)).await;
        let order = client.read_order(id).await.expect("an order");
        let text = order.to_string();
        assert!(
            !text.contains(PAN) && !text.contains("card_number"),
            "order {id}"
        );
        let raw = &shop.answers[&format!("/api-backend/Order/GetById/{id}")];
        for field in [
            "order_total",
            "order_tax",
            "order_subtotal_excl_tax",
            "currency_rate",
        ] {
            assert_eq!(
                order[field].to_string(),
                raw[field].to_string(),
                "{field} of {id}"
            );
        }
        assert_eq!(order["created_on_utc"], "2025-03-04T15:18:22.727Z");
        let country = &order["billing_address"]["country"]["three_letter_iso_code"];
        assert_eq!(country, if id == 1003 { "DEU" } else { "USA" });
        assert!(order["items"][0]["sku"].is_string(), "order {id}");
        let distinct: BTreeSet<String> = shop.calls().into_iter().collect();
        assert_eq!(
            distinct.len(),
            shop.calls().len(),
            "no call is made twice for order {id}"
        );
    }
}

#[tokio::test]
async fn what_only_the_official_api_knows_is_there() {
    let (_, client) = open(Shop::official(fixture!(
        "official_order_giftcard_rewardpoints"
    )))
    .await;
    let order = client.read_order(1005).await.expect("an order");
    let used = order["gift_cards_used"].to_string();
    assert_eq!(used, r#"[{"gift_card_id":9,"used_value":40.0000}]"#);
    assert_eq!(order["reward_points_used_amount"].to_string(), "10.0000");
    assert_eq!(
        order["tax_rates"].to_string(),
        r#"[{"rate":7.5000,"amount":7.50}]"#
    );
    assert_eq!(order["items"][1]["is_gift_card"], true);
    assert_eq!(order["payment_status"], "Paid");
    assert_eq!(order["customer"]["is_guest"], false);

    let (_, client) = open(Shop::official(fixture!(
        "official_order_bundle_combination"
    )))
    .await;
    let order = client.read_order(1008).await.expect("an order");
    assert_eq!(order["items"][0]["sku"], "TEE-BLU-L");
    assert_eq!(order["gift_cards_used"].to_string(), "[]");
    assert_eq!(order["reward_points_used_amount"].to_string(), "0");

    let (_, client) = open(Shop::official(fixture!(
        "official_order_checkout_attributes"
    )))
    .await;
    let order = client.read_order(1006).await.expect("an order");
    assert_eq!(order["custom_values"]["PO Number"], "77120");
}

#[tokio::test]
async fn both_apis_give_the_same_order_where_both_know() {
    let pairs = [
        (
            1001,
            fixture!("official_order_guest"),
            fixture!("opensource_order_guest"),
            fixture!("opensource_customer_guest"),
        ),
        (
            1002,
            fixture!("official_order_registered"),
            fixture!("opensource_order_registered"),
            fixture!("opensource_customer_registered"),
        ),
        (
            1004,
            fixture!("official_order_discounts"),
            fixture!("opensource_order_discounts"),
            fixture!("opensource_customer_registered"),
        ),
    ];
    // What the open-source API does not tell.
    let unknown = [
        "order_guid",
        "custom_order_number",
        "checkout_attributes_xml",
        "gift_cards_used",
        "reward_points_used_amount",
    ];
    for (id, official, opensource, customer) in pairs {
        let (_, client) = open(Shop::official(official)).await;
        let mut left = client.read_order(id).await.expect("an official order");
        let (shop, client) = open(Shop::opensource(opensource, customer)).await;
        let mut right = client.read_order(id).await.expect("an open-source order");
        assert_eq!(shop.calls().len(), 5, "{:?}", shop.calls());
        for field in unknown {
            assert!(right[field].is_null(), "{field}");
            left[field] = Value::Null;
            right[field] = Value::Null;
        }
        assert!(right["customer"]["custom_attributes_xml"].is_null());
        left["customer"]["custom_attributes_xml"] = Value::Null;
        assert_eq!(left, right, "order {id}");
    }
}

#[tokio::test]
async fn countries_and_the_token_are_read_once() {
    let (shop, client) = open(Shop::opensource(
        fixture!("opensource_order_multiple_tax_rates"),
        fixture!("opensource_customer_registered"),
    ))
    .await;
    let first = client.read_order(1007).await.expect("an order");
    assert_eq!(first["tax_rates"].as_array().map(Vec::len), Some(2));
    client.read_order(1007).await.expect("an order");
    let count = |path: &str| shop.calls().iter().filter(|call| *call == path).count();
    assert_eq!(
        (
            count("/token"),
            count("/api/countries"),
            count("/api/orders/1007")
        ),
        (1, 1, 2)
    );
}

#[tokio::test]
async fn faults_of_a_store_are_classed() {
    let path = "/api/orders/1001";
    let cases = [
        (429, FailureClass::RateLimited, Some(7_000)),
        (503, FailureClass::RateLimited, Some(7_000)),
        (500, FailureClass::Unavailable, None),
        (502, FailureClass::Unavailable, None),
        (403, FailureClass::Authentication, None),
        (422, FailureClass::InvalidData, None),
        (404, FailureClass::InvalidData, None),
        (302, FailureClass::Unavailable, None),
    ];
    for (status, class, wait) in cases {
        let shop = Shop::opensource(
            fixture!("opensource_order_guest"),
            fixture!("opensource_customer_guest"),
        );
        let (shop, client) = open(shop).await;
        shop.fault(path, status);
        let failure = client.read_order(1001).await.expect_err("a failure");
        assert_eq!(
            (failure.class, failure.retry_after_ms),
            (class, wait),
            "{status}"
        );
        assert!(!failure.message.contains(PAN), "{}", failure.message);
        client.read_order(1001).await.expect("the fault is gone");
    }
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_a_refused_login_is_told() {
    let shop = Shop::opensource(
        fixture!("opensource_order_guest"),
        fixture!("opensource_customer_guest"),
    );
    let (shop, client) = open(shop).await;
    client.read_order(1001).await.expect("an order");
    *shop.token.lock().expect("token") = 2;
    client
        .read_order(1001)
        .await
        .expect("an order by a new token");
    let logins = shop.calls().iter().filter(|call| *call == "/token").count();
    assert_eq!(logins, 2);

    let shop = Shop::opensource(
        fixture!("opensource_order_guest"),
        fixture!("opensource_customer_guest"),
    );
    let (_, client) = open_as(shop, "wrong").await;
    let failure = client.read_order(1001).await.expect_err("no way in");
    assert_eq!(
        (failure.class, failure.code.as_str()),
        (FailureClass::Authentication, "store_refused_login")
    );
}

#[tokio::test]
async fn an_order_that_is_still_being_written_is_busy_until_it_is_old() {
    let now = jiff::Timestamp::now();
    for (created, class) in [
        (now, Some(FailureClass::Busy)),
        (now - jiff::SignedDuration::from_mins(11), None),
    ] {
        let order: Value =
            serde_json::from_str(fixture!("opensource_order_guest")).expect("orders");
        let mut order = order;
        order["orders"][0]["created_on_utc"] = created.to_string().into();
        order["orders"][0]["order_items"] = json!([]);
        let text = order.to_string();
        let (_, client) = open(Shop::opensource(
            &text,
            fixture!("opensource_customer_guest"),
        ))
        .await;
        let read = client.read_order(1001).await;
        assert_eq!(read.err().map(|failure| failure.class), class);
    }
    let bundle = fixture!("official_order_guest");
    let mut bundle: Value = serde_json::from_str(bundle).expect("a bundle");
    for (call, answer) in bundle.as_object_mut().expect("calls") {
        if call.contains("/Order/GetById/") {
            answer["created_on_utc"] = now.to_string().into();
            answer["custom_order_number"] = "".into();
        }
    }
    let (_, client) = open(Shop::official(&bundle.to_string())).await;
    let read = client.read_order(1001).await.expect_err("no number yet");
    assert_eq!(read.code, "store_order_incomplete");
}

#[tokio::test]
async fn a_refused_login_is_remembered_for_a_minute() {
    let shop = Shop::opensource(
        fixture!("opensource_order_guest"),
        fixture!("opensource_customer_guest"),
    );
    let (shop, client) = open_as(shop, "wrong").await;
    let reads = (0..8).map(|_| client.read_order(1001));
    for read in futures::future::join_all(reads).await {
        assert_eq!(read.expect_err("no way in").code, "store_refused_login");
    }
    let logins = || shop.calls().iter().filter(|call| *call == "/token").count();
    assert_eq!(
        logins(),
        1,
        "an account that is refused too often gets locked"
    );
    client.check().await.expect_err("no way in");
    assert_eq!(logins(), 2, "a person who asks is answered afresh");
}

#[tokio::test]
async fn card_numbers_in_free_texts_go_nowhere() {
    let mut bundle: Value =
        serde_json::from_str(fixture!("official_order_checkout_attributes")).expect("a bundle");
    let calls = bundle.as_object_mut().expect("calls");
    let spaced = "4111 1111 1111 1111";
    for (call, answer) in calls.iter_mut() {
        if call.contains("/Order/GetById/") {
            answer["checkout_attribute_description"] = format!("Engraving: {PAN}").into();
            answer["checkout_attributes_xml"] = format!(
                "<Attributes><CheckoutAttribute ID=\"3\"><CheckoutAttributeValue><Value>{PAN}\
                 </Value></CheckoutAttributeValue></CheckoutAttribute></Attributes>"
            )
            .into();
            answer["custom_values_xml"] = format!(
                "<DictionarySerializer><item><key>Card {PAN}</key><value>no {spaced}, 12/30\
                 </value></item></DictionarySerializer>"
            )
            .into();
        }
        if call.contains("/OrderItem/GetOrderItems/") {
            answer[0]["attribute_description"] = format!("Text: {spaced}").into();
        }
    }
    let text = bundle.to_string();
    let (_, client) = open(Shop::official(&text)).await;
    let order = client.read_order(1006).await.expect("an order").to_string();
    assert!(!order.contains(PAN) && !order.contains(spaced), "{order}");
    assert!(order.contains("Engraving: [card number]"), "{order}");
    assert!(order.contains("no [card number], 12/30"), "{order}");
}

#[tokio::test]
async fn a_store_that_is_not_there_and_an_order_that_is_not_there() {
    let settings = http::Settings {
        allow_private_networks: true,
        ..http::Settings::default()
    };
    let clients = Clients::new(settings, clock()).expect("a client");
    let gone = store("http://127.0.0.1:1", Flavour::Official);
    let client = clients.make(&gone, credentials("b")).expect("a client");
    let failure = client.read_order(1).await.expect_err("nobody there");
    assert_eq!(
        (failure.class, failure.code.as_str()),
        (FailureClass::Unavailable, "store_unreachable")
    );

    let closed = Clients::new(http::Settings::default(), clock()).expect("a client");
    let failure = closed.make(&gone, credentials("b")).expect_err("private");
    assert_eq!(failure.code, "store_address_invalid");

    let (_, client) = open(Shop::official(fixture!("official_order_guest"))).await;
    let failure = client.read_order(9).await.expect_err("no such order");
    assert_eq!(
        (failure.class, failure.code.as_str()),
        (FailureClass::InvalidData, "store_order_not_found")
    );
}

#[tokio::test]
async fn notes_are_added_once_where_there_are_notes() {
    let (shop, client) = open(Shop::official(fixture!("official_order_guest"))).await;
    let text = "Dynamics GP order ORDST2228";
    let add = || client.ensure_order_note(7, "ORDST2228", text, Micros(0));
    assert_eq!(add().await.expect("added"), Noted::Added);
    assert_eq!(add().await.expect("there"), Noted::AlreadyThere);
    assert_eq!(
        client
            .find_order_note(7, "ORDST2228")
            .await
            .expect("looked"),
        Some(1)
    );
    assert_eq!(
        shop.notes.lock().expect("notes")[0]["display_to_customer"],
        false
    );

    shop.notes.lock().expect("notes").clear();
    shop.fault("/api-backend/OrderNote/Create", 502);
    assert_eq!(
        add().await.expect_err("failed").class,
        FailureClass::Unavailable
    );

    let (_, client) = open(Shop::new(Flavour::Opensource)).await;
    let noted = client
        .add_order_note(7, text, Micros(0))
        .await
        .expect("nothing to do");
    assert_eq!(noted, Noted::Unsupported);
}

#[tokio::test]
async fn polling_finds_every_order_and_looks_back_a_little() {
    let minute = |number: i64| Micros(1_767_225_600_000_000).plus_seconds(number * 60);
    let order = |id: i64| {
        let created = jiff::Timestamp::from_microsecond(minute(id).0).expect("a time");
        json!({"id": id, "store_id": 1, "created_on_utc": created.to_string().trim_end_matches('Z')})
    };
    for flavour in [Flavour::Official, Flavour::Opensource] {
        let (shop, client) = open(Shop::new(flavour)).await;
        *shop.orders.lock().expect("orders") = (1..=250).map(order).collect();
        let mut cursor = Cursor::starting(minute(0));
        let mut seen = BTreeSet::new();
        let mut pages = 0;
        loop {
            let page = client
                .list_orders(&cursor, minute(300))
                .await
                .expect("a page");
            seen.extend(page.orders.iter().map(|found| found.id));
            cursor = serde_json::from_str(&serde_json::to_string(&page.next).expect("JSON"))
                .expect("back");
            pages += 1;
            if !page.more {
                break;
            }
        }
        assert_eq!((seen.len(), pages), (250, 3), "{flavour:?}");
        assert_eq!(cursor.newest, minute(250));
        if flavour == Flavour::Opensource {
            // Younger ones may still be followed by a lower id.
            assert_eq!(cursor.settled_id, 239);
        }
        let floor = Cursor::starting(minute(240));
        let page = client
            .list_orders(&floor, minute(300))
            .await
            .expect("a page");
        assert!(
            page.orders.iter().all(|found| found.id >= 240),
            "{flavour:?}"
        );
    }
}
