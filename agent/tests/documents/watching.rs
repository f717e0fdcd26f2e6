//! Watchers notice what changes in GP, tell it once it is acknowledged, and miss nothing.

use std::collections::BTreeSet;

use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::cloud_message::Message as FromCloud;
use connect_proto::tunnel::v1::payload::Content;
use connect_proto::tunnel::v1::{ChangeAck, ChangeBatch, ChangeKind, Watch, WatchMeans, Watcher};
use serde_json::{Value, json};

use super::stage::{Stage, execute, good, number};
use super::support::Session;

const OFTEN_MS: u32 = 250;

pub(crate) async fn watch(session: &Session, names: &[&str], sweep_seconds: u32) {
    let watchers = names.iter().map(|name| Watcher {
        name: (*name).to_owned(),
        interval_ms: OFTEN_MS,
        sweep_seconds,
    });
    let watch = Watch {
        company: "TWO".to_owned(),
        watchers: watchers.collect(),
    };
    session.send(FromCloud::Watch(watch)).await;
}

async fn batch(session: &mut Session) -> ChangeBatch {
    let pick = |message| {
        if let FromAgent::Changes(batch) = message {
            Some(batch)
        } else {
            None
        }
    };
    session.next(pick).await
}

async fn acknowledge(session: &Session, batch: &ChangeBatch) {
    let ack = ChangeAck {
        company: batch.company.clone(),
        watcher: batch.watcher.clone(),
        sequence: batch.sequence,
    };
    session.send(FromCloud::ChangeAck(ack)).await;
}

fn rows(batch: &ChangeBatch) -> Vec<Value> {
    let content = batch.changes_json.as_ref().and_then(|p| p.content.clone());
    match content {
        Some(Content::Inline(bytes)) => serde_json::from_slice(&bytes).unwrap(),
        other => panic!("inline changes, not {other:?}"),
    }
}

/// The next changes, acknowledged.
pub(crate) async fn changes(session: &mut Session) -> (ChangeKind, Vec<Value>) {
    loop {
        let batch = batch(session).await;
        acknowledge(session, &batch).await;
        let rows = rows(&batch);
        if !rows.is_empty() {
            return (batch.kind(), rows);
        }
    }
}

