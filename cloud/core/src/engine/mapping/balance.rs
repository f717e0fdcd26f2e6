//! GP's own rule for sales documents, checked before one leaves.

use connect_proto::econnect::{Document, Node, Transaction};
use rust_decimal::{Decimal, RoundingStrategy};

use crate::domain::failure::{Failure, FailureClass, Fault};

const HEADER: &str = "taSopHdrIvcInsert";
const LINE: &str = "taSopLineIvcInsert";
const TAX: &str = "taSopLineIvcTaxInsert";
const PAYMENT: &str = "taCreateSopPaymentInsertRecord";

/// Checks every sales transaction of a document.
pub(super) fn check(document: &Document) -> Result<(), Failure> {
    let mut faults = Vec::new();
    for transaction in &document.transactions {
        if transaction.kind == "SOPTransactionType"
            && let Some(header) = transaction.nodes_named(HEADER).next()
        {
            check_lines(transaction, &mut faults);
            check_header(transaction, header, &mut faults);
        }
    }
    let Some(first) = faults.first() else {
        return Ok(());
    };
    let message = format!("The document does not balance: {}", first.message);
    let mut failure = Failure::new(FailureClass::InvalidData, "unbalanced", message);
    failure.faults = faults;
    Err(failure)
}

/// GP takes a unit price that is the extended price by quantity, rounded half up.
fn check_lines(transaction: &Transaction, faults: &mut Vec<Fault>) {
    for line in transaction.nodes_named(LINE) {
        let quantity = amount(line, "QUANTITY");
        let Some(exact) = amount(line, "XTNDPRCE").checked_div(quantity) else {
            let item = line.text("ITEMNMBR").unwrap_or_default();
            let message = format!("line {item} has quantity {quantity}");
            faults.push(fault("722", LINE, "QUANTITY", quantity, message));
            continue;
        };
        let unit = amount(line, "UNITPRCE");
        let expected =
            exact.round_dp_with_strategy(unit.scale(), RoundingStrategy::MidpointAwayFromZero);
        if unit != expected {
            let item = line.text("ITEMNMBR").unwrap_or_default();
            let message = format!("line {item}: unit price {unit}, expected {expected}");
            faults.push(fault("722", LINE, "UNITPRCE", unit, message));
        }
    }
}

fn check_header(transaction: &Transaction, header: &Node, faults: &mut Vec<Fault>) {
    let mut same = |code: &str, field: &str, expected: Decimal, what: &str| {
        let have = amount(header, field);
        if have != expected {
            let message = format!(
                "{field} is {have}, {what} make {expected}: differs by {}",
                (have - expected).abs().normalize()
            );
            faults.push(fault(code, HEADER, field, have, message));
        }
    };
    same(
        "67",
        "SUBTOTAL",
        total(transaction, LINE, "XTNDPRCE"),
        "the lines",
    );
    let plus = [
        "SUBTOTAL", "FREIGHT", "MISCAMNT", "TAXAMNT", "FRTTXAMT", "MSCTXAMT",
    ];
    let sum: Decimal = plus.iter().map(|field| amount(header, field)).sum();
    let document = sum - amount(header, "TRDISAMT");
    same("235", "DOCAMNT", document, "the parts");
    if header.text("USINGHEADERLEVELTAXES") == Some("1") {
        same(
            "tax_rows",
            "TAXAMNT",
            total(transaction, TAX, "STAXAMNT"),
            "the tax rows",
        );
        same(
            "tax_rows",
            "FRTTXAMT",
            total(transaction, TAX, "FRTTXAMT"),
            "the tax rows",
        );
        same(
            "tax_rows",
            "MSCTXAMT",
            total(transaction, TAX, "MSCTXAMT"),
            "the tax rows",
        );
    }
    let paid = total(transaction, PAYMENT, "DOCAMNT");
    same("payments", "PYMTRCVD", paid, "the payments");
}

fn total(transaction: &Transaction, node: &str, field: &str) -> Decimal {
    transaction
        .nodes_named(node)
        .map(|node| amount(node, field))
        .sum()
}

/// Reads an amount; the catalogue's check has seen to it that it is one.
fn amount(node: &Node, field: &str) -> Decimal {
    node.text(field)
        .and_then(|text| text.parse().ok())
        .unwrap_or_default()
}

fn fault(code: &str, node: &str, field: &str, value: Decimal, message: String) -> Fault {
    Fault {
        code: code.into(),
        message,
        node: Some(node.into()),
        field: Some(field.into()),
        value: Some(value.to_string()),
        repair: "Correct the mapping: its amounts must follow GP's rule.".into(),
        ..Fault::default()
    }
}
