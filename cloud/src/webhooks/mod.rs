//! Webhooks of the stores: judged, read, stored, and only then answered.

pub mod envelope;
mod hooks;
mod receive;
pub mod verify;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use tower_http::catch_panic::CatchPanicLayer;

pub use hooks::{Hook, Hooks};

use crate::app::Services;

/// The stores' address.
pub fn router(services: Arc<Services>) -> Router {
    Router::new()
        .route(
            "/hooks/{store_key}",
            post(receive::receive).get(receive::echo),
        )
        .method_not_allowed_fallback(receive::unknown_method)
        .layer(CatchPanicLayer::custom(receive::panicked))
        // The handler holds its own limit, so that it can answer with a problem.
        .layer(DefaultBodyLimit::disable())
        .with_state(services)
}
