//! Examines everything the agent depends on and says what to do about what is wrong.

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::Config;
use crate::secrets::SecretStore;
use crate::sqlserver::{self, Finding, Gp};
use crate::state::StateDir;
use crate::tunnel::{self, EnrolError};

/// What the agent's own files may need in a while.
const ROOM: usize = 16 << 20;
const CLOCK_TOLERANCE_MS: i64 = 60_000;
const CLOUD_REPAIR: &str = "Check cloud.tunnel_url, cloud.proxy and the firewall: the agent needs an \
     outgoing HTTPS connection to that address.";

/// The doctor with everything it looks at.
#[derive(Debug)]
pub struct Doctor {
    pub config: Config,
    pub state: StateDir,
    pub secrets: Arc<dyn SecretStore>,
    /// Why the GP side cannot be set up, when it cannot.
    pub gp: Result<Arc<Gp>, String>,
    pub clock: Clock,
}

fn no_gp(problem: &str) -> Finding {
    Finding::failed(
        "GP settings",
        problem,
        "Correct the [gp] section, or store the password with `enroll --sql-password-file`.",
    )
}

impl Doctor {
    /// Runs every check; none stops the others.
    pub async fn examine(&self) -> Vec<Finding> {
        let mut findings = vec![self.state_directory(), self.certificate()];
        findings.push(name_resolution("cloud name", &self.config.cloud.tunnel_url).await);
        findings.push(self.cloud().await);
        findings.push(self.cloud_clock().await);
        match &self.gp {
            Ok(gp) => {
                for company in gp.companies() {
                    let now = self.clock.now_unix_ms();
                    findings.extend(sqlserver::examine(company, now).await);
                }
            }
            Err(problem) => findings.push(no_gp(problem)),
        }
        findings
    }

    /// Only has each company's server compile what the agent can send; nothing is run or written.
    pub async fn verify_sql(&self) -> Vec<Finding> {
        let gp = match &self.gp {
            Ok(gp) => gp,
            Err(problem) => return vec![no_gp(problem)],
        };
        let mut findings = Vec::new();
        for company in gp.companies() {
            findings.push(sqlserver::verify_sql(company).await);
        }
        findings
    }

    fn state_directory(&self) -> Finding {
        let name = "state directory";
        let path = self.config.state_dir.display();
        match self.state.prove_room(ROOM) {
            Ok(()) => Finding::passed(name, format!("{path} takes another {} MiB", ROOM >> 20)),
            Err(error) => Finding::failed(
                name,
                format!("{path}: {error}"),
                "Give the service's account the right to write there, and make room on the disk: \
                 without its high marks the agent cannot tell a restored database.",
            ),
        }
    }

    /// Certificates live a day, so a clock that is off keeps the agent out.
    async fn cloud_clock(&self) -> Finding {
        let name = "clock";
        let repair = "Set this machine to a time source (Windows: w32tm /resync).";
        match tunnel::cloud_time(&self.config.cloud).await {
            Ok(Some(cloud_unix_ms)) => {
                let ahead = self.clock.now_unix_ms() - cloud_unix_ms;
                let detail = format!("this machine's clock is {ahead} ms ahead of the cloud's");
                if ahead.abs() <= CLOCK_TOLERANCE_MS {
                    Finding::passed(name, detail)
                } else {
                    Finding::failed(name, detail, repair)
                }
            }
            Ok(None) => Finding::passed(name, "the cloud does not tell its time"),
            Err(error) => Finding::failed(name, chain(error), CLOUD_REPAIR),
        }
    }

    fn certificate(&self) -> Finding {
        let name = "certificate";
        let enrol = "Run `connect-agent enroll --token ...` with a token from the console.";
        match self.state.certificate() {
            Err(error) => Finding::failed(name, error.to_string(), enrol),
            Ok(None) => Finding::failed(name, "the agent is not enrolled", enrol),
            Ok(Some(certificate)) => {
                let left = certificate.not_after_unix_ms - self.clock.now_unix_ms();
                let hours = left / 3_600_000;
                if left > 0 {
                    return Finding::passed(name, format!("valid for {hours} more hours"));
                }
                let detail = format!("it expired {} hours ago", -hours);
                let repair = "Start the agent: it renews by itself up to 90 days after expiry. After \
                              that, enrol it again.";
                Finding::failed(name, detail, repair)
            }
        }
    }

    async fn cloud(&self) -> Finding {
        let name = "cloud connection";
        let reached = tunnel::reach(&self.config.cloud, self.secrets.as_ref(), &self.state).await;
        match reached {
            Ok(()) => Finding::passed(name, "TLS and certificate are accepted"),
            Err(error @ (EnrolError::CaFile { .. } | EnrolError::Proxy)) => {
                let repair = "Correct cloud.ca_file or cloud.proxy.";
                Finding::failed(name, chain(error), repair)
            }
            Err(error) => Finding::failed(name, chain(error), CLOUD_REPAIR),
        }
    }
}

/// Looks up the host of a URL.
async fn name_resolution(name: &str, url: &str) -> Finding {
    let Ok(uri) = url.parse::<http::Uri>() else {
        return Finding::failed(
            name,
            "the address is not a URL",
            "Correct cloud.tunnel_url.",
        );
    };
    let host = uri
        .host()
        .unwrap_or_default()
        .trim_matches(['[', ']'])
        .to_owned();
    let port = uri.port_u16().unwrap_or(443);
    match tokio::net::lookup_host((host.as_str(), port)).await {
        Ok(mut addresses) => match addresses.next() {
            Some(address) => Finding::passed(name, format!("{host} is {}", address.ip())),
            None => Finding::failed(
                name,
                format!("{host} has no address"),
                "Check the DNS server.",
            ),
        },
        Err(error) => Finding::failed(
            name,
            format!("{host}: {error}"),
            "Check the name and the DNS server.",
        ),
    }
}

fn chain(error: EnrolError) -> String {
    format!("{:#}", anyhow::Error::from(error))
}
