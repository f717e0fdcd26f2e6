//! The official Web API backend: its endpoints in one place, in reading order.

mod catalogue;
mod extras;
mod orders;
mod rows;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::shop::Shop;

pub(crate) use rows::{
    address_common, country as country_row, currency as currency_row, item_common, order_common,
    store as store_row,
};

/// Answers a call of this flavour.
pub(crate) fn answer(shop: &Shop, call: &Call) -> Answer {
    let segments = call.segments();
    match (&call.method, segments.as_slice()) {
        (&Method::POST, ["api-backend", "Authenticate", "GetToken"]) => get_token(shop, call),
        (&Method::GET, ["api", "backend_v4.70.1", "swagger.json"]) => Answer::ok(swagger()),
        (_, ["api-backend", ..]) if !shop.knows_token(call.authorization.as_deref(), false) => {
            Answer::refused(
                StatusCode::UNAUTHORIZED,
                json!({ "message": "Unauthorized" }),
            )
        }
        (&Method::GET, ["api-backend", controller, action]) => get(shop, call, controller, action),
        (&Method::GET, ["api-backend", controller, action, key]) => {
            get_one(shop, call, controller, action, key)
        }
        (&Method::POST, ["api-backend", rest @ ..]) => post(shop, call, rest),
        _ => Answer::Text(StatusCode::NOT_FOUND, String::new()),
    }
}

fn get(shop: &Shop, call: &Call, controller: &str, action: &str) -> Answer {
    match (controller, action) {
        ("Order", "GetByGuid") => orders::by_guid(shop, call),
        ("Order", "GetByCustomOrderNumber") => orders::by_custom_number(shop, call),
        ("Order", "Search") => orders::search(shop, call),
        ("DiscountUsageHistory", "GetAll") => extras::discount_usage(shop, call),
        ("GiftCard", "GetAll") => extras::gift_cards(shop, call),
        ("Customer", "GetCustomerByEmail") => catalogue::customer_by_email(shop, call),
        ("Customer", "GetCustomerByGuid") => catalogue::customer_by_guid(shop, call),
        ("Customer", "GetAll") => catalogue::customers(shop, call),
        ("Product", "GetProductBySku") => catalogue::product_by_sku(shop, call),
        ("Product", "GetAll") => catalogue::products(shop, call),
        ("ProductAttributeCombination", "GetBySku") => catalogue::combination_by_sku(shop, call),
        ("Country", "GetAllCountries" | "GetAllCountriesForBilling") => catalogue::countries(shop),
        ("StateProvince", "GetAll") => catalogue::provinces(shop),
        ("Store", "GetAll") => catalogue::stores(shop),
        ("Currency", "GetAll") => catalogue::currencies(shop, call),
        _ => Answer::Text(StatusCode::NOT_FOUND, String::new()),
    }
}

fn get_one(shop: &Shop, call: &Call, controller: &str, action: &str, key: &str) -> Answer {
    match (controller, action) {
        ("Order", "GetByIds") => return orders::by_ids(shop, key),
        ("Product", "GetProductsByIds") => return catalogue::products_by_ids(shop, key),
        ("Customer", "GetCustomersByIds") => return catalogue::customers_by_ids(shop, key),
        _ => {}
    }
    let Some(id) = key.parse::<i64>().ok().filter(|id| *id > 0) else {
        return Answer::bad_request("id", &format!("The value '{key}' is not valid."));
    };
    match (controller, action) {
        ("Order", "GetById") => orders::by_id(shop, id),
        ("OrderItem", "GetOrderItems") => orders::items(shop, id),
        ("OrderNote", "GetOrderNotesByOrderId") => orders::notes(shop, id),
        ("OrderProcessing", "CanMarkOrderAsPaid") => orders::can_pay(shop, id),
        ("OrderProcessing", "MarkOrderAsPaid") => orders::pay(shop, id),
        ("OrderProcessing", "CanCancelOrder") => orders::can_cancel(shop, id),
        ("OrderProcessing", "CancelOrder") => orders::cancel(shop, id),
        ("Shipment", "GetByOrderId") => orders::shipments(shop, id),
        ("GiftCardUsageHistory", "GetGiftCardUsageHistoryByOrder") => extras::usage(shop, id),
        ("GiftCard", "GetById") => extras::gift_card(shop, id),
        ("GiftCard", "GetByPurchasedWithOrderItemId") => extras::sold_gift_cards(shop, id),
        ("RewardPointsHistory", "GetById") => extras::reward_points(shop, id),
        ("GenericAttribute", "GetAttributesForEntity") => extras::attributes(shop, call, id),
        ("Address", "GetById") => catalogue::address(shop, id),
        ("Customer", "GetById") => catalogue::customer(shop, id),
        ("CustomerRole", "IsGuest") => catalogue::is_guest(shop, id, true),
        ("CustomerRole", "IsRegistered") => catalogue::is_guest(shop, id, false),
        ("Product", "GetById") => catalogue::product(shop, id),
        ("ProductAttributeCombination", "GetAll") => catalogue::combinations(shop, id),
        ("ProductAttributeCombination", "GetById") => catalogue::combination(shop, id),
        ("Country", "GetById") => catalogue::country(shop, id),
        ("StateProvince", "GetById") => catalogue::province(shop, id),
        ("StateProvince", "GetStateProvincesByCountryId") => catalogue::provinces_of(shop, id),
        _ => Answer::Text(StatusCode::NOT_FOUND, String::new()),
    }
}

