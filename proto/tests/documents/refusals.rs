//! Nasty inputs: each is refused with the right kind and place.

use connect_proto::econnect::{Document, Node, Transaction};
use connect_proto::econnect::{Limits, ReadError, ReadErrorKind as Kind, read, write};

fn refused(xml: impl AsRef<[u8]>) -> ReadError {
    let result = read(xml.as_ref(), &Limits::default());
    result.expect_err(&String::from_utf8_lossy(xml.as_ref()))
}

/// Puts nodes into an order and gives the refusal's kind, node path and element.
fn in_order(nodes: &str) -> (Kind, String, Option<String>) {
    let error = refused(format!(
        "<eConnect xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><SOPTransactionType>\
         {nodes}</SOPTransactionType></eConnect>"
    ));
    (error.kind, error.node_path, error.element)
}

fn in_element(content: &str) -> (Kind, String, Option<String>) {
    in_order(&format!(
        "<taSopHdrIvcInsert><DOCID>{content}</DOCID></taSopHdrIvcInsert>"
    ))
}

#[test]
fn document_types_and_entities_are_refused() {
    for xml in [
        include_str!("../corpus/billion_laughs.xml"),
        include_str!("../corpus/external_entity.xml"),
        include_str!("../corpus/parameter_entity.xml"),
        "<!DOCTYPE eConnect><eConnect/>",
        "<!doctype eConnect SYSTEM 'http://127.0.0.1/'><eConnect/>",
        "<eConnect><!DOCTYPE x></eConnect>",
    ] {
        assert_eq!(refused(xml).kind, Kind::DocumentType, "{xml}");
    }
    let place = (
        "SOPTransactionType/taSopHdrIvcInsert".to_owned(),
        Some("DOCID".to_owned()),
    );
    for entity in [
        "lol",
        "nbsp",
        "AMP",
        "#",
        "#x",
        "#+65",
        "#x-1",
        "#99999999999",
        "#X41",
    ] {
        let (kind, path, element) = in_element(&format!("a&{entity};b"));
        assert_eq!(
            (kind, (path, element)),
            (Kind::Entity(entity.into()), place.clone())
        );
    }
    for (reference, code) in [
        ("#0", 0),
        ("#x1F", 0x1F),
        ("#xD800", 0xD800),
        ("#xFFFF", 0xFFFF),
    ] {
        assert_eq!(
            in_element(&format!("&{reference};")).0,
            Kind::Character(code)
        );
    }
    assert_eq!(in_element("&#x110000;").0, Kind::Character(0x11_0000));
}

