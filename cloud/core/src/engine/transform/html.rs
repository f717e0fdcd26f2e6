//! The transform of HTML.

use super::{Entry, Example, Group, Kind, Value, text_of};

/// Elements whose end ends a line.
const BLOCKS: &[&str] = &[
    "p",
    "div",
    "br",
    "li",
    "ul",
    "ol",
    "tr",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "section",
    "article",
    "header",
    "footer",
    "blockquote",
    "pre",
    "dt",
    "dd",
    "dl",
];
/// Elements whose content is no text.
const SILENT: &[&str] = &["script", "style", "head", "template"];

/// Entities by name: those shop texts have.
const ENTITIES: &[(&str, &str)] = &[
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("copy", "©"),
    ("reg", "®"),
    ("trade", "™"),
    ("hellip", "…"),
    ("mdash", "—"),
    ("ndash", "–"),
    ("lsquo", "‘"),
    ("rsquo", "’"),
    ("ldquo", "“"),
    ("rdquo", "”"),
    ("bdquo", "„"),
    ("sbquo", "‚"),
    ("euro", "€"),
    ("pound", "£"),
    ("yen", "¥"),
    ("cent", "¢"),
    ("sect", "§"),
    ("deg", "°"),
    ("plusmn", "±"),
    ("times", "×"),
    ("divide", "÷"),
    ("frac12", "½"),
    ("frac14", "¼"),
    ("frac34", "¾"),
    ("micro", "µ"),
    ("middot", "·"),
    ("bull", "•"),
    ("laquo", "«"),
    ("raquo", "»"),
    ("iexcl", "¡"),
    ("iquest", "¿"),
    ("shy", ""),
    ("Auml", "Ä"),
    ("auml", "ä"),
    ("Ouml", "Ö"),
    ("ouml", "ö"),
    ("Uuml", "Ü"),
    ("uuml", "ü"),
    ("szlig", "ß"),
    ("Eacute", "É"),
    ("eacute", "é"),
    ("egrave", "è"),
    ("ecirc", "ê"),
    ("euml", "ë"),
    ("agrave", "à"),
    ("aacute", "á"),
    ("acirc", "â"),
    ("atilde", "ã"),
    ("aring", "å"),
    ("Aring", "Å"),
    ("aelig", "æ"),
    ("AElig", "Æ"),
    ("oslash", "ø"),
    ("Oslash", "Ø"),
    ("ccedil", "ç"),
    ("Ccedil", "Ç"),
    ("iacute", "í"),
    ("icirc", "î"),
    ("iuml", "ï"),
    ("ntilde", "ñ"),
    ("Ntilde", "Ñ"),
    ("oacute", "ó"),
    ("ocirc", "ô"),
    ("otilde", "õ"),
    ("uacute", "ú"),
    ("ugrave", "ù"),
    ("ucirc", "û"),
];

pub(super) static ENTRIES: &[Entry] = &[Entry {
    name: "html_to_text",
    group: Group::Text,
    title: "HTML to text",
    says: "Leaves out tags, scripts and styles, ends a line where a paragraph, a list entry or a \
           row of a table ends, and writes entities as characters.",
    takes: Kind::Text,
    gives: Kind::Text,
    parameters: &[],
    longest: None,
    examples: &[
        Example {
            written: r#""html_to_text""#,
            from: r#""<p>Blue &amp; <b>green</b></p><ul><li>one</li><li>two</li></ul>""#,
            gives: Ok(r#""Blue & green\none\ntwo""#),
        },
        Example {
            written: r#""html_to_text""#,
            from: r#""Size: 3 < 4<br/>[Price:&#x20;&euro;5]<script>alert('<p>')</script>""#,
            gives: Ok(r#""Size: 3 < 4\n[Price: €5]""#),
        },
    ],
    run: |_, value| Ok(Value::Text(to_text(&text_of(value)))),
}];

fn to_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(place) = rest.find('<') {
        let (before, at) = rest.split_at(place);
        text.push_str(before);
        let Some((name, after)) = tag(at) else {
            text.push('<');
            rest = &at[1..];
            continue;
        };
        if BLOCKS.contains(&name.as_str()) {
            text.push('\n');
        }
        rest = if SILENT.contains(&name.as_str()) {
            behind(after, &name)
        } else {
            after
        };
    }
    text.push_str(rest);
    let text = characters(&text);
    let lines = text.lines().map(super::text::joined);
    let lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// Reads a tag or comment: its name in small letters and what follows it.
fn tag(at: &str) -> Option<(String, &str)> {
    let inside = at.strip_prefix('<')?;
    if let Some(comment) = inside.strip_prefix("!--") {
        let end = comment.find("-->");
        return Some((String::new(), end.map_or("", |end| &comment[end + 3..])));
    }
    let named = inside.strip_prefix('/').unwrap_or(inside);
    if !named.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!' || c == '?') {
        return None;
    }
    let end = named.find('>')?;
    let name: String = named
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    Some((name.to_lowercase(), &named[end + 1..]))
}

/// Gives what follows the end of an element whose content is no text.
fn behind<'t>(after: &'t str, name: &str) -> &'t str {
    let mut rest = after;
    while let Some(place) = rest.find("</") {
        let at = &rest[place..];
        match tag(at) {
            Some((found, behind)) if found == name => return behind,
            Some(_) | None => rest = &at[2..],
        }
    }
    ""
}

/// Writes entities as characters; what is none stays.
fn characters(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find('&') {
        let (before, at) = rest.split_at(place);
        written.push_str(before);
        let end = at.bytes().take(12).position(|byte| byte == b';');
        if let Some((character, end)) = end.and_then(|end| Some((entity(&at[1..end])?, end))) {
            written.push_str(&character);
            rest = &at[end + 1..];
        } else {
            written.push('&');
            rest = &at[1..];
        }
    }
    written.push_str(rest);
    written
}

fn entity(name: &str) -> Option<String> {
    if let Some(number) = name.strip_prefix('#') {
        let number = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return char::from_u32(number.ok()?).map(String::from);
    }
    let found = ENTITIES.iter().find(|(known, _)| *known == name);
    found.map(|(_, character)| (*character).to_owned())
}
