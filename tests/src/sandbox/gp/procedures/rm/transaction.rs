//! `taRMTransaction`: closes what was sent before it into a receivables document of a batch.

use rust_decimal::Decimal;

use super::super::super::clock;
use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Cell, Row};
use super::super::super::value::Value;
use super::super::call::Call;
use super::super::currency::{Codes, Currency};
use super::super::lookup;
use super::super::sm::batch::{self, Batch};
use super::distribution::{self, Refusals};
use super::{Side, codes, tax};

/// The source of receivables transaction batches.
const SOURCE: &str = "RM_Sales";
/// What makes up the document amount, less the trade discount.
const PARTS: [&str; 4] = ["SLSAMNT", "FRTAMNT", "MISCAMNT", "TAXAMNT"];
/// Elements of the document's currency beside the document amount.
const AMOUNTS: [&str; 13] = [
    "SLSAMNT", "FRTAMNT", "MISCAMNT", "TAXAMNT", "TRDISAMT", "COSTAMNT", "BKTSLSAM", "BKTFRTAM",
    "BKTMSCAM", "DISTKNAM", "DISAVAMT", "DSCDLRAM", "COMDLRAM",
];
const CURRENCY: Codes = Codes {
    unknown: codes::CURRENCY,
    no_rate: codes::NO_RATE,
};
/// Elements a customer has a default for; terms are those of documents that fall due.
const INHERITED: [&str; 6] = [
    "ADRSCODE", "SLPRSNID", "SALSTERR", "SHIPMTHD", "TAXSCHID", "PYMTRMID",
];

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let (kind, number) = (call.int("RMDTYPAL", 0), call.text("DOCNUMBR"));
    batch::lock(call, SOURCE, &call.text("BACHNUMB"))?;
    let side = Side::of(kind);
    call.fail_if(side.is_none(), codes::TYPE);
    let entered = super::entered(call, kind, &number)?;
    call.fail_if(entered, codes::EXISTS);
    check_amounts(call);
    check_setup(call)?;
    let customer = super::customer_of(call, codes::CUSTOMER, codes::CUSTOMER_INACTIVE)?;
    let taxes = call.rows(
        "RM10601",
        &[
            ("RMDTYPAL", kind.into()),
            ("DOCNUMBR", number.as_str().into()),
        ],
    )?;
    check_taxes(call, &taxes);
    let sent = distribution::of(call, kind, &number)?;
    if let Some(side) = side {
        let refusals = Refusals {
            customer: codes::CHILD_CUSTOMER,
            sent: codes::DISTRIBUTIONS_SENT,
            create: codes::CREATE_DISTRIBUTIONS,
            unbalanced: codes::UNBALANCED,
            receivable: codes::RECEIVABLE_DIFFERS,
        };
        let debit = side.of_amount(call.money("DOCAMNT"));
        distribution::hold_against(call, &sent, debit, refusals);
    }
    let currency = Currency::sent(call, "DOCDATE", CURRENCY)?;
    let Some((customer, side)) = customer.zip(side).filter(|_| !call.failed()) else {
        return Ok(());
    };
    let total = currency.sum_of(call, &PARTS) - currency.sum_of(call, &["TRDISAMT"]);
    write(call, (&customer, side), &currency, total)?;
    if call.int("CREATEDIST", 1) == 1 {
        distribute(call, &customer, side, &taxes)?;
    }
    let rows = distribution::of(call, kind, &number)?;
    currency.restate_sides(call, &rows)?;
    currency.restate(call, &taxes, &tax::PAIRS)?;
    commissions(call, &currency, kind, &number)?;
    let (number, checkbook) = (call.text("BACHNUMB"), call.text("BatchCHEKBKID"));
    let joined = Batch {
        source: SOURCE,
        number: &number,
        series: 3,
        checkbook: &checkbook,
        date: call.time("DOCDATE"),
    };
    batch::join(call, &joined, 1, total)
}

