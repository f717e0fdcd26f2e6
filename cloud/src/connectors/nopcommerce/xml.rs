//! The XML that nopCommerce keeps in text columns: custom values and picked attributes.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use serde_json::{Map, Value};

use super::struck;

const MAX_BYTES: usize = 1024 * 1024;
const MAX_DEPTH: usize = 16;

/// Values picked per attribute mapping id, each list sorted.
pub(super) type Attributes = BTreeMap<i64, Vec<String>>;

/// Reads `DictionarySerializer` > `item` > `key`, `value`; the first of equal keys stays.
pub(super) fn custom_values(text: Option<&str>) -> Result<Map<String, Value>, String> {
    let mut values = Map::new();
    let mut key = None;
    walk(text, |path, content| {
        match path {
            [_, item, name] if item.name == "item" && name.name == "key" => {
                key = Some(struck::card_numbers(content));
            }
            [_, item, name] if item.name == "item" && name.name == "value" => {
                if let Some(key) = key.take() {
                    values
                        .entry(key)
                        .or_insert_with(|| Value::String(struck::card_numbers(content)));
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(values)
}

/// Reads `Attributes` > `ProductAttribute ID` > `ProductAttributeValue` > `Value`.
pub(super) fn attributes(text: Option<&str>) -> Result<Attributes, String> {
    let mut found = Attributes::new();
    walk(text, |path, content| {
        let [_, attribute, _, value] = path else {
            return Ok(());
        };
        if attribute.name != "ProductAttribute" || value.name != "Value" {
            return Ok(());
        }
        let id = attribute
            .id
            .as_deref()
            .and_then(|id| id.trim().parse::<i64>().ok());
        let id = id.ok_or("a ProductAttribute without a numeric ID")?;
        found.entry(id).or_default().push(content.trim().to_owned());
        Ok(())
    })?;
    for values in found.values_mut() {
        values.sort();
    }
    Ok(found)
}

/// An open element.
struct Open {
    name: String,
    id: Option<String>,
    text: String,
}

/// Calls back at the end of every element, with the path to it and its text.
fn walk(
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_values_of_both_generations_are_read() {
        let old = "<DictionarySerializer><item><key>PO Number</key><value>77120</value></item></DictionarySerializer>";
        let new = "<?xml version=\"1.0\" encoding=\"utf-16\"?><DictionarySerializer><item><key>PO &amp; more</key><value>a&#x41;&lt;b <![CDATA[<c>]]></value><displayToCustomer>true</displayToCustomer><location>0</location><createdOn>0</createdOn></item><item><key>Empty</key><value /></item></DictionarySerializer>";
        assert_eq!(
            custom_values(Some(old)).expect("reads")["PO Number"],
            "77120"
        );
        let values = custom_values(Some(new)).expect("reads");
        assert_eq!(values["PO & more"], "aA<b <c>");
        assert_eq!(values["Empty"], "");
        assert!(custom_values(None).expect("nothing").is_empty());
        assert!(custom_values(Some("  ")).expect("nothing").is_empty());
    }

    #[test]
    fn broken_and_tricky_xml_is_refused() {
        for bad in [
            "<a><b></a>",
            "<a>",
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            "<a>&nope;</a>",
            "</a>",
            "<DictionarySerializer><item><key>x</item></DictionarySerializer>",
        ] {
            assert!(custom_values(Some(bad)).is_err(), "{bad}");
        }
        let deep = "<a>".repeat(40);
        assert!(custom_values(Some(&deep)).is_err());
    }

    #[test]
    fn attributes_are_sets_of_values_per_mapping() {
        let text = "<Attributes><ProductAttribute ID=\"32\"><ProductAttributeValue><Value>9</Value></ProductAttributeValue><ProductAttributeValue><Value>112</Value><Quantity>2</Quantity></ProductAttributeValue></ProductAttribute><ProductAttribute ID=\"31\"><ProductAttributeValue><Value>102</Value></ProductAttributeValue></ProductAttribute><GiftCardInfo><Message>hi</Message></GiftCardInfo></Attributes>";
        let found = attributes(Some(text)).expect("reads");
        let expected = Attributes::from([
            (31, vec!["102".into()]),
            (32, vec!["112".into(), "9".into()]),
        ]);
        assert_eq!(found, expected);
        assert!(attributes(Some("<Attributes><ProductAttribute ID=\"x\"><ProductAttributeValue><Value>1</Value></ProductAttributeValue></ProductAttribute></Attributes>")).is_err());
    }
}
