//! Makes the calls of a document from its nodes and the live procedures, or lists everything wrong.

use std::collections::HashMap;
use std::sync::Arc;

use connect_proto::econnect::{self, Document, Element, Node, Transaction, Value, catalogue};
use connect_proto::tunnel::v1::{DocumentKey, ErrorClass, Failure, GpError};

use super::batches::{self, Joined};
use super::numbers::{self, Counter, Kind, Numbered};
use super::procedures::{CallText, Parameter, Shape};
use super::refusal;
use super::values::{ParameterType, SqlValue};

/// As many problems as a person can use, and a message can hold.
const MOST_PROBLEMS: usize = 100;
/// Carries connection settings of eConnect's own interface; it is no procedure.
pub(super) const PROCESS_INFO: &str = "eConnectProcessInfo";

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
    /// The batch that the call puts the document into.
    pub(super) batch: Option<Joined>,
}

/// What a parameter gets.
#[derive(Debug, PartialEq)]
pub(super) enum ArgumentValue {
    Fixed(SqlValue),
    /// The number of the transaction's document.
    DocumentNumber(ParameterType),
    /// The batch, which may give way to a next one.
    Batch(String),
}

/// A document number GP has to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NumberWanted {
    pub(super) transaction: usize,
    pub(super) counter: Counter,
    /// The document type as the counter's procedure takes it.
    pub(super) kind: u8,
    /// Blank but for sales documents.
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
            let named = KEYS.iter().find(|(name, ..)| *name == node.name);
            let key = named.and_then(|(_, element, kind)| key(node, element, kind, number(index)));
            keys.extend(key.filter(|key| !keys.contains(key)));
        }
    }
    keys
}

/// What GP knows a node's record by: the element, and the one that tells its type.
const KEYS: [(&str, &str, &str); 22] = [
    ("taSopHdrIvcInsert", "SOPNUMBE", "SOPTYPE"),
    ("taSopVoidDocument", "SOPNUMBE", "SOPTYPE"),
    ("taSopDeleteDocument", "SOPNUMBE", "SOPTYPE"),
    ("taSopLineDelete", "SOPNUMBE", "SOPTYPE"),
    ("taSopUpdateCreateProcessHold", "SOPNUMBE", "SOPTYPE"),
    ("taUpdateCreateCustomerRcd", "CUSTNMBR", ""),
    ("taRMCashReceiptInsert", "DOCNUMBR", ""),
    ("taRMTransaction", "DOCNUMBR", "RMDTYPAL"),
    ("taRMVoidTransaction", "DOCNUMBR", "RMDTYPAL"),
    ("taRMApply", "APFRDCNM", "APFRDCTY"),
    ("taRMUnapplyTransaction", "DOCNUMBR", "RMDTYPAL"),
    ("taGLTransactionHeaderInsert", "JRNENTRY", ""),
    ("taUpdateCreateItemRcd", "ITEMNMBR", ""),
    ("taIVTransactionHeaderInsert", "IVDOCNBR", "IVDOCTYP"),
    ("taIVTransferHeaderInsert", "IVDOCNBR", ""),
    ("taUpdateCreateVendorRcd", "VENDORID", ""),
    ("taPMTransactionInsert", "VCHNUMWK", "DOCTYPE"),
    ("taPMManualCheck", "PMNTNMBR", ""),
    ("taBRBankTransactionHeader", "CMTrxNum", ""),
    ("taBRBankTransactionVoid", "CMTrxNum", ""),
    ("taBRBankDepositsHeader", "depositnumber", ""),
    ("taCreateUpdateBatchHeaderRcd", "BACHNUMB", "BCHSOURC"),
];

impl ArgumentValue {
    /// The value, once the document has its number and its batch.
    fn bound(&self, number: Option<&str>, next_batch: Option<u32>) -> SqlValue {
        match self {
            Self::Fixed(value) => value.clone(),
            Self::Batch(name) => SqlValue::Text(batches::name(name, next_batch)),
            Self::DocumentNumber(kind) => {
                let number = number.unwrap_or_default();
                let bound = kind.bind(&Value::Text(number.to_owned()));
                // A number that does not fit its parameter is refused by the procedure.
                bound.unwrap_or_else(|_| SqlValue::from(number))
            }
        }
    }
}

