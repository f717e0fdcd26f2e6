//! Checks a whole document against the catalogue and lists everything that is wrong with it.

use std::collections::HashMap;
use std::fmt;

use super::catalogue::{self, ElementSpec, NodeSpec, TransactionType};
use super::document::{Document, Element, Node, Transaction, Value, node_path};
use super::read_error::Place;
use super::value::{ValueError, fits_code_page};
use super::writer::is_name;

/// One thing wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The node, as `SOPTransactionType/taSopLineIvcInsert_Items/taSopLineIvcInsert[2]`.
    pub node_path: String,
    /// The element, where the trouble is in one.
    pub element: Option<String>,
    /// The element's text, where it has one: for the person who repairs it, never for a log.
    pub value: Option<String>,
    /// What is wrong.
    pub kind: ViolationKind,
    /// What is wrong in words, without the value.
    pub message: String,
}

/// The kinds of [`Violation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ViolationKind {
    /// A document without transactions or a transaction that does nothing.
    NothingToDo,
    /// A transaction type the catalogue does not have.
    UnknownType,
    /// A node the transaction type does not have and the caller does not allow.
    UnknownNode,
    /// A node that a transaction may hold once, more than once.
    RepeatedNode,
    /// An element the node does not have.
    UnknownElement,
    /// An element twice in one node.
    DuplicateElement,
    /// A name that no procedure or parameter can have.
    BadName,
    /// A required element that is absent, nil, or empty.
    Missing,
    /// An empty element of a type that has no empty value.
    Empty,
    /// A text longer than its parameter.
    TooLong,
    /// A character that code page 1252 does not have.
    NotInCodePage,
    /// A text that is not a number or date of the parameter's type.
    WrongType,
    /// A number with more digits before the point than fit, or outside an integer's range.
    OutOfRange,
    /// A number with more decimals than are kept.
    TooManyDecimals,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = Place {
            node_path: &self.node_path,
            element: self.element.as_deref(),
        };
        write!(formatter, "{place}: {}", self.message)
    }
}

/// Checks a document in which only nodes of the catalogue may be.
pub fn check(document: &Document) -> Vec<Violation> {
    check_document(document, |_| false)
}

/// Checks a document; `known` tells which other names are nodes that a site has added.
pub fn check_document(document: &Document, known: impl Fn(&str) -> bool) -> Vec<Violation> {
    let mut found = Vec::new();
    if document.transactions.is_empty() {
        let message = "the document has no transaction".to_owned();
        found.push(at("eConnect", ViolationKind::NothingToDo, message));
    }
    let kinds = document.transactions.iter().map(|t| t.kind.as_str());
    let mut numbers = Numbers::new(kinds);
    for transaction in &document.transactions {
        let kind = transaction.kind.as_str();
        let (number, repeated) = numbers.next(kind);
        for mut violation in check_transaction(transaction, &known) {
            if repeated && let Some(rest) = violation.node_path.strip_prefix(kind) {
                violation.node_path = format!("{kind}[{number}]{rest}");
            }
            found.push(violation);
        }
    }
    found
}

/// Counts names as they come: a huge document is gone through once, not once for each node.
struct Numbers<'a> {
    totals: HashMap<&'a str, usize>,
    seen: HashMap<&'a str, usize>,
}

impl<'a> Numbers<'a> {
    fn new(names: impl Iterator<Item = &'a str>) -> Self {
        let mut totals = HashMap::new();
        for name in names {
            *totals.entry(name).or_default() += 1;
        }
        Self {
            totals,
            seen: HashMap::new(),
        }
    }

    /// The number of the next one of a name, from 1, and whether there are several.
    fn next(&mut self, name: &'a str) -> (usize, bool) {
        let number = self.seen.entry(name).or_default();
        *number += 1;
        (
            *number,
            self.totals.get(name).is_some_and(|total| *total > 1),
        )
    }
}

