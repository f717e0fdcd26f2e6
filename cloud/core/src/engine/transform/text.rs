//! Transforms of characters.

use connect_proto::econnect::value::fits_code_page;

use super::parameters::{Parameter, ParameterKind};
use super::transliterate::to_code_page;
use super::{Call, Entry, Example, Group, Kind, LONGEST, Value, Wrong, shortened, text_of};

const LENGTH: Parameter = Parameter {
    name: "length",
    kind: ParameterKind::Count(10_000),
    default: None,
    says: "How many characters.",
};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        name: "trim",
        group: Group::Text,
        title: "Trim blanks",
        says: "Takes blanks off both ends and makes one of every run of blanks, tabs and line ends.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[],
        longest: None,
        examples: &[Example {
            written: r#""trim""#,
            from: r#""  Main \t Street ""#,
            gives: Ok(r#""Main Street""#),
        }],
        run: |_, value| {
            let text = text_of(value);
            Ok(Value::Text(if is_joined(&text) {
                text
            } else {
                joined(&text)
            }))
        },
    },
    Entry {
        name: "upper",
        group: Group::Text,
        title: "Capitals",
        says: "Writes every letter as a capital.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[],
        longest: None,
        examples: &[Example {
            written: r#""upper""#,
            from: r#""straße 4b""#,
            gives: Ok(r#""STRASSE 4B""#),
        }],
        run: |_, value| Ok(Value::Text(text_of(value).to_uppercase())),
    },
    Entry {
        name: "lower",
        group: Group::Text,
        title: "Small letters",
        says: "Writes every letter small.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[],
        longest: None,
        examples: &[Example {
            written: r#""lower""#,
            from: r#""Anna@Example.COM""#,
            gives: Ok(r#""anna@example.com""#),
        }],
        run: |_, value| Ok(Value::Text(text_of(value).to_lowercase())),
    },
    Entry {
        name: "title",
        group: Group::Text,
        title: "Capital at the beginning of each word",
        says: "Writes the first letter of each word as a capital and the others small.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[],
        longest: None,
        examples: &[Example {
            written: r#""title""#,
            from: r#""ANNA-LENA o'brien""#,
            gives: Ok(r#""Anna-Lena O'Brien""#),
        }],
        run: |_, value| Ok(Value::Text(title(&text_of(value)))),
    },
    Entry {
        name: "pad",
        group: Group::Text,
        title: "Pad to a length",
        says: "Adds a character until the text has the length; a longer text stays as it is.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[
            LENGTH,
            Parameter {
                name: "with",
                kind: ParameterKind::Text,
                default: Some(r#"" ""#),
                says: "The character to add; of a longer text the first.",
            },
            Parameter {
                name: "side",
                kind: ParameterKind::Choice(&["left", "right"]),
                default: Some(r#""left""#),
                says: "Where it is added.",
            },
        ],
        longest: None,
        examples: &[
            Example {
                written: r#"{"pad": {"length": 6, "with": "0"}}"#,
                from: "1042",
                gives: Ok(r#""001042""#),
            },
            Example {
                written: r#"{"pad": {"length": 4, "with": ".", "side": "right"}}"#,
                from: r#""A""#,
                gives: Ok(r#""A...""#),
            },
        ],
        run: |call, value| Ok(Value::Text(pad(call, &text_of(value)))),
    },
    Entry {
        name: "truncate",
        group: Group::Text,
        title: "Cut to a length",
        says: "Cuts a longer text and the blanks then at its end, and warns of what was cut.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[LENGTH],
        longest: Some("length"),
        examples: &[Example {
            written: r#"{"truncate": 11}"#,
            from: r#""Main Street West""#,
            gives: Ok(r#""Main Street""#),
        }],
        run: |call, value| Ok(Value::Text(truncate(call, text_of(value)))),
    },
    Entry {
        name: "last",
        group: Group::Text,
        title: "Keep the end",
        says: "Keeps the last characters of a longer text.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[LENGTH],
        longest: Some("length"),
        examples: &[Example {
            written: r#"{"last": 4}"#,
            from: r#""4111-1234""#,
            gives: Ok(r#""1234""#),
        }],
        run: |call, value| {
            let text = text_of(value);
            let extra = text.chars().count();
            let extra = extra.saturating_sub(call.arguments.count("length"));
            Ok(Value::Text(text.chars().skip(extra).collect()))
        },
    },
    Entry {
        name: "digits",
        group: Group::Text,
        title: "Keep digits",
        says: "Leaves out everything that is not a digit 0 to 9.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[],
        longest: None,
        examples: &[Example {
            written: r#""digits""#,
            from: r#""+1 (701) 555-0100""#,
            gives: Ok(r#""17015550100""#),
        }],
        run: |_, value| {
            let text = text_of(value);
            let kept = text.chars().filter(char::is_ascii_digit);
            Ok(Value::Text(kept.collect()))
        },
    },
    Entry {
        name: "cp1252",
        group: Group::Text,
        title: "Write with the characters GP has",
        says: "Writes characters that code page 1252 does not have with ones it has; what has no \
               such spelling stays, and the check of the document refuses it.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[],
        longest: None,
        examples: &[Example {
            written: r#""cp1252""#,
            from: r#""Łódź, ul. Piękna""#,
            gives: Ok(r#""Lódz, ul. Piekna""#),
        }],
        run: |_, value| {
            let text = text_of(value);
            Ok(Value::Text(match fits_code_page(&text) {
                Ok(()) => text,
                Err(_) => to_code_page(&text),
            }))
        },
    },
    Entry {
        name: "replace",
        group: Group::Text,
        title: "Replace a text",
        says: "Replaces every occurrence of a text by another.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[
            Parameter {
                name: "find",
                kind: ParameterKind::Text,
                default: None,
                says: "The text to find, capitals and small letters told apart.",
            },
            Parameter {
                name: "with",
                kind: ParameterKind::Text,
                default: Some(r#""""#),
                says: "What stands there instead.",
            },
        ],
        longest: None,
        examples: &[Example {
            written: r#"{"replace": {"find": "-WEB", "with": ""}}"#,
            from: r#""100XLG-WEB""#,
            gives: Ok(r#""100XLG""#),
        }],
        run: |call, value| replace(call, text_of(value)).map(Value::Text),
    },
    Entry {
        name: "replace_pattern",
        group: Group::Text,
        title: "Replace by pattern",
        says: "Replaces everything that fits a regular expression; `$1` stands for its first \
               group, `${name}` for a named one.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[
            Parameter {
                name: "pattern",
                kind: ParameterKind::Pattern,
                default: None,
                says: "The regular expression.",
            },
            Parameter {
                name: "with",
                kind: ParameterKind::Text,
                default: Some(r#""""#),
                says: "What stands there instead.",
            },
        ],
        longest: None,
        examples: &[Example {
            written: r#"{"replace_pattern": {"pattern": "(\\d+)-(\\d+)", "with": "$2/$1"}}"#,
            from: r#""10-20 and 3-4""#,
            gives: Ok(r#""20/10 and 4/3""#),
        }],
        run: |call, value| replace_pattern(call, &text_of(value)).map(Value::Text),
    },
    Entry {
        name: "pattern",
        group: Group::Text,
        title: "Take what fits a pattern",
        says: "Gives what a regular expression finds first.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[
            Parameter {
                name: "pattern",
                kind: ParameterKind::Pattern,
                default: None,
                says: "The regular expression.",
            },
            Parameter {
                name: "give",
                kind: ParameterKind::Text,
                default: Some(r#""$0""#),
                says: "What is given of it: `$0` all of it, `$1` its first group.",
            },
            Parameter {
                name: "otherwise",
                kind: ParameterKind::Choice(&["error", "nothing", "keep"]),
                default: Some(r#""error""#),
                says: "What is given when nothing fits.",
            },
        ],
        longest: None,
        examples: &[
            Example {
                written: r#"{"pattern": {"pattern": "PO[- ]?(\\d+)", "give": "$1"}}"#,
                from: r#""see PO-4711, thanks""#,
                gives: Ok(r#""4711""#),
            },
            Example {
                written: r#"{"pattern": {"pattern": "^\\d+$", "otherwise": "nothing"}}"#,
                from: r#""12a""#,
                gives: Ok("null"),
            },
            Example {
                written: r#"{"pattern": "^\\d+$"}"#,
                from: r#""12a""#,
                gives: Err("no_match"),
            },
        ],
        run: |call, value| pattern(call, text_of(value)),
    },
    Entry {
        name: "part",
        group: Group::Text,
        title: "Take one part",
        says: "Splits a text and gives one of its parts, without blanks at its ends; nothing \
               where there are not so many.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[
            Parameter {
                name: "between",
                kind: ParameterKind::Text,
                default: None,
                says: "What stands between two parts.",
            },
            Parameter {
                name: "number",
                kind: ParameterKind::Whole(1_000),
                default: Some("1"),
                says: "Which part: 1 is the first, -1 the last.",
            },
        ],
        longest: None,
        examples: &[
            Example {
                written: r#"{"part": {"between": ",", "number": 2}}"#,
                from: r#""Fargo, ND, 58102""#,
                gives: Ok(r#""ND""#),
            },
            Example {
                written: r#"{"part": {"between": ",", "number": -1}}"#,
                from: r#""Fargo, ND, 58102""#,
                gives: Ok(r#""58102""#),
            },
        ],
        run: |call, value| Ok(part(call, &text_of(value))),
    },
];

/// Tells whether [`joined`] would change nothing.
fn is_joined(text: &str) -> bool {
    let mut behind_blank = true;
    for character in text.chars() {
        let is_blank = character.is_whitespace();
        if is_blank && (behind_blank || character != ' ') {
            return false;
        }
        behind_blank = is_blank;
    }
    !behind_blank
}

/// Joins words by one blank each.
pub(super) fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn title(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut inside = false;
    for character in text.chars() {
        if inside {
            written.extend(character.to_lowercase());
        } else {
            written.extend(character.to_uppercase());
        }
        inside = character.is_alphanumeric();
    }
    written
}

fn pad(call: &Call<'_>, text: &str) -> String {
    let with = call.arguments.text("with").chars().next().unwrap_or(' ');
    let missing = call.arguments.count("length");
    let missing = missing.saturating_sub(text.chars().count());
    let added = std::iter::repeat_n(with, missing);
    if call.arguments.text("side") == "right" {
        text.chars().chain(added).collect()
    } else {
        added.chain(text.chars()).collect()
    }
}

fn truncate(call: &mut Call<'_>, text: String) -> String {
    let length = call.arguments.count("length");
    let Some((end, _)) = text.char_indices().nth(length) else {
        return text;
    };
    let (kept, cut) = text.split_at(end);
    if !cut.trim().is_empty() {
        let message = format!("\"{}\" was cut to {length} characters", shortened(&text));
        call.warn("cut", message);
    }
    kept.trim_end().to_owned()
}

fn replace(call: &Call<'_>, text: String) -> Result<String, Wrong> {
    let (find, with) = (call.arguments.text("find"), call.arguments.text("with"));
    if find.is_empty() {
        return Ok(text);
    }
    let more = text.matches(find).count().saturating_mul(with.len());
    if text.len().saturating_add(more) > LONGEST {
        return Err(too_long());
    }
    Ok(text.replace(find, with))
}

fn replace_pattern(call: &Call<'_>, text: &str) -> Result<String, Wrong> {
    let (pattern, with) = (call.arguments.pattern()?, call.arguments.text("with"));
    let (mut made, mut end) = (String::new(), 0);
    for found in pattern.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        made.push_str(&text[end..whole.start()]);
        found.expand(with, &mut made);
        end = whole.end();
        if made.len() > LONGEST {
            return Err(too_long());
        }
    }
    made.push_str(&text[end..]);
    Ok(made)
}

fn pattern(call: &Call<'_>, text: String) -> Result<Value, Wrong> {
    let pattern = call.arguments.pattern()?;
    if let Some(found) = pattern.captures(&text) {
        let mut made = String::new();
        found.expand(call.arguments.text("give"), &mut made);
        return if made.len() > LONGEST {
            Err(too_long())
        } else {
            Ok(Value::Text(made))
        };
    }
    match call.arguments.text("otherwise") {
        "keep" => Ok(Value::Text(text)),
        "nothing" => Ok(Value::Null),
        _ => Err(Wrong::new(
            "no_match",
            format!("\"{}\" does not fit {pattern}", shortened(&text)),
            "Correct the value, or the pattern in the mapping.",
        )),
    }
}

fn part(call: &Call<'_>, text: &str) -> Value {
    let (between, number) = (
        call.arguments.text("between"),
        call.arguments.whole("number"),
    );
    if between.is_empty() {
        return Value::from(text);
    }
    let place = usize::try_from(number.unsigned_abs()).unwrap_or_default();
    let found = match (number, place.checked_sub(1)) {
        (_, None) => None,
        (1.., Some(before)) => text.split(between).nth(before),
        (_, Some(behind)) => text.rsplit(between).nth(behind),
    };
    let found = found.map(str::trim).filter(|part| !part.is_empty());
    Value::from(found.map(str::to_owned))
}

fn too_long() -> Wrong {
    Wrong::new(
        "too_long",
        format!("it would make more than {} MB", LONGEST / 1024 / 1024),
        "Correct the value or the transform.",
    )
}
