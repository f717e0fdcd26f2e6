//! Rounding amounts.

use rust_decimal::{Decimal, RoundingStrategy};

/// Rounds and shows exactly so many decimals; there is no minus nought in a ledger.
pub(super) fn rounded(number: Decimal, decimals: u32, strategy: RoundingStrategy) -> Decimal {
    let mut rounded = number.round_dp_with_strategy(decimals, strategy);
    rounded.rescale(decimals);
    if rounded.is_zero() {
        rounded.set_sign_positive(true);
    }
    rounded
}

/// The same, halves away from zero, as invoices do.
pub(super) fn half_up(number: Decimal, decimals: u32) -> Decimal {
    short_half_up(number, decimals)
        .unwrap_or_else(|| rounded(number, decimals, RoundingStrategy::MidpointAwayFromZero))
}

/// Rounds an amount of up to 18 digits, as nearly all are: whole numbers take less time.
fn short_half_up(number: Decimal, decimals: u32) -> Option<Decimal> {
    let digits = i64::try_from(number.mantissa()).ok()?;
    let scale = number.scale();
    let ten = |power: u32| 10_i64.checked_pow(power);
    let digits = if scale <= decimals {
        digits.checked_mul(ten(decimals - scale)?)?
    } else {
        let divisor = ten(scale - decimals)?;
        let (whole, rest) = (digits / divisor, digits % divisor);
        let away = rest.unsigned_abs() >= divisor.unsigned_abs() / 2;
        whole + if away { rest.signum() } else { 0 }
    };
    Some(Decimal::new(digits, decimals))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 20_000,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn short_amounts_are_rounded_as_long_ones(
            digits in any::<i64>(),
            places in 0_u32..19,
            scale in 0_u32..28,
            decimals in 0_u32..11,
        ) {
            // Every number of digits is as likely, and halves come too.
            for digits in [digits / 10_i64.pow(places), digits / 10_i64.pow(places) / 10 * 10 + 5] {
                let number = Decimal::new(digits, scale);
                let strategy = RoundingStrategy::MidpointAwayFromZero;
                let wanted = rounded(number, decimals, strategy).to_string();
                prop_assert_eq!(half_up(number, decimals).to_string(), wanted);
            }
        }
    }
}
