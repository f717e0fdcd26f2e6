//! Runs that are parts of another one: begun once, counted once, their whole back when all ended.

use connect_core::domain::ids::RunId;
use connect_core::domain::lane::{ClaimedLane, Fence, LaneKey, LaneNext};
use connect_core::domain::run::{NewParts, PartOf, Run, RunState};
use connect_core::domain::wait::Woken;

use crate::support::{World, id, insert_tenant, refused};

on_both!(
    the_whole_comes_back_when_all_parts_have_ended,
    parts_that_end_at_one_time_are_each_counted,
    the_failure_of_one_may_leave_out_the_rest,
    a_second_round_does_only_what_did_not_come_through,
    a_part_that_goes_on_alone_does_not_disturb_its_whole,
    a_job_whose_run_is_over_is_passed_over,
    parts_are_walled,
);

const STEP: &str = "lines";

fn part(world: &World, whole: &Run, lane: &LaneKey, number: i64, stop: bool) -> (Run, LaneKey) {
    let run = Run {
        id: RunId(id()),
        state: RunState::Queued,
        snapshot: b"part".to_vec(),
        part_of: Some(PartOf {
            run: whole.id,
            step: STEP.to_owned(),
            path: format!("{STEP}:{number}"),
            number,
            stop,
        }),
        ..whole.clone()
    };
    let lane = LaneKey {
        tenant: world.tenant,
        group: lane.group,
        key: format!("{}>{STEP}#{}", lane.key, number % 2),
    };
    (run, lane)
}

/// Begins parts in a claimed lane, and lets it wait for them.
async fn begin(world: &World, fence: Fence, lane: &ClaimedLane, count: i64, stop: bool) -> Run {
    let mut whole = lane.run.clone().unwrap_or_else(|| world.run(lane));
    whole.state = RunState::Running;
    whole.failure = None;
    let all: Vec<i64> = (1..=count).collect();
    for (place, chunk) in all.chunks(3).enumerate() {
        let runs = chunk
            .iter()
            .map(|number| part(world, &whole, &lane.key, *number, stop));
        let mut transition = World::transition(lane, fence, whole.clone(), LaneNext::Keep);
        transition.parts = Some(NewParts {
            step: STEP.to_owned(),
            first: place == 0,
            runs: runs.collect(),
        });
        world.database.runs().apply(transition).await.unwrap();
    }
    let waiting = Run {
        state: RunState::Waiting,
        ..whole.clone()
    };
    let transition = World::transition(lane, fence, waiting, LaneNext::AwaitParts);
    world.database.runs().apply(transition).await.unwrap();
    whole
}

async fn end(world: &World, fence: Fence, lane: &ClaimedLane, state: RunState) {
    let mut run = lane.run.clone().unwrap();
    run.state = state;
    if state == RunState::Dead {
        run.failure = Some(refused("4776", "QUANTITY"));
    }
    let number = run.part_of.as_ref().map(|part| part.number);
    let mut transition = World::transition(lane, fence, run, LaneNext::Done);
    transition.result =
        (state == RunState::Succeeded).then(|| number.unwrap_or_default().to_string().into_bytes());
    world.database.runs().apply(transition).await.unwrap();
}

/// Works on parts until nothing is ready; returns the whole's lane if it came back.
async fn work(
    world: &World,
    fence: Fence,
    state: impl Fn(i64) -> RunState,
) -> (Vec<i64>, Option<ClaimedLane>) {
    let (mut done, mut back) = (Vec::new(), None);
    loop {
        let lanes = world.claim(fence, 10).await;
        if lanes.is_empty() {
            done.sort_unstable();
            return (done, back);
        }
        for lane in lanes {
            match lane.run.as_ref().and_then(|run| run.part_of.as_ref()) {
                Some(part) => {
                    let number = part.number;
                    let left_out = lane.run.as_ref().map(|run| run.state);
                    if left_out == Some(RunState::Superseded) {
                        end(world, fence, &lane, RunState::Superseded).await;
                    } else {
                        end(world, fence, &lane, state(number)).await;
                        done.push(number);
                    }
                }
                None => back = Some(lane),
            }
        }
    }
}

