//! Sandbox GP, the agent's binary, and the small cloud of the agent's own tests: no other product
//! code between the bench and the executor.

use std::process::Command as Process;

use anyhow::{Context, ensure};
use connect_proto::tunnel::v1::agent_message::Message as FromAgent;
use connect_proto::tunnel::v1::cloud_message::Message as FromCloud;
use connect_proto::tunnel::v1::command::Body;
use connect_proto::tunnel::v1::{Command, CommandResult, CompanyState, ResultAck};
use connect_tests::harness::binaries;
use connect_tests::harness::gp::Gp;
use connect_tests::harness::process::{Launch, Process as Child};
use connect_tests::harness::world::COMPANY;

use crate::small_cloud::{Cloud, Session};

/// Certificates of the small cloud are good for long after this, in milliseconds.
const NOW: i64 = 4_000_000_000_000;
/// Documents the agent works on at once, where nothing else is said.
pub(crate) const PARALLEL: usize = 8;

/// Everything that runs; dropping it ends it.
pub(crate) struct Stage {
    pub(crate) gp: Gp,
    pub(crate) session: Session,
    _cloud: Cloud,
    pub(crate) agent: Child,
    _directory: tempfile::TempDir,
}

impl Stage {
    /// Starts everything; at the end the company is ready for work.
    ///
    /// `parallel` is how many documents the agent works on at once.
    pub(crate) async fn set(parallel: usize) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let path = directory.path();
        let gp = Gp::start(path).await?;
        let agent = binaries::path("connect-agent")?;
        let script = Process::new(&agent)
            .args(["sql", "--install-script"])
            .output()?;
        gp.script(COMPANY, &String::from_utf8(script.stdout)?)
            .await?;
        let mut cloud = Cloud::start(NOW, 3_600_000).await;
        std::fs::write(path.join("gp.pem"), &gp.certificate_pem)?;
        std::fs::write(path.join("password"), &gp.password)?;
        let section = format!(
            "[gp]\nserver = '{}'\nca_file = '{dir}/gp.pem'\nuser = '{}'\n\
             password_file = '{dir}/password'\n[[gp.companies]]\ndatabase = '{COMPANY}'\n\
             parallel = {parallel}\n",
            gp.tds.replace(':', ","),
            gp.user,
            dir = path.display(),
        );
        let config = path.join("agent.toml");
        std::fs::write(&config, cloud.config(path, &section))?;
        let config = config.display().to_string();
        let enrolled = Process::new(&agent)
            .args(["--config", &config, "enroll", "--token", "good"])
            .output()?;
        let said = String::from_utf8_lossy(&enrolled.stderr);
        ensure!(enrolled.status.success(), "enrolment failed: {said}");
        let agent = Child::start(&Launch {
            binary: "connect-agent",
            arguments: vec!["--config".into(), config, "run".into()],
            environment: Vec::new(),
            log: path.join("agent.log"),
        })?;
        let mut session = cloud.session().await;
        let hello = session
            .next(|message| {
                if let FromAgent::Hello(hello) = message {
                    Some(hello)
                } else {
                    None
                }
            })
            .await;
        let company = hello.companies.first().context("no company")?;
        ensure!(company.state() == CompanyState::Ready, "{}", company.detail);
        Ok(Self {
            gp,
            session,
            _cloud: cloud,
            agent,
            _directory: directory,
        })
    }

    /// Sends a command to the agent.
    pub(crate) async fn send(&self, id: String, body: Body) {
        let command = Command {
            lane: id.clone(),
            command_id: id,
            company: COMPANY.to_owned(),
            timeout_ms: 60_000,
            body: Some(body),
            ..Command::default()
        };
        self.session.send(FromCloud::Command(command)).await;
    }

    /// The next result, acknowledged.
    pub(crate) async fn result(&mut self) -> CommandResult {
        let result = self
            .session
            .next(|message| {
                if let FromAgent::Result(result) = message {
                    Some(result)
                } else {
                    None
                }
            })
            .await;
        let command_id = result.command_id.clone();
        let acknowledged = FromCloud::ResultAck(ResultAck { command_id });
        self.session.send(acknowledged).await;
        result
    }
}
