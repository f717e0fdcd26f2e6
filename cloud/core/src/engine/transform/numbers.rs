//! Transforms of amounts and quantities.

use iso_currency::Currency;
use rust_decimal::{Decimal, RoundingStrategy};

use super::parameters::{Parameter, ParameterKind};
use super::{Call, Entry, Example, Group, Kind, Value, Wrong, number_of, shortened, text_of};
use crate::engine::rounding;

/// What may stand between groups of digits besides the separator named.
const BLANKS: [char; 5] = [' ', '\u{a0}', '\u{202f}', '\u{2009}', '\''];

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        name: "number",
        group: Group::Numbers,
        title: "Read a number",
        says: "Reads a number written for people: `1.234,50 €` with a decimal comma is 1234.50.",
        takes: Kind::Text,
        gives: Kind::Number,
        parameters: &[Parameter {
            name: "decimal",
            kind: ParameterKind::Choice(&[".", ","]),
            default: Some(r#"".""#),
            says: "What stands before the decimals; the other of `.` and `,` may group digits.",
        }],
        longest: None,
        examples: &[
            Example {
                written: r#"{"number": ","}"#,
                from: r#""1.234,50 €""#,
                gives: Ok("1234.50"),
            },
            Example {
                written: r#""number""#,
                from: r#""$ -1,234.5""#,
                gives: Ok("-1234.5"),
            },
            Example {
                written: r#""number""#,
                from: r#""two""#,
                gives: Err("not_a_number"),
            },
        ],
        run: |call, value| read(call, &text_of(value)).map(Value::Number),
    },
    Entry {
        name: "round",
        group: Group::Numbers,
        title: "Round",
        says: "Rounds to so many decimals and shows exactly so many.",
        takes: Kind::Number,
        gives: Kind::Number,
        parameters: &[DECIMALS, MODE],
        longest: None,
        examples: &[
            Example {
                written: r#"{"round": 2}"#,
                from: "1.005",
                gives: Ok("1.01"),
            },
            Example {
                written: r#"{"round": {"decimals": 2, "mode": "half_even"}}"#,
                from: "1.005",
                gives: Ok("1.00"),
            },
            Example {
                written: r#"{"round": {"decimals": 0, "mode": "up"}}"#,
                from: "-2.1",
                gives: Ok("-3"),
            },
        ],
        run: |call, value| {
            let decimals = u32::try_from(call.arguments.count("decimals")).unwrap_or_default();
            Ok(Value::Number(rounded(call, number_of(&value), decimals)))
        },
    },
    Entry {
        name: "round_to_currency",
        group: Group::Numbers,
        title: "Round to a currency",
        says: "Rounds to the decimals of a currency of ISO 4217: two for USD, none for JPY, three \
               for KWD.",
        takes: Kind::Number,
        gives: Kind::Number,
        parameters: &[
            Parameter {
                name: "currency",
                kind: ParameterKind::Text,
                default: None,
                says: "The currency's three letters.",
            },
            MODE,
        ],
        longest: None,
        examples: &[
            Example {
                written: r#"{"round_to_currency": "JPY"}"#,
                from: "1234.5",
                gives: Ok("1235"),
            },
            Example {
                written: r#"{"round_to_currency": "KWD"}"#,
                from: "1.23456",
                gives: Ok("1.235"),
            },
            Example {
                written: r#"{"round_to_currency": "US$"}"#,
                from: "1",
                gives: Err("unknown_currency"),
            },
        ],
        run: |call, value| {
            let decimals = decimals_of(call.arguments.text("currency"))?;
            Ok(Value::Number(rounded(call, number_of(&value), decimals)))
        },
    },
    Entry {
        name: "scale",
        group: Group::Numbers,
        title: "Multiply",
        says: "Multiplies by a number: 0.01 makes cents whole, 0.45359237 pounds kilograms.",
        takes: Kind::Number,
        gives: Kind::Number,
        parameters: &[Parameter {
            name: "by",
            kind: ParameterKind::Number,
            default: None,
            says: "The factor.",
        }],
        longest: None,
        examples: &[Example {
            written: r#"{"scale": 0.01}"#,
            from: "1999",
            gives: Ok("19.99"),
        }],
        run: |call, value| {
            let product = number_of(&value).checked_mul(call.arguments.number("by"));
            product.map(Value::Number).ok_or_else(too_large)
        },
    },
    Entry {
        name: "divide",
        group: Group::Numbers,
        title: "Divide",
        says: "Divides by a number, exact to 28 digits.",
        takes: Kind::Number,
        gives: Kind::Number,
        parameters: &[Parameter {
            name: "by",
            kind: ParameterKind::Number,
            default: None,
            says: "The divisor.",
        }],
        longest: None,
        examples: &[
            Example {
                written: r#"{"divide": 4}"#,
                from: "10",
                gives: Ok("2.5"),
            },
            Example {
                written: r#"{"divide": 0}"#,
                from: "10",
                gives: Err("divided_by_zero"),
            },
        ],
        run: |call, value| divide(call, number_of(&value)).map(Value::Number),
    },
    Entry {
        name: "absolute",
        group: Group::Numbers,
        title: "Without its sign",
        says: "Gives a number without its sign, as GP wants the amounts of credits.",
        takes: Kind::Number,
        gives: Kind::Number,
        parameters: &[],
        longest: None,
        examples: &[Example {
            written: r#""absolute""#,
            from: "-12.50",
            gives: Ok("12.50"),
        }],
        run: |_, value| Ok(Value::Number(number_of(&value).abs())),
    },
    Entry {
        name: "negate",
        group: Group::Numbers,
        title: "With the other sign",
        says: "Gives a number with the other sign.",
        takes: Kind::Number,
        gives: Kind::Number,
        parameters: &[],
        longest: None,
        examples: &[
            Example {
                written: r#""negate""#,
                from: "12.50",
                gives: Ok("-12.50"),
            },
            Example {
                written: r#""negate""#,
                from: "0.00",
                gives: Ok("0.00"),
            },
        ],
        run: |_, value| {
            let number = number_of(&value);
            Ok(Value::Number(if number.is_zero() {
                number
            } else {
                -number
            }))
        },
    },
];

