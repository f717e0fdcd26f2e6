//! Gets the agent its certificate, with a one-time token, and renews it with a proof of the same key.

use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connect_proto::tunnel::v1::enrollment_client::EnrollmentClient;
use connect_proto::tunnel::v1::{Certificate, ChallengeRequest, EnrollRequest, RenewRequest};
use rcgen::{CertificateParams, KeyPair};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tonic::{Code, Status};

use super::channel::{self, ClientIdentity, Target};
use crate::config::Cloud;
use crate::secrets::{SecretError, SecretStore, TUNNEL_KEY};
use crate::state::{Identity, StateDir, StateError, StoredCertificate};

const RENEW_CONTEXT: &[u8] = b"connect-renew-v1";

/// What an operator gives to enrol an agent.
#[derive(Debug)]
pub struct Enrolment<'a> {
    pub token: &'a SecretString,
    pub machine_name: &'a str,
}

/// Why the agent has no (new) certificate.
#[derive(Debug, Error)]
pub enum EnrolError {
    #[error("cannot read the cloud's authority file {path}")]
    CaFile {
        path: String,
        source: std::io::Error,
    },
    #[error("the proxy address is not a URL")]
    Proxy,
    #[error("the cloud is not reachable at {url}")]
    Unreachable {
        url: String,
        source: tonic::transport::Error,
    },
    #[error("the cloud refused: {}", .0.message())]
    Refused(Box<Status>),
    #[error("the cloud failed: {}", .0.message())]
    Call(Box<Status>),
    #[error("the agent is not enrolled; run `connect-agent enroll --token ...` first")]
    NotEnrolled,
    #[error("the cloud's answer is not usable: {0}")]
    Answer(&'static str),
    #[error("the private key is not usable: {0}")]
    Key(String),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    State(#[from] StateError),
}

impl From<Status> for EnrolError {
    fn from(status: Status) -> Self {
        let refused = [
            Code::Unauthenticated,
            Code::PermissionDenied,
            Code::InvalidArgument,
        ];
        if refused.contains(&status.code()) {
            Self::Refused(Box::new(status))
        } else {
            Self::Call(Box::new(status))
        }
    }
}

/// Trades the token for a certificate; key, certificate and identity are stored before it returns.
pub async fn enroll(
    cloud: &Cloud,
    secrets: &dyn SecretStore,
    state: &StateDir,
    enrolment: Enrolment<'_>,
) -> Result<Identity, EnrolError> {
    let key = KeyPair::generate().map_err(|error| EnrolError::Key(error.to_string()))?;
    let mut client = client(cloud).await?;
    let answer = client
        .enroll(EnrollRequest {
            token: enrolment.token.expose_secret().to_owned(),
            csr_der: request(&key)?,
            machine_name: enrolment.machine_name.to_owned(),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            operating_system: std::env::consts::OS.to_owned(),
        })
        .await?
        .into_inner();
    let certificate = answer
        .certificate
        .ok_or(EnrolError::Answer("no certificate"))?;
    let identity = Identity {
        agent_id: answer.agent_id,
        tenant_id: answer.tenant_id,
        environment: answer.environment,
    };
    secrets.set(TUNNEL_KEY, &SecretString::from(key.serialize_pem()))?;
    state.set_certificate(&stored(&certificate)?)?;
    state.set_identity(&identity)?;
    Ok(identity)
}

/// Renews the stored certificate, expired or not, and stores the new one.
pub async fn renew(
    cloud: &Cloud,
    secrets: &dyn SecretStore,
    state: &StateDir,
) -> Result<StoredCertificate, EnrolError> {
    let identity = state.identity()?.ok_or(EnrolError::NotEnrolled)?;
    let current = state.certificate()?.ok_or(EnrolError::NotEnrolled)?;
    let pem = secrets.get(TUNNEL_KEY)?.ok_or(EnrolError::NotEnrolled)?;
    let key = KeyPair::from_pem(pem.expose_secret())
        .map_err(|error| EnrolError::Key(error.to_string()))?;
    let leaf = leaf_der(&current)?;
    let mut client = client(cloud).await?;
    let challenge = ChallengeRequest {
        agent_id: identity.agent_id,
    };
    let nonce = client.challenge(challenge).await?.into_inner().nonce;
    let signature = sign(&key, &nonce, &leaf)?;
    let answer = client
        .renew(RenewRequest {
            certificate_der: leaf,
            csr_der: request(&key)?,
            nonce,
            signature,
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        })
        .await?
        .into_inner();
    let certificate = answer
        .certificate
        .ok_or(EnrolError::Answer("no certificate"))?;
    let certificate = stored(&certificate)?;
    state.set_certificate(&certificate)?;
    Ok(certificate)
}

/// Opens a connection with the agent's certificate and closes it again, for the doctor.
pub async fn reach(
    cloud: &Cloud,
    secrets: &dyn SecretStore,
    state: &StateDir,
) -> Result<(), EnrolError> {
    let certificate = state.certificate()?.ok_or(EnrolError::NotEnrolled)?;
    let key_pem = secrets.get(TUNNEL_KEY)?.ok_or(EnrolError::NotEnrolled)?;
    let identity = ClientIdentity {
        chain_pem: certificate.chain_pem,
        key_pem,
    };
    let target = target(&cloud.tunnel_url, cloud)?;
    match channel::connect(&target, Some(&identity)).await {
        Ok(_) => Ok(()),
        Err(source) => Err(EnrolError::Unreachable {
            url: target.url,
            source,
        }),
    }
}

/// What time the cloud has, by the `date` its answers carry; `None` when they carry none.
pub async fn cloud_time(cloud: &Cloud) -> Result<Option<i64>, EnrolError> {
    let mut client = client(cloud).await?;
    // Nobody's challenge: the refusal is dated as well.
    let answer = client.challenge(ChallengeRequest::default()).await;
    let metadata = match &answer {
        Ok(answer) => answer.metadata(),
        Err(status) => status.metadata(),
    };
    let date = metadata.get("date").and_then(|date| date.to_str().ok());
    Ok(date.and_then(http_date_unix_ms))
}

/// Reads the one form of date that HTTP still sends: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date_unix_ms(text: &str) -> Option<i64> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let mut parts = text.split(' ').skip(1);
    let day = parts.next()?.parse().ok()?;
    let month = u8::try_from(MONTHS.find(parts.next()?)? / 3 + 1).ok()?;
    let year = parts.next()?.parse().ok()?;
    let mut clock = parts.next()?.split(':').map(str::parse);
    let mut next = || clock.next()?.ok();
    let time = time::Time::from_hms(next()?, next()?, next()?).ok()?;
    let date = time::Date::from_calendar_date(year, month.try_into().ok()?, day).ok()?;
    let moment = time::PrimitiveDateTime::new(date, time).assume_utc();
    Some(moment.unix_timestamp() * 1000)
}

/// The tunnel's target as configured.
pub(super) fn target(url: &str, cloud: &Cloud) -> Result<Target, EnrolError> {
    let ca_pem = read_ca(&cloud.ca_file)?;
    let proxy = match &cloud.proxy {
        Some(text) => Some(text.parse().map_err(|_| EnrolError::Proxy)?),
        None => None,
    };
    Ok(Target {
        url: url.to_owned(),
        ca_pem,
        proxy,
    })
}

async fn client(cloud: &Cloud) -> Result<EnrollmentClient<tonic::transport::Channel>, EnrolError> {
    let target = target(&cloud.enroll_url, cloud)?;
    let channel =
        channel::connect(&target, None)
            .await
            .map_err(|source| EnrolError::Unreachable {
                url: target.url.clone(),
                source,
            })?;
    Ok(EnrollmentClient::new(channel))
}

fn read_ca(path: &Path) -> Result<Vec<u8>, EnrolError> {
    std::fs::read(path).map_err(|source| EnrolError::CaFile {
        path: path.display().to_string(),
        source,
    })
}

fn request(key: &KeyPair) -> Result<Vec<u8>, EnrolError> {
    let parameters =
        CertificateParams::new(Vec::new()).map_err(|error| EnrolError::Key(error.to_string()))?;
    let request = parameters
        .serialize_request(key)
        .map_err(|error| EnrolError::Key(error.to_string()))?;
    Ok(request.der().to_vec())
}

fn sign(key: &KeyPair, nonce: &[u8], leaf: &[u8]) -> Result<Vec<u8>, EnrolError> {
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.serialized_der())
        .map_err(|error| EnrolError::Key(error.to_string()))?;
    let message = [RENEW_CONTEXT, nonce, digest(&SHA256, leaf).as_ref()].concat();
    pair.sign(&SystemRandom::new(), &message)
        .map(|signature| signature.as_ref().to_vec())
        .map_err(|error| EnrolError::Key(error.to_string()))
}

