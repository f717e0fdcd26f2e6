//! Invents buyers and where they live.

use jiff::Timestamp;

use crate::sandbox::nop::model::{Address, Customer};
use crate::sandbox::nop::random::Random;
use crate::sandbox::nop::state::{Numbers, Tables};
use crate::sandbox::nop::world::Region;

use super::plan::{Buyer, Place, Plan};

// Every letter here exists in the code page GP's databases use.
const FIRST: &[&str] = &[
    "Robin",
    "Pat",
    "Dana",
    "José",
    "Zoë",
    "Jürgen",
    "Søren",
    "Chloé",
    "Íris",
    "Anna-Lena",
    "Marguerite",
    "O'Neil",
    "Björn",
    "Nuño",
    "Šárka",
    "Maximilian-Alexander",
];
const LAST: &[&str] = &[
    "Vale",
    "Morgan",
    "Reyes",
    "Núñez",
    "Müller",
    "Ångström",
    "Œuvrard",
    "Groß",
    "D'Arcy",
    "van der Meer",
    "Fitzgerald-Montgomery",
    "Lee",
    "Žižek",
    "Smith",
    "Peña & Sons",
    "Brown",
];
const COMPANIES: &[&str] = &[
    "Morgan Builders LLC",
    "Müller & Söhne GmbH",
    "Ünlü Electric",
    "Café \"Zur Post\"",
    "Northwind <Traders>",
    "Blue Yonder Airlines",
    "Société Générale d'Outillage, S.A.",
    "The Very Long Company Name for Telephone Parts and Wiring, Inc.",
];
const STREETS: &[&str] = &[
    "Main Ave",
    "High St",
    "Dock Rd",
    "Königsallee",
    "Rue de l'Église",
    "Straße des 17. Juni",
    "Upper Saint Martin's Lane, Building of the Old Exchange",
    "Ñandú Way",
];
const SECOND_LINES: &[&str] = &[
    "Suite 20",
    "Gate 4",
    "2. OG rechts",
    "Apt #5",
    "c/o Pförtner",
];
const PICKUP_STREET: &str = "1 Store Plaza";

/// A buyer and the addresses of one order.
#[derive(Debug)]
pub(crate) struct Party {
    pub(crate) customer_id: i64,
    pub(crate) billing: Address,
    pub(crate) shipping: Address,
}

/// Finds or invents the buyer of the next order.
pub(crate) fn party(tables: &mut Tables, plan: &Plan, now: Timestamp) -> Party {
    let customer_id = match plan.buyer {
        Buyer::Guest => guest(tables, now),
        Buyer::New => new_customer(tables, plan, now),
        Buyer::Known => known_customer(tables, plan, now),
    };
    of_customer(tables, customer_id, plan, now)
}

/// Takes down the addresses of an order of a buyer already there.
pub(crate) fn of_customer(
    tables: &mut Tables,
    customer_id: i64,
    plan: &Plan,
    now: Timestamp,
) -> Party {
    let billing = billing_address(tables, customer_id, plan, now);
    let shipping = shipping_address(tables, &billing, plan, now);
    Party {
        customer_id,
        billing,
        shipping,
    }
}

/// Makes the private copy an order keeps of an address.
pub(crate) fn copy_of(address: &Address, numbers: &mut Numbers, now: Timestamp) -> Address {
    Address {
        id: numbers.next("address", 901),
        created_on_utc: now,
        ..address.clone()
    }
}

/// The shop's own counter, where orders are picked up.
pub(crate) fn counter(tables: &mut Tables, now: Timestamp) -> Address {
    let region = tables.world.store.regions[0].clone();
    let mut address = blank_address(tables, &region, now);
    PICKUP_STREET.clone_into(&mut address.address1);
    address
}

/// Signs up a buyer with an account and default addresses.
pub(crate) fn new_customer(tables: &mut Tables, plan: &Plan, now: Timestamp) -> i64 {
    let id = tables.numbers.next("customer", 88);
    let region = pick_region(tables, plan.place);
    let address = new_address(tables, &region, plan.company, now);
    let random = &mut tables.random;
    let customer = Customer {
        id,
        customer_guid: random.guid(),
        is_guest: false,
        username: Some(address.email.clone()),
        email: Some(address.email.clone()),
        first_name: Some(address.first_name.clone()),
        last_name: Some(address.last_name.clone()),
        company: address.company.clone(),
        vat_number: None,
        is_tax_exempt: false,
        billing_address_id: Some(address.id),
        shipping_address_id: Some(address.id),
        reward_points: random.between(5, 40) * 100,
        created_on_utc: now,
    };
    tables.addresses.insert(address.id, address);
    tables.customers.insert(id, customer);
    id
}

fn guest(tables: &mut Tables, now: Timestamp) -> i64 {
    let id = tables.numbers.next("customer", 88);
    let customer = Customer {
        id,
        customer_guid: tables.random.guid(),
        is_guest: true,
        username: None,
        email: None,
        first_name: None,
        last_name: None,
        company: None,
        vat_number: None,
        is_tax_exempt: false,
        billing_address_id: None,
        shipping_address_id: None,
        reward_points: 0,
        created_on_utc: now,
    };
    tables.customers.insert(id, customer);
    id
}

