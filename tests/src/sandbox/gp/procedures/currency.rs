//! Documents in another currency than the functional one: their rate, and their amounts twice.
//!
//! Amounts travel in the document's currency; they are kept as they came in the columns of the
//! originating currency and, by the rate, in those of the functional one.

use rust_decimal::Decimal;

use super::super::error::Stop;
use super::super::heap::rows::{Access, Cell, Row};
use super::super::value::Value;
use super::call::Call;
use super::lookup;
use super::sop::item::round;

/// Settings of an exchange table, for a day without a rate of its own.
const NEXT: i64 = 1;
const PREVIOUS: i64 = 2;
/// The rate calculation that divides an originating amount by its rate.
const DIVIDE: i64 = 1;

/// A column of the functional currency and its twin of the originating one.
pub type Pair = (&'static str, &'static str);

/// Refusals of a procedure that takes a currency.
#[derive(Debug, Clone, Copy)]
pub struct Codes {
    pub unknown: i32,
    pub no_rate: i32,
}

/// The currency of a document.
#[derive(Debug, Clone)]
pub struct Currency {
    pub id: String,
    pub index: i64,
    /// None for the functional currency.
    rate: Option<Rate>,
    decimals: u32,
    functional_decimals: u32,
}

/// What one of a currency is worth, and where that is from.
#[derive(Debug, Clone)]
struct Rate {
    value: Decimal,
    method: i64,
    table: String,
    kind: String,
    begins: i64,
    time: i64,
}

impl Currency {
    /// The currency that is sent, the functional one if none is; a refusal gives the functional one
    /// too. The rate is that of `EXCHDATE`, otherwise of the day in `date`.
    pub fn sent(call: &mut Call<'_, '_>, date: &str, codes: Codes) -> Result<Self, Stop> {
        let functional = Self::functional(call)?;
        let sent = call.text("CURNCYID");
        if sent.is_empty() || sent.eq_ignore_ascii_case(&functional.id) {
            return Ok(functional);
        }
        let Some(row) = lookup::currency_row(call, &sent)? else {
            call.fail(codes.unknown);
            return Ok(functional);
        };
        let Some(rate) = rate(call, &sent, date)? else {
            call.fail(codes.no_rate);
            return Ok(functional);
        };
        Ok(Self {
            id: row.text("CURNCYID").to_owned(),
            index: row.int("CURRNIDX"),
            rate: Some(rate),
            decimals: decimals(&row),
            functional_decimals: functional.decimals,
        })
    }

    /// The company's own.
    fn functional(call: &mut Call<'_, '_>) -> Result<Self, Stop> {
        let (id, index) = lookup::functional(call)?;
        let decimals = lookup::currency_row(call, &id)?.map_or(2, |row| decimals(&row));
        Ok(Self {
            id,
            index,
            rate: None,
            decimals,
            functional_decimals: decimals,
        })
    }

    /// Whether it is another than the functional one.
    pub fn is_foreign(&self) -> bool {
        self.rate.is_some()
    }

    /// An amount of this currency in the functional one.
    pub fn functional_of(&self, originating: Decimal) -> Decimal {
        match &self.rate {
            None => originating,
            Some(rate) if rate.method == DIVIDE => {
                round(originating / rate.value, self.functional_decimals)
            }
            Some(rate) => round(originating * rate.value, self.functional_decimals),
        }
    }

    /// An amount of the functional currency in this one.
    pub fn originating_of(&self, functional: Decimal) -> Decimal {
        match &self.rate {
            None => functional,
            Some(rate) if rate.method == DIVIDE => round(functional * rate.value, self.decimals),
            Some(rate) => round(functional / rate.value, self.decimals),
        }
    }

