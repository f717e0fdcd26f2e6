//! The compiled form of a formula that needs no interpreter.

use super::super::facts::Name;
use super::calls::Helper;
use crate::engine::value::Value;

/// A part of a formula.
#[derive(Debug)]
pub(super) enum Node {
    /// A value without whole numbers: one, or a list of single ones.
    Constant(Value),
    Whole(i64),
    /// What stands at a path below a fact.
    Path(Box<Path>),
    /// What stands at a path below what a closure was given, which is known by its place among all
    /// that closures around it were given.
    Slot(usize, Vec<Along>),
    Chain(Box<Chain>),
    Not(Box<Node>),
    Minus(Box<Node>),
    Binary(Operator, Box<(Node, Node)>),
    All(Vec<Node>),
    Any(Vec<Node>),
    Coalesce(Vec<Node>),
    If(Box<Choice>),
    List(Vec<Node>),
    /// Fields in the order of their names.
    Map(Vec<(String, Node)>),
    /// A text with formulas in it.
    Text(Vec<Node>),
}

/// A path such as `order.customer?.email`.
#[derive(Debug)]
pub(super) struct Path {
    pub(super) name: Name,
    pub(super) steps: Vec<Along>,
}

/// One step along a path; an optional one ends it with nothing where there is nothing to go on from.
#[derive(Debug)]
pub(super) enum Along {
    Field { name: String, optional: bool },
    Place { place: usize, optional: bool },
}

/// What begins with one value and goes on from it: `order.items.filter(...)[0].sku`.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) root: Node,
    pub(super) links: Vec<Link>,
}

#[derive(Debug)]
pub(super) struct Link {
    /// The chain ends with nothing where there is nothing to go on from.
    pub(super) optional: bool,
    pub(super) step: Step,
}

#[derive(Debug)]
pub(super) enum Step {
    Field(String),
    Index(Node),
    /// A helper that is given what the chain has come to, and more.
    Call(Helper, Vec<Node>),
    /// A helper that goes through a list with a closure.
    Each(Each, Closure),
    /// The same with something to begin with.
    Reduce(Closure, Node),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Each {
    Map,
    Filter,
    Find,
    FindMap,
    All,
    Some,
}

#[derive(Debug)]
pub(super) struct Closure {
    /// The slot of the first thing it is given.
    pub(super) slot: usize,
    /// How many things it takes.
    pub(super) takes: usize,
    /// How many things it reads that are around it.
    pub(super) captured: u64,
    pub(super) body: Node,
}

#[derive(Debug)]
pub(super) struct Choice {
    pub(super) when: Node,
    pub(super) then: Node,
    pub(super) otherwise: Node,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Plus,
    Minus,
    Times,
    Divided,
    Modulo,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "+" => Self::Plus,
            "-" => Self::Minus,
            "*" => Self::Times,
            "/" => Self::Divided,
            "%" => Self::Modulo,
            "==" => Self::Equal,
            "!=" => Self::Unequal,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }
}

impl Each {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "map" => Self::Map,
            "filter" => Self::Filter,
            "find" => Self::Find,
            "find_map" => Self::FindMap,
            "all" => Self::All,
            "some" => Self::Some,
            _ => return None,
        })
    }
}