const DECIMALS: Parameter = Parameter {
    name: "decimals",
    kind: ParameterKind::Count(10),
    default: None,
    says: "How many decimals.",
};

const MODE: Parameter = Parameter {
    name: "mode",
    kind: ParameterKind::Choice(&["half_up", "half_even", "up", "down"]),
    default: Some(r#""half_up""#),
    says: "half_up: halves away from zero, as invoices do. half_even: halves to the even \
           neighbour. up: away from zero. down: towards zero.",
};

fn rounded(call: &Call<'_>, number: Decimal, decimals: u32) -> Decimal {
    let strategy = match call.arguments.text("mode") {
        "half_even" => RoundingStrategy::MidpointNearestEven,
        "up" => RoundingStrategy::AwayFromZero,
        "down" => RoundingStrategy::ToZero,
        _ => RoundingStrategy::MidpointAwayFromZero,
    };
    rounding::rounded(number, decimals, strategy)
}

/// Gives the decimals of a currency's minor unit.
pub(super) fn decimals_of(code: &str) -> Result<u32, Wrong> {
    let currency = Currency::from_code(&code.trim().to_uppercase()).ok_or_else(|| {
        Wrong::new(
            "unknown_currency",
            format!("\"{}\" is not a currency of ISO 4217", shortened(code)),
            "Use three letters such as USD.",
        )
    })?;
    // Metals and funds have no minor unit; they are kept as exact as GP keeps amounts.
    Ok(currency.exponent().map_or(5, u32::from))
}

fn divide(call: &Call<'_>, number: Decimal) -> Result<Decimal, Wrong> {
    let by = call.arguments.number("by");
    if by.is_zero() {
        return Err(Wrong::new(
            "divided_by_zero",
            format!("{number} cannot be divided by zero"),
            "Correct the divisor in the mapping.",
        ));
    }
    let quotient = number.checked_div(by).ok_or_else(too_large)?;
    Ok(quotient.normalize())
}

fn too_large() -> Wrong {
    Wrong::new(
        "too_large",
        "the number becomes too large",
        "Correct the value or the mapping.",
    )
}

/// Reads a number written for people; signs of currencies around it do not count.
fn read(call: &Call<'_>, text: &str) -> Result<Decimal, Wrong> {
    let decimal = call.arguments.text("decimal");
    let grouping = if decimal == "," { '.' } else { ',' };
    let counts = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | ',' | '\u{2212}');
    let inner = text.trim_matches(|c: char| !counts(c));
    let plain: String = inner
        .chars()
        .filter(|c| *c != grouping && !BLANKS.contains(c))
        .map(|c| match c {
            ',' => '.',
            '\u{2212}' => '-',
            other => other,
        })
        .collect();
    let number = Decimal::from_str_exact(plain.trim_end_matches('.'));
    match number {
        Ok(number) if !plain.is_empty() => Ok(number),
        Ok(_) | Err(_) => Err(Wrong::new(
            "not_a_number",
            format!("\"{}\" is not a number", shortened(text)),
            "Correct the value, or the decimal sign in the mapping.",
        )),
    }
}
