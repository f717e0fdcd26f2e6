//! The lines of the document, with what rounding leaves put where the profile says.

use rust_decimal::Decimal;

use super::{Refusal, round};
use crate::judge::profile::Profile;
use crate::judge::shop::Order;

/// A line GP must hold.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) item: String,
    pub(crate) quantity: Decimal,
    pub(crate) unit: Decimal,
    pub(crate) extended: Decimal,
}

/// Returns lines that make up the goods' amount, and what of the rounding goes beside them.
pub(super) fn lines(
    order: &Order,
    profile: &Profile,
    goods: Decimal,
    decimals: u32,
) -> Result<(Vec<Line>, Decimal), Refusal> {
    let mut lines = Vec::new();
    for item in &order.items {
        let sku = item.sku.as_ref().filter(|sku| !sku.is_empty());
        lines.push(Line {
            item: sku.ok_or("a line has no SKU")?.clone(),
            quantity: Decimal::from(item.quantity),
            unit: Decimal::ZERO,
            extended: round(item.price_excl_tax, decimals),
        });
    }
    let sum: Decimal = lines.iter().map(|line| line.extended).sum();
    let left = goods - sum;
    let limit = Decimal::new(profile.rounding.limit_cents, decimals);
    if left.abs() > limit {
        return Err(format!("rounding leaves {left}"));
    }
    let mut misc = Decimal::ZERO;
    match profile.rounding.leftover.as_str() {
        _ if left.is_zero() => {}
        "largest_line" => add_to_largest(&mut lines, left),
        "misc" => misc = left,
        _ => return Err(format!("rounding leaves {left}")),
    }
    for line in &mut lines {
        line.unit = round(line.extended / line.quantity, decimals);
    }
    Ok((lines, misc))
}

/// Of lines of the same size the first one takes it.
fn add_to_largest(lines: &mut [Line], left: Decimal) {
    let largest = lines.iter().map(|line| line.extended).max();
    if let Some(line) = lines.iter_mut().find(|line| Some(line.extended) == largest) {
        line.extended += left;
    }
}
