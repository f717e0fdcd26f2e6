//! What is told of an element that cannot be made.

use connect_proto::econnect::catalogue::NodeSpec;
use connect_proto::econnect::{Violation, ViolationKind};

use super::element::CompiledElement;
use crate::domain::failure::{Failure, FailureClass, Fault};
use crate::engine::lookup::NoRow;
use crate::engine::transform::Wrong;

/// Where an element is being made.
pub(super) struct At<'a> {
    pub(super) node: &'a NodeSpec,
    pub(super) place: usize,
    pub(super) element: &'a str,
    pub(super) repair: &'a str,
}

impl At<'_> {
    pub(super) fn no_row(&self, none: &NoRow) -> Failure {
        let message = format!("{}: {}", self.element, none.message);
        let repair = format!("{} Then replay.", none.repair);
        let fault = fault(
            "no_row",
            self.node,
            self.element,
            self.place,
            message.clone(),
            repair,
        );
        Failure::new(FailureClass::BusinessRule, "no_row", message).with_fault(fault)
    }

    pub(super) fn path(&self) -> String {
        format!("{}[{}]", self.node.name, self.place)
    }

    pub(super) fn wrong(&self, wrong: &Wrong) -> Failure {
        let message = format!("{}: {}", self.element, wrong.message);
        let repair = if self.repair.is_empty() {
            format!("{} Then replay.", wrong.repair)
        } else {
            self.repair.to_owned()
        };
        let fault = fault(
            wrong.code,
            self.node,
            self.element,
            self.place,
            message.clone(),
            repair,
        );
        Failure::new(FailureClass::InvalidData, wrong.code, message).with_fault(fault)
    }
}

pub(super) fn missing(node: &NodeSpec, element: &CompiledElement, place: usize) -> Failure {
    let name = element.spec.name;
    let from = element.source.shown();
    let message = format!("{name} has no value: {from} gives nothing");
    let repair = if element.repair.is_empty() {
        format!("Fill {from} in the store, or in the profile.")
    } else {
        element.repair.clone()
    };
    let fault = fault("missing_value", node, name, place, message.clone(), repair);
    Failure::new(FailureClass::InvalidData, "missing_value", message).with_fault(fault)
}

pub(super) fn unknown_element(node: &NodeSpec, name: &str, place: usize, repair: &str) -> Failure {
    let message = format!("{} has no element {name}", node.name);
    let repair = if repair.is_empty() {
        format!("Name an element of {}.", node.name)
    } else {
        repair.to_owned()
    };
    let fault = fault(
        "unknown_element",
        node,
        name,
        place,
        message.clone(),
        repair,
    );
    Failure::new(FailureClass::InvalidData, "unknown_element", message).with_fault(fault)
}

fn fault(
    code: &str,
    node: &NodeSpec,
    field: &str,
    place: usize,
    message: String,
    repair: String,
) -> Fault {
    Fault {
        code: code.into(),
        message,
        node: Some(format!("{}[{place}]", node.name)),
        field: Some(field.into()),
        repair,
        ..Fault::default()
    }
}

pub(super) fn repair(violation: &Violation) -> String {
    match violation.kind {
        ViolationKind::TooLong => "Shorten the value in the store, or have the mapping cut it.",
        ViolationKind::NotInCodePage => {
            "Write the value with characters of code page 1252 in the store."
        }
        ViolationKind::Missing | ViolationKind::Empty => {
            "Fill the value in the store or the profile."
        }
        ViolationKind::WrongType | ViolationKind::OutOfRange | ViolationKind::TooManyDecimals => {
            "Correct the value in the store or the profile."
        }
        ViolationKind::NothingToDo
        | ViolationKind::UnknownType
        | ViolationKind::UnknownNode
        | ViolationKind::RepeatedNode
        | ViolationKind::UnknownElement
        | ViolationKind::DuplicateElement
        | ViolationKind::BadName => "Correct the mapping.",
    }
    .into()
}
