//! The serial and lot numbers of a document at work, and the line they belong to.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Cell, Row};
use super::super::call::Call;
use super::{document, master};

/// What a line asks of its serial or lot numbers.
#[derive(Debug)]
pub struct Claim<'c> {
    pub kind: i64,
    pub sequence: Decimal,
    /// In base units.
    pub quantity: Decimal,
    /// The site a line takes them from, if it takes.
    pub takes_from: Option<&'c str>,
}

/// The numbers sent for a line, if they are what it asks for; a zero sequence is the next line's.
pub fn claimed(
    call: &mut Call<'_, '_>,
    claim: &Claim<'_>,
    item: &Row,
) -> Result<Option<Vec<Row>>, Stop> {
    let number = call.text("IVDOCNBR");
    let mut rows = document::rows(call, "IV10002", claim.kind, &number)?;
    rows.retain(|row| {
        let line = row.money("LNSEQNBR");
        let ours = line.is_zero() || line == claim.sequence;
        ours && row
            .text("ITEMNMBR")
            .eq_ignore_ascii_case(item.text("ITEMNMBR"))
    });
    let (table, column) = match item.int("ITMTRKOP") {
        master::SERIAL => ("IV00200", "SERLNMBR"),
        master::LOT => ("IV00300", "LOTNUMBR"),
        _ => return Ok(rows.is_empty().then_some(rows)),
    };
    let total: Decimal = rows.iter().map(|row| row.money("SERLTQTY")).sum();
    if total != claim.quantity {
        return Ok(None);
    }
    for row in &rows {
        // Only what is taken comes from a receipt.
        let taken = row.int("RCTSEQNM") != 0;
        let right = match claim.takes_from {
            None => !taken,
            Some(site) => {
                let key = [
                    ("ITEMNMBR", item.text("ITEMNMBR").into()),
                    (column, row.text("SERLTNUM").into()),
                    ("LOCNCODE", site.into()),
                ];
                taken && call.exists(table, &key)?
            }
        };
        if !right {
            return Ok(None);
        }
    }
    Ok(Some(rows))
}

/// Adds a serial or lot number to a document at work; the receipt it is taken from, if any.
pub fn add(
    call: &mut Call<'_, '_>,
    kind: i64,
    number: &str,
    quantity: Decimal,
    receipt: Option<&Row>,
) -> Result<(), Stop> {
    let (document, item) = (call.text("IVDOCNBR"), call.text("ITEMNMBR"));
    let others = document::rows(call, "IV10002", kind, &document)?;
    let last = others.iter().map(|row| row.int("SLTSQNUM")).max();
    let line = call.money("LNSEQNBR");
    let mut cells: Vec<Cell<'_>> = vec![
        ("IVDOCNBR", document.as_str().into()),
        ("IVDOCTYP", kind.into()),
        ("ITEMNMBR", item.as_str().into()),
        ("LNSEQNBR", line.into()),
        ("SLTSQNUM", (last.unwrap_or_default() + 1).into()),
        ("SERLTNUM", number.into()),
        ("SERLTQTY", quantity.into()),
    ];
    let dates = call.columns_of("IV10002")?;
    if let Some(receipt) = receipt {
        let columns = [
            "DATERECD", "DTSEQNUM", "UNITCOST", "RCTSEQNM", "MFGDATE", "EXPNDATE",
        ];
        cells.extend(columns.map(|column| (column, receipt.get(column).clone())));
    } else {
        let sent = dates
            .iter()
            .filter(|(name, _)| name == "MFGDATE" || name == "EXPNDATE");
        cells.extend(sent.map(|(name, value)| (name.as_str(), value.clone())));
    }
    call.add("IV10002", &cells).map(|_| ())
}
