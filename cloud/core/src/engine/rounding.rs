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
    rounded(number, decimals, RoundingStrategy::MidpointAwayFromZero)
}
