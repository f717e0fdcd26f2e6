//! Finds a line's SKU: the picked variant's first, the product's otherwise.

use super::wire::{Combination, Product};
use super::xml::{self, Attributes};

/// The SKU for what was picked; an empty one counts as none.
pub(super) fn resolve(
    product: &Product,
    combinations: &[Combination],
    picked: &Attributes,
) -> Result<Option<String>, String> {
    let variant = if picked.is_empty() {
        None
    } else {
        variant(combinations, picked)?
    };
    Ok(variant
        .and_then(|found| filled(found.sku.as_ref()))
        .or_else(|| filled(product.sku.as_ref())))
}

/// The variant whose attributes were all picked; among several the one that says most, if just one does.
fn variant<'c>(
    combinations: &'c [Combination],
    picked: &Attributes,
) -> Result<Option<&'c Combination>, String> {
    let mut best: Option<(usize, &Combination)> = None;
    let mut tied = false;
    for combination in combinations {
        let wanted = xml::attributes(combination.attributes_xml.as_deref())?;
        // Text boxes and the like never make a variant, so a line may have picked more than one names.
        let fits = !wanted.is_empty()
            && wanted
                .iter()
                .all(|(id, values)| picked.get(id) == Some(values));
        if !fits {
            continue;
        }
        let says = wanted.len();
        match best {
            Some((most, _)) if most > says => {}
            Some((most, _)) if most == says => tied = true,
            Some(_) | None => {
                best = Some((says, combination));
                tied = false;
            }
        }
    }
    Ok(best.filter(|_| !tied).map(|(_, combination)| combination))
}

fn filled(sku: Option<&String>) -> Option<String> {
    sku.map(|sku| sku.trim())
        .filter(|sku| !sku.is_empty())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product() -> Product {
        serde_json::from_str(r#"{"id":27,"name":"Shirt","sku":"TEE"}"#).expect("a product")
    }

    fn combination(pairs: &[(i64, &str)], sku: &str) -> Combination {
        let one = |(id, value): &(i64, &str)| {
            format!(
                "<ProductAttribute ID=\"{id}\"><ProductAttributeValue><Value>{value}</Value>\
                 </ProductAttributeValue></ProductAttribute>"
            )
        };
        let inner = pairs.iter().map(one).collect::<Vec<_>>().concat();
        Combination {
            attributes_xml: Some(format!("<Attributes>{inner}</Attributes>")),
            sku: Some(sku.to_owned()),
        }
    }

    fn picked(pairs: &[(i64, &str)]) -> Attributes {
        pairs
            .iter()
            .map(|(id, value)| (*id, vec![(*value).to_owned()]))
            .collect()
    }

    #[test]
    fn the_variant_wins_whatever_the_order_of_its_attributes() {
        let known = [combination(&[(32, "112"), (31, "102")], "TEE-BLU-L")];
        let line = picked(&[(31, "102"), (32, "112"), (40, "engraved: Pat")]);
        assert_eq!(
            resolve(&product(), &known, &line),
            Ok(Some("TEE-BLU-L".into()))
        );
    }

    #[test]
    fn nothing_fitting_or_two_alike_falls_back_to_the_product() {
        let line = picked(&[(31, "102"), (32, "112")]);
        let other = [combination(&[(31, "999")], "NO")];
        assert_eq!(resolve(&product(), &other, &line), Ok(Some("TEE".into())));
        let alike = [
            combination(&[(31, "102")], "A"),
            combination(&[(32, "112")], "B"),
        ];
        assert_eq!(resolve(&product(), &alike, &line), Ok(Some("TEE".into())));
        let blank = [combination(&[(31, "102")], "  ")];
        assert_eq!(resolve(&product(), &blank, &line), Ok(Some("TEE".into())));
    }

    #[test]
    fn a_fuller_variant_beats_a_part_of_it() {
        let line = picked(&[(31, "102"), (32, "112")]);
        let known = [
            combination(&[(31, "102")], "A"),
            combination(&[(31, "102"), (32, "112")], "AB"),
        ];
        assert_eq!(resolve(&product(), &known, &line), Ok(Some("AB".into())));
    }
}
