//! Every code of the sandbox has a story in which it is answered; here are those no other tells.

use std::collections::BTreeSet;

use super::super::Sandbox;
use super::super::procedures::{iv, sm, sop};
use super::difference::{changes, snapshot};
use super::items::accepted;
use super::sales_documents::{deletion, document, done, order};
use super::stock::{MOVED_HEADER, MOVED_LINE, MOVED_LOT, MOVED_SERIAL};
use super::stock::{moved_header, moved_line, moved_lot};
use super::{
    Connection, Element, Node, call, connect, header, line, one, payment, sandbox, tax, with,
    without,
};
use Element::{Money, Number, Text};

type Cases<'c> = &'c [(&'c [(&'static str, Element)], i32)];

/// Each change of a valid node is refused with its code, whatever else is wrong with it.
async fn refused(
    sandbox: &Sandbox,
    client: &mut Connection,
    procedure: &str,
    valid: &Node,
    cases: Cases<'_>,
) {
    let before = snapshot(sandbox);
    for (changed, code) in cases {
        let node = with(valid.clone(), changed);
        let answer = call(client, procedure, &node).await.unwrap();
        assert!(answer.codes().contains(code), "{code}: {answer:?}");
        assert_eq!(changes(&before, &snapshot(sandbox)), "", "{code}");
    }
}

fn moved_serial() -> Node {
    vec![
        ("IVDOCNBR", Text("TFR0000000001")),
        ("ITEMNMBR", Text("STK-SCANNER")),
        ("SERLNMBR", Text("SCAN001")),
        ("LNSEQNBR", Number(16_384)),
        ("LOCNCODE", Text("WAREHOUSE")),
    ]
}

