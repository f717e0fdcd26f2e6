//! Transforms of what only nopCommerce writes so: attributes and custom values in XML, tax rates in
//! a text (`reference/nopcommerce.md`, "XML columns" and chapter 4).

use rust_decimal::Decimal;

use super::parameters::{Parameter, ParameterKind};
use super::{Call, Entry, Example, Group, Kind, Value, Wrong, shortened, text_of};
use crate::engine::nop_xml;

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        name: "attribute",
        group: Group::Nop,
        title: "One attribute's value",
        says: "Gives the value of one attribute of nopCommerce's attribute XML (of an order's \
               line, its checkout, a customer or an address); several values of a checkbox list \
               are joined by commas, and what the attribute has no value for is nothing.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[
            Parameter {
                name: "attribute",
                kind: ParameterKind::Text,
                default: None,
                says: "The attribute: its ID in the XML, or its name where `names` tells it.",
            },
            Parameter {
                name: "names",
                kind: ParameterKind::Names,
                default: Some("{}"),
                says: "Names of attributes by ID.",
            },
            Parameter {
                name: "values",
                kind: ParameterKind::Names,
                default: Some("{}"),
                says: "Texts by value ID, for lists to choose from; without one the ID is given.",
            },
        ],
        longest: None,
        examples: &[
            Example {
                written: r#"{"attribute": {"attribute": "Colour", "names": {"7": "Colour"}, "values": {"31": "Red"}}}"#,
                from: r#""<Attributes><ProductAttribute ID=\"7\"><ProductAttributeValue><Value>31</Value></ProductAttributeValue></ProductAttribute></Attributes>""#,
                gives: Ok(r#""Red""#),
            },
            Example {
                written: r#"{"attribute": "3"}"#,
                from: r#""<Attributes><CheckoutAttribute ID=\"3\"><CheckoutAttributeValue><Value>PO 4711 &amp; more</Value></CheckoutAttributeValue></CheckoutAttribute></Attributes>""#,
                gives: Ok(r#""PO 4711 & more""#),
            },
            Example {
                written: r#"{"attribute": "4"}"#,
                from: r#""<Attributes></Attributes>""#,
                gives: Ok("null"),
            },
            Example {
                written: r#"{"attribute": "4"}"#,
                from: r#""<Attributes><x""#,
                gives: Err("bad_xml"),
            },
        ],
        run: |call, value| attribute(call, &text_of(value)),
    },
    Entry {
        name: "custom_value",
        group: Group::Nop,
        title: "One custom value",
        says: "Gives one value of an order's custom values XML by its key, as payment methods \
               leave them.",
        takes: Kind::Text,
        gives: Kind::Text,
        parameters: &[Parameter {
            name: "key",
            kind: ParameterKind::Text,
            default: None,
            says: "The key, such as Purchase Order Number.",
        }],
        longest: None,
        examples: &[Example {
            written: r#"{"custom_value": "PO Number"}"#,
            from: r#""<DictionarySerializer><item><key>PO Number</key><value>4711</value></item></DictionarySerializer>""#,
            gives: Ok(r#""4711""#),
        }],
        run: |call, value| custom_value(call, &text_of(value)),
    },
    Entry {
        name: "tax_rates",
        group: Group::Nop,
        title: "Tax rates as rows",
        says: "Reads an order's TaxRates text, such as `5.0000:2.40;   20.0000:22.00;`, as rows of \
               rate and amount.",
        takes: Kind::Text,
        gives: Kind::List,
        parameters: &[],
        longest: None,
        examples: &[
            Example {
                written: r#""tax_rates""#,
                from: r#""5.0000:2.40;   20.0000:22.00;   ""#,
                gives: Ok(
                    r#"[{"rate": 5.0000, "amount": 2.40}, {"rate": 20.0000, "amount": 22.00}]"#,
                ),
            },
            Example {
                written: r#""tax_rates""#,
                from: r#""5.0000;""#,
                gives: Err("bad_tax_rates"),
            },
        ],
        run: |_, value| tax_rates(&text_of(value)),
    },
];

fn attribute(call: &mut Call<'_>, xml: &str) -> Result<Value, Wrong> {
    let arguments = &call.arguments;
    let wanted = arguments.text("attribute");
    let mut values = Vec::new();
    let read = nop_xml::walk(Some(xml), |path, text| {
        let [.., attribute, _, value] = path else {
            return Ok(());
        };
        let (Some(id), "Value") = (&attribute.id, value.name.as_str()) else {
            return Ok(());
        };
        if id == wanted || arguments.named("names", id) == Some(wanted) {
            let text = text.trim();
            values.push(arguments.named("values", text).unwrap_or(text).to_owned());
        }
        Ok(())
    });
    read.map_err(|error| bad_xml(xml, &error))?;
    values.retain(|value| !value.is_empty());
    let joined = Some(values.join(", ")).filter(|text| !text.is_empty());
    Ok(Value::from(joined))
}

fn custom_value(call: &mut Call<'_>, xml: &str) -> Result<Value, Wrong> {
    let wanted = call.arguments.text("key").trim();
    let (mut is_wanted, mut found) = (false, None);
    let read = nop_xml::walk(Some(xml), |path, text| {
        match path.last().map(|open| open.name.as_str()) {
            Some("key") => is_wanted = text.trim() == wanted,
            Some("value") if is_wanted && found.is_none() => found = Some(text.trim().to_owned()),
            Some(_) | None => {}
        }
        Ok(())
    });
    read.map_err(|error| bad_xml(xml, &error))?;
    Ok(Value::from(found))
}

fn bad_xml(xml: &str, error: &str) -> Wrong {
    Wrong::new(
        "bad_xml",
        format!("\"{}\" is not sound XML: {error}", shortened(xml)),
        "Correct the value in the store.",
    )
}

fn tax_rates(text: &str) -> Result<Value, Wrong> {
    let bad = || {
        Wrong::new(
            "bad_tax_rates",
            format!("\"{}\" does not list rates and amounts", shortened(text)),
            "Correct the order's tax rates in the store.",
        )
    };
    let exact = |text: &str| Decimal::from_str_exact(text.trim()).map_err(|_| bad());
    let mut rows = Vec::new();
    for entry in text
        .split(';')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
    {
        let (rate, amount) = entry.split_once(':').ok_or_else(bad)?;
        rows.push(Value::map([
            ("rate", Value::Number(exact(rate)?)),
            ("amount", Value::Number(exact(amount)?)),
        ]));
    }
    Ok(Value::List(rows))
}
