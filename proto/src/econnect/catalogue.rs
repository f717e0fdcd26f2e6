//! What eConnect knows: transaction types, nodes, elements and number procedures.
//!
//! The tables are made at build time from `catalogue/types.csv` and `catalogue/nodes.csv`. The
//! binding truth on a server is its own list of procedure parameters; the catalogue is what can be
//! said without one.

use super::value::SqlType;

/// A transaction type and its children in schema order, which is the order of execution.
#[derive(Debug, PartialEq, Eq)]
pub struct TransactionType {
    /// The type's name, for instance `SOPTransactionType`.
    pub name: &'static str,
    /// The children in schema order.
    pub children: &'static [Child],
}

/// One place in a transaction type.
#[derive(Debug, PartialEq, Eq)]
pub struct Child {
    /// The XML element's name: the node's, or the wrapper's with `_Items` at its end.
    pub name: &'static str,
    /// Whether the place is a wrapper that holds the node any number of times.
    pub wrapper: bool,
    /// The node's name.
    pub node: &'static str,
}

/// A node and the parameters of its procedure.
#[derive(Debug, PartialEq, Eq)]
pub struct NodeSpec {
    /// The node's name.
    pub name: &'static str,
    /// The stored procedure; `None` for the two nodes that eConnect itself reads.
    pub procedure: Option<&'static str>,
    /// The elements a document may give, in parameter order.
    pub elements: &'static [ElementSpec],
    /// The procedure's output parameters, which no document gives.
    pub outputs: &'static [ElementSpec],
}

/// An element of a node.
#[derive(Debug, PartialEq, Eq)]
pub struct ElementSpec {
    /// The element's name.
    pub name: &'static str,
    /// The parameter's SQL type.
    pub sql_type: SqlType,
    /// The longest text in characters, or the type's size in bytes; `None` where unconfirmed.
    pub length: Option<u16>,
    /// Whether the procedure refuses a call without it.
    pub required: bool,
    /// What an absent element means, as written in the catalogue: `''`, `0`, `NULL (…)`.
    pub default: Option<&'static str>,
    /// What the element is for; `None` where unconfirmed.
    pub meaning: Option<&'static str>,
}

/// A procedure that hands out document numbers.
#[derive(Debug, PartialEq, Eq)]
pub struct NumberProcedure {
    /// The procedure's name, for instance `taGetSopNumber`.
    pub name: &'static str,
    /// All parameters in the order of a positional call; the names begin with `@`.
    pub parameters: &'static [NumberParameter],
}

/// A parameter of a [`NumberProcedure`].
#[derive(Debug, PartialEq, Eq)]
pub struct NumberParameter {
    /// The parameter's name with its `@`.
    pub name: &'static str,
    /// The parameter's SQL type.
    pub sql_type: SqlType,
    /// Whether it is an OUTPUT parameter.
    pub output: bool,
    /// Whether name and type were seen in a working call.
    pub confirmed: bool,
}

mod tables {
    //! The generated tables, each sorted by name.

    use super::{Child, ElementSpec, NodeSpec, NumberParameter, NumberProcedure, TransactionType};
    use crate::econnect::value::SqlType;

    include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));
}

/// Gives every transaction type, sorted by name.
pub fn transaction_types() -> &'static [TransactionType] {
    tables::TRANSACTION_TYPES
}

/// Finds a transaction type by its exact name.
pub fn transaction_type(name: &str) -> Option<&'static TransactionType> {
    let types = transaction_types();
    types
        .binary_search_by(|spec| spec.name.cmp(name))
        .ok()
        .map(|index| &types[index])
}

/// Gives every node whose elements are known, sorted by name.
///
/// Transaction types also name nodes that are not listed here: their elements are unknown.
pub fn nodes() -> &'static [NodeSpec] {
    tables::NODES
}

/// Finds a node whose elements are known, by its exact name.
pub fn node(name: &str) -> Option<&'static NodeSpec> {
    let nodes = nodes();
    nodes
        .binary_search_by(|spec| spec.name.cmp(name))
        .ok()
        .map(|index| &nodes[index])
}

/// Gives every procedure that hands out document numbers, sorted by name.
pub fn number_procedures() -> &'static [NumberProcedure] {
    tables::NUMBER_PROCEDURES
}

/// Tells whether an element that is present and empty asks for the next document number.
///
/// These are the elements that eConnect's own interface fills in; the agent does the same.
pub fn takes_number(node: &str, element: &str) -> bool {
    match element {
        "SOPNUMBE" | "JRNENTRY" | "IVDOCNBR" | "POPRCTNM" | "PONUMBER" | "VCHNUMWK" => true,
        "VCHRNMBR" | "PMNTNMBR" => node.starts_with("taPM"),
        "DOCNUMBR" => node.starts_with("taRM"),
        _ => false,
    }
}

