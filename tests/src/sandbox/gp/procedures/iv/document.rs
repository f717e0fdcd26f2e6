//! What adjustments, variances and transfers share: their numbers, headers and batches.

use rust_decimal::Decimal;

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::{Cell, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::note;
use super::super::sm::batch::{self, Batch};
use super::codes;

/// The document type of transfers; adjustments are 1 and variances 2.
pub const TRANSFER: i64 = 3;

/// Whether a document is at work or posted already.
pub fn exists(call: &mut Call<'_, '_>, kind: i64, number: &str) -> Result<bool, Stop> {
    let work = [("IVDOCTYP", kind.into()), ("IVDOCNBR", number.into())];
    let posted = [("IVDOCTYP", kind.into()), ("DOCNUMBR", number.into())];
    Ok(call.exists("IV10000", &work)? || call.exists("IV30200", &posted)?)
}

/// The rows of a document in one of its tables.
pub fn rows(
    call: &mut Call<'_, '_>,
    table: &str,
    kind: i64,
    number: &str,
) -> Result<Vec<Row>, Stop> {
    let key = [("IVDOCTYP", kind.into()), ("IVDOCNBR", number.into())];
    call.rows(table, &key)
}

/// A kind of header.
#[derive(Debug)]
struct Header {
    kind: i64,
    source: &'static str,
    /// POSTTOGL where it is absent.
    posts: i64,
    document: i32,
    no_lines: i32,
    numbers: i32,
    ledger: i32,
}

/// `taIVTransactionHeaderInsert`.
pub fn adjustment(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let kind = call.int("IVDOCTYP", 0);
    call.check_elements();
    call.fail_if(
        !call.failed() && !(1..=2).contains(&kind),
        codes::HEADER_TYPE,
    );
    let header = Header {
        kind,
        source: "IV_Trxent",
        posts: 1,
        document: codes::HEADER_DOCUMENT,
        no_lines: codes::HEADER_NO_LINES,
        numbers: codes::HEADER_NUMBERS,
        ledger: codes::HEADER_LEDGER,
    };
    close(call, &header)
}

/// `taIVTransferHeaderInsert`.
pub fn transfer(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    let header = Header {
        kind: TRANSFER,
        source: "IV_Trans",
        posts: 0,
        document: codes::MOVED_DOCUMENT,
        no_lines: codes::MOVED_NO_LINES,
        numbers: codes::MOVED_NUMBERS,
        ledger: codes::MOVED_LEDGER,
    };
    close(call, &header)
}

/// Closes the lines sent before into a document of a batch.
fn close(call: &mut Call<'_, '_>, header: &Header) -> Result<(), Stop> {
    if call.failed() {
        return Ok(());
    }
    let (number, batch) = (call.text("IVDOCNBR"), call.text("BACHNUMB"));
    batch::lock(call, header.source, &batch)?;
    let known = exists(call, header.kind, &number)?;
    call.fail_if(known, header.document);
    let posts = call.int("POSTTOGL", header.posts);
    call.fail_if(!(0..=1).contains(&posts), header.ledger);
    let lines = rows(call, "IV10001", header.kind, &number)?;
    call.fail_if(lines.is_empty(), header.no_lines);
    let numbers = rows(call, "IV10002", header.kind, &number)?;
    let lost = numbers.iter().any(|row| {
        let of = |line: &Row| {
            line.money("LNSEQNBR") == row.money("LNSEQNBR")
                && line.text("ITEMNMBR") == row.text("ITEMNMBR")
        };
        !lines.iter().any(of)
    });
    call.fail_if(lost, header.numbers);
    if call.failed() {
        return Ok(());
    }
    let total: Decimal = lines.iter().map(|line| line.money("TRXQTY")).sum();
    write(call, header, total)?;
    let joined = Batch {
        source: header.source,
        number: &batch,
        series: 5,
        checkbook: "",
        date: call.time("DOCDATE"),
    };
    batch::join(call, &joined, 1, total)
}

fn write(call: &mut Call<'_, '_>, header: &Header, total: Decimal) -> Result<(), Stop> {
    let note = note::write(call)?.unwrap_or_default();
    let cells: [Cell<'_>; 13] = [
        ("BACHNUMB", call.text("BACHNUMB").as_str().into()),
        ("BCHSOURC", header.source.into()),
        ("IVDOCNBR", call.text("IVDOCNBR").as_str().into()),
        ("IVDOCTYP", header.kind.into()),
        ("DOCDATE", Value::Time(call.time("DOCDATE"))),
        ("MDFUSRID", call.text("MDFUSRID").as_str().into()),
        ("MODIFDT", Value::Time(clock::today())),
        ("PTDUSRID", call.text("PTDUSRID").as_str().into()),
        ("POSTEDDT", Value::Time(call.time("POSTEDDT"))),
        ("GLPOSTDT", Value::Time(call.time("DOCDATE"))),
        ("POSTTOGL", call.int("POSTTOGL", header.posts).into()),
        ("TRXQTYTL", total.into()),
        ("NOTEINDX", note.into()),
    ];
    call.add("IV10000", &cells).map(|_| ())
}
