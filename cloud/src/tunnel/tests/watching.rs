//! An agent is told what to watch, and what it tells is stored before it is acknowledged.

use connect_core::domain::change::{Change, Found, Watch};
use connect_core::domain::ids::CompanyId;
use connect_proto::tunnel::v1;
use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::cloud_message::Message as ToAgent;
use connect_proto::tunnel::v1::payload::Content;

use super::harness::{Cloud, Held, Link, hello};

async fn company(cloud: &Cloud, held: &Held) -> CompanyId {
    let companies = cloud.services.database.companies();
    let found = companies.find_by_database(held.tenant, held.agent, "TWO");
    found.await.unwrap().expect("reported").id
}

async fn want(cloud: &Cloud, held: &Held, watcher: &str, interval_ms: i64) {
    let watch = Watch {
        tenant: held.tenant,
        company: company(cloud, held).await,
        watcher: watcher.to_owned(),
        interval_ms,
        sweep_seconds: 0,
    };
    cloud
        .services
        .database
        .watches()
        .update(&watch)
        .await
        .unwrap();
}

async fn watch(link: &mut Link) -> v1::Watch {
    // Told with the next look at the tables: until then the agent must be heard.
    link.send(FromAgent::Heartbeat(v1::Heartbeat::default()))
        .await;
    loop {
        if let ToAgent::Watch(watch) = link.next().await {
            return watch;
        }
    }
}

async fn acknowledged(link: &mut Link) -> i64 {
    loop {
        if let ToAgent::ChangeAck(ack) = link.next().await {
            assert_eq!(
                (ack.company.as_str(), ack.watcher.as_str()),
                ("TWO", "items")
            );
            return ack.sequence;
        }
    }
}

fn batch(sequence: i64, kind: v1::ChangeKind, json: &str) -> v1::ChangeBatch {
    v1::ChangeBatch {
        company: "TWO".to_owned(),
        watcher: "items".to_owned(),
        sequence,
        changes_json: Some(v1::Payload {
            content: Some(Content::Inline(json.as_bytes().to_vec())),
        }),
        kind: kind.into(),
        incarnation: "A".to_owned(),
        ..v1::ChangeBatch::default()
    }
}

async fn changes(cloud: &Cloud, held: &Held) -> Vec<Change> {
    let company = company(cloud, held).await;
    let changes = cloud.services.database.changes();
    let mut listed = changes.list(held.tenant, company, None, 100).await.unwrap();
    listed.reverse();
    listed
}

#[tokio::test]
async fn what_is_wanted_is_told_with_each_session_and_when_it_changes() {
    let cloud = Cloud::start().await;
    let held = cloud.enrolled().await;
    let link = cloud.ready(&held, hello(), 1).await;
    drop(link);
    want(&cloud, &held, "items", 500).await;
    let mut link = cloud.ready(&held, hello(), 1).await;
    let told = watch(&mut link).await;
    assert_eq!(told.company, "TWO");
    assert_eq!(
        (told.watchers[0].name.as_str(), told.watchers[0].interval_ms),
        ("items", 500)
    );
    want(&cloud, &held, "customers", 0).await;
    let names: Vec<_> = watch(&mut link)
        .await
        .watchers
        .into_iter()
        .map(|w| w.name)
        .collect();
    assert_eq!(names, ["customers", "items"]);
    let watches = cloud.services.database.watches();
    let company = company(&cloud, &held).await;
    for watcher in ["customers", "items"] {
        watches.delete(held.tenant, company, watcher).await.unwrap();
    }
    while !watch(&mut link).await.watchers.is_empty() {}
    cloud.stop().await;
}

#[tokio::test]
async fn changes_are_stored_once_and_acknowledged_as_often_as_they_are_told() {
    let cloud = Cloud::start().await;
    let held = cloud.enrolled().await;
    let mut link = cloud.ready(&held, hello(), 1).await;
    want(&cloud, &held, "items", 0).await;
    watch(&mut link).await;
    let row = |text: &str, stamp: &str| {
        format!(
            r#"[{{"change":"upsert","key":{{"ITEMNMBR":"A"}},"own":true,
                 "row":{{"ITEMNMBR":"A","ITEMDESC":"{text}","DEX_ROW_TS":"{stamp}"}}}}]"#
        )
    };
    let first = batch(1, v1::ChangeKind::Baseline, &row("One", "1"));
    link.send(FromAgent::Changes(first)).await;
    assert_eq!(acknowledged(&mut link).await, 1);
    assert!(changes(&cloud, &held).await.is_empty());
    for stamp in ["2", "3"] {
        // The acknowledgement was lost; only the stamp has moved since.
        let told = batch(2, v1::ChangeKind::Changes, &row("Two", stamp));
        link.send(FromAgent::Changes(told)).await;
        assert_eq!(acknowledged(&mut link).await, 2);
    }
    let gone = r#"[{"change":"delete","key":{"ITEMNMBR":"A"}}]"#;
    link.send(FromAgent::Changes(batch(3, v1::ChangeKind::Sweep, gone)))
        .await;
    assert_eq!(acknowledged(&mut link).await, 3);
    let stored = changes(&cloud, &held).await;
    let told: Vec<_> = stored
        .iter()
        .map(|change| (change.content.is_some(), change.own, change.found))
        .collect();
    assert_eq!(
        told,
        [(true, true, Found::Look), (false, false, Found::Sweep)]
    );
    assert_eq!(stored[0].record, r#"{"ITEMNMBR":"A"}"#);
    assert!(stored[0].content.as_ref().unwrap().contains("Two"));
    // Of another binding, or unreadable: not acknowledged, nothing stored.
    let mut foreign = batch(4, v1::ChangeKind::Changes, &row("Three", "4"));
    foreign.incarnation = "B".to_owned();
    link.send(FromAgent::Changes(foreign)).await;
    link.send(FromAgent::Changes(batch(5, v1::ChangeKind::Changes, "[{]")))
        .await;
    link.send(FromAgent::Changes(batch(6, v1::ChangeKind::Changes, "[]")))
        .await;
    assert_eq!(acknowledged(&mut link).await, 6);
    assert_eq!(changes(&cloud, &held).await.len(), 2);
    cloud.stop().await;
}
