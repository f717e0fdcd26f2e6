//! Two orders and their documents, worked out by hand; then one thing after another goes wrong.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Report, judge};

mod details;

/// A registered buyer in London: two rates, four decimals, wrapping, discounts, a gift card.
fn london() -> Value {
    let home = json!({
        "first_name": "Zoë", "last_name": "Müller", "email": "zoe@example.com",
        "company": "Müller & Söhne GmbH", "city": "London", "address1": "7 Dock Rd",
        "address2": "Gate 4", "zip_postal_code": "SW1A 1AA", "phone_number": "201-555-0123",
        "county": null, "state": null,
        "country": { "name": "United Kingdom", "two_letter_iso_code": "GB" },
    });
    let mut away = home.clone();
    away["address1"] = json!("9 High St");
    json!({
        "id": 1001, "custom_order_number": "1001", "customer_id": 88,
        "created_on_utc": "2026-03-05T03:15:00Z",
        "order_status": "Processing", "deleted": false,
        "checkout_attribute_description": "Gift wrapping: Yes [+$10.00]",
        "payment_status": "Paid", "placed_payment_status": "Paid",
        "payment_method_system_name": "Payments.Manual",
        "order_subtotal_excl_tax": "121.8968",
        "order_sub_total_discount_excl_tax": "10.00",
        "order_shipping_incl_tax": "14.40", "order_shipping_excl_tax": "12.00",
        "payment_method_additional_fee_incl_tax": "3.50",
        "payment_method_additional_fee_excl_tax": "3.50",
        "tax_rates": [{ "rate": "5", "amount": "2.20" }, { "rate": "20", "amount": "15.99" }],
        "order_tax": "18.19", "order_discount": "1.59", "order_total": "104.00",
        "shipping_method": "Ground", "po_number": null,
        "authorization_transaction_id": null, "capture_transaction_id": "0123456789ABCDEF",
        "billing_address": home, "shipping_address": away,
        "customer": {
            "is_guest": false, "email": "zoe@example.com", "first_name": "Zoë",
            "last_name": "Müller", "company": "Müller & Söhne GmbH",
        },
        "items": [
            { "sku": "WIRE-SCD-0001", "quantity": 32, "price_excl_tax": "14.6144" },
            { "sku": "HA100G", "quantity": 4, "price_excl_tax": "49.3824" },
            { "sku": "CBA100", "quantity": 2, "price_excl_tax": "47.90" },
        ],
        "gift_cards_used": [{ "used_value": "40.00" }],
        "reward_points_used": null,
    })
}

/// A guest in New York, who pays by check and gets the shipping free.
fn new_york() -> Value {
    let home = json!({
        "first_name": "Robin", "last_name": "Vale", "email": "robin@example.com",
        "company": null, "city": "New York", "address1": "12 Main Ave", "address2": null,
        "zip_postal_code": "10001", "phone_number": "701-555-0142", "county": null,
        "state": { "abbreviation": "NY" },
        "country": { "name": "United States", "two_letter_iso_code": "US" },
    });
    json!({
        "id": 1002, "custom_order_number": "1002", "customer_id": 89,
        "created_on_utc": "2026-03-05T16:00:00Z",
        "order_status": "Pending", "deleted": false, "checkout_attribute_description": "",
        "payment_status": "Pending", "placed_payment_status": "Pending",
        "payment_method_system_name": "Payments.CheckMoneyOrder",
        "order_subtotal_excl_tax": "349.95", "order_sub_total_discount_excl_tax": "0",
        "order_shipping_incl_tax": "0", "order_shipping_excl_tax": "0",
        "payment_method_additional_fee_incl_tax": "0",
        "payment_method_additional_fee_excl_tax": "0",
        "tax_rates": [{ "rate": "8.875", "amount": "31.06" }],
        "order_tax": "31.06", "order_discount": "0", "order_total": "381.01",
        "shipping_method": "Ground", "po_number": null,
        "authorization_transaction_id": null, "capture_transaction_id": null,
        "billing_address": home, "shipping_address": home,
        "customer": {
            "is_guest": true, "email": null, "first_name": null, "last_name": null,
            "company": null,
        },
        "items": [{ "sku": "PHON-ATT-0712", "quantity": 1, "price_excl_tax": "349.95" }],
        "gift_cards_used": [], "reward_points_used": null,
    })
}

fn shop() -> Value {
    json!({ "flavour": "official", "primary_currency": "USD", "orders": [london(), new_york()] })
}

