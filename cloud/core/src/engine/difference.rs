//! What two eConnect documents do not have in common.

use std::collections::BTreeMap;

use connect_proto::econnect::{Document, Node};

/// An element that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The node: its name, and which of that name where there are several: `taSopLineIvcInsert[2]`.
    pub node: String,
    /// The element; none: the whole node.
    pub element: Option<String>,
    /// What it said; none: it was not there.
    pub before: Option<String>,
    /// What it says; none: it is not there.
    pub after: Option<String>,
}

/// Lists what differs, node by node in the order of the first document.
pub fn documents(before: &Document, after: &Document) -> Vec<Difference> {
    let (was, is) = (nodes(before), nodes(after));
    let mut found = Vec::new();
    for (name, node) in &was {
        match is.iter().find(|(other, _)| other == name) {
            Some((_, now)) => elements(name, node, now, &mut found),
            None => found.push(whole(name, Some("there"), None)),
        }
    }
    for (name, _) in &is {
        if was.iter().all(|(other, _)| other != name) {
            found.push(whole(name, None, Some("there")));
        }
    }
    found
}

fn whole(node: &str, before: Option<&str>, after: Option<&str>) -> Difference {
    Difference {
        node: node.to_owned(),
        element: None,
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    }
}

/// All nodes, each under a name of its own.
fn nodes(document: &Document) -> Vec<(String, &Node)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let all = document.transactions.iter().flat_map(|one| &one.nodes);
    all.map(|node| {
        let count = counts.entry(node.name.as_str()).or_default();
        *count += 1;
        let name = match *count {
            1 => node.name.clone(),
            many => format!("{}[{many}]", node.name),
        };
        (name, node)
    })
    .collect()
}

fn elements(name: &str, was: &Node, is: &Node, found: &mut Vec<Difference>) {
    let said = |node: &Node, element: &str| {
        node.get(element)
            .map(|_| node.text(element).unwrap_or_default().to_owned())
    };
    let mut names: Vec<&str> = was.elements.iter().map(|one| one.name.as_str()).collect();
    for element in &is.elements {
        if !names.contains(&element.name.as_str()) {
            names.push(&element.name);
        }
    }
    for element in names {
        let (before, after) = (said(was, element), said(is, element));
        if was.get(element) != is.get(element) {
            found.push(Difference {
                node: name.to_owned(),
                element: Some(element.to_owned()),
                before,
                after,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use connect_proto::econnect::Transaction;

    use super::*;

    fn document(nodes: &[&[(&str, &str)]]) -> Document {
        let mut transaction = Transaction::new("SOPTransactionType");
        for elements in nodes {
            let mut node = Node::new("taSopLineIvcInsert");
            for (name, value) in *elements {
                node = node.with(*name, *value);
            }
            transaction = transaction.with(node);
        }
        Document::new().with(transaction)
    }

    #[test]
    fn what_is_the_same_is_not_told() {
        let one = document(&[&[("ITEMNMBR", "100XLG"), ("QUANTITY", "2")]]);
        assert!(documents(&one, &one).is_empty());
    }

    #[test]
    fn elements_and_nodes_that_differ_are_told_with_both_sides() {
        let was = document(&[
            &[("ITEMNMBR", "100XLG"), ("QUANTITY", "2")],
            &[("ITEMNMBR", "HA100G"), ("COMMNTID", "")],
        ]);
        let is = document(&[&[("ITEMNMBR", "100XLG"), ("QUANTITY", "3"), ("UOFM", "Each")]]);
        let told = documents(&was, &is);
        let told: Vec<String> = told
            .iter()
            .map(|one| {
                let element = one.element.as_deref().unwrap_or("-");
                format!("{}.{element}: {:?} {:?}", one.node, one.before, one.after)
            })
            .collect();
        assert_eq!(
            told,
            [
                "taSopLineIvcInsert.QUANTITY: Some(\"2\") Some(\"3\")",
                "taSopLineIvcInsert.UOFM: None Some(\"Each\")",
                "taSopLineIvcInsert[2].-: Some(\"there\") None",
            ]
        );
    }
}