/// Checks one transaction; `known` tells which other names are nodes that a site has added.
///
/// The order of nodes is not looked at: the writer puts it right.
pub fn check_transaction(
    transaction: &Transaction,
    known: impl Fn(&str) -> bool,
) -> Vec<Violation> {
    let kind = transaction.kind.as_str();
    let Some(spec) = catalogue::transaction_type(kind) else {
        let message = format!("{kind} is not a transaction type");
        return vec![at(kind, ViolationKind::UnknownType, message)];
    };
    let mut found = Vec::new();
    if transaction
        .nodes
        .iter()
        .all(|node| node.name == "eConnectProcessInfo")
    {
        let message = "the transaction has no node to execute".to_owned();
        found.push(at(kind, ViolationKind::NothingToDo, message));
    }
    let names = transaction.nodes.iter().map(|node| node.name.as_str());
    let mut numbers = Numbers::new(names);
    for node in &transaction.nodes {
        let (number, repeated) = numbers.next(&node.name);
        let mut check = NodeCheck {
            kind,
            node,
            number,
            repeated,
            found: &mut found,
        };
        check.place(spec, &known);
        check.elements();
    }
    found
}

fn at(node_path: &str, kind: ViolationKind, message: String) -> Violation {
    let node_path = node_path.to_owned();
    Violation {
        node_path,
        element: None,
        value: None,
        kind,
        message,
    }
}

struct NodeCheck<'a> {
    kind: &'a str,
    node: &'a Node,
    /// Which of the nodes of this name it is, from 1.
    number: usize,
    repeated: bool,
    found: &'a mut Vec<Violation>,
}

impl NodeCheck<'_> {
    fn path(&self) -> String {
        node_path(self.kind, &self.node.name, self.number, self.repeated)
    }

    /// Checks that the node may be where it is.
    fn place(&mut self, spec: &TransactionType, known: impl Fn(&str) -> bool) {
        let name = self.node.name.as_str();
        let (kind, message) = match spec.child_of(name) {
            Some(child) if child.wrapper => return,
            Some(_) => {
                if self.number == 1 {
                    return;
                }
                (
                    ViolationKind::RepeatedNode,
                    format!("{name} may occur once"),
                )
            }
            None if !is_name(name) || name.ends_with("_Items") => (
                ViolationKind::BadName,
                format!("{name:?} is not a node's name"),
            ),
            None if known(name) => return,
            None => (
                ViolationKind::UnknownNode,
                format!("{} has no node {name}", spec.name),
            ),
        };
        self.found.push(at(&self.path(), kind, message));
    }

    fn elements(&mut self) {
        let spec = catalogue::node(&self.node.name);
        let mut next = 0;
        for (index, element) in self.node.elements.iter().enumerate() {
            let own = spec.and_then(|spec| find(spec, &element.name, &mut next));
            self.name(spec.is_some() && own.is_none(), index, element);
            match own {
                Some(spec) => self.value(spec, element),
                None => self.characters(element),
            }
        }
        let elements = spec.map_or(&[][..], |spec| spec.elements);
        for wanted in elements.iter().filter(|wanted| wanted.required) {
            self.requirement(wanted);
        }
    }

    fn name(&mut self, is_unknown: bool, index: usize, element: &Element) {
        let name = element.name.as_str();
        let before = &self.node.elements[..index];
        if !is_name(name) {
            let message = format!("{name:?} is not an element's name");
            self.report(element, ViolationKind::BadName, message);
        } else if is_unknown {
            let message = format!("{} has no element {name}", self.node.name);
            self.report(element, ViolationKind::UnknownElement, message);
        } else if before
            .iter()
            .any(|other| other.name.eq_ignore_ascii_case(name))
        {
            let message = "the element occurs more than once".to_owned();
            self.report(element, ViolationKind::DuplicateElement, message);
        }
    }

    /// Checks a value against its parameter's type.
    fn value(&mut self, spec: &ElementSpec, element: &Element) {
        let Some(text) = element.value.text() else {
            // SQL Server reads an empty text as 1900-01-01, which is GP's empty date.
            let blank = spec.sql_type.is_text()
                || spec.sql_type.is_date()
                || spec.required
                || catalogue::takes_number(&self.node.name, spec.name);
            if element.value.is_empty() && !blank {
                let message = "a number cannot be empty: leave the element out".to_owned();
                self.report(element, ViolationKind::Empty, message);
            }
            return;
        };
        if let Err(error) = spec.sql_type.check(text) {
            self.report(element, kind_of(error), error.to_string());
        }
    }

    /// Checks a value whose type is not known.
    fn characters(&mut self, element: &Element) {
        let text = element.value.text().unwrap_or_default();
        if let Err(character) = fits_code_page(text) {
            let error = ValueError::NotInCodePage { character };
            self.report(element, ViolationKind::NotInCodePage, error.to_string());
        }
    }

    fn requirement(&mut self, spec: &ElementSpec) {
        let message = match self.node.get(spec.name) {
            None => "the element is required and missing",
            Some(Value::Nil) => "the element is required and nil",
            Some(value) if !value.is_empty() => return,
            Some(_) if catalogue::takes_number(&self.node.name, spec.name) => return,
            Some(_) => "the element is required and empty",
        };
        self.found.push(Violation {
            element: Some(spec.name.to_owned()),
            ..at(&self.path(), ViolationKind::Missing, message.to_owned())
        });
    }

    fn report(&mut self, element: &Element, kind: ViolationKind, message: String) {
        self.found.push(Violation {
            element: Some(element.name.clone()),
            value: element.value.text().map(str::to_owned),
            ..at(&self.path(), kind, message)
        });
    }
}

