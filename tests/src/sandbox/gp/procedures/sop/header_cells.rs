//! The header's columns that come from the customer, the setup and the dates.

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::currency::Currency;

type Cells = Vec<(&'static str, Value)>;

/// Columns the customer gives where the caller sent nothing.
const FROM_CUSTOMER: [&str; 8] = [
    "CUSTNAME", "PRBTADCD", "PRSTADCD", "PYMTRMID", "SHIPMTHD", "SLPRSNID", "SALSTERR", "PRCLEVEL",
];

/// Columns of an address with the same name in customer addresses.
const FROM_ADDRESS: [&str; 9] = [
    "CNTCPRSN",
    "ADDRESS1",
    "ADDRESS2",
    "ADDRESS3",
    "CITY",
    "STATE",
    "COUNTRY",
    "CCode",
    "ShipToName",
];

/// Columns of an address that customer addresses name otherwise.
const RENAMED: [(&str, &str); 4] = [
    ("ZIPCODE", "ZIP"),
    ("PHNUMBR1", "PHONE1"),
    ("PHNUMBR2", "PHONE2"),
    ("FAXNUMBR", "FAX"),
];

/// Works the columns out; a new document gets its master number and creation date too.
pub fn fixed(
    call: &mut Call<'_, '_>,
    currency: &Currency,
    customer: &Row,
    lines: &[Row],
    new: bool,
) -> Result<Cells, Stop> {
    let kind = call.int("SOPTYPE", 0);
    let date = Value::Time(call.time("DOCDATE"));
    let document = call.text("DOCID");
    let key = [
        ("SOPTYPE", kind.into()),
        ("DOCID", document.as_str().into()),
    ];
    let setup = call.find("SOP40200", &key, Access::Dirty)?;
    let mut cells: Cells = vec![
        ("BCHSOURC", "Sales Entry".into()),
        ("CUSTNMBR", customer.text("CUSTNMBR").into()),
        ("PHONE3", call.text("PHNUMBR3").as_str().into()),
        (
            "ALLOCABY",
            setup.map_or(1, |setup| setup.int("ALLOCABY")).into(),
        ),
        ("GLPOSTDT", date.clone()),
        ("MODIFDT", Value::Time(clock::today())),
        ("SOPSTATUS", 0.into()),
        ("DYSTINCR", call.int("QUOTEDYSTINCR", 0).into()),
        (date_column(kind), date),
    ];
    cells.push(("CURNCYID", currency.id.as_str().into()));
    cells.push(("RTCLCMTD", 0.into()));
    for cell in currency.rate_cells() {
        cells.retain(|(known, _)| *known != cell.0);
        cells.push(cell);
    }
    for column in FROM_CUSTOMER {
        let sent = call.text(column);
        let value = if sent.is_empty() {
            customer.text(column)
        } else {
            &sent
        };
        cells.push((column, value.into()));
    }
    if call.text("USER2ENT").is_empty() {
        cells.push(("USER2ENT", "sa".into()));
    }
    if new {
        cells.push(("CREATDDT", Value::Time(clock::today())));
        cells.push(("MSTRNUMB", master_number(call, lines).into()));
    }
    if call.text("ADDRESS1").is_empty() {
        cells.extend(master_address(call, customer)?);
    }
    Ok(cells)
}

/// The column that holds the date for a document type.
fn date_column(kind: i64) -> &'static str {
    match kind {
        1 => "QUOTEDAT",
        3 => "INVODATE",
        4 => "RETUDATE",
        5 => "BACKDATE",
        _ => "ORDRDATE",
    }
}

/// 0 asks for the next master number; it follows the first line's row so that no setup row is held.
fn master_number(call: &Call<'_, '_>, lines: &[Row]) -> i64 {
    match call.int("MSTRNUMB", 0) {
        0 => lines.first().map_or(1, |line| line.number),
        given => given,
    }
}

/// A document without an address of its own takes the customer's ship-to address.
fn master_address(call: &mut Call<'_, '_>, customer: &Row) -> Result<Cells, Stop> {
    let mut code = call.text("PRSTADCD");
    if code.is_empty() {
        customer.text("PRSTADCD").clone_into(&mut code);
    }
    let key = [
        ("CUSTNMBR", customer.text("CUSTNMBR").into()),
        ("ADRSCODE", code.as_str().into()),
    ];
    let Some(row) = call.find("RM00102", &key, Access::Committed)? else {
        return Ok(Vec::new());
    };
    let same = FROM_ADDRESS.into_iter().map(|column| (column, column));
    let absent = same
        .chain(RENAMED)
        .filter(|(column, _)| !call.given(column));
    Ok(absent
        .map(|(column, source)| (column, row.text(source).into()))
        .collect())
}
