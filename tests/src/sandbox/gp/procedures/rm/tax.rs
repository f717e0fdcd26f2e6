//! `taRMTransactionTaxInsert`: one tax of a receivables document, sent before it.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell};
use super::super::account::{self, Wrong};
use super::super::call::Call;
use super::super::currency::Pair;
use super::super::lookup;
use super::{Side, codes};

/// The parts of the document that are taxed.
const PARTS: [&str; 3] = ["STAXAMNT", "FRTTXAMT", "MSCTXAMT"];
/// What the tax is taken of.
const BASES: [&str; 2] = ["TAXDTSLS", "TDTTXSLS"];

/// The amounts of a row; most have no twin in the originating currency.
pub const PAIRS: [Pair; 6] = [
    ("TAXAMNT", "ORTAXAMT"),
    ("STAXAMNT", "STAXAMNT"),
    ("FRTTXAMT", "FRTTXAMT"),
    ("MSCTXAMT", "MSCTXAMT"),
    ("TAXDTSLS", "TAXDTSLS"),
    ("TDTTXSLS", "TDTTXSLS"),
];

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    check(call)?;
    let detail = call.text("TAXDTLID");
    let key = [("TAXDTLID", detail.as_str().into())];
    let row = call.find("TX00201", &key, Access::Committed)?;
    call.fail_if(row.is_none(), codes::TAX_DETAIL);
    let wrong = Wrong {
        unknown: codes::TAX_ACCOUNT,
        inactive: codes::TAX_ACCOUNT_INACTIVE,
    };
    let account = account::named(call, "ACTINDX", wrong)?;
    let Some(detail) = row.filter(|_| !call.failed()) else {
        return Ok(());
    };
    let (_, index) = lookup::functional(call)?;
    let mut cells: Vec<Cell<'_>> = ["DOCNUMBR", "CUSTNMBR", "BACHNUMB"]
        .into_iter()
        .map(|name| (name, call.text(name).as_str().into()))
        .collect();
    for name in ["TAXAMNT"].into_iter().chain(PARTS).chain(BASES) {
        cells.push((name, call.money(name).into()));
    }
    cells.extend([
        ("RMDTYPAL", call.int("RMDTYPAL", 0).into()),
        ("SEQNUMBR", call.int("SEQNUMBR", 0).into()),
        ("TAXDTLID", detail.text("TAXDTLID").into()),
        ("ORTAXAMT", call.money("TAXAMNT").into()),
        (
            "ACTINDX",
            account.unwrap_or_else(|| detail.int("ACTINDX")).into(),
        ),
        ("CURRNIDX", index.into()),
    ]);
    call.add("RM10601", &cells).map(|_| ())
}

fn check(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let (kind, number) = (call.int("RMDTYPAL", 0), call.text("DOCNUMBR"));
    call.fail_if(Side::of(kind).is_none(), codes::TAX_TYPE);
    let mut amounts = PARTS.into_iter().chain(BASES);
    let negative = amounts.any(|name| call.money(name) < Decimal::ZERO);
    call.fail_if(negative, codes::TAX_NEGATIVE);
    let parts: Decimal = PARTS.into_iter().map(|name| call.money(name)).sum();
    call.fail_if(parts != call.money("TAXAMNT"), codes::TAX_SUM);
    let customer = call.text("CUSTNMBR");
    let known = call.exists("RM00101", &[("CUSTNMBR", customer.as_str().into())])?;
    call.fail_if(!known, codes::TAX_CUSTOMER);
    let entered = super::entered(call, kind, &number)?;
    call.fail_if(entered, codes::TAX_ENTERED);
    let key = [
        ("RMDTYPAL", kind.into()),
        ("DOCNUMBR", number.as_str().into()),
        ("TAXDTLID", call.text("TAXDTLID").as_str().into()),
    ];
    let twice = call.exists("RM10601", &key)?;
    call.fail_if(twice, codes::TAX_TWICE);
    Ok(())
}