fn known_customer(tables: &mut Tables, plan: &Plan, now: Timestamp) -> i64 {
    let known: Vec<i64> = tables
        .customers
        .values()
        .filter(|customer| !customer.is_guest && suits(tables, customer, plan))
        .map(|customer| customer.id)
        .collect();
    if known.is_empty() {
        return new_customer(tables, plan, now);
    }
    *tables.random.pick(&known)
}

fn suits(tables: &Tables, customer: &Customer, plan: &Plan) -> bool {
    let home = customer
        .billing_address_id
        .and_then(|id| tables.addresses.get(&id));
    let region = home.and_then(|address| tables.region_of(address));
    let at_home = region.is_some_and(|region| in_place(region, plan.place));
    at_home && (!plan.reward_points || customer.reward_points >= 500)
}

/// A buyer's usual address, or now and then a new one.
fn billing_address(tables: &mut Tables, customer_id: i64, plan: &Plan, now: Timestamp) -> Address {
    let home = tables
        .customers
        .get(&customer_id)
        .and_then(|customer| customer.billing_address_id);
    let home = home.and_then(|id| tables.addresses.get(&id)).cloned();
    let mut billing = if let Some(home) = home {
        copy_of(&home, &mut tables.numbers, now)
    } else {
        let region = pick_region(tables, plan.place);
        new_address(tables, &region, plan.company, now)
    };
    if plan.buyer == Buyer::Known && tables.random.percent(10) {
        let number = tables.random.between(1, 999);
        billing.address1 = format!("{number} {}", tables.random.pick(STREETS));
    }
    billing
}

fn shipping_address(
    tables: &mut Tables,
    billing: &Address,
    plan: &Plan,
    now: Timestamp,
) -> Address {
    let mut shipping = copy_of(billing, &mut tables.numbers, now);
    let elsewhere = tables.random.below(100);
    if elsewhere < 70 {
        return shipping;
    }
    let home = tables.region_of(billing).cloned();
    let region = match home {
        Some(home) if elsewhere < 88 => home,
        _ => pick_region(tables, plan.place),
    };
    let there = blank_address(tables, &region, now);
    shipping.country_id = there.country_id;
    shipping.state_province_id = there.state_province_id;
    shipping.county = there.county;
    (shipping.city, shipping.zip_postal_code) = (there.city, there.zip_postal_code);
    shipping.address1 = there.address1;
    shipping.address2 = there.address2;
    shipping.phone_number = there.phone_number;
    if tables.random.percent(30) {
        shipping.first_name = name(&mut tables.random, FIRST);
        shipping.last_name = name(&mut tables.random, LAST);
    }
    shipping
}

fn name(random: &mut Random, names: &[&str]) -> String {
    (*random.pick(names)).to_owned()
}

fn pick_region(tables: &mut Tables, place: Place) -> Region {
    let fitting: Vec<&Region> = tables
        .world
        .store
        .regions
        .iter()
        .filter(|region| in_place(region, place))
        .collect();
    (*tables.random.pick(&fitting)).clone()
}

fn in_place(region: &Region, place: Place) -> bool {
    match place {
        Place::Anywhere => true,
        Place::TwoRates => region.reduced_rate.is_some(),
        Place::ZeroTax => region.rate.is_zero(),
        Place::County => region.county.is_some(),
    }
}

fn new_address(tables: &mut Tables, region: &Region, company: bool, now: Timestamp) -> Address {
    let mut address = blank_address(tables, region, now);
    let random = &mut tables.random;
    address.first_name = name(random, FIRST);
    address.last_name = name(random, LAST);
    address.email = format!("buyer{}@example.com", address.id);
    address.company = company.then(|| (*random.pick(COMPANIES)).to_owned());
    address
}

fn blank_address(tables: &mut Tables, region: &Region, now: Timestamp) -> Address {
    let country = tables
        .countries
        .iter()
        .find(|c| c.two_letter_iso_code == region.country);
    let country_id = country.map(|country| country.id);
    let province = tables.provinces.iter().find(|province| {
        Some(province.country_id) == country_id
            && Some(&province.abbreviation) == region.state.as_ref()
    });
    let province_id = province.map(|province| province.id);
    let random: &mut Random = &mut tables.random;
    let (city, zip) = random.pick(&region.cities).clone();
    let second = random
        .percent(30)
        .then(|| (*random.pick(SECOND_LINES)).to_owned());
    Address {
        id: tables.numbers.next("address", 901),
        first_name: String::new(),
        last_name: String::new(),
        email: String::new(),
        company: None,
        country_id,
        state_province_id: province_id,
        county: region.county.clone(),
        city,
        address1: format!("{} {}", random.between(1, 999), random.pick(STREETS)),
        address2: second,
        zip_postal_code: zip,
        phone_number: format!(
            "{}-555-{:04}",
            random.between(201, 989),
            random.between(0, 9999)
        ),
        fax_number: None,
        created_on_utc: now,
    }
}
