//! A mapping as people write it: JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::checks::Check;
use crate::engine::repeat::ForEach;
use crate::engine::transform::Transform;

/// The only format so far.
pub const FORMAT: u32 = 1;

/// Rules that build one eConnect document from records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// [`FORMAT`].
    pub format: u32,
    /// Its name among the mappings.
    pub name: String,
    /// What it makes, for people.
    pub title: String,
    /// The eConnect transaction type.
    pub document: String,
    /// Names of the records it is given.
    pub inputs: Vec<String>,
    /// Values computed first, in order; checks stand where they can be decided.
    pub prepare: Vec<Entry>,
    /// The nodes, in any order; the document's own order is the schema's.
    pub nodes: Vec<NodeRule>,
}

/// One line of the preparation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// A value to compute.
    Set(Variable),
    /// What must hold before going on.
    Check(Box<Check>),
}

/// A value computed from those before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// The name later formulas know it by.
    pub name: String,
    /// A formula.
    pub expression: String,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// A rule that makes a node, or several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeRule {
    /// Names the rule in traces and problems.
    pub rule: String,
    /// The eConnect node.
    pub node: String,
    /// A formula: false leaves the node out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Makes one node for each entry of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<ForEach>,
    /// The elements.
    pub elements: Vec<ElementRule>,
    /// Elements that come and go together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// Elements whose names come from a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_by: Option<NamedBy>,
}

/// Elements that come and go together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What they are, for people.
    pub title: String,
    /// A formula: false leaves all of them out.
    pub when: String,
    /// The elements. An element may have a rule in several groups; the last that holds is taken.
    pub elements: Vec<ElementRule>,
}

/// A rule that makes an element. Exactly one of `constant`, `path`, `expression`, `template`,
/// `lookup`, `concat`, `today` is its source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ElementRule {
    /// The element.
    pub element: String,
    /// The same text always; an empty one makes a present, empty element.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constant: Option<String>,
    /// A path such as `order.id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// A formula.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// A text with formulas in braces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// A value of a lookup table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lookup: Option<LookupRule>,
    /// Several values one behind the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concat: Option<Concat>,
    /// A formula for a time zone: the day there on which the run began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub today: Option<String>,
    /// A formula: false leaves the element out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What to do when the source gives nothing or blank text.
    pub missing: Missing,
    /// Changes made to the value, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transforms: Vec<Transform>,
    /// What to tell people who must mend its value.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub repair: String,
}

/// A value of a lookup table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookupRule {
    /// The table.
    pub table: String,
    /// A formula for each of its keys.
    pub keys: BTreeMap<String, String>,
    /// The column to give; of a table with one it need not be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub give: Option<String>,
}

/// Several values one behind the other; what is nothing or blank is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Concat {
    /// Formulas.
    pub parts: Vec<String>,
    /// What stands between two.
    #[serde(default)]
    pub between: String,
}

/// Elements whose names come from a list: one for each entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedBy {
    /// The list.
    pub for_each: ForEach,
    /// A formula for the element's name.
    pub element: String,
    /// A formula for the path of its value in the mapping's records, such as `order.id`.
    pub path: String,
    /// Changes made to the value, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transforms: Vec<Transform>,
    /// What to tell people who must mend it.
    #[serde(default)]
    pub repair: String,
}

/// What to do when a source gives nothing. GP tells an absent element from an empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// The element is absent: GP does what its procedure does without it.
    #[default]
    Omit,
    /// The element is absent, and GP keeps what it has; only where its procedure does so.
    Keep,
    /// The element is present and empty: the field is blanked.
    Empty,
    /// This text is taken.
    Default(String),
    /// The order cannot go on.
    Error,
}
