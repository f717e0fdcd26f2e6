//! The whole product in one directory: sandboxes, cloud, agent, and a tenant set up through the API.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::api::{Api, items, text};
use super::binaries;
use super::database::{self, Choice};
use super::gp::Gp;
use super::process::{Launch, Process, lasting_port};
use super::shop::Shop;
use super::wait::wait_for;

/// The packaged order flow's name.
pub const FLOW: &str = "order_to_sop";
/// The GP company that everything goes to.
pub const COMPANY: &str = "TWO";

/// What to start.
#[derive(Clone, Debug)]
pub struct Options {
    /// The cloud's database.
    pub database: Choice,
    /// The store's API.
    pub flavour: String,
    /// Seed of the order generator.
    pub seed: u64,
    /// Commands the agent works on at once.
    pub parallel: usize,
    /// The profile; the fixture when none.
    pub profile: Option<Value>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            database: Choice::Sqlite,
            flavour: "opensource".into(),
            seed: 1,
            parallel: 8,
            profile: None,
        }
    }
}

/// Ids and keys of the tenant that was set up.
#[derive(Clone, Debug)]
pub struct Tenancy {
    /// The operator's key.
    pub operator_key: String,
    /// The tenant.
    pub tenant_id: String,
    /// Its environment.
    pub environment_id: String,
    /// Its store.
    pub store_id: String,
    /// Its agent.
    pub agent_id: String,
    /// Its company.
    pub company_id: String,
    /// Where the store's webhooks go.
    pub hook_url: String,
    /// What they are signed with.
    pub webhook_secret: String,
}

/// Everything that runs.
#[derive(Debug)]
pub struct World {
    /// Sandbox GP.
    pub gp: Gp,
    /// Sandbox store.
    pub shop: Shop,
    /// The cloud.
    pub cloud: Process,
    /// The agent.
    pub agent: Process,
    /// The tenant owner's API client.
    pub api: Api,
    /// File with the tenant owner's API key, for nobody but this user.
    pub api_key_file: PathBuf,
    /// Who is who.
    pub tenancy: Tenancy,
    /// Address of the tunnel.
    pub tunnel: String,
    /// Address of health and metrics.
    pub admin: String,
    /// What the cloud's database promises, as its live connection says.
    pub durability: Value,
    /// The profile in force.
    pub profile: Value,
    /// How the cloud is started.
    pub cloud_launch: Launch,
    /// How the agent is started.
    pub agent_launch: Launch,
    ready: PathBuf,
    directory: TempDir,
}

