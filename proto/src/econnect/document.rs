//! The eConnect document as plain data: transactions, their nodes, and the nodes' elements.

use super::catalogue;

/// One `<eConnect>` document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Document {
    /// The transactions in document order.
    pub transactions: Vec<Transaction>,
}

/// One transaction of a document, for instance a `SOPTransactionType`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Transaction {
    /// The transaction type's name.
    pub kind: String,
    /// The nodes in document order; wrappers are left out, the catalogue knows them.
    pub nodes: Vec<Node>,
}

/// One node: the call of one stored procedure of the same name.
///
/// A node that is nil in the XML means the same as an absent one and is never in a document, save
/// `eConnectProcessInfo`, whose nil form is a node without elements.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Node {
    /// The node's name, for instance `taSopHdrIvcInsert`.
    pub name: String,
    /// The elements that are present, each at most once.
    pub elements: Vec<Element>,
}

/// One element of a node: one parameter of the procedure.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Element {
    /// The element's name, which is the parameter's name without `@I_v`.
    pub name: String,
    /// What was given for it.
    pub value: Value,
}

/// What a document says about an element that is present; an absent one has no [`Element`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// Characters exactly as sent; an empty text counts as [`Value::Empty`].
    Text(String),
    /// Present without content: blanks the field, or asks for the next document number.
    Empty,
    /// `xsi:nil="true"`: the parameter is NULL.
    Nil,
}

impl Document {
    /// Makes a document without transactions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a transaction at the end.
    #[must_use]
    pub fn with(mut self, transaction: Transaction) -> Self {
        self.transactions.push(transaction);
        self
    }

    /// Names a transaction by its type, and by its number where the type occurs more than once.
    ///
    /// Gives an empty text for an index outside the document.
    pub fn path(&self, index: usize) -> String {
        let Some(transaction) = self.transactions.get(index) else {
            return String::new();
        };
        let alike = |other: &&Transaction| other.kind == transaction.kind;
        if self.transactions.iter().filter(alike).count() < 2 {
            return transaction.kind.clone();
        }
        let number = self.transactions[..=index].iter().filter(alike).count();
        format!("{}[{number}]", transaction.kind)
    }
}

impl Transaction {
    /// Makes a transaction without nodes.
    pub fn new(kind: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            nodes: Vec::new(),
        }
    }

    /// Adds a node at the end.
    #[must_use]
    pub fn with(mut self, node: Node) -> Self {
        self.nodes.push(node);
        self
    }

    /// Gives the nodes of that name in document order.
    pub fn nodes_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> {
        self.nodes.iter().filter(move |node| node.name == name)
    }

    /// Names the node at `index` as
    /// `SOPTransactionType/taSopLineIvcInsert_Items/taSopLineIvcInsert[2]`.
    ///
    /// Nodes are counted from 1 within their name; the number is left out for a node that the type
    /// holds at most once. Gives the type alone for an index outside the transaction.
    pub fn path(&self, index: usize) -> String {
        let Some(node) = self.nodes.get(index) else {
            return self.kind.clone();
        };
        let number = self.nodes[..=index]
            .iter()
            .filter(|other| other.name == node.name)
            .count();
        let repeated = self.nodes_named(&node.name).nth(1).is_some();
        node_path(&self.kind, &node.name, number, repeated)
    }
}

/// Writes the path of the `number`-th node of a name below the type `kind`.
pub(super) fn node_path(kind: &str, node: &str, number: usize, repeated: bool) -> String {
    let child = catalogue::transaction_type(kind).and_then(|spec| spec.child_of(node));
    match child {
        Some(child) if child.wrapper => format!("{kind}/{}/{node}[{number}]", child.name),
        Some(_) | None if repeated => format!("{kind}/{node}[{number}]"),
        Some(_) | None => format!("{kind}/{node}"),
    }
}

impl Node {
    /// Makes a node without elements.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            elements: Vec::new(),
        }
    }

    /// Sets an element to a text, or to empty where the text is.
    #[must_use]
    pub fn with(mut self, element: impl Into<String>, value: impl Into<String>) -> Self {
        self.set(element, Value::from(value.into()));
        self
    }

    /// Gives what the node says about an element; `None` where it is absent.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.elements
            .iter()
            .find(|element| element.name == name)
            .map(|element| &element.value)
    }

    /// Gives an element's text; `None` where it is absent, empty or nil.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::text)
    }

    /// Sets an element, in its place where it is present and at the end otherwise.
    pub fn set(&mut self, name: impl Into<String>, value: Value) {
        let name = name.into();
        match self
            .elements
            .iter_mut()
            .find(|element| element.name == name)
        {
            Some(element) => element.value = value,
            None => self.elements.push(Element { name, value }),
        }
    }

    /// Takes an element out, so that it is absent.
    pub fn remove(&mut self, name: &str) {
        self.elements.retain(|element| element.name != name);
    }
}

impl Value {
    /// Gives the text; `None` for empty and nil.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) if !text.is_empty() => Some(text),
            Self::Text(_) | Self::Empty | Self::Nil => None,
        }
    }

    /// Tells whether the element is present without content, and not nil.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Empty => true,
            Self::Nil => false,
        }
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        if text.is_empty() {
            Self::Empty
        } else {
            Self::Text(text)
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Transaction {
        Transaction::new("SOPTransactionType")
            .with(Node::new("taSopLineIvcInsert").with("ITEMNMBR", "A"))
            .with(Node::new("taSopLineIvcInsert").with("ITEMNMBR", "B"))
            .with(Node::new("taSopHdrIvcInsert").with("SOPNUMBE", ""))
            .with(Node::new("siteNode"))
    }

    #[test]
    fn paths_name_wrapper_and_number() {
        let order = order();
        let wrapped = "SOPTransactionType/taSopLineIvcInsert_Items/taSopLineIvcInsert";
        assert_eq!(order.path(0), format!("{wrapped}[1]"));
        assert_eq!(order.path(1), format!("{wrapped}[2]"));
        assert_eq!(order.path(2), "SOPTransactionType/taSopHdrIvcInsert");
        assert_eq!(order.path(3), "SOPTransactionType/siteNode");
        assert_eq!(order.path(4), "SOPTransactionType");
    }

    #[test]
    fn document_paths_number_types_that_repeat() {
        let one = Document::new().with(order());
        assert_eq!(one.path(0), "SOPTransactionType");
        assert_eq!(one.path(1), "");
        let two = one.with(Transaction::new("RMApplyType")).with(order());
        assert_eq!(two.path(1), "RMApplyType");
        assert_eq!(two.path(2), "SOPTransactionType[2]");
    }

    #[test]
    fn absent_empty_and_nil_stay_apart() {
        let mut node = Node::new("taSopHdrIvcInsert")
            .with("SOPNUMBE", "")
            .with("DOCID", "STDORD");
        node.set("SHIPMTHD", Value::Nil);
        assert_eq!(node.get("SOPNUMBE"), Some(&Value::Empty));
        assert_eq!(node.get("SHIPMTHD"), Some(&Value::Nil));
        assert_eq!(node.get("BACHNUMB"), None);
        assert_eq!(node.text("DOCID"), Some("STDORD"));
        assert_eq!(node.text("SOPNUMBE"), None);
        node.set("DOCID", Value::from("WEB"));
        assert_eq!(node.elements.len(), 3);
        node.remove("DOCID");
        assert_eq!(node.get("DOCID"), None);
    }
}
