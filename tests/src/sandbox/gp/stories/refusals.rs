//! Each code a procedure can answer with, and that nothing stays behind.

use super::super::procedures::{codes, rm, sm, sop};
use super::{
    Element, Node, call, connect, customer, header, line, one, payment, rows, sandbox, tax, with,
    without,
};
use Element::{Money, Number, Text};

const LONG: &str =
    "123456789012345678901234567890123456789012345678901234567890123456789012345678901";

async fn refused(client: &mut super::Connection, procedure: &str, node: &Node, expected: &[i32]) {
    let before = counts(client).await;
    let answer = call(client, procedure, node)
        .await
        .unwrap_or_else(|error| panic!("{expected:?}: {error}"));
    assert_eq!(answer.codes(), expected, "{procedure}");
    assert_eq!(answer.status, expected[0]);
    assert_eq!(
        counts(client).await,
        before,
        "{procedure} {expected:?} left something behind"
    );
    for code in expected {
        let sql = format!(
            "SELECT RTRIM(ErrorDesc) FROM DYNAMICS..taErrorCode WHERE ErrorCode = {code} AND ErrorParms <> ''"
        );
        assert!(!one(client, &sql).await.is_empty(), "{code} has no words");
    }
}

async fn counts(client: &mut super::Connection) -> Vec<String> {
    let mut counts = Vec::new();
    for table in [
        "RM00101", "RM00102", "SY01200", "SOP10100", "SOP10200", "SOP10102", "SOP10103",
        "SOP10105", "SOP10106", "SY00500",
    ] {
        counts.push(one(client, &format!("SELECT COUNT(*) FROM {table}")).await);
    }
    counts
}

#[tokio::test]
async fn missing_and_over_long_elements_are_named() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    for (procedure, node) in [
        ("taSopHdrIvcInsert", header("N1", "WEBCUST")),
        ("taSopLineIvcInsert", line("N1", "WEBCUST")),
        ("taSopLineIvcTaxInsert", tax("N1", "WEBCUST")),
        ("taCreateSopPaymentInsertRecord", payment("N1", "WEBCUST")),
        ("taUpdateCreateCustomerRcd", customer("W1")),
        (
            "taCreateCustomerAddress",
            vec![("CUSTNMBR", Text("WEBCUST")), ("ADRSCODE", Text("HOME"))],
        ),
        (
            "taCreateInternetAddresses",
            vec![("Master_Type", Text("CUS")), ("Master_ID", Text("WEBCUST"))],
        ),
        (
            "taSopUserDefined",
            vec![("SOPTYPE", Number(2)), ("SOPNUMBE", Text("N1"))],
        ),
        ("taRMCashReceiptInsert", super::receivables::receipt()),
        ("taGLTransactionHeaderInsert", super::ledger::entry()),
        (
            "taGLTransactionLineInsert",
            super::ledger::line("000-1100-00", "1", "0"),
        ),
        (
            "taSopTrackingNum",
            vec![
                ("SOPTYPE", Number(2)),
                ("SOPNUMBE", Text("N1")),
                ("Tracking_Number", Text("1Z")),
            ],
        ),
    ] {
        let signature =
            &super::super::procedures::signature::all()[&procedure.to_ascii_lowercase()];
        for parameter in signature
            .parameters
            .iter()
            .filter(|parameter| parameter.required)
        {
            let lacking = without(node.clone(), &parameter.element);
            refused(
                &mut client,
                procedure,
                &lacking,
                &[codes::missing(signature, &parameter.element)],
            )
            .await;
        }
        let long = signature.parameters.iter().filter(|parameter| {
            !parameter.output && parameter.kind.max_chars().is_some_and(|n| n <= 80)
        });
        for parameter in long {
            let name: &'static str = parameter.element.as_str();
            let over = with(node.clone(), &[(name, Text(LONG))]);
            refused(
                &mut client,
                procedure,
                &over,
                &[codes::too_long(signature, name)],
            )
            .await;
        }
    }
}

