//! Dead letters with one cause are told together, with what people said about them.

use connect_core::domain::issue::{IssueState, Note};
use connect_core::domain::lane::LaneNext;
use connect_core::domain::run::RunState;
use connect_store::{IssueChange, fingerprint};

use crate::support::{NOW, World, insert_tenant, refused};

on_both!(
    dead_letters_are_told_by_their_cause,
    what_people_say_is_kept,
    issues_are_walled,
);

/// Makes a dead letter of an order, for a cause.
async fn die(world: &World, order: &str, code: &str, after: i64) {
    world.place(order).await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let mut run = world.run(&lane);
    run.state = RunState::Dead;
    run.finished = Some(NOW.plus_seconds(after));
    let mut failure = refused(code, "QUANTITY");
    failure.step = Some("write".to_owned());
    run.failure = Some(failure);
    let transition = World::transition(&lane, fence, run, LaneNext::Hold);
    world.database.runs().apply(transition).await.unwrap();
}

async fn dead_letters_are_told_by_their_cause(world: World) {
    for (place, order) in ["1", "2", "3"].iter().enumerate() {
        die(&world, order, "4776", i64::try_from(place).unwrap()).await;
    }
    die(&world, "4", "67", 9).await;
    let issues = world
        .database
        .issues()
        .list(world.tenant, 10)
        .await
        .unwrap();
    let told: Vec<(i64, i64, i64, &str)> = issues
        .iter()
        .map(|issue| {
            let seconds = |at: connect_core::domain::time::Micros| (at.0 - NOW.0) / 1_000_000;
            let code = issue.failure.faults[0].code.as_str();
            (issue.count, seconds(issue.first), seconds(issue.last), code)
        })
        .collect();
    assert_eq!(told, [(3, 0, 2, "4776"), (1, 9, 9, "67")]);
    assert_eq!(issues[0].failure.step.as_deref(), Some("write"));
    assert_eq!(issues[0].fingerprint, fingerprint(&issues[0].failure));
    let found = world
        .database
        .issues()
        .find(world.tenant, &issues[1].fingerprint)
        .await;
    assert_eq!(found.unwrap().as_ref(), Some(&issues[1]));
    let unknown = world
        .database
        .issues()
        .find(world.tenant, "write|other")
        .await;
    assert_eq!(unknown.unwrap(), None);
}

fn note(text: &str) -> IssueChange {
    IssueChange {
        note: Some(Note {
            at: NOW,
            author: "Ann".to_owned(),
            text: text.to_owned(),
        }),
        ..IssueChange::default()
    }
}

async fn what_people_say_is_kept(world: World) {
    die(&world, "1", "4776", 0).await;
    let issues = world.database.issues();
    let known = issues.list(world.tenant, 10).await.unwrap().remove(0);
    assert_eq!(
        (known.owner, known.state, known.notes),
        (None, IssueState::Open, Vec::new())
    );
    let of = known.fingerprint.as_str();
    let taken = IssueChange {
        owner: Some("Ann".to_owned()),
        state: Some(IssueState::InWork),
        note: None,
    };
    issues.update(world.tenant, of, taken, NOW).await.unwrap();
    let (first, second) = tokio::join!(
        issues.update(world.tenant, of, note("one"), NOW),
        issues.update(world.tenant, of, note("two"), NOW),
    );
    first.unwrap();
    second.unwrap();
    let now = issues.find(world.tenant, of).await.unwrap().unwrap();
    assert_eq!(
        (now.owner.as_deref(), now.state),
        (Some("Ann"), IssueState::InWork)
    );
    let mut texts: Vec<&str> = now.notes.iter().map(|note| note.text.as_str()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["one", "two"]);
    let nobody = IssueChange {
        owner: Some(String::new()),
        ..IssueChange::default()
    };
    issues.update(world.tenant, of, nobody, NOW).await.unwrap();
    let now = issues.find(world.tenant, of).await.unwrap().unwrap();
    assert_eq!((now.owner, now.state), (None, IssueState::InWork));
}

async fn issues_are_walled(world: World) {
    let stranger = insert_tenant(&world.database).await;
    die(&world, "1", "4776", 0).await;
    let issues = world.database.issues();
    let of = issues
        .list(world.tenant, 10)
        .await
        .unwrap()
        .remove(0)
        .fingerprint;
    assert!(issues.list(stranger, 10).await.unwrap().is_empty());
    assert_eq!(issues.find(stranger, &of).await.unwrap(), None);
    issues
        .update(stranger, &of, note("theirs"), NOW)
        .await
        .unwrap();
    let ours = issues.find(world.tenant, &of).await.unwrap().unwrap();
    assert!(ours.notes.is_empty());
}
