//! The private CA: its own certificate, the tunnel's server certificate and the agents' certificates.

use std::fmt;
use std::net::IpAddr;

use connect_core::domain::ids::{AgentId, TenantId};
use connect_core::domain::time::Micros;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _, SanType,
    SerialNumber,
};
use rustls::pki_types::{CertificateDer, CertificateSigningRequestDer, PrivateKeyDer};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};
use zeroize::Zeroizing;

use crate::secrets::{self, SecretError, sha256, to_hex};

/// Life of an agent's certificate.
pub(crate) const AGENT_LIFE_SECONDS: i64 = 24 * 3600;
/// Certificates hold from a little before they are made: agents' clocks may be slow.
const BACKDATED_SECONDS: i64 = 3600;
/// Age at which an agent fetches its next certificate.
const RENEW_AFTER_SECONDS: i64 = 16 * 3600;
const CA_LIFE_SECONDS: i64 = 20 * 365 * 86_400;
const SERVER_LIFE_SECONDS: i64 = 365 * 86_400;
const SERIAL_BYTES: usize = 16;
/// An uncompressed point on P-256: 4, x, y.
const P256_POINT_BYTES: usize = 65;
const TRUST_DOMAIN: &str = "spiffe://connect/";

/// Why a certificate cannot be made or believed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PkiError {
    /// Not a certificate request, or not signed by its own key.
    #[error("the certificate request is damaged or not signed by its own key")]
    BadRequest(#[source] rcgen::Error),
    /// A key of another kind.
    #[error("the certificate request's key is not ECDSA P-256")]
    WrongKey,
    /// Not one of our agents' certificates.
    #[error("not an agent's certificate of this installation: {0}")]
    Foreign(&'static str),
    /// Making a certificate failed.
    #[error("cannot make a certificate")]
    Making(#[from] rcgen::Error),
    /// Random bytes or sealing failed.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// The CA as it is kept: certificate and PKCS#8 key.
pub(crate) struct AuthorityParts {
    pub(crate) certificate_der: Vec<u8>,
    pub(crate) key_der: Zeroizing<Vec<u8>>,
}

/// Signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    public_point: Vec<u8>,
    not_before: OffsetDateTime,
}

/// A certificate just given to an agent.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) leaf_der: Vec<u8>,
    pub(crate) serial: String,
    pub(crate) key_sha256: Vec<u8>,
    pub(crate) made: Micros,
    pub(crate) not_after: Micros,
    pub(crate) renew_after: Micros,
}

/// What an agent's certificate says, once its signature was found to be ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AgentLeaf {
    pub(crate) tenant: TenantId,
    pub(crate) agent: AgentId,
    pub(crate) serial: String,
    pub(crate) key_sha256: Vec<u8>,
    pub(crate) public_point: Vec<u8>,
    pub(crate) not_after: Micros,
}

/// A certificate request whose self-signature holds.
#[derive(Debug)]
pub(crate) struct Request(CertificateSigningRequestParams);

impl AuthorityParts {
    /// A new CA, good from now on.
    pub(crate) fn generate(now: Micros) -> Result<Self, PkiError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        name(&mut params, "Integration Hero Connect private CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.serial_number = Some(serial()?.1);
        params.not_before = instant(now.plus_seconds(-BACKDATED_SECONDS));
        params.not_after = instant(now.plus_seconds(CA_LIFE_SECONDS));
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            certificate_der: certificate.der().to_vec(),
            key_der: Zeroizing::new(key.serialize_der()),
        })
    }
}

impl Authority {
    /// Takes up the CA.
    pub(crate) fn load(parts: &AuthorityParts) -> Result<Self, PkiError> {
        let certificate = CertificateDer::from(parts.certificate_der.clone());
        let key = KeyPair::try_from(parts.key_der.as_slice())?;
        let public_point = key.public_key_raw().to_vec();
        let (_, parsed) = X509Certificate::from_der(&certificate)
            .map_err(|_| PkiError::Foreign("the CA's certificate is damaged"))?;
        let not_before = parsed.validity().not_before.to_datetime();
        Ok(Self {
            issuer: Issuer::from_ca_cert_der(&certificate, key)?,
            certificate: certificate.clone(),
            public_point,
            not_before,
        })
    }

    /// The CA's certificate.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The CA's certificate as PEM, for agents and their owners.
    pub fn certificate_pem(&self) -> String {
        pem("CERTIFICATE", &self.certificate)
    }

