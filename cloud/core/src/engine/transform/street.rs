//! The transform of street lines: abbreviations of the United States' post.

use super::{Entry, Example, Group, Kind, Value, text_of};

/// Street suffixes and their abbreviations: those of USPS Publication 28, appendix C1, that are
/// written most.
const SUFFIXES: &[(&str, &str)] = &[
    ("alley", "Aly"),
    ("annex", "Anx"),
    ("arcade", "Arc"),
    ("avenue", "Ave"),
    ("av", "Ave"),
    ("bayou", "Byu"),
    ("beach", "Bch"),
    ("bend", "Bnd"),
    ("bluff", "Blf"),
    ("bottom", "Btm"),
    ("boulevard", "Blvd"),
    ("branch", "Br"),
    ("bridge", "Brg"),
    ("brook", "Brk"),
    ("bypass", "Byp"),
    ("camp", "Cp"),
    ("canyon", "Cyn"),
    ("cape", "Cpe"),
    ("causeway", "Cswy"),
    ("center", "Ctr"),
    ("centre", "Ctr"),
    ("circle", "Cir"),
    ("cliff", "Clf"),
    ("club", "Clb"),
    ("common", "Cmn"),
    ("corner", "Cor"),
    ("corners", "Cors"),
    ("course", "Crse"),
    ("court", "Ct"),
    ("courts", "Cts"),
    ("cove", "Cv"),
    ("creek", "Crk"),
    ("crescent", "Cres"),
    ("crossing", "Xing"),
    ("crossroad", "Xrd"),
    ("curve", "Curv"),
    ("dale", "Dl"),
    ("dam", "Dm"),
    ("divide", "Dv"),
    ("drive", "Dr"),
    ("drives", "Drs"),
    ("estate", "Est"),
    ("estates", "Ests"),
    ("expressway", "Expy"),
    ("extension", "Ext"),
    ("falls", "Fls"),
    ("ferry", "Fry"),
    ("field", "Fld"),
    ("fields", "Flds"),
    ("flat", "Flt"),
    ("flats", "Flts"),
    ("ford", "Frd"),
    ("forest", "Frst"),
    ("forge", "Frg"),
    ("fork", "Frk"),
    ("fort", "Ft"),
    ("freeway", "Fwy"),
    ("garden", "Gdn"),
    ("gardens", "Gdns"),
    ("gateway", "Gtwy"),
    ("glen", "Gln"),
    ("green", "Grn"),
    ("grove", "Grv"),
    ("harbor", "Hbr"),
    ("haven", "Hvn"),
    ("heights", "Hts"),
    ("highway", "Hwy"),
    ("hill", "Hl"),
    ("hills", "Hls"),
    ("hollow", "Holw"),
    ("inlet", "Inlt"),
    ("island", "Is"),
    ("islands", "Iss"),
    ("junction", "Jct"),
    ("key", "Ky"),
    ("knoll", "Knl"),
    ("knolls", "Knls"),
    ("lake", "Lk"),
    ("lakes", "Lks"),
    ("landing", "Lndg"),
    ("lane", "Ln"),
    ("light", "Lgt"),
    ("loaf", "Lf"),
    ("lock", "Lck"),
    ("lodge", "Ldg"),
    ("manor", "Mnr"),
    ("meadow", "Mdw"),
    ("meadows", "Mdws"),
    ("mill", "Ml"),
    ("mills", "Mls"),
    ("mission", "Msn"),
    ("motorway", "Mtwy"),
    ("mount", "Mt"),
    ("mountain", "Mtn"),
    ("neck", "Nck"),
    ("orchard", "Orch"),
    ("overpass", "Opas"),
    ("park", "Park"),
    ("parkway", "Pkwy"),
    ("passage", "Psge"),
    ("pine", "Pne"),
    ("pines", "Pnes"),
    ("place", "Pl"),
    ("plain", "Pln"),
    ("plains", "Plns"),
    ("plaza", "Plz"),
    ("point", "Pt"),
    ("points", "Pts"),
    ("port", "Prt"),
    ("prairie", "Pr"),
    ("ranch", "Rnch"),
    ("rapids", "Rpds"),
    ("ridge", "Rdg"),
    ("ridges", "Rdgs"),
    ("river", "Riv"),
    ("road", "Rd"),
    ("roads", "Rds"),
    ("route", "Rte"),
    ("shoal", "Shl"),
    ("shore", "Shr"),
    ("shores", "Shrs"),
    ("skyway", "Skwy"),
    ("spring", "Spg"),
    ("springs", "Spgs"),
    ("square", "Sq"),
    ("station", "Sta"),
    ("stream", "Strm"),
    ("street", "St"),
    ("streets", "Sts"),
    ("str", "St"),
    ("summit", "Smt"),
    ("terrace", "Ter"),
    ("throughway", "Trwy"),
    ("trace", "Trce"),
    ("track", "Trak"),
    ("trail", "Trl"),
    ("trailer", "Trlr"),
    ("tunnel", "Tunl"),
    ("turnpike", "Tpke"),
    ("underpass", "Upas"),
    ("union", "Un"),
    ("valley", "Vly"),
    ("viaduct", "Via"),
    ("view", "Vw"),
    ("village", "Vlg"),
    ("ville", "Vl"),
    ("vista", "Vis"),
    ("walk", "Walk"),
    ("well", "Wl"),
    ("wells", "Wls"),
];

