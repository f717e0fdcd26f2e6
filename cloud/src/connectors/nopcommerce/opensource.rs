//! An order through the open-source API plugin: the order in one call, its customer in another.

use connect_core::domain::failure::Failure;

use super::convert::{self, Parts, unreadable};
use super::places::Places;
use super::transport::{Call, Transport};
use super::{canonical, wire};

/// Reads an order whole.
pub(super) async fn read_order(
    transport: &Transport,
    places: &Places,
    id: i64,
) -> Result<canonical::Order, Failure> {
    let path = format!("/api/orders/{id}");
    let found: Option<wire::Orders> = transport
        .find(Call {
            name: "orders",
            path: &path,
            query: &[],
        })
        .await?;
    let order = found.and_then(|found| found.orders.into_iter().next());
    let mut order = order.ok_or_else(|| super::order_not_found(id))?;
    let customer_id = order.customer_id;
    let billing = order.billing_address.take();
    let shipping = order.shipping_address.take();
    let (customer, billing, shipping) = tokio::try_join!(
        customer(transport, customer_id),
        address(transport, places, billing),
        address(transport, places, shipping),
    )?;
    let lines = order.order_items.take().unwrap_or_default();
    let items = lines
        .into_iter()
        .map(with_product)
        .collect::<Result<_, _>>()?;
    convert::order(Parts {
        order,
        items,
        billing,
        shipping,
        pickup: None,
        customer,
        gift_cards: None,
        reward_points: None,
    })
}

async fn customer(transport: &Transport, id: i64) -> Result<canonical::Customer, Failure> {
    let path = format!("/api/customers/{id}");
    let found: wire::Customers = transport
        .get(Call {
            name: "customers",
            path: &path,
            query: &[],
        })
        .await?;
    let customer = found.customers.into_iter().next();
    let customer = customer.ok_or_else(|| unreadable("customers", "the list is empty"))?;
    Ok(convert::customer(customer, None))
}

async fn address(
    transport: &Transport,
    places: &Places,
    address: Option<wire::Address>,
) -> Result<Option<canonical::Address>, Failure> {
    match address {
        Some(address) => places.address(transport, address).await.map(Some),
        None => Ok(None),
    }
}

fn with_product(mut item: wire::Item) -> Result<(wire::Item, wire::Product), Failure> {
    let product = item.product.take();
    let path = || format!("orders.order_items[id={}].product", item.id);
    let product = product.ok_or_else(|| unreadable(&path(), "it is missing"))?;
    Ok((item, product))
}
