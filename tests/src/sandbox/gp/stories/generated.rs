//! Made from the catalogue: each required element missing, each text one longer than it may be.

use std::sync::Arc;

use super::super::procedures::call::{Argument, Reply};
use super::super::procedures::signature::{self, Parameter, Signature};
use super::super::procedures::{FAMILIES, codes};
use super::super::session::Session;
use super::super::value::{Numeric, SqlType, Value};
use super::difference::{changes, snapshot};
use super::sandbox;

/// Something that is no value of GP, but no blank either.
fn filler(kind: SqlType) -> Value {
    if kind == SqlType::DateTime {
        Value::Time(0)
    } else if matches!(kind, SqlType::Numeric(..)) {
        Value::Numeric(Numeric::parse("1").unwrap())
    } else if longest(kind).is_some() {
        Value::Text("?".to_owned())
    } else {
        Value::Int(1)
    }
}

/// The characters a text type holds.
fn longest(kind: SqlType) -> Option<usize> {
    if let SqlType::Char(length) | SqlType::VarChar(Some(length)) = kind {
        Some(usize::from(length))
    } else {
        None
    }
}

fn argument(parameter: &Parameter, value: Value) -> Argument {
    Argument {
        name: Arc::from(parameter.name.as_str()),
        value,
        output: false,
    }
}

/// Every required element but one, and one element's value of the test's own.
fn arguments(
    signature: &Signature,
    without: &str,
    own: Option<(&Parameter, Value)>,
) -> Vec<Argument> {
    let own_name = own.as_ref().map_or("", |(parameter, _)| &parameter.element);
    let required = signature.parameters.iter().filter(|parameter| {
        parameter.required && parameter.element != without && parameter.element != own_name
    });
    let mut given: Vec<_> = required.map(|p| argument(p, filler(p.kind))).collect();
    given.extend(own.map(|(parameter, value)| argument(parameter, value)));
    given
}

fn told(reply: &Reply) -> Vec<String> {
    let text = reply.outputs.iter().find(|(name, _)| name == "@oerrstring");
    let text = text.and_then(|(_, value)| value.text()).unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test]
async fn what_is_missing_or_too_long_has_its_code_and_leaves_no_row() {
    let sandbox = sandbox().await;
    let (_alive, mut session) = Session::detached(&sandbox.server, "TWO").unwrap();
    let before = snapshot(&sandbox);
    let (mut missing, mut long) = (0, 0);
    for (name, _) in FAMILIES.iter().flat_map(|family| family.nodes) {
        let signature = &signature::all()[&name.to_ascii_lowercase()];
        for parameter in signature.parameters.iter().filter(|p| p.required) {
            for own in [None, Some((parameter, Value::Null))] {
                let given = arguments(signature, &parameter.element, own);
                let reply = session.procedure(name, &given).await.unwrap();
                let code = codes::missing(signature, &parameter.element);
                let found = told(&reply);
                assert!(
                    found.contains(&code.to_string()),
                    "{name} without {}: {found:?}",
                    parameter.element
                );
                assert_ne!(reply.status, 0, "{name}");
                missing += 1;
            }
        }
        let inputs = signature.parameters.iter().filter(|p| !p.output);
        for (parameter, length) in inputs.filter_map(|p| Some((p, longest(p.kind)?))) {
            let value = Value::Text("x".repeat(length + 1));
            let given = arguments(signature, "", Some((parameter, value)));
            let reply = session.procedure(name, &given).await.unwrap();
            let code = codes::too_long(signature, &parameter.element);
            let found = told(&reply);
            assert!(
                found.contains(&code.to_string()),
                "{name} with a long {}: {found:?}",
                parameter.element
            );
            long += 1;
        }
    }
    assert!(
        missing > 200 && long > 500,
        "{missing} missing, {long} too long"
    );
    assert_eq!(changes(&before, &snapshot(&sandbox)), "");
}
