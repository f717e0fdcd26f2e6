//! An order through nopCommerce's own Web API: one call per table, side by side.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use connect_core::domain::failure::{Failure, FailureClass};
use serde_json::Number;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::convert::{self, Parts, unreadable};
use super::places::Places;
use super::transport::{Call, Transport};
use super::{canonical, wire};

const PRODUCTS_KEPT: Duration = Duration::from_secs(30);

/// Products read a moment ago, with their combinations once a line asked for them.
#[derive(Debug, Default)]
pub(super) struct Products {
    kept: Mutex<HashMap<i64, (Instant, wire::Product)>>,
}

/// Reads an order whole.
pub(super) async fn read_order(
    transport: &Transport,
    places: &Places,
    products: &Products,
    id: i64,
) -> Result<canonical::Order, Failure> {
    let order: wire::Order = transport
        .find(by_id(
            "Order/GetById",
            &format!("/api-backend/Order/GetById/{id}"),
        ))
        .await?
        .ok_or_else(|| super::order_not_found(id))?;
    let (items, billing, shipping, pickup, customer, gift_cards, reward_points) = tokio::try_join!(
        items(transport, products, id),
        address(transport, places, order.billing_address_id),
        address(transport, places, order.shipping_address_id),
        address(transport, places, order.pickup_address_id),
        customer(transport, order.customer_id),
        gift_cards(transport, id),
        reward_points(transport, order.redeemed_reward_points_entry_id),
    )?;
    convert::order(Parts {
        order,
        items,
        billing,
        shipping,
        pickup,
        customer,
        gift_cards: Some(gift_cards),
        reward_points: Some(reward_points),
    })
}

fn by_id<'a>(name: &'static str, path: &'a str) -> Call<'a> {
    Call {
        name,
        path,
        query: &[],
    }
}

async fn address(
    transport: &Transport,
    places: &Places,
    id: Option<i64>,
) -> Result<Option<canonical::Address>, Failure> {
    let Some(id) = id.filter(|id| *id != 0) else {
        return Ok(None);
    };
    let path = format!("/api-backend/Address/GetById/{id}");
    let address = transport.get(by_id("Address/GetById", &path)).await?;
    places.address(transport, address).await.map(Some)
}

async fn customer(transport: &Transport, id: i64) -> Result<canonical::Customer, Failure> {
    let customer = format!("/api-backend/Customer/GetById/{id}");
    let guest = format!("/api-backend/CustomerRole/IsGuest/{id}");
    let (customer, is_guest) = tokio::try_join!(
        transport.get::<wire::Customer>(by_id("Customer/GetById", &customer)),
        transport.get::<bool>(by_id("CustomerRole/IsGuest", &guest)),
    )?;
    Ok(convert::customer(customer, Some(is_guest)))
}

async fn gift_cards(transport: &Transport, id: i64) -> Result<Vec<wire::GiftCardUse>, Failure> {
    let path = format!("/api-backend/GiftCardUsageHistory/GetGiftCardUsageHistoryByOrder/{id}");
    transport
        .get(by_id(
            "GiftCardUsageHistory/GetGiftCardUsageHistoryByOrder",
            &path,
        ))
        .await
}

async fn reward_points(transport: &Transport, id: Option<i64>) -> Result<Number, Failure> {
    let Some(id) = id.filter(|id| *id != 0) else {
        return Ok(Number::from(0));
    };
    let path = format!("/api-backend/RewardPointsHistory/GetById/{id}");
    let entry: wire::RewardPoints = transport
        .get(by_id("RewardPointsHistory/GetById", &path))
        .await?;
    Ok(entry.used_amount)
}

async fn items(
    transport: &Transport,
    products: &Products,
    id: i64,
) -> Result<Vec<(wire::Item, wire::Product)>, Failure> {
    let path = format!("/api-backend/OrderItem/GetOrderItems/{id}");
    let items: Vec<wire::Item> = transport
        .get(by_id("OrderItem/GetOrderItems", &path))
        .await?;
    let mut wanted: BTreeMap<i64, bool> = BTreeMap::new();
    for item in &items {
        let product = product_id(item)?;
        let varied = item
            .attributes_xml
            .as_deref()
            .is_some_and(|xml| xml.contains("<Value>"));
        *wanted.entry(product).or_default() |= varied;
    }
    let found = products.find(transport, wanted).await?;
    items
        .into_iter()
        .map(|item| {
            let id = product_id(&item)?;
            let product = found.get(&id).cloned().ok_or_else(|| no_product(id))?;
            Ok((item, product))
        })
        .collect()
}

fn product_id(item: &wire::Item) -> Result<i64, Failure> {
    item.product_id.ok_or_else(|| {
        unreadable(
            &format!("items[id={}].product_id", item.id),
            "it is missing",
        )
    })
}

fn no_product(id: i64) -> Failure {
    Failure::new(
        FailureClass::InvalidData,
        "store_product_missing",
        format!("The store no longer has product {id}, which stands on a line of the order."),
    )
}

impl Products {
    /// The products by id; `true` asks for the combinations as well.
    async fn find(
        &self,
        transport: &Transport,
        wanted: BTreeMap<i64, bool>,
    ) -> Result<HashMap<i64, wire::Product>, Failure> {
        let mut found = self.recent(&wanted).await;
        let missing: Vec<i64> = wanted
            .keys()
            .copied()
            .filter(|id| !found.contains_key(id))
            .collect();
        if !missing.is_empty() {
            let ids: Vec<String> = missing.iter().map(i64::to_string).collect();
            let path = format!("/api-backend/Product/GetProductsByIds/{}", ids.join(";"));
            let read: Vec<wire::Product> = transport
                .get(by_id("Product/GetProductsByIds", &path))
                .await?;
            found.extend(read.into_iter().map(|product| (product.id, product)));
        }
        let bare = wanted.iter().filter(|(id, varied)| {
            let known = found
                .get(*id)
                .is_some_and(|p| p.product_attribute_combinations.is_some());
            **varied && !known
        });
        let reads = bare.map(|(id, _)| combinations(transport, *id));
        for (id, combinations) in futures::future::try_join_all(reads).await? {
            if let Some(product) = found.get_mut(&id) {
                product.product_attribute_combinations = Some(combinations);
            }
        }
        self.keep(&found, &missing).await;
        Ok(found)
    }

    async fn recent(&self, wanted: &BTreeMap<i64, bool>) -> HashMap<i64, wire::Product> {
        let mut kept = self.kept.lock().await;
        kept.retain(|_, (read, _)| read.elapsed() < PRODUCTS_KEPT);
        let recent = wanted
            .keys()
            .filter_map(|id| kept.get(id).map(|(_, product)| (*id, product)));
        recent.map(|(id, product)| (id, product.clone())).collect()
    }

    async fn keep(&self, found: &HashMap<i64, wire::Product>, fresh: &[i64]) {
        let mut kept = self.kept.lock().await;
        for (id, product) in found {
            let read = match kept.get(id) {
                Some((read, _)) if !fresh.contains(id) => *read,
                Some(_) | None => Instant::now(),
            };
            kept.insert(*id, (read, product.clone()));
        }
    }
}

async fn combinations(
    transport: &Transport,
    product: i64,
) -> Result<(i64, Vec<wire::Combination>), Failure> {
    let path = format!("/api-backend/ProductAttributeCombination/GetAll/{product}");
    let read = transport
        .get(by_id("ProductAttributeCombination/GetAll", &path))
        .await?;
    Ok((product, read))
}
