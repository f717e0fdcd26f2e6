//! Error codes of the sandbox's procedures and the rows of taErrorCode behind them.
//!
//! Codes below 10,000 are eConnect's own, known from public sources. Codes of 90,000 and more are the
//! sandbox's: the real numbers are published nowhere.

use super::signature::Signature;

/// One row of taErrorCode.
#[derive(Debug, Clone, Copy)]
pub struct Code {
    pub code: i32,
    pub procedure: &'static str,
    pub text: &'static str,
    pub keys: &'static str,
    pub parameters: &'static str,
}

/// No setup row to take a number from.
pub const NUMBER_SETUP: i64 = 90_001;

macro_rules! codes {
    ($($name:ident = $code:literal, $procedure:literal, $keys:literal, $parameters:literal, $text:literal;)*) => {
        $(#[doc = $text] pub const $name: i32 = $code;)*
        /// Every code with its text.
        pub static ALL: &[$crate::sandbox::gp::procedures::codes::Code] = &[$($crate::sandbox::gp::procedures::codes::Code {
            code: $code, procedure: $procedure, text: $text, keys: $keys, parameters: $parameters,
        }),*];
    };
}

pub(super) use codes;

/// Every code of every family with its text.
pub fn all() -> impl Iterator<Item = &'static Code> {
    super::FAMILIES.into_iter().flat_map(|family| family.codes)
}

/// Codes of single elements begin at a million for each family and a thousand for each procedure.
fn element(base: usize, signature: &Signature, element: &str) -> i32 {
    let place = super::FAMILIES.iter().enumerate().find_map(|(family, of)| {
        let mut names = of.nodes.iter().map(|(name, _)| *name);
        let procedure = names.position(|name| name == signature.name)?;
        Some(((family + 1) * 1000 + procedure) * 1000)
    });
    let position = signature
        .parameters
        .iter()
        .position(|each| each.element == element)
        .unwrap_or_default();
    i32::try_from(place.unwrap_or_default() + base + position).unwrap_or_default()
}

/// The code of a required element that is missing, empty or NULL.
pub fn missing(signature: &Signature, name: &str) -> i32 {
    element(0, signature, name)
}

/// The code of an element longer than the parameter.
pub fn too_long(signature: &Signature, name: &str) -> i32 {
    element(500, signature, name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::all;

    #[test]
    fn every_code_is_used_once() {
        let codes: HashSet<i32> = all().map(|code| code.code).collect();
        assert_eq!(codes.len(), all().count());
    }
}