#[tokio::test]
async fn what_is_wrong_with_what_is_moved_has_its_code_and_leaves_nothing() {
    use iv::codes;
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    for sql in [
        "UPDATE IV00101 SET INACTIVE = 1 WHERE ITEMNMBR = 'ACCS-CRD-12WH'",
        "UPDATE IV00101 SET ITEMTYPE = 5 WHERE ITEMNMBR = 'ACCS-CRD-25BK'",
    ] {
        one(&mut client, sql).await;
    }
    accepted(&mut client, MOVED_LOT, &moved_lot()).await;
    let cases: Cases<'_> = &[(&[("ITEMNMBR", Text("NONE"))], codes::MOVED_SERIAL_ITEM)];
    refused(&sandbox, &mut client, MOVED_SERIAL, &moved_serial(), cases).await;
    let cases: Cases<'_> = &[
        (&[("ITEMNMBR", Text("NONE"))], codes::MOVED_LOT_ITEM),
        (&[("ITEMNMBR", Text("100XLG"))], codes::MOVED_LOT_UNTRACKED),
        (&[("SERLTQTY", Money("0"))], codes::MOVED_LOT_QUANTITY),
        (&[("TOBIN", Text("A"))], codes::MOVED_LOT_BIN),
    ];
    let other = with(moved_lot(), &[("LNSEQNBR", Number(32_768))]);
    refused(&sandbox, &mut client, MOVED_LOT, &other, cases).await;
    let twice: Cases<'_> = &[(&[], codes::MOVED_LOT_TWICE)];
    refused(&sandbox, &mut client, MOVED_LOT, &moved_lot(), twice).await;
    let cases: Cases<'_> = &[
        (
            &[("ITEMNMBR", Text("ACCS-CRD-12WH"))],
            codes::MOVED_LINE_INACTIVE,
        ),
        (
            &[("ITEMNMBR", Text("ACCS-CRD-25BK"))],
            codes::MOVED_LINE_UNKEPT,
        ),
        (&[("UNITCOST", Money("-1"))], codes::MOVED_LINE_COST),
        (
            &[("InventoryAccount", Text("9-9-9"))],
            codes::MOVED_LINE_ACCOUNT,
        ),
    ];
    refused(&sandbox, &mut client, MOVED_LINE, &moved_line(), cases).await;
    let first = with(moved_line(), &[("LNSEQNBR", Number(16_384))]);
    accepted(&mut client, MOVED_LINE, &first).await;
    let twice: Cases<'_> = &[(&[], codes::MOVED_LINE_TWICE)];
    refused(&sandbox, &mut client, MOVED_LINE, &first, twice).await;
    let ledger: Cases<'_> = &[(&[("POSTTOGL", Number(2))], codes::MOVED_LEDGER)];
    refused(&sandbox, &mut client, MOVED_HEADER, &moved_header(), ledger).await;
    // A serial number of no line.
    let strange = with(moved_serial(), &[("LNSEQNBR", Number(99))]);
    accepted(&mut client, MOVED_SERIAL, &strange).await;
    let lost: Cases<'_> = &[(&[], codes::MOVED_NUMBERS)];
    refused(&sandbox, &mut client, MOVED_HEADER, &moved_header(), lost).await;
    one(
        &mut client,
        "DELETE FROM IV10002 WHERE ITEMNMBR = 'STK-SCANNER'",
    )
    .await;
    accepted(&mut client, MOVED_HEADER, &moved_header()).await;
    let next = with(moved_line(), &[("LNSEQNBR", Number(32_768))]);
    for (procedure, node, code) in [
        (MOVED_SERIAL, moved_serial(), codes::MOVED_SERIAL_DOCUMENT),
        (MOVED_LOT, other, codes::MOVED_LOT_DOCUMENT),
        (MOVED_LINE, next, codes::MOVED_LINE_DOCUMENT),
        (MOVED_HEADER, moved_header(), codes::MOVED_DOCUMENT),
    ] {
        let known: Cases<'_> = &[(&[], code)];
        refused(&sandbox, &mut client, procedure, &node, known).await;
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_price_list_or_batch_has_its_code_and_leaves_nothing() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let price = vec![
        ("ITEMNMBR", Text("100XLG")),
        ("PRCLEVEL", Text("RETAIL")),
        ("UOFM", Text("Each")),
        ("UOMPRICE", Money("12.50")),
    ];
    let none: Cases<'_> = &[(&[("TOQTY", Money("0"))], iv::codes::PRICE_QUANTITY)];
    let procedure = "taIVCreateItemPriceListLine";
    refused(&sandbox, &mut client, procedure, &price, none).await;
    let list = without(price, "UOMPRICE");
    let none: Cases<'_> = &[(&[("CURNCYID", Text("Z-EURO"))], iv::codes::LIST_CURRENCY)];
    let procedure = "taIVCreateItemPriceListHeader";
    refused(&sandbox, &mut client, procedure, &list, none).await;
    let batch = vec![
        ("BACHNUMB", Text("WEB")),
        ("SERIES", Number(3)),
        ("BCHSOURC", Text("Sales Entry")),
        ("DOCAMT", Money("0")),
        ("ORIGIN", Number(1)),
        ("NUMOFTRX", Number(0)),
    ];
    let procedure = "taCreateUpdateBatchHeaderRcd";
    accepted(&mut client, procedure, &batch).await;
    let cases: Cases<'_> = &[
        (&[("SERIES", Number(8))], sm::codes::BATCH_SERIES),
        (&[("CHEKBKID", Text("NOWHERE"))], sm::codes::BATCH_CHECKBOOK),
    ];
    refused(&sandbox, &mut client, procedure, &batch, cases).await;
    let posting = "UPDATE SY00500 SET BCHSTTUS = 1 WHERE BACHNUMB = 'WEB'";
    one(&mut client, posting).await;
    let cases: Cases<'_> = &[(&[], sm::codes::BATCH_POSTING)];
    refused(&sandbox, &mut client, procedure, &batch, cases).await;
}

