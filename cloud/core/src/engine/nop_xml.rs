//! Reading the XML that nopCommerce keeps in text columns.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

const MAX_BYTES: usize = 1024 * 1024;
const MAX_DEPTH: usize = 16;

/// An open element.
#[derive(Debug)]
pub struct Open {
    /// Its name, without a prefix.
    pub name: String,
    /// Its attribute `ID`.
    pub id: Option<String>,
    text: String,
}

/// Calls back at the end of every element, with the path to it and its text.
///
/// What is not sound XML, declares a document type or is too large or too deep is an error.
pub fn walk(
    text: Option<&str>,
    mut ended: impl FnMut(&[Open], &str) -> Result<(), String>,
) -> Result<(), String> {
    let text = text.unwrap_or_default().trim();
    if text.is_empty() {
        return Ok(());
    }
    if text.len() > MAX_BYTES {
        return Err(format!("longer than {MAX_BYTES} bytes"));
    }
    let mut reader = Reader::from_str(text);
    let mut path: Vec<Open> = Vec::new();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => push(&mut path, &start)?,
            Event::Empty(start) => {
                push(&mut path, &start)?;
                close(&mut path, &mut ended)?;
            }
            Event::End(_) => close(&mut path, &mut ended)?,
            Event::Text(part) => append(&mut path, &part.xml10_content()),
            Event::CData(part) => append(&mut path, &part.xml10_content()),
            Event::GeneralRef(reference) => append(&mut path, &resolve(&reference)?),
            Event::DocType(_) => return Err("a document type declaration".into()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof if path.is_empty() => return Ok(()),
            Event::Eof => return Err("an element that never ends".into()),
        }
    }
}

fn push(path: &mut Vec<Open>, start: &BytesStart<'_>) -> Result<(), String> {
    if path.len() >= MAX_DEPTH {
        return Err(format!("nested deeper than {MAX_DEPTH}"));
    }
    let mut id = None;
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if attribute.key.as_ref() == "ID" {
            id = Some(attribute.value.to_string());
        }
    }
    let name = start.local_name().as_ref().to_owned();
    path.push(Open {
        name,
        id,
        text: String::new(),
    });
    Ok(())
}

fn close(
    path: &mut Vec<Open>,
    ended: &mut impl FnMut(&[Open], &str) -> Result<(), String>,
) -> Result<(), String> {
    let content = match path.last_mut() {
        Some(open) => std::mem::take(&mut open.text),
        None => return Err("an end without a beginning".into()),
    };
    ended(path, &content)?;
    path.pop();
    Ok(())
}

fn append(path: &mut [Open], text: &str) {
    if let Some(open) = path.last_mut() {
        open.text.push_str(text);
    }
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, String> {
    let known = reference
        .resolve_char_ref()
        .map_err(|error| error.to_string())?;
    if let Some(character) = known {
        return Ok(character.into());
    }
    let name = reference.xml10_content();
    resolve_predefined_entity(&name)
        .map(str::to_owned)
        .ok_or_else(|| format!("the unknown entity &{name};"))
}
