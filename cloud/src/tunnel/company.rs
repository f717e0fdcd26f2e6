//! What an agent says of its companies: believed, unless it contradicts what the cloud knows.

use std::collections::HashMap;

use connect_core::domain::agent::{Company, CompanyState};
use connect_core::domain::change::Means;
use connect_core::domain::ids::CompanyId;
use connect_core::domain::lane::{Gate, GateKey, GateKind};
use connect_core::domain::time::Micros;
use connect_proto::tunnel::v1;
use connect_store::CompanyReport;

use super::auth::Identity;
use super::enrol::shortened;
use crate::app::Services;
use crate::error::Result;

/// The last report of each company on one session.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    last: HashMap<String, Seen>,
}

#[derive(Debug)]
struct Seen {
    report: v1::CompanyReport,
    verdict: Verdict,
}

/// How a company stands, all things considered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    state: CompanyState,
    detail: String,
    /// The agent sees nothing wrong, but the cloud knows better.
    contradicted: bool,
}

impl Verdict {
    /// Whether commands of the company must not go out at all.
    pub(crate) fn holds_commands(&self) -> bool {
        self.contradicted
    }

    /// Whether the agent is to be told what the company's owner decided.
    pub(crate) fn wants_rebind(&self) -> bool {
        self.state == CompanyState::Rebinding
    }
}

impl Reports {
    /// Takes a report in and says how the company stands now.
    pub(crate) async fn take(
        &mut self,
        services: &Services,
        identity: &Identity,
        report: v1::CompanyReport,
    ) -> Result<Verdict> {
        let known = services
            .database
            .companies()
            .find_by_database(identity.tenant(), identity.id(), &report.company)
            .await?;
        let verdict = judge(known.as_ref(), &report);
        let written = self.is_news(&report, &verdict);
        if written || known.is_none() {
            write(services, identity, known.as_ref(), &report, &verdict).await?;
        }
        if let Some(known) = known.filter(|_| written) {
            keep_watchers(services, &known, &report).await?;
        }
        let name = report.company.clone();
        let seen = Seen {
            report,
            verdict: verdict.clone(),
        };
        self.last.insert(name, seen);
        Ok(verdict)
    }

    /// Looks again at what waits for its owner, who may have decided meanwhile.
    pub(crate) async fn look_again(
        &mut self,
        services: &Services,
        identity: &Identity,
    ) -> Result<Vec<(String, Verdict)>> {
        let waiting: Vec<v1::CompanyReport> = self
            .last
            .values()
            .filter(|seen| seen.verdict.contradicted || is_replaced(state_of(seen.report.state())))
            .map(|seen| seen.report.clone())
            .collect();
        let mut verdicts = Vec::with_capacity(waiting.len());
        for report in waiting {
            let name = report.company.clone();
            verdicts.push((name, self.take(services, identity, report).await?));
        }
        Ok(verdicts)
    }

    /// Companies whose agent sees nothing wrong.
    pub(crate) fn ready(&self) -> impl Iterator<Item = &String> {
        let ready = self
            .last
            .iter()
            .filter(|(_, seen)| seen.verdict.state == CompanyState::Ready);
        ready.map(|(name, _)| name)
    }

    fn is_news(&self, report: &v1::CompanyReport, verdict: &Verdict) -> bool {
        self.last
            .get(&report.company)
            .is_none_or(|seen| seen.report != *report || seen.verdict != *verdict)
    }
}