fn profile() -> Value {
    let text = include_str!("../../fixtures/profile.json");
    serde_json::from_str(text).expect("the profile")
}

type Tables = BTreeMap<String, Value>;

fn header(number: &str, order: &str, customer: &str, place: &Value, amounts: &Value) -> Value {
    let mut row = json!({
        "SOPTYPE": 2, "SOPNUMBE": number, "CSTPONBR": order, "CUSTNMBR": customer,
        "DOCID": "STDORD", "CURNCYID": "Z-US$", "LOCNCODE": "WAREHOUSE", "SHIPMTHD": "GROUND",
    });
    merge(&mut row, place);
    merge(&mut row, amounts);
    row
}

fn merge(row: &mut Value, more: &Value) {
    for (column, value) in more.as_object().expect("columns") {
        row[column] = value.clone();
    }
}

fn line(number: &str, sequence: i64, item: &str, quantity: &str, unit: &str, sum: &str) -> Value {
    json!({
        "SOPTYPE": 2, "SOPNUMBE": number, "LNITMSEQ": sequence, "ITEMNMBR": item,
        "UOFM": "Each", "LOCNCODE": "WAREHOUSE", "QUANTITY": quantity, "UNITPRCE": unit,
        "XTNDPRCE": sum, "QTYCANCE": "0.00000", "QTYTBAOR": "0.00000", "QTYTOINV": quantity,
        "QTYREMAI": quantity,
    })
}

fn tax(number: &str, detail: &str, sales: &str, freight: &str) -> Value {
    json!({
        "SOPTYPE": 2, "SOPNUMBE": number, "LNITMSEQ": 0, "TAXDTLID": detail,
        "STAXAMNT": sales, "FRTTXAMT": freight, "MSCTXAMT": "0.00000",
    })
}

fn payment(number: &str, kind: i64, checkbook: &str, amount: &str, code: &str) -> Value {
    json!({
        "SOPTYPE": 2, "SOPNUMBE": number, "PYMTTYPE": kind, "CHEKBKID": checkbook,
        "AMNTPAID": amount, "AUTHCODE": code,
    })
}

/// What GP holds when all went well.
fn gp() -> Tables {
    let rows = [
        ("SOP10100", headers()),
        ("SOP10200", lines()),
        ("SOP10105", taxes()),
        ("SOP10103", payments()),
        ("SOP10102", distributions()),
        ("SOP10106", user_defined()),
        ("RM00101", customers()),
        ("RM00102", addresses()),
        ("SY00500", batches()),
        ("IV00101", items()),
        ("IV00102", stock()),
    ];
    rows.into_iter()
        .map(|(table, rows)| (table.to_owned(), rows))
        .collect()
}

fn headers() -> Value {
    let london = json!({
        "ADDRESS1": "9 High St", "ADDRESS2": "Gate 4", "CITY": "London", "STATE": "",
        "ZIPCODE": "SW1A 1AA", "COUNTRY": "United Kingdom", "CNTCPRSN": "Zoë Müller",
        "ShipToName": "Müller & Söhne GmbH", "PHNUMBR1": "201-555-0123",
        "PRBTADCD": "WHOME", "PRSTADCD": "WAWAY",
    });
    let new_york = json!({
        "ADDRESS1": "12 Main Ave", "ADDRESS2": "", "CITY": "New York", "STATE": "NY",
        "ZIPCODE": "10001", "COUNTRY": "United States", "CNTCPRSN": "Robin Vale",
        "ShipToName": "Robin Vale", "PHNUMBR1": "701-555-0142",
        "PRBTADCD": "WNY", "PRSTADCD": "WNY",
    });
    let first = json!({
        "DOCDATE": "2026-03-04T00:00:00", "BACHNUMB": "WEB20260304", "TAXSCHID": "UKVAT",
        "SUBTOTAL": "111.90000", "FRTAMNT": "12.00000", "MISCAMNT": "13.50000",
        "TRDISAMT": "11.59000", "TAXAMNT": "15.79000", "FRTTXAMT": "2.40000",
        "MSCTXAMT": "0.00000", "DOCAMNT": "144.00000", "PYMTRCVD": "144.00000",
        "DEPRECVD": "144.00000",
    });
    let second = json!({
        "DOCDATE": "2026-03-05T00:00:00", "BACHNUMB": "WEB20260305", "TAXSCHID": "USANY",
        "SUBTOTAL": "349.95000", "FRTAMNT": "0.00000", "MISCAMNT": "0.00000",
        "TRDISAMT": "0.00000", "TAXAMNT": "31.06000", "FRTTXAMT": "0.00000",
        "MSCTXAMT": "0.00000", "DOCAMNT": "381.01000", "PYMTRCVD": "0.00000",
        "DEPRECVD": "0.00000",
    });
    json!([
        header("ORDST2228", "N1-1001", "W000088", &london, &first),
        header("ORDST2229", "N1-1002", "W000089", &new_york, &second),
    ])
}

