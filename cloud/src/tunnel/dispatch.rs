//! Decides, without I/O, which open commands a session sends now: credits, order, nothing twice.

use std::collections::{HashMap, HashSet, VecDeque};

use connect_core::domain::command::Command;
use connect_core::domain::ids::CommandId;

/// What one session knows of its agent's open commands.
#[derive(Debug, Default)]
pub(crate) struct Dispatch {
    companies: HashMap<String, Company>,
    /// Everything waiting here, sent on this session, or held by the agent since before it.
    known: HashSet<CommandId>,
    draining: bool,
}

#[derive(Debug, Default)]
struct Company {
    /// How many more commands the agent will take.
    credit: u32,
    /// Not to be written to until a person decided.
    held: bool,
    waiting: VecDeque<Command>,
}

impl Dispatch {
    /// A session whose agent still holds these commands, or their unsent results.
    pub(crate) fn new(in_flight: impl IntoIterator<Item = CommandId>) -> Self {
        Self {
            known: in_flight.into_iter().collect(),
            ..Self::default()
        }
    }

    /// The agent will take so many more commands of a company.
    pub(crate) fn grant(&mut self, company: &str, amount: u32) {
        let company = self.company(company);
        company.credit = company.credit.saturating_add(amount);
    }

    /// Holds back or lets through what is for a company.
    pub(crate) fn hold(&mut self, company: &str, held: bool) {
        self.company(company).held = held;
    }

    /// Takes in commands found open, oldest first; those known already change nothing.
    pub(crate) fn offer(&mut self, open: Vec<Command>) {
        for command in open {
            if self.known.insert(command.id) {
                let company = self.company(&command.database);
                company.waiting.push_back(command);
            }
        }
    }

    /// Forgets what is no longer open: a look at everything open did not show it.
    pub(crate) fn forget_settled(&mut self, open: &HashSet<CommandId>) {
        for company in self.companies.values_mut() {
            company.waiting.retain(|command| open.contains(&command.id));
        }
        self.known.retain(|id| open.contains(id));
    }

    /// A command that could not be sent after all goes first next time.
    pub(crate) fn put_back(&mut self, command: Command) {
        let company = self.company(&command.database);
        company.credit = company.credit.saturating_add(1);
        company.waiting.push_front(command);
    }

    /// The command has its answer.
    pub(crate) fn settled(&mut self, id: CommandId) {
        self.known.remove(&id);
    }

    /// Nothing new goes out any more.
    pub(crate) fn drain(&mut self) {
        self.draining = true;
    }

    /// What goes out now.
    pub(crate) fn next(&mut self) -> Vec<Command> {
        if self.draining {
            return Vec::new();
        }
        let mut next = Vec::new();
        for company in self.companies.values_mut() {
            while !company.held && company.credit > 0 {
                let Some(command) = company.waiting.pop_front() else {
                    break;
                };
                company.credit -= 1;
                next.push(command);
            }
        }
        next
    }

    /// Whether a look for more could let something go out: credit is left somewhere.
    pub(crate) fn is_hungry(&self) -> bool {
        // Commands that concern no company have a credit of their own, which is never used up.
        !self.draining
            && self.companies.iter().any(|(name, company)| {
                !name.is_empty()
                    && !company.held
                    && company.credit > 0
                    && company.waiting.is_empty()
            })
    }

