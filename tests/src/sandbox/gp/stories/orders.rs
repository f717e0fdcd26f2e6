//! An order from customer to distributions.

use super::{
    Element, call, connect, customer, header, line, next_number, one, payment, rows, sandbox, tax,
    with,
};

async fn write(client: &mut super::Connection, number: &str) {
    for (procedure, node) in [
        ("taUpdateCreateCustomerRcd", customer("W000042")),
        ("taSopLineIvcInsert", line(number, "W000042")),
        ("taSopLineIvcTaxInsert", tax(number, "W000042")),
        ("taCreateSopPaymentInsertRecord", payment(number, "W000042")),
        (
            "taSopUserDefined",
            vec![
                ("SOPTYPE", Element::Number(2)),
                ("SOPNUMBE", Element::Owned(number.to_owned())),
                ("USERDEF1", Element::Text("1001")),
            ],
        ),
        (
            "taSopHdrIvcInsert",
            with(
                header(number, "W000042"),
                &[("CMMTTEXT", Element::Text("Leave at the door"))],
            ),
        ),
    ] {
        let answer = call(client, procedure, &node).await.unwrap();
        assert_eq!(
            (answer.status, answer.codes()),
            (0, Vec::new()),
            "{procedure}"
        );
    }
}

#[tokio::test]
async fn an_order_fills_gps_tables_and_balances() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    client.begin_transaction().await.unwrap();
    let number = next_number(&mut client).await;
    write(&mut client, &number).await;
    assert_eq!(
        rows(&mut client, "SELECT @@TRANCOUNT, XACT_STATE()")
            .await
            .unwrap()[0],
        ["1", "1"]
    );
    client.commit_transaction().await.unwrap();
    let document = rows(
        &mut client,
        "SELECT RTRIM(CUSTNAME), RTRIM(BACHNUMB), SUBTOTAL, ORSUBTOT, FRTAMNT, TAXAMNT, TRDISAMT, DOCAMNT, ORDOCAMT, PYMTRCVD, RTRIM(CURNCYID), RTRIM(ADDRESS1), RTRIM(PYMTRMID) FROM SOP10100",
    )
    .await
    .unwrap();
    let expected = [
        "Jörg Müller",
        "WEB20260305",
        "32.85000",
        "32.85000",
        "12.00000",
        "1.64000",
        "2.00000",
        "44.49000",
        "44.49000",
        "10.00000",
        "Z-US$",
        "1 Main St",
        "Net 30",
    ];
    assert_eq!(document, [expected]);
    for (sql, expected) in [
        (
            "SELECT SUM(DEBITAMT) - SUM(CRDTAMNT) FROM SOP10102",
            "0.00000",
        ),
        ("SELECT SUM(DEBITAMT) FROM SOP10102", "46.49000"),
        ("SELECT COUNT(*) FROM SOP10102 WHERE ACTINDX = 0", "0"),
        (
            "SELECT RTRIM(ITEMDESC) FROM SOP10200",
            "Phone Cord - 12' White",
        ),
        (
            "SELECT XTNDPRCE FROM SOP10200 WHERE UOFM = 'Each' AND QTYBSUOM = 1 AND QTYTOINV = 3",
            "32.85000",
        ),
        (
            "SELECT STAXAMNT FROM SOP10105 WHERE TAXDTLID = 'USND-STATE' AND LNITMSEQ = 0",
            "1.64000",
        ),
        (
            "SELECT AMNTPAID FROM SOP10103 WHERE DOCNUMBR LIKE 'PYMNT%' AND SEQNUMBR = 16384",
            "10.00000",
        ),
        ("SELECT RTRIM(USERDEF1) FROM SOP10106", "1001"),
        (
            "SELECT CMMTTEXT FROM SOP10106 WHERE USERDEF1 = '1001'",
            "Leave at the door",
        ),
        (
            "SELECT NUMOFTRX FROM SY00500 WHERE BCHSOURC = 'Sales Entry' AND BACHNUMB = 'WEB20260305'",
            "1",
        ),
        ("SELECT BCHTOTAL FROM SY00500", "44.49000"),
        (
            "SELECT RTRIM(CITY) FROM RM00102 WHERE CUSTNMBR = 'W000042' AND ADRSCODE = 'WMAIN'",
            "Fargo",
        ),
        (
            "SELECT COUNT(*) FROM RM00103 WHERE CUSTNMBR = 'W000042'",
            "1",
        ),
    ] {
        assert_eq!(one(&mut client, sql).await, expected, "{sql}");
    }
}

#[tokio::test]
async fn lines_allocate_where_the_document_id_says_so() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let allocated = "SELECT ATYALLOC FROM IV00102 WHERE ITEMNMBR = 'ACCS-CRD-12WH' AND RCRDTYPE = 2 AND LOCNCODE = 'WAREHOUSE'";
    let stamp = "SELECT CONVERT(varchar(30), DEX_ROW_TS, 121) FROM IV00101 WHERE ITEMNMBR = 'ACCS-CRD-12WH'";
    let before = one(&mut client, stamp).await;
    call(&mut client, "taSopLineIvcInsert", &line("A1", "WEBCUST"))
        .await
        .unwrap();
    assert_eq!(one(&mut client, allocated).await, "0.00000");
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    let web = with(line("A2", "WEBCUST"), &[("DOCID", Element::Text("WEBORD"))]);
    call(&mut client, "taSopLineIvcInsert", &web).await.unwrap();
    assert_eq!(one(&mut client, allocated).await, "3.00000");
    assert_ne!(one(&mut client, stamp).await, before);
}

#[tokio::test]
async fn a_customer_keeps_what_an_update_does_not_send() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    call(
        &mut client,
        "taUpdateCreateCustomerRcd",
        &customer("W000001"),
    )
    .await
    .unwrap();
    let change = vec![
        ("CUSTNMBR", Element::Text("W000001")),
        ("CITY", Element::Text("Moorhead")),
        ("ADDRESS1", Element::Text("")),
    ];
    assert_eq!(
        call(&mut client, "taUpdateCreateCustomerRcd", &change)
            .await
            .unwrap()
            .status,
        0
    );
    let row = rows(&mut client, "SELECT RTRIM(CUSTNAME), RTRIM(CITY), RTRIM(ADDRESS1), RTRIM(ZIP) FROM RM00101 WHERE CUSTNMBR = 'W000001'").await.unwrap();
    assert_eq!(row[0], ["Jörg Müller", "Moorhead", "", "58102"]);
}

#[tokio::test]
async fn a_named_procedure_answers_in_a_batch_too() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let sql = "DECLARE @n varchar(21), @e int; EXEC dbo.taGetSopNumber 2, 'STDORD', 1, @n OUTPUT, @O_iErrorState = @e OUTPUT; SELECT @n, @e";
    assert_eq!(rows(&mut client, sql).await.unwrap()[0], ["ORDST2228", "0"]);
}
