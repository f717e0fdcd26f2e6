//! `taSopLineIvcTaxInsert`: a tax row of a line or, with sequence 0, of the document.

use rust_decimal::Decimal;

use super::super::error::Stop;
use super::super::heap::rows::{Access, Cell};
use super::call::Call;
use super::codes;

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let (kind, number) = (call.int("SOPTYPE", 0), call.text("SOPNUMBE"));
    let (customer, detail) = (call.text("CUSTNMBR"), call.text("TAXDTLID"));
    let (sequence, tax_type) = (call.int("LNITMSEQ", 0), call.int("TAXTYPE", 0));
    call.fail_if(!(0..=2).contains(&tax_type), codes::TAX_TYPE);
    let known = call.exists("RM00101", &[("CUSTNMBR", customer.as_str().into())])?;
    call.fail_if(!known, codes::TAX_CUSTOMER);
    let setup = call.find(
        "TX00201",
        &[("TAXDTLID", detail.as_str().into())],
        Access::Committed,
    )?;
    call.fail_if(setup.is_none(), codes::TAX_DETAIL);
    if sequence != 0 {
        let key = [
            ("SOPNUMBE", number.as_str().into()),
            ("SOPTYPE", kind.into()),
            ("CMPNTSEQ", 0.into()),
            ("LNITMSEQ", sequence.into()),
        ];
        let line = call.exists("SOP10200", &key)?;
        call.fail_if(!line, codes::TAX_LINE);
    }
    let key = [
        ("SOPTYPE", kind.into()),
        ("SOPNUMBE", number.as_str().into()),
        ("LNITMSEQ", sequence.into()),
        ("TAXDTLID", detail.as_str().into()),
    ];
    let existing = call.find("SOP10105", &key, Access::Update)?;
    let column = match tax_type {
        1 => "FRTTXAMT",
        2 => "MSCTXAMT",
        _ => "STAXAMNT",
    };
    let amount = call.money(column);
    let sent_before = existing.as_ref().is_some_and(|row| match tax_type {
        0 => row.money("TAXDTSLS") != Decimal::ZERO || row.money("STAXAMNT") != Decimal::ZERO,
        _ => row.money(column) != Decimal::ZERO,
    });
    call.fail_if(sent_before, codes::TAX_TWICE);
    if call.failed() {
        return Ok(());
    }
    let account = account(call, setup.map_or(0, |setup| setup.int("ACTINDX")))?;
    let base = match tax_type {
        1 => call.money("FREIGHT"),
        2 => call.money("MISCAMNT"),
        _ => call.money("SALESAMT"),
    };
    let taxable = call.optional_money("TDTTXSLS").unwrap_or(base);
    let mut cells: Vec<Cell<'_>> = match tax_type {
        1 => vec![("FRTTXAMT", amount.into()), ("ORFRTTAX", amount.into())],
        2 => vec![("MSCTXAMT", amount.into()), ("ORMSCTAX", amount.into())],
        _ => vec![("STAXAMNT", amount.into()), ("ORSLSTAX", amount.into())],
    };
    let before = |column: &str| {
        existing
            .as_ref()
            .map_or(Decimal::ZERO, |row| row.money(column))
    };
    for (column, twin, added) in [
        ("TAXDTSLS", "ORTOTSLS", base),
        ("TDTTXSLS", "ORTXSLS", taxable),
    ] {
        let sum = before(column) + added;
        cells.extend([(column, sum.into()), (twin, sum.into())]);
    }
    let total = before("STAXAMNT") + before("FRTTXAMT") + before("MSCTXAMT") + amount;
    let total = call.optional_money("TXDTOTTX").unwrap_or(total);
    cells.extend([
        ("TXDTOTTX", total.into()),
        ("OTTAXPON", total.into()),
        ("ACTINDX", account.into()),
        ("TXABLETX", 1.into()),
    ]);
    match existing {
        Some(row) => call.set(&row, &cells),
        None => {
            cells.extend(key);
            call.add("SOP10105", &cells).map(|_| ())
        }
    }
}

fn account(call: &mut Call<'_, '_>, default: i64) -> Result<i64, Stop> {
    let text = call.text("ACTNUMST");
    if text.is_empty() {
        return Ok(call.int("ACTINDX", default));
    }
    Ok(super::account_index(call, &text)?.unwrap_or(default))
}
