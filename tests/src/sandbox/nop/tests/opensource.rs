//! The open-source API plugin.

use serde_json::json;

use super::{Visit, same_shape, sample};
use crate::sandbox::nop::{Flavour, PLANTED_CARD_NUMBER};

#[tokio::test]
async fn orders_have_the_recorded_fields() {
    let visit = Visit::new(Flavour::Opensource).await;
    for kind in [
        "guest",
        "registered",
        "two_rates",
        "checkout_attributes",
        "gift_card_used",
    ] {
        let id = visit.place(kind).await;
        let orders = visit.get(&format!("/api/orders/{id}")).await;
        same_shape(
            &sample("opensource_order_multiple_tax_rates"),
            &orders,
            kind,
        );
        let text = orders.to_string();
        assert!(
            !text.contains(PLANTED_CARD_NUMBER),
            "this plugin shows no cards"
        );
        assert!(orders["orders"][0]["billing_address"]["country"].is_null());
    }
}

#[tokio::test]
async fn variants_are_only_told_by_the_combination() {
    let visit = Visit::new(Flavour::Opensource).await;
    let id = visit.place("combination").await;
    let orders = visit.get(&format!("/api/orders/{id}")).await;
    let items = orders["orders"][0]["order_items"]
        .as_array()
        .expect("items")
        .clone();
    let chosen = |item: &&serde_json::Value| item["product_attributes"] != json!([]);
    let item = items.iter().find(chosen).expect("a variant");
    assert_eq!(item["product"]["sku"], "COVER");
    let products = visit
        .get(&format!("/api/products/{}", item["product_id"]))
        .await;
    same_shape(
        &sample("opensource_product_attribute_combinations"),
        &products,
        "products",
    );
    assert_eq!(products["products"][0], item["product"]);
}

#[tokio::test]
async fn customers_and_products_have_the_recorded_fields() {
    let visit = Visit::new(Flavour::Opensource).await;
    for (kind, recorded) in [
        ("guest", "opensource_customer_guest"),
        ("registered", "opensource_customer_registered"),
    ] {
        let id = visit.place(kind).await;
        let customer = &visit.state(id).await["customer_id"];
        let customers = visit.get(&format!("/api/customers/{customer}")).await;
        same_shape(&sample(recorded), &customers, kind);
    }
    same_shape(
        &sample("opensource_product_simple"),
        &visit.get("/api/products?limit=1").await,
        "products",
    );
    for list in ["countries", "state_provinces", "stores", "currencies"] {
        let path = format!("/api/{}", list.replace('_', ""));
        let rows = visit.get(&path).await;
        assert!(
            rows[list].as_array().is_some_and(|rows| !rows.is_empty()),
            "{list}"
        );
    }
}

#[tokio::test]
async fn lists_page_by_id_and_filter() {
    let visit = Visit::new(Flavour::Opensource).await;
    visit
        .control("/orders", &json!({ "count": 60, "kind": "any" }))
        .await;
    let ids = |value: &serde_json::Value| {
        let rows = value["orders"].as_array().expect("orders");
        rows.iter()
            .filter_map(|row| row["id"].as_i64())
            .collect::<Vec<i64>>()
    };
    assert_eq!(
        ids(&visit.get("/api/orders").await).len(),
        50,
        "the default limit"
    );
    let page = visit
        .get("/api/orders?limit=7&page=2&since_id=1010&fields=id")
        .await;
    assert_eq!(ids(&page), (1018..1025).collect::<Vec<i64>>());
    assert_eq!(
        page["orders"][0].as_object().map(serde_json::Map::len),
        Some(1)
    );
    assert_eq!(
        ids(&visit.get("/api/orders?ids=1003,1005").await),
        [1003, 1005]
    );
    assert_eq!(visit.get("/api/orders/count").await, json!({ "count": 60 }));
    let first = visit.get("/api/orders/1001").await;
    let created = first["orders"][0]["created_on_utc"]
        .as_str()
        .expect("a time")
        .to_owned();
    let after = visit
        .get(&format!("/api/orders?created_at_min={created}"))
        .await;
    assert_eq!(ids(&after).len(), 0, "the end of the window is outside");
    let (status, text) = visit.try_get("/api/orders?page=0").await;
    assert_eq!(status, 422);
    let refusal: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(refusal, sample("opensource_error_422"));
    assert_eq!(visit.try_get("/api/orders?limit=251").await.0, 422);
    assert_eq!(visit.try_get("/api/orders/99").await.0, 404);
}

#[tokio::test]
async fn the_token_answer_has_the_recorded_fields() {
    let visit = Visit::new(Flavour::Opensource).await;
    let ready = visit.shop.ready();
    let body = json!({ "username": ready["username"], "password": ready["password"] });
    let (status, text) = visit.post("/api/token", &body).await;
    assert_eq!(status, 200);
    let token: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    same_shape(&sample("opensource_token_response"), &token, "token");
    let wrong = json!({ "username": ready["username"], "password": "wrong" });
    assert_eq!(visit.post("/token", &wrong).await.0, 403);
}
