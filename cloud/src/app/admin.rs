//! The listener for operators: metrics, health, readiness.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use super::Services;
use crate::clock::SystemClock;
use crate::telemetry;

pub(super) fn router(services: &Arc<Services>, clock: Arc<SystemClock>) -> Router {
    telemetry::metrics();
    let router = Router::new()
        .route("/metrics", get(|| async { telemetry::metrics().render() }))
        .route("/health", get(|| async { "ok\n" }));
    with_test_hooks(router, services, clock)
}

#[cfg(not(feature = "crash-points"))]
fn with_test_hooks(router: Router, _services: &Arc<Services>, _clock: Arc<SystemClock>) -> Router {
    router
}

/// Adds `POST /test/clock`, which moves business time.
#[cfg(feature = "crash-points")]
fn with_test_hooks(router: Router, services: &Arc<Services>, clock: Arc<SystemClock>) -> Router {
    use axum::Json;
    use axum::routing::post;

    #[derive(serde::Deserialize)]
    struct Offset {
        offset_seconds: i64,
    }

    let services = services.clone();
    let set = move |Json(offset): Json<Offset>| async move {
        clock.set_offset_seconds(offset.offset_seconds);
        Json(serde_json::json!({ "now_micros": services.clock.now().0 }))
    };
    router.route("/test/clock", post(set))
}
