//! The tax rows of the document: rates of the shop, split over details of GP.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{Refusal, round};
use crate::judge::profile::{Profile, TaxDetail, TaxRule};
use crate::judge::shop::{Address, Order};

/// The tax of one detail: on goods, on freight, on miscellaneous charges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TaxAmounts {
    pub(crate) sales: Decimal,
    pub(crate) freight: Decimal,
    pub(crate) misc: Decimal,
}

/// The tax at one rate, and the part of it that is on freight and charges.
struct Bucket<'a> {
    rate: Decimal,
    amount: Decimal,
    freight: Decimal,
    misc: Decimal,
    rule: &'a TaxRule,
}

type Rows = (BTreeMap<String, TaxAmounts>, Option<String>);

/// Returns the amounts by detail and the schedule of the document.
pub(super) fn rows(
    order: &Order,
    profile: &Profile,
    freight_tax: Decimal,
    misc_tax: Decimal,
    decimals: u32,
) -> Result<Rows, Refusal> {
    let mut buckets = Vec::new();
    for split in &order.tax_rates {
        let rule = find_rule(profile, order.ship_to(), split.rate)?;
        let amount = round(split.amount, decimals);
        let (freight, misc) = (Decimal::ZERO, Decimal::ZERO);
        buckets.push(Bucket {
            rate: split.rate,
            amount,
            freight,
            misc,
            rule,
        });
    }
    let tax = round(order.order_tax, decimals);
    if buckets.is_empty() {
        return if tax.is_zero() {
            Ok((BTreeMap::new(), None))
        } else {
            Err(format!("tax of {tax} at no rate"))
        };
    }
    let left = tax - buckets.iter().map(|bucket| bucket.amount).sum::<Decimal>();
    largest(&mut buckets).amount += left;
    let schedule = largest(&mut buckets).rule.schedule.clone();
    nearest(&mut buckets, freight_tax, order.order_shipping_excl_tax).freight += freight_tax;
    nearest(
        &mut buckets,
        misc_tax,
        order.payment_method_additional_fee_excl_tax,
    )
    .misc += misc_tax;
    let mut rows: BTreeMap<String, TaxAmounts> = BTreeMap::new();
    for bucket in &buckets {
        let sales = bucket.amount - bucket.freight - bucket.misc;
        let details = &bucket.rule.details;
        for (id, part) in spread(sales, details, decimals) {
            rows.entry(id).or_default().sales += part;
        }
        for (id, part) in spread(bucket.freight, details, decimals) {
            rows.entry(id).or_default().freight += part;
        }
        for (id, part) in spread(bucket.misc, details, decimals) {
            rows.entry(id).or_default().misc += part;
        }
    }
    rows.retain(|_, amounts| *amounts != TaxAmounts::default());
    Ok((rows, Some(schedule)))
}

/// The first bucket of the largest amount.
fn largest<'b, 'a>(buckets: &'b mut [Bucket<'a>]) -> &'b mut Bucket<'a> {
    let most = buckets
        .iter()
        .map(|bucket| bucket.amount)
        .max()
        .unwrap_or_default();
    let index = buckets
        .iter()
        .position(|bucket| bucket.amount == most)
        .unwrap_or(0);
    &mut buckets[index]
}

/// The first bucket whose rate is nearest to what a charge was taxed at.
fn nearest<'b, 'a>(
    buckets: &'b mut [Bucket<'a>],
    tax: Decimal,
    net: Decimal,
) -> &'b mut Bucket<'a> {
    let rate = if net.is_zero() {
        Decimal::ZERO
    } else {
        tax * Decimal::ONE_HUNDRED / net
    };
    let away = |bucket: &Bucket<'_>| (bucket.rate - rate).abs();
    let least = buckets.iter().map(away).min().unwrap_or_default();
    let index = buckets
        .iter()
        .position(|bucket| away(bucket) == least)
        .unwrap_or(0);
    &mut buckets[index]
}

/// Splits an amount by the details' rates; the largest part takes what rounding leaves.
fn spread(amount: Decimal, details: &[TaxDetail], decimals: u32) -> Vec<(String, Decimal)> {
    let rates: Decimal = details.iter().map(|detail| detail.rate).sum();
    if amount.is_zero() || rates.is_zero() {
        return Vec::new();
    }
    let part = |detail: &TaxDetail| {
        (
            detail.id.clone(),
            round(amount * detail.rate / rates, decimals),
        )
    };
    let mut parts: Vec<_> = details.iter().map(part).collect();
    let left = amount - parts.iter().map(|(_, part)| *part).sum::<Decimal>();
    let most = parts.iter().map(|(_, part)| part.abs()).max();
    if let Some(part) = parts.iter_mut().find(|(_, part)| Some(part.abs()) == most) {
        part.1 += left;
    }
    parts
}

fn find_rule<'a>(
    profile: &'a Profile,
    place: &Address,
    rate: Decimal,
) -> Result<&'a TaxRule, Refusal> {
    let found = profile
        .taxes
        .rules
        .iter()
        .find(|rule| fits(rule, place) && rule.rate == rate);
    found.ok_or_else(|| format!("no tax rule for {rate} % at {}", place.city))
}

fn fits(rule: &TaxRule, place: &Address) -> bool {
    let country = place
        .country
        .as_ref()
        .map(|country| country.two_letter_iso_code.as_str());
    let state = place
        .state
        .as_ref()
        .map(|state| state.abbreviation.as_str());
    let same = |wanted: &Option<String>, own: Option<&str>| {
        wanted
            .as_deref()
            .is_none_or(|wanted| own.is_some_and(|own| own.eq_ignore_ascii_case(wanted)))
    };
    let within = |bound: &Option<String>, fits: fn(&str, &str) -> bool| {
        bound
            .as_deref()
            .is_none_or(|bound| fits(&postcode(&place.zip_postal_code, bound), bound))
    };
    country == Some(rule.country.as_str())
        && same(&rule.state, state)
        && same(&rule.county, place.county.as_deref())
        && within(&rule.postcode_from, |own, from| own >= from)
        && within(&rule.postcode_to, |own, to| own <= to)
}

/// A postcode as far as a bound of it is written.
fn postcode(own: &str, bound: &str) -> String {
    own.trim().chars().take(bound.chars().count()).collect()
}
