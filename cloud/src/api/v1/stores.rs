//! Stores: where they are, how they are called, how they call us.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use connect_core::domain::event::{Event, Source};
use connect_core::domain::ids::{EnvironmentId, EventId, StoreId};
use connect_core::domain::lane::LaneKey;
use connect_core::domain::store::{Flavour, Store};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::addresses;
use crate::api::auth::{Caller, Operator, Owner, Viewer};
use crate::api::form::Form;
use crate::api::page::Page;
use crate::api::problem::Problem;
use crate::api::view::{instant, word};
use crate::api::{Shared, id_of};
use crate::error::Error;
use crate::shops::{self, Column, Credentials, Password, StoreSealer, WebhookSecrets};

const FLAVOURS: [(&str, Flavour); 2] = [
    ("official", Flavour::Official),
    ("opensource", Flavour::Opensource),
];

/// A storefront.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoreView {
    /// Its id.
    id: Uuid,
    /// Its environment.
    environment_id: Uuid,
    /// What people call it.
    name: String,
    /// Root of the storefront.
    base_url: String,
    /// `official` or `opensource`.
    flavour: String,
    /// nop's own `StoreId`; 0 takes all.
    nop_store_id: i64,
    /// The installation's fingerprint, once known.
    installation_id: Option<String>,
    /// IANA name.
    time_zone: String,
    /// ISO code of the primary store currency.
    currency: String,
    /// Where the store sends its webhooks.
    hook_url: String,
    /// Whether a person holds the store's work.
    paused: bool,
    /// Orders placed before are never imported on their own.
    created_at: String,
    /// What the store signs its webhooks with; shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_secret: Option<String>,
}

/// What it takes to add a store.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; a form reads it")]
pub(crate) struct NewStore {
    /// The environment it goes to.
    environment_id: Uuid,
    /// What people call it.
    name: String,
    /// Root of the storefront: `https://shop.example`.
    base_url: String,
    /// `official` or `opensource`.
    flavour: String,
    /// nop's own `StoreId`; 0 takes all.
    nop_store_id: Option<i64>,
    /// The installation's fingerprint; learnt from the first signed webhook when not given.
    installation_id: Option<String>,
    /// IANA name: `America/Chicago`.
    time_zone: String,
    /// ISO code of the primary store currency.
    currency: String,
    /// The API user.
    credentials: NewCredentials,
}

/// What the API user logs in with.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; a form reads it")]
pub(crate) struct NewCredentials {
    /// Login name.
    username: String,
    /// Where it differs from the login name.
    email: Option<String>,
    /// Password.
    password: String,
}

/// What may be changed; what is not given stays.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; a form reads it")]
pub(crate) struct StoreChange {
    name: Option<String>,
    base_url: Option<String>,
    nop_store_id: Option<i64>,
    installation_id: Option<String>,
    time_zone: Option<String>,
    currency: Option<String>,
    credentials: Option<NewCredentials>,
    /// Holds the store's work, or lets it go on.
    paused: Option<bool>,
}

/// A new webhook secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SecretView {
    /// Shown once.
    webhook_secret: String,
    /// The secrets before it are good until then.
    older_until: String,
}

/// An event that was stored.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoredEvent {
    /// Its id.
    event_id: Uuid,
}

