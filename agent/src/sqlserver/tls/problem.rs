//! What can be wrong with the encryption between the agent and SQL Server, each with its repair.

use std::fmt;

use thiserror::Error;

use super::fingerprint::Fingerprint;

/// Why a connection could not be encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TlsProblem {
    #[error("SQL Server does not offer encryption")]
    NotOffered,
    #[error("SQL Server speaks a version of TLS older than 1.2 only")]
    OldVersion,
    #[error("SQL Server has no cipher suite in common with the agent")]
    NoCipher,
    #[error(
        "SQL Server ended the connection within the TLS handshake, as it does when it shares no \
         TLS version or cipher suite with the agent"
    )]
    Ended,
    #[error("the certificate of SQL Server is not trusted: {why} ({certificate})")]
    NotTrusted { why: String, certificate: Seen },
    #[error("SQL Server shows another certificate than the one of gp.fingerprint ({certificate})")]
    OtherCertificate { certificate: Seen },
    #[error("gp.ca_file: {0}")]
    Authority(String),
    #[error("{0}")]
    Other(String),
}

/// A certificate as an admin recognises it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub subject: String,
    pub issuer: String,
    pub fingerprint: Fingerprint,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (subject, issuer) = (&self.subject, &self.issuer);
        let fingerprint = self.fingerprint;
        write!(
            f,
            "issued to {subject} by {issuer}, SHA-256 fingerprint {fingerprint}"
        )
    }
}

const UPDATE: &str = "Update SQL Server to a build that speaks TLS 1.2 (2012 SP4, 2014 SP3 or any \
                      later version) and let Windows offer TLS 1.2 for servers.";

impl TlsProblem {
    /// Stable name of the failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotOffered => "sql_tls_not_offered",
            Self::OldVersion => "sql_tls_too_old",
            Self::NoCipher => "sql_tls_no_cipher",
            Self::Ended => "sql_tls_ended",
            Self::NotTrusted { .. } => "sql_certificate_not_trusted",
            Self::OtherCertificate { .. } => "sql_certificate_changed",
            Self::Authority(_) | Self::Other(_) => "sql_tls_failed",
        }
    }

    /// What the server's admin can do.
    pub fn repair(&self) -> &'static str {
        match self {
            Self::NotOffered => {
                "Let SQL Server offer encryption (SQL Server Configuration Manager, Protocols); \
                 the agent sends nothing unencrypted."
            }
            Self::OldVersion => UPDATE,
            Self::NoCipher => {
                "Let Windows on SQL Server's machine offer one of the suites \
                 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 or TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 \
                 (with ECDSA for a certificate with such a key)."
            }
            Self::Ended => {
                "See the System event log of SQL Server's machine (source Schannel). Mostly TLS \
                 1.2 is off there or needs an update of SQL Server, or no ECDHE AES-GCM cipher \
                 suite is on."
            }
            Self::NotTrusted { .. } => {
                "Point gp.ca_file to the authority of SQL Server's certificate, or set \
                 gp.certificate_name to the name in it. For a certificate that SQL Server made \
                 itself, compare the fingerprint with the one on the server and set gp.fingerprint \
                 to it, without gp.ca_file."
            }
            Self::OtherCertificate { .. } => {
                "If SQL Server was given a new certificate (one that it makes itself changes with \
                 each start), compare the fingerprint with the one on the server and set \
                 gp.fingerprint to it. If not, somebody may stand between the agent and SQL Server."
            }
            Self::Authority(_) => {
                "Name a file that the agent's account can read, with a certificate in PEM or DER."
            }
            Self::Other(_) => "See the agent's log and SQL Server's error log.",
        }
    }
}
