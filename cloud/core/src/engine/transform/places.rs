//! Transforms of countries, states and postal codes.

use rust_iso3166::iso3166_2::Subdivision;
use rust_iso3166::{ALL, CountryCode, from_alpha2, from_alpha3, from_numeric_str};

use super::parameters::{Parameter, ParameterKind};
use super::text::joined;
use super::{Call, Entry, Example, Group, Kind, Value, Wrong, refuse, shortened, text_of};

/// Countries whose name in ISO 3166 is not the one people write first, with other ways to write
/// them; the list is ours.
const NAMES: &[(&str, &[&str])] = &[
    ("US", &["United States", "USA", "U.S.A.", "U.S.", "America"]),
    (
        "GB",
        &[
            "United Kingdom",
            "UK",
            "U.K.",
            "Great Britain",
            "England",
            "Scotland",
            "Wales",
        ],
    ),
    (
        "KR",
        &["South Korea", "Korea, Republic of", "Republic of Korea"],
    ),
    ("KP", &["North Korea"]),
    ("RU", &["Russia"]),
    ("VN", &["Vietnam"]),
    ("LA", &["Laos"]),
    ("SY", &["Syria"]),
    ("BN", &["Brunei"]),
    ("CD", &["DR Congo", "Democratic Republic of the Congo"]),
    ("VA", &["Vatican City", "Holy See"]),
    ("CI", &["Ivory Coast", "Côte d'Ivoire", "Cote d'Ivoire"]),
    ("CZ", &["Czechia", "Czech Republic"]),
    ("TR", &["Türkiye", "Turkey"]),
    ("NL", &["Netherlands", "The Netherlands", "Holland"]),
    ("CV", &["Cape Verde", "Cabo Verde"]),
    ("SZ", &["Eswatini", "Swaziland"]),
    ("MK", &["North Macedonia", "Macedonia"]),
    ("MM", &["Myanmar", "Burma"]),
    ("DE", &["Germany", "Deutschland"]),
    ("MF", &["Saint Martin"]),
    ("SX", &["Sint Maarten"]),
    (
        "VG",
        &["British Virgin Islands", "Virgin Islands (British)"],
    ),
    ("VI", &["U.S. Virgin Islands", "US Virgin Islands"]),
];

/// Where the mail of the armed forces of the United States goes: states by the post's rules.
const FORCES: &[(&str, &str)] = &[
    ("AA", "Armed Forces Americas"),
    ("AE", "Armed Forces Europe"),
    ("AP", "Armed Forces Pacific"),
];

