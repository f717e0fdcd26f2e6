//! Each detail of a document, one after the other, is planted wrong and must be found.

use super::{Tables, after, doubled, fields, gp, json, judge, profile, shop, verdict, without};

/// Plants a value and wants the very field named.
fn found(table: &str, row: usize, column: &str, value: &str) {
    let complaints = after(table, row, column, value);
    assert!(
        complaints.iter().any(|field| field.contains(column)),
        "{table}[{row}].{column} = {value}: {complaints:?}"
    );
}

#[test]
fn quantities_that_are_not_what_was_ordered_are_found() {
    for (column, value) in [
        ("QTYCANCE", "1.00000"),
        ("QTYTBAOR", "1.00000"),
        ("QTYTOINV", "3.00000"),
        ("QTYREMAI", "3.00000"),
    ] {
        found("SOP10200", 1, column, value);
    }
}

#[test]
fn a_shortage_becomes_what_the_profile_says_and_nothing_else() {
    let mut tables = gp();
    tables.get_mut("IV00102").expect("stock")[1]["QTYONHND"] = json!("1.00000");
    let lines = tables.get_mut("SOP10200").expect("lines");
    let short = [
        (2, "QTYTBAOR", "0", true),
        (2, "QTYTBAOR", "1", false),
        (4, "QTYTBAOR", "1", true),
        (4, "QTYCANCE", "1", false),
        (6, "QTYCANCE", "1", true),
        (6, "QTYTBAOR", "1", false),
    ];
    let clean = lines.clone();
    for (option, column, amount, right) in short {
        let mut profile = profile();
        profile["document"]["quantity_shortage"] = json!(option);
        tables.insert("SOP10200".to_owned(), clean.clone());
        let line = &mut tables.get_mut("SOP10200").expect("lines")[2];
        line[column] = json!(amount);
        if amount == "1" {
            (line["QTYTOINV"], line["QTYREMAI"]) = (json!("1"), json!("1"));
        }
        let report = judge(&shop(), &tables, &profile, "America/Chicago").expect("a verdict");
        assert_eq!(report.is_clean(), right, "{option} {column} {amount}");
    }
}

#[test]
fn a_wrong_person_phone_or_name_is_found() {
    for (table, row, column) in [
        ("SOP10100", 0, "CNTCPRSN"),
        ("SOP10100", 1, "ShipToName"),
        ("SOP10100", 1, "PHNUMBR1"),
        ("RM00102", 0, "CNTCPRSN"),
        ("RM00102", 1, "ShipToName"),
        ("RM00102", 2, "PHONE1"),
    ] {
        found(table, row, column, "somebody else");
    }
}

#[test]
fn a_schedule_on_a_document_without_tax_is_found() {
    let mut shop = shop();
    let order = &mut shop["orders"][1];
    (order["tax_rates"], order["order_tax"]) = (json!([]), json!("0"));
    order["order_total"] = json!("349.95");
    let report = judge(&shop, &gp(), &profile(), "America/Chicago").expect("a verdict");
    assert!(
        fields(&report).contains(&"N1-1002 SOP10100.TAXSCHID".to_owned()),
        "{report:?}"
    );
}

#[test]
fn what_was_received_is_held_against_the_order_and_not_against_rows() {
    found("SOP10100", 0, "PYMTRCVD", "104.00000");
    found("SOP10100", 0, "DEPRECVD", "104.00000");
    found("SOP10100", 1, "DEPRECVD", "381.01000");
    // A payment nobody made, with a header that agrees with it.
    let mut tables = gp();
    let payments = tables.get_mut("SOP10103").expect("payments");
    payments[0]["AMNTPAID"] = json!("105.00000");
    let header = &mut tables.get_mut("SOP10100").expect("headers")[0];
    (header["PYMTRCVD"], header["DEPRECVD"]) = (json!("145.00000"), json!("145.00000"));
    let complaints = fields(&verdict(&tables));
    for field in ["N1-1001 SOP10100.PYMTRCVD", "N1-1001 SOP10100.DEPRECVD"] {
        assert!(complaints.contains(&field.to_owned()), "{complaints:?}");
    }
}

#[test]
fn every_type_of_distribution_is_compared() {
    for row in 0..9 {
        let complaints = fields(&without("SOP10102", row));
        assert!(
            complaints.iter().any(|field| field.contains("[type")),
            "row {row}: {complaints:?}"
        );
    }
    // Balanced, but to other types than the order's.
    let complaints = after("SOP10102", 4, "DISTTYPE", "7");
    assert!(
        complaints.iter().any(|field| field.contains("[type 7]")),
        "{complaints:?}"
    );
    let cost = doubled("SOP10102", 0, |row| row["DISTTYPE"] = json!(16));
    assert!(!cost.is_clean(), "a type no order has");
}

#[test]
fn sums_over_all_documents_are_compared() {
    for (table, column) in [
        ("SOP10100", "FRTAMNT"),
        ("SOP10100", "MISCAMNT"),
        ("SOP10100", "TRDISAMT"),
        ("SOP10100", "TAXAMNT"),
        ("SOP10100", "DOCAMNT"),
        ("SOP10100", "PYMTRCVD"),
        ("SOP10100", "DEPRECVD"),
        ("SOP10103", "AMNTPAID"),
        ("SOP10102", "DEBITAMT"),
    ] {
        let complaints = after(table, 0, column, "999.00000");
        let sum = format!("{table} sum of {column}");
        assert!(complaints.contains(&sum), "{sum}: {complaints:?}");
    }
}

#[test]
fn an_answer_without_a_list_is_an_error_and_no_empty_shop() {
    let error = json!({ "error": "restarting" });
    assert!(judge(&error, &gp(), &profile(), "America/Chicago").is_err());
    let tables = Tables::from([("SOP10100".to_owned(), error)]);
    assert!(judge(&shop(), &tables, &profile(), "America/Chicago").is_err());
}

#[test]
fn a_promise_of_orders_is_kept_or_broken() {
    let promised = |orders: u64| {
        let mut report = verdict(&gp());
        report.hold_to(orders);
        fields(&report)
    };
    assert!(promised(2).is_empty());
    assert_eq!(promised(3), ["orders number judged"]);
    assert_eq!(promised(1), ["orders number judged"]);
    let mut shop = shop();
    shop["orders"][1]["items"][0]["sku"] = json!(null);
    let mut report = judge(&shop, &gp(), &profile(), "America/Chicago").expect("a verdict");
    report.hold_to(2);
    assert!(fields(&report).contains(&"orders number refused".to_owned()));
    let empty = json!({ "flavour": "official", "orders": [] });
    let mut report = judge(&empty, &Tables::new(), &profile(), "America/Chicago").expect("one");
    report.hold_to(0);
    assert_eq!(fields(&report), ["orders compared at all"]);
}
