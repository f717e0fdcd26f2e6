//! Every example of the catalogue comes out as it says, and nothing odd breaks a transform.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{Compiled, Entry, Kind, Notes, Transform, Value, Wrong, entries};
use crate::engine::expression::Facts;
use crate::engine::problem::Problems;

fn compiled(written: &str) -> Compiled {
    let transform: Transform = serde_json::from_str(written).unwrap();
    let mut problems = Problems::default();
    let compiled = Compiled::compile(&transform, "here", &["given".to_owned()], &mut problems);
    problems.finish(compiled).unwrap()
}

fn refused(written: &str) -> Vec<String> {
    let transform: Transform = serde_json::from_str(written).unwrap();
    let mut problems = Problems::default();
    let compiled = Compiled::compile(&transform, "here", &[], &mut problems);
    let problems = problems.finish(compiled).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

fn applied(written: &str, from: Value) -> (Result<Value, Wrong>, Notes) {
    let mut notes = Notes::default();
    let transforms = [compiled(written)];
    let made = super::apply(&transforms, from, &mut Facts::default(), &mut notes);
    (made, notes)
}

#[test]
fn every_example_comes_out_as_it_says() {
    let mut names = BTreeSet::new();
    for entry in entries() {
        assert!(names.insert(entry.name), "{} is there twice", entry.name);
        assert!(!entry.examples.is_empty(), "{}", entry.name);
        assert!(entry.says.ends_with('.'), "{}", entry.name);
        for example in entry.examples {
            let written: Transform = serde_json::from_str(example.written).unwrap();
            assert_eq!(written.name, entry.name);
            let from = Value::from_json(example.from).unwrap();
            let (made, _) = applied(example.written, from);
            let said = format!("{} of {}", example.written, example.from);
            match example.gives {
                // Numbers are compared with their scale.
                Ok(json) => {
                    let wanted = Value::from_json(json).unwrap();
                    assert_eq!(
                        made.map(|value| value.to_json()),
                        Ok(wanted.to_json()),
                        "{said}"
                    );
                }
                Err(code) => assert_eq!(made.map_err(|wrong| wrong.code), Err(code), "{said}"),
            }
        }
    }
}

#[test]
fn a_transform_is_written_as_it_was_read() {
    for entry in entries() {
        for example in entry.examples {
            let written: Transform = serde_json::from_str(example.written).unwrap();
            let again = serde_json::to_string(&written).unwrap();
            assert_eq!(serde_json::from_str::<Transform>(&again).unwrap(), written);
        }
    }
    for wrong in ["1", "null", "[]", "{}", r#"{"trim": 1, "upper": 1}"#] {
        serde_json::from_str::<Transform>(wrong).unwrap_err();
    }
}

#[test]
fn every_default_is_one_its_parameter_takes() {
    for entry in entries() {
        for parameter in entry.parameters {
            if let Some(default) = parameter.default {
                let value = Value::from_json(default).unwrap();
                parameter.kind.check(&value).unwrap();
            }
        }
        if let Some(longest) = entry.longest {
            assert!(entry.parameters.iter().any(|known| known.name == longest));
        }
    }
}

#[test]
fn what_is_wrong_is_told_while_it_is_edited() {
    for (written, told) in [
        (r#""shout""#, "here.shout: there is no transform `shout`"),
        (r#"{"trim": 3}"#, "here.trim: takes no parameters"),
        (r#""truncate""#, "here.truncate.length: must be said"),
        (
            r#"{"truncate": -1}"#,
            "here.truncate.length: must be a whole number from 0 to 10000, not -1",
        ),
        (
            r#"{"truncate": 2.5}"#,
            "here.truncate.length: must be a whole number from 0 to 10000, not 2.5",
        ),
        (
            r#"{"pad": {"length": 3, "side": "top"}}"#,
            "here.pad.side: must be one of left, right, not \"top\"",
        ),
        (
            r#"{"pad": {"length": 3, "fill": "0"}}"#,
            "here.pad: has no parameter `fill`",
        ),
        (
            r#"{"local_date": "Mars"}"#,
            "here.local_date.zone: must be a time zone such as America/Chicago, not \"Mars\"",
        ),
        (
            r#"{"truncate": {"formula": "len("}}"#,
            "here.truncate.length: ",
        ),
        (
            r#"{"truncate": {"formula": "other"}}"#,
            "here.truncate.length: ",
        ),
        (
            r#"{"pattern": "("}"#,
            "here.pattern.pattern: is not a regular expression",
        ),
        (
            r#"{"pattern": {"formula": "1"}}"#,
            "here.pattern.pattern: must be a regular expression, not {\"formula\":\"1\"}",
        ),
        (
            r#"{"attribute": {"attribute": "1", "names": {"1": 2}}}"#,
            "here.attribute.names: must be a group of texts",
        ),
    ] {
        let problems = refused(written);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(
            problems[0].starts_with(told),
            "{} is not {told}",
            problems[0]
        );
    }
}

#[test]
fn arguments_may_be_formulas() {
    let transforms = [compiled(r#"{"truncate": {"formula": "given.width"}}"#)];
    let run = |width: &str| {
        let mut facts = Facts::default();
        facts.set(
            "given",
            Value::from_json(&format!(r#"{{"width": {width}}}"#)).unwrap(),
        );
        let mut notes = Notes::default();
        let made = super::apply(&transforms, Value::from("abcdef"), &mut facts, &mut notes);
        made.map_err(|wrong| wrong.message)
    };
    assert_eq!(run("3"), Ok(Value::from("abc")));
    assert_eq!(
        run("\"x\"").unwrap_err(),
        "length of truncate: must be a whole number from 0 to 10000, not \"x\""
    );
    assert_eq!(
        run("null").unwrap_err(),
        "length of truncate: must be a whole number from 0 to 10000, not null"
    );
}

#[test]
fn only_real_changes_are_told_and_losses_warned_of() {
    let mut notes = Notes::default();
    let transforms = [
        compiled(r#""trim""#),
        compiled(r#""cp1252""#),
        compiled(r#"{"truncate": 6}"#),
        compiled(r#""upper""#),
        compiled(r#""upper""#),
    ];
    let from = Value::from("  Łódź \t Street ");
    let made = super::apply(&transforms, from, &mut Facts::default(), &mut notes);
    assert_eq!(made, Ok(Value::from("LÓDZ S")));
    assert_eq!(
        notes.steps,
        [
            "trim: \"  Łódź \t Street \" became \"Łódź Street\"",
            "cp1252: \"Łódź Street\" became \"Lódz Street\"",
            "truncate 6: \"Lódz Street\" became \"Lódz S\"",
            "upper: \"Lódz S\" became \"LÓDZ S\"",
        ]
    );
    let warnings: Vec<_> = notes
        .warnings
        .iter()
        .map(|warned| &warned.message)
        .collect();
    assert_eq!(warnings, ["\"Lódz Street\" was cut to 6 characters"]);
    // Nothing is lost with blanks.
    let (made, notes) = applied(r#"{"truncate": 3}"#, Value::from("abc  "));
    assert_eq!((made, notes.warnings), (Ok(Value::from("abc")), Vec::new()));
}

#[test]
fn nothing_stays_nothing() {
    for entry in entries() {
        for blank in [Value::Null, Value::from(""), Value::from(" \t")] {
            let (made, notes) = applied(entry.examples[0].written, blank.clone());
            assert_eq!(made, Ok(blank), "{}", entry.name);
            assert_eq!(notes, Notes::default());
        }
    }
}

/// What shops and spammers type.
fn odd() -> Vec<Value> {
    let mut odd: Vec<Value> = [
        "\0",
        "a\0b",
        "👩‍👩‍👧‍👦 family 🇺🇸",
        "שלום עולם 123",
        "\u{202e}abc\u{202c}",
        "e\u{301}\u{301}\u{301}",
        "<a><b></a>",
        "<!-- ",
        "&#xD800;&#0;&bogus;",
        "]]>",
        "<Attributes ID=",
        "<x xmlns:a='b'><a:y ID='1'/></x>",
        "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"&b;&b;\">]><a>&b;</a>",
        "99999999999999999999999999999999999999",
        "-0.00",
        "1e5",
        ".",
        ",",
        "+",
        "+1",
        "++",
        "tel:+1-201-555-0123;ext=12345678901",
        "0000-00-00",
        "9999-12-31",
        "-9999-01-01T00:00:00Z",
        "Suite",
        "1 Suite Suite Suite",
        "N",
        "North North",
        ", ,",
        "@",
        "a@b.",
        "ß",
        "İI",
    ]
    .into_iter()
    .map(Value::from)
    .collect();
    odd.push(Value::from("<p>x &amp; y, 1.5</p> ".repeat(5_000)));
    odd.push(Value::from("(".repeat(100_000)));
    odd.push(Value::from("<a>".repeat(100_000)));
    odd.push(Value::Bool(true));
    odd.push(Value::Number(rust_decimal::Decimal::MAX));
    odd.push(Value::Number(rust_decimal::Decimal::MIN));
    odd.push(Value::from(vec![Value::Null, Value::from("a")]));
    odd.push(Value::map([("a", Value::from(1))]));
    odd
}

/// A transform gives a value of the kind it names, or says why not.
fn holds(entry: &Entry, made: Result<Value, Wrong>) {
    match made {
        Ok(value) if super::is_blank(&value) => {}
        Ok(value) => match entry.gives {
            Kind::Text | Kind::Date | Kind::Instant => {
                assert!(
                    value.as_text().is_some(),
                    "{} gave {}",
                    entry.name,
                    value.kind()
                );
            }
            Kind::Number => assert!(value.as_number().is_some(), "{}", entry.name),
            Kind::List => assert!(value.as_list().is_some(), "{}", entry.name),
            Kind::Group => assert!(value.as_map().is_some(), "{}", entry.name),
        },
        Err(wrong) => {
            assert!(
                !wrong.message.is_empty() && wrong.message.len() < 1_000,
                "{wrong:?}"
            );
            assert!(!wrong.repair.is_empty());
        }
    }
}

#[test]
fn nothing_odd_breaks_a_transform() {
    for value in odd() {
        for entry in entries() {
            for example in entry.examples {
                let (made, notes) = applied(example.written, value.clone());
                holds(entry, made);
                let longest = notes
                    .steps
                    .iter()
                    .map(String::len)
                    .max()
                    .unwrap_or_default();
                assert!(longest < 4_000, "{}", entry.name);
            }
        }
    }
}

#[test]
fn ten_megabytes_are_taken_or_refused() {
    let long = Value::from("<p>x &amp; y, 1.5</p> ".repeat(500_000));
    for entry in entries() {
        let (made, notes) = applied(entry.examples[0].written, long.clone());
        holds(entry, made);
        let longest = notes
            .steps
            .iter()
            .map(String::len)
            .max()
            .unwrap_or_default();
        assert!(longest < 4_000, "{}", entry.name);
    }
}

#[test]
fn what_would_grow_beyond_bounds_is_refused() {
    let long = Value::from("a".repeat(10_000_000));
    for written in [
        r#"{"replace": {"find": "a", "with": "0123456789"}}"#,
        r#"{"replace_pattern": {"pattern": "a", "with": "0123456789"}}"#,
    ] {
        let (made, _) = applied(written, long.clone());
        assert_eq!(made.map_err(|wrong| wrong.code), Err("too_long"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_breaks_a_transform(text in "\\PC{0,40}|[0-9+() .x-]{0,24}|[<>&;a-zA-Z/=\"' ]{0,60}") {
        for entry in entries() {
            let (made, _) = applied(entry.examples[0].written, Value::from(text.as_str()));
            holds(entry, made);
        }
    }

    #[test]
    fn a_guid_comes_back(bytes in any::<[u8; 16]>()) {
        let guid = Value::from(uuid::Uuid::from_bytes(bytes).to_string());
        let (short, _) = applied(r#""guid_to_20""#, guid.clone());
        let short = short.unwrap();
        prop_assert_eq!(short.as_text().unwrap().len(), 20);
        prop_assert_eq!(applied(r#""guid_from_20""#, short).0, Ok(guid));
    }

    #[test]
    fn halves_go_where_the_mode_says(whole in -1_000_000_i64..1_000_000) {
        let number = rust_decimal::Decimal::new(whole * 10 + 5 * whole.signum(), 1);
        let (up, _) = applied(r#"{"round": 0}"#, Value::Number(number));
        let (even, _) = applied(
            r#"{"round": {"decimals": 0, "mode": "half_even"}}"#,
            Value::Number(number),
        );
        let away = whole + whole.signum();
        prop_assert_eq!(up, Ok(Value::from(away)));
        prop_assert_eq!(even, Ok(Value::from(if whole % 2 == 0 { whole } else { away })));
    }
}

#[test]
fn the_trace_tells_rate_and_source() {
    let rates = r#"[{"from": "EUR", "to": "USD", "rate": 1.25, "date": "2026-03-01", "source": "GP"},
        {"from": "USD", "to": "EUR", "rate": 2, "date": "2026-03-01"},
        {"from": "EUR", "to": "USD", "rate": 0, "date": "2026-03-02"}]"#;
    let written = |to: &str, from: &str| {
        format!(r#"{{"convert_currency": {{"to": "{to}", "from": "{from}", "rates": {rates}}}}}"#)
    };
    let (made, notes) = applied(&written("USD", "eur"), Value::from("10"));
    assert_eq!(made.map(|value| value.to_json()), Ok("12.50".to_owned()));
    assert_eq!(notes.steps[0], "1 EUR is 1.25 USD of 2026-03-01 by GP");
    let (made, notes) = applied(&written("EUR", "USD"), Value::from("10"));
    assert_eq!(made.map(|value| value.to_json()), Ok("20.00".to_owned()));
    assert_eq!(notes.steps[0], "1 USD is 2 EUR of 2026-03-01");
    let (made, _) = applied(&written("GBP", "USD"), Value::from("10"));
    let wrong = made.unwrap_err();
    assert_eq!(wrong.message, "there is no rate from USD to GBP");
}