fn lines() -> Value {
    json!([
        line(
            "ORDST2228",
            16_384,
            "WIRE-SCD-0001",
            "32.00000",
            "0.46000",
            "14.61000"
        ),
        line(
            "ORDST2228",
            32_768,
            "HA100G",
            "4.00000",
            "12.35000",
            "49.39000"
        ),
        line(
            "ORDST2228",
            49_152,
            "CBA100",
            "2.00000",
            "23.95000",
            "47.90000"
        ),
        line(
            "ORDST2229",
            16_384,
            "PHON-ATT-0712",
            "1.00000",
            "349.95000",
            "349.95000"
        ),
    ])
}

fn taxes() -> Value {
    json!([
        tax("ORDST2228", "UKVAT-STD", "13.59000", "2.40000"),
        tax("ORDST2228", "UKVAT-RED", "2.20000", "0.00000"),
        tax("ORDST2229", "USNY-STATE", "14.00000", "0.00000"),
        tax("ORDST2229", "USNY-CITY", "15.75000", "0.00000"),
        tax("ORDST2229", "USNY-MCTD", "1.31000", "0.00000"),
    ])
}

fn payments() -> Value {
    json!([
        payment(
            "ORDST2228",
            3,
            "UPTOWN TRUST",
            "104.00000",
            "0123456789ABCDE"
        ),
        payment("ORDST2228", 1, "GIFT CARDS", "40.00000", ""),
    ])
}

fn distribution(number: &str, kind: i64, debit: &str, credit: &str) -> Value {
    json!({
        "SOPTYPE": 2, "SOPNUMBE": number, "DISTTYPE": kind, "DEBITAMT": debit, "CRDTAMNT": credit,
    })
}

fn distributions() -> Value {
    json!([
        distribution("ORDST2228", 21, "144.00000", "0.00000"),
        distribution("ORDST2228", 6, "11.59000", "0.00000"),
        distribution("ORDST2228", 1, "0.00000", "111.90000"),
        distribution("ORDST2228", 7, "0.00000", "12.00000"),
        distribution("ORDST2228", 8, "0.00000", "13.50000"),
        distribution("ORDST2228", 9, "0.00000", "18.19000"),
        distribution("ORDST2229", 2, "381.01000", "0.00000"),
        distribution("ORDST2229", 1, "0.00000", "349.95000"),
        distribution("ORDST2229", 9, "0.00000", "31.06000"),
    ])
}

fn user_defined() -> Value {
    json!([
        { "SOPTYPE": 2, "SOPNUMBE": "ORDST2228", "USERDEF1": "1001" },
        { "SOPTYPE": 2, "SOPNUMBE": "ORDST2229", "USERDEF1": "1002" },
    ])
}

fn customers() -> Value {
    json!([
        { "CUSTNMBR": "W000088", "CUSTNAME": "Müller & Söhne GmbH", "CUSTCLAS": "USA-ILMO-T1" },
        { "CUSTNMBR": "W000089", "CUSTNAME": "Robin Vale", "CUSTCLAS": "USA-ILMO-T1" },
        { "CUSTNMBR": "AARONFIT0001", "CUSTNAME": "Aaron Fitz Electrical", "CUSTCLAS": "" },
    ])
}