#[tokio::test]
async fn lines_that_gp_would_not_take() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    rows(
        &mut client,
        "UPDATE IV00101 SET INACTIVE = 1 WHERE ITEMNMBR = 'CBA100'",
    )
    .await
    .unwrap();
    rows(
        &mut client,
        "UPDATE IV00101 SET ITEMTYPE = 2 WHERE ITEMNMBR = 'CORDG'",
    )
    .await
    .unwrap();
    for (changes, code) in [
        (vec![("ITEMNMBR", Text("NOTHING"))], sop::codes::ITEM),
        (
            vec![("ITEMNMBR", Text("CBA100"))],
            sop::codes::ITEM_INACTIVE,
        ),
        (
            vec![
                ("ITEMNMBR", Text("CORDG")),
                ("QUANTITY", Money("100001")),
                ("XTNDPRCE", Money("1095010.95")),
            ],
            sop::codes::ITEM_DISCONTINUED,
        ),
        (
            vec![
                ("ITEMNMBR", Text("PHSY-STD-0001")),
                ("LOCNCODE", Text("NORTH")),
                ("QtyShrtOpt", Number(4)),
            ],
            sop::codes::NO_BACK_ORDER,
        ),
        (vec![("XTNDPRCE", Money("32.90"))], sop::codes::EXTENDED),
        (
            vec![
                ("QUANTITY", Money("8")),
                ("UNITPRCE", Money("261.12")),
                ("XTNDPRCE", Money("2089")),
            ],
            sop::codes::EXTENDED,
        ),
        (vec![("LOCNCODE", Text("MOON"))], sop::codes::LINE_SITE),
        (vec![("UOFM", Text("Case"))], sop::codes::UNIT),
        (
            vec![("QUANTITY", Money("0")), ("XTNDPRCE", Money("0"))],
            sop::codes::QUANTITY,
        ),
        (vec![("QtyShrtOpt", Number(9))], sop::codes::SHORTAGE_OPTION),
        (
            vec![("CUSTNMBR", Text("NOBODY"))],
            sop::codes::LINE_CUSTOMER,
        ),
        (
            vec![("SLPRSNID", Text("OLD S."))],
            sop::codes::SALESPERSON_INACTIVE,
        ),
        (
            vec![("SLPRSNID", Text("NOBODY"))],
            sop::codes::LINE_SALESPERSON,
        ),
        (
            vec![("SHIPMTHD", Text("TELEPORT"))],
            sop::codes::LINE_SHIPPING,
        ),
        (
            vec![("PRCLEVEL", Text("NONE"))],
            sop::codes::LINE_PRICE_LEVEL,
        ),
        (vec![("TAXSCHID", Text("NONE"))], sop::codes::LINE_SCHEDULE),
        (vec![("CURNCYID", Text("NONE"))], sop::codes::LINE_CURNCYID),
        (
            vec![("UNITPRCE", Money("-10.95")), ("XTNDPRCE", Money("-32.85"))],
            sop::codes::LINE_NEGATIVE,
        ),
        (vec![("SOPTYPE", Number(7))], sop::codes::LINE_TYPE),
        (
            vec![
                ("DEFPRICING", Number(1)),
                ("PRCLEVEL", Text("RETAIL")),
                ("ITEMNMBR", Text("GIFTCARD")),
                ("QUANTITY", Money("0.5")),
            ],
            sop::codes::NO_PRICE,
        ),
    ] {
        refused(
            &mut client,
            "taSopLineIvcInsert",
            &with(line("N1", "WEBCUST"), &changes),
            &[code],
        )
        .await;
    }
    let split = with(
        line("N1", "WEBCUST"),
        &[
            ("QUANTITY", Money("231")),
            ("UNITPRCE", Money("233.69")),
            ("XTNDPRCE", Money("53981.87")),
        ],
    );
    assert_eq!(
        call(&mut client, "taSopLineIvcInsert", &split)
            .await
            .unwrap()
            .status,
        0
    );
    refused(
        &mut client,
        "taSopLineIvcInsert",
        &line("N1", "WEBCUST"),
        &[sop::codes::LINE_EXISTS],
    )
    .await;
    let other = with(
        line("N1", "WEBCUST"),
        &[("UpdateIfExists", Number(1)), ("ITEMNMBR", Text("100XLG"))],
    );
    refused(
        &mut client,
        "taSopLineIvcInsert",
        &other,
        &[sop::codes::OTHER_ITEM],
    )
    .await;
}