/// Adds a store.
#[utoipa::path(
    post, path = "/stores", tag = "stores", request_body = NewStore,
    responses((status = 201, body = StoreView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    Owner(caller): Owner,
    mut form: Form,
) -> Result<(StatusCode, Json<StoreView>), Error> {
    let environment = EnvironmentId(form.id("environment_id"));
    let flavour = form.choice("flavour", &FLAVOURS);
    let fields = Fields::read(&mut form, &shared);
    for (field, given) in fields.required() {
        if !given {
            form.missing(field);
        }
    }
    form.finish()?;
    shared.environment(&caller, environment).await?;
    let services = &shared.services;
    let id = StoreId(services.ids.next());
    let (secret, secrets) = WebhookSecrets::first()?;
    let now = services.clock.now();
    let sealer = StoreSealer::of(services, caller.tenant).await?;
    let mut store = Store {
        tenant: caller.tenant,
        id,
        environment,
        name: String::new(),
        hook_key: shops::hook_key(caller.tenant, id),
        base_url: String::new(),
        effect_scope: String::new(),
        flavour,
        nop_store_id: 0,
        installation: None,
        time_zone: String::new(),
        currency: String::new(),
        credentials: Vec::new(),
        webhook_secrets: sealer.seal(id, Column::WebhookSecrets, &secrets)?,
        created: now,
        paused: false,
    };
    if let Some(credentials) = &fields.credentials {
        store.credentials = sealer.seal(id, Column::Credentials, credentials)?;
    }
    fields.apply(&mut store);
    store.effect_scope = shops::effect_scope(&store.base_url);
    // A cursor without a store does no harm; a store without one would never be looked through.
    shops::poll_soon(services, caller.tenant, id).await?;
    let database = shared.audited(&caller, "store.create", &id.to_string());
    database.stores().insert(&store).await?;
    let mut view = view(&shared, store);
    view.webhook_secret = Some(secret);
    Ok((StatusCode::CREATED, Json(view)))
}

/// Lists the stores.
#[utoipa::path(
    get, path = "/stores", tag = "stores",
    responses((status = 200, body = Page<StoreView>), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
) -> Result<Json<Page<StoreView>>, Error> {
    let stores = shared
        .services
        .database
        .stores()
        .list(caller.tenant)
        .await?;
    Ok(Json(Page::whole(
        stores
            .into_iter()
            .map(|store| view(&shared, store))
            .collect(),
    )))
}

/// Shows a store.
#[utoipa::path(
    get, path = "/stores/{id}", tag = "stores", params(("id" = Uuid, Path)),
    responses((status = 200, body = StoreView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Path(id): Path<String>,
) -> Result<Json<StoreView>, Error> {
    let store = find(&shared, &caller, &id).await?;
    Ok(Json(view(&shared, store)))
}

/// Changes a store.
#[utoipa::path(
    patch, path = "/stores/{id}", tag = "stores", params(("id" = Uuid, Path)),
    request_body = StoreChange,
    responses((status = 200, body = StoreView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn change(
    State(shared): State<Arc<Shared>>,
    Owner(caller): Owner,
    Path(id): Path<String>,
    mut form: Form,
) -> Result<Json<StoreView>, Error> {
    let mut store = find(&shared, &caller, &id).await?;
    let fields = Fields::read(&mut form, &shared);
    let paused = form.optional_flag("paused");
    form.finish()?;
    if let Some(credentials) = &fields.credentials {
        let sealer = StoreSealer::of(&shared.services, caller.tenant).await?;
        store.credentials = sealer.seal(store.id, Column::Credentials, credentials)?;
    }
    fields.apply(&mut store);
    store.paused = paused.unwrap_or(store.paused);
    let now = shared.services.clock.now();
    shared
        .audited(&caller, "store.change", &id)
        .stores()
        .update(&store, now)
        .await?;
    shared.services.hooks.forget();
    Ok(Json(view(&shared, store)))
}

/// Removes a store: its webhooks are refused and it is polled no more.
#[utoipa::path(
    delete, path = "/stores/{id}", tag = "stores", params(("id" = Uuid, Path)),
    responses((status = 204), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn remove(
    State(shared): State<Arc<Shared>>,
    Owner(caller): Owner,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    let store = find(&shared, &caller, &id).await?;
    let database = shared.audited(&caller, "store.delete", &id);
    database.stores().delete(caller.tenant, store.id).await?;
    shared.services.hooks.forget();
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a new webhook secret; the ones before stay good for a day.
#[utoipa::path(
    post, path = "/stores/{id}/rotate-secret", tag = "stores", params(("id" = Uuid, Path)),
    responses((status = 200, body = SecretView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn rotate_secret(
    State(shared): State<Arc<Shared>>,
    Owner(caller): Owner,
    Path(id): Path<String>,
) -> Result<Json<SecretView>, Error> {
    let mut store = find(&shared, &caller, &id).await?;
    let services = &shared.services;
    let now = services.clock.now();
    let sealer = StoreSealer::of(services, caller.tenant).await?;
    let mut secrets: WebhookSecrets =
        sealer.open(store.id, Column::WebhookSecrets, &store.webhook_secrets)?;
    let secret = secrets.rotate(now)?;
    store.webhook_secrets = sealer.seal(store.id, Column::WebhookSecrets, &secrets)?;
    shared
        .audited(&caller, "store.rotate_secret", &id)
        .stores()
        .update(&store, now)
        .await?;
    services.hooks.forget();
    let older_until = instant(now.plus_seconds(shops::OLDER_SECRETS_SECONDS));
    Ok(Json(SecretView {
        webhook_secret: secret,
        older_until,
    }))
}

/// Imports one order by hand, also one from before the go-live point.
#[utoipa::path(
    post, path = "/stores/{id}/orders/{order_id}/import", tag = "stores",
    params(("id" = Uuid, Path), ("order_id" = i64, Path)),
    responses((status = 202, body = StoredEvent), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn import_order(
    State(shared): State<Arc<Shared>>,
    Operator(caller): Operator,
    Path((id, order_id)): Path<(String, String)>,
) -> Result<(StatusCode, Json<StoredEvent>), Error> {
    let store = find(&shared, &caller, &id).await?;
    let order: i64 = order_id
        .parse()
        .ok()
        .filter(|order| *order > 0)
        .ok_or_else(|| {
            Error::invalid("invalid_fields", "some parameters are not valid")
                .with_field("order_id", "must be nopCommerce's order id")
        })?;
    let services = &shared.services;
    let now = services.clock.now();
    let event_id = EventId(services.ids.next());
    let artifacts = services.database.artifacts();
    let revision = artifacts.current(caller.tenant, store.environment).await?;
    let event = Event {
        tenant: caller.tenant,
        id: event_id,
        environment: store.environment,
        store: store.id,
        source: Source::Manual,
        delivery: format!("manual:order.placed:{order}:{event_id}"),
        topic: "order.placed".into(),
        entity: "order".into(),
        entity_id: order.to_string(),
        occurred: now,
        received: now,
        revision: revision.unwrap_or(0),
    };
    let lane = LaneKey {
        tenant: caller.tenant,
        group: store.id.0,
        key: format!("order:{order}"),
    };
    let database = shared.audited(&caller, "order.import", &format!("{id}/order:{order}"));
    database.events().insert(&event, &lane).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(StoredEvent {
            event_id: event_id.0,
        }),
    ))
}

/// Looks through the store's orders as soon as a worker is free.
#[utoipa::path(
    post, path = "/stores/{id}/poll", tag = "stores", params(("id" = Uuid, Path)),
    responses((status = 202), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn poll(
    State(shared): State<Arc<Shared>>,
    Operator(caller): Operator,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<serde_json::Value>), Error> {
    let store = find(&shared, &caller, &id).await?;
    shops::poll_soon(&shared.services, store.tenant, store.id).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({}))))
}

/// Fields a store is made or changed with.
struct Fields {
    name: Option<String>,
    base_url: Option<String>,
    nop_store_id: Option<i64>,
    installation: Option<String>,
    time_zone: Option<String>,
    currency: Option<String>,
    credentials: Option<Credentials>,
}

impl Fields {
    fn read(form: &mut Form, shared: &Shared) -> Self {
        let base_url = form.optional_text("base_url", 500);
        let base_url = base_url.and_then(|url| {
            let private = shared.services.config.limits.allow_private_networks;
            addresses::check(&url, private)
                .map_err(|why| form.refuse("base_url", &why))
                .ok()?;
            Some(url.trim_end_matches('/').to_owned())
        });
        let time_zone = form.optional_text("time_zone", 60);
        if let Some(zone) = &time_zone
            && jiff::tz::TimeZone::get(zone).is_err()
        {
            form.refuse(
                "time_zone",
                "must be an IANA time zone like America/Chicago",
            );
        }
        let currency = form.optional_text("currency", 3);
        if let Some(code) = &currency
            && (code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()))
        {
            form.refuse("currency", "must be an ISO code like USD");
        }
        Self {
            name: form.optional_text("name", 100),
            base_url,
            nop_store_id: form.optional_count("nop_store_id"),
            installation: form.optional_text("installation_id", 100),
            time_zone,
            currency,
            credentials: credentials(form),
        }
    }

    fn required(&self) -> [(&'static str, bool); 5] {
        [
            ("name", self.name.is_some()),
            ("base_url", self.base_url.is_some()),
            ("time_zone", self.time_zone.is_some()),
            ("currency", self.currency.is_some()),
            ("credentials", self.credentials.is_some()),
        ]
    }

    fn apply(self, store: &mut Store) {
        fn set<T>(place: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *place = value;
            }
        }
        set(&mut store.name, self.name);
        set(&mut store.base_url, self.base_url);
        set(&mut store.nop_store_id, self.nop_store_id);
        set(&mut store.time_zone, self.time_zone);
        set(&mut store.currency, self.currency);
        if self.installation.is_some() {
            store.installation = self.installation;
        }
    }
}

fn credentials(form: &mut Form) -> Option<Credentials> {
    let mut inner = form.optional_object("credentials")?;
    let username = inner.text("username", 200);
    let email = inner.optional_text("email", 200);
    let password = Password::new(inner.text("password", 200));
    form.close(inner);
    Some(Credentials {
        username,
        email,
        password,
    })
}

async fn find(shared: &Shared, caller: &Caller, id: &str) -> Result<Store, Error> {
    let missing = || Error::not_found("store");
    let id = StoreId(id_of(id, "store")?);
    shared
        .services
        .database
        .stores()
        .find(caller.tenant, id)
        .await?
        .ok_or_else(missing)
}

fn view(shared: &Shared, store: Store) -> StoreView {
    StoreView {
        id: store.id.0,
        environment_id: store.environment.0,
        name: store.name,
        base_url: store.base_url,
        flavour: word(store.flavour),
        nop_store_id: store.nop_store_id,
        installation_id: store.installation,
        time_zone: store.time_zone,
        currency: store.currency,
        hook_url: format!("{}/hooks/{}", shared.services.urls.web, store.hook_key),
        paused: store.paused,
        created_at: instant(store.created),
        webhook_secret: None,
    }
}
