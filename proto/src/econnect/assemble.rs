//! Puts a document together from start tags, texts and end tags, and refuses what does not belong.

use super::catalogue::{self, NodeSpec, TransactionType};
use super::document::{self, Document, Element, Node, Transaction, Value};
use super::read_error::ReadErrorKind;

/// SQL Server gives a procedure at most this many parameters.
const MAX_ELEMENTS: usize = 2100;

/// What is being read, from the root to the innermost open tag.
#[derive(Debug)]
enum Frame {
    Root,
    Transaction(Places),
    Wrapper {
        node: String,
        nil: bool,
    },
    Node {
        node: Node,
        spec: Option<&'static NodeSpec>,
        nil: bool,
    },
    Element {
        name: String,
        text: String,
        nil: bool,
    },
}

/// Which places of a transaction type have been used.
#[derive(Debug)]
struct Places {
    spec: &'static TransactionType,
    used: u64,
    last: usize,
}

/// The document so far.
pub(super) struct Assembler<'a> {
    any_order: bool,
    max_text: usize,
    site_node: &'a dyn Fn(&str) -> bool,
    document: Document,
    frames: Vec<Frame>,
    finished: bool,
}

/// Where and why the assembler stopped.
pub(super) struct Refusal {
    pub(super) node_path: String,
    pub(super) element: Option<String>,
    pub(super) kind: ReadErrorKind,
}

impl<'a> Assembler<'a> {
    pub(super) fn new(
        any_order: bool,
        max_text: usize,
        site_node: &'a dyn Fn(&str) -> bool,
    ) -> Self {
        let document = Document::default();
        Self {
            any_order,
            max_text,
            site_node,
            document,
            frames: Vec::new(),
            finished: false,
        }
    }

    /// Gives how many tags are open.
    pub(super) fn depth(&self) -> usize {
        self.frames.len()
    }

    /// Takes a start tag.
    pub(super) fn start(&mut self, name: &str, nil: bool) -> Result<(), Refusal> {
        let frame = self
            .opened(name, nil)
            .map_err(|kind| self.refuse_child(name, kind))?;
        if let Frame::Transaction(_) = frame {
            self.document.transactions.push(Transaction::new(name));
        }
        self.frames.push(frame);
        Ok(())
    }

    /// Takes characters; white space between tags is skipped.
    pub(super) fn text(&mut self, text: &str) -> Result<(), Refusal> {
        let limit = self.max_text;
        let blank = text.bytes().all(|byte| byte.is_ascii_whitespace());
        let result = match self.frames.last_mut() {
            Some(Frame::Element { nil: true, .. }) if !blank => Err(ReadErrorKind::NilWithContent),
            Some(Frame::Element {
                nil: false,
                text: have,
                ..
            }) => {
                if have.len() + text.len() > limit {
                    Err(ReadErrorKind::TextTooLong { limit })
                } else {
                    have.push_str(text);
                    Ok(())
                }
            }
            Some(_) | None if blank => Ok(()),
            None if self.finished => Err(ReadErrorKind::AfterRoot),
            Some(_) | None => Err(ReadErrorKind::StrayText),
        };
        result.map_err(|kind| self.refuse(kind))
    }

    /// Takes the end tag of the innermost open tag.
    pub(super) fn end(&mut self) {
        match self.frames.pop() {
            Some(Frame::Root) => self.finished = true,
            Some(Frame::Element { name, text, nil }) => {
                let value = if nil { Value::Nil } else { Value::from(text) };
                if let Some(Frame::Node { node, .. }) = self.frames.last_mut() {
                    node.elements.push(Element { name, value });
                }
            }
            Some(Frame::Node { node, nil, .. }) if !nil || node.name == "eConnectProcessInfo" => {
                if let Some(transaction) = self.document.transactions.last_mut() {
                    transaction.nodes.push(node);
                }
            }
            Some(Frame::Node { .. } | Frame::Transaction(_) | Frame::Wrapper { .. }) | None => {}
        }
    }

    /// Gives the document, once its root has ended.
    pub(super) fn finish(self) -> Result<Document, Refusal> {
        if self.finished {
            Ok(self.document)
        } else {
            Err(self.refuse(ReadErrorKind::Unfinished))
        }
    }

    /// Refuses something at the innermost open tag.
    pub(super) fn refuse(&self, kind: ReadErrorKind) -> Refusal {
        let element = match self.frames.last() {
            Some(Frame::Element { name, .. }) => Some(name.clone()),
            Some(_) | None => None,
        };
        Refusal {
            node_path: self.path(),
            element,
            kind,
        }
    }

    /// Refuses a tag about to be opened.
    fn refuse_child(&self, name: &str, kind: ReadErrorKind) -> Refusal {
        let mut refusal = self.refuse(kind);
        match self.frames.last() {
            Some(Frame::Node { .. }) => refusal.element = Some(name.to_owned()),
            Some(Frame::Transaction(_) | Frame::Wrapper { .. }) => {
                refusal.node_path = format!("{}/{name}", refusal.node_path);
            }
            Some(Frame::Root) => name.clone_into(&mut refusal.node_path),
            Some(Frame::Element { .. }) | None => {}
        }
        refusal
    }

