//! Questions that runs ask people, and the answers.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use connect_core::domain::ids::RunId;
use connect_core::domain::wait::{Wait, WaitKind, Woken};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::runs;
use crate::api::Shared;
use crate::api::auth::{Operator, Viewer};
use crate::api::extract::Path;
use crate::api::form::Form;
use crate::api::page::{Page, PageQuery, Paging};
use crate::api::problem::Problem;
use crate::api::view::instant;
use crate::error::Error;

/// A run that asks a person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApprovalView {
    /// The run.
    pub run_id: Uuid,
    /// The step that asks.
    pub step: String,
    /// What it asks.
    pub question: String,
    /// Since when.
    pub asked_at: String,
    /// Until when somebody may answer; none: no end.
    pub until: Option<String>,
}

impl From<Wait> for ApprovalView {
    fn from(wait: Wait) -> Self {
        Self {
            run_id: wait.run.0,
            step: wait.step,
            question: wait.reason,
            asked_at: instant(wait.created),
            until: wait.due.map(instant),
        }
    }
}

/// An answer.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; a form reads it")]
pub(crate) struct AnswerBody {
    /// Yes or no.
    approved: bool,
    /// Why; up to 1,000 characters.
    note: Option<String>,
}

/// Lists the questions that wait for an answer, newest run first.
#[utoipa::path(
    get, path = "/approvals", tag = "approvals", params(PageQuery),
    responses((status = 200, body = Page<ApprovalView>), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    paging: Paging,
) -> Result<Json<Page<ApprovalView>>, Error> {
    let before = paging.after.map(RunId);
    let waits = shared.services.database.waits();
    let rows = waits
        .list(caller.tenant, WaitKind::Approval, before, paging.fetch())
        .await?;
    Ok(Json(Page::cut(
        rows,
        paging.limit,
        |wait| wait.run.0,
        ApprovalView::from,
    )))
}

/// Answers a run's question; it goes on.
#[utoipa::path(
    post, path = "/approvals/{run_id}", tag = "approvals", params(("run_id" = Uuid, Path)),
    request_body = AnswerBody,
    responses((status = 202), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn answer(
    State(shared): State<Arc<Shared>>,
    Operator(caller): Operator,
    Path(id): Path<String>,
    mut form: Form,
) -> Result<StatusCode, Error> {
    let run = runs::find(&shared, &caller, &id).await?;
    let approved = form.optional_flag("approved");
    if approved.is_none() {
        form.missing("approved");
    }
    let note = form.optional_text("note", 1_000).unwrap_or_default();
    form.finish()?;
    let waits = shared.services.database.waits();
    let wait = waits.find(caller.tenant, run.id).await?;
    let asked = wait.filter(|wait| wait.kind == WaitKind::Approval);
    let asked = asked.ok_or_else(no_question)?;
    let woken = Woken::Decided {
        step: asked.step,
        approved: approved.unwrap_or(false),
        by: caller.name.clone(),
        note,
    };
    let now = shared.services.clock.now();
    let database = shared.audited(&caller, "run.answer", &run.id.to_string());
    let waits = database.waits();
    if waits.delete(caller.tenant, run.id, woken, now).await? {
        Ok(StatusCode::ACCEPTED)
    } else {
        Err(no_question())
    }
}

fn no_question() -> Error {
    Error::conflict(
        "no_question",
        "the run asks nothing: somebody has answered, its time was up, or it never did",
    )
}