impl World {
    /// Starts and sets up everything; at the end the company is ready for work.
    pub async fn start(options: &Options) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("connect-").tempdir()?;
        let path = directory.path();
        let gp = Gp::start(path).await?;
        let shop = Shop::start(path, &options.flavour, options.seed).await?;
        let url = database::fresh(&options.database, path)?;
        let cloud_launch = cloud_launch(path, &url)?;
        let ready = path.join("cloud.ready");
        let operator_key = create_admin(&cloud_launch)?;
        let mut cloud = Process::start(&cloud_launch)?;
        let said = cloud.ready(&ready).await?;
        std::fs::write(path.join("cloud-ca.pem"), text(&said, "ca_pem")?)?;
        let operator = Api::new(&text(&said, "web")?, &operator_key)?;
        let profile = match &options.profile {
            Some(profile) => profile.clone(),
            None => fixture("profile.json")?,
        };
        let setup = Setup {
            operator,
            operator_key,
            tunnel: text(&said, "tunnel")?,
            flavour: &options.flavour,
            path,
        };
        let tenant = setup.tenant(&shop).await?;
        prepare_company(&gp).await?;
        let agent_launch = setup.agent_launch(&gp, options.parallel)?;
        enroll(&agent_launch, &tenant.token)?;
        let agent = Process::start(&agent_launch)?;
        let (api, tenancy) = setup.route(tenant, &profile).await?;
        shop.post(
            "/webhooks",
            &json!({"url": tenancy.hook_url, "secret": tenancy.webhook_secret, "style": "standard"}),
        )
        .await?;
        Ok(Self {
            gp,
            shop,
            cloud,
            agent,
            api_key_file: write_secret(path, "api-key", api.key())?,
            api,
            tenancy,
            tunnel: setup.tunnel.clone(),
            admin: text(&said, "admin")?,
            durability: said["durability"].clone(),
            profile,
            cloud_launch,
            agent_launch,
            ready,
            directory,
        })
    }

    /// Where everything keeps its files and logs.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Starts the cloud again, at the same addresses.
    pub async fn restart_cloud(&mut self, environment: &[(&str, &str)]) -> anyhow::Result<()> {
        std::fs::remove_file(&self.ready).ok();
        self.cloud = Process::start(&with_environment(&self.cloud_launch, environment))?;
        self.cloud.ready(&self.ready).await?;
        Ok(())
    }

    /// Starts the agent again.
    pub fn restart_agent(&mut self, environment: &[(&str, &str)]) -> anyhow::Result<()> {
        self.agent = Process::start(&with_environment(&self.agent_launch, environment))?;
        Ok(())
    }

    /// Waits until the store has told all it had to tell, no run of the tenant is under way and so
    /// many have ended, whichever way. One order may have several: each of its events is a run.
    pub async fn settled(&self, ended: u64, limit: Duration) -> anyhow::Result<Value> {
        wait_for("all runs to settle", limit, || async {
            // Asked first: what the cloud has taken since shows in its status.
            let webhooks = &self.shop.stats().await?["webhooks"];
            ensure!(webhooks["pending"].as_u64() == Some(0), "{webhooks}");
            let status = self.api.get("/status").await?;
            let count = |state: &str| status["runs"][state].as_u64().unwrap_or(0);
            let idle = count("running") + count("waiting") == 0
                && status["lanes_waiting"].as_u64() == Some(0);
            ensure!(
                idle && count("succeeded") + count("dead") >= ended,
                "{status}"
            );
            Ok(Some(status))
        })
        .await
    }

    /// Stops everything; where the files are, if they are to be kept. An unclean end is an error.
    pub async fn end(mut self, keep: bool) -> anyhow::Result<Option<PathBuf>> {
        let ends = [
            ("agent", self.agent.stop().await),
            ("cloud", self.cloud.stop().await),
            ("sandbox store", self.shop.process.stop().await),
            ("sandbox GP", self.gp.process.stop().await),
        ];
        for (name, end) in ends {
            let status = end?;
            ensure!(status.success(), "the {name} ended with {status}");
        }
        Ok(keep.then(|| self.directory.keep()))
    }
}

fn with_environment(launch: &Launch, environment: &[(&str, &str)]) -> Launch {
    let mut launch = launch.clone();
    let more = environment
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()));
    launch.environment.extend(more);
    launch
}

struct Setup<'a> {
    operator: Api,
    operator_key: String,
    tunnel: String,
    flavour: &'a str,
    path: &'a Path,
}

struct Tenant {
    api: Api,
    id: String,
    environment: String,
    store: Value,
    agent: String,
    token: String,
}

impl Setup<'_> {
    async fn tenant(&self, shop: &Shop) -> anyhow::Result<Tenant> {
        let tenant = self
            .operator
            .post("/tenants", &json!({"name": "Fabrikam"}))
            .await?;
        let api = self.operator.with_key(&text(&tenant, "api_key")?);
        let environment = api
            .post("/environments", &json!({"name": "production"}))
            .await?;
        let environment = text(&environment, "id")?;
        let world = fixture("world.json")?;
        let store = json!({
            "environment_id": environment,
            "name": world["store"]["name"],
            "base_url": shop.base_url,
            "flavour": self.flavour,
            "nop_store_id": 0,
            "time_zone": world["store"]["time_zone"],
            "currency": world["store"]["primary_currency"],
            "credentials": {"username": shop.username, "password": shop.password},
        });
        let store = api.post("/stores", &store).await?;
        let agent = json!({"environment_id": environment, "name": "GP server"});
        let agent = api.post("/agents", &agent).await?;
        Ok(Tenant {
            id: text(&tenant, "id")?,
            environment,
            store,
            token: text(&agent, "enrollment_token")?,
            agent: text(&agent, "id")?,
            api,
        })
    }

    async fn route(&self, tenant: Tenant, profile: &Value) -> anyhow::Result<(Api, Tenancy)> {
        let api = tenant.api;
        let company = wait_for("the company's report", Duration::from_mins(1), || async {
            let companies = items(&api.get("/companies").await?);
            let ready = companies
                .iter()
                .find(|c| c["database"] == COMPANY && c["state"] == "ready")
                .cloned();
            if ready.is_none() {
                anyhow::bail!("companies: {companies:?}");
            }
            Ok(ready)
        })
        .await?;
        let body = json!({"environment_id": tenant.environment, "body": profile});
        api.put("/profiles/web", &body).await?;
        let route = json!({
            "environment_id": tenant.environment,
            "store_id": tenant.store["id"],
            "company_id": company["id"],
            "workflow": FLOW,
            "profile": "web",
            "enabled": true,
        });
        api.put("/routes/web", &route).await?;
        let tenancy = Tenancy {
            operator_key: self.operator_key.clone(),
            tenant_id: tenant.id,
            environment_id: tenant.environment,
            store_id: text(&tenant.store, "id")?,
            agent_id: tenant.agent,
            company_id: text(&company, "id")?,
            hook_url: text(&tenant.store, "hook_url")?,
            webhook_secret: text(&tenant.store, "webhook_secret")?,
        };
        Ok((api, tenancy))
    }

    fn agent_launch(&self, gp: &Gp, parallel: usize) -> anyhow::Result<Launch> {
        let path = self.path;
        std::fs::write(path.join("gp.pem"), &gp.certificate_pem)?;
        std::fs::write(path.join("sql-password"), &gp.password)?;
        let config = format!(
            r#"state_dir = "{dir}/agent"
[cloud]
enroll_url = "{tunnel}"
tunnel_url = "{tunnel}"
ca_file = "{dir}/cloud-ca.pem"
[gp]
server = "{server}"
tls = "ca"
ca_file = "{dir}/gp.pem"
auth = "sql"
user = "{user}"
password_file = "{dir}/sql-password"
[[gp.companies]]
database = "{COMPANY}"
parallel = {parallel}
"#,
            dir = path.display(),
            tunnel = self.tunnel,
            server = gp.tds.replace(':', ","),
            user = gp.user,
        );
        let file = path.join("agent.toml");
        std::fs::write(&file, config)?;
        Ok(Launch {
            binary: "connect-agent",
            arguments: vec!["--config".into(), file.display().to_string(), "run".into()],
            environment: Vec::new(),
            log: path.join("agent.log"),
        })
    }
}

