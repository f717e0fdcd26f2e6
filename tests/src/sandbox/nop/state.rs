//! The shop's state in memory: tables by id, and the numbers given out.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::model::{
    Address, Attribute, AttributeValue, Combination, Country, Currency, Customer, GenericAttribute,
    GiftCard, Item, Order, Product, State as Province,
};
use super::random::Random;
use super::world::{Region, World, WorldItem, WorldVariants};

/// Goods with the ordinary tax rate.
const STANDARD_GOODS: i64 = 2;
/// Goods with the reduced rate, where a region has one.
const REDUCED_GOODS: i64 = 4;
const REDUCED_SKUS: &[&str] = &["ACCS-RST-DXBK", "ACCS-RST-DXWH", "CBA100", "COVER"];
const UNSHIPPED_SKUS: &[&str] = &["SOFT-PHM-0001", "GIFTCARD"];
const COLOR_MAPPING: i64 = 31;
const SIZE_MAPPING: i64 = 32;

/// The last number given out of each kind.
#[derive(Debug, Default)]
pub(crate) struct Numbers(HashMap<&'static str, i64>);

impl Numbers {
    /// Gives out the next number of a kind, counting from `start`.
    pub(crate) fn next(&mut self, kind: &'static str, start: i64) -> i64 {
        let last = self.0.entry(kind).or_insert(start - 1);
        *last += 1;
        *last
    }
}

/// All tables of the shop.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) world: World,
    pub(crate) random: Random,
    pub(crate) numbers: Numbers,
    pub(crate) orders: BTreeMap<i64, Order>,
    pub(crate) customers: BTreeMap<i64, Customer>,
    pub(crate) addresses: BTreeMap<i64, Address>,
    pub(crate) products: BTreeMap<i64, Product>,
    pub(crate) countries: Vec<Country>,
    pub(crate) provinces: Vec<Province>,
    pub(crate) currencies: Vec<Currency>,
    pub(crate) gift_cards: BTreeMap<i64, GiftCard>,
    pub(crate) generic_attributes: Vec<GenericAttribute>,
    /// nopCommerce rounds while it calculates, or not, by a setting; shops of even seeds do.
    pub(crate) rounds_subtotal: bool,
}

impl Tables {
    /// Fills the shop with its catalogue, its places and its currencies.
    pub(crate) fn new(world: World, seed: u64, opened: Timestamp) -> Self {
        let mut tables = Self {
            random: Random::new(seed),
            numbers: Numbers::default(),
            orders: BTreeMap::new(),
            customers: BTreeMap::new(),
            addresses: BTreeMap::new(),
            products: BTreeMap::new(),
            countries: Vec::new(),
            provinces: Vec::new(),
            currencies: Vec::new(),
            gift_cards: BTreeMap::new(),
            generic_attributes: Vec::new(),
            rounds_subtotal: seed.is_multiple_of(2),
            world,
        };
        tables.fill_places();
        tables.fill_currencies();
        tables.fill_catalogue(opened);
        tables
    }

    pub(crate) fn region_of(&self, address: &Address) -> Option<&Region> {
        let country = self.country(address.country_id?)?;
        let province = address.state_province_id.and_then(|id| self.province(id));
        self.world.store.regions.iter().find(|region| {
            region.country == country.two_letter_iso_code
                && region.state.as_deref() == province.map(|found| found.abbreviation.as_str())
                && region.county == address.county
        })
    }

    pub(crate) fn country(&self, id: i64) -> Option<&Country> {
        self.countries.iter().find(|country| country.id == id)
    }

    pub(crate) fn province(&self, id: i64) -> Option<&Province> {
        self.provinces.iter().find(|province| province.id == id)
    }

    pub(crate) fn item(&self, id: i64) -> Option<(&Order, &Item)> {
        self.orders.values().find_map(|order| {
            order
                .items
                .iter()
                .find(|item| item.id == id)
                .map(|item| (order, item))
        })
    }

    pub(crate) fn product_by_sku(&self, sku: &str) -> Option<&Product> {
        self.products
            .values()
            .find(|product| product.sku.as_deref() == Some(sku))
    }

    /// Puts a product on sale and returns its id.
    pub(crate) fn add_product(&mut self, item: &WorldItem, opened: Timestamp) -> i64 {
        let id = self.numbers.next("product", 18);
        let gift_card = item.number == "GIFTCARD";
        let product = Product {
            id,
            sku: Some(item.number.clone()),
            name: item.description.clone(),
            price: item.price,
            cost: item.cost,
            weight: if gift_card {
                Decimal::ZERO
            } else {
                Decimal::new(15000, 4)
            },
            tax_category_id: tax_category(&item.number),
            is_tax_exempt: gift_card,
            is_ship_enabled: !UNSHIPPED_SKUS.contains(&item.number.as_str()),
            is_gift_card: gift_card,
            published: true,
            stock_quantity: 10_000,
            attributes: Vec::new(),
            combinations: Vec::new(),
            created_on_utc: opened,
        };
        self.products.insert(id, product);
        id
    }

