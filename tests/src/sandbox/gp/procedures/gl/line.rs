//! `taGLTransactionLineInsert`: one line of a journal entry, sent before its header.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::lookup;
use super::codes;

const STEP: i64 = 16_384;

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let account = account(call)?;
    let (debit, credit) = (call.money("DEBITAMT"), call.money("CRDTAMNT"));
    let negative = debit < Decimal::ZERO || credit < Decimal::ZERO;
    call.fail_if(
        negative || debit.is_zero() == credit.is_zero(),
        codes::SIDES,
    );
    lookup::currency(call, codes::LINE_CURRENCY)?;
    let index = lookup::currency_index(call)?;
    let journal = call.int("JRNENTRY", 0);
    let others = call.rows("GL10001", &[("JRNENTRY", journal.into())])?;
    let sequence = sequence(call, &others);
    let twice = others
        .iter()
        .any(|row| row.money("SQNCLINE") == sequence && !sequence.is_zero());
    call.fail_if(twice, codes::LINE_TWICE);
    let Some(account) = account.filter(|_| !call.failed()) else {
        return Ok(());
    };
    let mut cells = described(call);
    cells.extend([
        ("JRNENTRY", journal.into()),
        ("SQNCLINE", sequence.into()),
        ("ACTINDX", account.int("ACTINDX").into()),
        ("CURRNIDX", index.into()),
        ("ACCTTYPE", account.int("ACCTTYPE").into()),
        ("FXDORVAR", account.int("FXDORVAR").into()),
        ("BALFRCLC", account.int("BALFRCLC").into()),
        ("PSTNGTYP", account.int("PSTNGTYP").into()),
        ("DECPLACS", account.int("DECPLACS").into()),
        ("DEBITAMT", debit.into()),
        ("CRDTAMNT", credit.into()),
        ("ORDBTAMT", debit.into()),
        ("ORCRDAMT", credit.into()),
    ]);
    call.add("GL10001", &cells).map(|_| ())
}

/// The account by its number, which wins over its index.
fn account(call: &mut Call<'_, '_>) -> Result<Option<Row>, Stop> {
    let text = call.text("ACTNUMST");
    let index = if text.is_empty() {
        Some(call.int("ACTINDX", 0)).filter(|index| *index != 0)
    } else {
        let found = super::super::account_index(call, &text)?;
        if found.is_none() {
            call.fail(codes::ACCOUNT);
            return Ok(None);
        }
        found
    };
    let Some(index) = index else {
        call.fail(codes::ACCOUNT_MISSING);
        return Ok(None);
    };
    let row = call.find("GL00100", &[("ACTINDX", index.into())], Access::Committed)?;
    match &row {
        None => call.fail(codes::ACCOUNT),
        Some(row) => call.fail_if(row.int("ACTIVE") == 0, codes::ACCOUNT_INACTIVE),
    }
    Ok(row)
}

/// The sequence that was sent, or the next one.
fn sequence(call: &Call<'_, '_>, others: &[Row]) -> Decimal {
    let sent = call.money("SQNCLINE");
    if !sent.is_zero() {
        return sent;
    }
    let last = others.iter().map(|row| row.money("SQNCLINE")).max();
    last.unwrap_or_default() + Decimal::from(STEP)
}

/// What the line says of where it comes from.
fn described(call: &Call<'_, '_>) -> Vec<Cell<'static>> {
    let texts = [
        "BACHNUMB",
        "DSCRIPTN",
        "ORCTRNUM",
        "ORDOCNUM",
        "ORMSTRID",
        "ORMSTRNM",
        "ORTRXDESC",
    ];
    let mut cells: Vec<Cell<'static>> = texts
        .into_iter()
        .map(|name| (name, Value::from(call.text(name).as_str())))
        .collect();
    let company = &call.work.inner.registry.databases[call.database].name;
    cells.extend([
        ("ORTRXTYP", call.int("ORTRXTYP", 0).into()),
        ("OrigSeqNum", call.int("OrigSeqNum", 0).into()),
        ("INTERID", company.as_str().into()),
    ]);
    cells
}
