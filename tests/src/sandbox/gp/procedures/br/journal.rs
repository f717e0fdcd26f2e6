//! The journal entry that a bank transaction makes, in a batch of General Ledger.

use rust_decimal::Decimal;

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::super::value::{Value, moment};
use super::super::call::Call;
use super::super::gl::header::SOURCE;
use super::super::lookup;
use super::super::sm::batch::{self, Batch};

const STEP: i64 = 16_384;

/// A line: an amount above zero is a debit.
#[derive(Debug, Clone)]
pub struct Line {
    pub account: i64,
    pub amount: Decimal,
    pub reference: String,
}

impl Line {
    /// What a waiting distribution or a written line says; `turned` for the other side.
    pub fn of(row: &Row, reference: &str, turned: bool) -> Self {
        let amount = row.money("DEBITAMT") - row.money("CRDTAMNT");
        Self {
            account: row.int("ACTINDX"),
            amount: if turned { -amount } else { amount },
            reference: row.text(reference).to_owned(),
        }
    }
}

/// The lines the entry of a bank transaction had.
pub fn lines_of(call: &mut Call<'_, '_>, kind: i64) -> Result<Vec<Row>, Stop> {
    let (checkbook, number) = (call.text("CHEKBKID"), call.text("CMTrxNum"));
    let key = [
        ("ORMSTRID", checkbook.as_str().into()),
        ("ORDOCNUM", number.as_str().into()),
        ("ORTRXTYP", kind.into()),
    ];
    call.rows("GL10001", &key)
}

/// Writes the entry of the transaction of a kind that the call names, made on one day and posted on
/// another; gives the audit trail code.
pub fn write(
    call: &mut Call<'_, '_>,
    kind: i64,
    (made, date): (i64, i64),
    lines: &[Line],
) -> Result<String, Stop> {
    let key = [("UNIQKEY", 1.into())];
    let Some(setup) = call.find("GL40000", &key, Access::Update)? else {
        return Ok(String::new());
    };
    let journal = setup.int("NJRNLENT");
    call.set(&setup, &[("NJRNLENT", (journal + 1).into())])?;
    let trail = format!("CMTRX{journal:08}");
    let batch = match call.text("BACHNUMB") {
        none if none.is_empty() => trail.clone(),
        sent => sent,
    };
    for (place, line) in (1..).zip(lines) {
        add_line(call, (journal, STEP * place), &batch, kind, line)?;
    }
    let (functional, index) = lookup::functional(call)?;
    let day = moment(date).date();
    let last = i64::try_from(lines.len()).unwrap_or_default() * STEP;
    let user = call.text("USERID");
    let reference = match call.text("DSCRIPTN") {
        none if none.is_empty() => call.text("VOIDDESC"),
        sent => sent,
    };
    let cells: [Cell<'_>; 19] = [
        ("BACHNUMB", batch.as_str().into()),
        ("BCHSOURC", SOURCE.into()),
        ("JRNENTRY", journal.into()),
        ("SOURCDOC", "CMTRX".into()),
        ("REFRENCE", reference.as_str().into()),
        ("TRXDATE", Value::Time(date)),
        ("LASTUSER", user.as_str().into()),
        ("LSTDTEDT", Value::Time(clock::today())),
        ("SQNCLINE", last.into()),
        ("SERIES", 2.into()),
        ("ORTRXSRC", trail.as_str().into()),
        ("CURNCYID", functional.as_str().into()),
        ("CURRNIDX", index.into()),
        ("PERIODID", i64::from(day.month()).into()),
        ("OPENYEAR", i64::from(day.year()).into()),
        ("ORIGINJE", journal.into()),
        ("DOCDATE", Value::Time(made)),
        ("Tax_Date", Value::Time(date)),
        ("Ledger_ID", 1.into()),
    ];
    call.add("GL10000", &cells)?;
    let debits = lines.iter().map(|line| line.amount.max(Decimal::ZERO));
    let joined = Batch {
        source: SOURCE,
        number: &batch,
        series: 2,
        checkbook: "",
        date,
    };
    batch::join(call, &joined, 1, debits.sum())?;
    Ok(trail)
}

fn add_line(
    call: &mut Call<'_, '_>,
    (journal, sequence): (i64, i64),
    batch: &str,
    kind: i64,
    line: &Line,
) -> Result<(), Stop> {
    let key = [("ACTINDX", line.account.into())];
    let account = call.find("GL00100", &key, Access::Committed)?;
    let (_, index) = lookup::functional(call)?;
    let (debit, credit) = (
        line.amount.max(Decimal::ZERO),
        (-line.amount).max(Decimal::ZERO),
    );
    let (checkbook, number) = (call.text("CHEKBKID"), call.text("CMTrxNum"));
    let company = call.work.inner.registry.databases[call.database]
        .name
        .clone();
    let of_account = ["ACCTTYPE", "FXDORVAR", "BALFRCLC", "PSTNGTYP", "DECPLACS"];
    let of_account = of_account.map(|name| {
        let value = account.as_ref().map_or(0, |row| row.int(name));
        (name, Value::from(value))
    });
    let mut cells: Vec<Cell<'_>> = of_account.to_vec();
    cells.extend([
        ("BACHNUMB", batch.into()),
        ("JRNENTRY", journal.into()),
        ("SQNCLINE", sequence.into()),
        ("ACTINDX", line.account.into()),
        ("DSCRIPTN", line.reference.as_str().into()),
        ("CURRNIDX", index.into()),
        ("ORDOCNUM", number.as_str().into()),
        ("ORMSTRID", checkbook.as_str().into()),
        ("ORTRXTYP", kind.into()),
        ("INTERID", company.as_str().into()),
        ("DEBITAMT", debit.into()),
        ("CRDTAMNT", credit.into()),
        ("ORDBTAMT", debit.into()),
        ("ORCRDAMT", credit.into()),
    ]);
    call.add("GL10001", &cells).map(|_| ())
}
