//! Documents in another currency: amounts as sent and, by the rate, in the functional currency.
//!
//! One euro is 1.1703 of the company's own from July 2025 to the end of 2027, 1.0425 before.

use super::super::procedures::sop::codes;
use super::sales_documents::{done, refused};
use super::{
    Connection, Element, Node, call, connect, header, ledger, line, one, payables, payment,
    receivables_documents, rows, sandbox, tax, vendors, with,
};
use Element::{Money, Number, Text};

const EURO: (&str, Element) = ("CURNCYID", Text("Z-EURO"));

/// 3 of 9.99 and 2 of 10.05, freight 5.00, taxes 1.23: 56.30 euros, of which 10.00 are paid.
async fn order(client: &mut Connection, number: &str) {
    let customer = "AARONFIT0001";
    let first = [
        EURO,
        ("UNITPRCE", Money("9.99")),
        ("XTNDPRCE", Money("29.97")),
    ];
    done(
        client,
        "taSopLineIvcInsert",
        &with(line(number, customer), &first),
    )
    .await;
    let second = [
        EURO,
        ("LNITMSEQ", Number(32_768)),
        ("QUANTITY", Money("2")),
        ("UNITPRCE", Money("10.05")),
        ("XTNDPRCE", Money("20.10")),
    ];
    done(
        client,
        "taSopLineIvcInsert",
        &with(line(number, customer), &second),
    )
    .await;
    let taxes = [("SALESAMT", Money("50.07")), ("STAXAMNT", Money("1.23"))];
    done(
        client,
        "taSopLineIvcTaxInsert",
        &with(tax(number, customer), &taxes),
    )
    .await;
    done(
        client,
        "taCreateSopPaymentInsertRecord",
        &payment(number, customer),
    )
    .await;
    done(client, "taSopHdrIvcInsert", &head(number)).await;
}

fn head(number: &str) -> Node {
    with(
        header(number, "AARONFIT0001"),
        &[
            EURO,
            ("SUBTOTAL", Money("50.07")),
            ("FREIGHT", Money("5.00")),
            ("TAXAMNT", Money("1.23")),
            ("TRDISAMT", Money("0")),
            ("DOCAMNT", Money("56.30")),
        ],
    )
}

async fn amounts(client: &mut Connection, columns: &str, from: &str) -> Vec<String> {
    let sql = format!("SELECT {columns} FROM {from}");
    let found = rows(client, &sql).await.unwrap();
    let found = found.into_iter().map(|row| {
        let cells = row.into_iter().map(|cell| cell.trim().to_owned());
        cells.collect::<Vec<_>>().join(" ")
    });
    found.collect()
}

