//! Properties that hold for every document: round trips, deterministic order, no panic.

use std::cell::RefCell;
use std::collections::HashMap;

use connect_proto::econnect::catalogue::{self, ElementSpec, TransactionType};
use connect_proto::econnect::value::{Numeric, SqlType, ValueError, fits_code_page};
use connect_proto::econnect::{
    Document, Element, Limits, Node, Options, ReadError, Transaction, Value, check, read,
    read_with, write,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use quick_xml::events::Event;

fn parse(xml: &[u8]) -> Result<Document, ReadError> {
    read(xml, &Limits::default())
}

/// Makes a text that is a value of a SQL type.
fn text_of(kind: SqlType) -> BoxedStrategy<String> {
    let character = prop_oneof![
        4 => proptest::char::range(' ', '~'),
        2 => select(vec!['\t', '\n', '\r', '&', '<', '>', '"', '\'', ']']),
        1 => proptest::char::range('\u{A0}', 'ÿ'),
        1 => select(vec!['€', '„', '“', '™', 'Ž']),
    ];
    match kind {
        SqlType::Char(_) | SqlType::Varchar(_) | SqlType::Text | SqlType::UnconfirmedText => {
            proptest::collection::vec(character, 1..=longest(kind))
                .prop_map(|characters| characters.into_iter().collect())
                .boxed()
        }
        SqlType::Tinyint => any::<u8>().prop_map(|number| number.to_string()).boxed(),
        SqlType::Smallint | SqlType::UnconfirmedInteger => {
            any::<i16>().prop_map(|number| number.to_string()).boxed()
        }
        SqlType::Int => any::<i32>().prop_map(|number| number.to_string()).boxed(),
        SqlType::Bigint => any::<i64>().prop_map(|number| number.to_string()).boxed(),
        SqlType::Numeric { precision, scale } => (0..=u32::from(scale))
            .prop_flat_map(move |decimals| {
                let digits = u32::from(precision - scale) + decimals;
                let largest = 10_i128.pow(digits) - 1;
                (-largest..=largest).prop_map(move |number| {
                    rust_decimal::Decimal::from_i128_with_scale(number, decimals).to_string()
                })
            })
            .boxed(),
        SqlType::Datetime => (
            1753..=9999,
            1..=12,
            1..=28,
            proptest::option::of(0..86_400_000_u32),
        )
            .prop_map(|(year, month, day, time)| {
                let time = time.map_or_else(String::new, |milliseconds| {
                    let seconds = milliseconds / 1000;
                    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
                    format!(
                        "T{hour:02}:{minute:02}:{second:02}.{:03}",
                        milliseconds % 1000
                    )
                });
                format!("{year:04}-{month:02}-{day:02}{time}")
            })
            .boxed(),
    }
}

/// Gives the most characters tried for a type; longer ones would only take longer.
fn longest(kind: SqlType) -> usize {
    if let SqlType::Char(length) | SqlType::Varchar(length) = kind {
        return usize::from(length).min(24);
    }
    24
}

/// Makes an element of the catalogue, or leaves an optional one out.
fn element_of(spec: &'static ElementSpec) -> BoxedStrategy<Option<Element>> {
    let name = spec.name.to_owned();
    let text = text_of(spec.sql_type).prop_map(|text| Some(Value::Text(text)));
    let blank = spec.sql_type.is_text() || spec.sql_type.is_date();
    let empty = Just(blank.then_some(Value::Empty));
    let value = if spec.required {
        text.boxed()
    } else {
        prop_oneof![6 => Just(None), 2 => text, 1 => empty, 1 => Just(Some(Value::Nil))].boxed()
    };
    value
        .prop_map(move |value| {
            value.map(|value| Element {
                name: name.clone(),
                value,
            })
        })
        .boxed()
}

/// Strategies of whole nodes are large, so each is made once a thread.
fn node_of(name: &'static str) -> BoxedStrategy<Node> {
    thread_local!(static MADE: RefCell<HashMap<&'static str, BoxedStrategy<Node>>> = RefCell::default());
    MADE.with_borrow_mut(|made| {
        made.entry(name)
            .or_insert_with(|| new_node_of(name))
            .clone()
    })
}

fn new_node_of(name: &'static str) -> BoxedStrategy<Node> {
    let Some(spec) = catalogue::node(name) else {
        return unlisted_node(name);
    };
    let elements: Vec<_> = spec.elements.iter().map(element_of).collect();
    elements
        .prop_map(move |elements| Node {
            name: name.to_owned(),
            elements: elements.into_iter().flatten().collect(),
        })
        .boxed()
}

fn unlisted_node(name: &'static str) -> BoxedStrategy<Node> {
    let value = prop_oneof![
        text_of(SqlType::Text).prop_map(Value::Text),
        Just(Value::Empty),
        Just(Value::Nil)
    ];
    let elements = proptest::collection::btree_map("[A-Z_][A-Z0-9_]{0,9}", value, 0..6);
    elements
        .prop_map(move |elements| Node {
            name: name.to_owned(),
            elements: elements
                .into_iter()
                .map(|(name, value)| Element { name, value })
                .collect(),
        })
        .boxed()
}

/// Makes a transaction in schema order in which at least one node is to be executed.
fn transaction_of(spec: &'static TransactionType) -> BoxedStrategy<Transaction> {
    let last = spec.children.len() - 1;
    let children = spec.children.iter().enumerate().map(|(place, child)| {
        let most = if child.wrapper { 3 } else { 1 };
        let nodes = proptest::collection::vec(node_of(child.node), 1..=most);
        if place == last {
            nodes.boxed()
        } else {
            proptest::option::weighted(0.3, nodes)
                .prop_map(Option::unwrap_or_default)
                .boxed()
        }
    });
    children
        .collect::<Vec<_>>()
        .prop_map(|nodes| Transaction {
            kind: spec.name.to_owned(),
            nodes: nodes.into_iter().flatten().collect(),
        })
        .boxed()
}

fn documents() -> BoxedStrategy<Document> {
    let types = catalogue::transaction_types();
    let transaction = any::<Index>().prop_flat_map(move |index| transaction_of(index.get(types)));
    proptest::collection::vec(transaction, 1..3)
        .prop_map(|transactions| Document { transactions })
        .boxed()
}

/// A change to a document's bytes.
#[derive(Debug, Clone)]
enum Edit {
    Replace(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
    Cut(Index),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let piece = select(vec![
        "<",
        ">",
        "/",
        "&",
        "&#0;",
        "<!--",
        "]]>",
        "<![CDATA[",
        "xsi:nil=\"1\"",
        "<?",
        "\"",
    ]);
    let edit = prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Edit::Replace(at, byte)),
        (any::<Index>(), piece).prop_map(|(at, piece)| Edit::Insert(at, piece.into())),
        (any::<Index>(), 1..40_usize).prop_map(|(at, length)| Edit::Remove(at, length)),
        (any::<Index>(), 1..200_usize).prop_map(|(at, length)| Edit::Repeat(at, length)),
        any::<Index>().prop_map(Edit::Cut),
    ];
    proptest::collection::vec(edit, 1..4)
}

fn edited(mut xml: Vec<u8>, edits: &[Edit]) -> Vec<u8> {
    for edit in edits {
        let end = |at: usize, length: usize| (at + length).min(xml.len());
        match edit {
            _ if xml.is_empty() => {}
            Edit::Replace(at, byte) => *at.get_mut(&mut xml) = *byte,
            Edit::Insert(at, piece) => {
                let at = at.index(xml.len());
                xml.splice(at..at, piece.iter().copied());
            }
            Edit::Remove(at, length) => {
                let at = at.index(xml.len());
                xml.drain(at..end(at, *length));
            }
            Edit::Repeat(at, length) => {
                let at = at.index(xml.len());
                let piece = xml[at..end(at, *length)].to_vec();
                xml.splice(at..at, piece);
            }
            Edit::Cut(at) => xml.truncate(at.index(xml.len())),
        }
    }
    xml
}

fn tokens() -> impl Strategy<Value = String> {
    let token = select(vec![
        "<eConnect>",
        "</eConnect>",
        "<SOPTransactionType>",
        "</SOPTransactionType>",
        "<taSopHdrIvcInsert>",
        "</taSopHdrIvcInsert>",
        "<DOCID>",
        "</DOCID>",
        "<DOCID/>",
        "<DOCID xsi:nil='true'/>",
        "<taSopLineIvcInsert_Items>",
        "</taSopLineIvcInsert_Items>",
        "<taSopLineIvcInsert>",
        "</taSopLineIvcInsert>",
        "<!---->",
        "<![CDATA[x]]>",
        "&amp;",
        "&x;",
        "&#66;",
        "text",
        " ",
        "<?p?>",
        "<",
        ">",
        "&",
        "<eConnect xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>",
    ]);
    proptest::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat())
}

