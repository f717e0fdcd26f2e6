//! What hangs on orders: gift cards, reward points, discounts, free keys and values.

use serde_json::Value;

use super::super::call::{Answer, Call};
use super::super::model::GenericAttribute;
use super::super::shop::Shop;
use super::{not_found, page, rows};

pub(super) fn usage(shop: &Shop, order_id: i64) -> Answer {
    let tables = shop.tables();
    let Some(order) = tables.orders.get(&order_id) else {
        return not_found("Order", order_id);
    };
    let used = order
        .gift_cards_used
        .iter()
        .map(|usage| rows::gift_card_usage(order, usage));
    Answer::ok(used.collect::<Value>())
}

pub(super) fn gift_card(shop: &Shop, id: i64) -> Answer {
    let tables = shop.tables();
    let card = tables.gift_cards.get(&id);
    card.map_or_else(
        || not_found("Gift card", id),
        |card| Answer::ok(rows::gift_card(card)),
    )
}

pub(super) fn gift_cards(shop: &Shop, call: &Call) -> Answer {
    let tables = shop.tables();
    let used_with = call
        .number("usedWithOrderId")
        .and_then(|id| tables.orders.get(&id));
    let takes = |id: i64| {
        used_with.is_none_or(|order| order.gift_cards_used.iter().any(|u| u.gift_card_id == id))
    };
    let found: Vec<_> = tables
        .gift_cards
        .values()
        .filter(|card| takes(card.id))
        .collect();
    page(call, found.len(), |start, size| {
        found
            .iter()
            .skip(start)
            .take(size)
            .map(|card| rows::gift_card(card))
            .collect()
    })
}

pub(super) fn sold_gift_cards(shop: &Shop, item_id: i64) -> Answer {
    let tables = shop.tables();
    if tables.item(item_id).is_none() {
        return not_found("Order item", item_id);
    }
    let sold = tables
        .gift_cards
        .values()
        .filter(|card| card.purchased_with_order_item_id == Some(item_id))
        .map(rows::gift_card);
    Answer::ok(sold.collect::<Value>())
}

pub(super) fn reward_points(shop: &Shop, id: i64) -> Answer {
    let tables = shop.tables();
    let found = tables.orders.values().find_map(|order| {
        let spent = order
            .reward_points_used
            .as_ref()
            .filter(|spent| spent.id == id)?;
        Some(rows::reward_points(order, spent))
    });
    found.map_or_else(|| not_found("Reward point history entry", id), Answer::ok)
}

pub(super) fn discount_usage(shop: &Shop, call: &Call) -> Answer {
    let tables = shop.tables();
    let wanted = |id: i64, name: &str| call.number(name).is_none_or(|number| number == id);
    let found: Vec<Value> = tables
        .orders
        .values()
        .filter(|order| wanted(order.id, "orderId") && wanted(order.customer_id, "customerId"))
        .flat_map(|order| order.discounts_used.iter().map(move |usage| (order, usage)))
        .filter(|(_, usage)| wanted(usage.discount_id, "discountId"))
        .map(|(order, usage)| rows::discount_usage(order, usage))
        .collect();
    page(call, found.len(), |start, size| {
        found.into_iter().skip(start).take(size).collect()
    })
}

pub(super) fn attributes(shop: &Shop, call: &Call, entity_id: i64) -> Answer {
    let group = call.text("keyGroup").unwrap_or_default();
    let tables = shop.tables();
    let found = tables
        .generic_attributes
        .iter()
        .filter(|attribute| attribute.entity_id == entity_id && attribute.key_group == group)
        .map(rows::generic_attribute);
    Answer::ok(found.collect::<Value>())
}

/// Sets a value, or takes the attribute away where the value is empty.
pub(super) fn save_attribute(shop: &Shop, call: &Call, store_id: i64, entity_id: i64) -> Answer {
    let key_group = call.text("entityTypeName").unwrap_or_default().to_owned();
    let Some(key) = call.text("key").map(str::to_owned) else {
        return Answer::bad_request("key", "The key field is required.");
    };
    let saved_on_utc = shop.now();
    let mut tables = shop.tables_mut();
    tables.generic_attributes.retain(|old| {
        old.entity_id != entity_id
            || old.key_group != key_group
            || old.key != key
            || old.store_id != store_id
    });
    if let Some(value) = call.text("value").map(str::to_owned) {
        let id = tables.numbers.next("generic attribute", 501);
        tables.generic_attributes.push(GenericAttribute {
            id,
            entity_id,
            key_group,
            key,
            value,
            store_id,
            saved_on_utc,
        });
    }
    Answer::Empty
}