#[tokio::test]
async fn an_order_in_euros_is_kept_in_both_currencies() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    order(&mut client, "E1").await;
    // 35.073891 and 23.52303, which are 58.59 together; their euros at once are 58.60.
    let lines = "XTNDPRCE, OXTNDPRC, UNITPRCE, ORUNTPRC, CURRNIDX";
    let found = amounts(&mut client, lines, "SOP10200 ORDER BY LNITMSEQ").await;
    let index = one(
        &mut client,
        "SELECT CURRNIDX FROM DYNAMICS..MC40200 WHERE CURNCYID = 'Z-EURO'",
    );
    let index = index.await;
    assert_eq!(
        found,
        [
            format!("35.07000 29.97000 11.69000 9.99000 {index}"),
            format!("23.52000 20.10000 11.76000 10.05000 {index}"),
        ]
    );
    let head =
        "CURNCYID, CURRNIDX, EXGTBLID, XCHGRATE, CONVERT(varchar(10), EXCHDATE, 120), RTCLCMTD";
    assert_eq!(
        amounts(&mut client, head, "SOP10100").await,
        [format!("Z-EURO {index} Z-EURO-SELL 1.1703000 2025-07-01 0")]
    );
    // 56.30 x 1.1703 = 65.88789; a cent is between it and its parts.
    let of_both = "SUBTOTAL, ORSUBTOT, FRTAMNT, ORFRTAMT, TAXAMNT, ORTAXAMT, DOCAMNT, ORDOCAMT, \
                   PYMTRCVD, ORPMTRVD, ACCTAMNT, ORACTAMT";
    assert_eq!(
        amounts(&mut client, of_both, "SOP10100").await,
        [
            "58.60000 50.07000 5.85000 5.00000 1.44000 1.23000 65.89000 56.30000 11.70000 10.00000 \
          54.19000 46.30000"
        ]
    );
    let paid = "AMNTPAID, OAMTPAID, CURNCYID";
    assert_eq!(
        amounts(&mut client, paid, "SOP10103").await,
        ["11.70000 10.00000 Z-EURO"]
    );
    let taxes = "STAXAMNT, ORSLSTAX, TAXDTSLS, ORTOTSLS";
    assert_eq!(
        amounts(&mut client, taxes, "SOP10105").await,
        ["1.44000 1.23000 58.60000 50.07000"]
    );
    let sides = "DISTTYPE, DEBITAMT, ORDBTAMT, CRDTAMNT, ORCRDAMT";
    assert_eq!(
        amounts(&mut client, sides, "SOP10102 ORDER BY SEQNUMBR").await,
        [
            "2 54.19000 46.30000 0.00000 0.00000",
            "21 11.70000 10.00000 0.00000 0.00000",
            "1 0.00000 0.00000 35.07000 29.97000",
            "1 0.00000 0.00000 23.52000 20.10000",
            "7 0.00000 0.00000 5.85000 5.00000",
            "9 0.00000 0.00000 1.44000 1.23000",
            "22 0.00000 0.00000 0.01000 0.00000",
        ]
    );
    let total = one(
        &mut client,
        "SELECT BCHTOTAL FROM SY00500 WHERE BACHNUMB = 'WEB20260305'",
    );
    assert_eq!(total.await, "65.89000");
}

#[tokio::test]
async fn an_order_sent_again_is_worked_out_from_what_was_sent() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    order(&mut client, "E1").await;
    let before = amounts(&mut client, "*", "SOP10102 ORDER BY SEQNUMBR")
        .await
        .len();
    // At a rate of its own, divided instead of multiplied.
    let again = [
        ("UpdateExisting", Number(1)),
        ("XCHGRATE", Money("0.5")),
        ("RTCLCMTD", Number(1)),
    ];
    done(&mut client, "taSopHdrIvcInsert", &with(head("E1"), &again)).await;
    let of_both = "SUBTOTAL, ORSUBTOT, DOCAMNT, ORDOCAMT, XCHGRATE, RTCLCMTD";
    assert_eq!(
        amounts(&mut client, of_both, "SOP10100").await,
        ["100.14000 50.07000 112.60000 56.30000 0.5000000 1"]
    );
    let after = amounts(&mut client, "*", "SOP10102 ORDER BY SEQNUMBR")
        .await
        .len();
    // Nothing is left to round.
    assert_eq!((before, after), (7, 6));
    let sides = "SUM(DEBITAMT), SUM(CRDTAMNT), SUM(ORDBTAMT), SUM(ORCRDAMT)";
    assert_eq!(
        amounts(&mut client, sides, "SOP10102").await,
        ["112.60000 112.60000 56.30000 56.30000"]
    );
    let void = vec![("SOPTYPE", Number(2)), ("SOPNUMBE", Text("E1"))];
    let void = with(void, &[("RemovePayments", Number(0))]);
    done(&mut client, "taSopVoidDocument", &void).await;
    let rest = "PYMTRCVD, ORPMTRVD, ACCTAMNT, ORACTAMT";
    assert_eq!(
        amounts(&mut client, rest, "SOP30200").await,
        ["20.00000 10.00000 92.60000 46.30000"]
    );
}