#[test]
fn control_characters_are_refused_with_their_place() {
    for content in ["a\u{0}b", "\u{1}", "<![CDATA[\u{8}]]>", "x\u{1F}"] {
        let (kind, path, element) = in_element(content);
        assert!(
            matches!(kind, Kind::Character(code) if code < 0x20),
            "{content:?}: {kind:?}"
        );
        assert_eq!(path, "SOPTransactionType/taSopHdrIvcInsert");
        assert_eq!(element.as_deref(), Some("DOCID"));
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    let error = refused(b"<eConnect><!-- \xE4 --></eConnect>");
    assert_eq!((error.kind, error.offset), (Kind::NotUtf8, 15));
    assert_eq!(refused(b"\xFF\xFE<\0e\0").kind, Kind::NotUtf8);
    assert_eq!(refused(b"\xC0\xAF").kind, Kind::NotUtf8);
    let latin = "<?xml version='1.0' encoding='iso-8859-1'?><eConnect/>";
    assert_eq!(refused(latin).kind, Kind::Encoding("iso-8859-1".into()));
}

#[test]
fn broken_xml_is_refused() {
    for xml in [
        "<eConnect><SOPTransactionType></eConnect>",
        "<eConnect></SOPTransactionType>",
        "<eConnect",
        "<eConnect a='1",
        "<eConnect><![CDATA[",
        "<eConnect><!-- a -- b --></eConnect>",
        "<eConnect><!-- ",
        "<eConnect>&amp</eConnect>",
        "<eConnect xmlns:a='urn:a' a:b='1' a:b='2'/>",
        "<eConnect a=1/>",
        "<eConnect x:nil='true'/>",
        "<y:eConnect/>",
        "</eConnect>",
        "<?xml",
    ] {
        let kind = refused(xml).kind;
        assert!(matches!(kind, Kind::Malformed(_)), "{xml}: {kind:?}");
    }
    for xml in [
        "",
        "\u{FEFF}",
        " \n ",
        "<?xml version='1.0'?>",
        "<eConnect>",
        "<eConnect><!-- -->",
    ] {
        assert_eq!(refused(xml).kind, Kind::Unfinished, "{xml}");
    }
    for xml in ["<eConnect/><eConnect/>", "<eConnect/>x", "<eConnect/>&amp;"] {
        assert_eq!(refused(xml).kind, Kind::AfterRoot, "{xml}");
    }
    for xml in [
        "x<eConnect/>",
        "<eConnect>x</eConnect>",
        "<eConnect><![CDATA[x]]></eConnect>",
    ] {
        assert_eq!(refused(xml).kind, Kind::StrayText, "{xml}");
    }
}

#[test]
fn roots_types_and_names_must_be_known() {
    assert_eq!(refused("<econnect/>").kind, Kind::Root("econnect".into()));
    let error = refused("<eConnect><SopTransactionType/></eConnect>");
    assert_eq!(error.kind, Kind::UnknownType("SopTransactionType".into()));
    assert_eq!(error.node_path, "SopTransactionType");
    assert_eq!(
        refused("<eConnect><1a/></eConnect>").kind,
        Kind::Name("1a".into())
    );
    let long = "a".repeat(129);
    assert_eq!(
        in_order(&format!("<{long}/>")).0,
        Kind::Name(long[..128].into())
    );
    assert_eq!(in_order("<tä/>").0, Kind::Name("tä".into()));
}

#[test]
fn nodes_must_stand_where_the_schema_puts_them() {
    let (header, line) = ("<taSopHdrIvcInsert/>", "<taSopLineIvcInsert/>");
    let wrapped = format!("<taSopLineIvcInsert_Items>{line}</taSopLineIvcInsert_Items>");
    let type_path = |rest: &str| format!("SOPTransactionType/{rest}");

    let (kind, path, _) = in_order(&format!("{header}{wrapped}"));
    let (node, after) = (
        "taSopLineIvcInsert_Items".into(),
        "taSopHdrIvcInsert".into(),
    );
    assert_eq!(kind, Kind::WrongOrder { node, after });
    assert_eq!(path, type_path("taSopLineIvcInsert_Items"));

    let (kind, path, _) = in_order(line);
    let (node, wrapper) = (
        "taSopLineIvcInsert".into(),
        "taSopLineIvcInsert_Items".into(),
    );
    assert_eq!(kind, Kind::OutsideWrapper { node, wrapper });
    assert_eq!(path, type_path("taSopLineIvcInsert"));

    let (kind, path, _) = in_order(&wrapped.replace(line, header));
    let (node, expected) = ("taSopHdrIvcInsert".into(), "taSopLineIvcInsert".into());
    assert_eq!(kind, Kind::ForeignNode { node, expected });
    assert_eq!(
        path,
        type_path("taSopLineIvcInsert_Items/taSopHdrIvcInsert")
    );

    let twice = Kind::RepeatedNode {
        node: "taSopHdrIvcInsert".into(),
    };
    assert_eq!(in_order(&format!("{header}{header}")).0, twice);
    let twice = Kind::RepeatedNode {
        node: "taSopLineIvcInsert_Items".into(),
    };
    assert_eq!(in_order(&format!("{wrapped}{wrapped}")).0, twice);

    let unknown = |node: &str| Kind::UnknownNode { node: node.into() };
    for node in [
        "taGLTransactionHeaderInsert",
        "taSopHdrIvcInsert_Items",
        "NoSuch_Items",
    ] {
        assert_eq!(in_order(&format!("<{node}/>")).0, unknown(node));
    }
}

#[test]
fn elements_must_belong_to_their_node() {
    let line = |elements: &str| {
        in_order(&format!(
            "<taSopLineIvcInsert_Items><taSopLineIvcInsert/><taSopLineIvcInsert>{elements}\
             </taSopLineIvcInsert></taSopLineIvcInsert_Items>"
        ))
    };
    let path = "SOPTransactionType/taSopLineIvcInsert_Items/taSopLineIvcInsert[2]".to_owned();
    let place = |element: &str| (path.clone(), Some(element.to_owned()));
    let check = |elements: &str, kind: Kind, element: &str| {
        let (found, path, at) = line(elements);
        assert_eq!((found, (path, at)), (kind, place(element)));
    };
    check("<NOSUCH>1</NOSUCH>", Kind::UnknownElement, "NOSUCH");
    check("<itemnmbr>1</itemnmbr>", Kind::UnknownElement, "itemnmbr");
    check(
        "<O_iErrorState>0</O_iErrorState>",
        Kind::UnknownElement,
        "O_iErrorState",
    );
    check(
        "<ITEMNMBR/><QUANTITY/><ITEMNMBR/>",
        Kind::DuplicateElement,
        "ITEMNMBR",
    );
    check(
        "<ITEMNMBR><b/></ITEMNMBR>",
        Kind::NestedElement("b".into()),
        "ITEMNMBR",
    );
    check(
        "<ITEMNMBR xsi:nil='true'>A</ITEMNMBR>",
        Kind::NilWithContent,
        "ITEMNMBR",
    );
    check(
        "<ITEMNMBR xsi:nil='true'><b/></ITEMNMBR>",
        Kind::NilWithContent,
        "ITEMNMBR",
    );
    let (kind, at, element) = line("<ITEMNMBR/>x");
    assert_eq!((kind, at, element), (Kind::StrayText, path.clone(), None));
    assert_eq!(line("<ITEMNMBR xsi:nil='maybe'/>").0, Kind::Nil);
    assert_eq!(
        line("<ITEMNMBR type='char'/>").0,
        Kind::Attribute("type".into())
    );
    let unlisted = "<taCreateSOPTrackingInfo/><taSopTrackingNum/>";
    assert!(matches!(in_order(unlisted).0, Kind::OutsideWrapper { .. }));
}

#[test]
fn nil_nodes_and_wrappers_have_no_content() {
    let nil = "xsi:nil='true'";
    let header = format!("<taSopHdrIvcInsert {nil}><DOCID/></taSopHdrIvcInsert>");
    assert_eq!(in_order(&header).0, Kind::NilWithContent);
    let lines =
        format!("<taSopLineIvcInsert_Items {nil}><taSopLineIvcInsert/></taSopLineIvcInsert_Items>");
    assert_eq!(in_order(&lines).0, Kind::NilWithContent);
    let root = "<eConnect xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:nil='true'/>";
    assert_eq!(refused(root).kind, Kind::Nil);
}

#[test]
fn what_xml_cannot_hold_is_written_so_that_it_is_refused() {
    let node = |name: &str, value: &str| Node::new("taSopHdrIvcInsert").with(name, value);
    let written = |node: Node| {
        write(&Document::new().with(Transaction::new("SOPTransactionType").with(node)))
    };
    let error = refused(written(node("DOCID", "a\u{1}")));
    assert_eq!(
        (error.kind, error.element.as_deref()),
        (Kind::Character(1), Some("DOCID"))
    );
    let error = refused(written(node("DOCID><SOPTYPE", "2")));
    assert_eq!(error.kind, Kind::UnknownElement);
    assert_eq!(error.element.as_deref(), Some("DOCID_x003E__x003C_SOPTYPE"));
}

#[test]
fn a_message_names_the_place() {
    let error = refused(
        "<eConnect><SOPTransactionType/><SOPTransactionType><taSopHdrIvcInsert><X/>\
         </taSopHdrIvcInsert></SOPTransactionType></eConnect>",
    );
    assert_eq!(
        error.to_string(),
        "SOPTransactionType[2]/taSopHdrIvcInsert, X: the node has no such element"
    );
    assert_eq!(
        refused("<x/>").to_string(),
        "eConnect: the root is x, not eConnect"
    );
}