/// Restates the commissions in the functional currency; what was not sent is their sum.
fn commissions(
    call: &mut Call<'_, '_>,
    currency: &Currency,
    kind: i64,
    number: &str,
) -> Result<(), Stop> {
    let key = [("RMDTYPAL", kind.into()), ("DOCNUMBR", number.into())];
    let commissions = call.rows("RM10501", &key)?;
    currency.restate(call, &commissions, &[("COMMAMNT", "COMMAMNT")])?;
    if call.optional_money("COMDLRAM").is_none()
        && let Some(header) = call.find("RM10301", &key, Access::Update)?
    {
        let commissions = call.rows("RM10501", &key)?;
        let sum: Decimal = commissions.iter().map(|row| row.money("COMMAMNT")).sum();
        call.set(&header, &[("COMDLRAM", sum.into())])?;
    }
    Ok(())
}

fn check_amounts(call: &mut Call<'_, '_>) {
    let document = call.money("DOCAMNT");
    let mut amounts = PARTS.into_iter().chain(["TRDISAMT", "DOCAMNT", "COSTAMNT"]);
    let negative = amounts.any(|name| call.money(name) < Decimal::ZERO);
    call.fail_if(negative, codes::NEGATIVE);
    let parts: Decimal = PARTS.into_iter().map(|name| call.money(name)).sum();
    call.fail_if(parts - call.money("TRDISAMT") != document, codes::SUM);
    let mut payments = ["CASHAMNT", "CHEKAMNT", "CRCRDAMT"].into_iter();
    let paid = payments.any(|name| !call.money(name).is_zero());
    call.fail_if(paid, codes::PAID);
    let (taken, available) = (call.money("DISTKNAM"), call.money("DISAVAMT"));
    call.fail_if(taken > available || available > document, codes::DISCOUNT);
}

fn check_setup(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    lookup::known(call, "PYMTRMID", lookup::TERMS, codes::TERMS)?;
    lookup::known(call, "SHIPMTHD", lookup::SHIPPING, codes::SHIPPING)?;
    lookup::known(call, "TAXSCHID", lookup::SCHEDULE, codes::SCHEDULE)?;
    lookup::known(call, "SALSTERR", lookup::TERRITORY, codes::TERRITORY)?;
    lookup::known(call, "CRCRDNAM", lookup::CARD, codes::CARD)?;
    lookup::salesperson(call, codes::SALESPERSON)?;
    for element in ["CBKIDCSH", "CBKIDCHK", "CBKIDCRD", "BatchCHEKBKID"] {
        lookup::known(call, element, lookup::CHECKBOOK, codes::CHECKBOOK)?;
    }
    let (customer, address) = (call.text("CUSTNMBR"), call.text("ADRSCODE"));
    if !address.is_empty() {
        let key = [
            ("CUSTNMBR", customer.as_str().into()),
            ("ADRSCODE", address.as_str().into()),
        ];
        let known = call.exists("RM00102", &key)?;
        call.fail_if(!known, codes::ADDRESS);
    }
    Ok(())
}

fn check_taxes(call: &mut Call<'_, '_>, taxes: &[Row]) {
    let sum: Decimal = taxes.iter().map(|row| row.money("TAXAMNT")).sum();
    call.fail_if(sum != call.money("TAXAMNT"), codes::TAXES_DIFFER);
    let (customer, batch) = (call.text("CUSTNMBR"), call.text("BACHNUMB"));
    let strange = taxes.iter().any(|row| {
        !row.text("CUSTNMBR").eq_ignore_ascii_case(&customer)
            || !row.text("BACHNUMB").eq_ignore_ascii_case(&batch)
    });
    call.fail_if(strange, codes::CHILD_CUSTOMER);
}