/// Whatever can be read can be written and read again without a change.
fn settled(document: &Document) {
    let xml = write(document);
    let again = parse(xml.as_bytes()).unwrap();
    assert_eq!(write(&again), xml);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn valid_documents_survive_a_round_trip(document in documents()) {
        prop_assert_eq!(check(&document), vec![]);
        prop_assert_eq!(parse(write(&document).as_bytes()).unwrap(), document);
    }

    #[test]
    fn the_writer_puts_any_order_right(document in documents(), seed in any::<u64>()) {
        let mut mixed = document.clone();
        for transaction in &mut mixed.transactions {
            // Nodes of one name keep their order, so only whole places change places.
            let place = |node: &Node| seed.rotate_left(u32::try_from(node.name.len()).unwrap());
            transaction.nodes.sort_by_key(|node| (place(node), node.name.clone()));
            transaction.nodes.iter_mut().for_each(|node| node.elements.reverse());
        }
        let listed = |node: &Node| catalogue::node(&node.name).is_some();
        if document.transactions.iter().all(|one| one.nodes.iter().all(listed)) {
            prop_assert_eq!(write(&mixed), write(&document));
        }
        let options = Options { any_order: true, ..Options::default() };
        let read = read_with(write(&mixed).as_bytes(), &options, &|_| false).unwrap();
        prop_assert_eq!(write(&read), write(&mixed));
    }

    #[test]
    fn edited_documents_are_read_or_refused(document in documents(), edits in edits()) {
        let xml = edited(write(&document).into_bytes(), &edits);
        match parse(&xml) {
            Ok(document) => settled(&document),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(document) = parse(&bytes) {
            settled(&document);
        }
    }

    #[test]
    fn token_soup_never_panics(xml in tokens()) {
        if let Ok(document) = parse(xml.as_bytes()) {
            settled(&document);
            check(&document);
        }
    }

    #[test]
    fn any_name_and_text_is_written_without_breaking_out(
        kind in ".{0,8}", name in ".{0,8}", element in ".{0,8}", text in ".{0,20}",
    ) {
        let node = Node::new(name).with(element, text);
        let document = Document::new().with(Transaction::new(kind).with(node));
        let xml = write(&document);
        check(&document);
        let mut reader = quick_xml::Reader::from_str(&xml);
        let mut starts = 0;
        loop {
            let event = reader.read_event().unwrap();
            if matches!(event, Event::Eof) {
                break;
            }
            starts += usize::from(matches!(event, Event::Start(_) | Event::Empty(_)));
        }
        prop_assert_eq!(starts, 4);
    }

    #[test]
    fn decimals_are_read_without_loss(number in -9_999_999_999_999_999_999_i128..=9_999_999_999_999_999_999, scale in 0_u32..=5) {
        let number = rust_decimal::Decimal::from_i128_with_scale(number, scale);
        let result = Numeric::MONEY.parse(&number.to_string());
        if number.trunc().abs() < rust_decimal::Decimal::from(100_000_000_000_000_i64) {
            prop_assert_eq!(result, Ok(number));
        } else {
            let too_many = matches!(result, Err(ValueError::TooManyDigits { .. }));
            prop_assert!(too_many);
        }
    }

    #[test]
    fn any_text_is_a_value_or_not_without_panic(text in ".{0,40}") {
        for node in catalogue::nodes() {
            for element in node.elements.iter().take(3) {
                let _verdict = element.sql_type.check(&text);
            }
        }
        let fits = text.chars().all(|one| fits_code_page(one.encode_utf8(&mut [0; 4])).is_ok());
        prop_assert_eq!(fits_code_page(&text).is_ok(), fits);
    }
}
