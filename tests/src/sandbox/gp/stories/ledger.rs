//! Journal entries: what GP's tables hold afterwards, and what is refused.

use super::super::procedures::gl::codes;
use super::difference::{changes, snapshot};
use super::{Connection, Element, Node, answered, call, connect, one, sandbox, with, without};
use Element::{Money, Number, Text};
use tiberius::Command;

pub(super) fn entry() -> Node {
    vec![
        ("BACHNUMB", Text("WEBGL")),
        ("JRNENTRY", Number(5001)),
        ("REFRENCE", Text("Card fees of March")),
        ("TRXDATE", Text("2026-03-31")),
        ("TRXTYPE", Number(0)),
    ]
}

pub(super) fn line(account: &'static str, debit: &'static str, credit: &'static str) -> Node {
    vec![
        ("BACHNUMB", Text("WEBGL")),
        ("JRNENTRY", Number(5001)),
        ("ACTNUMST", Text(account)),
        ("DEBITAMT", Money(debit)),
        ("CRDTAMNT", Money(credit)),
        ("DSCRIPTN", Text("Fees")),
    ]
}

async fn lines(client: &mut Connection, lines: &[Node]) {
    for line in lines {
        let answer = call(client, "taGLTransactionLineInsert", line)
            .await
            .unwrap();
        assert_eq!(answer.codes(), Vec::<i32>::new());
    }
}

