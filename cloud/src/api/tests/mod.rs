//! The API and the webhooks through the router, on a real database.

mod polling;
mod resources;
mod runs;
mod settings;
mod walls;
mod webhooks;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use connect_core::domain::ids::{EnvironmentId, TenantId};
use connect_core::domain::tenant::Role;
use connect_store::OperatorKey;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::app::{App, Services, web_router};
use crate::clock::SystemClock;
use crate::config::{Config, Layers};
use crate::secrets::{sha256, token::NewSecret};

/// A cloud of its own, with an operator's key.
struct Cloud {
    services: Arc<Services>,
    clock: Arc<SystemClock>,
    router: Router,
    operator: String,
    _folder: tempfile::TempDir,
}

/// A tenant with an environment.
struct Tenant {
    id: TenantId,
    key: String,
    environment: EnvironmentId,
}

/// What came back.
struct Answer {
    status: StatusCode,
    media: String,
    body: Value,
}

impl Cloud {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().display().to_string();
        let text = format!(
            "[web]\nlisten = \"127.0.0.1:0\"\n[tunnel]\nlisten = \"127.0.0.1:0\"\n\
             [admin]\nlisten = \"127.0.0.1:0\"\n\
             [database]\nurl = \"sqlite://{path}/connect.db\"\n\
             [secrets]\nmaster_key_file = \"{path}/master.key\"\n\
             [limits]\nallow_private_networks = true\nwebhook_body_bytes = 65536\n"
        );
        let mut layers = Layers::defaults();
        layers
            .add_file(Path::new("test.toml"), &text)
            .expect("settings");
        let config = Config::from_layers(&layers).expect("settings");
        let clock = Arc::new(SystemClock::default());
        let app = App::build(config, clock.clone()).await.expect("a cloud");
        let services = app.services().clone();
        services.database.migrate().await.expect("a schema");
        let router = web_router(&services);
        let operator = operator_key(&services).await;
        Self {
            services,
            clock,
            router,
            operator,
            _folder: folder,
        }
    }

    async fn call(&self, key: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"));
        let request = if key.is_empty() {
            request
        } else {
            request.header("authorization", format!("Bearer {key}"))
        };
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.body(body).expect("a request")).await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("an answer");
        let status = response.status();
        let media = response
            .headers()
            .get("content-type")
            .and_then(|media| media.to_str().ok());
        let media = media.unwrap_or_default().to_owned();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .expect("a body");
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Answer {
            status,
            media,
            body,
        }
    }

    async fn get(&self, key: &str, path: &str) -> Value {
        self.call(key, Method::GET, path, None)
            .await
            .expect(StatusCode::OK)
    }

    async fn tenant(&self, name: &str) -> Tenant {
        let made = self
            .call(
                &self.operator,
                Method::POST,
                "/tenants",
                Some(json!({"name": name})),
            )
            .await
            .expect(StatusCode::CREATED);
        let key = made["api_key"].as_str().expect("a key").to_owned();
        let environment = self
            .call(
                &key,
                Method::POST,
                "/environments",
                Some(json!({"name": "production"})),
            )
            .await
            .expect(StatusCode::CREATED);
        Tenant {
            id: TenantId(id(&made["id"])),
            key,
            environment: EnvironmentId(id(&environment["id"])),
        }
    }

    /// A key of the tenant with a lower role.
    async fn key(&self, tenant: &Tenant, role: Role) -> String {
        let key_id = connect_core::domain::ids::ApiKeyId(self.services.ids.next());
        let now = self.services.clock.now();
        let (key, text) =
            super::auth::new_key(tenant.id, key_id, "test", role, now).expect("a key");
        self.services
            .database
            .api_keys()
            .insert(&key)
            .await
            .expect("stored");
        text.expose_secret().to_owned()
    }

    async fn store(&self, tenant: &Tenant) -> Value {
        self.call(
            &tenant.key,
            Method::POST,
            "/stores",
            Some(store_body(tenant)),
        )
        .await
        .expect(StatusCode::CREATED)
    }
}

impl Answer {
    /// The body of an answer with the status that must be.
    fn expect(self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// The fields of a problem with that status and code.
    fn problem(self, status: StatusCode, code: &str) -> Vec<String> {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.media, "application/problem+json");
        assert_eq!(self.body["code"], code, "{}", self.body);
        assert_eq!(self.body["status"], status.as_u16());
        let fields = self.body["fields"].as_array().cloned().unwrap_or_default();
        fields
            .iter()
            .map(|field| field["field"].as_str().expect("a name").to_owned())
            .collect()
    }
}

async fn operator_key(services: &Services) -> String {
    let secret = NewSecret::random().expect("a secret");
    let text = secret.text.expose_secret();
    let id = Uuid::from_u128(7);
    let key = OperatorKey {
        id,
        name: "test".into(),
        secret_sha256: sha256(text.as_bytes()),
        created: services.clock.now(),
        revoked: None,
    };
    services
        .database
        .operator_keys()
        .insert(&key)
        .await
        .expect("stored");
    format!("ihco_{}_{text}", id.simple())
}

fn id(value: &Value) -> Uuid {
    value
        .as_str()
        .and_then(|text| Uuid::try_parse(text).ok())
        .expect("an id")
}

fn store_body(tenant: &Tenant) -> Value {
    json!({
        "environment_id": tenant.environment.0,
        "name": "Shop",
        "base_url": "http://127.0.0.1:5000/",
        "flavour": "official",
        "nop_store_id": 0,
        "time_zone": "America/Chicago",
        "currency": "USD",
        "credentials": {"username": "api", "password": "secret words"},
    })
}
