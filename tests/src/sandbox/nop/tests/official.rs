//! The official Web API backend.

use serde_json::{Value, json};

use super::{Visit, same_shape, sample};
use crate::sandbox::nop::{Flavour, PLANTED_CARD_NUMBER};

#[tokio::test]
async fn orders_and_their_parts_have_the_recorded_fields() {
    let visit = Visit::new(Flavour::Official).await;
    for kind in [
        "guest",
        "registered",
        "gift_card_sold",
        "gift_card_used",
        "combination",
        "any",
    ] {
        let id = visit.place(kind).await;
        let recorded = sample("official_order_guest");
        let call = |name: &str| recorded[format!("GET /api-backend/{name}")].clone();
        let order = visit.get(&format!("/api-backend/Order/GetById/{id}")).await;
        same_shape(&call("Order/GetById/1001"), &order, "order");
        let items = visit
            .get(&format!("/api-backend/OrderItem/GetOrderItems/{id}"))
            .await;
        same_shape(&call("OrderItem/GetOrderItems/1001"), &items, "items");
        let address = format!(
            "/api-backend/Address/GetById/{}",
            order["billing_address_id"]
        );
        same_shape(
            &call("Address/GetById/901"),
            &visit.get(&address).await,
            "address",
        );
        let customer = format!("/api-backend/Customer/GetById/{}", order["customer_id"]);
        same_shape(
            &call("Customer/GetById/412"),
            &visit.get(&customer).await,
            "customer",
        );
        let product = format!("/api-backend/Product/GetById/{}", items[0]["product_id"]);
        same_shape(
            &call("Product/GetById/18"),
            &visit.get(&product).await,
            "product",
        );
        let notes = visit
            .get(&format!(
                "/api-backend/OrderNote/GetOrderNotesByOrderId/{id}"
            ))
            .await;
        same_shape(
            &call("OrderNote/GetOrderNotesByOrderId/1001"),
            &notes,
            "notes",
        );
        assert_eq!(notes.as_array().map(Vec::len), Some(1));
    }
}

#[tokio::test]
async fn what_hangs_on_orders_has_the_recorded_fields() {
    let visit = Visit::new(Flavour::Official).await;
    let recorded = sample("official_order_giftcard_rewardpoints");
    let used = visit.place("gift_card_used").await;
    let path = "/api-backend/GiftCardUsageHistory/GetGiftCardUsageHistoryByOrder";
    let usage = visit.get(&format!("{path}/{used}")).await;
    same_shape(&recorded[format!("GET {path}/1005")], &usage, "usage");
    assert_eq!(usage.as_array().map(Vec::len), Some(1));
    let spent = visit.place("reward_points").await;
    let order = visit
        .get(&format!("/api-backend/Order/GetById/{spent}"))
        .await;
    let path = "/api-backend/RewardPointsHistory/GetById";
    let points = visit
        .get(&format!(
            "{path}/{}",
            order["redeemed_reward_points_entry_id"]
        ))
        .await;
    same_shape(&recorded[format!("GET {path}/77")], &points, "points");
    assert_eq!(points["used_with_order"], order["order_guid"]);
    let sold = visit.place("gift_card_sold").await;
    let state = visit.state(sold).await;
    let items = state["items"].as_array().expect("items");
    let item = items
        .iter()
        .find(|item| item["is_gift_card"] == true)
        .expect("a gift card");
    let path = "/api-backend/GiftCard/GetByPurchasedWithOrderItemId";
    let cards = visit.get(&format!("{path}/{}", item["id"])).await;
    same_shape(&recorded[format!("GET {path}/2008")], &cards, "gift cards");
    let discounted = visit.place("subtotal_discount").await;
    let path = format!("/api-backend/DiscountUsageHistory/GetAll?orderId={discounted}");
    let recorded = sample("official_order_discounts");
    let page = visit.get(&path).await;
    same_shape(
        &recorded["GET /api-backend/DiscountUsageHistory/GetAll?orderId=1004"],
        &page,
        "page",
    );
    assert_eq!(page["total_count"], 1);
}

#[tokio::test]
async fn lists_have_the_recorded_fields() {
    let visit = Visit::new(Flavour::Official).await;
    let currencies = visit.get("/api-backend/Currency/GetAll").await;
    same_shape(
        &sample("official_currencies_page"),
        &currencies,
        "currencies",
    );
    same_shape(
        &sample("official_stores"),
        &visit.get("/api-backend/Store/GetAll").await,
        "stores",
    );
    let product = visit
        .get("/api-backend/Product/GetProductBySku?sku=COVER")
        .await;
    let path = format!(
        "/api-backend/ProductAttributeCombination/GetAll/{}",
        product["id"]
    );
    let combinations = visit.get(&path).await;
    let recorded = sample("official_product_attribute_combinations");
    let all = "GET /api-backend/ProductAttributeCombination/GetAll/27";
    same_shape(&recorded[all], &combinations, "combinations");
    let first = &combinations[0];
    let found = visit
        .get("/api-backend/ProductAttributeCombination/GetBySku?sku=COVER-BK-S")
        .await;
    assert_eq!(&found, first);
    let path = "/api-backend/ProductAttributeParser/FindProductAttributeCombination";
    let (status, found) = visit
        .post(
            &format!("{path}/{}", product["id"]),
            &first["attributes_xml"],
        )
        .await;
    assert_eq!(status, 200);
    assert_eq!(&serde_json::from_str::<Value>(&found).expect("JSON"), first);
}