    /// A server certificate for the names, with its key.
    pub(crate) fn issue_server(
        &self,
        names: &[String],
        now: Micros,
    ) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), PkiError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        for server_name in names {
            params
                .subject_alt_names
                .push(match server_name.parse::<IpAddr>() {
                    Ok(address) => SanType::IpAddress(address),
                    Err(_) => SanType::DnsName(server_name.as_str().try_into()?),
                });
        }
        name(&mut params, "Integration Hero Connect tunnel");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(serial()?.1);
        // From the CA's own beginning: an agent with a slow clock must still believe it.
        params.not_before = self.not_before;
        params.not_after = instant(now.plus_seconds(SERVER_LIFE_SECONDS));
        let certificate = params.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Ok((certificate.der().clone(), key))
    }

    /// A client certificate for an agent. Of the request only the public key is taken.
    pub(crate) fn issue_agent(
        &self,
        request: &Request,
        tenant: TenantId,
        agent: AgentId,
        now: Micros,
    ) -> Result<Issued, PkiError> {
        let (serial, serial_number) = serial()?;
        let not_after = now.plus_seconds(AGENT_LIFE_SECONDS);
        let mut params = CertificateParams::default();
        name(&mut params, &agent.to_string());
        params.subject_alt_names = vec![SanType::URI(spiffe_id(tenant, agent).try_into()?)];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(serial_number);
        params.not_before = instant(now.plus_seconds(-BACKDATED_SECONDS));
        params.not_after = instant(not_after);
        let certificate = params.signed_by(&request.0.public_key, &self.issuer)?;
        Ok(Issued {
            leaf_der: certificate.der().to_vec(),
            serial,
            key_sha256: request.key_sha256(),
            made: now,
            not_after,
            renew_after: now.plus_seconds(RENEW_AFTER_SECONDS),
        })
    }

    /// Reads an agent's certificate, expired or not, if this CA signed it.
    pub(crate) fn read_agent(&self, der: &[u8]) -> Result<AgentLeaf, PkiError> {
        let (rest, certificate) =
            X509Certificate::from_der(der).map_err(|_| PkiError::Foreign("damaged"))?;
        if !rest.is_empty() {
            return Err(PkiError::Foreign("trailing bytes"));
        }
        self.check_signature(&certificate)?;
        let (tenant, agent) = spiffe_of(&certificate)?;
        let not_after = certificate.validity().not_after.timestamp();
        Ok(AgentLeaf {
            tenant,
            agent,
            serial: to_hex(certificate.raw_serial()),
            key_sha256: sha256(certificate.public_key().raw),
            public_point: certificate.public_key().subject_public_key.data.to_vec(),
            not_after: Micros(not_after.saturating_mul(1_000_000)),
        })
    }

    fn check_signature(&self, certificate: &X509Certificate<'_>) -> Result<(), PkiError> {
        let foreign = PkiError::Foreign("signed by another authority");
        verify_p256(
            &self.public_point,
            certificate.tbs_certificate.as_ref(),
            &certificate.signature_value.data,
        )
        .then_some(())
        .ok_or(foreign)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Request {
    /// Reads a certificate request and checks that its own key signed it.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, PkiError> {
        let request =
            CertificateSigningRequestParams::from_der(&CertificateSigningRequestDer::from(der))
                .map_err(PkiError::BadRequest)?;
        let key = &request.public_key;
        let on_p256 = *key.algorithm() == rcgen::PKCS_ECDSA_P256_SHA256
            && key.der_bytes().len() == P256_POINT_BYTES;
        on_p256.then_some(Self(request)).ok_or(PkiError::WrongKey)
    }

    /// SHA-256 of its public key, as certificates carry it.
    pub(crate) fn key_sha256(&self) -> Vec<u8> {
        sha256(&self.0.public_key.subject_public_key_info())
    }
}

/// Whether an ECDSA P-256 / SHA-256 signature in ASN.1 holds.
pub(crate) fn verify_p256(public_point: &[u8], message: &[u8], signature: &[u8]) -> bool {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, public_point)
        .verify(message, signature)
        .is_ok()
}

/// Reads a PEM certificate chain and its key.
pub(crate) fn read_pem_files(
    chain: &str,
    key: &str,
) -> anyhow::Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    use anyhow::Context as _;

    let chain = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("setting tunnel.certificate_file: {chain}"))?;
    let key = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("setting tunnel.private_key_file: {key}"))?;
    Ok((chain, key))
}

/// DER bytes of a PEM certificate.
pub(crate) fn der_of_pem(text: &str) -> Result<Vec<u8>, PkiError> {
    CertificateDer::from_pem_slice(text.as_bytes())
        .map(|der| der.to_vec())
        .map_err(|_| PkiError::Foreign("not PEM"))
}

fn spiffe_id(tenant: TenantId, agent: AgentId) -> String {
    format!("{TRUST_DOMAIN}tenant/{tenant}/agent/{agent}")
}

