//! The listener for operators: metrics, health, readiness.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;

use super::Services;
use crate::clock::SystemClock;
use crate::telemetry;

const DATABASE_LIMIT: Duration = Duration::from_secs(3);

pub(super) fn router(services: &Arc<Services>, clock: Arc<SystemClock>) -> Router {
    telemetry::metrics();
    let router = Router::new()
        .route("/metrics", get(|| async { telemetry::metrics().render() }))
        .route("/health", get(|| async { "ok\n" }))
        .route("/ready", get(ready).with_state(services.clone()));
    with_test_hooks(router, services, clock)
}

/// Ready to take work: not on the way down, and the database commits.
async fn ready(State(services): State<Arc<Services>>) -> (StatusCode, &'static str) {
    if services.shutdown.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n");
    }
    match tokio::time::timeout(DATABASE_LIMIT, services.database.check_durable()).await {
        Ok(Ok(_)) => (StatusCode::OK, "ready\n"),
        Ok(Err(_)) | Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "no database\n"),
    }
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