#[tokio::test]
async fn lines_have_the_currency_of_their_document_and_the_day_a_rate() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let euro = [
        EURO,
        ("UNITPRCE", Money("16.69")),
        ("XTNDPRCE", Money("50.07")),
    ];
    let euro = with(line("E1", "AARONFIT0001"), &euro);
    done(&mut client, "taSopLineIvcInsert", &euro).await;
    let taxes = [("SALESAMT", Money("50.07")), ("STAXAMNT", Money("1.23"))];
    let taxes = with(tax("E1", "AARONFIT0001"), &taxes);
    done(&mut client, "taSopLineIvcTaxInsert", &taxes).await;
    let payment = payment("E1", "AARONFIT0001");
    done(&mut client, "taCreateSopPaymentInsertRecord", &payment).await;
    for (change, code) in [
        (("CURNCYID", Text("Z-US$")), codes::LINE_CURRENCY),
        (("CURNCYID", Text("")), codes::LINE_CURRENCY),
        (("EXCHDATE", Text("2024-12-31")), codes::NO_RATE),
        (("EXCHDATE", Text("2028-01-01")), codes::NO_RATE),
    ] {
        let header = with(head("E1"), &[change]);
        let answer = call(&mut client, "taSopHdrIvcInsert", &header)
            .await
            .unwrap();
        assert!(answer.codes().contains(&code), "{code}: {answer:?}");
    }
    // The rate before the day counts where the caller says so.
    let previous = [("EXCHDATE", Text("2028-01-01")), ("TRXDTDEF", Number(2))];
    done(
        &mut client,
        "taSopHdrIvcInsert",
        &with(head("E1"), &previous),
    )
    .await;
    let rate = one(&mut client, "SELECT XCHGRATE FROM SOP10100").await;
    assert_eq!(rate, "1.1703000");
    // No list has a price in euros.
    let listed = [EURO, ("DEFPRICING", Number(1))];
    let listed = with(line("E2", "AARONFIT0001"), &listed);
    refused(
        &sandbox,
        &mut client,
        "taSopLineIvcInsert",
        &listed,
        codes::NO_PRICE,
    )
    .await;
}

#[tokio::test]
async fn a_journal_in_euros_balances_in_both_currencies() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    // 11.703, 11.703 and 23.406: rounding leaves a cent, which the largest line takes.
    for (account, debit, credit) in [
        ("000-4600-00", "10.00", "0"),
        ("000-1100-00", "10.00", "0"),
        ("000-1200-00", "0", "20.00"),
    ] {
        let line = with(ledger::line(account, debit, credit), &[EURO]);
        done(&mut client, "taGLTransactionLineInsert", &line).await;
    }
    let entry = with(ledger::entry(), &[EURO]);
    done(&mut client, "taGLTransactionHeaderInsert", &entry).await;
    let lines = "DEBITAMT, ORDBTAMT, CRDTAMNT, ORCRDAMT, XCHGRATE, EXGTBLID";
    assert_eq!(
        amounts(&mut client, lines, "GL10001 ORDER BY SQNCLINE").await,
        [
            "11.70000 10.00000 0.00000 0.00000 1.1703000 Z-EURO-SELL",
            "11.70000 10.00000 0.00000 0.00000 1.1703000 Z-EURO-SELL",
            "0.00000 0.00000 23.40000 20.00000 1.1703000 Z-EURO-SELL",
        ]
    );
    let head = "CURNCYID, XCHGRATE, CONVERT(varchar(10), EXCHDATE, 120)";
    assert_eq!(
        amounts(&mut client, head, "GL10000").await,
        ["Z-EURO 1.1703000 2025-07-01"]
    );
    let total = one(
        &mut client,
        "SELECT BCHTOTAL FROM SY00500 WHERE BACHNUMB = 'WEBGL'",
    );
    assert_eq!(total.await, "23.40000");
}