async fn the_whole_comes_back_when_all_parts_have_ended(world: World) {
    world.place("1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let whole = begin(&world, fence, &lane, 7, false).await;
    let runs = world.database.runs();
    let ended = runs.find_parts(world.tenant, whole.id, STEP).await.unwrap();
    assert_eq!((ended.left, ended.succeeded, ended.failed), (7, 0, 0));
    let (done, back) = work(&world, fence, |number| match number {
        5 => RunState::Dead,
        _ => RunState::Succeeded,
    })
    .await;
    assert_eq!(done, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(back.unwrap().run.unwrap().id, whole.id);
    let ended = runs.find_parts(world.tenant, whole.id, STEP).await.unwrap();
    assert_eq!((ended.left, ended.succeeded, ended.failed), (0, 6, 1));
    assert_eq!(ended.failures.len(), 1);
    assert_eq!(ended.failures[0].0, "lines:5");
    let gave = runs
        .list_results(world.tenant, whole.id, STEP)
        .await
        .unwrap();
    let gave: Vec<String> = gave
        .into_iter()
        .map(|gave| String::from_utf8(gave.unwrap()).unwrap())
        .collect();
    assert_eq!(gave, ["1", "2", "3", "4", "6", "7"]);
}

async fn parts_that_end_at_one_time_are_each_counted(world: World) {
    world.place("1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let whole = begin(&world, fence, &lane, 20, false).await;
    loop {
        let lanes = world.claim(fence, 10).await;
        let parts: Vec<&ClaimedLane> = lanes
            .iter()
            .filter(|lane| lane.run.as_ref().is_some_and(|run| run.part_of.is_some()))
            .collect();
        if parts.is_empty() {
            assert_eq!(lanes.len(), 1);
            assert_eq!(lanes[0].run.as_ref().map(|run| run.id), Some(whole.id));
            return;
        }
        let ends = parts
            .iter()
            .map(|lane| end(&world, fence, lane, RunState::Succeeded));
        futures::future::join_all(ends).await;
    }
}

async fn the_failure_of_one_may_leave_out_the_rest(world: World) {
    world.place("1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let whole = begin(&world, fence, &lane, 7, true).await;
    let (done, back) = work(&world, fence, |_| RunState::Dead).await;
    // Two lanes: the parts at their heads may both have begun.
    assert!(done.len() <= 2, "{done:?}");
    assert!(back.is_some());
    let runs = world.database.runs();
    let ended = runs.find_parts(world.tenant, whole.id, STEP).await.unwrap();
    assert_eq!((ended.left, ended.succeeded, ended.failed), (0, 0, 7));
}

async fn a_second_round_does_only_what_did_not_come_through(world: World) {
    world.place("1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let whole = begin(&world, fence, &lane, 7, false).await;
    let some = |number: i64| match number {
        2 | 6 => RunState::Dead,
        _ => RunState::Succeeded,
    };
    let (_, back) = work(&world, fence, some).await;
    let back = back.unwrap();
    // Meanwhile the list has become shorter: what is not in it any more does not count.
    begin(&world, fence, &back, 6, false).await;
    let claimed = world.claim(fence, 10).await;
    let woken: Vec<Option<Woken>> = claimed.iter().map(|lane| lane.woken.clone()).collect();
    let edits = "[]".to_owned();
    assert!(woken.contains(&Some(Woken::Resumed { edits })), "{woken:?}");
    for lane in &claimed {
        end(&world, fence, lane, RunState::Succeeded).await;
    }
    let (done, back) = work(&world, fence, |_| RunState::Succeeded).await;
    assert!(claimed.len() + done.len() == 2, "{done:?}");
    assert!(back.is_some());
    let runs = world.database.runs();
    let ended = runs.find_parts(world.tenant, whole.id, STEP).await.unwrap();
    assert_eq!((ended.left, ended.succeeded, ended.failed), (0, 6, 0));
}

async fn a_part_that_goes_on_alone_does_not_disturb_its_whole(world: World) {
    world.place("1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let whole = begin(&world, fence, &lane, 2, false).await;
    let (_, back) = work(&world, fence, |_| RunState::Dead).await;
    let back = back.unwrap();
    let runs = world.database.runs();
    let filter = connect_store::RunFilter {
        parts: connect_store::Parts::Of(whole.id),
        ..connect_store::RunFilter::default()
    };
    let parts = runs.list(world.tenant, &filter, None, 10).await.unwrap();
    assert_eq!(parts.len(), 2);
    let wholes = connect_store::RunFilter {
        parts: connect_store::Parts::None,
        ..connect_store::RunFilter::default()
    };
    let wholes = runs.list(world.tenant, &wholes, None, 10).await.unwrap();
    assert_eq!(wholes.len(), 1);
    let go_on = || connect_store::Replay {
        from: connect_store::ReplayFrom::FailedStep,
        event: connect_core::domain::ids::EventId(id()),
        revision: None,
        forget_links: false,
        edits: None,
        now: crate::support::NOW,
    };
    let start = connect_store::Replay {
        from: connect_store::ReplayFrom::Start,
        ..go_on()
    };
    let refused = runs.replay(world.tenant, parts[0].id, start).await.unwrap();
    assert_eq!(refused, connect_store::Replayed::Part { whole: whole.id });
    runs.replay(world.tenant, parts[0].id, go_on())
        .await
        .unwrap();
    // The whole waits for both anew: the one that goes on by itself counts, once.
    begin(&world, fence, &back, 2, false).await;
    let (done, back) = work(&world, fence, |_| RunState::Succeeded).await;
    assert_eq!(done, [1, 2]);
    assert!(back.is_some());
    let ended = runs.find_parts(world.tenant, whole.id, STEP).await.unwrap();
    assert_eq!((ended.left, ended.succeeded, ended.failed), (0, 2, 0));
}

async fn parts_are_walled(world: World) {
    let stranger = insert_tenant(&world.database).await;
    world.place("1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let whole = begin(&world, fence, &lane, 2, false).await;
    work(&world, fence, |_| RunState::Succeeded).await;
    let runs = world.database.runs();
    let ended = runs.find_parts(stranger, whole.id, STEP).await.unwrap();
    assert_eq!(ended.succeeded, 0);
    let gave = runs.list_results(stranger, whole.id, STEP).await.unwrap();
    assert!(gave.is_empty());
}

async fn a_job_whose_run_is_over_is_passed_over(world: World) {
    world.place("1").await;
    let fence = world.worker().await;
    let lane = world.claim_one(fence).await;
    let whole = begin(&world, fence, &lane, 1, false).await;
    let part = world.claim_one(fence).await;
    // What this worker read of the run is no longer so: the whole has queued it again.
    let mut stale = part.run.clone().unwrap();
    stale.state = RunState::Superseded;
    let transition = World::transition(&part, fence, stale.clone(), LaneNext::PassOver);
    world.database.runs().apply(transition).await.unwrap();
    let runs = world.database.runs();
    let kept = runs.find(world.tenant, stale.id).await.unwrap().unwrap();
    assert_eq!(kept.state, RunState::Queued);
    let ended = runs.find_parts(world.tenant, whole.id, STEP).await.unwrap();
    assert_eq!(ended.left, 1, "it is not counted off");
    assert!(world.claim(fence, 10).await.is_empty(), "its job is gone");
}