/// Directions (Publication 28, section 233).
const DIRECTIONS: &[(&str, &str)] = &[
    ("north", "N"),
    ("south", "S"),
    ("east", "E"),
    ("west", "W"),
    ("northeast", "NE"),
    ("northwest", "NW"),
    ("southeast", "SE"),
    ("southwest", "SW"),
];

/// What stands before the number of a part of a building (appendix C2).
const UNITS: &[(&str, &str)] = &[
    ("apartment", "Apt"),
    ("building", "Bldg"),
    ("department", "Dept"),
    ("floor", "Fl"),
    ("hangar", "Hngr"),
    ("room", "Rm"),
    ("space", "Spc"),
    ("suite", "Ste"),
    ("unit", "Unit"),
    ("penthouse", "Ph"),
];

pub(super) static ENTRIES: &[Entry] = &[Entry {
    name: "street",
    group: Group::Addresses,
    title: "Abbreviate a street",
    says: "Writes the street's suffix, its directions and what stands before an apartment's or a \
           suite's number with the abbreviations of the United States' post, which saves room in \
           GP's 60 characters. Other words stay.",
    takes: Kind::Text,
    gives: Kind::Text,
    parameters: &[],
    longest: None,
    examples: &[
        Example {
            written: r#""street""#,
            from: r#""4212 North Meadow Lake Boulevard, Suite 300""#,
            gives: Ok(r#""4212 N Meadow Lake Blvd, Ste 300""#),
        },
        Example {
            written: r#""street""#,
            from: r#""100 North Street""#,
            gives: Ok(r#""100 North St""#),
        },
        Example {
            written: r#""street""#,
            from: r#""7 AVENUE ROAD SOUTHWEST""#,
            gives: Ok(r#""7 AVENUE RD SW""#),
        },
        Example {
            written: r#""street""#,
            from: r#""Am Park 3""#,
            gives: Ok(r#""Am Park 3""#),
        },
    ],
    run: |_, value| Ok(Value::Text(abbreviate(&text_of(value)))),
}];

fn abbreviate(text: &str) -> String {
    let shout = !text.chars().any(char::is_lowercase);
    let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    let unit = (1..words.len().saturating_sub(1))
        .find(|place| short(UNITS, &words[*place]).is_some() && !is_street_word(&words, *place));
    let end = unit.unwrap_or(words.len());
    let mut changed: Vec<(usize, &'static str)> = Vec::new();
    changed.extend(unit.and_then(|place| Some((place, short(UNITS, &words[place])?))));
    let mut last = end;
    if end > 2
        && let Some(direction) = short(DIRECTIONS, &words[end - 1])
    {
        changed.push((end - 1, direction));
        last = end - 1;
    }
    let suffix = last.checked_sub(1).filter(|place| *place > 0);
    let suffix = suffix.and_then(|place| Some((place, short(SUFFIXES, &words[place])?)));
    changed.extend(suffix);
    let name_ends = suffix.map_or(last, |(place, _)| place);
    let numbered = words
        .first()
        .is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let first = usize::from(numbered);
    if first + 1 < name_ends
        && let Some(direction) = words.get(first).and_then(|word| short(DIRECTIONS, word))
    {
        changed.push((first, direction));
    }
    for (place, abbreviation) in changed {
        let behind = if words[place].ends_with(',') { "," } else { "" };
        let abbreviation = if shout {
            abbreviation.to_uppercase()
        } else {
            abbreviation.to_owned()
        };
        words[place] = format!("{abbreviation}{behind}");
    }
    words.join(" ")
}

/// Tells whether a word that may name a unit is part of the street: nothing like a number follows.
fn is_street_word(words: &[String], place: usize) -> bool {
    let next = words.get(place + 1).map_or("", String::as_str);
    !next.chars().any(|c| c.is_ascii_digit()) && next.chars().count() > 2
}

fn short(table: &[(&str, &'static str)], word: &str) -> Option<&'static str> {
    let word = word.trim_end_matches(['.', ',']).to_lowercase();
    let found = table.iter().find(|(long, _)| *long == word);
    found.map(|(_, short)| *short)
}
