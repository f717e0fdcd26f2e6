//! Whether SQL Server's certificate is the right one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
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
        match &self.how {
            How::Authority(verifier) => {
                verifier.verify_tls12_signature(message, certificate, signed)
            }
            How::Fingerprint(_) => {
                let known = self.provider.signature_verification_algorithms;
                key_signed(
                    known,
                    certificate,
                    message,
                    signed.scheme,
                    signed.signature(),
                )?;
                Ok(HandshakeSignatureValid::assertion())
            }
            How::Any => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    /// Never asked: TLS 1.3 is not offered.
    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.3 was not offered".to_owned()))
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
    known: WebPkiSupportedAlgorithms,
    certificate: &CertificateDer<'_>,
    message: &[u8],
    scheme: SignatureScheme,
    signature: &[u8],
) -> Result<(), Error> {
    let (_, parsed) = parse_x509_certificate(certificate)
        .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
    let key = &parsed.public_key().subject_public_key.data;
    let small = legacy(scheme).is_some_and(|algorithm| {
        let key = UnparsedPublicKey::new(algorithm, key);
        key.verify(message, signature).is_ok()
    });
    // In TLS 1.2 a scheme for ECDSA says nothing of the key's curve: one of its algorithms fits.
    let of_scheme = known.mapping.iter().filter(|(of, _)| *of == scheme);
    let mut algorithms = of_scheme.flat_map(|(_, algorithms)| *algorithms);
    let fits = algorithms.any(|algorithm| {
        let verified = algorithm.verify_signature(key, message, signature);
        verified.is_ok()
    });
    if small || fits {
        Ok(())
    } else {
        Err(Error::InvalidCertificate(CertificateError::BadSignature))
    }
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
