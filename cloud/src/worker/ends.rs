//! How a run ends: what becomes of its lane, of what it is part of, and of older dead letters.

use connect_core::domain::failure::Failure;
use connect_core::domain::lane::LaneNext;
use connect_core::domain::run::RunState;
use connect_core::engine::Value;
use connect_core::engine::workflow::OnDeadLetter;

use super::lane::Work;
use crate::error::Result;

impl Work {
    /// Ends a run that did its work, or rightly had none.
    pub(super) async fn succeed(&mut self, summary: String, result: &Value) -> Result<()> {
        self.run.finished = Some(self.services.clock.now());
        self.run.failure = None;
        let mut transition = self.transition(RunState::Succeeded, summary, LaneNext::Done);
        transition.supersedes = match self.plan.workflow.dead_letter() {
            OnDeadLetter::Supersede => true,
            OnDeadLetter::Block => false,
        };
        if self.run.part_of.is_some() && !result.is_null() {
            transition.result = Some(result.to_json().into_bytes());
        }
        self.apply(transition).await?;
        crate::crash::point("cloud.step.settled");
        Ok(())
    }

    /// Makes a dead letter of the run. It holds its lane, unless it is a part of another run or the
    /// newest of its kind wins anyway.
    pub(super) async fn die(&mut self, failure: Failure) -> Result<()> {
        let next = match (self.plan.workflow.dead_letter(), &self.run.part_of) {
            (OnDeadLetter::Supersede, _) | (_, Some(_)) => LaneNext::Done,
            (OnDeadLetter::Block, None) => LaneNext::Hold,
        };
        let summary = failure.message.clone();
        self.run.finished = Some(self.services.clock.now());
        self.run.failure = Some(failure);
        self.settle(RunState::Dead, summary, next).await?;
        crate::crash::point("cloud.step.settled");
        Ok(())
    }
}
