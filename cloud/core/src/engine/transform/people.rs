//! Transforms of people's names and e-mail addresses.

use super::parameters::{Parameter, ParameterKind};
use super::text::joined;
use super::{Call, Entry, Example, Group, Kind, Value, Wrong, refuse, text_of};

/// Words that stand before a name and are none.
const TITLES: &[&str] = &[
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "madam", "herr", "frau",
];
/// Words that stand behind a name and belong to the last one.
const BEHIND: &[&str] = &["jr", "sr", "ii", "iii", "iv", "phd", "md", "esq"];
/// Words that begin a last name.
const BEGINNINGS: &[&str] = &[
    "van", "von", "de", "der", "den", "del", "della", "di", "da", "dos", "du", "la", "le", "el",
    "al", "bin", "ibn", "mac", "st", "st.", "ter", "ten", "zu", "zur", "af",
];

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        name: "name_part",
        group: Group::People,
        title: "Take one part of a name",
        says: "Splits a person's full name. `Last, First` is understood; words such as van or de \
               belong to the last name, a title before the name to none.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[Parameter {
            name: "part",
            kind: ParameterKind::Choice(&["first", "middle", "last"]),
            default: None,
            says: "Which: the first name, the names between, or the last name.",
        }],
        longest: None,
        examples: &[
            Example {
                written: r#"{"name_part": "first"}"#,
                from: r#""Dr. Anna Maria van der Berg""#,
                gives: Ok(r#""Anna""#),
            },
            Example {
                written: r#"{"name_part": "middle"}"#,
                from: r#""Dr. Anna Maria van der Berg""#,
                gives: Ok(r#""Maria""#),
            },
            Example {
                written: r#"{"name_part": "last"}"#,
                from: r#""Dr. Anna Maria van der Berg""#,
                gives: Ok(r#""van der Berg""#),
            },
            Example {
                written: r#"{"name_part": "last"}"#,
                from: r#""Field, Anna""#,
                gives: Ok(r#""Field""#),
            },
            Example {
                written: r#"{"name_part": "last"}"#,
                from: r#""John Smith Jr.""#,
                gives: Ok(r#""Smith Jr.""#),
            },
            Example {
                written: r#"{"name_part": "last"}"#,
                from: r#""Cher""#,
                gives: Ok("null"),
            },
        ],
        run: |call, value| Ok(part(call, &text_of(value))),
    },
    Entry {
        name: "email",
        group: Group::People,
        title: "Check an e-mail address",
        says: "Takes blanks off and writes the part behind the @ small; refuses what cannot be an \
               address.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[Parameter {
            name: "otherwise",
            kind: ParameterKind::Choice(&["error", "keep"]),
            default: Some(r#""error""#),
            says: "What becomes of what is no address: error refuses it, keep leaves it as it is \
                   and warns.",
        }],
        longest: None,
        examples: &[
            Example {
                written: r#""email""#,
                from: r#"" Anna@Example.COM ""#,
                gives: Ok(r#""Anna@example.com""#),
            },
            Example {
                written: r#""email""#,
                from: r#""anna@example""#,
                gives: Err("not_an_email"),
            },
        ],
        run: |call, value| email(call, text_of(value)),
    },
];

struct Name {
    first: Vec<String>,
    middle: Vec<String>,
    last: Vec<String>,
}

fn part(call: &Call<'_>, text: &str) -> Value {
    let name = split(&joined(text));
    let words = match call.arguments.text("part") {
        "first" => name.first,
        "middle" => name.middle,
        _ => name.last,
    };
    Value::from(Some(words.join(" ")).filter(|text| !text.is_empty()))
}

fn split(text: &str) -> Name {
    let (text, told) = match text.split_once(", ") {
        // A word behind the comma that belongs to the last name does not turn the name around.
        Some((last, given)) if !is_one_of(BEHIND, given) => (given, words(last)),
        Some(_) | None => (text, Vec::new()),
    };
    let mut given = words(text);
    while given.len() > 1 && is_one_of(TITLES, &given[0]) {
        given.remove(0);
    }
    let last = if told.is_empty() {
        take_last(&mut given)
    } else {
        told
    };
    let middle = if given.len() > 1 {
        given.split_off(1)
    } else {
        Vec::new()
    };
    Name {
        first: given,
        middle,
        last,
    }
}

/// Takes the last name off the end, if anything is left before it.
fn take_last(given: &mut Vec<String>) -> Vec<String> {
    let mut from = given.len().saturating_sub(1);
    while from > 1 && is_one_of(BEHIND, &given[from]) {
        from -= 1;
    }
    while from > 1 && is_one_of(BEGINNINGS, &given[from - 1]) {
        from -= 1;
    }
    given.split_off(from.max(1).min(given.len()))
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn is_one_of(words: &[&str], word: &str) -> bool {
    let word = word.trim_end_matches(['.', ',']).to_lowercase();
    words.contains(&word.as_str())
}

fn email(call: &mut Call<'_>, text: String) -> Result<Value, Wrong> {
    let trimmed = text.trim();
    match trimmed.rsplit_once('@') {
        Some((local, domain)) if is_local(local) && is_domain(domain) => {
            let domain = domain.to_lowercase();
            Ok(Value::Text(format!("{local}@{domain}")))
        }
        Some(_) | None => refuse(call, text, "not_an_email", "is not an e-mail address"),
    }
}

/// The part before the @: what mail servers take without quotes (RFC 5321 and 6531).
fn is_local(local: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    (1..=64).contains(&local.len())
        && local.chars().all(fits)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
}

fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    domain.len() <= 253 && domain.contains('.') && domain.split('.').all(label)
}
