//! `taCreateUpdateBatchHeaderRcd`, and the batch a sales document joins.

use rust_decimal::Decimal;

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::lookup;
use super::codes;

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    call.fail_if(
        !(2..=7).contains(&call.int("SERIES", 0)),
        codes::BATCH_SERIES,
    );
    lookup::known(call, "CHEKBKID", lookup::CHECKBOOK, codes::BATCH_CHECKBOOK)?;
    let (source, number) = (call.text("BCHSOURC"), call.text("BACHNUMB"));
    let key = [
        ("BCHSOURC", source.as_str().into()),
        ("BACHNUMB", number.as_str().into()),
    ];
    let existing = call.find("SY00500", &key, Access::Update)?;
    call.fail_if(
        existing
            .as_ref()
            .is_some_and(|row| row.int("BCHSTTUS") != 0),
        codes::BATCH_POSTING,
    );
    if call.failed() {
        return Ok(());
    }
    let sent = call.columns_of("SY00500")?;
    let mut cells: Vec<Cell<'_>> = sent
        .iter()
        .filter(|(name, _)| !["BCHSOURC", "BACHNUMB", "NUMOFTRX"].contains(&name.as_str()))
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    cells.push(("MODIFDT", Value::Time(clock::today())));
    if let Some(row) = existing {
        return call.set(&row, &cells);
    }
    cells.extend(key);
    cells.push(("NUMOFTRX", call.int("NUMOFTRX", 0).into()));
    cells.push(("BCHTOTAL", call.money("DOCAMT").into()));
    cells.push(("CREATDDT", Value::Time(clock::today())));
    cells.push(("BACHFREQ", call.int("BACHFREQ", 1).into()));
    call.add("SY00500", &cells).map(|_| ())
}

/// The batch a document joins.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    pub source: &'a str,
    pub number: &'a str,
    pub series: i64,
    /// Of the batch, where the document names one.
    pub checkbook: &'a str,
    pub date: i64,
}

/// Locks a batch, if it is there. Documents of one batch wait for each other here: asked before
/// anything else, a wait costs no work done twice.
pub fn lock(call: &mut Call<'_, '_>, source: &str, number: &str) -> Result<Option<Row>, Stop> {
    let key = [("BCHSOURC", source.into()), ("BACHNUMB", number.into())];
    call.find("SY00500", &key, Access::Update)
}

/// Puts a document into its batch, which is made where it is missing.
///
/// As in eConnect nothing here asks whether the batch is being posted or held by a user.
pub fn join(
    call: &mut Call<'_, '_>,
    batch: &Batch<'_>,
    count: i64,
    amount: Decimal,
) -> Result<(), Stop> {
    if let Some(row) = lock(call, batch.source, batch.number)? {
        let total = row.money("BCHTOTAL") + amount;
        let cells = [
            ("NUMOFTRX", (row.int("NUMOFTRX") + count).into()),
            ("BCHTOTAL", total.into()),
            ("MODIFDT", Value::Time(clock::today())),
        ];
        return call.set(&row, &cells);
    }
    let cells = [
        ("SERIES", batch.series.into()),
        ("ORIGIN", 1.into()),
        ("BACHFREQ", 1.into()),
        ("NUMOFTRX", count.into()),
        ("BCHTOTAL", amount.into()),
        ("CHEKBKID", batch.checkbook.into()),
        ("CREATDDT", Value::Time(clock::today())),
        ("MODIFDT", Value::Time(clock::today())),
        ("GLPOSTDT", Value::Time(batch.date)),
        ("BCHSOURC", batch.source.into()),
        ("BACHNUMB", batch.number.into()),
    ];
    call.add("SY00500", &cells).map(|_| ())
}
