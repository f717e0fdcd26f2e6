//! What of GP's set-up a document names, each thing once.

use std::collections::HashSet;

use connect_proto::econnect::{Document, Node};

/// A kind of record that must be there and in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Customer,
    Vendor,
    Item,
    /// Of an item: its key is the item's and its own.
    Unit,
    Site,
    Salesperson,
    Account,
    TaxDetail,
}

impl Kind {
    pub(super) const ALL: [Self; 8] = [
        Self::Customer,
        Self::Vendor,
        Self::Item,
        Self::Unit,
        Self::Site,
        Self::Salesperson,
        Self::Account,
        Self::TaxDetail,
    ];
}

/// A record's key as GP compares it: without case and blanks at its end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) kind: Kind,
    /// Blank but for units of an item.
    pub(super) owner: String,
    pub(super) name: String,
}

impl Key {
    pub(super) fn new(kind: Kind, owner: &str, name: &str) -> Self {
        let known = |text: &str| text.trim_end().to_uppercase();
        Self {
            kind,
            owner: known(owner),
            name: known(name),
        }
    }
}

/// Something a document names, and where it does so first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) key: Key,
    /// What GP is asked for, as the document writes it: a company may compare case too. Of a unit
    /// it is the item.
    pub(super) asked: String,
    pub(super) transaction: usize,
    pub(super) node: usize,
    pub(super) element: &'static str,
    /// A hold on the record is in the way too.
    pub(super) held: Held,
    /// The document itself makes the record where it is missing.
    pub(super) made: bool,
}

/// Whether a record on hold takes the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Refuses,
    Accepts,
}

/// Which elements of which nodes name what.
const NAMED: [(&str, &str, Kind); 31] = [
    ("taSopHdrIvcInsert", "CUSTNMBR", Kind::Customer),
    ("taSopHdrIvcInsert", "LOCNCODE", Kind::Site),
    ("taSopHdrIvcInsert", "SLPRSNID", Kind::Salesperson),
    ("taSopLineIvcInsert", "ITEMNMBR", Kind::Item),
    ("taSopLineIvcInsert", "UOFM", Kind::Unit),
    ("taSopLineIvcInsert", "LOCNCODE", Kind::Site),
    ("taSopLineIvcInsert", "SLPRSNID", Kind::Salesperson),
    ("taSopLineIvcTaxInsert", "TAXDTLID", Kind::TaxDetail),
    ("taSopDistribution", "ACTNUMST", Kind::Account),
    ("taRMCashReceiptInsert", "CUSTNMBR", Kind::Customer),
    ("taRMTransaction", "CUSTNMBR", Kind::Customer),
    ("taRMTransaction", "SLPRSNID", Kind::Salesperson),
    ("taRMTransactionTaxInsert", "TAXDTLID", Kind::TaxDetail),
    ("taRMDistribution", "ACTNUMST", Kind::Account),
    ("taGLTransactionLineInsert", "ACTNUMST", Kind::Account),
    ("taIVTransactionLineInsert", "ITEMNMBR", Kind::Item),
    ("taIVTransactionLineInsert", "UOFM", Kind::Unit),
    ("taIVTransactionLineInsert", "TRXLOCTN", Kind::Site),
    ("taIVTransferLineInsert", "ITEMNMBR", Kind::Item),
    ("taIVTransferLineInsert", "UOFM", Kind::Unit),
    ("taIVTransferLineInsert", "TRXLOCTN", Kind::Site),
    ("taIVTransferLineInsert", "TRNSTLOC", Kind::Site),
    ("taPMTransactionInsert", "VENDORID", Kind::Vendor),
    ("taPMTransactionTaxInsert", "TAXDTLID", Kind::TaxDetail),
    ("taPMDistribution", "ACTNUMST", Kind::Account),
    ("taPMManualCheck", "VENDORID", Kind::Vendor),
    ("taBRBankTransactionDist", "ACTNUMST", Kind::Account),
    ("taItemSite", "LOCNCODE", Kind::Site),
    ("taUpdateCreateCustomerRcd", "SLPRSNID", Kind::Salesperson),
    ("taCreateCustomerAddress", "SLPRSNID", Kind::Salesperson),
    ("taCreateCustomerAddress", "LOCNCODE", Kind::Site),
];

/// Nodes that make a record where it is missing.
const MAKERS: [(&str, &str, Kind); 3] = [
    ("taUpdateCreateCustomerRcd", "CUSTNMBR", Kind::Customer),
    ("taUpdateCreateItemRcd", "ITEMNMBR", Kind::Item),
    ("taUpdateCreateVendorRcd", "VENDORID", Kind::Vendor),
];