#[tokio::test]
async fn what_is_wrong_with_a_sales_document_has_its_code_and_leaves_nothing() {
    use sop::codes;
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let customer = "AARONFIT0001";
    let apart = "INSERT INTO IV40700 (LOCNCODE) VALUES ('SOUTH')";
    one(&mut client, apart).await;
    let cases: Cases<'_> = &[(&[("LOCNCODE", Text("SOUTH"))], codes::ITEM_SITE)];
    let first = line("C1", customer);
    refused(&sandbox, &mut client, "taSopLineIvcInsert", &first, cases).await;
    for (procedure, node) in [
        ("taSopLineIvcInsert", first),
        ("taSopLineIvcTaxInsert", tax("C1", customer)),
        ("taCreateSopPaymentInsertRecord", payment("C1", customer)),
    ] {
        done(&mut client, procedure, &node).await;
    }
    let whole = header("C1", customer);
    let cases: Cases<'_> = &[
        (&[("SOPTYPE", Number(7))], codes::DOCUMENT_TYPE),
        (&[("PYMTRCVD", Money("100000.00"))], codes::REMAINING),
        (&[("FREIGHT", Money("-1.00"))], codes::NEGATIVE),
    ];
    refused(&sandbox, &mut client, "taSopHdrIvcInsert", &whole, cases).await;
    let side = vec![
        ("SOPTYPE", Number(2)),
        ("SOPNUMBE", Text("C1")),
        ("CUSTNMBR", Text(customer)),
        ("DISTTYPE", Number(1)),
        ("ACTNUMST", Text("000-4100-01")),
        ("CRDTAMNT", Money("1.00")),
    ];
    done(&mut client, "taSopDistribution", &side).await;
    let cases: Cases<'_> = &[(&[("CREATEDIST", Number(0))], codes::DISTRIBUTIONS)];
    refused(&sandbox, &mut client, "taSopHdrIvcInsert", &whole, cases).await;
    // A line of an order that is posted, open at a user or gone on into another document.
    let delete = "taSopLineDelete";
    for number in ["POSTED", "FREE", "MOVED"] {
        order(&mut client, number).await;
    }
    done(&mut client, "taSopVoidDocument", &document("POSTED")).await;
    one(
        &mut client,
        "UPDATE SOP10200 SET QTYPRINV = 1 WHERE SOPNUMBE = 'MOVED'",
    )
    .await;
    let open = "INSERT INTO tempdb..DEX_LOCK (session_id, row_id, table_path_name) \
                SELECT 1, DEX_ROW_ID, 'TWO.dbo.SOP10100' FROM SOP10100 WHERE SOPNUMBE = 'FREE'";
    one(&mut client, open).await;
    let before = snapshot(&sandbox);
    for (number, code) in [
        ("POSTED", codes::LINE_DELETE_POSTED),
        ("MOVED", codes::LINE_DELETE_TRANSFERRED),
        ("FREE", codes::LINE_DELETE_LOCKED),
    ] {
        let answer = call(&mut client, delete, &deletion(number)).await.unwrap();
        assert!(answer.codes().contains(&code), "{code}: {answer:?}");
        assert_eq!(changes(&before, &snapshot(&sandbox)), "", "{code}");
    }
}

/// A code nobody answers is no code; one that no story waits for may be answered wrongly.
#[test]
fn every_code_has_a_story() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sandbox/gp/stories");
    let files = std::fs::read_dir(folder).unwrap();
    let stories = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let stories: Vec<String> = stories.collect();
    let families = [
        ("iv", include_str!("../procedures/iv/codes.rs")),
        ("rm", include_str!("../procedures/rm/codes.rs")),
        ("sm", include_str!("../procedures/sm/codes.rs")),
        ("sop", include_str!("../procedures/sop/codes.rs")),
        ("gl", include_str!("../procedures/gl/codes.rs")),
        ("pm", include_str!("../procedures/pm/codes.rs")),
        ("br", include_str!("../procedures/br/codes.rs")),
    ];
    let mut untold = BTreeSet::new();
    let mut told = 0;
    for (family, list) in families {
        let of_family: Vec<&String> = stories
            .iter()
            .filter(|text| text.contains(&format!("{family}::codes")) || text.contains(", sop}"))
            .collect();
        let lines = list
            .lines()
            .filter_map(|line| line.trim().split_once(" = "));
        let names = lines.map(|(name, _)| name).filter(|name| {
            let shouted = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
            !name.is_empty() && name.chars().all(shouted)
        });
        for name in names {
            let wanted = format!("codes::{name}");
            let ends =
                |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            let in_story = |text: &&String| text.split(&wanted).skip(1).any(ends);
            if of_family.iter().any(in_story) {
                told += 1;
            } else {
                untold.insert(format!("{family}::{name}"));
            }
        }
    }
    assert!(untold.is_empty(), "no story for {untold:?}");
    assert!(told > 500, "{told}");
}