fn addresses() -> Value {
    json!([
        { "CUSTNMBR": "W000088", "ADRSCODE": "WHOME", "ADDRESS1": "7 Dock Rd",
          "ADDRESS2": "Gate 4", "CITY": "London", "STATE": "", "ZIP": "SW1A 1AA",
          "COUNTRY": "United Kingdom", "CNTCPRSN": "Zoë Müller",
          "ShipToName": "Müller & Söhne GmbH", "PHONE1": "201-555-0123" },
        { "CUSTNMBR": "W000088", "ADRSCODE": "WAWAY", "ADDRESS1": "9 High St",
          "ADDRESS2": "Gate 4", "CITY": "London", "STATE": "", "ZIP": "SW1A 1AA",
          "COUNTRY": "United Kingdom", "CNTCPRSN": "Zoë Müller",
          "ShipToName": "Müller & Söhne GmbH", "PHONE1": "201-555-0123" },
        { "CUSTNMBR": "W000089", "ADRSCODE": "WNY", "ADDRESS1": "12 Main Ave",
          "ADDRESS2": "", "CITY": "New York", "STATE": "NY", "ZIP": "10001",
          "COUNTRY": "United States", "CNTCPRSN": "Robin Vale", "ShipToName": "Robin Vale",
          "PHONE1": "701-555-0142" },
    ])
}

fn batches() -> Value {
    json!([
        { "BACHNUMB": "WEB20260304", "BCHSOURC": "Sales Entry", "NUMOFTRX": 1,
          "BCHTOTAL": "144.00000" },
        { "BACHNUMB": "WEB20260305", "BCHSOURC": "Sales Entry", "NUMOFTRX": 1,
          "BCHTOTAL": "381.01000" },
    ])
}

fn items() -> Value {
    json!([
        { "ITEMNMBR": "WIRE-SCD-0001" }, { "ITEMNMBR": "HA100G" }, { "ITEMNMBR": "CBA100" },
        { "ITEMNMBR": "PHON-ATT-0712" },
    ])
}

fn stock() -> Value {
    let at = |item: &str, site: &str, kind: i64, there: &str| json!({ "ITEMNMBR": item, "RCRDTYPE": kind, "LOCNCODE": site, "QTYONHND": there });
    json!([
        at("CBA100", "", 1, "2.00000"),
        at("CBA100", "WAREHOUSE", 2, "2.00000"),
        at("HA100G", "WAREHOUSE", 2, "100000.00000"),
    ])
}

fn verdict(tables: &Tables) -> Report {
    judge(&shop(), tables, &profile(), "America/Chicago").expect("a verdict")
}

/// Changes one value, and returns which fields the judge complains about.
fn after(table: &str, row: usize, column: &str, value: impl Into<Value>) -> Vec<String> {
    let mut tables = gp();
    tables.get_mut(table).expect("the table")[row][column] = value.into();
    fields(&verdict(&tables))
}

fn fields(report: &Report) -> Vec<String> {
    report
        .findings
        .iter()
        .map(|f| format!("{} {}", f.subject, f.field))
        .collect()
}

/// Leaves one row out.
fn without(table: &str, row: usize) -> Report {
    let mut tables = gp();
    let rows = tables
        .get_mut(table)
        .and_then(Value::as_array_mut)
        .expect("the table");
    rows.remove(row);
    verdict(&tables)
}

/// Puts one row in twice, changed a little.
fn doubled(table: &str, row: usize, change: impl FnOnce(&mut Value)) -> Report {
    let mut tables = gp();
    let rows = tables
        .get_mut(table)
        .and_then(Value::as_array_mut)
        .expect("the table");
    let mut copy = rows[row].clone();
    change(&mut copy);
    rows.push(copy);
    verdict(&tables)
}

#[test]
fn what_is_right_is_found_right() {
    let report = verdict(&gp());
    assert_eq!(report.findings, []);
    assert_eq!((report.orders, report.refused), (2, 0));
    assert!(
        report.comparisons > 190,
        "{} comparisons",
        report.comparisons
    );
}

#[test]
fn one_cent_anywhere_is_found() {
    for (table, row, column, value) in [
        ("SOP10100", 0, "SUBTOTAL", "111.91000"),
        ("SOP10100", 0, "FRTAMNT", "12.01000"),
        ("SOP10100", 0, "MISCAMNT", "13.49000"),
        ("SOP10100", 0, "TRDISAMT", "11.60000"),
        ("SOP10100", 0, "TAXAMNT", "15.80000"),
        ("SOP10100", 0, "FRTTXAMT", "2.39000"),
        ("SOP10100", 0, "MSCTXAMT", "0.01000"),
        ("SOP10100", 1, "DOCAMNT", "381.02000"),
        ("SOP10100", 0, "PYMTRCVD", "144.01000"),
        ("SOP10200", 1, "XTNDPRCE", "49.38000"),
        ("SOP10200", 1, "UNITPRCE", "12.34000"),
        ("SOP10105", 0, "STAXAMNT", "13.60000"),
        ("SOP10105", 0, "FRTTXAMT", "2.41000"),
        ("SOP10103", 0, "AMNTPAID", "104.01000"),
    ] {
        let found = after(table, row, column, value);
        let key = if column == "AMNTPAID" {
            "SOP10103"
        } else {
            column
        };
        assert!(
            found.iter().any(|field| field.contains(key)),
            "{table}.{column}: {found:?}"
        );
    }
    assert!(!after("SOP10102", 0, "DEBITAMT", "155.58").is_empty());
    assert!(!after("SY00500", 1, "BCHTOTAL", "381.00000").is_empty());
    assert!(!after("SY00500", 1, "NUMOFTRX", 2).is_empty());
}