fn post(shop: &Shop, call: &Call, segments: &[&str]) -> Answer {
    match segments {
        ["OrderNote", "Create"] => orders::create_note(shop, call),
        ["GenericAttribute", "SaveAttribute", store, entity] => {
            match (store.parse(), entity.parse()) {
                (Ok(store), Ok(entity)) => extras::save_attribute(shop, call, store, entity),
                _ => Answer::bad_request("entityId", "The value is not valid."),
            }
        }
        [
            "ProductAttributeParser",
            "FindProductAttributeCombination",
            product,
        ] => catalogue::find_combination(shop, call, product),
        _ => Answer::Text(StatusCode::NOT_FOUND, String::new()),
    }
}

fn get_token(shop: &Shop, call: &Call) -> Answer {
    let body = call.json().unwrap_or_default();
    let name = body["username"]
        .as_str()
        .or_else(|| body["email"].as_str())
        .unwrap_or_default();
    match shop.log_in(name, body["password"].as_str().unwrap_or_default()) {
        Some(token) => Answer::ok(json!({ "username": name, "customer_id": 1, "token": token })),
        None => Answer::refused(
            StatusCode::BAD_REQUEST,
            json!({ "message": "Username or password is incorrect" }),
        ),
    }
}

fn swagger() -> Value {
    let info = json!({ "title": "Web API backend", "version": "backend_v4.70.1" });
    json!({ "openapi": "3.0.1", "info": info })
}

/// Cuts a page out of a list the way the plugin does: from zero, all of it unless told otherwise.
fn page(call: &Call, total: usize, rows: impl FnOnce(usize, usize) -> Vec<Value>) -> Answer {
    let index = call.number("pageIndex").unwrap_or(0).max(0);
    let size = call
        .number("pageSize")
        .filter(|size| *size > 0)
        .unwrap_or(i64::from(i32::MAX));
    let total_count = i64::try_from(total).unwrap_or(i64::MAX);
    let total_pages = total_count.div_euclid(size) + i64::from(total_count % size != 0);
    let count_only = call
        .text("getOnlyTotalCount")
        .is_some_and(|text| text == "true");
    let start = usize::try_from(index.saturating_mul(size))
        .unwrap_or(usize::MAX)
        .min(total);
    let items = if count_only {
        Vec::new()
    } else {
        rows(start, usize::try_from(size).unwrap_or(usize::MAX))
    };
    Answer::ok(json!({
        "total_count": total_count,
        "total_pages": total_pages,
        "has_previous_page": index > 0,
        "has_next_page": index + 1 < total_pages,
        "items": items,
        "page_index": index,
        "page_size": size,
    }))
}

fn not_found(entity: &str, key: impl std::fmt::Display) -> Answer {
    Answer::Text(StatusCode::NOT_FOUND, format!("{entity} {key} not found"))
}
