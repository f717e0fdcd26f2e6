//! nopCommerce stores, through either of the two web APIs, behind one client.

pub mod canonical;
mod convert;
mod listing;
mod notes;
mod official;
mod opensource;
mod places;
mod sku;
#[cfg(test)]
mod tests;
mod transport;
mod wire;
mod xml;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use connect_core::domain::failure::{Failure, FailureClass};
use connect_core::domain::ids::StoreId;
use connect_core::domain::store::{Flavour, Store};
use connect_core::domain::time::Micros;

pub use listing::{Cursor, Found, Page, Window};
pub use notes::Noted;

use super::http;
use crate::shops::Credentials;
use transport::{Call, Transport};

/// The clients of all stores, made when first needed and again when a store's settings change.
#[derive(Debug)]
pub struct Clients {
    http: reqwest::Client,
    settings: http::Settings,
    made: Mutex<HashMap<StoreId, (Fingerprint, Arc<Client>)>>,
}

type Fingerprint = (String, Flavour, i64, Vec<u8>);

impl Clients {
    /// Prepares the shared connection pool.
    pub fn new(settings: http::Settings) -> Result<Self, reqwest::Error> {
        Ok(Self {
            http: http::client(&settings)?,
            settings,
            made: Mutex::default(),
        })
    }

    /// The client of a store, unless there is none yet for the settings it has now.
    pub fn find(&self, store: &Store) -> Option<Arc<Client>> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, client) = made.get(&store.id)?;
        (*known == fingerprint(store)).then(|| Arc::clone(client))
    }

    /// Makes the client of a store and keeps it.
    pub fn make(&self, store: &Store, credentials: Credentials) -> Result<Arc<Client>, Failure> {
        let client = Arc::new(self.client(store, credentials)?);
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.insert(store.id, (fingerprint(store), Arc::clone(&client)));
        Ok(client)
    }

    fn client(&self, store: &Store, credentials: Credentials) -> Result<Client, Failure> {
        let base = http::check_base_url(&store.base_url, &self.settings)?;
        let http = self.http.clone();
        let transport = Transport::new(
            http,
            base.as_str(),
            store.flavour,
            credentials,
            &self.settings,
        );
        Ok(Client {
            transport,
            nop_store: store.nop_store_id,
            places: places::Places::default(),
            products: official::Products::default(),
        })
    }
}

fn fingerprint(store: &Store) -> Fingerprint {
    (
        store.base_url.clone(),
        store.flavour,
        store.nop_store_id,
        store.credentials.clone(),
    )
}

/// One store's API.
#[derive(Debug)]
pub struct Client {
    transport: Transport,
    nop_store: i64,
    places: places::Places,
    products: official::Products,
}

/// What a look at a store's set-up found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Version of the API plugin, where the store shows it.
    pub version: Option<String>,
    /// The storefronts of the installation: id, name, address.
    pub storefronts: Vec<(i64, String, String)>,
    /// What should be mended although it works.
    pub warnings: Vec<String>,
}

impl Client {
    /// Reads an order whole, as the canonical JSON.
    pub async fn read_order(&self, id: i64) -> Result<serde_json::Value, Failure> {
        let order = self.order(id).await?;
        serde_json::to_value(&order).map_err(|error| {
            Failure::new(
                FailureClass::Bug,
                "order_not_json",
                format!("Order {id}: {error}"),
            )
        })
    }

    /// Reads an order whole.
    pub async fn order(&self, id: i64) -> Result<canonical::Order, Failure> {
        let read = async {
            match self.transport.flavour {
                Flavour::Official => {
                    Box::pin(official::read_order(
                        &self.transport,
                        &self.places,
                        &self.products,
                        id,
                    ))
                    .await
                }
                Flavour::Opensource => {
                    opensource::read_order(&self.transport, &self.places, id).await
                }
            }
        };
        // The two branches are large futures; one box keeps callers' futures small.
        Box::pin(read).await
    }

    /// Reads the next page of orders for polling.
    pub async fn list_orders(&self, cursor: &Cursor, now: Micros) -> Result<Page, Failure> {
        Box::pin(listing::page(&self.transport, self.nop_store, cursor, now)).await
    }

    /// Whether the store's API has notes at all.
    pub fn has_notes(&self) -> bool {
        match self.transport.flavour {
            Flavour::Official => true,
            Flavour::Opensource => false,
        }
    }

    /// Looks for a note that contains the marker; none where the API has no notes.
    pub async fn find_order_note(&self, order: i64, marker: &str) -> Result<Option<i64>, Failure> {
        match self.transport.flavour {
            Flavour::Official => Box::pin(notes::find(&self.transport, order, marker)).await,
            Flavour::Opensource => Ok(None),
        }
    }

    /// Adds a note for the shop's staff without looking first: repeating it makes another note.
    pub async fn add_order_note(
        &self,
        order: i64,
        text: &str,
        now: Micros,
    ) -> Result<Noted, Failure> {
        Box::pin(notes::add(&self.transport, order, text, now)).await
    }

    /// Adds a note unless one with the marker is there: safe to repeat.
    pub async fn ensure_order_note(
        &self,
        order: i64,
        marker: &str,
        text: &str,
        now: Micros,
    ) -> Result<Noted, Failure> {
        Box::pin(notes::ensure(&self.transport, order, marker, text, now)).await
    }

    /// Logs in and looks around.
    pub async fn check(&self) -> Result<Checked, Failure> {
        Box::pin(check(&self.transport)).await
    }
}

async fn check(transport: &Transport) -> Result<Checked, Failure> {
    transport.login().await?;
    let (call, index) = match transport.flavour {
        Flavour::Official => (
            Call {
                name: "Store/GetAll",
                path: "/api-backend/Store/GetAll",
                query: &[],
            },
            "/api/index.html",
        ),
        Flavour::Opensource => (
            Call {
                name: "stores",
                path: "/api/stores",
                query: &[],
            },
            "/api/swagger/v1/swagger.json",
        ),
    };
    let storefronts: Vec<wire::Storefront> = match transport.flavour {
        Flavour::Official => transport.get(call).await?,
        Flavour::Opensource => transport.get::<wire::Storefronts>(call).await?.stores,
    };
    let mut warnings = Vec::new();
    if transport.answers_strangers(call).await? {
        warnings.push(
            "The store's API answers without a token: switch its developer mode off.".to_owned(),
        );
    }
    let version = transport
        .page("index", index)
        .await
        .and_then(|page| version(&page));
    let named = |text: Option<String>| text.unwrap_or_default();
    let storefronts = storefronts
        .into_iter()
        .map(|shop| (shop.id, named(shop.name), named(shop.url)))
        .collect();
    Ok(Checked {
        version,
        storefronts,
        warnings,
    })
}

/// Finds `backend_v4.70.1` in the official API's index page.
fn version(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("backend_v")?;
    let digits = |c: &char| c.is_ascii_digit() || *c == '.';
    let found: String = rest.chars().take_while(digits).take(20).collect();
    Some(found.trim_end_matches('.').to_owned()).filter(|found| !found.is_empty())
}

fn order_not_found(id: i64) -> Failure {
    Failure::new(
        FailureClass::InvalidData,
        "store_order_not_found",
        format!("The store has no order {id}: order not found."),
    )
}
