//! Random workflows under random failures, repeats and restarts: every run ends, nothing is asked
//! for without its intent, nothing again once its outcome was stored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use connect_core::domain::failure::{Failure, FailureClass};
use connect_core::domain::ids::RunId;
use connect_core::domain::time::Micros;
use connect_core::engine::Value;
use connect_core::engine::workflow::{
    self, Action, Compiled, Happened, Items, Mappings, Part, RunInput, State,
};
use proptest::prelude::*;
use proptest::test_runner::TestRng;
use serde_json::{Value as Json, json};

use crate::support::{World, order};

/// Rounds after which a run that has not ended never will.
const MOST_ROUNDS: usize = 4_000;

/// Steps of a random graph: each leads to later ones only.
fn steps(rng: &mut TestRng, depth: u32) -> Vec<Json> {
    let count = rng.random_range(1..8_usize);
    let mut steps = Vec::new();
    for place in 0..count {
        let later = |rng: &mut TestRng| match rng.random_range(place + 1..=count) {
            last if last == count => "end".to_owned(),
            next => format!("s{next}"),
        };
        // The next one always, so that each is reached.
        let next = if place + 1 == count {
            "end".into()
        } else {
            format!("s{}", place + 1)
        };
        let mut step = json!({"key": format!("s{place}"), "title": "", "next": next,
                              "do": work(rng, depth, place, &later)});
        if rng.random_bool(0.3) {
            step["on_error"] = later(rng).into();
        }
        if rng.random_bool(0.5) {
            step["as"] = format!("r{place}").into();
        }
        if rng.random_bool(0.3) {
            step["retry"] = json!({"attempts": rng.random_range(1..4), "first_seconds": 1,
                                   "longest_seconds": 5, "also": ["business_rule"]});
        }
        if step["do"].get("branch").is_some() {
            step["do"]["branch"]["otherwise"] = step["next"].clone();
            for own in ["next", "as"] {
                step.as_object_mut().unwrap().remove(own);
            }
        }
        steps.push(step);
    }
    steps.push(json!({"key": "end", "title": "",
                      "do": {"stop": {"outcome": "succeeded", "summary": "end", "result": "1"}}}));
    steps
}

fn work(
    rng: &mut TestRng,
    depth: u32,
    place: usize,
    later: &impl Fn(&mut TestRng) -> String,
) -> Json {
    let most = if depth < 2 { 11 } else { 9 };
    match rng.random_range(0..most) {
        0 => json!({"set": {"values": [{"name": "x", "expression": "1 + 1"}]}}),
        1 => json!({"branch": {"cases": [{"when": "event.generation == 2", "to": later(rng)}],
                               "otherwise": ""}}),
        2 => json!({"read_store": {"order": "event.entity_id"}}),
        3 => json!({"write_store": {"order": "event.entity_id", "note": "done"}}),
        4 => json!({"write_gp": {"document": "store", "purpose": format!("p{place}")}}),
        5 => json!({"find_link": {"links": [{"name": "l", "kind": "order", "store_scoped": "true",
                                             "store_key": "event.entity_id"}]}}),
        6 => json!({"wait": {"seconds": "60", "reason": "a minute"}}),
        7 if depth == 0 => json!({"wait_for_event": {"topics": ["order.paid"], "seconds": "3600",
                               "timed_out": later(rng), "reason": "paid"}}),
        7 | 8 => json!({"approval": {"question": "sure?", "refused": later(rng),
                               "seconds": "3600"}}),
        9 => json!({"call": {"workflow": "other"}}),
        _ => {
            let policy = ["fail", "stop", "continue"][rng.random_range(0..3)];
            let body = json!({"start": "s0", "steps": steps(rng, depth + 1)});
            json!({"for_each": {"items": "[3, 1, 2]", "as": "entry", "parallel": 2,
                                "on_failure": policy, "collect": true, "body": body}})
        }
    }
}

fn random(rng: &mut TestRng) -> Json {
    let mut steps = steps(rng, 0);
    let mut at_end = json!({});
    for end in ["succeeded", "failed"] {
        if rng.random_bool(0.3) {
            at_end[end] = format!("after_{end}").into();
            steps.push(json!({"key": format!("after_{end}"), "title": "",
                              "do": {"write_store": {"order": "event.entity_id", "note": "end"}}}));
        }
    }
    json!({"format": 1, "name": "random", "title": "", "start": "s0", "steps": steps,
           "at_end": at_end,
           "trigger": {"topics": ["order.placed"], "called_with": []}})
}

