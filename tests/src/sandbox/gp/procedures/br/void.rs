//! `taBRBankTransactionVoid`: voids a bank transaction or receipt, and turns its journal entry.

use rust_decimal::Decimal;

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::Row;
use super::super::super::value::Value;
use super::super::call::Call;
use super::journal::{self, Line};
use super::{DEPOSIT, RECEIPT, TRANSACTION, VOID_RECEIPT, VOID_TRANSACTION, codes, distribution};

const INCREASE: i64 = 5;

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let option = call.int("Option", 0);
    let of = match option {
        VOID_TRANSACTION => TRANSACTION,
        VOID_RECEIPT => RECEIPT,
        _ => {
            call.fail(codes::VOID_OPTION);
            return Ok(());
        }
    };
    let made = call.int("CreateDist", 1);
    call.fail_if(!(0..=1).contains(&made), codes::VOID_CREATE_DIST);
    let found = found(call, of)?;
    match &found {
        None => call.fail(codes::VOID_MISSING),
        Some(row) => {
            call.fail_if(row.int("VOIDED") != 0, codes::VOID_TWICE);
            call.fail_if(row.int("Recond") != 0, codes::VOID_RECONCILED);
            let deposited = !row.text("depositnumber").is_empty();
            call.fail_if(deposited, codes::VOID_DEPOSITED);
        }
    }
    let Some(row) = found.filter(|_| !call.failed()) else {
        return Ok(());
    };
    let (date, posted) = (or_today(call, "VOIDDATE"), or_today(call, "GLPOSTDT"));
    let description = call.text("VOIDDESC");
    let cells = [
        ("VOIDED", 1.into()),
        ("VOIDDATE", Value::Time(date)),
        ("VOIDPDATE", Value::Time(posted)),
        ("VOIDDESC", description.as_str().into()),
        ("MODIFDT", Value::Time(clock::today())),
    ];
    call.set(&row, &cells)?;
    let (kind, lines) = turned(call, (option, of), made == 1, &row)?;
    journal::write(call, kind, (date, posted), &lines)?;
    if of == RECEIPT {
        return Ok(());
    }
    let amount: Decimal = row.money("TRXAMNT");
    let back = if row.int("CMTrxType") == INCREASE {
        -amount
    } else {
        amount
    };
    super::changes(call, back)
}

/// The transaction's type, and the lines that take its entry back.
fn turned(
    call: &mut Call<'_, '_>,
    (option, of): (i64, i64),
    made: bool,
    row: &Row,
) -> Result<(i64, Vec<Line>), Stop> {
    let kind = if of == RECEIPT {
        super::RECEIVED
    } else {
        row.int("CMTrxType")
    };
    let lines = if made {
        let lines = journal::lines_of(call, kind)?;
        let lines = lines.iter();
        lines.map(|row| Line::of(row, "DSCRIPTN", true)).collect()
    } else {
        let sent = distribution::sent(call, option)?;
        distribution::take(call, &sent)?;
        let sent = sent.iter();
        sent.map(|row| Line::of(row, "DistRef", false)).collect()
    };
    Ok((kind, lines))
}

/// The newest record of the number; deposits are not voided here.
fn found(call: &mut Call<'_, '_>, of: i64) -> Result<Option<Row>, Stop> {
    let (checkbook, number) = (call.text("CHEKBKID"), call.text("CMTrxNum"));
    let (table, column) = if of == RECEIPT {
        ("CM20300", "RCPTNMBR")
    } else {
        ("CM20200", "CMTrxNum")
    };
    let key = [
        ("CHEKBKID", checkbook.as_str().into()),
        (column, number.as_str().into()),
    ];
    let rows = call.rows(table, &key)?;
    let mut rows = rows.into_iter().rev();
    Ok(rows.find(|row| of == RECEIPT || row.int("CMTrxType") != DEPOSIT))
}

fn or_today(call: &Call<'_, '_>, element: &str) -> i64 {
    match call.time(element) {
        0 => clock::today(),
        sent => sent,
    }
}