const COUNTRY: Parameter = Parameter {
    name: "country",
    kind: ParameterKind::Text,
    default: Some(r#""US""#),
    says: "The country, by code or name; often a formula such as \
           order.billing_address.country?.two_letter_iso_code.",
};

const OTHERWISE: Parameter = Parameter {
    name: "otherwise",
    kind: ParameterKind::Choice(&["error", "keep"]),
    default: Some(r#""error""#),
    says: "What becomes of a value that is not one: error refuses it, keep leaves it as it is and \
           warns.",
};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        name: "country",
        group: Group::Addresses,
        title: "Write a country",
        says: "Writes a country, given by any of its codes of ISO 3166 or by its English name, in \
               one of these ways.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[
            Parameter {
                name: "to",
                kind: ParameterKind::Choice(&["two_letters", "three_letters", "digits", "name"]),
                default: None,
                says: "How: US, USA, 840, United States.",
            },
            OTHERWISE,
        ],
        longest: None,
        examples: &[
            Example {
                written: r#"{"country": "two_letters"}"#,
                from: r#""United States""#,
                gives: Ok(r#""US""#),
            },
            Example {
                written: r#"{"country": "three_letters"}"#,
                from: r#""de""#,
                gives: Ok(r#""DEU""#),
            },
            Example {
                written: r#"{"country": "digits"}"#,
                from: r#""BRA""#,
                gives: Ok(r#""076""#),
            },
            Example {
                written: r#"{"country": "name"}"#,
                from: r#""840""#,
                gives: Ok(r#""United States""#),
            },
            Example {
                written: r#"{"country": "name"}"#,
                from: r#""BO""#,
                gives: Ok(r#""Bolivia""#),
            },
            Example {
                written: r#"{"country": "name"}"#,
                from: r#""Atlantis""#,
                gives: Err("unknown_country"),
            },
        ],
        run: |call, value| country(call, text_of(value)),
    },
    Entry {
        name: "state",
        group: Group::Addresses,
        title: "Write a state or province",
        says: "Writes a state or province of a country, given by name or abbreviation, as \
               abbreviation or name, as ISO 3166-2 has them; for the United States with the \
               armed forces' AA, AE and AP.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[
            Parameter {
                name: "to",
                kind: ParameterKind::Choice(&["abbreviation", "name"]),
                default: Some(r#""abbreviation""#),
                says: "How: ND, or North Dakota.",
            },
            COUNTRY,
            OTHERWISE,
        ],
        longest: None,
        examples: &[
            Example {
                written: r#""state""#,
                from: r#""north  dakota""#,
                gives: Ok(r#""ND""#),
            },
            Example {
                written: r#"{"state": {"to": "name", "country": "CA"}}"#,
                from: r#""on""#,
                gives: Ok(r#""Ontario""#),
            },
            Example {
                written: r#"{"state": {"country": "Canada"}}"#,
                from: r#""Quebec""#,
                gives: Ok(r#""QC""#),
            },
            Example {
                written: r#""state""#,
                from: r#""Ontario""#,
                gives: Err("unknown_state"),
            },
            Example {
                written: r#"{"state": {"otherwise": "keep"}}"#,
                from: r#""Ontario""#,
                gives: Ok(r#""Ontario""#),
            },
        ],
        run: |call, value| state(call, text_of(value)),
    },
    Entry {
        name: "postal_code",
        group: Group::Addresses,
        title: "Write a postal code",
        says: "Writes a postal code as the country's post does: 58102 or 58102-1234, K1A 0B1, SW1A \
               1AA. Elsewhere blanks are made one and letters capitals.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[COUNTRY, OTHERWISE],
        longest: None,
        examples: &[
            Example {
                written: r#""postal_code""#,
                from: r#""581021234""#,
                gives: Ok(r#""58102-1234""#),
            },
            Example {
                written: r#"{"postal_code": "CA"}"#,
                from: r#""k1a0b1""#,
                gives: Ok(r#""K1A 0B1""#),
            },
            Example {
                written: r#"{"postal_code": "GB"}"#,
                from: r#""sw1a1aa""#,
                gives: Ok(r#""SW1A 1AA""#),
            },
            Example {
                written: r#"{"postal_code": "DE"}"#,
                from: r#"" 01067 ""#,
                gives: Ok(r#""01067""#),
            },
            Example {
                written: r#""postal_code""#,
                from: r#""5810""#,
                gives: Err("not_a_postal_code"),
            },
        ],
        run: |call, value| postal_code(call, text_of(value)),
    },
];

/// Finds a country by any of its codes or names.
pub(super) fn find(text: &str) -> Option<CountryCode> {
    let text = joined(text);
    let code = text.to_uppercase();
    let by_code = from_alpha2(&code)
        .or_else(|| from_alpha3(&code))
        .or_else(|| from_numeric_str(&text));
    by_code.or_else(|| {
        let wanted = text.to_lowercase();
        let known = NAMES
            .iter()
            .find(|(_, names)| names.iter().any(|name| name.to_lowercase() == wanted));
        known.and_then(|(code, _)| from_alpha2(code)).or_else(|| {
            let named = |country: &&CountryCode| {
                let name = country.name.to_lowercase();
                name == wanted || plain(&name) == wanted
            };
            ALL.iter().find(named).copied()
        })
    })
}

/// Gives the name people write first.
fn name_of(country: &CountryCode) -> &'static str {
    let known = NAMES.iter().find(|(code, _)| *code == country.alpha2);
    let first = known.and_then(|(_, names)| names.first());
    first.copied().unwrap_or_else(|| plain(country.name))
}

/// Leaves out what stands in parentheses behind a name.
fn plain(name: &str) -> &str {
    name.split(" (").next().unwrap_or(name)
}

fn country(call: &mut Call<'_>, text: String) -> Result<Value, Wrong> {
    let Some(found) = find(&text) else {
        return refuse(call, text, "unknown_country", "is not a country");
    };
    let written = match call.arguments.text("to") {
        "two_letters" => found.alpha2.to_owned(),
        "three_letters" => found.alpha3.to_owned(),
        "digits" => format!("{:03}", found.numeric),
        _ => name_of(&found).to_owned(),
    };
    Ok(Value::Text(written))
}

fn state(call: &mut Call<'_>, text: String) -> Result<Value, Wrong> {
    let Some(of) = find(call.arguments.text("country")) else {
        let country = shortened(call.arguments.text("country"));
        let what = format!("has a country that is none: \"{country}\"");
        return refuse(call, text, "unknown_country", &what);
    };
    let wanted = joined(&text).to_lowercase();
    let forces = FORCES.iter().filter(|_| of.alpha2 == "US").copied();
    let states = of.subdivisions().unwrap_or_default().iter();
    let states = states.map(|state: &Subdivision| (state.region_code, state.name));
    let mut states = states.chain(forces);
    let named =
        |(code, name): &(&str, &str)| code.to_lowercase() == wanted || bare(name) == bare(&wanted);
    let Some((code, name)) = states.find(named) else {
        let what = format!("is not a state or province of {}", name_of(&of));
        return refuse(call, text, "unknown_state", &what);
    };
    let written = match call.arguments.text("to") {
        "name" => name,
        _ => code,
    };
    Ok(Value::from(written))
}

/// A name in small letters without the marks people leave out.
fn bare(name: &str) -> String {
    name.to_lowercase()
        .chars()
        .map(|character| match character {
            'á' | 'à' | 'â' | 'ã' | 'ä' => 'a',
            'é' | 'è' | 'ê' => 'e',
            'í' | 'ì' | 'î' => 'i',
            'ó' | 'ò' | 'ô' | 'õ' | 'ö' => 'o',
            'ú' | 'ù' | 'û' | 'ü' => 'u',
            'ñ' => 'n',
            'ç' => 'c',
            other => other,
        })
        .collect()
}

fn postal_code(call: &mut Call<'_>, text: String) -> Result<Value, Wrong> {
    let country = find(call.arguments.text("country")).map_or("", |country| country.alpha2);
    let code: String = text
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_uppercase)
        .collect();
    let written = match country {
        "US" => american(&code),
        "CA" => canadian(&code),
        "GB" => british(&code),
        _ => Some(joined(&text).to_uppercase()),
    };
    if let Some(written) = written {
        return Ok(Value::Text(written));
    }
    let what = format!("is not a postal code of {country}");
    refuse(call, text, "not_a_postal_code", &what)
}

fn american(code: &str) -> Option<String> {
    let digits = code.bytes().all(|byte| byte.is_ascii_digit());
    match code.len() {
        5 if digits => Some(code.to_owned()),
        9 if digits => Some(format!("{}-{}", &code[..5], &code[5..])),
        _ => None,
    }
}

fn canadian(code: &str) -> Option<String> {
    let fits = code.bytes().enumerate().all(|(place, byte)| {
        if place % 2 == 0 {
            byte.is_ascii_uppercase()
        } else {
            byte.is_ascii_digit()
        }
    });
    (fits && code.len() == 6).then(|| format!("{} {}", &code[..3], &code[3..]))
}

fn british(code: &str) -> Option<String> {
    let length = code.len();
    if !code.is_ascii() || !(5..=7).contains(&length) {
        return None;
    }
    let (outward, inward) = code.split_at(length - 3);
    let mut inward_bytes = inward.bytes();
    let fits = inward_bytes.next()?.is_ascii_digit()
        && inward_bytes.all(|byte| byte.is_ascii_uppercase())
        && outward.starts_with(|c: char| c.is_ascii_uppercase());
    fits.then(|| format!("{outward} {inward}"))
}
