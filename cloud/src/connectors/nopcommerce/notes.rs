//! Notes on store orders, where the API has them.

use connect_core::domain::failure::{Failure, FailureClass};
use connect_core::domain::store::Flavour;
use connect_core::domain::time::Micros;
use serde_json::json;

use super::convert::unreadable;
use super::transport::{Call, Transport};
use super::wire;

/// What became of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// It stands on the order now.
    Added,
    /// It stood there already.
    AlreadyThere,
    /// The store's API has no notes.
    Unsupported,
}

/// Looks for a note that contains the marker; the id of the first.
pub(super) async fn find(
    transport: &Transport,
    order: i64,
    marker: &str,
) -> Result<Option<i64>, Failure> {
    let path = format!("/api-backend/OrderNote/GetOrderNotesByOrderId/{order}");
    let call = Call {
        name: "OrderNote/GetOrderNotesByOrderId",
        path: &path,
        query: &[],
    };
    let notes: Vec<wire::OrderNote> = transport.get(call).await?;
    let found = notes.into_iter().find(|note| {
        note.note
            .as_deref()
            .is_some_and(|text| text.contains(marker))
    });
    Ok(found.map(|note| note.id))
}

/// Adds a note for the shop's staff, without looking first.
pub(super) async fn add(
    transport: &Transport,
    order: i64,
    text: &str,
    now: Micros,
) -> Result<Noted, Failure> {
    match transport.flavour {
        Flavour::Opensource => return Ok(Noted::Unsupported),
        Flavour::Official => {}
    }
    let created = jiff::Timestamp::from_microsecond(now.0)
        .map_err(|_| unreadable("now", "a time out of range"))?;
    let body = json!({
        "order_id": order,
        "note": text,
        "download_id": 0,
        "display_to_customer": false,
        "created_on_utc": created.to_string(),
    });
    let path = "/api-backend/OrderNote/Create";
    transport
        .post(
            Call {
                name: "OrderNote/Create",
                path,
                query: &[],
            },
            &body,
        )
        .await?;
    Ok(Noted::Added)
}

/// Adds the note unless one with the marker is there; may be repeated after any failure.
pub(super) async fn ensure(
    transport: &Transport,
    order: i64,
    marker: &str,
    text: &str,
    now: Micros,
) -> Result<Noted, Failure> {
    match transport.flavour {
        Flavour::Opensource => return Ok(Noted::Unsupported),
        Flavour::Official => {}
    }
    if find(transport, order, marker).await?.is_some() {
        return Ok(Noted::AlreadyThere);
    }
    add(transport, order, text, now)
        .await
        .map_err(|mut failure| {
            // The next try looks first, so doubt about this one does no harm.
            if failure.class == FailureClass::InDoubt {
                failure.class = FailureClass::Unavailable;
            }
            failure
        })
}