impl TransactionType {
    /// Finds the place of a node.
    pub fn child_of(&self, node: &str) -> Option<&'static Child> {
        self.position_of(node)
            .map(|position| &self.children[position])
    }

    /// Gives the place of a node in schema order, counted from 0.
    pub fn position_of(&self, node: &str) -> Option<usize> {
        self.children.iter().position(|child| child.node == node)
    }
}

impl NodeSpec {
    /// Finds an element by its exact name.
    pub fn element(&self, name: &str) -> Option<&'static ElementSpec> {
        self.position_of(name)
            .map(|position| &self.elements[position])
    }

    /// Gives an element's place in parameter order, counted from 0.
    pub fn position_of(&self, name: &str) -> Option<usize> {
        self.elements
            .iter()
            .position(|element| element.name == name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn rows(file: &str) -> csv::StringRecordsIntoIter<&[u8]> {
        csv::Reader::from_reader(file.as_bytes()).into_records()
    }

    #[test]
    fn every_type_of_the_file_is_there_in_its_order() {
        let mut expected: BTreeMap<String, Vec<(String, bool, String)>> = BTreeMap::new();
        for row in rows(include_str!("../../catalogue/types.csv")).map(Result::unwrap) {
            let wrapper = &row[3] == "wrapper";
            let node = if wrapper { &row[4] } else { &row[2] };
            let child = (row[2].to_owned(), wrapper, node.to_owned());
            expected.entry(row[0].to_owned()).or_default().push(child);
        }
        assert_eq!(transaction_types().len(), 168);
        assert_eq!(expected.len(), 168);
        for (name, children) in expected {
            let spec = transaction_type(&name).unwrap();
            let have = spec
                .children
                .iter()
                .map(|c| (c.name.into(), c.wrapper, c.node.into()));
            assert_eq!(have.collect::<Vec<_>>(), children, "{name}");
        }
    }

    #[test]
    fn every_node_has_every_row_of_the_file() {
        let mut expected: BTreeMap<String, usize> = BTreeMap::new();
        for row in rows(include_str!("../../catalogue/nodes.csv")).map(Result::unwrap) {
            let name = if &row[0] == "(number proc)" {
                &row[1]
            } else {
                &row[0]
            };
            *expected.entry(name.to_owned()).or_default() += 1;
        }
        assert_eq!(expected.len(), nodes().len() + number_procedures().len());
        for spec in nodes() {
            let count = spec.elements.len() + spec.outputs.len();
            assert_eq!(expected[spec.name], count, "{}", spec.name);
        }
        for procedure in number_procedures() {
            assert_eq!(
                expected[procedure.name],
                procedure.parameters.len(),
                "{}",
                procedure.name
            );
        }
    }

    #[test]
    fn elements_carry_type_length_and_requirement() {
        let header = node("taSopHdrIvcInsert").unwrap();
        assert_eq!(header.procedure, Some("taSopHdrIvcInsert"));
        assert_eq!(header.outputs.len(), 2);
        let number = header.element("SOPNUMBE").unwrap();
        assert_eq!(number.sql_type, SqlType::Char(21));
        assert_eq!(number.length, Some(21));
        assert!(number.required);
        let amount = header.element("DOCAMNT").unwrap();
        assert_eq!(
            amount.sql_type,
            SqlType::Numeric {
                precision: 19,
                scale: 5
            }
        );
        assert!(!amount.required);
        assert_eq!(header.element("docamnt"), None);
    }

    #[test]
    fn odd_rows_are_understood() {
        assert_eq!(node("eConnectProcessInfo").unwrap().procedure, None);
        let analysis = node("taAnalyticsDistribution")
            .unwrap()
            .element("DOCNMBR")
            .unwrap();
        assert_eq!(
            (analysis.sql_type, analysis.length),
            (SqlType::UnconfirmedText, None)
        );
        let delete = node("taSopLineDelete")
            .unwrap()
            .element("DeleteType")
            .unwrap();
        assert_eq!(delete.sql_type, SqlType::UnconfirmedInteger);
        let sop = number_procedures()
            .iter()
            .find(|p| p.name == "taGetSopNumber")
            .unwrap();
        assert!(sop.parameters.iter().all(|parameter| parameter.confirmed));
        assert_eq!(sop.parameters[3].name, "@O_vSopNumber");
        assert_eq!(sop.parameters[3].sql_type, SqlType::Varchar(21));
        assert!(sop.parameters[3].output && !sop.parameters[0].output);
    }

    #[test]
    fn unknown_names_are_not_found() {
        assert_eq!(transaction_type("SopTransactionType"), None);
        assert_eq!(node("taSopLineIvcInsert_Items"), None);
        assert_eq!(node(""), None);
    }

    #[test]
    fn empty_number_elements_ask_for_a_number() {
        assert!(takes_number("taSopHdrIvcInsert", "SOPNUMBE"));
        assert!(takes_number("taRMTransaction", "DOCNUMBR"));
        assert!(!takes_number("taPMTransactionInsert", "DOCNUMBR"));
        assert!(!takes_number("taSopHdrIvcInsert", "CUSTNMBR"));
    }
}