    fn fill_places(&mut self) {
        for region in &self.world.store.regions {
            let known = self
                .countries
                .iter()
                .find(|c| c.two_letter_iso_code == region.country);
            let country_id = if let Some(country) = known {
                country.id
            } else {
                let country = new_country(region, self.countries.len());
                let id = country.id;
                self.countries.push(country);
                id
            };
            let has = |abbreviation: &str| {
                self.provinces.iter().any(|province| {
                    province.country_id == country_id && province.abbreviation == abbreviation
                })
            };
            if let (Some(abbreviation), Some(name)) = (&region.state, &region.state_name)
                && !has(abbreviation)
            {
                self.provinces.push(Province {
                    id: self.numbers.next("province", 40),
                    country_id,
                    name: name.clone(),
                    abbreviation: abbreviation.clone(),
                });
            }
        }
    }

    fn fill_currencies(&mut self) {
        for currency in &self.world.store.display_currencies {
            self.currencies.push(Currency {
                id: self.numbers.next("currency", 1),
                currency_code: currency.code.clone(),
                rate: currency.rate,
            });
        }
    }

    fn fill_catalogue(&mut self, opened: Timestamp) {
        let items = self.world.items.clone();
        for item in &items {
            self.add_product(item, opened);
        }
        let variants = self.world.combinations.clone();
        for product in &variants {
            self.add_variants(product, opened);
        }
        let gift_card = self.world.gift_card_item.clone();
        self.add_product(&gift_card, opened);
    }

    fn add_variants(&mut self, from: &WorldVariants, opened: Timestamp) {
        let id = self.add_product(
            &WorldItem {
                number: from.product_sku.clone(),
                description: from.product.clone(),
                price: from.price,
                cost: Decimal::new(510, 2),
            },
            opened,
        );
        let mut color = choice("Color", COLOR_MAPPING, 3);
        let mut size = choice("Size", SIZE_MAPPING, 4);
        let mut combinations = Vec::new();
        for variant in &from.combinations {
            let values = vec![
                (
                    COLOR_MAPPING,
                    value_id(&mut color, &variant.color, &mut self.numbers),
                ),
                (
                    SIZE_MAPPING,
                    value_id(&mut size, &variant.size, &mut self.numbers),
                ),
            ];
            combinations.push(Combination {
                id: self.numbers.next("combination", 61),
                sku: variant.number.clone(),
                overridden_price: variant.price,
                stock_quantity: 10_000,
                values,
            });
        }
        if let Some(product) = self.products.get_mut(&id) {
            product.attributes = vec![color, size];
            product.combinations = combinations;
        }
    }
}

fn tax_category(sku: &str) -> i64 {
    if sku == "GIFTCARD" {
        0
    } else if REDUCED_SKUS.contains(&sku) {
        REDUCED_GOODS
    } else {
        STANDARD_GOODS
    }
}

/// Says whether the reduced rate applies to goods of this category.
pub(crate) fn is_reduced(tax_category_id: i64) -> bool {
    tax_category_id == REDUCED_GOODS
}

fn new_country(region: &Region, index: usize) -> Country {
    let (id, numeric) = match region.country.as_str() {
        "US" => (237, 840),
        "CA" => (41, 124),
        "GB" => (236, 826),
        "DE" => (82, 276),
        _ => (900 + i64::try_from(index).unwrap_or(0), 0),
    };
    Country {
        id,
        name: region.country_name.clone(),
        two_letter_iso_code: region.country.clone(),
        three_letter_iso_code: region.three.clone(),
        numeric_iso_code: numeric,
        subject_to_vat: region.reduced_rate.is_some(),
    }
}

fn choice(name: &str, mapping_id: i64, attribute_id: i64) -> Attribute {
    Attribute {
        mapping_id,
        attribute_id,
        name: name.to_owned(),
        values: Vec::new(),
    }
}

fn value_id(attribute: &mut Attribute, name: &str, numbers: &mut Numbers) -> i64 {
    if let Some(value) = attribute.values.iter().find(|value| value.name == name) {
        return value.id;
    }
    let id = numbers.next("attribute value", 101);
    attribute.values.push(AttributeValue {
        id,
        name: name.to_owned(),
    });
    id
}
