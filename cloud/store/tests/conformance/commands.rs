//! Commands: stored with their document, answered once, waking the lane that waits.

use connect_core::domain::command::Command;
use connect_core::domain::ids::CommandId;
use connect_core::domain::lane::{ClaimedLane, Fence, LaneNext};
use connect_core::domain::run::{Run, RunState};
use connect_store::{Answer, Settled};

use crate::support::{NOW, World, id};

on_both!(
    answer_wakes_the_lane_once,
    answer_before_the_worker_lets_go_is_not_lost,
    used_up_answer_does_not_come_back,
    settling_races_with_letting_go,
    open_ones_are_listed_per_agent,
);

async fn send(world: &World, fence: Fence, next: LaneNext) -> (ClaimedLane, Run, Command) {
    world.place("1").await;
    let lane = world.claim_one(fence).await;
    let mut run = world.run(&lane);
    run.state = RunState::Waiting;
    let new = world.command(&lane, run.id);
    let command = new.command.clone();
    let mut transition = World::transition(&lane, fence, run.clone(), next);
    transition.command = Some(new);
    world.database.runs().apply(transition).await.unwrap();
    (lane, run, command)
}

async fn settle(world: &World, id: CommandId, result: &[u8]) -> Settled {
    let commands = world.database.commands();
    commands
        .settle(Answer {
            tenant: world.tenant,
            agent: world.agent,
            id,
            result: result.to_vec(),
            now: NOW,
        })
        .await
        .unwrap()
}

async fn answer_wakes_the_lane_once(world: World) {
    let mut told = world.database.subscribe_commands();
    let fence = world.worker().await;
    let (_, run, command) = send(&world, fence, LaneNext::AwaitCommand).await;
    assert_eq!(told.try_recv().unwrap(), (world.tenant, world.agent));
    let commands = world.database.commands();
    let open = commands
        .list_open(world.tenant, world.agent, None, 10)
        .await
        .unwrap();
    assert_eq!(open, std::slice::from_ref(&command));
    let document = world
        .database
        .payloads()
        .find(world.tenant, command.document)
        .await
        .unwrap();
    assert_eq!(document.unwrap().content, b"<eConnect/>".repeat(50));
    assert!(
        world.claim(fence, 10).await.is_empty(),
        "it waits for the answer"
    );
    let now = Settled::Now {
        company: world.company,
    };
    assert_eq!(settle(&world, command.id, b"answer").await, now);
    assert_eq!(
        settle(&world, command.id, b"another").await,
        Settled::Before
    );
    assert_eq!(
        settle(&world, CommandId(id()), b"?").await,
        Settled::Unknown
    );
    let open = commands
        .list_open(world.tenant, world.agent, None, 10)
        .await
        .unwrap();
    assert!(open.is_empty());
    let woken = world.claim_one(fence).await;
    assert_eq!(woken.run, Some(run));
    let answer = woken.result.unwrap();
    assert_eq!(
        (answer.command, answer.result.as_slice()),
        (command.id, b"answer".as_slice())
    );
    let kept = commands
        .find_answer(world.tenant, command.id)
        .await
        .unwrap();
    assert_eq!(kept.as_deref(), Some(b"answer".as_slice()));
}

async fn answer_before_the_worker_lets_go_is_not_lost(world: World) {
    let fence = world.worker().await;
    let (lane, run, command) = send(&world, fence, LaneNext::Keep).await;
    let settled = settle(&world, command.id, b"early").await;
    assert!(matches!(settled, Settled::Now { .. }));
    assert!(world.claim(fence, 10).await.is_empty(), "still held");
    let wait = World::transition(&lane, fence, run, LaneNext::AwaitCommand);
    world.database.runs().apply(wait).await.unwrap();
    assert_eq!(
        world.claim_one(fence).await.result.unwrap().result,
        b"early"
    );
}

async fn used_up_answer_does_not_come_back(world: World) {
    let fence = world.worker().await;
    let (_, run, command) = send(&world, fence, LaneNext::AwaitCommand).await;
    settle(&world, command.id, b"busy").await;
    let lane = world.claim_one(fence).await;
    let release = World::transition(&lane, fence, run, LaneNext::Release { due: NOW });
    world.database.runs().apply(release).await.unwrap();
    assert_eq!(world.claim_one(fence).await.result, None);
}

async fn settling_races_with_letting_go(world: World) {
    let fence = world.worker().await;
    for _ in 0..20 {
        let (lane, run, command) = send(&world, fence, LaneNext::Keep).await;
        let wait = World::transition(&lane, fence, run.clone(), LaneNext::AwaitCommand);
        let runs = world.database.runs();
        let (applied, settled) =
            tokio::join!(runs.apply(wait), settle(&world, command.id, b"answer"));
        applied.unwrap();
        assert!(matches!(settled, Settled::Now { .. }));
        let lane = world.claim_one(fence).await;
        assert_eq!(lane.result.as_ref().unwrap().command, command.id);
        let done = World::transition(&lane, fence, run, LaneNext::Done);
        runs.apply(done).await.unwrap();
    }
}

async fn open_ones_are_listed_per_agent(world: World) {
    let fence = world.worker().await;
    let mut sent = Vec::new();
    for _ in 0..3 {
        let (lane, run, command) = send(&world, fence, LaneNext::Keep).await;
        sent.push(command);
        let done = World::transition(&lane, fence, run, LaneNext::Done);
        world.database.runs().apply(done).await.unwrap();
    }
    let commands = world.database.commands();
    let page = commands
        .list_open(world.tenant, world.agent, None, 2)
        .await
        .unwrap();
    assert_eq!(page, sent[..2]);
    let after = Some(sent[1].id);
    let page = commands
        .list_open(world.tenant, world.agent, after, 2)
        .await
        .unwrap();
    assert_eq!(page, sent[2..]);
    let other = connect_core::domain::ids::AgentId(id());
    assert!(
        commands
            .list_open(world.tenant, other, None, 2)
            .await
            .unwrap()
            .is_empty()
    );
    let found = commands.find(world.tenant, sent[0].id).await.unwrap();
    assert_eq!(found.as_ref(), sent.first());
}