/// Everything a document names, in its order.
pub(super) fn of(document: &Document) -> Vec<Subject> {
    let made = made(document);
    let mut seen = HashSet::new();
    let mut subjects = Vec::new();
    for (transaction, content) in document.transactions.iter().enumerate() {
        for (at, node) in content.nodes.iter().enumerate() {
            for (_, element, kind) in NAMED.iter().filter(|(name, ..)| *name == node.name) {
                let Some((key, asked)) = key(node, element, *kind) else {
                    continue;
                };
                let held = held(node, *kind);
                if !seen.insert((key.clone(), held == Held::Refuses)) {
                    continue;
                }
                let item = Key::new(Kind::Item, "", &key.owner);
                subjects.push(Subject {
                    made: made.contains(&key) || made.contains(&item),
                    key,
                    asked,
                    transaction,
                    node: at,
                    element,
                    held,
                });
            }
        }
    }
    subjects
}

fn made(document: &Document) -> HashSet<Key> {
    let nodes = document.transactions.iter().flat_map(|t| &t.nodes);
    let keys = nodes.filter_map(|node| {
        let (_, element, kind) = MAKERS.iter().find(|(name, ..)| *name == node.name)?;
        Some(Key::new(*kind, "", node.text(element)?))
    });
    keys.collect()
}

/// Two single quotes stand for a blank in GP's documents.
fn key(node: &Node, element: &str, kind: Kind) -> Option<(Key, String)> {
    let name = node
        .text(element)
        .map(str::trim)
        .filter(|text| !text.is_empty() && *text != "''")?;
    // Text lines and charges that are no item of GP carry their own words as item number.
    let is_no_item = node.text("NONINVEN").is_some_and(|text| text.trim() == "1");
    if is_no_item && matches!(kind, Kind::Item | Kind::Unit) {
        return None;
    }
    if kind == Kind::Unit {
        let item = node.text("ITEMNMBR")?.trim();
        return Some((Key::new(kind, item, name), item.to_owned()));
    }
    Some((Key::new(kind, "", name), name.to_owned()))
}

/// A customer on hold is owed nothing new: it still pays, returns and is quoted. `CKHOLD` 0 in the
/// header lets a sales document through.
fn held(node: &Node, kind: Kind) -> Held {
    let text = |element| node.text(element).map(str::trim).unwrap_or_default();
    let refuses = match (kind, node.name.as_str()) {
        (Kind::Vendor, _) => true,
        (Kind::Customer, "taSopHdrIvcInsert") => {
            !matches!(text("SOPTYPE"), "1" | "4") && text("CKHOLD") != "0"
        }
        (Kind::Customer, "taRMTransaction") => !matches!(text("RMDTYPAL"), "7" | "8"),
        (
            Kind::Customer
            | Kind::Item
            | Kind::Unit
            | Kind::Site
            | Kind::Salesperson
            | Kind::Account
            | Kind::TaxDetail,
            _,
        ) => false,
    };
    if refuses {
        Held::Refuses
    } else {
        Held::Accepts
    }
}

#[cfg(test)]
mod tests {
    use connect_proto::econnect::{Transaction, catalogue};

    use super::*;

    #[test]
    fn every_named_element_is_in_the_catalogue() {
        for (node, element, _) in NAMED.iter().chain(&MAKERS) {
            let spec = catalogue::node(node).expect(node);
            assert!(spec.element(element).is_some(), "{node} {element}");
        }
    }

    #[test]
    fn each_thing_is_asked_for_once_and_what_the_document_makes_may_be_missing() {
        let line = |item: &str| {
            Node::new("taSopLineIvcInsert")
                .with("ITEMNMBR", item)
                .with("UOFM", "Each")
                .with("LOCNCODE", "WAREHOUSE")
        };
        let header = Node::new("taSopHdrIvcInsert")
            .with("SOPTYPE", "2")
            .with("LOCNCODE", "Warehouse ")
            .with("CUSTNMBR", "W1");
        let transaction = Transaction::new("SOPTransactionType")
            .with(Node::new("taUpdateCreateCustomerRcd").with("CUSTNMBR", "w1"))
            .with(line("100XLG"))
            .with(line("100xlg"))
            .with(line("Gift wrap").with("NONINVEN", "1"))
            .with(header);
        let subjects = of(&Document::new().with(transaction));
        let told: Vec<_> = subjects
            .iter()
            .map(|subject| (subject.key.kind, subject.key.name.as_str(), subject.made))
            .collect();
        assert_eq!(
            told,
            [
                (Kind::Item, "100XLG", false),
                (Kind::Unit, "EACH", false),
                (Kind::Site, "WAREHOUSE", false),
                (Kind::Customer, "W1", true),
            ]
        );
        assert_eq!(subjects[3].held, Held::Refuses);
    }

    #[test]
    fn a_hold_counts_for_what_is_owed_anew() {
        let header = |kind: &str| Node::new("taSopHdrIvcInsert").with("SOPTYPE", kind);
        assert_eq!(held(&header("2"), Kind::Customer), Held::Refuses);
        assert_eq!(held(&header("4"), Kind::Customer), Held::Accepts);
        let told = header("2").with("CKHOLD", "0");
        assert_eq!(held(&told, Kind::Customer), Held::Accepts);
        let receipt = Node::new("taRMCashReceiptInsert");
        assert_eq!(held(&receipt, Kind::Customer), Held::Accepts);
    }
}