#[tokio::test]
async fn the_search_pages_from_the_newest_inside_a_closed_window() {
    let visit = Visit::new(Flavour::Official).await;
    visit
        .control("/orders", &json!({ "count": 7, "kind": "any" }))
        .await;
    let page = visit
        .get("/api-backend/Order/Search?pageIndex=1&pageSize=3")
        .await;
    same_shape(&sample("official_order_search_page"), &page, "page");
    assert_eq!(
        (page["total_count"].as_i64(), page["total_pages"].as_i64()),
        (Some(7), Some(3))
    );
    assert_eq!(
        (&page["has_previous_page"], &page["has_next_page"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(page["items"][0]["id"], 1004);
    let everything = visit.get("/api-backend/Order/Search").await;
    assert_eq!(everything["page_size"], i64::from(i32::MAX));
    let created = everything["items"][0]["created_on_utc"]
        .as_str()
        .expect("a time")
        .to_owned();
    let window =
        format!("/api-backend/Order/Search?createdFromUtc={created}&createdToUtc={created}");
    assert_eq!(
        visit.get(&window).await["total_count"],
        7,
        "both ends are inside"
    );
    let later = "/api-backend/Order/Search?createdFromUtc=2999-01-01T00:00:00Z";
    assert_eq!(visit.get(later).await["total_count"], 0);
    let broken = visit
        .try_get("/api-backend/Order/Search?createdFromUtc=soon")
        .await;
    assert_eq!(broken.0, 400);
}

#[tokio::test]
async fn orders_are_found_by_guid_ids_and_number() {
    let visit = Visit::new(Flavour::Official).await;
    let (one, two) = (visit.place("simple").await, visit.place("guest").await);
    let order = visit
        .get(&format!("/api-backend/Order/GetById/{one}"))
        .await;
    let guid = order["order_guid"].as_str().expect("a guid");
    assert_eq!(
        visit
            .get(&format!("/api-backend/Order/GetByGuid?guid={guid}"))
            .await,
        order
    );
    let path = format!("/api-backend/Order/GetByCustomOrderNumber?customOrderNumber={one}");
    assert_eq!(visit.get(&path).await, order);
    let both = visit
        .get(&format!("/api-backend/Order/GetByIds/{one};{two}"))
        .await;
    assert_eq!(both.as_array().map(Vec::len), Some(2));
    assert_eq!(visit.try_get("/api-backend/Order/GetById/0").await.0, 400);
    let (status, text) = visit.try_get("/api-backend/Order/GetById/999999").await;
    assert_eq!(status, 404);
    assert!(!text.starts_with('{'), "a plain text, not JSON");
}

#[tokio::test]
async fn notes_and_keys_are_written_and_read_back() {
    let visit = Visit::new(Flavour::Official).await;
    let id = visit.place("simple").await;
    let note = json!({ "order_id": id, "note": "ORDST2228", "display_to_customer": false });
    assert_eq!(
        visit.post("/api-backend/OrderNote/Create", &note).await.0,
        200
    );
    let notes = visit
        .get(&format!(
            "/api-backend/OrderNote/GetOrderNotesByOrderId/{id}"
        ))
        .await;
    assert_eq!(notes[1]["note"], "ORDST2228");
    let nowhere = json!({ "order_id": 999_999, "note": "lost" });
    assert_eq!(
        visit
            .post("/api-backend/OrderNote/Create", &nowhere)
            .await
            .0,
        500
    );
    let save = format!("/api-backend/GenericAttribute/SaveAttribute/0/{id}");
    let query = "entityTypeName=Order&key=GpNumber&value=ORD%201";
    assert_eq!(
        visit.post(&format!("{save}?{query}"), &json!({})).await.0,
        200
    );
    let read = format!("/api-backend/GenericAttribute/GetAttributesForEntity/{id}?keyGroup=Order");
    let kept = visit.get(&read).await;
    assert_eq!(
        (&kept[0]["key"], &kept[0]["value"]),
        (&json!("GpNumber"), &json!("ORD 1"))
    );
    visit
        .post(
            &format!("{save}?entityTypeName=Order&key=GpNumber&value="),
            &json!({}),
        )
        .await;
    assert_eq!(visit.get(&read).await, json!([]));
}

#[tokio::test]
async fn guests_are_told_by_their_role_and_cards_are_planted() {
    let visit = Visit::new(Flavour::Official).await;
    for (kind, guest) in [("guest", true), ("registered", false)] {
        let id = visit.place(kind).await;
        let order = visit.get(&format!("/api-backend/Order/GetById/{id}")).await;
        assert_eq!(order["card_number"], PLANTED_CARD_NUMBER);
        let path = format!("/api-backend/CustomerRole/IsGuest/{}", order["customer_id"]);
        assert_eq!(visit.get(&path).await, json!(guest));
    }
}

#[tokio::test]
async fn paying_and_cancelling_follow_the_shops_rules() {
    let visit = Visit::new(Flavour::Official).await;
    let id = visit.place("payment_fee").await;
    let pay = format!("/api-backend/OrderProcessing/MarkOrderAsPaid/{id}");
    assert_eq!(visit.try_get(&pay).await.0, 200);
    let (status, text) = visit.try_get(&pay).await;
    assert_eq!(status, 500);
    let refusal: Value = serde_json::from_str(&text).expect("JSON");
    same_shape(&sample("official_error_500"), &refusal, "error");
    let order = visit.get(&format!("/api-backend/Order/GetById/{id}")).await;
    assert_eq!(
        (&order["payment_status_id"], &order["order_status_id"]),
        (&json!(30), &json!(20))
    );
    let cancel = format!("/api-backend/OrderProcessing/CancelOrder/{id}");
    assert_eq!(visit.try_get(&cancel).await.0, 200);
    let order = visit.get(&format!("/api-backend/Order/GetById/{id}")).await;
    assert_eq!(order["order_status_id"], 40);
}