#[tokio::test]
async fn headers_that_gp_would_not_take() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    call(&mut client, "taSopLineIvcInsert", &line("N1", "WEBCUST"))
        .await
        .unwrap();
    call(&mut client, "taSopLineIvcTaxInsert", &tax("N1", "WEBCUST"))
        .await
        .unwrap();
    call(
        &mut client,
        "taCreateSopPaymentInsertRecord",
        &payment("N1", "WEBCUST"),
    )
    .await
    .unwrap();
    rows(
        &mut client,
        "UPDATE RM00101 SET INACTIVE = 1 WHERE CUSTNMBR = 'ADVANCED0001'",
    )
    .await
    .unwrap();
    rows(
        &mut client,
        "UPDATE RM00101 SET HOLD = 1 WHERE CUSTNMBR = 'CONTOSOL0001'",
    )
    .await
    .unwrap();
    for (changes, expected) in [
        (
            vec![("SUBTOTAL", Money("32.84")), ("DOCAMNT", Money("44.48"))],
            vec![sop::codes::SUBTOTAL],
        ),
        (vec![("DOCAMNT", Money("44.50"))], vec![sop::codes::BALANCE]),
        (
            vec![("SUBTOTAL", Money("32.00"))],
            vec![sop::codes::SUBTOTAL, sop::codes::BALANCE],
        ),
        (
            vec![("CUSTNMBR", Text("NOBODY"))],
            vec![sop::codes::CUSTOMER],
        ),
        (
            vec![("CUSTNMBR", Text("ADVANCED0001"))],
            vec![sop::codes::CUSTOMER_INACTIVE],
        ),
        (
            vec![("CUSTNMBR", Text("CONTOSOL0001")), ("CKHOLD", Number(1))],
            vec![sop::codes::CUSTOMER_HOLD],
        ),
        (vec![("DOCID", Text("NONE"))], vec![sop::codes::DOCUMENT_ID]),
        (vec![("LOCNCODE", Text("MOON"))], vec![sop::codes::SITE]),
        (vec![("PYMTRMID", Text("Someday"))], vec![sop::codes::TERMS]),
        (
            vec![("SHIPMTHD", Text("TELEPORT"))],
            vec![sop::codes::SHIPPING],
        ),
        (vec![("TAXSCHID", Text("NONE"))], vec![sop::codes::SCHEDULE]),
        (
            vec![("SLPRSNID", Text("OLD S."))],
            vec![sop::codes::SALESPERSON_INACTIVE],
        ),
        (
            vec![("SLPRSNID", Text("NOBODY"))],
            vec![sop::codes::SALESPERSON],
        ),
        (
            vec![("SALSTERR", Text("MARS"))],
            vec![sop::codes::TERRITORY],
        ),
        (
            vec![("PRCLEVEL", Text("NONE"))],
            vec![sop::codes::PRICE_LEVEL],
        ),
        (vec![("CURNCYID", Text("NONE"))], vec![sop::codes::CURRENCY]),
        (vec![("CURNCYID", Text("Z-UK"))], vec![sop::codes::NO_RATE]),
        (
            vec![("DISTKNAM", Money("2")), ("DISAVAMT", Money("1"))],
            vec![sop::codes::DISCOUNT_ORDER],
        ),
        (
            vec![("DISAVAMT", Money("99"))],
            vec![sop::codes::DISCOUNT_ORDER],
        ),
        (
            vec![("PYMTRCVD", Money("9"))],
            vec![sop::codes::PAYMENTS_DIFFER],
        ),
        (
            vec![("TAXAMNT", Money("1.65")), ("DOCAMNT", Money("44.50"))],
            vec![sop::codes::TAXES_DIFFER],
        ),
        (vec![("PRBTADCD", Text("NONE"))], vec![sop::codes::BILL_TO]),
        (vec![("PRSTADCD", Text("NONE"))], vec![sop::codes::SHIP_TO]),
        (
            vec![("CREATETAXES", Number(1))],
            vec![sop::codes::TAX_ENGINE],
        ),
        (
            vec![("BatchCHEKBKID", Text("NONE"))],
            vec![sop::codes::CHECKBOOK],
        ),
        (
            vec![("CREATEDIST", Number(0)), ("UpdateExisting", Number(1))],
            vec![sop::codes::NO_DOCUMENT],
        ),
        (
            vec![
                ("SOPNUMBE", Text("N2")),
                ("PYMTRCVD", Money("0")),
                ("TAXAMNT", Money("0")),
                ("USINGHEADERLEVELTAXES", Number(0)),
                ("DOCAMNT", Money("42.85")),
            ],
            vec![sop::codes::NO_LINES, sop::codes::SUBTOTAL],
        ),
    ] {
        refused(
            &mut client,
            "taSopHdrIvcInsert",
            &with(header("N1", "WEBCUST"), &changes),
            &expected,
        )
        .await;
    }
    let bare = without(line("N3", "WEBCUST"), "CURNCYID");
    call(&mut client, "taSopLineIvcInsert", &bare)
        .await
        .unwrap();
    let bare = with(
        header("N3", "WEBCUST"),
        &[
            ("PYMTRCVD", Money("0")),
            ("TAXAMNT", Money("0")),
            ("DOCAMNT", Money("42.85")),
        ],
    );
    refused(
        &mut client,
        "taSopHdrIvcInsert",
        &bare,
        &[sop::codes::LINE_CURRENCY],
    )
    .await;

    assert_eq!(
        call(&mut client, "taSopHdrIvcInsert", &header("N1", "WEBCUST"))
            .await
            .unwrap()
            .status,
        0
    );
    refused(
        &mut client,
        "taSopHdrIvcInsert",
        &header("N1", "WEBCUST"),
        &[sop::codes::DUPLICATE],
    )
    .await;
    refused(
        &mut client,
        "taSopLineIvcInsert",
        &line("N1", "WEBCUST"),
        &[sop::codes::DUPLICATE, sop::codes::LINE_EXISTS],
    )
    .await;
    let lock = "INSERT INTO tempdb..DEX_LOCK (session_id, row_id, table_path_name) SELECT 9, DEX_ROW_ID, 'TWO.dbo.SOP10100' FROM SOP10100";
    rows(&mut client, lock).await.unwrap();
    let again = with(header("N1", "WEBCUST"), &[("UpdateExisting", Number(1))]);
    refused(
        &mut client,
        "taSopHdrIvcInsert",
        &again,
        &[sop::codes::LOCKED_BY_USER],
    )
    .await;
    let again = with(line("N1", "WEBCUST"), &[("UpdateIfExists", Number(1))]);
    refused(
        &mut client,
        "taSopLineIvcInsert",
        &again,
        &[sop::codes::LINE_LOCKED_BY_USER],
    )
    .await;
}

