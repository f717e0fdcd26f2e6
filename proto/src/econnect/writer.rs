//! Writes a document as XML: deterministic bytes, schema order, no white space between tags.

use std::fmt::Write as _;

use super::catalogue::{self, Child, TransactionType};
use super::document::{Document, Element, Node, Transaction, Value};

/// The namespace of `xsi:nil`.
pub(super) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Writes a document.
///
/// Nodes of a known transaction type are put in the schema's order and their wrappers, a node that
/// the type does not have stays behind the nodes of the place it followed, and repeated nodes keep
/// their order. Elements of a known node are put in the catalogue's order, others come after.
///
/// The result is well-formed for every document: what XML has no way to write (a control character,
/// a name with a blank) is written so that the reader refuses it with its place.
pub fn write(document: &Document) -> String {
    let mut out = format!("<eConnect xmlns:xsi=\"{XSI}\">");
    for transaction in &document.transactions {
        write_transaction(&mut out, transaction);
    }
    out.push_str("</eConnect>");
    out
}

fn write_transaction(out: &mut String, transaction: &Transaction) {
    open(out, &transaction.kind);
    let spec = catalogue::transaction_type(&transaction.kind);
    let mut wrapper: Option<&str> = None;
    for node in in_schema_order(transaction, spec) {
        let child = spec.and_then(|spec| spec.child_of(&node.name));
        let wanted = child
            .filter(|child| child.wrapper)
            .map(|child: &Child| child.name);
        if wrapper != wanted {
            change_wrapper(out, wrapper, wanted);
            wrapper = wanted;
        }
        write_node(out, node);
    }
    change_wrapper(out, wrapper, None);
    close(out, &transaction.kind);
}

fn change_wrapper(out: &mut String, from: Option<&str>, to: Option<&str>) {
    if let Some(name) = from {
        close(out, name);
    }
    if let Some(name) = to {
        open(out, name);
    }
}

fn in_schema_order<'a>(
    transaction: &'a Transaction,
    spec: Option<&'static TransactionType>,
) -> Vec<&'a Node> {
    let mut place = 0;
    let mut ranked: Vec<((usize, bool), &Node)> = Vec::with_capacity(transaction.nodes.len());
    for node in &transaction.nodes {
        let known = spec.and_then(|spec| spec.position_of(&node.name));
        place = known.unwrap_or(place);
        ranked.push(((place, known.is_none()), node));
    }
    if spec.is_some() {
        ranked.sort_by_key(|(rank, _)| *rank);
    }
    ranked.into_iter().map(|(_, node)| node).collect()
}

fn write_node(out: &mut String, node: &Node) {
    if node.name == "eConnectProcessInfo" && node.elements.is_empty() {
        write_nil(out, &node.name);
        return;
    }
    open(out, &node.name);
    for element in in_parameter_order(node) {
        write_element(out, element);
    }
    close(out, &node.name);
}

fn in_parameter_order(node: &Node) -> Vec<&Element> {
    let mut elements: Vec<&Element> = node.elements.iter().collect();
    if let Some(spec) = catalogue::node(&node.name) {
        elements
            .sort_by_cached_key(|element| spec.position_of(&element.name).unwrap_or(usize::MAX));
    }
    elements
}

fn write_element(out: &mut String, element: &Element) {
    match &element.value {
        Value::Nil => write_nil(out, &element.name),
        Value::Text(text) if !text.is_empty() => {
            open(out, &element.name);
            write_text(out, text);
            close(out, &element.name);
        }
        Value::Text(_) | Value::Empty => {
            out.push('<');
            write_name(out, &element.name);
            out.push_str("/>");
        }
    }
}

fn write_nil(out: &mut String, name: &str) {
    out.push('<');
    write_name(out, name);
    out.push_str(" xsi:nil=\"true\"/>");
}

fn open(out: &mut String, name: &str) {
    out.push('<');
    write_name(out, name);
    out.push('>');
}

fn close(out: &mut String, name: &str) {
    out.push_str("</");
    write_name(out, name);
    out.push('>');
}

/// Characters that cannot be in a name become `_xHHHH_`, so no name can end a tag.
fn write_name(out: &mut String, name: &str) {
    for (index, character) in name.chars().enumerate() {
        if is_name_character(index, character) {
            out.push(character);
        } else {
            push_formatted(out, format_args!("_x{:04X}_", u32::from(character)));
        }
    }
    if name.is_empty() {
        out.push('_');
    }
}

