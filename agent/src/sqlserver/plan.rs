//! Makes the calls of a document from its nodes and the live procedures, or lists everything wrong.

use std::collections::HashMap;
use std::sync::Arc;

use connect_proto::econnect::{self, Document, Element, Node, Transaction, Value, catalogue};
use connect_proto::tunnel::v1::{DocumentKey, ErrorClass, Failure, GpError};

use super::procedures::{CallText, Parameter, Shape};
use super::refusal;
use super::values::SqlValue;

pub(super) const HEADER: &str = "taSopHdrIvcInsert";
const NUMBER: &str = "SOPNUMBE";
/// As many problems as a person can use, and a message can hold.
const MOST_PROBLEMS: usize = 100;
/// Carries connection settings of eConnect's own interface; it is no procedure.
const PROCESS_INFO: &str = "eConnectProcessInfo";

/// One procedure call, ready but for the document number.
#[derive(Debug, PartialEq)]
pub(super) struct PlannedCall {
    pub(super) procedure: String,
    /// Which transaction and node of the document it is.
    pub(super) transaction: usize,
    pub(super) node: usize,
    /// What the parameters of the text get, in its order.
    pub(super) values: Vec<ArgumentValue>,
    pub(super) text: Arc<CallText>,
}

/// What a parameter gets.
#[derive(Debug, PartialEq)]
pub(super) enum ArgumentValue {
    Fixed(SqlValue),
    /// The number of the transaction's document.
    DocumentNumber,
}

/// A document number GP has to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NumberWanted {
    pub(super) transaction: usize,
    pub(super) sop_type: u8,
    pub(super) document_id: String,
}

/// Everything a document asks for.
#[derive(Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) calls: Vec<PlannedCall>,
    pub(super) numbers: Vec<NumberWanted>,
    pub(super) document_type: String,
}

/// The procedures a document calls, each once.
pub(super) fn procedures(document: &Document) -> Vec<&str> {
    let nodes = document
        .transactions
        .iter()
        .flat_map(|transaction| &transaction.nodes);
    let mut names: Vec<&str> = nodes
        .map(|node| node.name.as_str())
        .filter(|name| *name != PROCESS_INFO)
        .collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(procedure).collect()
}

/// Checks the document against catalogue and server and plans its calls.
pub(super) fn plan(
    document: &Document,
    shapes: &HashMap<String, Option<Arc<Shape>>>,
    allowed: &dyn Fn(&str) -> bool,
) -> Result<Plan, Failure> {
    let violations = econnect::check_document(document, allowed).into_iter();
    let mut problems: Vec<GpError> = violations.take(MOST_PROBLEMS).map(violation).collect();
    let mut calls = Vec::new();
    for (transaction, content) in document.transactions.iter().enumerate() {
        for (node, spec) in content.nodes.iter().enumerate() {
            if spec.name == PROCESS_INFO || problems.len() >= MOST_PROBLEMS {
                continue;
            }
            let place = Place {
                document,
                transaction,
                node,
            };
            let shape = shapes.get(procedure(&spec.name)).cloned().flatten();
            match shape {
                Some(shape) => calls.push(call(&place, &shape, &mut problems)),
                None => problems.push(missing_procedure(&place)),
            }
        }
    }
    let numbers = numbers(document, &mut problems);
    if calls.is_empty() && problems.is_empty() {
        problems.push(nothing_to_call(document));
    }
    if problems.is_empty() {
        let kinds: Vec<_> = document
            .transactions
            .iter()
            .map(|t| t.kind.as_str())
            .collect();
        let document_type = kinds.join(" ").chars().take(60).collect();
        return Ok(Plan {
            calls,
            numbers,
            document_type,
        });
    }
    let first = &problems[0];
    let message = format!("The document is not sound: {} {}", first.node, first.text);
    let mut failure = refusal::failure(ErrorClass::InvalidData, "document_invalid", message);
    problems.truncate(MOST_PROBLEMS);
    failure.errors = problems;
    Err(failure)
}

