//! Agents: tokens used once, sessions by epoch, certificates, companies.

use std::sync::Arc;

use connect_core::domain::agent::{Certificate, CompanyState, EnrollmentToken};
use connect_core::domain::ids::CompanyId;

use crate::support::{NOW, World, id, report};

on_both!(
    token_is_claimed_once_by_many,
    expired_replaced_or_revoked_tokens_are_no_good,
    newest_session_wins,
    revoked_agent_loses_certificates,
    what_an_agent_says_is_kept,
    company_reports_keep_the_mark,
);

fn token(world: &World, byte: u8) -> EnrollmentToken {
    EnrollmentToken {
        tenant: world.tenant,
        token_sha256: vec![byte; 32],
        agent: world.agent,
        expires: NOW.plus_seconds(3600),
        used: None,
    }
}

async fn token_is_claimed_once_by_many(world: World) {
    let token = token(&world, 1);
    let tokens = world.database.enrollment_tokens();
    tokens.insert(&token, NOW).await.unwrap();
    let found = tokens
        .find(world.tenant, &token.token_sha256)
        .await
        .unwrap();
    assert_eq!(found, Some(token.clone()));
    let world = Arc::new(world);
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let (world, hash) = (Arc::clone(&world), token.token_sha256.clone());
        tries.spawn(async move {
            let tokens = world.database.enrollment_tokens();
            tokens.claim(world.tenant, &hash, NOW).await.unwrap()
        });
    }
    let won: Vec<_> = tries.join_all().await.into_iter().flatten().collect();
    assert_eq!(won, [world.agent]);
}

async fn expired_replaced_or_revoked_tokens_are_no_good(world: World) {
    let tokens = world.database.enrollment_tokens();
    let (old, new) = (token(&world, 1), token(&world, 2));
    tokens.insert(&old, NOW).await.unwrap();
    tokens.insert(&new, NOW).await.unwrap();
    let claim = |byte: u8, now| {
        let (database, tenant) = (world.database.clone(), world.tenant);
        async move {
            database
                .enrollment_tokens()
                .claim(tenant, &[byte; 32], now)
                .await
                .unwrap()
        }
    };
    assert_eq!(claim(1, NOW).await, None, "a newer token was made");
    assert_eq!(claim(2, new.expires).await, None, "expired");
    assert_eq!(claim(3, NOW).await, None, "unknown");
    assert!(
        world
            .database
            .agents()
            .delete(world.tenant, world.agent, NOW)
            .await
            .unwrap()
    );
    assert_eq!(claim(2, NOW).await, None, "its agent is revoked");
}

async fn newest_session_wins(world: World) {
    let sessions = world.database.sessions();
    let (one, two) = (id(), id());
    let first = sessions
        .claim(world.tenant, world.agent, one, NOW)
        .await
        .unwrap();
    let second = sessions
        .claim(world.tenant, world.agent, two, NOW)
        .await
        .unwrap();
    assert!(second > first);
    assert!(
        !sessions
            .delete(world.tenant, world.agent, first, NOW)
            .await
            .unwrap()
    );
    let agents = world.database.agents();
    let agent = agents
        .find(world.tenant, world.agent)
        .await
        .unwrap()
        .unwrap();
    assert!(
        agent.connected,
        "the older one's end does not end the newer one"
    );
    let session = sessions
        .find(world.tenant, world.agent)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (session.epoch, session.replica, session.closed),
        (second, two, None)
    );
    assert!(
        sessions
            .delete(world.tenant, world.agent, second, NOW)
            .await
            .unwrap()
    );
    assert!(!agents.list(world.tenant).await.unwrap()[0].connected);
    sessions
        .claim(world.tenant, world.agent, one, NOW)
        .await
        .unwrap();
    assert_eq!(
        sessions
            .delete_of_others(world.tenant, one, NOW)
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        sessions
            .delete_of_others(world.tenant, two, NOW)
            .await
            .unwrap(),
        1
    );
}

async fn revoked_agent_loses_certificates(world: World) {
    let certificate = Certificate {
        tenant: world.tenant,
        serial: "0a1b".to_owned(),
        agent: world.agent,
        key_sha256: vec![9; 32],
        issued: NOW,
        not_after: NOW.plus_seconds(86_400),
        revoked: None,
    };
    let certificates = world.database.certificates();
    certificates.insert(&certificate).await.unwrap();
    let found = certificates.find(world.tenant, "0a1b").await.unwrap();
    assert_eq!(found, Some(certificate.clone()));
    assert!(
        world
            .database
            .agents()
            .delete(world.tenant, world.agent, NOW)
            .await
            .unwrap()
    );
    assert!(
        !world
            .database
            .agents()
            .delete(world.tenant, world.agent, NOW)
            .await
            .unwrap()
    );
    let listed = certificates.list(world.tenant, world.agent).await.unwrap();
    assert_eq!(listed[0].revoked, Some(NOW));
    let left = certificates
        .delete_of_agent(world.tenant, world.agent, NOW)
        .await
        .unwrap();
    assert_eq!(left, 0);
    let agent = world
        .database
        .agents()
        .find(world.tenant, world.agent)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(agent.revoked, Some(NOW));
}

async fn what_an_agent_says_is_kept(world: World) {
    let agents = world.database.agents();
    agents
        .update_hello(world.tenant, world.agent, "0.1.0", "GPSRV", NOW)
        .await
        .unwrap();
    let later = NOW.plus_seconds(5);
    agents
        .update_seen(world.tenant, world.agent, later)
        .await
        .unwrap();
    let agent = agents
        .find(world.tenant, world.agent)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (agent.version.as_str(), agent.machine.as_str()),
        ("0.1.0", "GPSRV")
    );
    assert_eq!(agent.last_seen, Some(later));
    assert!(!agent.connected);
}

async fn company_reports_keep_the_mark(world: World) {
    let companies = world.database.companies();
    companies
        .update_journal(world.tenant, world.company, 40)
        .await
        .unwrap();
    companies
        .update_journal(world.tenant, world.company, 30)
        .await
        .unwrap();
    companies
        .update_incarnation(world.tenant, world.company, "guid-1")
        .await
        .unwrap();
    let mut again = report(
        world.tenant,
        CompanyId(id()),
        world.environment,
        world.agent,
    );
    again.state = CompanyState::Restored;
    "the journal went back".clone_into(&mut again.detail);
    let company = companies.update_report(&again).await.unwrap();
    assert_eq!(company.id, world.company, "known by agent and database");
    assert_eq!(company.state, CompanyState::Restored);
    assert_eq!(
        (company.highest_journal, company.incarnation.as_deref()),
        (40, Some("guid-1"))
    );
    let found = companies.find(world.tenant, world.company).await.unwrap();
    assert_eq!(found.as_ref(), Some(&company));
    let found = companies
        .find_by_database(world.tenant, world.agent, "TWO")
        .await
        .unwrap();
    assert_eq!(found.as_ref(), Some(&company));
    companies
        .update_resolved(world.tenant, world.company)
        .await
        .unwrap();
    let company = companies.list(world.tenant).await.unwrap().remove(0);
    assert_eq!(company.state, CompanyState::Rebinding);
    assert_eq!((company.highest_journal, company.incarnation), (0, None));
}
