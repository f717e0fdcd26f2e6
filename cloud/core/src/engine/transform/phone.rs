//! Transforms of telephone numbers.

use phonenumber::country::Id;
use phonenumber::{Mode, PhoneNumber};

use super::parameters::{Parameter, ParameterKind};
use super::places::find;
use super::{Call, Entry, Example, Group, Kind, Value, Wrong, refuse, text_of};

/// The longest text that can be a number with an extension.
const LONGEST: usize = 60;
/// Characters of GP's phone fields.
const WIDTH: usize = 21;
/// Digits of an extension in GP's layout of numbers.
const EXTENSION: usize = 4;

pub(super) static ENTRIES: &[Entry] = &[Entry {
    name: "phone",
    group: Group::People,
    title: "Write a telephone number",
    says: "Writes a telephone number, typed in any way, in one of these ways. GP shows its 14 \
           digits as (701) 555-0100 Ext. 0042: ten of the number, four of the extension; a number \
           from elsewhere is its country code and digits, with the extension behind it.",
    takes: Kind::Text,
    gives: Kind::Text,
    parameters: &[
        Parameter {
            name: "to",
            kind: ParameterKind::Choice(&["gp", "e164", "national"]),
            default: Some(r#""gp""#),
            says: "How: 70155501000042, +17015550100, (701) 555-0100.",
        },
        Parameter {
            name: "country",
            kind: ParameterKind::Text,
            default: Some(r#""US""#),
            says: "The country of a number without a country code.",
        },
        Parameter {
            name: "otherwise",
            kind: ParameterKind::Choice(&["keep", "error"]),
            default: Some(r#""keep""#),
            says: "What becomes of what is no number: keep leaves it as it is and warns, error \
                   refuses it.",
        },
    ],
    longest: None,
    examples: &[
        Example {
            written: r#""phone""#,
            from: r#""+1 (701) 555-0100 ext. 42""#,
            gives: Ok(r#""70155501000042""#),
        },
        Example {
            written: r#""phone""#,
            from: r#""701-555-0100""#,
            gives: Ok(r#""70155501000000""#),
        },
        Example {
            written: r#"{"phone": {"to": "gp", "country": "DE"}}"#,
            from: r#""030 901820""#,
            gives: Ok(r#""4930901820""#),
        },
        Example {
            written: r#"{"phone": {"to": "e164", "country": "GB"}}"#,
            from: r#""020 7946 0018""#,
            gives: Ok(r#""+442079460018""#),
        },
        Example {
            written: r#"{"phone": "national"}"#,
            from: r#""7015550100""#,
            gives: Ok(r#""(701) 555-0100""#),
        },
        Example {
            written: r#"{"phone": {"otherwise": "error"}}"#,
            from: r#""call me""#,
            gives: Err("not_a_phone"),
        },
    ],
    run: |call, value| phone(call, text_of(value)),
}];

fn phone(call: &mut Call<'_>, text: String) -> Result<Value, Wrong> {
    let home: Option<Id> =
        find(call.arguments.text("country")).and_then(|country| country.alpha2.parse().ok());
    let number = read(home, &text);
    let Some(number) = number else {
        return refuse(call, text, "not_a_phone", "is not a telephone number");
    };
    let written = match call.arguments.text("to") {
        "e164" => number.format().mode(Mode::E164).to_string(),
        "national" => number.format().mode(Mode::National).to_string(),
        _ => for_gp(&number),
    };
    if written.chars().count() > WIDTH {
        return refuse(call, text, "not_a_phone", "is longer than GP keeps");
    }
    Ok(Value::Text(written))
}

fn read(home: Option<Id>, text: &str) -> Option<PhoneNumber> {
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    let plain = text.strip_prefix("00").map(|rest| format!("+{rest}"));
    let number = phonenumber::parse(home, plain.as_deref().unwrap_or(text)).ok();
    // What has as many digits as numbers have there; whether it is assigned is not ours to judge.
    let viable = |number: &PhoneNumber| (4..=15).contains(&digits(number).len());
    number.filter(viable)
}

/// The national digits, with the zeros that belong to them.
fn digits(number: &PhoneNumber) -> String {
    number.national().to_string()
}

fn for_gp(number: &PhoneNumber) -> String {
    let extension: String = number
        .extension()
        .map(ToString::to_string)
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    let own = digits(number);
    if number.country().code() == 1 && own.len() == 10 {
        return format!("{own}{extension:0>EXTENSION$}");
    }
    format!("{}{own}{extension}", number.country().code())
}