#[tokio::test]
async fn receivables_and_payables_in_euros_are_kept_in_the_functional_currency() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let receipt = with(
        super::receivables::receipt(),
        &[EURO, ("ORTRXAMT", Money("99.99"))],
    );
    done(&mut client, "taRMCashReceiptInsert", &receipt).await;
    // 99.99 x 1.1703 = 117.018297.
    let columns = "ORTRXAMT, CURTRXAM, CURNCYID";
    assert_eq!(
        amounts(&mut client, columns, "RM10201").await,
        ["117.02000 117.02000 Z-EURO"]
    );
    let sides = "DEBITAMT, ORDBTAMT, CRDTAMNT, ORCRDAMT, CURNCYID";
    assert_eq!(
        amounts(&mut client, sides, "RM10101 ORDER BY SEQNUMBR").await,
        [
            "117.02000 99.99000 0.00000 0.00000 Z-EURO",
            "0.00000 0.00000 117.02000 99.99000 Z-EURO",
        ]
    );
    // 117.03 + 14.04 + 2.34 + 5.85 - 2.34; the whole at once would be a cent more.
    let tax = receivables_documents::tax();
    done(&mut client, "taRMTransactionTaxInsert", &tax).await;
    let commission = receivables_documents::commission();
    done(&mut client, "taRMCommissions", &commission).await;
    let memo = with(receivables_documents::memo(), &[EURO]);
    done(&mut client, "taRMTransaction", &memo).await;
    let columns = "DOCAMNT, ACCTAMNT, SLSAMNT, TAXAMNT, COSTAMNT, CURNCYID";
    assert_eq!(
        amounts(&mut client, columns, "RM10301").await,
        ["136.92000 136.92000 117.03000 5.85000 70.22000 Z-EURO"]
    );
    let of_memo = "RM10101 WHERE RMDTYPAL = 7";
    assert_eq!(
        amounts(&mut client, "SUM(DEBITAMT), SUM(CRDTAMNT)", of_memo).await,
        ["209.48000 209.48000"]
    );
    let receivable = format!("{of_memo} AND ORCRDAMT = 117");
    assert_eq!(
        amounts(&mut client, "CRDTAMNT", &receivable).await,
        ["136.92000"]
    );
    assert_eq!(
        amounts(
            &mut client,
            "TAXAMNT, ORTAXAMT, STAXAMNT, TAXDTSLS",
            "RM10601"
        )
        .await,
        ["5.85000 5.00000 5.85000 117.03000"]
    );
    // 3.50 x 1.1703 = 4.09605.
    assert_eq!(
        amounts(&mut client, "COMMAMNT", "RM10501").await,
        ["4.10000"]
    );
    // 117.03 + 5.85 + 14.04 + 5.85 - 2.34, likewise.
    let tax = payables::tax();
    done(&mut client, "taPMTransactionTaxInsert", &tax).await;
    let voucher = with(payables::transaction(), &[EURO]);
    done(&mut client, "taPMTransactionInsert", &voucher).await;
    assert_eq!(
        amounts(
            &mut client,
            "DOCAMNT, CURTRXAM, PRCHAMNT, CURNCYID",
            "PM10000"
        )
        .await,
        ["140.43000 140.43000 117.03000 Z-EURO"]
    );
    assert_eq!(
        amounts(&mut client, "TAXAMNT, PCTAXAMT, TDTTXPUR", "PM10500").await,
        ["5.85000 5.85000 117.03000"]
    );
    let sums = "SUM(DEBITAMT), SUM(CRDTAMNT), SUM(ORDBTAMT), SUM(ORCRDAMT)";
    assert_eq!(
        amounts(&mut client, sums, "PM10100 WHERE VCHRNMBR = 'V-1'").await,
        ["142.77000 142.77000 122.00000 122.00000"]
    );
    let check = with(vendors::check(), &[EURO]);
    done(&mut client, "taPMManualCheck", &check).await;
    assert_eq!(
        amounts(&mut client, "DOCAMNT, CHEKAMNT, CURNCYID", "PM10400").await,
        ["52.07000 52.07000 Z-EURO"]
    );
    let batches = "RTRIM(BACHNUMB), BCHTOTAL";
    let of_these = "SY00500 WHERE BACHNUMB IN ('WEBCASH', 'WEBRM', 'WEBPM', 'WEBPAY') ORDER BY \
                    BACHNUMB";
    assert_eq!(
        amounts(&mut client, batches, of_these).await,
        [
            "WEBCASH 117.02000",
            "WEBPAY 52.07000",
            "WEBPM 140.43000",
            "WEBRM 136.92000",
        ]
    );
}