/// Everything up to the end of a watcher's first full read, acknowledged.
pub(crate) async fn baseline(session: &mut Session, watcher: &str) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let batch = batch(session).await;
        acknowledge(session, &batch).await;
        assert_eq!(
            (batch.watcher.as_str(), batch.kind()),
            (watcher, ChangeKind::Baseline)
        );
        assert!(!batch.incarnation.is_empty());
        all.extend(rows(&batch));
        if batch.last {
            assert_eq!(batch.rows_changed, all.len() as u64);
            return all;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn quantities_are_read_whole_once_and_then_told_as_they_change() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    watch(&session, &["item_quantities"], 0).await;
    let all = baseline(&mut session, "item_quantities").await;
    let stored = stage.rows("IV00102").await;
    let of_sites = stored.iter().filter(|row| row["RCRDTYPE"] == 2).count();
    assert_eq!(all.len(), of_sites);
    let keys: BTreeSet<String> = all.iter().map(|row| row["key"].to_string()).collect();
    assert_eq!(keys.len(), of_sites);
    // Not a quantity: the item is stamped, and nothing is told of it.
    let sql = "UPDATE IV00101 SET ITEMDESC = 'Renamed' WHERE ITEMNMBR = 'CORDG'";
    stage.sql(sql).await;
    let sql = "UPDATE IV00102 SET QTYONHND = 42 \
               WHERE ITEMNMBR = '100XLG' AND LOCNCODE = 'WAREHOUSE'";
    stage.sql(sql).await;
    let (kind, told) = changes(&mut session).await;
    assert_eq!((kind, told.len()), (ChangeKind::Changes, 1));
    assert_eq!(told[0]["change"], "upsert");
    let key = json!({"ITEMNMBR": "100XLG", "LOCNCODE": "WAREHOUSE"});
    assert_eq!(told[0]["key"], key);
    assert_eq!(told[0]["row"]["QTYONHND"], "42.00000");
    assert_eq!(told[0]["row"]["available"], "42.00000");
    assert!(told[0].get("own").is_none());
    let sql = "DELETE FROM IV00102 WHERE ITEMNMBR = '100XLG' AND LOCNCODE = 'WAREHOUSE'";
    stage.sql(sql).await;
    let (_, told) = changes(&mut session).await;
    assert_eq!(told, [json!({"change": "delete", "key": key})]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_acknowledged_is_told_again_and_what_was_is_not() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    watch(&session, &["customers"], 0).await;
    baseline(&mut session, "customers").await;
    let rename = |name: &str| {
        format!("UPDATE RM00101 SET CUSTNAME = '{name}' WHERE CUSTNMBR = 'AARONFIT0001'")
    };
    stage.sql(&rename("First")).await;
    let lost = batch(&mut session).await;
    assert_eq!(rows(&lost)[0]["row"]["CUSTNAME"], "First");
    // The agent dies with the batch on its way, and somebody works on meanwhile.
    stage.kill_agent();
    stage.sql(&rename("Second")).await;
    let mut session = stage.agent(None).await;
    watch(&session, &["customers"], 0).await;
    let again = batch(&mut session).await;
    assert_eq!(rows(&again).len(), 1);
    assert_eq!(rows(&again)[0]["row"]["CUSTNAME"], "Second");
    acknowledge(&session, &again).await;
    // Acknowledged, it stays told over the next start.
    let sql = "UPDATE RM00101 SET CUSTNAME = 'Third' WHERE CUSTNMBR = 'ADVANCED0001'";
    stage.sql(sql).await;
    let (_, told) = changes(&mut session).await;
    assert_eq!(told.len(), 1);
    stage.kill_agent();
    let mut session = stage.agent(None).await;
    watch(&session, &["customers"], 0).await;
    let sql = "UPDATE RM00101 SET CUSTNAME = 'Fourth' WHERE CUSTNMBR = 'ADVANCED0001'";
    stage.sql(sql).await;
    let (kind, told) = changes(&mut session).await;
    assert_eq!((kind, told.len()), (ChangeKind::Changes, 1));
    assert_eq!(told[0]["row"]["CUSTNAME"], "Fourth");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_commits_behind_the_last_look_is_not_missed() {
    let mut stage = Stage::set().await;
    // What is stamped just now is read again with each look, whatever its stamp becomes.
    stage
        .sql("UPDATE IV00101 SET DEX_ROW_TS = DATEADD(hour, -1, GETUTCDATE())")
        .await;
    let mut session = stage.agent(None).await;
    watch(&session, &["items"], 0).await;
    baseline(&mut session, "items").await;
    let behind = |item: &str, minutes: u32| {
        format!(
            "UPDATE IV00101 SET ITEMDESC = 'Late', \
             DEX_ROW_TS = DATEADD(minute, -{minutes}, GETUTCDATE()) WHERE ITEMNMBR = '{item}'"
        )
    };
    // As a transaction leaves it that was open for twenty minutes.
    stage.sql(&behind("CORDG", 20)).await;
    let (kind, told) = changes(&mut session).await;
    assert_eq!(kind, ChangeKind::Changes);
    assert_eq!(told[0]["key"], json!({"ITEMNMBR": "CORDG"}));
    // Changed again with the very same stamp, as two changes of one moment have it.
    let stamp = |words: &str| {
        format!(
            "UPDATE IV00101 SET ITEMDESC = '{words}', DEX_ROW_TS = (SELECT MAX(DEX_ROW_TS) \
             FROM IV00101 WHERE ITEMNMBR = '100XLG') WHERE ITEMNMBR = '100XLG'"
        )
    };
    stage
        .sql("UPDATE IV00101 SET ITEMDESC = 'One' WHERE ITEMNMBR = '100XLG'")
        .await;
    for expected in ["One", "Two"] {
        let (_, told) = changes(&mut session).await;
        assert_eq!(told[0]["row"]["ITEMDESC"], expected);
        stage.sql(&stamp("Two")).await;
    }
    // Longer than any look reaches back, it is found by a full read.
    watch(&session, &["items"], 2).await;
    stage.sql(&behind("HA100G", 45)).await;
    let (kind, told) = changes(&mut session).await;
    assert_eq!(kind, ChangeKind::Sweep, "{told:?}");
    assert_eq!(told[0]["key"], json!({"ITEMNMBR": "HA100G"}));
    // So is a record that is gone without a trace.
    stage
        .sql("DELETE FROM IV00101 WHERE ITEMNMBR = 'HA100G'")
        .await;
    let (kind, told) = changes(&mut session).await;
    assert_eq!(kind, ChangeKind::Sweep);
    assert_eq!(
        told,
        [json!({"change": "delete", "key": {"ITEMNMBR": "HA100G"}})]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_open_for_twenty_minutes_loses_no_change() {
    let mut stage = Stage::set().await;
    a_slow_transaction(&mut stage, 1).await;
}

/// Longer than half an hour, where the owner lets the login see what is open.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_open_for_hours_loses_no_change_where_the_login_sees_it() {
    let mut stage = Stage::set().await;
    stage.sql("GRANT VIEW SERVER STATE TO connect_agent").await;
    a_slow_transaction(&mut stage, 10).await;
}

/// A user changes an item and commits when the watcher has looked twenty-one times, so many
/// minutes apart.
async fn a_slow_transaction(stage: &mut Stage, apart: u32) {
    let mut session = stage.agent(None).await;
    watch(&session, &["items"], 0).await;
    baseline(&mut session, "items").await;
    let rename = |item: &str, words: &str| {
        format!("UPDATE IV00101 SET ITEMDESC = '{words}' WHERE ITEMNMBR = '{item}'")
    };
    let user = json!({"db": "TWO"});
    let user = stage.http("POST", "/sessions", &user).await["session"].clone();
    let user = format!("/sessions/{user}");
    let begun = format!("BEGIN TRAN; {}", rename("CORDG", "Slow"));
    stage.http("POST", &user, &json!({"sql": begun})).await;
    // Others work on meanwhile, and the watcher's mark goes on with them.
    for step in 1..=21 {
        let ahead = json!({"ahead_seconds": step * apart * 60});
        stage.http("POST", "/clock", &ahead).await;
        let words = format!("Step {step}");
        stage.sql(&rename("100XLG", &words)).await;
        let (_, told) = changes(&mut session).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0]["row"]["ITEMDESC"], *words);
    }
    stage.http("POST", &user, &json!({"sql": "COMMIT"})).await;
    let (kind, told) = changes(&mut session).await;
    assert_eq!((kind, told.len()), (ChangeKind::Changes, 1));
    assert_eq!(told[0]["row"]["ITEMDESC"], "Slow");
    assert_eq!(told[0]["key"], json!({"ITEMNMBR": "CORDG"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn sales_documents_are_followed_from_entry_to_history() {
    let mut stage = Stage::set().await;
    let mut session = stage.agent(None).await;
    watch(&session, &["sales_documents"], 2).await;
    assert!(baseline(&mut session, "sales_documents").await.is_empty());
    session.send(execute("c1", "w1", &good("W1"))).await;
    let written = number(&mut session, false).await;
    let (_, told) = changes(&mut session).await;
    assert_eq!(
        (told[0]["row"]["SOPNUMBE"].as_str(), &told[0]["own"]),
        (Some(&*written), &json!(true))
    );
    assert_eq!(told[0]["row"]["transaction_state"], "work");
    let typed = "INSERT INTO SOP10100 (SOPTYPE, SOPNUMBE, DOCID, CUSTNMBR, DOCDATE) \
                 VALUES (2, 'TYPED1', 'STDORD', 'AARONFIT0001', '2026-03-05')";
    stage.sql(typed).await;
    let (_, told) = changes(&mut session).await;
    assert_eq!(told[0]["key"], json!({"SOPTYPE": 2, "SOPNUMBE": "TYPED1"}));
    assert!(told[0].get("own").is_none(), "{told:?}");
    // Posted: the row moves to history.
    let posted = "INSERT INTO SOP30200 (SOPTYPE, SOPNUMBE, DOCID, CUSTNMBR, DOCDATE) \
                  VALUES (2, 'TYPED1', 'STDORD', 'AARONFIT0001', '2026-03-05'); \
                  DELETE FROM SOP10100 WHERE SOPNUMBE = 'TYPED1'";
    stage.sql(posted).await;
    let (_, told) = changes(&mut session).await;
    assert_eq!((told.len(), &told[0]["change"]), (1, &json!("upsert")));
    assert_eq!(told[0]["row"]["transaction_state"], "history");
    // Deleted without a trace; what is in history is not taken for deleted.
    stage
        .sql(&format!(
            "DELETE FROM SOP10100 WHERE SOPNUMBE = '{written}'"
        ))
        .await;
    let (_, told) = changes(&mut session).await;
    let key = json!({"SOPTYPE": 2, "SOPNUMBE": written});
    assert_eq!(
        (told.len(), &told[0]["change"], &told[0]["key"]),
        (1, &json!("delete"), &key)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tracking_numbers_have_no_stamp_and_are_noticed_all_the_same() {
    let mut stage = Stage::set().await;
    let add = |number: &str| {
        format!(
            "INSERT INTO SOP10107 (SOPTYPE, SOPNUMBE, Tracking_Number) \
             VALUES (3, 'INV1', '{number}')"
        )
    };
    stage.sql(&add("1Z-OLD")).await;
    let mut session = stage.agent(None).await;
    watch(&session, &["tracking_numbers", "horoscopes"], 2).await;
    let told = baseline(&mut session, "tracking_numbers").await;
    assert_eq!(told.len(), 1);
    let pick = |message| {
        if let FromAgent::Company(report) = message {
            (!report.watchers.is_empty()).then_some(report.watchers)
        } else {
            None
        }
    };
    let reported = session.next(pick).await;
    let strange = reported
        .iter()
        .find(|report| report.name == "horoscopes")
        .unwrap();
    assert_eq!(strange.means(), WatchMeans::Unspecified);
    assert!(strange.detail.contains("does not know"), "{strange:?}");
    stage.sql(&add("1Z-NEW")).await;
    let (_, told) = changes(&mut session).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["row"]["Tracking_Number"], "1Z-NEW");
    stage
        .sql("DELETE FROM SOP10107 WHERE Tracking_Number = '1Z-OLD'")
        .await;
    let (kind, told) = changes(&mut session).await;
    assert_eq!(
        (kind, &told[0]["change"]),
        (ChangeKind::Sweep, &json!("delete"))
    );
    assert_eq!(told[0]["key"]["Tracking_Number"], "1Z-OLD");
}

/// What a watcher says next of its means; changes that come before are acknowledged.
async fn means(session: &mut Session, watcher: &str) -> WatchMeans {
    loop {
        let pick = |message: FromAgent| {
            let of_watching = matches!(message, FromAgent::Company(_) | FromAgent::Changes(_));
            of_watching.then_some(message)
        };
        let said = session.next(pick).await;
        if let FromAgent::Changes(batch) = &said {
            acknowledge(session, batch).await;
        }
        if let FromAgent::Company(report) = said {
            let found = report.watchers.iter().find(|each| each.name == watcher);
            if let Some(found) = found {
                return found.means();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn change_tracking_is_used_where_the_owner_has_switched_it_on() {
    const TRACK: &str = "ALTER TABLE dbo.IV00101 ENABLE CHANGE_TRACKING";
    const STOP: &str = "ALTER TABLE dbo.IV00101 DISABLE CHANGE_TRACKING";
    let mut stage = Stage::set().await;
    let on = "ALTER DATABASE TWO SET CHANGE_TRACKING = ON (CHANGE_RETENTION = 2 DAYS)";
    stage.sql(on).await;
    stage.sql(TRACK).await;
    let mut session = stage.agent(None).await;
    watch(&session, &["items"], 0).await;
    baseline(&mut session, "items").await;
    assert_eq!(
        means(&mut session, "items").await,
        WatchMeans::ChangeTracking
    );
    // Stamped longer ago than any look by stamps reaches, and gone without a trace.
    let behind = "UPDATE IV00101 SET ITEMDESC = 'Late', \
                  DEX_ROW_TS = DATEADD(minute, -45, GETUTCDATE()) WHERE ITEMNMBR = 'CORDG'";
    stage.sql(behind).await;
    let (kind, told) = changes(&mut session).await;
    assert_eq!((kind, told.len()), (ChangeKind::Changes, 1));
    assert_eq!(told[0]["row"]["ITEMDESC"], "Late");
    stage
        .sql("DELETE FROM IV00101 WHERE ITEMNMBR = 'HA100G'")
        .await;
    let gone = json!({"change": "delete", "key": {"ITEMNMBR": "HA100G"}});
    assert_eq!(
        changes(&mut session).await,
        (ChangeKind::Changes, vec![gone])
    );
    // Cleaned up while the agent was away: everything is read, and only the difference told.
    stage.kill_agent();
    let rename = |item: &str, words: &str| {
        format!("UPDATE IV00101 SET ITEMDESC = '{words}' WHERE ITEMNMBR = '{item}'")
    };
    stage.sql(&rename("100XLG", "Missed")).await;
    stage.sql(STOP).await;
    stage.sql(TRACK).await;
    let mut session = stage.agent(None).await;
    watch(&session, &["items"], 0).await;
    let (kind, told) = changes(&mut session).await;
    assert_eq!((kind, told.len()), (ChangeKind::Sweep, 1));
    assert_eq!(told[0]["row"]["ITEMDESC"], "Missed");
    // What had been acknowledged in the moment of the kill may be told again before this.
    stage.sql(&rename("100XLG", "Followed")).await;
    let followed = loop {
        let (kind, told) = changes(&mut session).await;
        if told[0]["row"]["ITEMDESC"] == "Followed" {
            break kind;
        }
    };
    assert_eq!(followed, ChangeKind::Changes);
    // Switched off meanwhile: the next best means goes on from a full read.
    stage.sql(STOP).await;
    stage.sql(&rename("100XLG", "By stamps")).await;
    while means(&mut session, "items").await != WatchMeans::Stamps {}
    stage.sql(&rename("CORDG", "By stamps too")).await;
    let (kind, told) = changes(&mut session).await;
    assert_eq!((kind, told.len()), (ChangeKind::Changes, 1));
    let log = stage.log();
    assert!(!log.contains("does not come on"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_read_that_is_owed_is_begun_again_until_it_ends() {
    const TRACK: &str = "ALTER TABLE dbo.IV00101 ENABLE CHANGE_TRACKING";
    let mut stage = Stage::set().await;
    stage
        .sql("ALTER DATABASE TWO SET CHANGE_TRACKING = ON")
        .await;
    stage.sql(TRACK).await;
    let mut session = stage.agent(None).await;
    watch(&session, &["items"], 0).await;
    baseline(&mut session, "items").await;
    // Looked since: that the first read has ended is written down.
    stage
        .sql("UPDATE IV00101 SET ITEMDESC = 'Known' WHERE ITEMNMBR = '100XLG'")
        .await;
    changes(&mut session).await;
    stage.kill_agent();
    // More than one batch, and change tracking has forgotten all of it.
    let new: BTreeSet<String> = (0..600).map(|n| format!("NEW-{n:03}")).collect();
    let inserts = new
        .iter()
        .map(|item| format!("INSERT INTO IV00101 (ITEMNMBR) VALUES ('{item}');"));
    stage.sql(&inserts.collect::<String>()).await;
    stage
        .sql("ALTER TABLE dbo.IV00101 DISABLE CHANGE_TRACKING")
        .await;
    stage.sql(TRACK).await;
    let mut told = BTreeSet::new();
    let names = |rows: Vec<Value>| {
        let keys = rows.into_iter().map(|row| row["key"]["ITEMNMBR"].clone());
        let keys = keys.filter_map(|key| key.as_str().map(str::to_owned));
        keys.filter(|key| key.starts_with("NEW-"))
            .collect::<Vec<_>>()
    };
    let mut first = stage.agent(None).await;
    watch(&first, &["items"], 0).await;
    for _ in 0..2 {
        let (kind, some) = changes(&mut first).await;
        assert_eq!(kind, ChangeKind::Sweep);
        told.extend(names(some));
    }
    assert!(told.len() < new.len(), "{}", told.len());
    stage.kill_agent();
    let mut second = stage.agent(None).await;
    watch(&second, &["items"], 0).await;
    while told.len() < new.len() {
        let (kind, some) = changes(&mut second).await;
        assert_eq!(kind, ChangeKind::Sweep);
        told.extend(names(some));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_balance_has_no_stamp_and_shows_where_its_table_is_tracked_too() {
    let mut stage = Stage::set().await;
    stage
        .sql("ALTER DATABASE TWO SET CHANGE_TRACKING = ON")
        .await;
    let track = |table: &str| format!("ALTER TABLE dbo.{table} ENABLE CHANGE_TRACKING");
    stage.sql(&track("RM00101")).await;
    let mut session = stage.agent(None).await;
    watch(&session, &["customers"], 0).await;
    baseline(&mut session, "customers").await;
    // One of the two tables alone would miss what changes in the other.
    assert_eq!(means(&mut session, "customers").await, WatchMeans::Stamps);
    stage.kill_agent();
    stage.sql(&track("RM00103")).await;
    let mut session = stage.agent(None).await;
    watch(&session, &["customers"], 0).await;
    while means(&mut session, "customers").await != WatchMeans::ChangeTracking {}
    stage
        .sql("UPDATE RM00103 SET CUSTBLNC = 44.49 WHERE CUSTNMBR = 'AARONFIT0001'")
        .await;
    let (_, told) = changes(&mut session).await;
    assert_eq!(told[0]["key"], json!({"CUSTNMBR": "AARONFIT0001"}));
    assert_eq!(told[0]["row"]["CUSTBLNC"], "44.49000");
}
