//! Whether SQL Server's certificate is the right one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use x509_parser::parse_x509_certificate;

use super::fingerprint::Fingerprint;
use super::problem::{Seen, TlsProblem};

/// How the server's certificate is judged.
#[derive(Debug, Clone)]
pub(in crate::sqlserver) enum Trust {
    /// By these authorities, or the machine's own when there is no file.
    Authority(Option<PathBuf>),
    /// It is this one; name, age and signer do not matter.
    Fingerprint(Fingerprint),
    /// Not at all.
    Any,
}

/// What rustls asks about the certificate, and what was seen of it.
#[derive(Debug)]
pub(super) struct Judge {
    how: How,
    seen: OnceLock<Seen>,
    provider: Arc<CryptoProvider>,
}

#[derive(Debug)]
enum How {
    Authority(Arc<WebPkiServerVerifier>),
    Fingerprint(Fingerprint),
    Any,
}

impl Judge {
    pub(super) fn new(trust: &Trust, provider: Arc<CryptoProvider>) -> Result<Self, TlsProblem> {
        let how = match trust {
            Trust::Authority(file) => {
                let roots = Arc::new(authorities(file.as_deref())?);
                let verifier =
                    WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider));
                How::Authority(verifier.build().map_err(|error| {
                    TlsProblem::Authority(format!("no authority to judge by: {error}"))
                })?)
            }
            Trust::Fingerprint(fingerprint) => How::Fingerprint(*fingerprint),
            Trust::Any => How::Any,
        };
        Ok(Self {
            how,
            seen: OnceLock::new(),
            provider,
        })
    }

    /// Why the certificate was refused, in the admin's terms.
    pub(super) fn refused(&self, error: &CertificateError) -> TlsProblem {
        let Some(certificate) = self.seen.get().cloned() else {
            return TlsProblem::Other(error.to_string());
        };
        match self.how {
            How::Fingerprint(_) => TlsProblem::OtherCertificate { certificate },
            How::Authority(_) | How::Any => TlsProblem::NotTrusted {
                why: error.to_string(),
                certificate,
            },
        }
    }

    fn signed(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match &self.how {
            How::Authority(verifier) => {
                verifier.verify_tls12_signature(message, certificate, signed)
            }
            How::Fingerprint(_) => {
                key_signed(signed.scheme, certificate, message, signed.signature())?;
                Ok(HandshakeSignatureValid::assertion())
            }
            How::Any => Ok(HandshakeSignatureValid::assertion()),
        }
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let seen = self.seen.get_or_init(|| look(certificate));
        match &self.how {
            How::Authority(verifier) => {
                verifier.verify_server_cert(certificate, intermediates, name, ocsp, now)
            }
            How::Fingerprint(fingerprint) if seen.fingerprint == *fingerprint => {
                Ok(ServerCertVerified::assertion())
            }
            How::Fingerprint(_) => Err(Error::InvalidCertificate(
                CertificateError::ApplicationVerificationFailure,
            )),
            How::Any => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed(message, certificate, signed)
    }

    /// TLS 1.3 is not offered.
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed(message, certificate, signed)
    }

    /// What SQL Server's own small keys can do comes first.
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let known = self.provider.signature_verification_algorithms;
        let mut schemes = known.supported_schemes();
        schemes.sort_by_key(|scheme| legacy(*scheme).is_none());
        schemes
    }
}

/// That the server holds the key of its certificate, without a judgement of the certificate: the
/// ones that SQL Server makes itself are of an old form and may have keys of 1,024 bits.
pub(super) fn key_signed(
    scheme: SignatureScheme,
    certificate: &CertificateDer<'_>,
    message: &[u8],
    signature: &[u8],
) -> Result<(), Error> {
    let (_, parsed) = parse_x509_certificate(certificate)
        .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
    let key = &parsed.public_key().subject_public_key.data;
    let algorithm = legacy(scheme).or_else(|| current(scheme, key));
    let verified = algorithm
        .ok_or(aws_lc_rs::error::Unspecified)
        .and_then(|algorithm| UnparsedPublicKey::new(algorithm, key).verify(message, signature));
    verified.map_err(|_| Error::InvalidCertificate(CertificateError::BadSignature))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "rustls's enum; the others are no RSA PKCS#1"
)]
fn legacy(scheme: SignatureScheme) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match scheme {
        SignatureScheme::RSA_PKCS1_SHA256 => {
            &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY
        }
        SignatureScheme::RSA_PKCS1_SHA512 => {
            &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY
        }
        _ => return None,
    })
}

/// In TLS 1.2 a scheme for ECDSA says nothing of the key's curve: its size does.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "rustls's enum; the others are not offered"
)]
fn current(scheme: SignatureScheme, key: &[u8]) -> Option<&'static dyn VerificationAlgorithm> {
    let large = key.len() > 65;
    Some(match scheme {
        SignatureScheme::RSA_PKCS1_SHA384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        SignatureScheme::RSA_PSS_SHA256 => &signature::RSA_PSS_2048_8192_SHA256,
        SignatureScheme::RSA_PSS_SHA384 => &signature::RSA_PSS_2048_8192_SHA384,
        SignatureScheme::RSA_PSS_SHA512 => &signature::RSA_PSS_2048_8192_SHA512,
        SignatureScheme::ECDSA_NISTP256_SHA256 if large => &signature::ECDSA_P384_SHA256_ASN1,
        SignatureScheme::ECDSA_NISTP256_SHA256 => &signature::ECDSA_P256_SHA256_ASN1,
        SignatureScheme::ECDSA_NISTP384_SHA384 if large => &signature::ECDSA_P384_SHA384_ASN1,
        SignatureScheme::ECDSA_NISTP384_SHA384 => &signature::ECDSA_P256_SHA384_ASN1,
        SignatureScheme::ED25519 => &signature::ED25519,
        _ => return None,
    })
}

fn look(certificate: &CertificateDer<'_>) -> Seen {
    let fingerprint = Fingerprint::of(certificate);
    let unknown = || "an unknown name".to_owned();
    match parse_x509_certificate(certificate) {
        Ok((_, parsed)) => Seen {
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            fingerprint,
        },
        Err(_) => Seen {
            subject: unknown(),
            issuer: unknown(),
            fingerprint,
        },
    }
}

fn authorities(file: Option<&Path>) -> Result<RootCertStore, TlsProblem> {
    let mut roots = RootCertStore::empty();
    let Some(file) = file else {
        let native = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(native.certs);
        return Ok(roots);
    };
    let wrong = |why: String| TlsProblem::Authority(format!("{}: {why}", file.display()));
    let content = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
    let certificates = if content.windows(11).any(|part| part == b"-----BEGIN ") {
        CertificateDer::pem_slice_iter(&content)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| wrong(error.to_string()))?
    } else {
        vec![CertificateDer::from(content)]
    };
    for certificate in certificates {
        roots
            .add(certificate)
            .map_err(|error| wrong(error.to_string()))?;
    }
    Ok(roots)
}
