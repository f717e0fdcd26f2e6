//! Compares one document of GP with what its order must have become.

use std::collections::BTreeMap;

use serde_json::Value;

use super::books::{Books, Row};
use super::expected::{Expected, TaxAmounts};
use super::profile::Profile;
use super::report::Report;
use super::shop::Order;
use super::{ledger, places, quantities};

/// Lines are numbered in these steps.
const LINE_STEP: i64 = 16_384;
const UNIT_OF_MEASURE: &str = "Each";

/// What a document is compared with.
pub(super) struct Case<'a> {
    pub(super) order: &'a Order,
    pub(super) expected: &'a Expected,
    pub(super) profile: &'a Profile,
    pub(super) books: &'a Books,
    pub(super) header: &'a Row,
}

impl Case<'_> {
    pub(super) fn name(&self) -> &str {
        &self.expected.number
    }
}

/// Compares everything that hangs on the header.
pub(super) fn document(case: &Case<'_>, report: &mut Report) {
    header(case, report);
    lines(case, report);
    taxes(case, report);
    ledger::document(case, report);
    user_defined(case, report);
    places::document(case, report);
}

fn header(case: &Case<'_>, report: &mut Report) {
    let (name, row, expected) = (case.name(), case.header, case.expected);
    let document = &case.profile.document;
    report.equal(
        name,
        "SOP10100.SOPTYPE",
        document.sop_type,
        row.number("SOPTYPE"),
    );
    report.equal(
        name,
        "SOP10100.DOCDATE",
        expected.day.clone(),
        row.day("DOCDATE"),
    );
    let method = ship_method(case);
    for (column, wanted) in [
        ("DOCID", Some(&document.id)),
        ("BACHNUMB", Some(&expected.batch)),
        ("CURNCYID", Some(&expected.currency)),
        ("LOCNCODE", Some(&document.site)),
        ("SHIPMTHD", method.as_ref()),
    ] {
        let Some(wanted) = wanted else { continue };
        report.equal(
            name,
            format!("SOP10100.{column}"),
            wanted.clone(),
            row.text(column),
        );
    }
    // Without tax there is no schedule either.
    let schedule = expected.schedule.clone().unwrap_or_default();
    report.equal(name, "SOP10100.TAXSCHID", schedule, row.text("TAXSCHID"));
    header_amounts(case, report);
}

fn header_amounts(case: &Case<'_>, report: &mut Report) {
    let expected = case.expected;
    for (column, amount) in [
        ("SUBTOTAL", expected.subtotal()),
        ("FRTAMNT", expected.freight),
        ("MISCAMNT", expected.misc),
        ("TRDISAMT", expected.trade_discount),
        ("TAXAMNT", expected.tax),
        ("FRTTXAMT", expected.freight_tax),
        ("MSCTXAMT", expected.misc_tax),
        ("DOCAMNT", expected.total()),
    ] {
        let found = case.header.amount(column).normalize();
        report.equal(
            case.name(),
            format!("SOP10100.{column}"),
            amount.normalize(),
            found,
        );
    }
}

fn ship_method(case: &Case<'_>) -> Option<String> {
    let method = case.order.shipping_method.as_ref()?;
    let map = &case.profile.shipping_methods;
    map.get(method).or_else(|| map.get("*")).cloned()
}

fn lines(case: &Case<'_>, report: &mut Report) {
    let name = case.name();
    let mut rows = case.books.of("SOP10200", &case.header.document());
    rows.sort_by_key(|row| row.number("LNITMSEQ"));
    report.equal(
        name,
        "SOP10200 count",
        case.expected.lines.len(),
        rows.len(),
    );
    for (index, (line, row)) in case.expected.lines.iter().zip(rows).enumerate() {
        let number = i64::try_from(index).unwrap_or(0) + 1;
        let field = |column: &str| format!("SOP10200[{number}].{column}");
        report.equal(
            name,
            field("LNITMSEQ"),
            LINE_STEP * number,
            row.number("LNITMSEQ"),
        );
        report.equal(
            name,
            field("ITEMNMBR"),
            line.item.clone(),
            row.text("ITEMNMBR"),
        );
        report.equal(
            name,
            field("UOFM"),
            UNIT_OF_MEASURE.to_owned(),
            row.text("UOFM"),
        );
        let site = case.profile.document.site.clone();
        report.equal(name, field("LOCNCODE"), site, row.text("LOCNCODE"));
        for (column, amount) in [
            ("QUANTITY", line.quantity),
            ("UNITPRCE", line.unit),
            ("XTNDPRCE", line.extended),
        ] {
            report.equal(
                name,
                field(column),
                amount.normalize(),
                row.amount(column).normalize(),
            );
        }
        quantities::line(case, line, row, field, report);
    }
}

fn taxes(case: &Case<'_>, report: &mut Report) {
    let name = case.name();
    let mut found: BTreeMap<String, TaxAmounts> = BTreeMap::new();
    for row in case.books.of("SOP10105", &case.header.document()) {
        let sum = found.entry(row.text("TAXDTLID")).or_default();
        sum.sales += row.amount("STAXAMNT");
        sum.freight += row.amount("FRTTXAMT");
        sum.misc += row.amount("MSCTXAMT");
    }
    let details: std::collections::BTreeSet<&String> =
        case.expected.details.keys().chain(found.keys()).collect();
    for detail in details {
        let wanted = case
            .expected
            .details
            .get(detail)
            .copied()
            .unwrap_or_default();
        let held = found.get(detail).copied().unwrap_or_default();
        for (column, wanted, held) in [
            ("STAXAMNT", wanted.sales, held.sales),
            ("FRTTXAMT", wanted.freight, held.freight),
            ("MSCTXAMT", wanted.misc, held.misc),
        ] {
            let field = format!("SOP10105[{detail}].{column}");
            report.equal(name, field, wanted.normalize(), held.normalize());
        }
    }
}

fn user_defined(case: &Case<'_>, report: &mut Report) {
    if case.profile.user_defined.is_empty() {
        return;
    }
    let name = case.name();
    let rows = case.books.of("SOP10106", &case.header.document());
    report.equal(name, "SOP10106 count", 1, rows.len());
    let Some(row) = rows.first() else { return };
    for rule in &case.profile.user_defined {
        let wanted = at_path(&case.order.whole, &rule.path);
        let field = format!("SOP10106.{}", rule.element);
        report.begins(name, field, &wanted, &row.text(&rule.element), 20);
    }
}

fn at_path(order: &Value, path: &str) -> String {
    let path = path.trim_start_matches("order.");
    let found = path.split('.').fold(order, |value, step| &value[step]);
    match found {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            other.to_string()
        }
    }
}
