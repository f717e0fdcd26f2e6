//! Who may hold a session, for how long, and what is believed of what it says.

use connect_core::domain::agent::CompanyState;
use connect_core::domain::lane::{GateKey, GateKind};
use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::cloud_message::Message as ToAgent;
use rcgen::{CertificateParams, KeyPair};
use tonic::Code;
use tonic::transport::Identity;

use super::harness::{Cloud, DAY, hello, open, report, wait_for};

#[tokio::test]
async fn without_a_certificate_of_ours_there_is_no_session() {
    let cloud = Cloud::start().await;
    let anonymous = cloud.channel(None).await.unwrap();
    let refused = open(anonymous, hello()).await.err().unwrap();
    assert_eq!(refused.code(), Code::Unauthenticated);

    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["agent".to_owned()]).unwrap();
    let own = params.self_signed(&key).unwrap();
    let stranger = Identity::from_pem(own.pem(), key.serialize_pem());
    // TLS 1.3 tells the client of the refusal only after its side of the handshake is done.
    if let Ok(channel) = cloud.channel(Some(stranger)).await {
        assert!(open(channel, hello()).await.is_err());
    }
    cloud.stop().await;
}

#[tokio::test]
async fn an_expired_certificate_opens_nothing() {
    let cloud = Cloud::start().await;
    let held = cloud.enrolled().await;
    cloud.clock.set_offset_seconds(DAY + 60);
    assert!(cloud.connect(&held, hello()).await.is_err());
    cloud.stop().await;
}

#[tokio::test]
async fn a_session_shows_and_ends_with_the_agent() {
    let cloud = Cloud::start().await;
    let held = cloud.enrolled().await;
    let link = cloud.ready(&held, hello(), 1).await;
    assert!(cloud.services.registry.connected(held.tenant, held.agent));
    let agents = cloud.services.database.agents();
    assert!(
        agents
            .find(held.tenant, held.agent)
            .await
            .unwrap()
            .unwrap()
            .connected
    );
    drop(link);
    wait_for("the agent to be gone", || async {
        !agents
            .find(held.tenant, held.agent)
            .await
            .unwrap()
            .unwrap()
            .connected
    })
    .await;
    assert!(!cloud.services.registry.connected(held.tenant, held.agent));
    cloud.stop().await;
}

#[tokio::test]
async fn revocation_ends_a_live_session_and_keeps_it_out() {
    let cloud = Cloud::start().await;
    let held = cloud.enrolled().await;
    let link = cloud.ready(&held, hello(), 1).await;
    let now = cloud.services.clock.now();
    // Only the tables change, as when another replica took the call.
    let agents = cloud.services.database.agents();
    agents.delete(held.tenant, held.agent, now).await.unwrap();
    let end = link.end().await.expect("a refusal");
    assert_eq!(end.code(), Code::Unauthenticated);
    let refused = cloud.connect(&held, hello()).await.err().unwrap();
    assert_eq!(refused.code(), Code::Unauthenticated);
    cloud.stop().await;
}

#[tokio::test]
async fn the_newest_session_wins() {
    let cloud = Cloud::start().await;
    let held = cloud.enrolled().await;
    let old = cloud.ready(&held, hello(), 1).await;
    let _new = cloud.ready(&held, hello(), 1).await;
    assert_eq!(old.end().await.expect("a refusal").code(), Code::Aborted);
    assert!(cloud.services.registry.connected(held.tenant, held.agent));
    cloud.stop().await;
}

#[tokio::test]
async fn a_shutdown_asks_agents_to_finish_and_come_back() {
    let cloud = Cloud::start().await;
    let held = cloud.enrolled().await;
    let mut link = cloud.ready(&held, hello(), 1).await;
    let services = cloud.services.clone();
    let farewell = async move {
        assert!(matches!(link.next().await, ToAgent::Drain(_)));
        drop(link);
    };
    tokio::join!(services.stop(), farewell);
    assert!(cloud.services.tasks.is_empty());
}

#[tokio::test]
async fn hello_comes_first_and_in_a_protocol_both_speak() {
    let cloud = Cloud::start().await;
    let held = cloud.enrolled().await;
    let mut future = hello();
    (future.protocol_min, future.protocol_max) = (7, 9);
    let refused = cloud.connect(&held, future).await.err().unwrap();
    assert_eq!(refused.code(), Code::InvalidArgument);
    cloud.stop().await;
}

#[tokio::test]
async fn a_company_that_went_back_is_parked_until_its_owner_decides() {
    let cloud = Cloud::start().await;
    let held = cloud.enrolled().await;
    let link = cloud.ready(&held, hello(), 1).await;
    let companies = cloud.services.database.companies();
    let find = || async {
        companies
            .find_by_database(held.tenant, held.agent, "TWO")
            .await
            .unwrap()
            .unwrap()
    };
    link.send(FromAgent::Company(report("A", 50))).await;
    wait_for("the mark", || async { find().await.highest_journal == 50 }).await;
    assert_eq!(find().await.state, CompanyState::Ready);

    link.send(FromAgent::Company(report("A", 49))).await;
    wait_for("the alarm", || async {
        find().await.state == CompanyState::Restored
    })
    .await;
    let company = find().await;
    assert_eq!(company.highest_journal, 50);
    let gates = cloud.services.database.gates();
    let key = GateKey {
        kind: GateKind::Company,
        target: company.id.0,
    };
    let closed = || async { gates.find(held.tenant, key).await.unwrap().is_some() };
    wait_for("the gate to close", closed).await;

    companies
        .update_resolved(held.tenant, company.id)
        .await
        .unwrap();
    wait_for("the company", || async {
        find().await.state == CompanyState::Ready
    })
    .await;
    wait_for("the gate to open", || async { !closed().await }).await;
    cloud.stop().await;
}
