//! What GP makes of a line's quantity: to invoice, on back order, cancelled.

use rust_decimal::Decimal;

use super::books::{Books, Row};
use super::compare::Case;
use super::expected::Line;
use super::report::Report;

/// Quotes are ordered, everything else is invoiced.
const QUOTE: i64 = 1;
/// A row of quantities at one site.
const SITE_RECORD: i64 = 2;

/// What a line's shortage may become, by the profile's `quantity_shortage`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shortage {
    Nothing,
    BackOrder,
    Cancelled,
}

/// Compares the quantities beside QUANTITY.
pub(super) fn line(
    case: &Case<'_>,
    line: &Line,
    row: &Row,
    field: impl Fn(&str) -> String,
    report: &mut Report,
) {
    let document = &case.profile.document;
    let shortage = if is_short(case.books, &line.item, &document.site) {
        by_option(document.quantity_shortage)
    } else {
        Shortage::Nothing
    };
    // How much of a shortage hits which line depends on who came first.
    let part = |kind: Shortage, column: &str| {
        if shortage == kind {
            row.amount(column).clamp(Decimal::ZERO, line.quantity)
        } else {
            Decimal::ZERO
        }
    };
    let back = part(Shortage::BackOrder, "QTYTBAOR");
    let cancelled = part(Shortage::Cancelled, "QTYCANCE");
    let rest = line.quantity - back - cancelled;
    let open = if document.sop_type == QUOTE {
        "QTYTORDR"
    } else {
        "QTYTOINV"
    };
    for (column, wanted) in [
        ("QTYCANCE", cancelled),
        ("QTYTBAOR", back),
        (open, rest),
        ("QTYREMAI", rest),
    ] {
        let held = row.amount(column).normalize();
        report.equal(case.name(), field(column), wanted.normalize(), held);
    }
}

fn by_option(option: i64) -> Shortage {
    match option {
        3 | 4 => Shortage::BackOrder,
        5 | 6 => Shortage::Cancelled,
        _ => Shortage::Nothing,
    }
}

/// Says whether all documents together want more of the item than the site has.
fn is_short(books: &Books, item: &str, site: &str) -> bool {
    let stock = books.find("IV00102", "ITEMNMBR", item);
    let Some(stock) = stock
        .iter()
        .find(|row| row.number("RCRDTYPE") == SITE_RECORD && row.text("LOCNCODE") == site)
    else {
        return false;
    };
    let lines = books.find("SOP10200", "ITEMNMBR", item);
    let wanted: Decimal = lines.iter().map(|row| row.amount("QUANTITY")).sum();
    wanted > stock.amount("QTYONHND")
}