fn cloud_launch(path: &Path, database: &str) -> anyhow::Result<Launch> {
    let (web, tunnel, admin) = (lasting_port()?, lasting_port()?, lasting_port()?);
    let config = format!(
        r#"[web]
listen = "127.0.0.1:{web}"
[tunnel]
listen = "127.0.0.1:{tunnel}"
[admin]
listen = "127.0.0.1:{admin}"
[database]
url = "{database}"
[secrets]
master_key_file = "{dir}/master.key"
create_if_missing = true
[limits]
allow_private_networks = true
"#,
        dir = path.display(),
    );
    let file = path.join("cloud.toml");
    std::fs::write(&file, config)?;
    let ready = path.join("cloud.ready").display().to_string();
    Ok(Launch {
        binary: "connect-cloud",
        arguments: [
            "--config",
            &file.display().to_string(),
            "serve",
            "--ready-file",
            &ready,
        ]
        .iter()
        .map(|&a| a.to_owned())
        .collect(),
        environment: Vec::new(),
        log: path.join("cloud.log"),
    }
    .with_parent())
}

/// A file that only this user may read.
fn write_secret(path: &Path, name: &str, secret: &str) -> anyhow::Result<PathBuf> {
    let file = path.join(name);
    let mut open = std::fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&file)
        .with_context(|| format!("cannot write {}", file.display()))?;
    open.write_all(secret.as_bytes())?;
    Ok(file)
}

fn create_admin(launch: &Launch) -> anyhow::Result<String> {
    let output = Command::new(binaries::path(launch.binary)?)
        .args(&launch.arguments[..2])
        .args(["create-admin", "--name", "demo"])
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    said.split_whitespace()
        .find(|word| word.starts_with("ihco_"))
        .map(ToOwned::to_owned)
        .with_context(|| {
            format!(
                "create-admin gave no key: {said} {}",
                String::from_utf8_lossy(&output.stderr)
            )
        })
}

async fn prepare_company(gp: &Gp) -> anyhow::Result<()> {
    let output = Command::new(binaries::path("connect-agent")?)
        .args(["sql", "--install-script"])
        .output()?;
    gp.script(COMPANY, &String::from_utf8(output.stdout)?).await
}

fn enroll(launch: &Launch, token: &str) -> anyhow::Result<()> {
    let output = Command::new(binaries::path(launch.binary)?)
        .args(&launch.arguments[..2])
        .args(["enroll", "--token", token])
        .output()?;
    if !output.status.success() {
        anyhow::bail!(
            "enrolment failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

/// A JSON fixture of the repository.
pub fn fixture(name: &str) -> anyhow::Result<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name);
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(serde_json::from_str(&text)?)
}
