//! The taxes and distributions of a voucher: what was sent is checked, what was not is made.

use rust_decimal::Decimal;

use super::super::super::error::Stop;
use super::super::super::heap::rows::Row;
use super::super::super::value::Value;
use super::super::call::Call;
use super::distribution::{self, Line, STEP};
use super::{Effect, codes, lookups};

/// The distribution type of what is owed to the vendor.
const PAYABLE: i64 = 2;
const TAXES: i64 = 10;

/// What was sent before the transaction.
#[derive(Debug)]
pub struct Lines {
    pub taxes: Vec<Row>,
    distributions: Vec<Row>,
}

impl Lines {
    /// Those of a voucher.
    pub fn of(call: &mut Call<'_, '_>, voucher: &str) -> Result<Self, Stop> {
        Ok(Self {
            taxes: call.rows("PM10500", &[("VCHRNMBR", voucher.into())])?,
            distributions: distributions(call, voucher)?,
        })
    }

    /// Holds them against the transaction.
    pub fn check(&self, call: &mut Call<'_, '_>) {
        let taxes: Decimal = self.taxes.iter().map(|row| row.money("TAXAMNT")).sum();
        call.fail_if(taxes != call.money("TAXAMNT"), codes::TAXES_DIFFER);
        let (vendor, batch) = (call.text("VENDORID"), call.text("BACHNUMB"));
        let kind = call.int("DOCTYPE", 0);
        let other = |row: &Row| !row.text("VENDORID").eq_ignore_ascii_case(&vendor);
        let strange = self.distributions.iter().any(other)
            || self.taxes.iter().any(|row| {
                other(row)
                    || row.int("DOCTYPE") != kind
                    || !row.text("BACHNUMB").eq_ignore_ascii_case(&batch)
            });
        call.fail_if(strange, codes::CHILD_VENDOR);
        let sent = !self.distributions.is_empty();
        match call.int("CREATEDIST", 1) {
            0 if sent => self.check_distributions(call),
            0 => call.fail_if(
                !call.money("DOCAMNT").is_zero(),
                codes::DISTRIBUTIONS_MISSING,
            ),
            1 => call.fail_if(sent, codes::DISTRIBUTIONS_SENT),
            _ => call.fail(codes::CREATE_DISTRIBUTIONS),
        }
    }

    fn check_distributions(&self, call: &mut Call<'_, '_>) {
        let net = |row: &Row| row.money("CRDTAMNT") - row.money("DEBITAMT");
        let difference: Decimal = self.distributions.iter().map(net).sum();
        call.fail_if(!difference.is_zero(), codes::UNBALANCED);
        let of_vendor = self
            .distributions
            .iter()
            .filter(|row| row.int("DISTTYPE") == PAYABLE);
        let payable: Decimal = of_vendor.map(net).sum();
        let owed = match Effect::of(call.int("DOCTYPE", 0)) {
            Some(Effect::Owed) => call.money("DOCAMNT"),
            Some(Effect::Credited) => -call.money("DOCAMNT"),
            None => return,
        };
        call.fail_if(payable != owed, codes::PAYABLE_DIFFERS);
    }
}

/// The distributions of a voucher, as they are now.
pub fn distributions(call: &mut Call<'_, '_>, voucher: &str) -> Result<Vec<Row>, Stop> {
    let key = [("VCHRNMBR", voucher.into()), ("CNTRLTYP", 0.into())];
    call.rows("PM10100", &key)
}

/// Gives the distributions of a voucher, sent or made, its posting date.
pub fn date(call: &mut Call<'_, '_>, voucher: &str, date: i64) -> Result<(), Stop> {
    let rows = distributions(call, voucher)?;
    rows.iter()
        .try_for_each(|row| call.set(row, &[("PSTGDATE", Value::Time(date))]))
}

/// Makes the distributions GP would: purchases and what comes with them against the payable.
pub fn create(
    call: &mut Call<'_, '_>,
    vendor: &Row,
    effect: Effect,
    taxes: &[Row],
) -> Result<(), Stop> {
    let mut sides = [
        (PAYABLE, "PMAPINDX", -call.money("DOCAMNT")),
        (6, "PMPRCHIX", call.money("PRCHAMNT")),
        (7, "PMTDSCIX", -call.money("TRDISAMT")),
        (8, "PMMSCHIX", call.money("MSCCHAMT")),
        (9, "PMFRTIDX", call.money("FRTAMNT")),
    ]
    .into_iter()
    .map(|(kind, own, amount)| Ok((kind, lookups::of_vendor(call, vendor, own, kind)?, amount)))
    .collect::<Result<Vec<_>, Stop>>()?;
    for tax in taxes {
        sides.push((TAXES, tax.int("ACTINDX"), tax.money("TAXAMNT")));
    }
    let voucher = call.text("VCHNUMWK");
    let owing = sides.into_iter().filter(|(_, _, amount)| !amount.is_zero());
    for (place, (kind, account, amount)) in (1..).zip(owing) {
        let debit = match effect {
            Effect::Owed => amount,
            Effect::Credited => -amount,
        };
        let line = Line {
            voucher: &voucher,
            control: 0,
            vendor: vendor.text("VENDORID"),
            reference: "",
            sequence: STEP * place,
            kind,
            account,
            debit: debit.max(Decimal::ZERO),
            credit: (-debit).max(Decimal::ZERO),
        };
        distribution::write(call, &line)?;
    }
    Ok(())
}