#[test]
fn wrong_words_are_found() {
    for (table, row, column, value) in [
        ("SOP10100", 0, "DOCDATE", "2026-03-05T00:00:00"),
        ("SOP10100", 0, "BACHNUMB", "WEB20260305"),
        ("SOP10100", 1, "CURNCYID", "Z-EURO"),
        ("SOP10100", 1, "CUSTNMBR", "W000088"),
        ("SOP10100", 1, "TAXSCHID", "USAIL"),
        ("SOP10100", 1, "SHIPMTHD", "PICKUP"),
        ("SOP10100", 1, "DOCID", "WEBORD"),
        ("SOP10100", 0, "ADDRESS1", "7 Dock Rd"),
        ("SOP10200", 0, "ITEMNMBR", "WIRE-MCD-0001"),
        ("SOP10200", 0, "QUANTITY", "31.00000"),
        ("SOP10200", 2, "LNITMSEQ", "65536"),
        ("SOP10103", 1, "CHEKBKID", "UPTOWN TRUST"),
        ("SOP10103", 0, "AUTHCODE", ""),
        ("SOP10106", 0, "USERDEF1", "1002"),
        ("RM00101", 1, "CUSTNAME", "Robin Hood"),
        ("RM00101", 0, "CUSTCLAS", ""),
        ("RM00102", 2, "CITY", "Boston"),
        ("RM00102", 2, "ZIP", "10002"),
    ] {
        assert!(
            !after(table, row, column, value).is_empty(),
            "{table}.{column} = {value}"
        );
    }
}

#[test]
fn a_dropped_document_is_found() {
    let report = without("SOP10100", 1);
    assert!(
        fields(&report).contains(&"N1-1002 documents".to_owned()),
        "{report:?}"
    );
    assert!(report.findings.iter().any(|f| f.field == "sum of DOCAMNT"));
    assert!(
        report
            .findings
            .iter()
            .any(|f| f.found.contains("ORDST2229")),
        "orphaned rows"
    );
}

#[test]
fn a_doubled_document_is_found() {
    let report = doubled("SOP10100", 0, |row| row["SOPNUMBE"] = json!("ORDST2230"));
    assert!(
        fields(&report).contains(&"N1-1001 documents".to_owned()),
        "{report:?}"
    );
}

#[test]
fn a_document_nobody_ordered_is_found() {
    let report = doubled("SOP10100", 0, |row| {
        row["SOPNUMBE"] = json!("ORDST2230");
        row["CSTPONBR"] = json!("N1-9999");
    });
    assert!(
        fields(&report).contains(&"N1-9999 SOP10100".to_owned()),
        "{report:?}"
    );
}

#[test]
fn swapped_addresses_are_found() {
    let mut tables = gp();
    let header = &mut tables.get_mut("SOP10100").expect("headers")[0];
    (header["PRBTADCD"], header["PRSTADCD"]) = (json!("WAWAY"), json!("WHOME"));
    let found = fields(&verdict(&tables));
    assert!(
        found.iter().any(|field| field.contains("bill-to")),
        "{found:?}"
    );
    assert!(
        found.iter().any(|field| field.contains("ship-to")),
        "{found:?}"
    );
}

#[test]
fn dropped_rows_are_found() {
    for (table, row) in [
        ("SOP10105", 1),
        ("SOP10105", 4),
        ("SOP10200", 2),
        ("SOP10103", 1),
        ("SOP10106", 0),
        ("RM00101", 1),
        ("RM00102", 1),
        ("SY00500", 0),
    ] {
        assert!(!without(table, row).is_clean(), "{table} row {row}");
    }
}