impl PlannedCall {
    /// The parameters by their place, once the document has its number.
    ///
    /// `next_batch` tells which one is joined instead of the batch the document names.
    pub(super) fn parameters(
        &self,
        number: Option<&str>,
        next_batch: Option<u32>,
    ) -> Vec<(&'static str, SqlValue)> {
        let values = self
            .values
            .iter()
            .map(|value| value.bound(number, next_batch));
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
        batch: batches::joined(spec),
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
    let takes_number =
        element.value == Value::Empty && catalogue::takes_number(&spec.name, &element.name);
    let value = if takes_number {
        ArgumentValue::DocumentNumber(parameter.kind.clone())
    } else {
        let bound = parameter.kind.bind(&element.value);
        match (bound.map_err(|misfit| misfit.to_string())?, &*element.name) {
            (SqlValue::Text(name), batches::ELEMENT) if !name.trim().is_empty() => {
                ArgumentValue::Batch(name.trim().to_owned())
            }
            (bound, _) => ArgumentValue::Fixed(bound),
        }
    };
    Ok((parameter, value))
}

/// A header whose number is present and empty asks for the next one of its counter.
fn numbers(document: &Document, problems: &mut Vec<GpError>) -> Vec<NumberWanted> {
    let mut wanted = Vec::new();
    for (index, transaction) in document.transactions.iter().enumerate() {
        let headers = transaction.nodes.iter().enumerate();
        let header = headers
            .filter_map(|(at, node)| Some((at, node, numbers::of_header(&node.name)?)))
            .find(|(_, node, how)| node.get(how.element) == Some(&Value::Empty));
        let Some((at, node, how)) = header else {
            empty_numbers_without_header(document, index, problems);
            continue;
        };
        match number_wanted(index, node, how) {
            Ok(number) => wanted.push(number),
            Err(needs) => {
                let place = Place {
                    document,
                    transaction: index,
                    node: at,
                };
                let text = format!("needs {needs} to be numbered");
                problems.push(problem(node, &place.path(), how.element, &text));
            }
        }
    }
    wanted
}

/// What a header asks its counter for, or the elements that must be there for it.
fn number_wanted(transaction: usize, node: &Node, how: &Numbered) -> Result<NumberWanted, String> {
    let text = |element| node.text(element).map(str::trim).filter(|t| !t.is_empty());
    let (kind, kind_element) = match how.kind {
        Kind::Fixed(kind) => (Some(kind), ""),
        Kind::Element(element) => (text(element).and_then(|text| text.parse().ok()), element),
    };
    let document_id = match how.counter {
        Counter::Sop => text("DOCID"),
        Counter::Journal | Counter::Voucher | Counter::Receivable | Counter::Inventory => Some(""),
    };
    match (kind, document_id) {
        (Some(kind), Some(id)) => Ok(NumberWanted {
            transaction,
            counter: how.counter,
            kind,
            document_id: id.to_owned(),
        }),
        _ if how.counter == Counter::Sop => Err(format!("{kind_element} and DOCID")),
        _ => Err(kind_element.to_owned()),
    }
}

/// Other nodes share the header's number; an empty one without an empty header has none to share.
fn empty_numbers_without_header(document: &Document, index: usize, problems: &mut Vec<GpError>) {
    for (at, node) in document.transactions[index].nodes.iter().enumerate() {
        let mut elements = node.elements.iter();
        let empty = elements.find(|element| {
            element.value == Value::Empty && catalogue::takes_number(&node.name, &element.name)
        });
        if let Some(element) = empty {
            let place = Place {
                document,
                transaction: index,
                node: at,
            };
            let text = "is empty, but no header of the transaction asks for a number";
            problems.push(problem(node, &place.path(), &element.name, text));
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

/// A key that was left to GP is the number GP gave.
fn key(node: &Node, element: &str, kind: &str, number: Option<String>) -> Option<DocumentKey> {
    let value = match node.get(element)? {
        Value::Text(text) => text.clone(),
        Value::Empty | Value::Nil => number?,
    };
    Some(DocumentKey {
        element: element.to_owned(),
        value,
        type_element: kind.to_owned(),
        type_value: node.text(kind).unwrap_or_default().to_owned(),
    })
}