    fn company(&mut self, name: &str) -> &mut Company {
        if !self.companies.contains_key(name) {
            self.companies.insert(name.to_owned(), Company::default());
        }
        self.companies.get_mut(name).expect("inserted above")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use connect_core::domain::ids::{AgentId, CompanyId, PayloadId, RunId, TenantId};
    use connect_core::domain::lane::LaneKey;
    use connect_core::domain::time::Micros;
    use uuid::Uuid;

    fn command(id: u128, database: &str) -> Command {
        let tenant = TenantId(Uuid::from_u128(1));
        Command {
            tenant,
            id: CommandId(Uuid::from_u128(id)),
            agent: AgentId(Uuid::from_u128(2)),
            company: CompanyId(Uuid::from_u128(3)),
            database: database.to_owned(),
            run: RunId(Uuid::from_u128(4)),
            lane: LaneKey {
                tenant,
                group: Uuid::from_u128(5),
                key: "order:1".to_owned(),
            },
            effect_key: format!("{database}/{id}"),
            document: PayloadId(Uuid::from_u128(6)),
            body: Vec::new(),
            created: Micros(0),
        }
    }

    fn ids(commands: &[Command]) -> Vec<u128> {
        commands
            .iter()
            .map(|command| command.id.0.as_u128())
            .collect()
    }

    #[test]
    fn nothing_goes_out_without_credit_and_nothing_goes_out_twice() {
        let mut dispatch = Dispatch::default();
        dispatch.offer(vec![
            command(1, "TWO"),
            command(2, "TWO"),
            command(3, "TWO"),
        ]);
        assert!(dispatch.next().is_empty());
        dispatch.grant("TWO", 2);
        assert_eq!(ids(&dispatch.next()), [1, 2]);
        dispatch.offer(vec![command(1, "TWO"), command(3, "TWO")]);
        dispatch.grant("TWO", 5);
        assert_eq!(ids(&dispatch.next()), [3]);
        assert!(dispatch.next().is_empty());
    }

    #[test]
    fn what_the_agent_holds_is_not_sent_again() {
        let mut dispatch = Dispatch::new([CommandId(Uuid::from_u128(1))]);
        dispatch.grant("TWO", 5);
        dispatch.offer(vec![command(1, "TWO"), command(2, "TWO")]);
        assert_eq!(ids(&dispatch.next()), [2]);
    }

    #[test]
    fn what_could_not_be_sent_goes_first_and_costs_no_credit() {
        let mut dispatch = Dispatch::default();
        dispatch.grant("TWO", 2);
        dispatch.offer(vec![
            command(1, "TWO"),
            command(2, "TWO"),
            command(3, "TWO"),
        ]);
        let mut sent = dispatch.next();
        dispatch.put_back(sent.remove(1));
        assert_eq!(ids(&dispatch.next()), [2]);
        assert!(dispatch.next().is_empty());
    }

    #[test]
    fn credit_for_no_company_makes_nobody_hungry() {
        let mut dispatch = Dispatch::default();
        dispatch.grant("", 8);
        assert!(!dispatch.is_hungry());
        dispatch.grant("TWO", 1);
        assert!(dispatch.is_hungry());
    }

    #[test]
    fn companies_do_not_hold_each_other_up() {
        let mut dispatch = Dispatch::default();
        dispatch.offer(vec![
            command(1, "TWO"),
            command(2, "TWO2"),
            command(3, "TWO3"),
        ]);
        dispatch.grant("TWO2", 1);
        dispatch.grant("TWO3", 1);
        dispatch.hold("TWO3", true);
        assert_eq!(ids(&dispatch.next()), [2]);
        dispatch.hold("TWO3", false);
        assert_eq!(ids(&dispatch.next()), [3]);
    }

    #[test]
    fn what_was_settled_elsewhere_is_forgotten() {
        let mut dispatch = Dispatch::default();
        dispatch.offer(vec![command(1, "TWO"), command(2, "TWO")]);
        dispatch.forget_settled(&HashSet::from([CommandId(Uuid::from_u128(2))]));
        dispatch.grant("TWO", 5);
        assert!(dispatch.is_hungry() || !dispatch.next().is_empty());
        dispatch.offer(vec![command(2, "TWO")]);
        assert!(dispatch.next().is_empty());
    }

    #[test]
    fn a_draining_session_sends_nothing_new() {
        let mut dispatch = Dispatch::default();
        dispatch.grant("TWO", 5);
        dispatch.drain();
        dispatch.offer(vec![command(1, "TWO")]);
        assert!(dispatch.next().is_empty() && !dispatch.is_hungry());
    }
}