/// Tells whether a character may stand at a place of a name, as this language uses names.
fn is_name_character(index: usize, character: char) -> bool {
    match character {
        'a'..='z' | 'A'..='Z' | '_' => true,
        '0'..='9' | '-' | '.' => index > 0,
        _ => false,
    }
}

/// The longest name: SQL Server's own limit for a procedure or parameter.
const MAX_NAME: usize = 128;

/// Tells whether a text can name a node or an element.
pub(super) fn is_name(text: &str) -> bool {
    // All of these characters are single bytes.
    let mut characters = text.bytes().map(char::from).enumerate();
    (1..=MAX_NAME).contains(&text.len())
        && characters.all(|(index, character)| is_name_character(index, character))
}

/// A carriage return is written as a reference because parsers turn a plain one into a line feed.
fn write_text(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            other if other == '\r' || !is_xml_character(other) => {
                push_formatted(out, format_args!("&#x{:X};", u32::from(other)));
            }
            other => out.push(other),
        }
    }
}

/// Tells whether XML 1.0 can hold a character at all.
pub(super) fn is_xml_character(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\u{0}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => false,
        _ => true,
    }
}

fn push_formatted(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    out.write_fmt(arguments)
        .expect("writing into a String cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(document: &Document) -> String {
        let xml = write(document);
        let xml = xml
            .strip_prefix(&format!("<eConnect xmlns:xsi=\"{XSI}\">"))
            .unwrap();
        xml.strip_suffix("</eConnect>").unwrap().to_owned()
    }

    #[test]
    fn nodes_and_elements_come_in_schema_order_and_wrappers() {
        let document = Document::new().with(
            Transaction::new("SOPTransactionType")
                .with(
                    Node::new("taSopHdrIvcInsert")
                        .with("DOCID", "STDORD")
                        .with("SOPTYPE", "2"),
                )
                .with(Node::new("taSopLineIvcInsert").with("ITEMNMBR", "B"))
                .with(Node::new("taSopLineIvcInsert").with("ITEMNMBR", "A"))
                .with(Node::new("eConnectProcessInfo")),
        );
        assert_eq!(
            body(&document),
            "<SOPTransactionType><eConnectProcessInfo xsi:nil=\"true\"/>\
             <taSopLineIvcInsert_Items>\
             <taSopLineIvcInsert><ITEMNMBR>B</ITEMNMBR></taSopLineIvcInsert>\
             <taSopLineIvcInsert><ITEMNMBR>A</ITEMNMBR></taSopLineIvcInsert>\
             </taSopLineIvcInsert_Items>\
             <taSopHdrIvcInsert><SOPTYPE>2</SOPTYPE><DOCID>STDORD</DOCID></taSopHdrIvcInsert>\
             </SOPTransactionType>"
        );
    }

    #[test]
    fn a_site_node_stays_behind_the_place_it_followed() {
        let document = Document::new().with(
            Transaction::new("SOPTransactionType")
                .with(Node::new("taSopHdrIvcInsert"))
                .with(Node::new("siteAfterHeader"))
                .with(Node::new("taSopLineIvcInsert"))
                .with(Node::new("siteAfterLines"))
                .with(Node::new("taSopLineIvcInsert")),
        );
        let xml = body(&document);
        let at = |name: &str| xml.find(&format!("<{name}>")).unwrap();
        assert!(at("taSopLineIvcInsert_Items") < at("siteAfterLines"));
        assert!(at("siteAfterLines") < at("taSopHdrIvcInsert"));
        assert!(at("taSopHdrIvcInsert") < at("siteAfterHeader"));
        assert_eq!(xml.matches("<taSopLineIvcInsert_Items>").count(), 1);
    }

    #[test]
    fn texts_are_escaped_and_names_cannot_break_out() {
        let document = Document::new().with(
            Transaction::new("T>x").with(
                Node::new("")
                    .with("A/><B", "<&>\"'\r\n]]>\u{1}")
                    .with("1st", "")
                    .with("ünï", "x"),
            ),
        );
        assert_eq!(
            body(&document),
            "<T_x003E_x><_><A_x002F__x003E__x003C_B>&lt;&amp;&gt;\"'&#xD;\n]]&gt;&#x1;\
             </A_x002F__x003E__x003C_B><_x0031_st/><_x00FC_n_x00EF_>x</_x00FC_n_x00EF_></_>\
             </T_x003E_x>"
        );
    }
}