/// The keys GP knows the document's records by, once numbers are there.
pub(super) fn keys(
    document: &Document,
    number: impl Fn(usize) -> Option<String>,
) -> Vec<DocumentKey> {
    let mut keys = Vec::new();
    for (index, transaction) in document.transactions.iter().enumerate() {
        for node in &transaction.nodes {
            let key = match node.name.as_str() {
                HEADER => sop_key(node, number(index)),
                "taUpdateCreateCustomerRcd" => key(node, "CUSTNMBR"),
                _ => None,
            };
            keys.extend(key.filter(|key| !keys.contains(key)));
        }
    }
    keys
}

impl ArgumentValue {
    /// The value, once the document has its number.
    fn bound(&self, number: Option<&str>) -> SqlValue {
        match self {
            Self::Fixed(value) => value.clone(),
            Self::DocumentNumber => SqlValue::from(number.unwrap_or_default()),
        }
    }
}

impl PlannedCall {
    /// The parameters by their place, once the document has its number.
    pub(super) fn parameters(&self, number: Option<&str>) -> Vec<(&'static str, SqlValue)> {
        let values = self.values.iter().map(|value| value.bound(number));
        values.map(|value| ("", value)).collect()
    }
}

/// What an output holds before the call.
pub(super) fn initial(output: &str) -> SqlValue {
    if output.eq_ignore_ascii_case("@oErrString") {
        SqlValue::from("")
    } else {
        SqlValue::Int(0)
    }
}

/// Where a node is in a document; its path is made only to report it.
pub(super) struct Place<'a> {
    pub(super) document: &'a Document,
    pub(super) transaction: usize,
    pub(super) node: usize,
}

impl Place<'_> {
    fn content(&self) -> &Transaction {
        &self.document.transactions[self.transaction]
    }

    pub(super) fn spec(&self) -> &Node {
        &self.content().nodes[self.node]
    }

    pub(super) fn path(&self) -> String {
        let path = self.content().path(self.node);
        let kind = self.content().kind.as_str();
        let rest = path.strip_prefix(kind).unwrap_or_default();
        format!("{}{rest}", self.document.path(self.transaction))
    }
}

fn procedure(node: &str) -> &str {
    catalogue::node(node)
        .and_then(|spec| spec.procedure)
        .unwrap_or(node)
}

fn call(place: &Place<'_>, shape: &Shape, problems: &mut Vec<GpError>) -> PlannedCall {
    let spec = place.spec();
    let mut inputs = Vec::with_capacity(spec.elements.len());
    let mut values = Vec::with_capacity(spec.elements.len());
    for element in &spec.elements {
        match argument(spec, element, shape) {
            Ok((parameter, value)) => {
                inputs.push(parameter);
                values.push(value);
            }
            Err(text) => problems.push(problem(spec, &place.path(), &element.name, &text)),
        }
    }
    let procedure = procedure(&spec.name);
    PlannedCall {
        procedure: procedure.to_owned(),
        transaction: place.transaction,
        node: place.node,
        values,
        text: shape.call_text(procedure, &inputs),
    }
}

/// The parameter for an element and what it gets, or what is wrong with it.
fn argument<'a>(
    spec: &Node,
    element: &Element,
    shape: &'a Shape,
) -> Result<(&'a Parameter, ArgumentValue), String> {
    let Some(parameter) = shape.of_element(&element.name) else {
        return Err("is not a parameter of the procedure on this server".to_owned());
    };
    let takes_number = element.name == NUMBER
        && element.value == Value::Empty
        && catalogue::takes_number(&spec.name, NUMBER);
    let value = if takes_number {
        ArgumentValue::DocumentNumber
    } else {
        let bound = parameter.kind.bind(&element.value);
        ArgumentValue::Fixed(bound.map_err(|misfit| misfit.to_string())?)
    };
    Ok((parameter, value))
}

