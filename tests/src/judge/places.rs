//! Who bought and where it goes: the customer, the master addresses, the document's own address.

use super::books::Row;
use super::compare::Case;
use super::report::Report;
use super::shop::{Address, Order};

/// Widths of GP's columns, without the place for the end.
const NAME: usize = 64;
const ADDRESS: usize = 60;
const CITY: usize = 35;
const STATE: usize = 29;
const POSTCODE: usize = 10;
const PHONE: usize = 21;

/// Columns that documents and customers name differently.
struct Columns {
    postcode: &'static str,
    phone: &'static str,
}

const HEADER: Columns = Columns {
    postcode: "ZIPCODE",
    phone: "PHNUMBR1",
};
const MASTER: Columns = Columns {
    postcode: "ZIP",
    phone: "PHONE1",
};

/// Compares the customer and both addresses of a document.
pub(super) fn document(case: &Case<'_>, report: &mut Report) {
    let name = &case.expected.number;
    let number = case.header.text("CUSTNMBR");
    if let Some(wanted) = customer_number(case) {
        report.equal(name, "SOP10100.CUSTNMBR", wanted, number.clone());
    }
    customer(case, &number, report);
    let bill_to = case.header.text("PRBTADCD");
    let ship_to = case.header.text("PRSTADCD");
    address(
        case,
        &number,
        &bill_to,
        &case.order.billing_address,
        "bill-to",
        report,
    );
    address(
        case,
        &number,
        &ship_to,
        case.order.ship_to(),
        "ship-to",
        report,
    );
    let same = content(&case.order.billing_address) == content(case.order.ship_to());
    report.equal(name, "one code for one address", same, bill_to == ship_to);
    content_of(
        case.header,
        ("SOP10100", &HEADER),
        case.order.ship_to(),
        name,
        report,
    );
}

/// The number, where it follows from the order alone.
fn customer_number(case: &Case<'_>) -> Option<String> {
    let rule = &case.profile.customer;
    match rule.strategy.as_str() {
        "prefix_id" => Some(format!("{}{:06}", rule.prefix, case.order.customer_id)),
        "single" => Some(rule.single.clone()),
        _ => None,
    }
}

fn customer(case: &Case<'_>, number: &str, report: &mut Report) {
    let name = &case.expected.number;
    let rows = case.books.find("RM00101", "CUSTNMBR", number);
    report.equal(name, "RM00101 rows", 1, rows.len());
    let Some(row) = rows.first() else { return };
    let rule = &case.profile.customer;
    if rule.strategy == "single" {
        return;
    }
    if !rule.class.is_empty() {
        report.equal(
            name,
            "RM00101.CUSTCLAS",
            rule.class.clone(),
            row.text("CUSTCLAS"),
        );
    }
    if rule.strategy == "prefix_id" {
        report.begins(
            name,
            "RM00101.CUSTNAME",
            &buyer(case.order),
            &row.text("CUSTNAME"),
            NAME,
        );
    }
}

/// The company, or else the person; a guest's row has neither, so the invoice address speaks.
fn buyer(order: &Order) -> String {
    let billing = &order.billing_address;
    let account = order
        .customer
        .as_ref()
        .filter(|customer| !customer.is_guest);
    let company = account.map_or(billing.company.as_deref(), |own| own.company.as_deref());
    if let Some(company) = company.filter(|company| !company.is_empty()) {
        return company.to_owned();
    }
    let first = account
        .and_then(|own| own.first_name.as_deref())
        .unwrap_or(&billing.first_name);
    let last = account
        .and_then(|own| own.last_name.as_deref())
        .unwrap_or(&billing.last_name);
    format!("{first} {last}").trim().to_owned()
}

fn address(
    case: &Case<'_>,
    number: &str,
    code: &str,
    wanted: &Address,
    role: &str,
    report: &mut Report,
) {
    let name = &case.expected.number;
    let mut rows = case.books.find("RM00102", "CUSTNMBR", number);
    rows.retain(|row| row.text("ADRSCODE") == code);
    report.equal(name, format!("RM00102 rows of the {role}"), 1, rows.len());
    let Some(row) = rows.first() else { return };
    let table = format!("RM00102 ({role})");
    content_of(row, (&table, &MASTER), wanted, name, report);
}

fn content_of(
    row: &Row,
    (table, columns): (&str, &Columns),
    wanted: &Address,
    name: &str,
    report: &mut Report,
) {
    let state = wanted
        .state
        .as_ref()
        .map_or("", |state| state.abbreviation.as_str());
    let country = wanted
        .country
        .as_ref()
        .map_or("", |country| country.name.as_str());
    let person = format!("{} {}", wanted.first_name, wanted.last_name);
    let company = wanted
        .company
        .as_deref()
        .filter(|company| !company.is_empty());
    for (column, text, width) in [
        ("CNTCPRSN", person.as_str(), ADDRESS),
        ("ShipToName", company.unwrap_or(&person), NAME),
        (columns.phone, &wanted.phone_number, PHONE),
        ("ADDRESS1", wanted.address1.as_str(), ADDRESS),
        (
            "ADDRESS2",
            wanted.address2.as_deref().unwrap_or_default(),
            ADDRESS,
        ),
        ("CITY", wanted.city.as_str(), CITY),
        ("STATE", state, STATE),
        (columns.postcode, wanted.zip_postal_code.as_str(), POSTCODE),
        ("COUNTRY", country, ADDRESS),
    ] {
        report.begins(
            name,
            format!("{table}.{column}"),
            text,
            &row.text(column),
            width,
        );
    }
}

/// What makes two addresses the same; how it was typed does not.
fn content(address: &Address) -> Vec<String> {
    let parts = [
        address.first_name.as_str(),
        &address.last_name,
        address.company.as_deref().unwrap_or_default(),
        &address.city,
        address.county.as_deref().unwrap_or_default(),
        &address.address1,
        address.address2.as_deref().unwrap_or_default(),
        &address.zip_postal_code,
        &address.phone_number,
        address
            .country
            .as_ref()
            .map_or("", |country| &country.two_letter_iso_code),
        address
            .state
            .as_ref()
            .map_or("", |state| &state.abbreviation),
    ];
    let tidy = |part: &str| {
        part.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase()
    };
    parts.into_iter().map(tidy).collect()
}