/// Compares a report with what is known. The mark on record comes from reports only: one made a
/// moment before the session broke is then never behind it.
fn judge(known: Option<&Company>, report: &v1::CompanyReport) -> Verdict {
    let state = state_of(report.state());
    let agreed = Verdict {
        state,
        detail: report.detail.clone(),
        contradicted: false,
    };
    if is_replaced(state) && known.is_some_and(|known| known.state == CompanyState::Rebinding) {
        return Verdict {
            state: CompanyState::Rebinding,
            detail: "The owner has decided; the agent is being told to bind the company anew."
                .to_owned(),
            contradicted: false,
        };
    }
    let (Some(known), CompanyState::Ready, Some(binding)) = (known, state, &report.binding) else {
        return agreed;
    };
    let rebound = known
        .incarnation
        .as_ref()
        .is_some_and(|incarnation| *incarnation != binding.incarnation);
    if rebound {
        return Verdict {
            state: CompanyState::Copied,
            detail: "The database carries another binding than the one known: it was replaced \
                     by a copy or bound anew. Decide whether it was restored or copied."
                .to_owned(),
            contradicted: true,
        };
    }
    if binding.highest_journal < known.highest_journal {
        return Verdict {
            state: CompanyState::Restored,
            detail: format!(
                "The journal ends at {}, but entry {} was reported before: the database is \
                 older than that. Decide whether it was restored or copied.",
                binding.highest_journal, known.highest_journal
            ),
            contradicted: true,
        };
    }
    agreed
}

async fn write(
    services: &Services,
    identity: &Identity,
    known: Option<&Company>,
    report: &v1::CompanyReport,
    verdict: &Verdict,
) -> Result<()> {
    let companies = services.database.companies();
    let company = companies
        .update_report(&CompanyReport {
            tenant: identity.tenant(),
            new_id: CompanyId(services.ids.next()),
            environment: identity.agent.environment,
            agent: identity.id(),
            database: report.company.clone(),
            name: shortened(&report.company_name).to_owned(),
            state: verdict.state,
            detail: verdict.detail.clone(),
        })
        .await?;
    if let (CompanyState::Ready, Some(binding)) = (verdict.state, &report.binding) {
        if company.incarnation.as_ref() != Some(&binding.incarnation) {
            companies
                .update_incarnation(company.tenant, company.id, &binding.incarnation)
                .await?;
        }
        companies
            .update_journal(company.tenant, company.id, binding.highest_journal)
            .await?;
    }
    let before = known.map_or(CompanyState::Unknown, |known| known.state);
    move_gate(services, &company, before, verdict).await
}

/// Keeps what the agent says of its watchers.
async fn keep_watchers(
    services: &Services,
    company: &Company,
    report: &v1::CompanyReport,
) -> Result<()> {
    let watches = services.database.watches();
    for said in &report.watchers {
        let means = match said.means() {
            v1::WatchMeans::ChangeTracking => Some(Means::ChangeTracking),
            v1::WatchMeans::Stamps => Some(Means::Stamps),
            v1::WatchMeans::RowIds => Some(Means::RowIds),
            v1::WatchMeans::Unspecified => None,
        };
        let problem = shortened(&said.detail);
        let kept = watches.report(company.tenant, company.id, &said.name, means, problem);
        kept.await?;
    }
    Ok(())
}

/// A company that needs a person parks its work; one that is ready again lets it go on.
async fn move_gate(
    services: &Services,
    company: &Company,
    before: CompanyState,
    verdict: &Verdict,
) -> Result<()> {
    let gates = services.database.gates();
    let now = services.clock.now();
    let key = GateKey {
        kind: GateKind::Company,
        target: company.id.0,
    };
    if verdict.state == CompanyState::Ready && before != CompanyState::Ready {
        if gates.delete(company.tenant, key, now).await? {
            tracing::info!(
                company.database = company.database,
                "A company is ready again"
            );
        }
    } else if needs_person(verdict.state) && verdict.state != before {
        tracing::warn!(
            company.database = company.database,
            company.state = ?verdict.state,
            detail = verdict.detail,
            "A company waits for its owner"
        );
        gates.insert(&parked(company, key, verdict, now)).await?;
    }
    Ok(())
}

fn parked(company: &Company, key: GateKey, verdict: &Verdict, now: Micros) -> Gate {
    Gate {
        tenant: company.tenant,
        key,
        reason: format!("{}: {}", company.database, verdict.detail),
        closed: now,
        probe: None,
        probes: 0,
    }
}