/// A header whose number is present and empty asks for the next one of its document id.
fn numbers(document: &Document, problems: &mut Vec<GpError>) -> Vec<NumberWanted> {
    let mut wanted = Vec::new();
    for (index, transaction) in document.transactions.iter().enumerate() {
        let header = transaction
            .nodes
            .iter()
            .position(|node| node.name == HEADER);
        let header = header.filter(|at| transaction.nodes[*at].get(NUMBER) == Some(&Value::Empty));
        let Some(at) = header else {
            empty_numbers_without_header(document, index, problems);
            continue;
        };
        let node = &transaction.nodes[at];
        let sop_type = node
            .text("SOPTYPE")
            .and_then(|text| text.trim().parse().ok());
        let document_id = node
            .text("DOCID")
            .map(str::trim)
            .filter(|id| !id.is_empty());
        if let (Some(sop_type), Some(id)) = (sop_type, document_id) {
            let document_id = id.to_owned();
            wanted.push(NumberWanted {
                transaction: index,
                sop_type,
                document_id,
            });
            continue;
        }
        let place = Place {
            document,
            transaction: index,
            node: at,
        };
        let text = "needs SOPTYPE and DOCID to be numbered";
        problems.push(problem(node, &place.path(), NUMBER, text));
    }
    wanted
}

/// Other nodes share the header's number; an empty one without an empty header has none to share.
fn empty_numbers_without_header(document: &Document, index: usize, problems: &mut Vec<GpError>) {
    for (at, node) in document.transactions[index].nodes.iter().enumerate() {
        let empty = node.get(NUMBER) == Some(&Value::Empty);
        if empty && catalogue::takes_number(&node.name, NUMBER) {
            let place = Place {
                document,
                transaction: index,
                node: at,
            };
            let text = "is empty, but no header of the transaction asks for a number";
            problems.push(problem(node, &place.path(), NUMBER, text));
        }
    }
}

fn violation(violation: econnect::Violation) -> GpError {
    let node = violation.node_path.rsplit('/').next().unwrap_or_default();
    let node = node.split('[').next().unwrap_or_default();
    GpError {
        text: violation.message,
        procedure: node.to_owned(),
        node: violation.node_path,
        element: violation.element.unwrap_or_default(),
        value: violation.value.unwrap_or_default(),
        repair: "Correct the mapping or the store's data, and replay.".to_owned(),
        ..GpError::default()
    }
}

fn nothing_to_call(document: &Document) -> GpError {
    let node = document.transactions.first().map(|t| t.kind.clone());
    GpError {
        text: "holds no node that GP could be given".to_owned(),
        node: node.unwrap_or_default(),
        repair: "Correct the mapping, and replay.".to_owned(),
        ..GpError::default()
    }
}

fn missing_procedure(place: &Place<'_>) -> GpError {
    let name = procedure(&place.spec().name);
    GpError {
        text: format!("the company database has no procedure dbo.{name}, or it may not be seen"),
        procedure: name.to_owned(),
        node: place.path(),
        repair: "Check the GP installation, and that the agent's login may execute the procedure."
            .to_owned(),
        ..GpError::default()
    }
}

fn problem(node: &Node, path: &str, element: &str, text: &str) -> GpError {
    GpError {
        text: format!("{element} {text}"),
        procedure: procedure(&node.name).to_owned(),
        node: path.to_owned(),
        element: element.to_owned(),
        value: node.text(element).unwrap_or_default().to_owned(),
        repair: "Correct the mapping or the store's data, and replay.".to_owned(),
        ..GpError::default()
    }
}

fn sop_key(node: &Node, number: Option<String>) -> Option<DocumentKey> {
    let own = node.text(NUMBER).map(str::to_owned);
    Some(DocumentKey {
        element: NUMBER.to_owned(),
        value: own.or(number)?,
        type_element: "SOPTYPE".to_owned(),
        type_value: node.text("SOPTYPE").unwrap_or_default().to_owned(),
    })
}

fn key(node: &Node, element: &str) -> Option<DocumentKey> {
    Some(DocumentKey {
        element: element.to_owned(),
        value: node.text(element)?.to_owned(),
        ..DocumentKey::default()
    })
}