/// Finds an element by its exact name, beginning behind the one found last: most documents have them
/// in the catalogue's order.
fn find(spec: &NodeSpec, name: &str, next: &mut usize) -> Option<&'static ElementSpec> {
    let (before, behind) = spec.elements.split_at(*next);
    let is_it = |element: &ElementSpec| element.name == name;
    let place = match behind.iter().position(is_it) {
        Some(place) => *next + place,
        None => before.iter().position(is_it)?,
    };
    *next = place + 1;
    spec.elements.get(place)
}

fn kind_of(error: ValueError) -> ViolationKind {
    match error {
        ValueError::TooLong { .. } => ViolationKind::TooLong,
        ValueError::NotInCodePage { .. } => ViolationKind::NotInCodePage,
        ValueError::NotInteger | ValueError::NotDecimal | ValueError::NotDate => {
            ViolationKind::WrongType
        }
        ValueError::OutOfRange { .. } | ValueError::TooManyDigits { .. } => {
            ViolationKind::OutOfRange
        }
        ValueError::TooManyDecimals { .. } => ViolationKind::TooManyDecimals,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Node {
        Node::new("taSopLineIvcInsert")
            .with("SOPTYPE", "2")
            .with("SOPNUMBE", "")
            .with("CUSTNMBR", "W000042")
            .with("DOCDATE", "2025-03-04")
            .with("ITEMNMBR", "100XLG")
            .with("QUANTITY", "1.5")
    }

    fn header() -> Node {
        Node::new("taSopHdrIvcInsert")
            .with("SOPTYPE", "2")
            .with("DOCID", "STDORD")
            .with("SOPNUMBE", "")
            .with("DOCDATE", "2025-03-04")
            .with("CUSTNMBR", "W000042")
            .with("BACHNUMB", "WEB20250304")
    }

    fn order(line: Node, header: Node) -> Document {
        let order = Transaction::new("SOPTransactionType")
            .with(line)
            .with(header);
        Document::new().with(order)
    }

    fn kinds(document: &Document) -> Vec<(Option<String>, ViolationKind)> {
        check(document)
            .into_iter()
            .map(|found| (found.element, found.kind))
            .collect()
    }

    #[test]
    fn a_sound_order_has_no_violation() {
        assert_eq!(check(&order(line(), header())), vec![]);
    }

    #[test]
    fn every_bad_value_is_listed_with_its_place() {
        let line = line()
            .with("ITEMNMBR", "x".repeat(31))
            .with("UNITPRCE", "1.000001")
            .with("XTNDPRCE", "123456789012345")
            .with("DOCDATE", "3/4/2025")
            .with("SOPTYPE", "40000")
            .with("ITEMDESC", "Zażółć");
        let found = check(&order(line, header()));
        let places: Vec<_> = found
            .iter()
            .map(|v| (v.element.as_deref().unwrap(), v.kind))
            .collect();
        assert_eq!(
            places,
            [
                ("SOPTYPE", ViolationKind::OutOfRange),
                ("DOCDATE", ViolationKind::WrongType),
                ("ITEMNMBR", ViolationKind::TooLong),
                ("UNITPRCE", ViolationKind::TooManyDecimals),
                ("XTNDPRCE", ViolationKind::OutOfRange),
                ("ITEMDESC", ViolationKind::NotInCodePage),
            ]
        );
        let path = "SOPTransactionType/taSopLineIvcInsert_Items/taSopLineIvcInsert[1]";
        assert!(found.iter().all(|violation| violation.node_path == path));
        assert_eq!(found[1].value.as_deref(), Some("3/4/2025"));
        assert!(!found[1].to_string().contains("3/4/2025"));
    }

    #[test]
    fn required_elements_are_missed_when_absent_nil_or_empty() {
        let mut header = header();
        header.remove("DOCID");
        header.set("CUSTNMBR", Value::Nil);
        header.set("BACHNUMB", Value::Empty);
        let missed = |name: &str| (Some(name.to_owned()), ViolationKind::Missing);
        let expected = [missed("DOCID"), missed("CUSTNMBR"), missed("BACHNUMB")];
        let mut found = kinds(&order(line(), header));
        found.sort_by_key(|(name, _)| expected.iter().position(|(other, _)| other == name));
        assert_eq!(found, expected);
    }

    #[test]
    fn structure_is_checked_as_well() {
        let mut twice = line().with("SLPRSNID", "A").with("NOSUCH", "1");
        let again = Element {
            name: "SLPRSNID".into(),
            value: Value::from("B"),
        };
        twice.elements.push(again);
        twice.set("FREIGHT/", Value::from("1"));
        let bad = Transaction::new("SOPTransactionType")
            .with(twice)
            .with(header())
            .with(header())
            .with(Node::new("taGLTransactionHeaderInsert"))
            .with(Node::new("a b"));
        let found: Vec<_> = check_transaction(&bad, |name| name == "siteNode")
            .into_iter()
            .filter(|violation| violation.kind != ViolationKind::Missing)
            .map(|violation| violation.kind)
            .collect();
        assert_eq!(
            found,
            [
                ViolationKind::UnknownElement,
                ViolationKind::DuplicateElement,
                ViolationKind::BadName,
                ViolationKind::RepeatedNode,
                ViolationKind::UnknownNode,
                ViolationKind::BadName,
            ]
        );
    }

    #[test]
    fn site_nodes_pass_where_they_are_known() {
        let node = Node::new("siteNode")
            .with("Anything", "goes")
            .with("Empty", "");
        let order = Transaction::new("SOPTransactionType")
            .with(header())
            .with(node);
        assert_eq!(check_transaction(&order, |name| name == "siteNode"), vec![]);
        let found = check_transaction(&order, |_| false);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].node_path, "SOPTransactionType/siteNode");
    }

    #[test]
    fn empty_means_blank_for_texts_and_dates_only() {
        let blank = line()
            .with("COMMNTID", "")
            .with("FUFILDAT", "")
            .with("UNITPRCE", "");
        let expected = [(Some("UNITPRCE".to_owned()), ViolationKind::Empty)];
        assert_eq!(kinds(&order(blank, header())), expected);
    }

    #[test]
    fn nothing_to_do_is_not_success() {
        assert_eq!(
            kinds(&Document::new()),
            [(None, ViolationKind::NothingToDo)]
        );
        let idle = Transaction::new("RMApplyType").with(Node::new("eConnectProcessInfo"));
        let idle = Document::new()
            .with(idle)
            .with(Transaction::new("NoSuchType"));
        let expected = [
            (None, ViolationKind::NothingToDo),
            (None, ViolationKind::UnknownType),
        ];
        assert_eq!(kinds(&idle), expected);
    }

    #[test]
    fn violations_name_the_transaction_among_several() {
        let mut bad = header();
        bad.remove("DOCID");
        let first = order(line(), header());
        let second = order(line(), bad).transactions.remove(0);
        let found = check(&first.with(second));
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].node_path,
            "SOPTransactionType[2]/taSopHdrIvcInsert"
        );
    }
}
