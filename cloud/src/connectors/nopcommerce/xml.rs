//! The XML that nopCommerce keeps in text columns: custom values and picked attributes.

use std::collections::BTreeMap;

use connect_core::engine::nop_xml::walk;
use quick_xml::escape::escape;
use serde_json::{Map, Value};

use super::{struck, wire};

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

/// Writes what the open-source API lists as nop's own XML; nothing where nothing was picked.
pub(super) fn written(listed: &[wire::SelectedAttribute]) -> Option<String> {
    let one = |attribute: &wire::SelectedAttribute| {
        let value = escape(attribute.value.as_deref().unwrap_or_default());
        format!(
            "<ProductAttribute ID=\"{}\"><ProductAttributeValue><Value>{value}</Value>\
             </ProductAttributeValue></ProductAttribute>",
            attribute.id
        )
    };
    let picked: String = listed.iter().map(one).collect();
    (!picked.is_empty()).then(|| format!("<Attributes>{picked}</Attributes>"))
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
    fn what_the_open_source_api_lists_reads_back() {
        let one = |id: i64, value: &str| wire::SelectedAttribute {
            id,
            value: Some(value.to_owned()),
        };
        let listed = [one(32, "a < b & \"c\""), one(31, "102"), one(32, "9")];
        let text = written(&listed).expect("something was picked");
        let found = attributes(Some(&text)).expect("reads");
        let expected = Attributes::from([
            (31, vec!["102".into()]),
            (32, vec!["9".into(), "a < b & \"c\"".into()]),
        ]);
        assert_eq!(found, expected);
        assert_eq!(written(&[]), None);
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