    /// Decides what a start tag opens.
    fn opened(&mut self, name: &str, nil: bool) -> Result<Frame, ReadErrorKind> {
        let any_order = self.any_order;
        match self.frames.last_mut() {
            None if self.finished => Err(ReadErrorKind::AfterRoot),
            None if name != "eConnect" => Err(ReadErrorKind::Root(name.to_owned())),
            None | Some(Frame::Root) if nil => Err(ReadErrorKind::Nil),
            None => Ok(Frame::Root),
            Some(Frame::Root) => opened_transaction(name),
            Some(
                Frame::Wrapper { nil: true, .. }
                | Frame::Node { nil: true, .. }
                | Frame::Element { nil: true, .. },
            ) => Err(ReadErrorKind::NilWithContent),
            Some(Frame::Transaction(places)) => places.opened(name, nil, any_order, self.site_node),
            Some(Frame::Wrapper { node, .. }) if node == name => Ok(opened_node(name, nil)),
            Some(Frame::Wrapper { node, .. }) => Err(ReadErrorKind::ForeignNode {
                node: name.to_owned(),
                expected: node.clone(),
            }),
            Some(Frame::Node { node, spec, .. }) => opened_element(node, *spec, name, nil),
            Some(Frame::Element { .. }) => Err(ReadErrorKind::NestedElement(name.to_owned())),
        }
    }

    /// Writes the path of what is open, down to the node.
    fn path(&self) -> String {
        let (Some(transaction), [_, _, below @ ..]) =
            (self.document.transactions.last(), self.frames.as_slice())
        else {
            return String::new();
        };
        let mut path = self.document.path(self.document.transactions.len() - 1);
        for frame in below {
            match frame {
                Frame::Wrapper { node, .. } => path = format!("{path}/{node}_Items"),
                Frame::Node { node, .. } => {
                    let before = transaction.nodes_named(&node.name).count();
                    let place =
                        document::node_path(&transaction.kind, &node.name, before + 1, before > 0);
                    let last = place.rsplit('/').next().unwrap_or_default();
                    path = format!("{path}/{last}");
                }
                Frame::Root | Frame::Transaction(_) | Frame::Element { .. } => {}
            }
        }
        path
    }
}

impl Places {
    /// Decides what a start tag directly below the transaction opens.
    fn opened(
        &mut self,
        name: &str,
        nil: bool,
        any_order: bool,
        site_node: &dyn Fn(&str) -> bool,
    ) -> Result<Frame, ReadErrorKind> {
        let children = self.spec.children;
        let Some(position) = children.iter().position(|child| child.name == name) else {
            return self.opened_site_node(name, nil, site_node);
        };
        self.take(position, any_order)?;
        let child = &children[position];
        if child.wrapper {
            Ok(Frame::Wrapper {
                node: child.node.to_owned(),
                nil,
            })
        } else {
            Ok(opened_node(name, nil))
        }
    }

    fn take(&mut self, position: usize, any_order: bool) -> Result<(), ReadErrorKind> {
        let name = |position: usize| self.spec.children[position].name.to_owned();
        if self.used & (1 << position) != 0 {
            return Err(ReadErrorKind::RepeatedNode {
                node: name(position),
            });
        }
        if position < self.last && !any_order {
            let (node, after) = (name(position), name(self.last));
            return Err(ReadErrorKind::WrongOrder { node, after });
        }
        self.used |= 1 << position;
        self.last = position;
        Ok(())
    }

    /// A node that the type does not have: the site's own, bare or in a wrapper, if allowed.
    fn opened_site_node(
        &self,
        name: &str,
        nil: bool,
        site_node: &dyn Fn(&str) -> bool,
    ) -> Result<Frame, ReadErrorKind> {
        if let Some(child) = self.spec.child_of(name) {
            let (node, wrapper) = (name.to_owned(), child.name.to_owned());
            return Err(ReadErrorKind::OutsideWrapper { node, wrapper });
        }
        match name.strip_suffix("_Items") {
            Some(node) if self.spec.child_of(node).is_none() && site_node(node) => {
                Ok(Frame::Wrapper {
                    node: node.to_owned(),
                    nil,
                })
            }
            None if site_node(name) => Ok(opened_node(name, nil)),
            Some(_) | None => Err(ReadErrorKind::UnknownNode {
                node: name.to_owned(),
            }),
        }
    }
}

fn opened_transaction(name: &str) -> Result<Frame, ReadErrorKind> {
    match catalogue::transaction_type(name) {
        Some(spec) => Ok(Frame::Transaction(Places {
            spec,
            used: 0,
            last: 0,
        })),
        None => Err(ReadErrorKind::UnknownType(name.to_owned())),
    }
}

fn opened_node(name: &str, nil: bool) -> Frame {
    Frame::Node {
        node: Node::new(name),
        spec: catalogue::node(name),
        nil,
    }
}

fn opened_element(
    node: &Node,
    spec: Option<&'static NodeSpec>,
    name: &str,
    nil: bool,
) -> Result<Frame, ReadErrorKind> {
    if spec.is_some_and(|spec| spec.element(name).is_none()) {
        return Err(ReadErrorKind::UnknownElement);
    }
    if node
        .elements
        .iter()
        .any(|element| element.name.eq_ignore_ascii_case(name))
    {
        return Err(ReadErrorKind::DuplicateElement);
    }
    if node.elements.len() >= MAX_ELEMENTS {
        return Err(ReadErrorKind::TooManyElements {
            limit: MAX_ELEMENTS,
        });
    }
    Ok(Frame::Element {
        name: name.to_owned(),
        text: String::new(),
        nil,
    })
}
