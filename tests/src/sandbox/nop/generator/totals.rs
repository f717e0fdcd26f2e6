//! Works out the money of an order in nopCommerce's order of calculation.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::sandbox::nop::model::TaxRate;

/// An amount before tax and the rate in percent it is taxed at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Charge {
    pub(crate) net: Decimal,
    pub(crate) rate: Decimal,
}

impl Charge {
    pub(crate) const NONE: Self = Self {
        net: Decimal::ZERO,
        rate: Decimal::ZERO,
    };

    fn tax(self) -> Decimal {
        cents(percent_of(self.net, self.rate))
    }
}

/// What was bought, before anything is added up.
#[derive(Clone, Debug)]
pub(crate) struct Basket {
    /// The lines, after their own discounts.
    pub(crate) lines: Vec<Charge>,
    /// Priced checkout attributes.
    pub(crate) attributes: Vec<Charge>,
    pub(crate) subtotal_discount: Decimal,
    pub(crate) shipping: Charge,
    pub(crate) fee: Charge,
    /// Whether the shop rounds the subtotal, and not only the total.
    pub(crate) rounds_subtotal: bool,
}

/// The money columns of an order, up to what is still to be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) subtotal_incl: Decimal,
    pub(crate) subtotal_excl: Decimal,
    pub(crate) discount_incl: Decimal,
    pub(crate) discount_excl: Decimal,
    pub(crate) shipping_incl: Decimal,
    pub(crate) shipping_excl: Decimal,
    pub(crate) fee_incl: Decimal,
    pub(crate) fee_excl: Decimal,
    pub(crate) tax_rates: Vec<(Decimal, Decimal)>,
    pub(crate) tax: Decimal,
    /// What is owed before the order discount, gift cards and reward points.
    pub(crate) owed: Decimal,
}

impl Totals {
    pub(crate) fn splits(&self) -> Vec<TaxRate> {
        self.tax_rates
            .iter()
            .map(|&(rate, amount)| TaxRate { rate, amount })
            .collect()
    }
}

/// Rounds to cents, a half away from zero.
pub(crate) fn cents(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// Rounds to the four decimals nopCommerce's columns hold.
pub(crate) fn column(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(4, RoundingStrategy::MidpointAwayFromZero)
}

pub(crate) fn percent_of(value: Decimal, rate: Decimal) -> Decimal {
    value * rate / Decimal::ONE_HUNDRED
}

/// Adds up a basket.
pub(crate) fn add_up(basket: &Basket) -> Totals {
    let goods: Vec<Charge> = basket
        .lines
        .iter()
        .chain(&basket.attributes)
        .copied()
        .collect();
    let shown = |sum: Decimal| {
        if basket.rounds_subtotal {
            cents(sum)
        } else {
            sum
        }
    };
    let subtotal_excl = shown(goods.iter().map(|charge| charge.net).sum());
    let gross = |charge: &Charge| column(charge.net + percent_of(charge.net, charge.rate));
    let subtotal_incl = shown(goods.iter().map(gross).sum());
    let discount_excl = cents(basket.subtotal_discount).min(subtotal_excl);
    let (goods_tax, discount_tax) = tax_of_goods(&goods, subtotal_excl, discount_excl);
    let mut buckets: BTreeMap<Decimal, Decimal> = goods_tax
        .into_iter()
        .map(|(rate, tax)| (rate, cents(tax)))
        .collect();
    for charge in [basket.shipping, basket.fee] {
        *buckets.entry(charge.rate.normalize()).or_default() += charge.tax();
    }
    let tax_rates: Vec<_> = buckets
        .into_iter()
        .filter(|(_, tax)| !tax.is_zero())
        .collect();
    let tax: Decimal = tax_rates.iter().map(|&(_, amount)| amount).sum();
    let owed = subtotal_excl - discount_excl + basket.shipping.net + basket.fee.net + tax;
    Totals {
        subtotal_incl,
        subtotal_excl,
        discount_incl: cents(discount_excl + discount_tax),
        discount_excl,
        shipping_incl: basket.shipping.net + basket.shipping.tax(),
        shipping_excl: basket.shipping.net,
        fee_incl: basket.fee.net + basket.fee.tax(),
        fee_excl: basket.fee.net,
        tax_rates,
        tax,
        owed: cents(owed),
    }
}

/// Taxes the goods rate by rate, each cut by its part of the discount, and says what tax that saved.
fn tax_of_goods(
    goods: &[Charge],
    subtotal: Decimal,
    discount: Decimal,
) -> (BTreeMap<Decimal, Decimal>, Decimal) {
    let mut net: BTreeMap<Decimal, Decimal> = BTreeMap::new();
    for charge in goods {
        *net.entry(charge.rate.normalize()).or_default() += charge.net;
    }
    let mut saved = Decimal::ZERO;
    let taxes = net
        .into_iter()
        .map(|(rate, net)| {
            let part = if subtotal.is_zero() {
                subtotal
            } else {
                discount * net / subtotal
            };
            saved += percent_of(part, rate);
            (rate, percent_of(net - part, rate))
        })
        .collect();
    (taxes, saved)
}

#[cfg(test)]
mod tests {
    use super::{Basket, Charge, add_up};
    use rust_decimal::Decimal;

    fn charge(net: &str, rate: &str) -> Charge {
        Charge {
            net: decimal(net),
            rate: decimal(rate),
        }
    }

    fn decimal(text: &str) -> Decimal {
        text.parse().expect("a number")
    }

    #[test]
    fn two_rates_a_discount_and_shipping_add_up() {
        let totals = add_up(&Basket {
            lines: vec![charge("100", "20"), charge("48", "5.0"), charge("50", "0")],
            attributes: vec![],
            subtotal_discount: decimal("19.80"),
            shipping: charge("10", "20"),
            fee: Charge::NONE,
            rounds_subtotal: false,
        });
        assert_eq!(totals.subtotal_excl, decimal("198"));
        assert_eq!(totals.subtotal_incl, decimal("220.40"));
        let expected = [
            (decimal("5"), decimal("2.16")),
            (decimal("20"), decimal("20")),
        ];
        assert_eq!(totals.tax_rates, expected);
        assert_eq!(totals.tax, decimal("22.16"));
        assert_eq!(totals.discount_incl, decimal("22.04"));
        assert_eq!(totals.owed, decimal("210.36"));
    }

    #[test]
    fn four_decimal_lines_are_kept_and_only_the_total_is_rounded() {
        let totals = add_up(&Basket {
            lines: vec![charge("152.0811", "8.25")],
            attributes: vec![charge("10", "8.25")],
            subtotal_discount: Decimal::ZERO,
            shipping: Charge::NONE,
            fee: charge("3.50", "0"),
            rounds_subtotal: false,
        });
        assert_eq!(totals.subtotal_excl, decimal("162.0811"));
        assert_eq!(totals.tax, decimal("13.37"));
        assert_eq!(totals.owed, decimal("178.95"));
    }
}