fn spiffe_of(certificate: &X509Certificate<'_>) -> Result<(TenantId, AgentId), PkiError> {
    let names = certificate
        .subject_alternative_name()
        .map_err(|_| PkiError::Foreign("damaged alternative name"))?
        .ok_or(PkiError::Foreign("no alternative name"))?;
    let [GeneralName::URI(uri)] = names.value.general_names.as_slice() else {
        return Err(PkiError::Foreign("not exactly one URI name"));
    };
    parse_spiffe(uri).ok_or(PkiError::Foreign("another kind of name"))
}

fn parse_spiffe(uri: &str) -> Option<(TenantId, AgentId)> {
    let rest = uri.strip_prefix(TRUST_DOMAIN)?.strip_prefix("tenant/")?;
    let (tenant, agent) = rest.split_once("/agent/")?;
    Some((tenant.parse().ok()?, agent.parse().ok()?))
}

fn name(params: &mut CertificateParams, common_name: &str) {
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
}

/// 128 random bits less the two that keep it positive and of full length.
fn serial() -> Result<(String, SerialNumber), SecretError> {
    let mut bytes = secrets::random_bytes(SERIAL_BYTES)?;
    bytes[0] = (bytes[0] & 0x7f) | 0x40;
    Ok((to_hex(&bytes), SerialNumber::from_slice(&bytes)))
}

fn instant(at: Micros) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1_000_000))
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// PEM text of DER bytes.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;

    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in body.as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const NOW: Micros = Micros(1_800_000_000_000_000);

    fn authority() -> Authority {
        Authority::load(&AuthorityParts::generate(NOW).unwrap()).unwrap()
    }

    fn request(key: &KeyPair) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["evil.example".to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.serialize_request(key).unwrap().der().to_vec()
    }

    fn ids() -> (TenantId, AgentId) {
        (TenantId(Uuid::from_u128(1)), AgentId(Uuid::from_u128(2)))
    }

    #[test]
    fn only_the_key_of_a_request_reaches_the_certificate() {
        let (authority, (tenant, agent)) = (authority(), ids());
        let key = KeyPair::generate().unwrap();
        let request = Request::from_der(&request(&key)).unwrap();
        let issued = authority.issue_agent(&request, tenant, agent, NOW).unwrap();
        let leaf = authority.read_agent(&issued.leaf_der).unwrap();
        assert_eq!((leaf.tenant, leaf.agent), (tenant, agent));
        assert_eq!(leaf.serial, issued.serial);
        assert_eq!(leaf.serial.len(), 32);
        assert_eq!(leaf.key_sha256, request.key_sha256());
        assert_eq!(leaf.public_point, key.public_key_raw());
        assert_eq!(leaf.not_after, NOW.plus_seconds(86_400));
        let (_, parsed) = X509Certificate::from_der(&issued.leaf_der).unwrap();
        let usage = parsed.extended_key_usage().unwrap().unwrap().value.clone();
        assert!(usage.client_auth && !usage.server_auth);
        assert_eq!(
            parsed.validity().not_before.timestamp(),
            NOW.0 / 1_000_000 - 3600
        );
        assert!(!String::from_utf8_lossy(&issued.leaf_der).contains("evil"));
    }

    #[test]
    fn certificates_of_another_authority_are_refused() {
        let (tenant, agent) = ids();
        let key = KeyPair::generate().unwrap();
        let request = Request::from_der(&request(&key)).unwrap();
        let issued = authority()
            .issue_agent(&request, tenant, agent, NOW)
            .unwrap();
        assert!(matches!(
            authority().read_agent(&issued.leaf_der),
            Err(PkiError::Foreign("signed by another authority"))
        ));
        assert!(authority().read_agent(b"nothing").is_err());
    }

    #[test]
    fn requests_that_prove_nothing_are_refused() {
        let key = KeyPair::generate().unwrap();
        let mut altered = request(&key);
        let last = altered.len() - 1;
        altered[last] ^= 1;
        assert!(Request::from_der(&altered).is_err());
        let other = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        assert!(matches!(
            Request::from_der(&request(&other)),
            Err(PkiError::WrongKey)
        ));
    }

    #[test]
    fn the_authority_survives_being_stored() {
        let parts = AuthorityParts::generate(NOW).unwrap();
        let (tenant, agent) = ids();
        let key = KeyPair::generate().unwrap();
        let request = Request::from_der(&request(&key)).unwrap();
        let issued = Authority::load(&parts).unwrap();
        let issued = issued.issue_agent(&request, tenant, agent, NOW).unwrap();
        Authority::load(&parts)
            .unwrap()
            .read_agent(&issued.leaf_der)
            .unwrap();
    }
}
