//! `taSopDistribution`, and the distributions the header makes by itself.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::{Access, Row};
use super::super::call::Call;
use super::super::currency::Currency;
use super::super::lookup;
use super::codes;

const STEP: i64 = 16_384;

/// Distribution types.
pub const SALES: i64 = 1;
pub const RECEIVABLES: i64 = 2;
pub const TRADE_DISCOUNT: i64 = 6;
pub const FREIGHT: i64 = 7;
pub const MISCELLANEOUS: i64 = 8;
pub const TAXES: i64 = 9;
pub const DEPOSITS: i64 = 21;
/// What is between the functional amounts of a document in another currency.
const ROUNDING: i64 = 22;

/// Runs the procedure.
pub fn run(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    call.check_elements();
    if call.failed() {
        return Ok(());
    }
    let kind = call.int("DISTTYPE", 0);
    call.fail_if(!(1..=23).contains(&kind), codes::DISTRIBUTION_TYPE);
    let (debit, credit) = (call.money("DEBITAMT"), call.money("CRDTAMNT"));
    let negative = debit < Decimal::ZERO || credit < Decimal::ZERO;
    call.fail_if(
        negative || debit.is_zero() == credit.is_zero(),
        codes::DISTRIBUTION_SIDES,
    );
    let text = call.text("ACTNUMST");
    let account = if text.is_empty() {
        let index = call.int("ACTINDX", 0);
        call.exists("GL00100", &[("ACTINDX", index.into())])?
            .then_some(index)
    } else {
        super::super::account_index(call, &text)?
    };
    call.fail_if(account.is_none(), codes::DISTRIBUTION_ACCOUNT);
    if call.failed() {
        return Ok(());
    }
    let entry = Entry {
        kind,
        account: account.unwrap_or_default(),
        debit,
        credit,
    };
    let sequence = call.int("SEQNUMBR", 0);
    let index = lookup::functional(call)?.1;
    write(call, [&entry, &entry], index, sequence)
}

/// One distribution.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub kind: i64,
    pub account: i64,
    pub debit: Decimal,
    pub credit: Decimal,
}

/// Writes a distribution, its functional and its originating amounts; sequence 0 means the next one.
fn write(
    call: &mut Call<'_, '_>,
    [entry, originating]: [&Entry; 2],
    index: i64,
    sequence: i64,
) -> Result<(), Stop> {
    let (kind, number) = (call.int("SOPTYPE", 0), call.text("SOPNUMBE"));
    let key = [
        ("SOPTYPE", kind.into()),
        ("SOPNUMBE", number.as_str().into()),
    ];
    let mut sequence = sequence;
    if sequence == 0 {
        let rows = call.rows("SOP10102", &key)?;
        sequence = rows
            .iter()
            .map(|row| row.int("SEQNUMBR"))
            .max()
            .unwrap_or(0)
            + STEP;
    }
    let reference = call.text("DistRef");
    let mut cells = vec![
        ("SEQNUMBR", sequence.into()),
        ("DISTTYPE", entry.kind.into()),
        ("DistRef", reference.as_str().into()),
        ("ACTINDX", entry.account.into()),
        ("DEBITAMT", entry.debit.into()),
        ("ORDBTAMT", originating.debit.into()),
        ("CRDTAMNT", entry.credit.into()),
        ("ORCRDAMT", originating.credit.into()),
        ("CURRNIDX", index.into()),
    ];
    cells.extend(key);
    call.add("SOP10102", &cells).map(|_| ())
}

/// The columns that hold amounts in one of the two currencies.
#[derive(Debug)]
pub struct Columns {
    extended: &'static str,
    taxes: [&'static str; 3],
}

/// In the functional currency.
pub const FUNCTIONAL: Columns = Columns {
    extended: "XTNDPRCE",
    taxes: ["STAXAMNT", "FRTTXAMT", "MSCTXAMT"],
};

/// In the document's.
pub const ORIGINATING: Columns = Columns {
    extended: "OXTNDPRC",
    taxes: ["ORSLSTAX", "ORFRTTAX", "ORMSCTAX"],
};

/// The rows of the document the header's own distributions come from, in one of the two currencies.
#[derive(Debug)]
pub struct Document<'d> {
    pub columns: &'d Columns,
    pub lines: &'d [Row],
    pub taxes: &'d [Row],
    pub customer: &'d Row,
    pub amount: Decimal,
    pub received: Decimal,
    pub freight: Decimal,
    pub misc: Decimal,
    pub discount: Decimal,
}

