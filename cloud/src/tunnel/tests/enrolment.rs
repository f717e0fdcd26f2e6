//! Tokens and certificates: who gets in, who gets in again, who does not.

use rcgen::KeyPair;
use tonic::Code;

use super::harness::{Cloud, DAY, hello};

fn code(error: &tonic::Status) -> &str {
    let code = error.metadata().get("connect-code");
    code.and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

#[tokio::test]
async fn a_token_makes_one_agent_once() {
    let cloud = Cloud::start().await;
    let (tenant, agent, token) = cloud.new_agent().await;
    let held = cloud.enroll(&token).await.unwrap();
    assert_eq!((held.tenant, held.agent), (tenant, agent));
    let life = held.certificate.not_after_unix_ms - cloud.services.clock.now().millis();
    assert!((life - DAY * 1_000).abs() < 60_000, "{life} ms");
    let again = cloud.enroll(&token).await.err().unwrap();
    assert_eq!(
        (again.code(), code(&again)),
        (Code::Unauthenticated, "token_refused")
    );
    let known = cloud
        .services
        .database
        .agents()
        .find(tenant, agent)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (known.machine.as_str(), known.version.as_str()),
        ("GP01", "0.1.0")
    );
    cloud.stop().await;
}

#[tokio::test]
async fn one_token_used_by_many_at_once_makes_one_certificate() {
    let cloud = Cloud::start().await;
    let (tenant, agent, token) = cloud.new_agent().await;
    let tries = futures::future::join_all((0..8).map(|_| cloud.enroll(&token))).await;
    assert_eq!(tries.iter().filter(|attempt| attempt.is_ok()).count(), 1);
    let certificates = cloud
        .services
        .database
        .certificates()
        .list(tenant, agent)
        .await;
    assert_eq!(certificates.unwrap().len(), 1);
    cloud.stop().await;
}

#[tokio::test]
async fn tokens_that_are_late_made_up_or_of_another_tenant_are_refused_alike() {
    let cloud = Cloud::start().await;
    let (_, _, late) = cloud.new_agent().await;
    let (_, _, token) = cloud.new_agent().await;
    let (other, _, _) = cloud.new_agent().await;
    let secret = token.rsplit('_').next().unwrap();
    let elsewhere = format!("iht_{}_{secret}", other.0.simple());
    let made_up = format!("iht_{}_{}", other.0.simple(), "0".repeat(64));
    let mut refusals = Vec::new();
    for wrong in [elsewhere.as_str(), made_up.as_str(), "iht_x", ""] {
        refusals.push(cloud.enroll(wrong).await.err().unwrap());
    }
    cloud.clock.set_offset_seconds(3_700);
    refusals.push(cloud.enroll(&late).await.err().unwrap());
    let first = refusals[0].message().to_owned();
    for refusal in &refusals {
        assert_eq!(
            (refusal.code(), code(refusal)),
            (Code::Unauthenticated, "token_refused")
        );
        assert_eq!(refusal.message(), first);
    }
    cloud.stop().await;
}

#[tokio::test]
async fn a_broken_request_does_not_use_the_token_up() {
    let cloud = Cloud::start().await;
    let (_, _, token) = cloud.new_agent().await;
    let broken = connect_proto::tunnel::v1::EnrollRequest {
        token: token.clone(),
        csr_der: vec![1, 2, 3],
        ..Default::default()
    };
    let refusal = cloud.enrollment().await.enroll(broken).await.err().unwrap();
    assert_eq!(refusal.code(), Code::InvalidArgument);
    cloud.enroll(&token).await.unwrap();
    cloud.stop().await;
}

#[tokio::test]
async fn an_agent_off_for_ten_days_comes_back_without_a_person() {
    let cloud = Cloud::start().await;
    let mut held = cloud.enrolled().await;
    cloud.clock.set_offset_seconds(11 * DAY);
    assert!(cloud.connect(&held, hello()).await.is_err());
    held.certificate = cloud.renew(&held).await.unwrap();
    cloud.connect(&held, hello()).await.unwrap();
    let audit = cloud
        .services
        .database
        .audits()
        .list(held.tenant, None, 10)
        .await
        .unwrap();
    assert_eq!(audit[0].entry.action, "agent.certificate_renewed");
    assert!(
        audit[0]
            .entry
            .detail
            .contains(&format!("\"expired_seconds\":{}", 10 * DAY))
    );
    cloud.stop().await;
}

#[tokio::test]
async fn renewals_are_refused_when_too_late_revoked_or_unproven() {
    let cloud = Cloud::start().await;
    let held = cloud.enrolled().await;
    let nonce = cloud.challenge(&held).await;
    let other = KeyPair::generate().unwrap();

    let unproven = cloud
        .renew_with(&held, nonce.clone(), &other, &held.key)
        .await;
    assert_eq!(code(&unproven.err().unwrap()), "proof_refused");
    let other_key = cloud
        .renew_with(&held, nonce.clone(), &held.key, &other)
        .await;
    assert_eq!(code(&other_key.err().unwrap()), "key_changed");
    let used = cloud.renew_with(&held, nonce, &held.key, &held.key).await;
    assert_eq!(code(&used.err().unwrap()), "nonce_refused");
    let stranger = cloud.enrolled().await;
    let strangers = cloud.challenge(&stranger).await;
    let wrong_nonce = cloud
        .renew_with(&held, strangers, &held.key, &held.key)
        .await;
    assert_eq!(code(&wrong_nonce.err().unwrap()), "nonce_refused");

    cloud.clock.set_offset_seconds(92 * DAY);
    assert_eq!(
        code(&cloud.renew(&held).await.err().unwrap()),
        "certificate_too_old"
    );
    cloud.clock.set_offset_seconds(90 * DAY);
    cloud.renew(&held).await.unwrap();

    let now = cloud.services.clock.now();
    let agents = cloud.services.database.agents();
    assert!(agents.delete(held.tenant, held.agent, now).await.unwrap());
    assert_eq!(
        code(&cloud.renew(&held).await.err().unwrap()),
        "agent_revoked"
    );
    cloud.stop().await;
}

#[tokio::test]
async fn a_new_enrolment_shuts_the_earlier_machine_out() {
    let cloud = Cloud::start().await;
    let first = cloud.enrolled().await;
    let token = cloud.new_token(first.tenant, first.agent).await;
    let second = cloud.enroll(&token).await.unwrap();
    let refused = cloud.connect(&first, hello()).await.err().unwrap();
    assert_eq!(code(&refused), "agent_revoked");
    cloud.connect(&second, hello()).await.unwrap();
    cloud.stop().await;
}
