//! Record notes: NOTETEXT becomes a row of SY03900 with the next note index of the company.

use rust_decimal::Decimal;

use super::super::clock;
use super::super::error::Stop;
use super::super::heap::rows::Access;
use super::super::value::Value;
use super::call::Call;

/// Writes the note that was sent, and gives its index.
pub fn write(call: &mut Call<'_, '_>) -> Result<Option<Decimal>, Stop> {
    let text = call.text("NOTETEXT");
    if text.is_empty() {
        return Ok(None);
    }
    let name = call.work.inner.registry.databases[call.database]
        .name
        .clone();
    let table = call.work.table(call.system, "SY01500")?;
    let Some(company) =
        call.work
            .find(&table, &[("INTERID", name.as_str().into())], Access::Update)?
    else {
        return Ok(None);
    };
    let index = company.money("NOTEINDX");
    call.work.set(
        &table,
        company.number,
        &[("NOTEINDX", (index + Decimal::ONE).into())],
    )?;
    let now = clock::now();
    call.add(
        "SY03900",
        &[
            ("NOTEINDX", index.into()),
            ("DATE1", Value::Time(clock::today())),
            (
                "TIME1",
                Value::Time(now.rem_euclid(super::super::value::DAY)),
            ),
            ("TXTFIELD", text.as_str().into()),
        ],
    )?;
    Ok(Some(index))
}
