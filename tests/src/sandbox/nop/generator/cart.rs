//! Fills the cart of an order: products, quantities, prices after line discounts.

use rust_decimal::Decimal;

use crate::sandbox::nop::model::{Combination, Item, Product};
use crate::sandbox::nop::random::Random;
use crate::sandbox::nop::state::{Tables, is_reduced};
use crate::sandbox::nop::world::{Region, WorldItem};

use super::plan::{Delivery, Plan};
use super::totals::{column, percent_of};

/// Line discounts in percent.
const LINE_DISCOUNTS: &[(i64, u32)] = &[(10, 0), (15, 0), (125, 1), (20, 0)];

/// Puts the goods of a plan into lines, in the order they were chosen.
pub(crate) fn fill(tables: &mut Tables, plan: &Plan, region: &Region) -> Vec<Item> {
    let mut products = wanted(tables, plan);
    let everyday = everyday_products(tables, plan);
    while products.len() < usize::try_from(plan.lines).unwrap_or(1) {
        let id = *tables.random.pick(&everyday);
        products.push(id);
    }
    let chosen: Vec<Product> = products
        .iter()
        .filter_map(|id| tables.products.get(id).cloned())
        .collect();
    chosen
        .iter()
        .map(|product| line(tables, product, plan, region))
        .collect()
}

/// The products the plan insists on.
fn wanted(tables: &mut Tables, plan: &Plan) -> Vec<i64> {
    let mut skus: Vec<&str> = Vec::new();
    let ships = plan.delivery != Delivery::Nothing;
    if plan.goods.four_decimals && ships {
        let all = ["WIRE-MCD-0001", "WIRE-SCD-0001", "HA100G"];
        skus.push(*tables.random.pick::<&str>(&all));
    }
    if plan.goods.combination && ships {
        skus.push("COVER");
    }
    if plan.goods.reduced && ships {
        let all = ["ACCS-RST-DXBK", "ACCS-RST-DXWH", "CBA100"];
        skus.push(*tables.random.pick::<&str>(&all));
    }
    if plan.goods.gift_card {
        skus.push("GIFTCARD");
    }
    if !ships {
        skus.push("SOFT-PHM-0001");
    }
    let mut ids: Vec<i64> = skus
        .iter()
        .filter_map(|sku| tables.product_by_sku(sku))
        .map(|p| p.id)
        .collect();
    if plan.goods.unknown_sku {
        ids.push(odd_product(tables, Some("NOT-IN-GP-0001")));
    }
    if plan.goods.missing_sku {
        ids.push(odd_product(tables, None));
    }
    ids
}

/// Goods anybody may buy: those that ship, or only downloads where nothing does.
fn everyday_products(tables: &Tables, plan: &Plan) -> Vec<i64> {
    let ships = plan.delivery != Delivery::Nothing;
    tables
        .products
        .values()
        .filter(|product| product.is_ship_enabled == ships && !product.is_gift_card)
        .filter(|product| product.combinations.is_empty() && product.published)
        .filter(|product| plan.goods.four_decimals || product.price.round_dp(2) == product.price)
        .map(|product| product.id)
        .collect()
}

/// Finds or adds a product that cannot be mapped; it is never picked by chance.
fn odd_product(tables: &mut Tables, sku: Option<&str>) -> i64 {
    let name = "Discontinued adapter";
    let known = tables
        .products
        .values()
        .find(|p| p.sku.as_deref() == sku && p.name == name);
    if let Some(product) = known {
        return product.id;
    }
    let first = tables.products.values().next();
    let opened = first.map_or(jiff::Timestamp::UNIX_EPOCH, |product| {
        product.created_on_utc
    });
    let item = WorldItem {
        number: sku.unwrap_or_default().to_owned(),
        description: name.to_owned(),
        price: Decimal::new(1495, 2),
        cost: Decimal::new(500, 2),
    };
    let id = tables.add_product(&item, opened);
    if let Some(product) = tables.products.get_mut(&id) {
        product.sku = sku.map(str::to_owned);
        product.published = false;
    }
    id
}