/// Makes the document's distributions; a return has its sides changed.
pub fn create(
    call: &mut Call<'_, '_>,
    currency: &Currency,
    [functional, originating]: [&Document<'_>; 2],
) -> Result<(), Stop> {
    let entries = entries(call, functional)?;
    let mut pairs: Vec<_> = entries
        .into_iter()
        .zip(self::entries(call, originating)?)
        .collect();
    pairs.retain(|(_, entry)| !(entry.debit.is_zero() && entry.credit.is_zero()));
    if let Some(rounding) = rounding(call, &pairs)? {
        pairs.push(rounding);
    }
    for (position, (functional, originating)) in (1..).zip(&pairs) {
        let pair = [functional, originating];
        write(call, pair, currency.index, STEP * position)?;
    }
    Ok(())
}

/// What balances the functional amounts, where the originating ones balance.
fn rounding(
    call: &mut Call<'_, '_>,
    pairs: &[(Entry, Entry)],
) -> Result<Option<(Entry, Entry)>, Stop> {
    let sides = pairs.iter().map(|(entry, _)| entry.debit - entry.credit);
    let more: Decimal = sides.sum();
    if more.is_zero() {
        return Ok(None);
    }
    let entry = |debit: Decimal, credit: Decimal, account| Entry {
        kind: ROUNDING,
        account,
        debit: debit.max(Decimal::ZERO),
        credit: credit.max(Decimal::ZERO),
    };
    let account = posting_account(call, ROUNDING)?;
    let none = entry(Decimal::ZERO, Decimal::ZERO, account);
    Ok(Some((entry(-more, more, account), none)))
}

fn entries(call: &mut Call<'_, '_>, document: &Document<'_>) -> Result<Vec<Entry>, Stop> {
    let mut entries = debits(call, document)?;
    entries.extend(credits(call, document)?);
    if call.int("SOPTYPE", 0) == 4 {
        for entry in &mut entries {
            std::mem::swap(&mut entry.debit, &mut entry.credit);
        }
    }
    Ok(entries)
}

fn debits(call: &mut Call<'_, '_>, document: &Document<'_>) -> Result<Vec<Entry>, Stop> {
    let receivable = first(
        document.customer.int("RMARACC"),
        posting_account(call, RECEIVABLES)?,
    );
    let debit = |kind, account, debit| Entry {
        kind,
        account,
        debit,
        credit: Decimal::ZERO,
    };
    Ok(vec![
        debit(RECEIVABLES, receivable, document.amount - document.received),
        debit(
            DEPOSITS,
            posting_account(call, DEPOSITS)?,
            document.received,
        ),
        debit(
            TRADE_DISCOUNT,
            posting_account(call, TRADE_DISCOUNT)?,
            document.discount,
        ),
    ])
}

fn credits(call: &mut Call<'_, '_>, document: &Document<'_>) -> Result<Vec<Entry>, Stop> {
    let credit = |kind, account, credit| Entry {
        kind,
        account,
        debit: Decimal::ZERO,
        credit,
    };
    let sales = first(
        document.customer.int("RMSLSACC"),
        posting_account(call, SALES)?,
    );
    let mut entries: Vec<Entry> = document
        .lines
        .iter()
        .map(|line| {
            credit(
                SALES,
                first(line.int("SLSINDX"), sales),
                line.money(document.columns.extended),
            )
        })
        .collect();
    entries.push(credit(
        FREIGHT,
        posting_account(call, FREIGHT)?,
        document.freight,
    ));
    entries.push(credit(
        MISCELLANEOUS,
        posting_account(call, MISCELLANEOUS)?,
        document.misc,
    ));
    let account = posting_account(call, TAXES)?;
    entries.extend(document.taxes.iter().map(|tax| {
        let amount = document.columns.taxes.map(|column| tax.money(column));
        let amount = amount.into_iter().sum();
        credit(TAXES, first(tax.int("ACTINDX"), account), amount)
    }));
    Ok(entries)
}

fn first(own: i64, default: i64) -> i64 {
    if own == 0 { default } else { own }
}

/// The posting account of a distribution type, from the sales series of the posting setup.
fn posting_account(call: &mut Call<'_, '_>, kind: i64) -> Result<i64, Stop> {
    let row = call.find(
        "SY01100",
        &[("SERIES", 3.into()), ("SEQNUMBR", kind.into())],
        Access::Committed,
    )?;
    Ok(row.map_or(0, |row| row.int("ACTINDX")))
}