#[tokio::test]
async fn a_journal_entry_is_whole_in_every_table_it_touches() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let before = snapshot(&sandbox);
    let fees = [
        line("000-4600-00", "20.05", "0"),
        line("000-1100-00", "10.02", "0"),
        with(
            line("000-1200-00", "0", "30.07"),
            &[("ORDOCNUM", Text("N1-1001")), ("ORTRXTYP", Number(1))],
        ),
    ];
    lines(&mut client, &fees).await;
    let answer = call(&mut client, "taGLTransactionHeaderInsert", &entry())
        .await
        .unwrap();
    assert_eq!((answer.status, answer.codes()), (0, Vec::new()));
    let expected = "\
+GL10000 BACHNUMB=WEBGL BCHSOURC=GL_Normal JRNENTRY=5001 SOURCDOC=GJ REFRENCE=Card fees of March \
TRXDATE=2026-03-31 LSTDTEDT=today SQNCLINE=49152 SERIES=2 CURNCYID=Z-US$ CURRNIDX=1007 PERIODID=3 \
OPENYEAR=2026 ORIGINJE=5001 DOCDATE=2026-03-31 Tax_Date=2026-03-31 Ledger_ID=1
+GL10001 BACHNUMB=WEBGL JRNENTRY=5001 SQNCLINE=16384 ACTINDX=9 DSCRIPTN=Fees CURRNIDX=1007 \
ACCTTYPE=1 PSTNGTYP=1 INTERID=TWO DEBITAMT=20.05 ORDBTAMT=20.05
+GL10001 BACHNUMB=WEBGL JRNENTRY=5001 SQNCLINE=32768 ACTINDX=1 DSCRIPTN=Fees CURRNIDX=1007 \
ACCTTYPE=1 INTERID=TWO DEBITAMT=10.02 ORDBTAMT=10.02
+GL10001 BACHNUMB=WEBGL JRNENTRY=5001 SQNCLINE=49152 ACTINDX=2 DSCRIPTN=Fees CURRNIDX=1007 \
ACCTTYPE=1 ORDOCNUM=N1-1001 ORTRXTYP=1 INTERID=TWO CRDTAMNT=30.07 ORCRDAMT=30.07
+SY00500 GLPOSTDT=2026-03-31 BCHSOURC=GL_Normal BACHNUMB=WEBGL SERIES=2 NUMOFTRX=1 BACHFREQ=1 \
BCHTOTAL=30.07 MODIFDT=today CREATDDT=today ORIGIN=1";
    assert_eq!(changes(&before, &snapshot(&sandbox)), expected);
    // The second entry joins the batch, and reverses in the next period.
    let second = |node: Node| with(node, &[("JRNENTRY", Number(5002))]);
    let before = snapshot(&sandbox);
    let accrual = [line("000-1100-00", "1", "0"), line("000-1200-00", "0", "1")].map(second);
    lines(&mut client, &accrual).await;
    let reversing = with(
        second(entry()),
        &[("TRXTYPE", Number(1)), ("RVRSNGDT", Text("2026-04-01"))],
    );
    call(&mut client, "taGLTransactionHeaderInsert", &reversing)
        .await
        .unwrap();
    let told = changes(&before, &snapshot(&sandbox));
    assert!(told.contains("RVRSNGDT=2026-04-01"), "{told}");
    assert!(told.contains("REVPRDID=4 REVYEAR=2026"), "{told}");
    assert!(
        told.contains("~SY00500 NUMOFTRX=2 BCHTOTAL=31.07"),
        "{told}"
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_journal_entry_has_its_code_and_leaves_nothing() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    one(
        &mut client,
        "UPDATE GL00100 SET ACTIVE = 0 WHERE ACTINDX = 3",
    )
    .await;
    lines(
        &mut client,
        &[line("000-4600-00", "5", "0"), line("000-1200-00", "0", "5")],
    )
    .await;
    let good = || line("000-1100-00", "1", "0");
    let before = snapshot(&sandbox);
    for (node, code) in [
        (without(good(), "ACTNUMST"), codes::ACCOUNT_MISSING),
        (
            with(good(), &[("ACTNUMST", Text("999-0000-00"))]),
            codes::ACCOUNT,
        ),
        (
            with(without(good(), "ACTNUMST"), &[("ACTINDX", Number(99))]),
            codes::ACCOUNT,
        ),
        (
            with(good(), &[("ACTNUMST", Text("000-1300-01"))]),
            codes::ACCOUNT_INACTIVE,
        ),
        (with(good(), &[("CRDTAMNT", Money("1"))]), codes::SIDES),
        (with(good(), &[("DEBITAMT", Money("0"))]), codes::SIDES),
        (with(good(), &[("DEBITAMT", Money("-1"))]), codes::SIDES),
        (
            with(good(), &[("SQNCLINE", Money("16384"))]),
            codes::LINE_TWICE,
        ),
        (
            with(good(), &[("CURNCYID", Text("Z-NONE"))]),
            codes::LINE_CURRENCY,
        ),
    ] {
        let answer = call(&mut client, "taGLTransactionLineInsert", &node)
            .await
            .unwrap();
        assert!(answer.codes().contains(&code), "{code}: {answer:?}");
        assert_eq!(changes(&before, &snapshot(&sandbox)), "", "{code}");
    }
    for (node, code) in [
        (with(entry(), &[("TRXTYPE", Number(2))]), codes::TYPE),
        (
            with(entry(), &[("TRXTYPE", Number(1))]),
            codes::REVERSING_DATE,
        ),
        (
            with(entry(), &[("RVRSNGDT", Text("2026-04-01"))]),
            codes::REVERSING_DATE,
        ),
        (with(entry(), &[("SERIES", Number(9))]), codes::SERIES),
        (
            with(entry(), &[("CURNCYID", Text("Z-NONE"))]),
            codes::CURRENCY,
        ),
        (
            with(entry(), &[("CURNCYID", Text("Z-EURO"))]),
            codes::LINES_CURRENCY,
        ),
        (with(entry(), &[("CURNCYID", Text("Z-UK"))]), codes::NO_RATE),
        (
            with(entry(), &[("JRNENTRY", Number(5009))]),
            codes::NO_LINES,
        ),
        (
            with(entry(), &[("BACHNUMB", Text("OTHER"))]),
            codes::LINE_BATCH,
        ),
    ] {
        let answer = call(&mut client, "taGLTransactionHeaderInsert", &node)
            .await
            .unwrap();
        assert!(answer.codes().contains(&code), "{code}: {answer:?}");
        assert_eq!(changes(&before, &snapshot(&sandbox)), "", "{code}");
    }
    lines(&mut client, &[good()]).await;
    let answer = call(&mut client, "taGLTransactionHeaderInsert", &entry())
        .await
        .unwrap();
    assert_eq!(answer.codes(), [codes::UNBALANCED]);
    lines(&mut client, &[line("000-1200-00", "0", "1")]).await;
    let answer = call(&mut client, "taGLTransactionHeaderInsert", &entry())
        .await
        .unwrap();
    assert_eq!(answer.codes(), Vec::<i32>::new());
    let answer = call(&mut client, "taGLTransactionHeaderInsert", &entry())
        .await
        .unwrap();
    assert_eq!(answer.codes(), [codes::JOURNAL_EXISTS]);
}

#[tokio::test]
async fn journal_numbers_count_up_and_come_as_text() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    for expected in ["3328", "3329"] {
        let mut command = Command::new("dbo.taGetNextJournalEntry");
        command.bind_param("@I_vInc_Dec", 1_u8);
        command.bind_out_param("@O_vJournalEntryNumber", "");
        command.bind_out_param("@O_iErrorState", 0_i32);
        let answer = answered(command, &mut client).await.unwrap();
        assert_eq!(answer.outputs[0].trim_end(), expected);
    }
}
