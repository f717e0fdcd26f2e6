//! Looks at GP as a whole: nothing too much, nothing hanging loose, sums that agree.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::books::{Books, Row};
use super::expected::Expected;
use super::ledger::{deposits, received};
use super::profile::Profile;
use super::report::Report;
use super::shop::{Order, Shop};

/// Batches of sales documents come from here.
const SALES_ENTRY: &str = "Sales Entry";
const DEPENDENT: &[&str] = &["SOP10200", "SOP10105", "SOP10103", "SOP10102", "SOP10106"];
/// The columns that make an address what it is.
const CONTENT: &[&str] = &[
    "CNTCPRSN",
    "ADDRESS1",
    "ADDRESS2",
    "ADDRESS3",
    "CITY",
    "STATE",
    "ZIP",
    "COUNTRY",
    "CCode",
    "PHONE1",
    "PHONE2",
    "FAX",
    "ShipToName",
];

/// Every document must belong to an order.
pub(super) fn nothing_extra(books: &Books, known: &BTreeSet<String>, report: &mut Report) {
    for row in books.rows("SOP10100") {
        let number = row.text("CSTPONBR");
        report.comparisons += 1;
        if !known.contains(&number) {
            report.finding(&number, "SOP10100", "no document", row.text("SOPNUMBE"));
        }
    }
}

/// Every row that hangs on a document must find it.
pub(super) fn nothing_loose(books: &Books, report: &mut Report) {
    let documents: BTreeSet<(i64, String)> =
        books.rows("SOP10100").iter().map(Row::document).collect();
    for table in DEPENDENT {
        for row in books.rows(table) {
            report.comparisons += 1;
            if !documents.contains(&row.document()) {
                let (kind, number) = row.document();
                report.finding(
                    table,
                    "document",
                    "a header",
                    format!("none for {kind} {number}"),
                );
            }
        }
    }
}

/// A batch counts its documents and sums them up.
pub(super) fn batches(books: &Books, report: &mut Report) {
    let mut sums: BTreeMap<String, (i64, Decimal)> = BTreeMap::new();
    for row in books.rows("SOP10100") {
        let sum = sums.entry(row.text("BACHNUMB")).or_default();
        sum.0 += 1;
        sum.1 += row.amount("DOCAMNT");
    }
    for (batch, (count, total)) in sums {
        let rows = books
            .rows("SY00500")
            .iter()
            .filter(|row| row.text("BACHNUMB") == batch && row.text("BCHSOURC") == SALES_ENTRY);
        let rows: Vec<&Row> = rows.collect();
        let subject = format!("SY00500 {batch}");
        report.equal(&subject, "rows", 1, rows.len());
        let Some(row) = rows.first() else { continue };
        report.equal(&subject, "NUMOFTRX", count, row.number("NUMOFTRX"));
        let held = row.amount("BCHTOTAL").normalize();
        report.equal(&subject, "BCHTOTAL", total.normalize(), held);
    }
}

/// An amount of a document.
type AmountOf = fn(&Expected) -> Decimal;

/// The money over all of GP is the money of the shop.
pub(super) fn money(books: &Books, expected: &[Expected], report: &mut Report) {
    let sums: [(&str, &str, AmountOf); 17] = [
        ("SOP10100", "DOCAMNT", Expected::total),
        ("SOP10100", "SUBTOTAL", Expected::subtotal),
        ("SOP10100", "FRTAMNT", |document| document.freight),
        ("SOP10100", "MISCAMNT", |document| document.misc),
        ("SOP10100", "TRDISAMT", |document| document.trade_discount),
        ("SOP10100", "TAXAMNT", |document| document.tax),
        ("SOP10100", "FRTTXAMT", |document| document.freight_tax),
        ("SOP10100", "MSCTXAMT", |document| document.misc_tax),
        ("SOP10100", "PYMTRCVD", |document| received(document.paid())),
        ("SOP10100", "DEPRECVD", |document| deposits(document.paid())),
        ("SOP10200", "XTNDPRCE", Expected::subtotal),
        ("SOP10103", "AMNTPAID", |document| received(document.paid())),
        ("SOP10105", "STAXAMNT", |document| document.tax),
        ("SOP10105", "FRTTXAMT", |document| document.freight_tax),
        ("SOP10105", "MSCTXAMT", |document| document.misc_tax),
        ("SOP10102", "DEBITAMT", booked),
        ("SOP10102", "CRDTAMNT", booked),
    ];
    for (table, column, amount) in sums {
        let wanted: Decimal = expected.iter().map(amount).sum();
        let held: Decimal = books.rows(table).iter().map(|row| row.amount(column)).sum();
        let field = format!("sum of {column}");
        report.equal(table, field, wanted.normalize(), held.normalize());
    }
}

/// Either side of a document's distributions.
fn booked(document: &Expected) -> Decimal {
    document.total() + document.trade_discount
}

/// A customer has every address once, and an address has one code wherever it is.
pub(super) fn addresses(books: &Books, profile: &Profile, orders: &[&Order], report: &mut Report) {
    let ours: BTreeSet<String> = books
        .rows("SOP10100")
        .iter()
        .flat_map(|row| {
            let customer = row.text("CUSTNMBR");
            ["PRBTADCD", "PRSTADCD"].map(|column| format!("{customer}/{}", row.text(column)))
        })
        .collect();
    let key = |row: &Row| format!("{}/{}", row.text("CUSTNMBR"), row.text("ADRSCODE"));
    let mut codes: BTreeMap<Vec<String>, BTreeSet<String>> = BTreeMap::new();
    for row in books
        .rows("RM00102")
        .iter()
        .filter(|row| ours.contains(&key(row)))
    {
        let columns = CONTENT.iter().filter(|column| row.has(column));
        let mut content: Vec<String> = columns.map(|column| row.text(column)).collect();
        content.push(row.text("CUSTNMBR"));
        codes
            .entry(content)
            .or_default()
            .insert(row.text("ADRSCODE"));
    }
    for (content, codes) in codes {
        let subject = content.last().cloned().unwrap_or_default();
        report.equal(&subject, "RM00102 codes of one address", 1, codes.len());
    }
    if profile.customer.strategy == "prefix_id" {
        let buyers: BTreeSet<i64> = orders.iter().map(|order| order.customer_id).collect();
        let rows = books.rows("RM00101").iter();
        let held = rows.filter(|row| is_ours(&row.text("CUSTNMBR"), &profile.customer.prefix));
        report.equal("RM00101", "web customers", buyers.len(), held.count());
    }
}

fn is_ours(number: &str, prefix: &str) -> bool {
    let digits = number.strip_prefix(prefix).unwrap_or_default();
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
}

/// Orders of one e-mail address belong to one customer where the profile says so.
pub(super) fn emails(
    books: &Books,
    shop: &Shop,
    profile: &Profile,
    numbers: &BTreeMap<i64, String>,
    report: &mut Report,
) {
    if profile.customer.strategy != "email" {
        return;
    }
    let mut customers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for order in &shop.orders {
        let Some(number) = numbers.get(&order.id) else {
            continue;
        };
        let own = order
            .customer
            .as_ref()
            .and_then(|customer| customer.email.clone());
        let email = own
            .unwrap_or_else(|| order.billing_address.email.clone())
            .to_lowercase();
        let rows = books.find("SOP10100", "CSTPONBR", number);
        customers
            .entry(email)
            .or_default()
            .extend(rows.iter().map(|row| row.text("CUSTNMBR")));
    }
    for (email, customers) in customers {
        report.equal(&email, "customers of one e-mail", 1, customers.len());
    }
}
