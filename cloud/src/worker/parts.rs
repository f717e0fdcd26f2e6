//! Parts of a run: runs of their own that do the work of one of its steps.

use connect_core::domain::ids::RunId;
use connect_core::domain::lane::{LaneKey, LaneNext};
use connect_core::domain::run::{NewParts, PartOf, Run, RunState};
use connect_core::engine::Value;
use connect_core::engine::workflow::{self, Happened, Items, Part, RunInput, StartItems};

use super::lane::Work;
use super::progress::Progress;
use crate::error::{Error, Result};
use crate::secrets::sha256;

/// Bytes that the name of a part may take in an effect key, which has 200 in all.
const LONGEST_NAME: usize = 48;

impl Work {
    /// Begins parts, together with the state that says so.
    pub(super) async fn start_parts(&mut self, start: StartItems) -> Result<Happened> {
        let mut whole = self.run.clone();
        let mut flow = self.plan.workflow.clone();
        if let Some(name) = &start.workflow {
            let contexts = &self.shop.contexts;
            let called = contexts
                .called(&self.services, &self.event, self.plan.revision, name)
                .await?;
            let called = called
                .ok_or_else(|| Error::internal(format!("the revision has no workflow {name}")))?;
            whole.workflow.clone_from(name);
            whole.workflow_version = called.version;
            flow = called.workflow;
        }
        let mut runs = Vec::with_capacity(start.parts.len());
        for (place, part) in start.parts.into_iter().enumerate() {
            let number = i64::from(start.first) + i64::try_from(place).unwrap_or(i64::MAX) + 1;
            let part_of = PartOf {
                run: self.run.id,
                step: start.step.clone(),
                path: part.path.clone(),
                number,
                stop: start.stop,
            };
            let lane = self.lane_of(&part_of, start.parallel);
            let input = self.input(part);
            let snapshot = Progress::new(workflow::start(&flow, input.clone()), self.plan.route);
            runs.push((part_run(&whole, &input, part_of, &snapshot), lane));
        }
        let last = runs.last().and_then(|(run, _)| run.part_of.as_ref());
        let summary = match last {
            Some(part) => format!("begins with the first {} of {}", part.number, start.step),
            None => start.step.clone(),
        };
        let mut transition = self.transition(RunState::Running, summary, LaneNext::Keep);
        transition.parts = Some(NewParts {
            step: start.step,
            first: start.first == 0,
            runs,
        });
        self.apply(transition).await?;
        crate::crash::point("cloud.parts.begun");
        Ok(Happened::Begin)
    }

    /// Waits for the parts of a step, or tells what became of them.
    pub(super) async fn await_parts(
        &mut self,
        step: String,
        total: u32,
        collect: bool,
    ) -> Result<Option<Happened>> {
        let (tenant, run) = (self.run.tenant, self.run.id);
        let runs = self.services.database.runs();
        let ended = runs.find_parts(tenant, run, &step).await?;
        if ended.left > 0 {
            let summary = format!("works through {total} of {step}");
            self.settle(RunState::Waiting, summary, LaneNext::AwaitParts)
                .await?;
            crate::crash::point("cloud.parts.awaited");
            return Ok(None);
        }
        let mut results = Vec::new();
        if collect {
            for result in runs.list_results(tenant, run, &step).await? {
                let text = result.map(String::from_utf8).transpose();
                let text = text.map_err(Error::internal)?;
                let value = text.as_deref().map(Value::from_json).transpose();
                results.push(value.map_err(Error::internal)?.unwrap_or_default());
            }
        }
        let count = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        let items = Items {
            succeeded: count(ended.succeeded),
            failed: count(ended.failed),
            failures: ended.failures,
            results,
        };
        Ok(Some(Happened::Items { step, items }))
    }

    /// Parts that are worked on at once are in lanes of their own.
    fn lane_of(&self, part: &PartOf, parallel: u32) -> LaneKey {
        let slot = part.number % i64::from(parallel.max(1));
        LaneKey {
            key: format!("{}>{}#{slot}", self.lane.key, part.step),
            ..self.lane.clone()
        }
    }

    /// What a part begins with. What came with the event stays with the whole: it may be the list
    /// itself, and would be kept once for each entry.
    fn input(&self, part: Part) -> RunInput {
        let mut input = self.progress.engine.state().input().clone();
        input.run = RunId(self.services.ids.next());
        input.part = Some(part);
        input.event.body = Value::Null;
        input
    }
}

fn part_run(whole: &Run, input: &RunInput, part_of: PartOf, progress: &Progress) -> Run {
    Run {
        id: input.run,
        state: RunState::Queued,
        summary: "waits for its turn".to_owned(),
        snapshot: progress.to_bytes(),
        gp_key: None,
        finished: None,
        failure: None,
        replay_of: None,
        part_of: Some(part_of),
        ..whole.clone()
    }
}

/// Names a part in effect keys: its path, or a digest of one that is too long or not plain.
pub(super) fn name(path: &str) -> String {
    let plain = |c: char| c.is_ascii_graphic();
    if path.len() <= LONGEST_NAME && path.chars().all(plain) {
        return format!("{path}/");
    }
    let digest = sha256(path.as_bytes());
    let digest: [u8; 16] = std::array::from_fn(|place| digest[place]);
    format!("part-{}/", uuid::Uuid::from_bytes(digest).simple())
}
