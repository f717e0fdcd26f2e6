//! Why a document could not be read, and where.

use std::fmt;

use thiserror::Error;

/// Says why and where the reader stopped. Names the place, never a value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}: {kind}", Place { node_path: &self.node_path, element: self.element.as_deref() })]
pub struct ReadError {
    /// The node, as `SOPTransactionType/taSopLineIvcInsert_Items/taSopLineIvcInsert[2]`; less deep
    /// where the trouble is outside a node.
    pub node_path: String,
    /// The element, where the trouble is in one.
    pub element: Option<String>,
    /// How many bytes had been read.
    pub offset: u64,
    /// What is wrong.
    pub kind: ReadErrorKind,
}

/// What the reader refuses.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadErrorKind {
    /// The document has more bytes than allowed.
    #[error("the document has {bytes} bytes, at most {limit} are read")]
    TooLarge {
        /// Bytes given.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the document is not UTF-8")]
    NotUtf8,
    /// The XML declaration names an encoding other than UTF-8.
    #[error("the encoding {0} is not read, only UTF-8")]
    Encoding(String),
    /// The XML is not well-formed.
    #[error("the XML is not well-formed: {0}")]
    Malformed(String),
    /// A document type declaration; entities could hide in one.
    #[error("a document type declaration is not allowed")]
    DocumentType,
    /// A reference to an entity other than the five that XML defines.
    #[error("the entity &{0}; is not defined")]
    Entity(String),
    /// A character that XML does not allow.
    #[error("the character U+{0:04X} is not allowed in XML")]
    Character(u32),
    /// A name no procedure or parameter can have.
    #[error("{0:?} is not a name")]
    Name(String),
    /// The root is not `eConnect`.
    #[error("the root is {0}, not eConnect")]
    Root(String),
    /// Something follows the root.
    #[error("the document goes on after its root")]
    AfterRoot,
    /// A transaction type the catalogue does not have.
    #[error("{0} is not a transaction type")]
    UnknownType(String),
    /// A node the transaction type does not have and the caller does not allow.
    #[error("{node} is not a node of this transaction type")]
    UnknownNode {
        /// The node's name.
        node: String,
    },
    /// A node that must be inside a wrapper is not.
    #[error("{node} must be inside {wrapper}")]
    OutsideWrapper {
        /// The node's name.
        node: String,
        /// The wrapper it belongs in.
        wrapper: String,
    },
    /// A wrapper holds another node than its own.
    #[error("{node} does not belong inside a wrapper of {expected}")]
    ForeignNode {
        /// The node found.
        node: String,
        /// The node the wrapper is for.
        expected: String,
    },
    /// A node comes after one that the schema puts behind it.
    #[error("{node} must come before {after}")]
    WrongOrder {
        /// The node or wrapper found.
        node: String,
        /// The one it was found behind.
        after: String,
    },
    /// A node or wrapper that may occur once occurs again.
    #[error("{node} occurs more than once")]
    RepeatedNode {
        /// The node or wrapper.
        node: String,
    },
    /// An element the node does not have.
    #[error("the node has no such element")]
    UnknownElement,
    /// An element occurs twice in a node; parameters ignore case, so does this.
    #[error("the element occurs more than once")]
    DuplicateElement,
    /// An element holds an element.
    #[error("the element holds another element, {0}")]
    NestedElement(String),
    /// Characters where only elements may be.
    #[error("text outside an element")]
    StrayText,
    /// An attribute that eConnect does not know and would ignore.
    #[error("the attribute {0} is not known")]
    Attribute(String),
    /// A start tag with more attribute text than any honest document has.
    #[error("the attributes are longer than {limit} bytes")]
    AttributesTooLong {
        /// Bytes allowed.
        limit: usize,
    },
    /// `xsi:nil` where it has no meaning, or with another value than true or false.
    #[error("xsi:nil is not allowed here or not true or false")]
    Nil,
    /// Something nil has content.
    #[error("it is nil and has content")]
    NilWithContent,
    /// More levels of elements than allowed.
    #[error("more than {limit} levels of elements")]
    TooDeep {
        /// Levels allowed.
        limit: usize,
    },
    /// More XML elements than allowed.
    #[error("more than {limit} XML elements")]
    TooManyNodes {
        /// XML elements allowed.
        limit: usize,
    },
    /// More elements in one node than a procedure has parameters.
    #[error("more than {limit} elements in one node")]
    TooManyElements {
        /// Elements allowed.
        limit: usize,
    },
    /// A longer text than allowed.
    #[error("the text has more than {limit} bytes")]
    TextTooLong {
        /// Bytes allowed.
        limit: usize,
    },
    /// The document ends before its root does.
    #[error("the document ends too early")]
    Unfinished,
}

/// Displays a node path and an element as one place.
pub(super) struct Place<'a> {
    pub(super) node_path: &'a str,
    pub(super) element: Option<&'a str>,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node_path = if self.node_path.is_empty() {
            "eConnect"
        } else {
            self.node_path
        };
        match self.element {
            Some(element) => write!(formatter, "{node_path}, {element}"),
            None => formatter.write_str(node_path),
        }
    }
}
