//! Stores and companies as formulas see them.

use connect_core::domain::agent::Company;
use connect_core::domain::store::Store;
use connect_core::engine::{Value, instant};

/// `{id, name, base_url, time_zone, currency, nop_store_id, created}`.
pub(crate) fn store(store: &Store) -> Value {
    texts([
        ("id", store.id.to_string()),
        ("name", store.name.clone()),
        ("base_url", store.base_url.clone()),
        ("time_zone", store.time_zone.clone()),
        ("currency", store.currency.clone()),
        ("nop_store_id", store.nop_store_id.to_string()),
        ("created", instant(store.created)),
    ])
}

/// `{id, database, name}`.
pub(crate) fn company(company: &Company) -> Value {
    texts([
        ("id", company.id.to_string()),
        ("database", company.database.clone()),
        ("name", company.name.clone()),
    ])
}

fn texts<const N: usize>(pairs: [(&str, String); N]) -> Value {
    Value::map(pairs.map(|(name, text)| (name, Value::from(text))))
}