#[tokio::test]
async fn taxes_payments_customers_and_addresses_that_gp_would_not_take() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    for (changes, code) in [
        (vec![("TAXDTLID", Text("NONE"))], sop::codes::TAX_DETAIL),
        (vec![("TAXTYPE", Number(3))], sop::codes::TAX_TYPE),
        (vec![("LNITMSEQ", Number(16_384))], sop::codes::TAX_LINE),
        (vec![("CUSTNMBR", Text("NOBODY"))], sop::codes::TAX_CUSTOMER),
    ] {
        refused(
            &mut client,
            "taSopLineIvcTaxInsert",
            &with(tax("N1", "WEBCUST"), &changes),
            &[code],
        )
        .await;
    }
    call(&mut client, "taSopLineIvcTaxInsert", &tax("N1", "WEBCUST"))
        .await
        .unwrap();
    refused(
        &mut client,
        "taSopLineIvcTaxInsert",
        &tax("N1", "WEBCUST"),
        &[sop::codes::TAX_TWICE],
    )
    .await;
    for (changes, code) in [
        (vec![("PYMTTYPE", Number(4))], sop::codes::PAYMENT_TYPE),
        (
            vec![("CHEKBKID", Text("NONE"))],
            sop::codes::PAYMENT_CHECKBOOK,
        ),
        (
            vec![("PYMTTYPE", Number(3)), ("CARDNAME", Text("DINERS"))],
            sop::codes::PAYMENT_CARD,
        ),
        (vec![("DOCAMNT", Money("0"))], sop::codes::PAYMENT_AMOUNT),
        (
            vec![("CUSTNMBR", Text("NOBODY"))],
            sop::codes::PAYMENT_CUSTOMER,
        ),
        (
            vec![("Action", Number(2)), ("DOCNUMBR", Text("X"))],
            sop::codes::PAYMENT_UNKNOWN,
        ),
        (vec![("Action", Number(5))], sop::codes::PAYMENT_ACTION),
        (
            vec![("RCTNCCRD", Text("4111111111111111"))],
            sop::codes::PAYMENT_CARD_NUMBER,
        ),
    ] {
        refused(
            &mut client,
            "taCreateSopPaymentInsertRecord",
            &with(payment("N1", "WEBCUST"), &changes),
            &[code],
        )
        .await;
    }
    for (changes, code) in [
        (vec![("CUSTCLAS", Text("NONE"))], rm::codes::CLASS),
        (vec![("CUSTNAME", Text(""))], rm::codes::NAME),
        (vec![("CUSTCLAS", Text(""))], rm::codes::CLASS_MISSING),
        (
            vec![("CUSTNMBR", Text("WEBCUST")), ("UpdateIfExists", Number(0))],
            rm::codes::CUSTOMER_EXISTS,
        ),
        (
            vec![("PYMTRMID", Text("Someday"))],
            rm::codes::CUSTOMER_TERMS,
        ),
        (
            vec![("SHIPMTHD", Text("TELEPORT"))],
            rm::codes::CUSTOMER_SHIPPING,
        ),
        (
            vec![("TAXSCHID", Text("NONE"))],
            rm::codes::CUSTOMER_SCHEDULE,
        ),
        (
            vec![("SALSTERR", Text("MARS"))],
            rm::codes::CUSTOMER_TERRITORY,
        ),
        (
            vec![("PRCLEVEL", Text("NONE"))],
            rm::codes::CUSTOMER_PRICE_LEVEL,
        ),
        (
            vec![("CURNCYID", Text("NONE"))],
            rm::codes::CUSTOMER_CURRENCY,
        ),
        (
            vec![("CHEKBKID", Text("NONE"))],
            rm::codes::CUSTOMER_CHECKBOOK,
        ),
        (
            vec![("SLPRSNID", Text("NOBODY"))],
            rm::codes::CUSTOMER_SALESPERSON,
        ),
        (
            vec![("SLPRSNID", Text("OLD S."))],
            sop::codes::SALESPERSON_INACTIVE,
        ),
    ] {
        refused(
            &mut client,
            "taUpdateCreateCustomerRcd",
            &with(customer("W1"), &changes),
            &[code],
        )
        .await;
    }
    let address = |changes: &[(&'static str, Element)]| {
        with(
            vec![("CUSTNMBR", Text("WEBCUST")), ("ADRSCODE", Text("HOME"))],
            changes,
        )
    };
    for (changes, code) in [
        (
            vec![("CUSTNMBR", Text("NOBODY"))],
            rm::codes::ADDRESS_CUSTOMER,
        ),
        (
            vec![("ADRSCODE", Text("PRIMARY")), ("UpdateIfExists", Number(0))],
            rm::codes::ADDRESS_EXISTS,
        ),
        (
            vec![("SHIPMTHD", Text("TELEPORT"))],
            rm::codes::ADDRESS_SHIPPING,
        ),
        (
            vec![("TAXSCHID", Text("NONE"))],
            rm::codes::ADDRESS_SCHEDULE,
        ),
        (vec![("LOCNCODE", Text("MOON"))], rm::codes::ADDRESS_SITE),
        (
            vec![("SLPRSNID", Text("NOBODY"))],
            rm::codes::ADDRESS_SALESPERSON,
        ),
        (
            vec![("SALSTERR", Text("MARS"))],
            rm::codes::ADDRESS_TERRITORY,
        ),
    ] {
        refused(
            &mut client,
            "taCreateCustomerAddress",
            &address(&changes),
            &[code],
        )
        .await;
    }
    for (kind, master, code) in [
        ("XXX", "WEBCUST", sm::codes::MASTER_TYPE),
        ("CUS", "WEBCUST", sm::codes::MASTER_ADDRESS),
        ("ITM", "NONE", sm::codes::MASTER),
    ] {
        let node = vec![
            ("Master_Type", Text(kind)),
            ("Master_ID", Text(master)),
            ("ADRSCODE", Text("NOWHERE")),
        ];
        refused(&mut client, "taCreateInternetAddresses", &node, &[code]).await;
    }
    let distribution = vec![
        ("SOPTYPE", Number(2)),
        ("SOPNUMBE", Text("N1")),
        ("CUSTNMBR", Text("WEBCUST")),
        ("DISTTYPE", Number(1)),
        ("ACTNUMST", Text("000-4100-01")),
        ("CRDTAMNT", Money("5")),
    ];
    for (changes, code) in [
        (
            vec![("DISTTYPE", Number(24))],
            sop::codes::DISTRIBUTION_TYPE,
        ),
        (
            vec![("ACTNUMST", Text("999-9999-99"))],
            sop::codes::DISTRIBUTION_ACCOUNT,
        ),
        (
            vec![("DEBITAMT", Money("5"))],
            sop::codes::DISTRIBUTION_SIDES,
        ),
    ] {
        refused(
            &mut client,
            "taSopDistribution",
            &with(distribution.clone(), &changes),
            &[code],
        )
        .await;
    }
}
