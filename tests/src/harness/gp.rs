//! The sandbox GP as a process, with its control.

use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::api::text;
use super::process::{Launch, Process};

/// A running sandbox GP.
#[derive(Debug)]
pub struct Gp {
    /// The process.
    pub process: Process,
    /// `HOST:PORT` of the TDS listener.
    pub tds: String,
    /// Root of the control API.
    pub control: String,
    /// The server's certificate.
    pub certificate_pem: String,
    /// Login for the agent.
    pub user: String,
    /// Its password.
    pub password: String,
    http: reqwest::Client,
}

impl Gp {
    /// Starts it in the directory.
    pub async fn start(directory: &Path) -> anyhow::Result<Self> {
        let ready = directory.join("gp.ready");
        let launch = Launch {
            binary: "connect-sandbox",
            arguments: vec![
                "gp".into(),
                "--ready-file".into(),
                ready.display().to_string(),
            ],
            environment: Vec::new(),
            log: directory.join("gp.log"),
        };
        let mut process = Process::start(&launch.with_parent())?;
        let said = process.ready(&ready).await?;
        Ok(Self {
            process,
            tds: text(&said, "tds")?,
            control: text(&said, "control")?,
            certificate_pem: text(&said, "certificate_pem")?,
            user: text(&said, "sql_user")?,
            password: text(&said, "sql_password")?,
            http: reqwest::Client::new(),
        })
    }

    /// All committed rows of a table.
    pub async fn table(&self, database: &str, table: &str) -> anyhow::Result<Vec<Value>> {
        let value = self.get(&format!("/tables/{database}/{table}")).await?;
        Ok(super::api::items(if value["rows"].is_array() {
            &value["rows"]
        } else {
            &value
        }))
    }

    /// What was called how often.
    pub async fn stats(&self) -> anyhow::Result<Value> {
        self.get("/stats").await
    }

    /// Adds a fault.
    pub async fn fault(&self, fault: &Value) -> anyhow::Result<()> {
        self.post("/faults", fault).await.map(drop)
    }

    /// Takes all faults away.
    pub async fn clear_faults(&self) -> anyhow::Result<()> {
        let answer = self
            .http
            .delete(format!("{}/faults", self.control))
            .send()
            .await?;
        answer.error_for_status()?;
        Ok(())
    }

    /// Runs one statement as the server's owner.
    pub async fn sql(&self, database: &str, sql: &str) -> anyhow::Result<Value> {
        self.post("/sql", &json!({"db": database, "sql": sql}))
            .await
    }

    /// Runs a script, batch by batch as separated by GO.
    pub async fn script(&self, database: &str, script: &str) -> anyhow::Result<()> {
        let mut batch = String::new();
        for line in script.lines().chain(["GO"]) {
            if line.trim().eq_ignore_ascii_case("GO") {
                if !batch.trim().is_empty() {
                    self.sql(database, &batch)
                        .await
                        .with_context(|| batch.clone())?;
                }
                batch.clear();
            } else {
                batch.push_str(line);
                batch.push('\n');
            }
        }
        Ok(())
    }

    /// A control call with a body.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        answer(self.http.post(format!("{}{path}", self.control)).json(body)).await
    }

    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        answer(self.http.get(format!("{}{path}", self.control))).await
    }
}

/// Sends a request to a sandbox's control and takes its JSON.
pub async fn answer(request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
    let answer = request.send().await?;
    let (status, body) = (answer.status(), answer.text().await?);
    if !status.is_success() {
        bail!("{status} {body}");
    }
    Ok(if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&body)?
    })
}