fn compiled(json: &Json) -> Compiled {
    workflow::compile(&json.to_string(), &Mappings::new())
        .unwrap_or_else(|problems| panic!("{json:#}: {problems:?}"))
}

/// A run with what the database has of it.
struct Life<'a> {
    rng: &'a mut TestRng,
    top: &'a Compiled,
    other: &'a Compiled,
    flow: &'a Compiled,
    stored: Vec<u8>,
    now: Micros,
    /// Steps whose good outcome is stored.
    done: BTreeSet<String>,
    /// What became of parts, by path.
    parts: BTreeMap<String, Result<Value, Failure>>,
    waiting: Vec<Part>,
    resumes: u32,
}

impl Life<'_> {
    /// Lives to the end; what it gave, or why it is dead.
    fn live(&mut self, input: &RunInput) -> Result<Value, Failure> {
        let mut happened = Happened::Begin;
        for _ in 0..MOST_ROUNDS {
            let state = State::from_bytes(&self.stored, Arc::clone(&input.profile)).unwrap();
            let answered = matches!(&happened, Happened::Answer { step, outcome: Ok(_) }
                if state.asked() == Some(step.as_str()));
            let advanced = workflow::advance(self.flow, state, happened.clone(), self.now);
            if self.rng.random_bool(0.05) {
                // Killed before anything was stored: it is taken over with what is known then,
                // or the same is told again.
                happened = match self.rng.random_range(0..2) {
                    0 => Happened::Begin,
                    _ => happened,
                };
                continue;
            }
            if let (Happened::Answer { step, .. }, true) = (&happened, answered) {
                self.done.insert(step.clone());
            }
            self.stored = advanced.state.to_bytes();
            match self.next(input, &advanced.state, advanced.action) {
                Ok(next) => happened = next,
                Err(end) => return end,
            }
            if self.rng.random_bool(0.1) {
                self.disturb(input);
            }
        }
        panic!("the run has no end");
    }

    /// Tells the engine things that do not fit: nothing may come of them.
    fn disturb(&mut self, input: &RunInput) {
        let state = State::from_bytes(&self.stored, Arc::clone(&input.profile)).unwrap();
        let stray = match self.rng.random_range(0..3) {
            0 => Happened::Answer {
                step: "nowhere".into(),
                outcome: Ok(Value::Null),
            },
            1 => Happened::Arrived {
                step: "nowhere".into(),
                value: Value::Null,
            },
            _ => Happened::Items {
                step: "nowhere".into(),
                items: Items::default(),
            },
        };
        let before = (state.asked().map(str::to_owned), self.stored.clone());
        let after = workflow::advance(self.flow, state, stray, Micros(0));
        if before.0.is_some() {
            assert_eq!(after.state.asked(), before.0.as_deref());
        }
    }

    fn next(
        &mut self,
        input: &RunInput,
        state: &State,
        action: Action,
    ) -> Result<Happened, Result<Value, Failure>> {
        match action {
            Action::ReadStore { step, .. }
            | Action::FindLinks { step, .. }
            | Action::ReserveLink { step, .. }
            | Action::ExecuteDocument { step, .. }
            | Action::WriteStore { step, .. } => {
                assert_eq!(
                    state.asked(),
                    Some(step.as_str()),
                    "an effect without its intent"
                );
                assert!(
                    !self.done.contains(&step),
                    "{step} again after its outcome was stored"
                );
                let outcome = self.outcome();
                Ok(Happened::Answer { step, outcome })
            }
            Action::Pause { until, .. } => {
                assert!(until > self.now);
                self.now = until;
                Ok(Happened::Due)
            }
            Action::Await {
                step, until, what, ..
            } => {
                if what == workflow::Awaited::Time || self.rng.random_bool(0.3) {
                    self.now = until.unwrap();
                    return Ok(Happened::Due);
                }
                let approved = Value::from(self.rng.random_bool(0.5));
                let value = Value::map([("approved", approved)]);
                Ok(Happened::Arrived { step, value })
            }
            Action::StartItems(start) => {
                self.start(start.first, start.parts);
                Ok(Happened::Begin)
            }
            Action::AwaitItems { step, total, .. } => {
                assert_eq!(self.waiting.len(), total as usize);
                let items = self.work_on_parts(input);
                Ok(Happened::Items { step, items })
            }
            Action::Succeed { result, .. } | Action::Stop { result, .. } => Err(Ok(result)),
            Action::Dead { failure } => {
                if self.resumes > 0 {
                    self.resumes -= 1;
                    // It dies once more: what is done at the end is for that death.
                    self.done.retain(|step| !step.starts_with("after_"));
                    let edits = Vec::new();
                    return Ok(Happened::Resumed { edits });
                }
                Err(Err(failure))
            }
        }
    }

    fn start(&mut self, first: u32, parts: Vec<Part>) {
        if first == 0 {
            self.waiting.clear();
        }
        for part in &parts {
            // One that came through is left as it is.
            if self.parts.get(&part.path).is_some_and(Result::is_err) {
                self.parts.remove(&part.path);
            }
        }
        self.waiting.extend(parts);
    }

    fn outcome(&mut self) -> Result<Value, Failure> {
        if self.rng.random_bool(0.7) {
            return Ok(Value::map([("id", Value::from("1"))]));
        }
        let classes = [
            FailureClass::Busy,
            FailureClass::RateLimited,
            FailureClass::Unavailable,
            FailureClass::BusinessRule,
            FailureClass::Bug,
            FailureClass::InDoubt,
        ];
        let class = classes[self.rng.random_range(0..classes.len())];
        Err(Failure::new(class, "code", "words"))
    }

    fn work_on_parts(&mut self, input: &RunInput) -> Items {
        let mut items = Items::default();
        for part in self.waiting.clone() {
            let path = part.path.clone();
            let ended = match self.parts.remove(&path) {
                Some(ended) => ended,
                None => self.part(input, part),
            };
            self.parts.insert(path.clone(), ended.clone());
            match ended {
                Ok(value) => {
                    items.succeeded += 1;
                    items.results.push(value);
                }
                Err(failure) => {
                    items.failed += 1;
                    items.failures.push((path, failure));
                }
            }
        }
        items
    }

    fn part(&mut self, input: &RunInput, part: Part) -> Result<Value, Failure> {
        let flow = if part.body.is_some() {
            self.top
        } else {
            self.other
        };
        let mut input = input.clone();
        input.run = RunId(uuid::Uuid::from_u128(self.rng.next_u64().into()));
        input.part = Some(part);
        let mut life = Life {
            top: if input.part.as_ref().is_some_and(|part| part.body.is_some()) {
                self.top
            } else {
                self.other
            },
            other: self.other,
            flow,
            stored: workflow::start(flow, input.clone()).to_bytes(),
            now: self.now,
            done: BTreeSet::new(),
            parts: BTreeMap::new(),
            waiting: Vec::new(),
            resumes: 0,
            rng: &mut *self.rng,
        };
        let ended = life.live(&input);
        self.now = life.now;
        ended
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_run_ends_and_asks_for_nothing_twice(mut rng in any::<u64>().prop_perturb(|_, rng| rng)) {
        let flow = compiled(&random(&mut rng));
        let other = compiled(&json!({"format": 1, "name": "other", "title": "", "start": "s0",
            "trigger": {"called_with": []}, "steps": steps(&mut rng, 2)}));
        let input = World::new(order()).input();
        let resumes = rng.random_range(0..3);
        let mut life = Life {
            top: &flow,
            other: &other,
            flow: &flow,
            stored: workflow::start(&flow, input.clone()).to_bytes(),
            now: input.began,
            done: BTreeSet::new(),
            parts: BTreeMap::new(),
            waiting: Vec::new(),
            resumes,
            rng: &mut rng,
        };
        let ended = life.live(&input);
        let state = State::from_bytes(&life.stored, Arc::clone(&input.profile)).unwrap();
        prop_assert_eq!(state.asked(), None);
        let dead = ended.is_err();
        let again = workflow::advance(&flow, state, Happened::Begin, life.now);
        prop_assert_eq!(matches!(again.action, Action::Dead { .. }), dead, "an end stays an end");
    }
}
