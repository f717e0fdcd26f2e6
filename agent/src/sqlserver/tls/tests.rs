//! Servers that are not what the agent needs, played byte by byte on loopback.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, SignatureAlgorithm};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use super::*;

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const PROTOCOL_VERSION: u8 = 70;
const HANDSHAKE_FAILURE: u8 = 40;

/// What a server does once it has greeted.
enum After {
    /// Says these records, inside a packet, and ends.
    Says(Vec<u8>),
    /// Ends at once.
    Ends,
    /// Shakes hands properly and echoes one message.
    Shakes(Arc<ServerConfig>),
}

struct Made {
    certificate: CertificateDer<'static>,
    config: Arc<ServerConfig>,
}

/// A certificate for `name` by a key of its own, and a server that shows it.
fn made(name: &str, algorithm: &'static rcgen::SignatureAlgorithm) -> Made {
    let key = rcgen::KeyPair::generate_for(algorithm).expect("key");
    let parameters = rcgen::CertificateParams::new(vec![name.to_owned()]).expect("name");
    let certificate = parameters.self_signed(&key).expect("certificate");
    let certificate = certificate.der().clone();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS12])
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("key fits");
    Made {
        certificate,
        config: Arc::new(config),
    }
}

fn record(kind: u8, version: u8, body: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(body.len()).expect("short").to_be_bytes();
    let mut record = vec![kind, 3, version, high, low];
    record.extend_from_slice(body);
    record
}

/// A server's choice of TLS 1.0, however new what the client offered was.
fn hello_of_tls_1_0() -> Vec<u8> {
    let mut hello = vec![3, 1];
    hello.extend_from_slice(&[7; 32]);
    hello.extend_from_slice(&[0, 0, 0x35, 0]);
    let length = u8::try_from(hello.len()).expect("short");
    let mut message = vec![2, 0, 0, length];
    message.extend_from_slice(&hello);
    record(HANDSHAKE, 1, &message)
}

async fn serve(mut stream: TcpStream, level: u8, after: After) {
    read_message(&mut stream).await.expect("greeting");
    let mut answer = greeting();
    answer[0] = 4;
    *encryption(&mut answer).expect("level") = level;
    stream.write_all(&answer).await.expect("answer");
    match after {
        After::Says(records) => {
            read_message(&mut stream).await.expect("client hello");
            stream
                .write_all(&packet(&records, true))
                .await
                .expect("says");
            // Until the client has read it: what is unread at the end resets the connection.
            let rest = stream.read_to_end(&mut Vec::new()).await;
            rest.ok();
        }
        After::Ends => {
            read_message(&mut stream).await.expect("client hello");
        }
        After::Shakes(config) => {
            let acceptor = TlsAcceptor::from(config);
            let Ok(mut tls) = acceptor.accept(Framed::new(stream)).await else {
                return;
            };
            tls.get_mut().0.finish();
            let mut said = [0; 4];
            tls.read_exact(&mut said).await.expect("read");
            tls.write_all(&said).await.expect("echo");
            tls.flush().await.expect("flush");
        }
    }
}

async fn secured(level: u8, after: After, trust: &Trust, name: &str) -> Result<Secured, SqlError> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("port");
    let address = listener.local_addr().expect("address");
    TaskTracker::new().spawn(async move {
        let (stream, _) = listener.accept().await.expect("client");
        serve(stream, level, after).await;
    });
    let stream = TcpStream::connect(address).await.expect("connect");
    secure(stream, trust, name).await
}