fn stored(certificate: &Certificate) -> Result<StoredCertificate, EnrolError> {
    if certificate.leaf_der.is_empty() {
        return Err(EnrolError::Answer("the certificate is empty"));
    }
    let mut chain_pem = pem(&certificate.leaf_der);
    for der in &certificate.chain_der {
        chain_pem.push_str(&pem(der));
    }
    Ok(StoredCertificate {
        chain_pem,
        not_after_unix_ms: certificate.not_after_unix_ms,
        renew_after_unix_ms: certificate.renew_after_unix_ms,
    })
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = tail;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

fn leaf_der(certificate: &StoredCertificate) -> Result<Vec<u8>, EnrolError> {
    let (_, parsed) = x509_parser::pem::parse_x509_pem(certificate.chain_pem.as_bytes())
        .map_err(|_| EnrolError::Answer("the stored certificate is damaged"))?;
    Ok(parsed.contents)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_certificate_survives_its_pem_form() {
        let key = KeyPair::generate().expect("key");
        let der = CertificateParams::new(Vec::new())
            .and_then(|parameters| parameters.self_signed(&key))
            .expect("certificate")
            .der()
            .to_vec();
        let certificate = Certificate {
            leaf_der: der.clone(),
            chain_der: vec![der.clone()],
            not_after_unix_ms: 2,
            renew_after_unix_ms: 1,
        };
        let stored = stored(&certificate).expect("stored");
        assert_eq!(leaf_der(&stored).expect("leaf"), der);
        assert_eq!(stored.chain_pem.matches("BEGIN CERTIFICATE").count(), 2);
    }

    #[test]
    fn the_date_of_an_answer_is_read() {
        let read = http_date_unix_ms("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(read, Some(784_111_777_000));
        assert_eq!(http_date_unix_ms("yesterday"), None);
    }

    #[test]
    fn the_proof_covers_nonce_and_certificate() {
        let key = KeyPair::generate().expect("key");
        let signature = sign(&key, b"nonce", b"leaf").expect("signed");
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public_key_raw());
        let message = |nonce: &[u8], leaf: &[u8]| {
            [RENEW_CONTEXT, nonce, digest(&SHA256, leaf).as_ref()].concat()
        };
        public
            .verify(&message(b"nonce", b"leaf"), &signature)
            .expect("valid");
        assert!(
            public
                .verify(&message(b"other", b"leaf"), &signature)
                .is_err()
        );
        assert!(
            public
                .verify(&message(b"nonce", b"other"), &signature)
                .is_err()
        );
    }
}
