//! `taSopLineIvcTaxInsert`: a tax row of a line or, with sequence 0, of the document.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::call::Call;
use super::codes;

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let setup = check(call)?;
    let (number, detail) = (call.text("SOPNUMBE"), call.text("TAXDTLID"));
    let key = [
        ("SOPTYPE", call.int("SOPTYPE", 0).into()),
        ("SOPNUMBE", number.as_str().into()),
        ("LNITMSEQ", call.int("LNITMSEQ", 0).into()),
        ("TAXDTLID", detail.as_str().into()),
    ];
    let existing = call.find("SOP10105", &key, Access::Update)?;
    let tax_type = call.int("TAXTYPE", 0);
    let sent_before = existing.as_ref().is_some_and(|row| match tax_type {
        0 => !row.money("TAXDTSLS").is_zero() || !row.money("STAXAMNT").is_zero(),
        other => !row.money(column(other)).is_zero(),
    });
    call.fail_if(sent_before, codes::TAX_TWICE);
    if call.failed() {
        return Ok(());
    }
    let account = account(call, setup.map_or(0, |setup| setup.int("ACTINDX")))?;
    let mut cells = cells(call, existing.as_ref());
    cells.push(("ACTINDX", account.into()));
    if let Some(row) = existing {
        return call.set(&row, &cells);
    }
    cells.extend(key);
    call.add("SOP10105", &cells).map(|_| ())
}

/// The column of the row a tax type fills.
fn column(tax_type: i64) -> &'static str {
    match tax_type {
        1 => "FRTTXAMT",
        2 => "MSCTXAMT",
        _ => "STAXAMNT",
    }
}

/// Checks the values; the tax detail's row comes back.
fn check(call: &mut Call<'_, '_>) -> Result<Option<Row>, Stop> {
    call.fail_if(!(0..=2).contains(&call.int("TAXTYPE", 0)), codes::TAX_TYPE);
    let (customer, detail) = (call.text("CUSTNMBR"), call.text("TAXDTLID"));
    let known = call.exists("RM00101", &[("CUSTNMBR", customer.as_str().into())])?;
    call.fail_if(!known, codes::TAX_CUSTOMER);
    let key = [("TAXDTLID", detail.as_str().into())];
    let setup = call.find("TX00201", &key, Access::Committed)?;
    call.fail_if(setup.is_none(), codes::TAX_DETAIL);
    let sequence = call.int("LNITMSEQ", 0);
    if sequence != 0 {
        let number = call.text("SOPNUMBE");
        let key = [
            ("SOPNUMBE", number.as_str().into()),
            ("SOPTYPE", call.int("SOPTYPE", 0).into()),
            ("CMPNTSEQ", 0.into()),
            ("LNITMSEQ", sequence.into()),
        ];
        let line = call.exists("SOP10200", &key)?;
        call.fail_if(!line, codes::TAX_LINE);
    }
    Ok(setup)
}

/// The amounts of the row; freight and misc tax of a detail join its row.
fn cells(call: &Call<'_, '_>, existing: Option<&Row>) -> Vec<Cell<'static>> {
    let tax_type = call.int("TAXTYPE", 0);
    let amount = call.money(column(tax_type));
    let (base, twin) = match tax_type {
        1 => (call.money("FREIGHT"), "ORFRTTAX"),
        2 => (call.money("MISCAMNT"), "ORMSCTAX"),
        _ => (call.money("SALESAMT"), "ORSLSTAX"),
    };
    let taxable = call.optional_money("TDTTXSLS").unwrap_or(base);
    let before = |column: &str| existing.map_or(Decimal::ZERO, |row| row.money(column));
    let total = before("STAXAMNT") + before("FRTTXAMT") + before("MSCTXAMT") + amount;
    let total = call.optional_money("TXDTOTTX").unwrap_or(total);
    let mut cells: Vec<Cell<'static>> =
        vec![(column(tax_type), amount.into()), (twin, amount.into())];
    for (column, twin, sum) in [
        ("TAXDTSLS", "ORTOTSLS", before("TAXDTSLS") + base),
        ("TDTTXSLS", "ORTXSLS", before("TDTTXSLS") + taxable),
        ("TXDTOTTX", "OTTAXPON", total),
    ] {
        cells.extend([(column, sum.into()), (twin, sum.into())]);
    }
    cells.push(("TXABLETX", 1.into()));
    cells
}

fn account(call: &mut Call<'_, '_>, default: i64) -> Result<i64, Stop> {
    let text = call.text("ACTNUMST");
    if text.is_empty() {
        return Ok(call.int("ACTINDX", default));
    }
    Ok(super::super::account_index(call, &text)?.unwrap_or(default))
}