fn line(tables: &mut Tables, product: &Product, plan: &Plan, region: &Region) -> Item {
    let random = &mut tables.random;
    let chosen = (!product.combinations.is_empty()).then(|| random.pick(&product.combinations));
    let price = chosen
        .and_then(|combination| combination.overridden_price)
        .unwrap_or(product.price);
    let quantity = quantity(product, random);
    let off = if plan.line_discount && !product.is_gift_card && random.percent(60) {
        let (percent, scale) = *random.pick(LINE_DISCOUNTS);
        column(percent_of(price, Decimal::new(percent, scale)))
    } else {
        Decimal::ZERO
    };
    let rate = rate_of(product, region);
    let unit = price - off;
    let gross = |net: Decimal| column(net + percent_of(net, rate));
    let count = Decimal::from(quantity);
    Item {
        id: tables.numbers.next("order item", 2001),
        order_item_guid: random.guid(),
        product_id: product.id,
        sku: chosen
            .map(|combination| combination.sku.clone())
            .or_else(|| product.sku.clone()),
        product_name: product.name.clone(),
        quantity,
        tax_rate: rate,
        unit_price_incl_tax: gross(unit),
        unit_price_excl_tax: unit,
        price_incl_tax: gross(unit * count),
        price_excl_tax: unit * count,
        discount_amount_incl_tax: gross(off * count),
        discount_amount_excl_tax: off * count,
        original_product_cost: product.cost,
        item_weight: product.weight,
        attribute_description: description(product, chosen),
        attributes_xml: attributes_xml(product, chosen),
        chosen: chosen
            .map(|combination| combination.values.clone())
            .unwrap_or_default(),
        is_gift_card: product.is_gift_card,
    }
}

/// Cheap goods by the metre are bought by the hundred.
fn quantity(product: &Product, random: &mut Random) -> i64 {
    if product.is_gift_card {
        1
    } else if product.price < Decimal::from(2) {
        random.between(25, 500)
    } else if random.percent(5) {
        random.between(6, 40)
    } else {
        random.between(1, 4)
    }
}

fn rate_of(product: &Product, region: &Region) -> Decimal {
    if product.is_tax_exempt {
        Decimal::ZERO
    } else if is_reduced(product.tax_category_id) {
        region.reduced_rate.unwrap_or(region.rate)
    } else {
        region.rate
    }
}

fn description(product: &Product, chosen: Option<&Combination>) -> String {
    if product.is_gift_card {
        return "From: Pat Morgan &lt;pat.morgan@example.com&gt;<br />\
                For: Dana Reyes &lt;dana.reyes@example.net&gt;"
            .to_owned();
    }
    let Some(combination) = chosen else {
        return String::new();
    };
    let names = combination.values.iter().filter_map(|(mapping, value)| {
        let attribute = product
            .attributes
            .iter()
            .find(|a| a.mapping_id == *mapping)?;
        let value = attribute
            .values
            .iter()
            .find(|candidate| candidate.id == *value)?;
        Some(format!("{}: {}", attribute.name, value.name))
    });
    names.collect::<Vec<_>>().join("<br />")
}

fn attributes_xml(product: &Product, chosen: Option<&Combination>) -> String {
    if product.is_gift_card {
        return "<Attributes><GiftCardInfo><RecipientName>Dana Reyes</RecipientName>\
                <RecipientEmail>dana.reyes@example.net</RecipientEmail>\
                <SenderName>Pat Morgan</SenderName>\
                <SenderEmail>pat.morgan@example.com</SenderEmail>\
                <Message>Happy birthday</Message></GiftCardInfo></Attributes>"
            .to_owned();
    }
    chosen.map(Combination::attributes_xml).unwrap_or_default()
}
