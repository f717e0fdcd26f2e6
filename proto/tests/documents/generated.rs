//! Made from the catalogue: each required element missing, each text one longer than it may be.

use connect_proto::econnect::catalogue::{self, ElementSpec};
use connect_proto::econnect::value::SqlType;
use connect_proto::econnect::{Document, Element, Node, Transaction, Value, ViolationKind, check};

/// A value of the element's type.
fn filler(spec: &ElementSpec) -> &'static str {
    match spec.sql_type {
        SqlType::Datetime => "2025-03-04",
        SqlType::Char(_)
        | SqlType::Varchar(_)
        | SqlType::Text
        | SqlType::UnconfirmedText
        | SqlType::Tinyint
        | SqlType::Smallint
        | SqlType::Int
        | SqlType::Bigint
        | SqlType::Numeric { .. }
        | SqlType::UnconfirmedInteger => "1",
    }
}

/// A node with every required element but one, and one value of the test's own.
fn node(name: &str, elements: &[ElementSpec], without: &str, own: Option<(&str, String)>) -> Node {
    let own_name = own.as_ref().map_or("", |(name, _)| *name);
    let required = elements
        .iter()
        .filter(|e| e.required && e.name != without && e.name != own_name);
    let mut given: Vec<_> = required.map(|e| (e.name, filler(e).to_owned())).collect();
    given.extend(own);
    let given = given.into_iter().map(|(name, text)| Element {
        name: name.to_owned(),
        value: Value::Text(text),
    });
    Node {
        name: name.to_owned(),
        elements: given.collect(),
    }
}

fn found(kind: &str, node: Node) -> Vec<(String, ViolationKind)> {
    let transaction = Transaction {
        kind: kind.to_owned(),
        nodes: vec![node],
    };
    let document = Document {
        transactions: vec![transaction],
    };
    let found = check(&document).into_iter();
    found
        .map(|v| (v.element.unwrap_or_default(), v.kind))
        .collect()
}

#[test]
fn each_missing_element_and_each_long_text_is_found_and_nothing_else() {
    let (mut missing, mut long) = (0, 0);
    for kind in catalogue::transaction_types() {
        let of_kind = kind
            .children
            .iter()
            .filter(|child| child.node != "eConnectProcessInfo");
        for spec in of_kind.filter_map(|child| catalogue::node(child.node)) {
            let whole = found(kind.name, node(spec.name, spec.elements, "", None));
            assert_eq!(whole, [], "{} {}", kind.name, spec.name);
            for element in spec.elements.iter().filter(|element| element.required) {
                let lacking = node(spec.name, spec.elements, element.name, None);
                let expected = [(element.name.to_owned(), ViolationKind::Missing)];
                assert_eq!(found(kind.name, lacking), expected, "{}", spec.name);
                missing += 1;
            }
            for element in spec.elements {
                let (SqlType::Char(length) | SqlType::Varchar(length)) = element.sql_type else {
                    continue;
                };
                for (length, fits) in [(length, true), (length + 1, false)] {
                    let own = Some((element.name, "x".repeat(usize::from(length))));
                    let expected = (element.name.to_owned(), ViolationKind::TooLong);
                    let expected = if fits { Vec::new() } else { vec![expected] };
                    let told = found(kind.name, node(spec.name, spec.elements, "", own));
                    assert_eq!(told, expected, "{}", spec.name);
                }
                long += 1;
            }
        }
    }
    assert!(
        missing > 300 && long > 1_000,
        "{missing} missing, {long} too long"
    );
}
