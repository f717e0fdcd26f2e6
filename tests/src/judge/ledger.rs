//! What was paid on a document, and what it will say to the general ledger.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::compare::Case;
use super::expected::Payment;
use super::report::Report;

/// A payment of one of these types is a deposit; the others come with an invoice.
const DEPOSIT_TYPES: std::ops::RangeInclusive<i64> = 1..=3;
/// Documents of this type are booked the other way round.
const RETURN: i64 = 4;

/// Types of distributions.
const SALES: i64 = 1;
const RECEIVABLES: i64 = 2;
const TRADE_DISCOUNT: i64 = 6;
const FREIGHT: i64 = 7;
const MISCELLANEOUS: i64 = 8;
const TAXES: i64 = 9;
const DEPOSITS: i64 = 21;

/// Compares payments and distributions.
pub(super) fn document(case: &Case<'_>, report: &mut Report) {
    payments(case, report);
    distributions(case, report);
}

/// The payments the document holds.
pub(super) fn paid(books: &super::Books, header: &super::books::Row) -> Vec<Payment> {
    let rows = books.of("SOP10103", &header.document());
    let payment = |row: &&super::books::Row| Payment {
        kind: row.number("PYMTTYPE"),
        checkbook: row.text("CHEKBKID"),
        amount: row.amount("AMNTPAID"),
        code: Some(row.text("AUTHCODE")).filter(|code| !code.is_empty()),
    };
    rows.iter().map(payment).collect()
}

fn payments(case: &Case<'_>, report: &mut Report) {
    let name = case.name();
    let wanted = case.expected.paid();
    let found = paid(case.books, case.header);
    report.equal(name, "SOP10103", told(wanted), told(&found));
    let received = received(wanted);
    let deposits = deposits(wanted);
    for (column, amount) in [("PYMTRCVD", received), ("DEPRECVD", deposits)] {
        let held = case.header.amount(column);
        let field = format!("SOP10100.{column}");
        report.equal(name, field, amount.normalize(), held.normalize());
    }
}

/// Everything paid.
pub(super) fn received(payments: &[Payment]) -> Decimal {
    payments.iter().map(|payment| payment.amount).sum()
}

/// What was paid before there is an invoice.
pub(super) fn deposits(payments: &[Payment]) -> Decimal {
    let early = payments
        .iter()
        .filter(|payment| DEPOSIT_TYPES.contains(&payment.kind));
    early.map(|payment| payment.amount).sum()
}

/// Payments as text, so that a finding shows them all.
pub(super) fn told(payments: &[Payment]) -> String {
    let one = |payment: &Payment| {
        let code = payment.code.as_deref().unwrap_or("-");
        let (kind, checkbook) = (payment.kind, &payment.checkbook);
        format!("{kind} {checkbook} {} {code}", payment.amount.normalize())
    };
    let mut all: Vec<String> = payments.iter().map(one).collect();
    all.sort();
    all.join("; ")
}

/// Sums of debits and credits by type.
type Sides = BTreeMap<i64, (Decimal, Decimal)>;

fn distributions(case: &Case<'_>, report: &mut Report) {
    let name = case.name();
    let mut found = Sides::new();
    for row in case.books.of("SOP10102", &case.header.document()) {
        let sides = found.entry(row.number("DISTTYPE")).or_default();
        sides.0 += row.amount("DEBITAMT");
        sides.1 += row.amount("CRDTAMNT");
    }
    let wanted = wanted(case);
    let kinds: std::collections::BTreeSet<i64> =
        wanted.keys().chain(found.keys()).copied().collect();
    for kind in kinds {
        let (debit, credit) = wanted.get(&kind).copied().unwrap_or_default();
        let held = found.get(&kind).copied().unwrap_or_default();
        for (column, wanted, held) in [("DEBITAMT", debit, held.0), ("CRDTAMNT", credit, held.1)] {
            let field = format!("SOP10102[type {kind}].{column}");
            report.equal(name, field, wanted.normalize(), held.normalize());
        }
    }
    let debit: Decimal = found.values().map(|sides| sides.0).sum();
    let credit: Decimal = found.values().map(|sides| sides.1).sum();
    let (debit, credit) = (debit.normalize(), credit.normalize());
    report.equal(name, "SOP10102 debit = credit", debit, credit);
}

/// What GP books by itself: who owes, what was paid ahead, what was given away; and what for.
fn wanted(case: &Case<'_>) -> Sides {
    let expected = case.expected;
    let received = received(expected.paid());
    let tax = expected.tax + expected.freight_tax + expected.misc_tax;
    let debit = |amount| (amount, Decimal::ZERO);
    let credit = |amount| (Decimal::ZERO, amount);
    let mut sides = Sides::from([
        (RECEIVABLES, debit(expected.total() - received)),
        (DEPOSITS, debit(received)),
        (TRADE_DISCOUNT, debit(expected.trade_discount)),
        (SALES, credit(expected.subtotal())),
        (FREIGHT, credit(expected.freight)),
        (MISCELLANEOUS, credit(expected.misc)),
        (TAXES, credit(tax)),
    ]);
    if case.profile.document.sop_type == RETURN {
        for sides in sides.values_mut() {
            *sides = (sides.1, sides.0);
        }
    }
    sides
}