async fn refused(level: u8, after: After) -> TlsProblem {
    match secured(level, after, &Trust::Any, "localhost").await {
        Err(SqlError::Tls(problem)) => problem,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_keeps_a_server_from_encrypting_is_told_apart() {
    let alert = |what| After::Says(record(ALERT, 1, &[2, what]));
    let seen = refused(ENCRYPT_NOT_SUPPORTED, After::Ends).await;
    assert_eq!(seen, TlsProblem::NotOffered);
    let seen = refused(ENCRYPT_ON, alert(PROTOCOL_VERSION)).await;
    assert_eq!(seen, TlsProblem::OldVersion);
    let seen = refused(ENCRYPT_ON, After::Says(hello_of_tls_1_0())).await;
    assert_eq!(seen, TlsProblem::OldVersion);
    let seen = refused(ENCRYPT_REQUIRED, alert(HANDSHAKE_FAILURE)).await;
    assert_eq!(seen, TlsProblem::NoCipher);
    let seen = refused(ENCRYPT_ON, After::Ends).await;
    assert_eq!(seen, TlsProblem::Ended);
}

#[tokio::test]
async fn a_pinned_certificate_is_taken_whatever_its_name_and_key() {
    for algorithm in [
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ED25519,
        &rcgen::PKCS_RSA_SHA256,
    ] {
        let made = made("SSL_Self_Signed_Fallback", algorithm);
        let trust = Trust::Fingerprint(Fingerprint::of(&made.certificate));
        let after = After::Shakes(made.config);
        let secured = secured(ENCRYPT_ON, after, &trust, "GP SQL").await;
        let mut secured = secured.expect("encrypted");
        // The driver's greeting is answered here, what follows it by the server.
        secured.write_all(&greeting()).await.expect("greeting");
        let mut answer = vec![0; greeting().len()];
        secured.read_exact(&mut answer).await.expect("answer");
        assert_eq!(
            encryption(&mut answer),
            Some(&mut { ENCRYPT_NOT_SUPPORTED })
        );
        secured.write_all(b"ping").await.expect("write");
        secured.flush().await.expect("flush");
        let mut echo = [0; 4];
        secured.read_exact(&mut echo).await.expect("read");
        assert_eq!(&echo, b"ping");
    }
}

#[tokio::test]
async fn another_certificate_than_the_pinned_one_is_refused() {
    let expected = made("localhost", &rcgen::PKCS_ECDSA_P256_SHA256);
    let shown = made("localhost", &rcgen::PKCS_ECDSA_P256_SHA256);
    let trust = Trust::Fingerprint(Fingerprint::of(&expected.certificate));
    let after = After::Shakes(shown.config);
    match secured(ENCRYPT_ON, after, &trust, "localhost").await {
        Err(SqlError::Tls(TlsProblem::OtherCertificate { certificate })) => {
            assert_eq!(certificate.fingerprint, Fingerprint::of(&shown.certificate));
        }
        other => panic!("{other:?}"),
    }
}

/// Who shows the pinned certificate must hold its key.
#[test]
fn a_copied_certificate_without_its_key_is_refused() {
    let pinned = made("localhost", &rcgen::PKCS_ECDSA_P256_SHA256);
    let thief = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("key");
    let signer = aws_lc_rs::sign::any_ecdsa_type(&PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(
        thief.serialize_der(),
    )));
    let signer = signer.expect("key");
    assert_eq!(signer.algorithm(), SignatureAlgorithm::ECDSA);
    let scheme = rustls::SignatureScheme::ECDSA_NISTP256_SHA256;
    let signature = signer.choose_scheme(&[scheme]).expect("scheme");
    let signature = signature.sign(b"handshake").expect("signature");
    let known = aws_lc_rs::default_provider().signature_verification_algorithms;
    let by = |certificate: &CertificateDer<'_>| {
        judge::key_signed(known, certificate, b"handshake", scheme, &signature)
    };
    assert!(by(&pinned.certificate).is_err());
    let own = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("name");
    let own = own.self_signed(&thief).expect("certificate");
    assert!(by(own.der()).is_ok());
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_described() {
    let known = made("localhost", &rcgen::PKCS_ECDSA_P256_SHA256);
    let shown = made("localhost", &rcgen::PKCS_ECDSA_P256_SHA256);
    let directory = tempfile::tempdir().expect("directory");
    let file = directory.path().join("gp.der");
    std::fs::write(&file, &known.certificate).expect("file");
    let trust = Trust::Authority(Some(file));
    let after = After::Shakes(known.config);
    let taken = secured(ENCRYPT_ON, after, &trust, "localhost").await;
    assert!(taken.is_ok(), "{taken:?}");
    let after = After::Shakes(shown.config);
    match secured(ENCRYPT_ON, after, &trust, "localhost").await {
        Err(SqlError::Tls(problem @ TlsProblem::NotTrusted { .. })) => {
            let text = problem.to_string();
            let print = Fingerprint::of(&shown.certificate).to_string();
            assert!(text.contains(&print), "{text}");
            assert!(problem.repair().contains("gp.fingerprint"));
        }
        other => panic!("{other:?}"),
    }
    let missing = Trust::Authority(Some(directory.path().join("none.pem")));
    match secured(ENCRYPT_ON, After::Ends, &missing, "localhost").await {
        Err(SqlError::Tls(TlsProblem::Authority(why))) => assert!(why.contains("none.pem")),
        other => panic!("{other:?}"),
    }
}