#[test]
fn doubled_rows_are_found() {
    assert!(!doubled("SOP10200", 0, |row| row["LNITMSEQ"] = json!(65_536)).is_clean());
    assert!(!doubled("SOP10105", 0, |row| row["LNITMSEQ"] = json!(16_384)).is_clean());
    assert!(!doubled("SOP10103", 0, |_| {}).is_clean());
    assert!(!doubled("RM00101", 1, |row| row["CUSTNMBR"] = json!("W000090")).is_clean());
    let twice = doubled("RM00102", 2, |row| row["ADRSCODE"] = json!("WNY2"));
    assert!(
        twice.is_clean(),
        "an address no document uses is not the judge's business"
    );
}

#[test]
fn an_order_that_cannot_be_mapped_must_not_be_there() {
    let mut shop = shop();
    shop["orders"][1]["items"][0]["sku"] = Value::Null;
    let report = judge(&shop, &gp(), &profile(), "America/Chicago").expect("a verdict");
    assert_eq!(report.refused, 1);
    assert!(
        report.findings.iter().any(|f| f.field.contains("no SKU")),
        "{report:?}"
    );
    shop["orders"][1] = new_york();
    shop["orders"][1]["order_total"] = json!("380.00");
    let report = judge(&shop, &gp(), &profile(), "America/Chicago").expect("a verdict");
    assert!(
        report
            .findings
            .iter()
            .any(|f| f.field.contains("off by 1.01")),
        "{report:?}"
    );
}

#[test]
fn an_order_taken_back_may_be_there_or_not() {
    let mut shop = shop();
    shop["orders"][1]["order_status"] = json!("Cancelled");
    let report = judge(&shop, &gp(), &profile(), "America/Chicago").expect("a verdict");
    assert_eq!(report.findings, [], "it landed before it was cancelled");
    shop["orders"] = json!([new_york()]);
    shop["orders"][0]["order_status"] = json!("Cancelled");
    let mut report =
        judge(&shop, &Tables::new(), &profile(), "America/Chicago").expect("a verdict");
    assert_eq!((&report.findings, report.refused), (&Vec::new(), 1));
    report.hold_to(1);
    assert!(!report.is_clean(), "the only order was taken back");
}

#[test]
fn a_subtotal_in_cents_leaves_its_rounding_to_the_largest_line() {
    let mut shop = shop();
    // The shop rounds its subtotal: 349.9549 becomes 349.95, and the line keeps four decimals.
    shop["orders"][1]["items"][0]["price_excl_tax"] = json!("349.9549");
    let report = judge(&shop, &gp(), &profile(), "America/Chicago").expect("a verdict");
    assert_eq!(report.findings, []);
    shop["orders"][1]["items"][0]["price_excl_tax"] = json!("349.9560");
    let report = judge(&shop, &gp(), &profile(), "America/Chicago").expect("a verdict");
    assert_eq!(report.findings, [], "a cent too much comes off the line");
    shop["orders"][1]["items"][0]["price_excl_tax"] = json!("350.9560");
    let report = judge(&shop, &gp(), &profile(), "America/Chicago").expect("a verdict");
    assert!(
        report
            .findings
            .iter()
            .any(|f| f.field.contains("beside the lines")),
        "{report:?}"
    );
}

#[test]
fn orders_before_the_go_live_point_must_not_be_there() {
    let mut shop = shop();
    shop["orders"][1]["created_on_utc"] = json!("2025-12-31T23:59:59Z");
    let report = judge(&shop, &gp(), &profile(), "America/Chicago").expect("a verdict");
    assert_eq!(report.orders, 1);
    assert!(fields(&report).contains(&"N1-1002 SOP10100".to_owned()));
}

#[test]
fn a_flavour_that_does_not_tell_of_credits_leaves_the_profile_to_explain_them() {
    let mut shop = shop();
    shop["flavour"] = json!("opensource");
    shop["orders"][0]["gift_cards_used"] = json!([]);
    shop["orders"][0]["reward_points_used"] = json!({ "used_amount": "40.00" });
    let report = judge(&shop, &gp(), &profile(), "America/Chicago").expect("a verdict");
    assert_eq!(report.findings, []);
    shop["flavour"] = json!("official");
    let report = judge(&shop, &gp(), &profile(), "America/Chicago").expect("a verdict");
    assert!(
        fields(&report)
            .iter()
            .any(|field| field.ends_with("SOP10100.TRDISAMT"))
    );
}
