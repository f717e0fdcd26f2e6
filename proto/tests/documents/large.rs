//! Large and deep inputs: refused early or read, always within bounded memory.

use connect_proto::econnect::{
    self, Document, Limits, Node, ReadErrorKind as Kind, Transaction, read,
};

const FIFTY_MEGABYTES: usize = 50 << 20;

/// Lets 50 MB documents past the size limit, so that the other limits are met.
fn roomy() -> Limits {
    Limits {
        max_bytes: 64 << 20,
        ..Limits::default()
    }
}

/// Makes a 50 MB document by repeating its middle.
fn filled((start, middle, end): (&str, &str, &str)) -> Vec<u8> {
    let count = (FIFTY_MEGABYTES - start.len() - end.len()) / middle.len();
    [start, &middle.repeat(count), end].concat().into_bytes()
}

const TEXT: &str = "<eConnect><SOPTransactionType><taSopHdrIvcInsert><DOCID>";
const LINES: &str = "<eConnect><SOPTransactionType><taSopLineIvcInsert_Items>";
const LINE: &str = "<taSopLineIvcInsert><ITEMNMBR>100XLG</ITEMNMBR></taSopLineIvcInsert>";

/// Linux only: other systems have no such account of memory.
#[cfg(target_os = "linux")]
#[test]
fn fifty_megabytes_of_anything_cost_bounded_memory() {
    let text = Kind::TextTooLong { limit: 64 << 10 };
    let nodes = Kind::TooManyNodes { limit: 250_000 };
    let attributes = Kind::AttributesTooLong { limit: 4096 };
    let ended = "the document goes on after its root";
    for (parts, expected) in [
        ((TEXT, "abcdefgh", ""), text.to_string()),
        ((TEXT, "<![CDATA[x]]>", ""), text.to_string()),
        ((TEXT, "&#65;", ""), text.to_string()),
        ((LINES, LINE, ""), nodes.to_string()),
        (
            ("<eConnect><!--", "        ", "--></eConnect>x"),
            ended.to_owned(),
        ),
        (
            ("<eConnect><?", "x       ", "?></eConnect>x"),
            ended.to_owned(),
        ),
        (("<eConnect a='", "x       ", "'/>"), attributes.to_string()),
        (("<eConnect", " a='1'", "/>"), attributes.to_string()),
        (
            ("<eConnect", " xmlns:a='1'", "/>"),
            "namespace bindings".to_owned(),
        ),
        (("<", "aaaaaaaa", "/>"), "is not a name".to_owned()),
        (
            ("<eConnect></", "aaaaaaaa", ">"),
            "not well-formed".to_owned(),
        ),
        (
            ("<eConnect>", "<a>", ""),
            "a is not a transaction type".to_owned(),
        ),
    ] {
        let xml = filled(parts);
        let refused = read(&xml, &Limits::default()).unwrap_err();
        assert!(matches!(refused.kind, Kind::TooLarge { .. }), "{parts:?}");
        // Begins a new peak at what is in use now.
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        let before = peak_memory();
        let message = read(&xml, &roomy()).unwrap_err().to_string();
        // What was freed meanwhile may make it less.
        let grown = peak_memory().saturating_sub(before);
        assert!(grown < 3 * FIFTY_MEGABYTES, "{parts:?} took {grown} bytes");
        assert!(
            message.contains(&expected) && message.len() < 1000,
            "{parts:?}: {message}"
        );
    }
}

/// Gives the largest amount of memory the process has had, in bytes; 0 where the system has no
/// `/proc` to ask.
fn peak_memory() -> usize {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        return 0;
    };
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim()
        .trim_end_matches(" kB")
        .parse::<usize>()
        .unwrap()
        * 1024
}

#[test]
fn deep_nesting_is_refused_at_the_limit() {
    let xml = "<eConnect>".to_owned() + &"<a>".repeat(1_000_000);
    let refused = read(xml.as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!(refused.kind, Kind::UnknownType("a".into()));
    let shallow = Limits {
        max_depth: 2,
        ..Limits::default()
    };
    let xml = "<eConnect><RMApplyType><taRMApply/></RMApplyType></eConnect>";
    let refused = read(xml.as_bytes(), &shallow).unwrap_err();
    assert_eq!(refused.kind, Kind::TooDeep { limit: 2 });
    assert_eq!(refused.node_path, "RMApplyType");
    let deep = format!(
        "<eConnect><RMApplyType><taRMApply><APTODCNM>{}",
        "<APTODCNM>".repeat(1_000_000)
    );
    let refused = read(deep.as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!(refused.kind, Kind::NestedElement("APTODCNM".into()));
}

#[test]
fn every_limit_holds() {
    let xml = b"<eConnect><RMApplyType><taRMApply><APTODCNM>12345</APTODCNM></taRMApply></RMApplyType></eConnect>";
    let exact = Limits {
        max_bytes: xml.len(),
        max_nodes: 4,
        max_depth: 4,
        max_text: 5,
    };
    assert!(read(xml, &exact).is_ok());
    for (limits, kind) in [
        (
            Limits {
                max_bytes: xml.len() - 1,
                ..exact
            },
            Kind::TooLarge {
                bytes: xml.len(),
                limit: xml.len() - 1,
            },
        ),
        (
            Limits {
                max_nodes: 3,
                ..exact
            },
            Kind::TooManyNodes { limit: 3 },
        ),
        (
            Limits {
                max_depth: 3,
                ..exact
            },
            Kind::TooDeep { limit: 3 },
        ),
        (
            Limits {
                max_text: 4,
                ..exact
            },
            Kind::TextTooLong { limit: 4 },
        ),
    ] {
        assert_eq!(read(xml, &limits).unwrap_err().kind, kind);
    }
}

#[test]
fn a_node_has_no_more_elements_than_a_procedure_parameters() {
    let node = "taCreateAssignLot_Unlisted";
    assert!(connect_proto::econnect::catalogue::node(node).is_none());
    let elements: Vec<_> = (0..2101).map(|number| format!("<E{number}/>")).collect();
    let elements = elements.concat();
    let xml =
        format!("<eConnect><RMApplyType><{node}>{elements}</{node}></RMApplyType></eConnect>");
    let options = connect_proto::econnect::Options::default();
    let read = connect_proto::econnect::read_with(xml.as_bytes(), &options, &|name| name == node);
    let refused = read.unwrap_err();
    assert_eq!(refused.kind, Kind::TooManyElements { limit: 2100 });
    assert_eq!(refused.element.as_deref(), Some("E2100"));
}

/// Looking back at all nodes for each one took minutes for a document that is still small enough.
#[test]
fn a_document_of_many_wrong_nodes_is_checked_in_one_pass() {
    const LINES: usize = 60_000;
    let mut order = Transaction::new("SOPTransactionType");
    for _ in 0..LINES {
        order
            .nodes
            .push(Node::new("taSopLineIvcInsert").with("SOPTYPE", "two"));
    }
    let mut document = Document::new().with(order);
    for _ in 0..LINES {
        document.transactions.push(Transaction::new("NoType"));
    }
    let began = std::time::Instant::now();
    let found = econnect::check(&document);
    assert!(began.elapsed() < std::time::Duration::from_secs(15));
    assert!(found.len() > 2 * LINES);
    let last = &found[found.len() - 1];
    assert_eq!(last.node_path, format!("NoType[{LINES}]"));
}
