//! What well-formed documents mean: absent, empty and nil, wrappers, prefixes, CDATA, comments.

use connect_proto::econnect::{
    Document, Limits, Node, Options, ReadErrorKind, Transaction, Value, check, read, read_with,
    write,
};

fn parse(xml: &str) -> Document {
    read(xml.as_bytes(), &Limits::default()).unwrap_or_else(|error| panic!("{error}: {xml}"))
}

/// The way .NET's serializer writes an order: prefixes, nil wrappers, line breaks.
const SERIALIZED: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<eConnect xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
          xmlns:xsd="http://www.w3.org/2001/XMLSchema" xsi:noNamespaceSchemaLocation="any.xsd">
  <!-- one order -->
  <SOPTransactionType>
    <eConnectProcessInfo xsi:nil="true" />
    <taRequesterTrxDisabler_Items xsi:nil="true" />
    <taUpdateCreateItemRcd xsi:nil="true" />
    <taSopLineIvcInsert_Items>
      <taSopLineIvcInsert>
        <SOPTYPE>2</SOPTYPE>
        <SOPNUMBE></SOPNUMBE>
        <CUSTNMBR>W000042</CUSTNMBR>
        <DOCDATE>2025-03-04</DOCDATE>
        <ITEMNMBR><![CDATA[A & <B>]]></ITEMNMBR>
        <QUANTITY>2</QUANTITY>
        <ITEMDESC>R&amp;D &#x201C;kit&#8221;<!-- sic --> &lt;2&gt;</ITEMDESC>
      </taSopLineIvcInsert>
    </taSopLineIvcInsert_Items>
    <taSopHdrIvcInsert>
      <SOPTYPE>2</SOPTYPE>
      <DOCID>STDORD</DOCID>
      <SOPNUMBE/>
      <SHIPMTHD xsi:nil="1"/>
      <PYMTRMID xsi:nil="false">NET 30</PYMTRMID>
      <COMMENT_1>  two blanks  </COMMENT_1>
    </taSopHdrIvcInsert>
  </SOPTransactionType>
</eConnect>
"#;

#[test]
fn a_serialized_order_is_understood() {
    let line = Node::new("taSopLineIvcInsert")
        .with("SOPTYPE", "2")
        .with("SOPNUMBE", "")
        .with("CUSTNMBR", "W000042")
        .with("DOCDATE", "2025-03-04")
        .with("ITEMNMBR", "A & <B>")
        .with("QUANTITY", "2")
        .with("ITEMDESC", "R&D “kit” <2>");
    let mut header = Node::new("taSopHdrIvcInsert")
        .with("SOPTYPE", "2")
        .with("DOCID", "STDORD")
        .with("SOPNUMBE", "")
        .with("PYMTRMID", "NET 30")
        .with("COMMENT_1", "  two blanks  ");
    header.set("SHIPMTHD", Value::Nil);
    header.elements.sort_by_key(|element| {
        [
            "SOPTYPE",
            "DOCID",
            "SOPNUMBE",
            "SHIPMTHD",
            "PYMTRMID",
            "COMMENT_1",
        ]
        .iter()
        .position(|name| *name == element.name)
    });
    let order = Transaction::new("SOPTransactionType")
        .with(Node::new("eConnectProcessInfo"))
        .with(line)
        .with(header);
    assert_eq!(parse(SERIALIZED), Document::new().with(order));
}

#[test]
fn absent_empty_and_nil_survive_a_round_trip() {
    let once = parse(SERIALIZED);
    let header = once.transactions[0]
        .nodes_named("taSopHdrIvcInsert")
        .next()
        .unwrap();
    assert_eq!(header.get("SOPNUMBE"), Some(&Value::Empty));
    assert_eq!(header.get("SHIPMTHD"), Some(&Value::Nil));
    assert_eq!(header.get("BACHNUMB"), None);
    let twice = parse(&write(&once));
    let again = twice.transactions[0]
        .nodes_named("taSopHdrIvcInsert")
        .next()
        .unwrap();
    for element in &header.elements {
        assert_eq!(
            again.get(&element.name),
            Some(&element.value),
            "{}",
            element.name
        );
    }
    assert_eq!(again.elements.len(), header.elements.len());
    assert_eq!(write(&twice), write(&once));
}

