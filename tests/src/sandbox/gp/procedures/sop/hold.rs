//! `taCreateProcessHold` and `taSopUpdateCreateProcessHold`: process holds and the documents under them.

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::super::value::{DAY, Value};
use super::super::call::Call;
use super::codes;
use super::document::{self, Refusals};

const REFUSALS: Refusals = Refusals {
    kind: codes::HOLD_SOPTYPE,
    missing: codes::HOLD_DOCUMENT,
    posted: codes::HOLD_POSTED,
    voided: codes::HOLD_POSTED,
    locked: codes::HOLD_LOCKED,
};

/// What a hold can stop: transferring, posting, fulfilling, printing.
const STOPS: [&str; 4] = ["XFERPHOL", "POSTPHOL", "FUFIPHOL", "PRINPHOL"];

/// `taCreateProcessHold`.
pub fn master(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    check_flags(call, codes::MASTER_FLAG);
    let id = call.text("PRCHLDID");
    let key = [("PRCHLDID", id.as_str().into())];
    let existing = call.find("SOP00100", &key, Access::Update)?;
    let updates = call.int("UpdateIfExistsMaster", 0) == 1;
    call.fail_if(existing.is_some() && !updates, codes::MASTER_EXISTS);
    if call.failed() {
        return Ok(());
    }
    if let Some(row) = existing {
        return update_master(call, &row);
    }
    let created = match call.time("HOLDDATE") {
        0 => clock::today(),
        given => given,
    };
    let mut cells = call.columns_of("SOP00100")?;
    cells.push(("CREATDDT".to_owned(), Value::Time(created)));
    cells.push(("MODIFDT".to_owned(), Value::Time(clock::today())));
    call.add("SOP00100", &borrowed(&cells)).map(|_| ())
}

/// `taSopUpdateCreateProcessHold`.
///
/// A hold that is taken off stays in its row with DELETE1 set, as GP keeps who took it off and when.
pub fn on_document(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    check_flags(call, codes::HOLD_FLAG);
    let removes = call.int("DELETE1", 0);
    call.fail_if(!(0..=1).contains(&removes), codes::HOLD_ACTION);
    let id = call.text("PRCHLDID");
    let master = call.find(
        "SOP00100",
        &[("PRCHLDID", id.as_str().into())],
        Access::Update,
    )?;
    call.fail_if(master.is_none(), codes::HOLD_UNKNOWN);
    let (Some(header), Some(master)) = (document::open(call, REFUSALS)?, master) else {
        return Ok(());
    };
    let held = document::rows_of(call, &header, "SOP10104")?;
    let held = held
        .into_iter()
        .find(|row| row.text("PRCHLDID").eq_ignore_ascii_case(&id));
    let active = held.as_ref().is_some_and(|row| row.int("DELETE1") == 0);
    if removes == 1 {
        call.fail_if(!active, codes::HOLD_ABSENT);
        let password = master.text("PASSWORD");
        call.fail_if(
            !password.is_empty() && password != call.text("PASSWORD"),
            codes::HOLD_PASSWORD,
        );
    } else {
        let updates = call.int("UpdateSopIfExists", 0) == 1;
        call.fail_if(active && !updates, codes::HOLD_TWICE);
    }
    if call.failed() {
        return Ok(());
    }
    if call.int("UpdateIfExistsMaster", 0) == 1 {
        update_master(call, &master)?;
    }
    write(call, held.as_ref(), removes)
}

fn check_flags(call: &mut Call<'_, '_>, code: i32) {
    let wrong = STOPS
        .iter()
        .any(|flag| !(0..=1).contains(&call.int(flag, 0)));
    call.fail_if(wrong, code);
}

fn update_master(call: &mut Call<'_, '_>, row: &Row) -> Result<(), Stop> {
    let mut cells = call.columns_of("SOP00100")?;
    cells.push(("MODIFDT".to_owned(), Value::Time(clock::today())));
    call.set(row, &borrowed(&cells))
}

/// Puts a document under a hold or takes it off: by whom, on which day, at what time.
fn write(call: &mut Call<'_, '_>, held: Option<&Row>, removes: i64) -> Result<(), Stop> {
    let mut cells = call.columns_of("SOP10104")?;
    cells.retain(|(name, _)| name != "DELETE1" && name != "HOLDDATE" && name != "TIME1");
    let time = clock::now().rem_euclid(DAY);
    let or = |given: i64, default: i64| Value::Time(if given == 0 { default } else { given });
    cells.push(("DELETE1".to_owned(), removes.into()));
    cells.push((
        "HOLDDATE".to_owned(),
        or(call.time("HOLDDATE"), clock::today()),
    ));
    cells.push(("TIME1".to_owned(), or(call.time("TIME1"), time)));
    match held {
        Some(row) => call.set(row, &borrowed(&cells)),
        None => call.add("SOP10104", &borrowed(&cells)).map(|_| ()),
    }
}

fn borrowed(cells: &[(String, Value)]) -> Vec<Cell<'_>> {
    cells
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect()
}
