//! The sandbox store as a process, with its control.

use std::path::Path;

use serde_json::{Value, json};

use super::api::{items, text};
use super::gp::answer;
use super::process::{Launch, Process};

/// A running sandbox store.
#[derive(Debug)]
pub struct Shop {
    /// The process.
    pub process: Process,
    /// Root of the storefront.
    pub base_url: String,
    /// Root of the control API.
    pub control: String,
    /// The API's user.
    pub username: String,
    /// Its password.
    pub password: String,
    http: reqwest::Client,
}

impl Shop {
    /// Starts it in the directory.
    pub async fn start(directory: &Path, flavour: &str, seed: u64) -> anyhow::Result<Self> {
        let ready = directory.join("store.ready");
        let mut arguments: Vec<String> = ["store", "--flavour", flavour, "--seed"]
            .iter()
            .map(|&a| a.to_owned())
            .collect();
        arguments.extend([
            seed.to_string(),
            "--ready-file".into(),
            ready.display().to_string(),
        ]);
        let launch = Launch {
            binary: "connect-sandbox",
            arguments,
            environment: Vec::new(),
            log: directory.join("store.log"),
        };
        let mut process = Process::start(&launch.with_parent())?;
        let said = process.ready(&ready).await?;
        Ok(Self {
            process,
            base_url: text(&said, "base_url")?,
            control: text(&said, "control")?,
            username: text(&said, "username")?,
            password: text(&said, "password")?,
            http: reqwest::Client::new(),
        })
    }

    /// Has shoppers place so many orders.
    pub async fn place(&self, count: usize, kind: &str) -> anyhow::Result<Vec<Value>> {
        let placed = self
            .post("/orders", &json!({"count": count, "kind": kind}))
            .await?;
        Ok(items(&placed["orders"]))
    }

    /// One order as the store holds it.
    pub async fn order(&self, id: &str) -> anyhow::Result<Value> {
        answer(self.http.get(format!("{}/orders/{id}", self.control))).await
    }

    /// All orders as the store holds them.
    pub async fn orders(&self) -> anyhow::Result<Value> {
        answer(self.http.get(format!("{}/orders", self.control))).await
    }

    /// Calls by path, CPU.
    pub async fn stats(&self) -> anyhow::Result<Value> {
        answer(self.http.get(format!("{}/stats", self.control))).await
    }

    /// A control call with a body.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        answer(self.http.post(format!("{}{path}", self.control)).json(body)).await
    }
}