fn write(
    call: &mut Call<'_, '_>,
    (customer, side): (&Row, Side),
    currency: &Currency,
    total: Decimal,
) -> Result<(), Stop> {
    let (number, date) = (call.text("DOCNUMBR"), Value::Time(call.time("DOCDATE")));
    let of_both: [Cell<'_>; 5] = [
        ("DOCNUMBR", number.as_str().into()),
        ("RMDTYPAL", call.int("RMDTYPAL", 0).into()),
        ("BCHSOURC", SOURCE.into()),
        ("CUSTNMBR", customer.text("CUSTNMBR").into()),
        ("DOCDATE", date.clone()),
    ];
    let mut key = of_both.to_vec();
    key.push(("DCSTATUS", 1.into()));
    call.add("RM00401", &key)?;
    let inherited = INHERITED.map(|name| {
        let own = match call.text(name) {
            _ if name == "PYMTRMID" && side == Side::Credit => String::new(),
            sent if sent.is_empty() => customer.text(name).to_owned(),
            sent => sent,
        };
        (name, own)
    });
    let due = match (side, call.time("DUEDATE")) {
        (Side::Credit, _) => Value::Time(0),
        (Side::Debit, 0) => date.clone(),
        (Side::Debit, sent) => Value::Time(sent),
    };
    let sent = call.columns_of("RM10301")?;
    let made = ["CURNCYID", "DUEDATE", "DOCAMNT"];
    let of_both_names: Vec<&str> = of_both.iter().map(|(name, _)| *name).collect();
    let mut cells: Vec<Cell<'_>> = sent
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .filter(|(name, _)| !made.contains(name) && !of_both_names.contains(name))
        .filter(|(name, _)| !INHERITED.contains(name))
        .collect();
    currency.convert(&mut cells, &AMOUNTS);
    for (name, value) in &inherited {
        cells.push((name, value.as_str().into()));
    }
    cells.extend(of_both);
    cells.extend([
        ("RMDNUMWK", number.as_str().into()),
        ("CUSTNAME", customer.text("CUSTNAME").into()),
        ("DOCAMNT", total.into()),
        ("ACCTAMNT", total.into()),
        ("CURNCYID", currency.id.as_str().into()),
        ("GLPOSTDT", date.clone()),
        ("DUEDATE", due),
        ("Tax_Date", date),
        ("LSTEDTDT", Value::Time(clock::today())),
    ]);
    call.add("RM10301", &cells)?;
    let key = [("CUSTNMBR", customer.text("CUSTNMBR").into())];
    if let Some(summary) = call.find("RM00103", &key, Access::Update)? {
        let unposted = summary.money("UNPSTDSA") + side.of_amount(total);
        call.set(&summary, &[("UNPSTDSA", unposted.into())])?;
    }
    Ok(())
}

/// What the customer owes against sales and what comes with them; a credit turns the sides.
fn distribute(
    call: &mut Call<'_, '_>,
    customer: &Row,
    side: Side,
    taxes: &[Row],
) -> Result<(), Stop> {
    let number = call.int("RMDTYPAL", 0);
    let sales = match number {
        3 => 18,
        7 => 19,
        8 => 17,
        4 => 16,
        5 => 20,
        6 => 22,
        _ => 9,
    };
    let sales_account = distribution::account_of(call, customer, "RMSLSACC", 1)?;
    let receivable = distribution::account_of(call, customer, "RMARACC", 2)?;
    let cost = distribution::account_of(call, customer, "RMCOSACC", 14)?;
    let inventory = distribution::account_of(call, customer, "RMIVACC", 15)?;
    let of_setup = |call: &mut Call<'_, '_>, number| distribution::posting_account(call, number);
    let mut sides = vec![
        (distribution::RECEIVABLE, receivable, call.money("DOCAMNT")),
        (sales, sales_account, -call.money("SLSAMNT")),
        (10, of_setup(call, 6)?, call.money("TRDISAMT")),
        (11, of_setup(call, 7)?, -call.money("FRTAMNT")),
        (12, of_setup(call, 8)?, -call.money("MISCAMNT")),
    ];
    for tax in taxes {
        sides.push((13, tax.int("ACTINDX"), -tax.money("TAXAMNT")));
    }
    sides.push((14, cost, call.money("COSTAMNT")));
    sides.push((15, inventory, -call.money("COSTAMNT")));
    for (_, _, amount) in &mut sides {
        *amount = side.of_amount(*amount);
    }
    distribution::write_all(call, number, customer.text("CUSTNMBR"), &sides)
}