    /// The columns that tell the currency by its index, and its rate.
    pub fn rate_cells(&self) -> Vec<Cell<'static>> {
        let mut cells: Vec<Cell<'static>> = vec![("CURRNIDX", self.index.into())];
        match &self.rate {
            None => {}
            Some(rate) => cells.extend([
                ("RATETPID", rate.kind.as_str().into()),
                ("EXGTBLID", rate.table.as_str().into()),
                ("XCHGRATE", rate.value.into()),
                ("EXCHDATE", Value::Time(rate.begins)),
                ("TIME1", Value::Time(rate.time)),
                ("RTCLCMTD", rate.method.into()),
            ]),
        }
        cells
    }

    /// Turns those cells that are amounts, as they were sent, into the functional currency.
    pub fn convert(&self, cells: &mut [Cell<'_>], amounts: &[&str]) {
        let sent = cells.iter_mut().filter(|(name, _)| amounts.contains(name));
        for (_, value) in sent {
            if let Value::Numeric(number) = value {
                *value = self.functional_of(number.decimal()).into();
            }
        }
    }

    /// The functional sum of elements.
    pub fn sum_of(&self, call: &Call<'_, '_>, elements: &[&str]) -> Decimal {
        let amounts = elements.iter().map(|element| call.money(element));
        amounts.map(|amount| self.functional_of(amount)).sum()
    }

    /// Works out the functional amounts of rows whose amounts are all as they were sent. A column
    /// without a twin is its own.
    pub fn restate(
        &self,
        call: &mut Call<'_, '_>,
        rows: &[Row],
        pairs: &[Pair],
    ) -> Result<(), Stop> {
        for row in rows {
            let mut cells: Vec<Cell<'_>> = vec![("CURRNIDX", self.index.into())];
            for (own, twin) in pairs {
                cells.push((own, self.functional_of(row.money(twin)).into()));
            }
            keep_known(row, &mut cells);
            call.set(row, &cells)?;
        }
        Ok(())
    }

    /// As `restate`, for distributions: what rounding leaves between debits and credits goes to the
    /// largest.
    pub fn restate_sides(&self, call: &mut Call<'_, '_>, rows: &[Row]) -> Result<(), Stop> {
        let sides =
            |row: &Row| ["ORDBTAMT", "ORCRDAMT"].map(|twin| self.functional_of(row.money(twin)));
        let net = |row: &Row| {
            let [debit, credit] = sides(row);
            debit - credit
        };
        let difference: Decimal = rows.iter().map(net).sum();
        let largest = rows.iter().max_by_key(|row| net(row).abs());
        let largest = largest.map(|row| row.number);
        for row in rows {
            let [mut debit, mut credit] = sides(row);
            if Some(row.number) == largest {
                if debit.is_zero() {
                    credit += difference;
                } else {
                    debit -= difference;
                }
            }
            let mut cells: Vec<Cell<'_>> = vec![
                ("DEBITAMT", debit.into()),
                ("CRDTAMNT", credit.into()),
                ("CURRNIDX", self.index.into()),
                ("CURNCYID", self.id.as_str().into()),
            ];
            keep_known(row, &mut cells);
            call.set(row, &cells)?;
        }
        Ok(())
    }
}

/// Leaves out cells of columns that a row's table does not have.
fn keep_known(row: &Row, cells: &mut Vec<Cell<'_>>) {
    cells.retain(|(name, _)| row.table.column(name).is_some());
}

/// How many decimals a currency has.
fn decimals(row: &Row) -> u32 {
    u32::try_from(row.int("DECPLCUR") - 1).unwrap_or(2)
}

/// The rate that is sent, or the one of the currency's exchange tables for the day.
fn rate(call: &mut Call<'_, '_>, currency: &str, date: &str) -> Result<Option<Rate>, Stop> {
    let day = match call.time("EXCHDATE") {
        0 => call.time(date),
        given => given,
    };
    let key = [("CURNCYID", Value::from(currency))];
    let tables = rows_of_system(call, "MC40300", &key)?;
    let setting = |element: &str, table: &Row| match call.int(element, -1) {
        -1 => table.int(element),
        given => given,
    };
    let sent = call.money("XCHGRATE");
    if !sent.is_zero() {
        let table = tables.first();
        return Ok(Some(Rate {
            value: sent,
            method: table.map_or(0, |table| setting("RTCLCMTD", table)),
            table: table.map_or_else(String::new, |table| table.text("EXGTBLID").to_owned()),
            kind: call.text("RATETPID"),
            begins: day,
            time: call.time("TIME1"),
        }));
    }
    let chosen: Vec<_> = tables
        .iter()
        .map(|table| {
            (
                table.clone(),
                setting("RTCLCMTD", table),
                setting("TRXDTDEF", table),
            )
        })
        .collect();
    for (table, method, default) in chosen {
        let key = [("EXGTBLID", table.get("EXGTBLID").clone())];
        let mut rates = rows_of_system(call, "MC00100", &key)?;
        rates.sort_by_key(|rate| (rate.time("EXCHDATE"), rate.time("TIME1")));
        let begun = rates.iter().rfind(|rate| rate.time("EXCHDATE") <= day);
        let current = begun.filter(|rate| default == PREVIOUS || rate.time("EXPNDATE") >= day);
        let next = rates
            .iter()
            .find(|rate| default == NEXT && rate.time("EXCHDATE") > day);
        if let Some(found) = current.or(next) {
            return Ok(Some(Rate {
                value: found.money("XCHGRATE"),
                method,
                table: table.text("EXGTBLID").to_owned(),
                kind: call.text("RATETPID"),
                begins: found.time("EXCHDATE"),
                time: found.time("TIME1"),
            }));
        }
    }
    Ok(None)
}

fn rows_of_system(
    call: &mut Call<'_, '_>,
    table: &str,
    key: &[Cell<'_>],
) -> Result<Vec<Row>, Stop> {
    let table = call.work.table(call.system, table)?;
    call.work.select(&table, key, Access::Committed)
}