fn needs_person(state: CompanyState) -> bool {
    match state {
        CompanyState::Restored | CompanyState::Copied | CompanyState::NotPrepared => true,
        CompanyState::Unknown
        | CompanyState::Ready
        | CompanyState::Unreachable
        | CompanyState::LoginRefused
        | CompanyState::Rebinding => false,
    }
}

/// Another database stands where the company's was.
fn is_replaced(state: CompanyState) -> bool {
    matches!(state, CompanyState::Restored | CompanyState::Copied)
}

fn state_of(state: v1::CompanyState) -> CompanyState {
    match state {
        v1::CompanyState::Unspecified => CompanyState::Unknown,
        v1::CompanyState::Ready => CompanyState::Ready,
        v1::CompanyState::Unreachable => CompanyState::Unreachable,
        v1::CompanyState::LoginRefused => CompanyState::LoginRefused,
        v1::CompanyState::NotPrepared => CompanyState::NotPrepared,
        v1::CompanyState::Restored => CompanyState::Restored,
        v1::CompanyState::Copied => CompanyState::Copied,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use connect_core::domain::ids::{AgentId, EnvironmentId, TenantId};
    use uuid::Uuid;

    fn known(incarnation: Option<&str>, highest_journal: i64) -> Company {
        Company {
            tenant: TenantId(Uuid::from_u128(1)),
            id: CompanyId(Uuid::from_u128(2)),
            environment: EnvironmentId(Uuid::from_u128(3)),
            agent: AgentId(Uuid::from_u128(4)),
            database: "TWO".to_owned(),
            name: "Fabrikam".to_owned(),
            state: CompanyState::Ready,
            detail: String::new(),
            incarnation: incarnation.map(str::to_owned),
            highest_journal,
        }
    }

    fn report(incarnation: &str, highest_journal: i64) -> v1::CompanyReport {
        v1::CompanyReport {
            company: "TWO".to_owned(),
            state: v1::CompanyState::Ready.into(),
            binding: Some(v1::Binding {
                incarnation: incarnation.to_owned(),
                highest_journal,
                ..v1::Binding::default()
            }),
            ..v1::CompanyReport::default()
        }
    }

    #[test]
    fn a_company_that_moved_on_is_ready() {
        for before in [None, Some(known(None, 0)), Some(known(Some("A"), 10))] {
            let verdict = judge(before.as_ref(), &report("A", 10));
            assert_eq!(verdict.state, CompanyState::Ready);
            assert!(!verdict.holds_commands());
        }
    }

    #[test]
    fn a_journal_that_went_back_was_restored() {
        let verdict = judge(Some(&known(Some("A"), 10)), &report("A", 9));
        assert_eq!(verdict.state, CompanyState::Restored);
        assert!(verdict.holds_commands() && verdict.detail.contains("ends at 9"));
    }

    #[test]
    fn another_binding_is_a_copy() {
        let verdict = judge(Some(&known(Some("A"), 10)), &report("B", 99));
        assert_eq!(verdict.state, CompanyState::Copied);
        assert!(verdict.holds_commands());
    }

    #[test]
    fn an_owners_decision_is_passed_on_until_the_agent_followed_it() {
        let mut decided = known(None, 0);
        decided.state = CompanyState::Rebinding;
        let mut restored = report("A", 1);
        restored.set_state(v1::CompanyState::Restored);
        let verdict = judge(Some(&decided), &restored);
        assert!(verdict.wants_rebind() && !verdict.holds_commands());
        let verdict = judge(Some(&decided), &report("B", 1));
        assert_eq!(verdict.state, CompanyState::Ready);
    }

    #[test]
    fn what_the_agent_finds_wrong_is_believed() {
        let mut restored = report("A", 1);
        restored.set_state(v1::CompanyState::Restored);
        let verdict = judge(Some(&known(Some("A"), 10)), &restored);
        assert_eq!(verdict.state, CompanyState::Restored);
        assert!(!verdict.holds_commands());
    }
}
