//! `taGLTransactionHeaderInsert`: closes the lines sent before it into a journal entry of a batch.

use rust_decimal::Decimal;

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::{Cell, Row};
use super::super::super::value::{Value, moment};
use super::super::call::Call;
use super::super::currency::{Codes, Currency};
use super::super::note;
use super::super::sm::batch::{self, Batch};
use super::codes;

/// The source of journal batches.
pub const SOURCE: &str = "GL_Normal";
/// A unit account counts things; it takes no part in the balance.
const UNIT_ACCOUNT: i64 = 2;

const CURRENCY: Codes = Codes {
    unknown: codes::CURRENCY,
    no_rate: codes::NO_RATE,
};

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    batch::lock(call, SOURCE, &call.text("BACHNUMB"))?;
    check_header(call)?;
    let journal = call.int("JRNENTRY", 0);
    let lines = call.rows("GL10001", &[("JRNENTRY", journal.into())])?;
    let currency = Currency::sent(call, "TRXDATE", CURRENCY)?;
    check_lines(call, &lines, &currency);
    if call.failed() {
        return Ok(());
    }
    write(call, journal, &lines, &currency)?;
    if currency.is_foreign() {
        let (units, posting): (Vec<Row>, _) = lines.into_iter().partition(is_unit);
        currency.restate_sides(call, &posting)?;
        for line in posting.iter().chain(&units) {
            call.set(line, &currency.rate_cells())?;
        }
    }
    let lines = call.rows("GL10001", &[("JRNENTRY", journal.into())])?;
    let debits = lines.iter().map(|line| line.money("DEBITAMT")).sum();
    let number = call.text("BACHNUMB");
    let joined = Batch {
        source: SOURCE,
        number: &number,
        series: 2,
        checkbook: "",
        date: call.time("TRXDATE"),
    };
    batch::join(call, &joined, 1, debits)
}

fn check_header(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let kind = call.int("TRXTYPE", 0);
    call.fail_if(!(0..=1).contains(&kind), codes::TYPE);
    let (date, reversed) = (call.time("TRXDATE"), call.time("RVRSNGDT"));
    let wrong = if kind == 1 {
        reversed <= date
    } else {
        reversed != 0
    };
    call.fail_if(wrong, codes::REVERSING_DATE);
    call.fail_if(!(2..=7).contains(&call.int("SERIES", 2)), codes::SERIES);
    let key = [("JRNENTRY", call.int("JRNENTRY", 0).into())];
    let known = !call.rows("GL10000", &key)?.is_empty() || !call.rows("GL20000", &key)?.is_empty();
    call.fail_if(known, codes::JOURNAL_EXISTS);
    Ok(())
}

fn is_unit(line: &Row) -> bool {
    line.int("ACCTTYPE") == UNIT_ACCOUNT
}

fn check_lines(call: &mut Call<'_, '_>, lines: &[Row], currency: &Currency) {
    call.fail_if(lines.is_empty(), codes::NO_LINES);
    let other = |line: &Row| line.int("CURRNIDX") != currency.index;
    call.fail_if(lines.iter().any(other), codes::LINES_CURRENCY);
    let posting = lines.iter().filter(|line| !is_unit(line));
    let difference: Decimal = posting
        .map(|line| line.money("DEBITAMT") - line.money("CRDTAMNT"))
        .sum();
    call.fail_if(!difference.is_zero(), codes::UNBALANCED);
    let batch = call.text("BACHNUMB");
    let strange = lines
        .iter()
        .any(|line| !line.text("BACHNUMB").eq_ignore_ascii_case(&batch));
    call.fail_if(strange, codes::LINE_BATCH);
}

fn write(
    call: &mut Call<'_, '_>,
    journal: i64,
    lines: &[Row],
    currency: &Currency,
) -> Result<(), Stop> {
    let note = note::write(call)?;
    let last = lines.iter().map(|line| line.money("SQNCLINE")).max();
    let (date, reversed) = (call.time("TRXDATE"), call.time("RVRSNGDT"));
    let document = Some(call.text("SOURCDOC")).filter(|code| !code.is_empty());
    let reversed_period = if reversed == 0 {
        (0, 0)
    } else {
        period(reversed)
    };
    let (year, month) = period(date);
    let mut cells: Vec<Cell<'_>> = vec![
        ("BACHNUMB", call.text("BACHNUMB").as_str().into()),
        ("BCHSOURC", SOURCE.into()),
        ("JRNENTRY", journal.into()),
        ("SOURCDOC", document.as_deref().unwrap_or("GJ").into()),
        ("REFRENCE", call.text("REFRENCE").as_str().into()),
        ("TRXDATE", Value::Time(date)),
        ("RVRSNGDT", Value::Time(reversed)),
        ("LASTUSER", call.text("USERID").as_str().into()),
        ("LSTDTEDT", Value::Time(clock::today())),
        ("TRXTYPE", call.int("TRXTYPE", 0).into()),
        ("SQNCLINE", last.unwrap_or_default().into()),
        ("SERIES", call.int("SERIES", 2).into()),
        ("NOTEINDX", note.unwrap_or_default().into()),
        ("PERIODID", month.into()),
        ("OPENYEAR", year.into()),
        ("REVPRDID", reversed_period.1.into()),
        ("REVYEAR", reversed_period.0.into()),
        ("ORIGINJE", journal.into()),
        ("DOCDATE", Value::Time(date)),
        ("Tax_Date", Value::Time(date)),
        ("Ledger_ID", call.int("Ledger_ID", 1).into()),
        (
            "Adjustment_Transaction",
            call.int("Adjustment_Transaction", 0).into(),
        ),
    ];
    cells.push(("CURNCYID", currency.id.as_str().into()));
    cells.extend(currency.rate_cells());
    call.add("GL10000", &cells).map(|_| ())
}

/// Year and period: the sandbox's fiscal years are calendar years of twelve months.
fn period(ticks: i64) -> (i64, i64) {
    let date = moment(ticks).date();
    (i64::from(date.year()), i64::from(date.month()))
}