#[test]
fn nil_needs_the_namespace_and_not_the_prefix() {
    let xml = r#"<e:eConnect xmlns:e="urn:any" xmlns:n="http://www.w3.org/2001/XMLSchema-instance">
        <e:RMApplyType><x:taRMApply xmlns:x="urn:other"><APTODCNM n:nil=" true "/>
        <APFRDCNM x:nil="true">P1</APFRDCNM></x:taRMApply></e:RMApplyType></e:eConnect>"#;
    let mut apply = Node::new("taRMApply");
    apply.set("APTODCNM", Value::Nil);
    apply.set("APFRDCNM", Value::from("P1"));
    let expected = Document::new().with(Transaction::new("RMApplyType").with(apply));
    assert_eq!(parse(xml), expected);
}

#[test]
fn several_transactions_and_lines_keep_their_order() {
    let line = |item: &str| Node::new("taSopLineIvcInsert").with("ITEMNMBR", item);
    let order = |item: &str| {
        Transaction::new("SOPTransactionType")
            .with(line(item))
            .with(line("B"))
            .with(line(item))
    };
    let document = Document::new()
        .with(order("C"))
        .with(order("A"))
        .with(order("C"));
    assert_eq!(parse(&write(&document)), document);
}

#[test]
fn line_ends_are_one_character_unless_written_as_references() {
    let xml = "<eConnect><RMApplyType><taRMApply><APTODCNM>a\r\nb&#13;&#10;c\td</APTODCNM>\
               </taRMApply></RMApplyType></eConnect>";
    let document = parse(xml);
    let text = document.transactions[0].nodes[0].text("APTODCNM");
    assert_eq!(text, Some("a\nb\r\nc\td"));
    assert_eq!(parse(&write(&document)), document);
}

#[test]
fn a_byte_order_mark_and_instructions_are_skipped() {
    let xml = "\u{FEFF}<?xml version='1.0'?><?any thing?><eConnect><?x?></eConnect><!-- end -->\n";
    assert_eq!(parse(xml), Document::new());
    assert_eq!(check(&parse(xml)).len(), 1);
}

#[test]
fn site_nodes_are_read_where_the_caller_knows_them() {
    let xml = "<eConnect><SOPTransactionType><before><A>1</A></before>\
               <taSopHdrIvcInsert/><after_Items><after/><after/></after_Items>\
               </SOPTransactionType></eConnect>";
    let refused = read(xml.as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!(
        refused.kind,
        ReadErrorKind::UnknownNode {
            node: "before".into()
        }
    );
    assert_eq!(refused.node_path, "SOPTransactionType/before");
    let known = |name: &str| name == "before" || name == "after";
    let document = read_with(xml.as_bytes(), &Options::default(), &known).unwrap();
    let names: Vec<_> = document.transactions[0]
        .nodes
        .iter()
        .map(|n| n.name.as_str())
        .collect();
    assert_eq!(names, ["before", "taSopHdrIvcInsert", "after", "after"]);
    let again = read_with(write(&document).as_bytes(), &Options::default(), &known).unwrap();
    assert_eq!(write(&again), write(&document));
}

#[test]
fn any_order_is_read_when_asked_for_and_written_in_the_schemas() {
    let xml = "<eConnect><SOPTransactionType><taSopHdrIvcInsert/><taSopLineIvcInsert_Items>\
               <taSopLineIvcInsert/></taSopLineIvcInsert_Items></SOPTransactionType></eConnect>";
    assert!(read(xml.as_bytes(), &Limits::default()).is_err());
    let options = Options {
        any_order: true,
        ..Options::default()
    };
    let document = read_with(xml.as_bytes(), &options, &|_| false).unwrap();
    assert_eq!(document.transactions[0].nodes[0].name, "taSopHdrIvcInsert");
    let ordered = parse(&write(&document));
    assert_eq!(ordered.transactions[0].nodes[0].name, "taSopLineIvcInsert");
}
