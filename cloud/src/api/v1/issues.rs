//! Issues: dead letters with one cause, looked after and done again together.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connect_core::domain::issue::{Issue, IssueState, Note};
use connect_core::domain::run::RunState;
use connect_store::{IssueChange, RunFilter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::dead_letters::{self, MOST_AT_ONCE, ReplayedMany};
use super::replay::Again;
use crate::api::Shared;
use crate::api::auth::{Caller, Operator, Viewer};
use crate::api::extract::Path;
use crate::api::form::Form;
use crate::api::page::Page;
use crate::api::problem::Problem;
use crate::api::view::{FailureView, instant, word};
use crate::error::Error;

const MOST: i64 = 200;

/// Dead letters with one cause.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssueView {
    /// Its id: the same whenever the cause comes back.
    pub id: String,
    /// How many dead letters there are; counting stops at 10,001 over all issues.
    pub count: i64,
    /// When the oldest of them died.
    pub first_seen_at: String,
    /// When the newest of them died.
    pub last_seen_at: String,
    /// The newest of them.
    pub newest_run_id: Uuid,
    /// Its workflow.
    pub workflow: String,
    /// The step it failed at.
    pub step: Option<String>,
    /// Why it is dead: class, code, and everything wrong with its repair.
    pub failure: FailureView,
    /// Who looks after it.
    pub owner: Option<String>,
    /// `open`, `in_work`, `muted`.
    pub state: String,
    /// What people noted, oldest first.
    pub notes: Vec<NoteView>,
}

/// What somebody noted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoteView {
    /// When.
    pub at: String,
    /// Who.
    pub author: String,
    /// In their words.
    pub text: String,
}

impl From<Issue> for IssueView {
    fn from(issue: Issue) -> Self {
        let note = |note: Note| NoteView {
            at: instant(note.at),
            author: note.author,
            text: note.text,
        };
        Self {
            id: URL_SAFE_NO_PAD.encode(&issue.fingerprint),
            count: issue.count,
            first_seen_at: instant(issue.first),
            last_seen_at: instant(issue.last),
            newest_run_id: issue.newest.0,
            workflow: issue.workflow,
            step: issue.failure.step.clone(),
            failure: issue.failure.into(),
            owner: issue.owner,
            state: word(issue.state),
            notes: issue.notes.into_iter().map(note).collect(),
        }
    }
}

/// What to say of an issue.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; a form reads it")]
pub(crate) struct IssueBody {
    /// Who looks after it; blank: nobody.
    owner: Option<String>,
    /// `open`, `in_work` or `muted`.
    state: Option<String>,
    /// Something to note; up to 2,000 characters.
    note: Option<String>,
}

/// How to do all of an issue's dead letters again.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; a form reads it")]
pub(crate) struct ReplayIssue {
    /// `start` (when not given), or `failed_step`: each goes on where it failed.
    from: Option<String>,
    /// `newest` (when not given) or `same`: the versions to work under.
    version: Option<String>,
    /// Forgets the links the runs made, so that GP is asked again.
    forget_links: Option<bool>,
}

/// Lists issues, those with the most dead letters first; 200 at most.
#[utoipa::path(
    get, path = "/issues", tag = "dead letters",
    responses((status = 200, body = Page<IssueView>), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
) -> Result<Json<Page<IssueView>>, Error> {
    let issues = shared.services.database.issues();
    let found = issues.list(caller.tenant, MOST).await?;
    let views = found.into_iter().map(IssueView::from).collect();
    Ok(Json(Page::whole(views)))
}

/// Shows an issue.
#[utoipa::path(
    get, path = "/issues/{id}", tag = "dead letters", params(("id" = String, Path)),
    responses((status = 200, body = IssueView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Path(id): Path<String>,
) -> Result<Json<IssueView>, Error> {
    find(&shared, &caller, &id)
        .await
        .map(|issue| Json(issue.into()))
}

/// Says who looks after an issue, how far they are, or notes something.
#[utoipa::path(
    patch, path = "/issues/{id}", tag = "dead letters", params(("id" = String, Path)),
    request_body = IssueBody,
    responses((status = 200, body = IssueView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn change(
    State(shared): State<Arc<Shared>>,
    Operator(caller): Operator,
    Path(id): Path<String>,
    mut form: Form,
) -> Result<Json<IssueView>, Error> {
    let issue = find(&shared, &caller, &id).await?;
    let now = shared.services.clock.now();
    let owner = form.optional_text("owner", 200);
    let states = [
        ("open", IssueState::Open),
        ("in_work", IssueState::InWork),
        ("muted", IssueState::Muted),
    ];
    let state = form.optional_choice("state", &states);
    let note = form.optional_text("note", 2_000).map(|text| Note {
        at: now,
        author: caller.name.clone(),
        text,
    });
    form.finish()?;
    let change = IssueChange { owner, state, note };
    let database = shared.audited(&caller, "issue.change", &id);
    let issues = database.issues();
    issues
        .update(caller.tenant, &issue.fingerprint, change, now)
        .await?;
    show(State(shared), Viewer(caller), Path(id)).await
}

/// Does an issue's dead letters again, 1,000 at once.
#[utoipa::path(
    post, path = "/issues/{id}/replay", tag = "dead letters", params(("id" = String, Path)),
    request_body = ReplayIssue,
    responses((status = 202, body = ReplayedMany), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn replay(
    State(shared): State<Arc<Shared>>,
    Operator(caller): Operator,
    Path(id): Path<String>,
    mut form: Form,
) -> Result<(StatusCode, Json<ReplayedMany>), Error> {
    let issue = find(&shared, &caller, &id).await?;
    let again = Again::read_for_many(&mut form);
    form.finish()?;
    let filter = RunFilter {
        state: Some(RunState::Dead),
        fingerprint: Some(issue.fingerprint),
        ..RunFilter::default()
    };
    let most = i64::try_from(MOST_AT_ONCE).unwrap_or(i64::MAX);
    let runs = shared.services.database.runs();
    let mut dead = runs.list(caller.tenant, &filter, None, most + 1).await?;
    let mut done = ReplayedMany::default();
    done.more = dead.len() > MOST_AT_ONCE;
    dead.truncate(MOST_AT_ONCE);
    dead_letters::replay_all(&shared, &caller, dead, &again, &mut done).await?;
    Ok((StatusCode::ACCEPTED, Json(done)))
}

async fn find(shared: &Shared, caller: &Caller, id: &str) -> Result<Issue, Error> {
    let unknown = || Error::not_found("issue");
    let bytes = URL_SAFE_NO_PAD.decode(id).map_err(|_| unknown())?;
    let fingerprint = String::from_utf8(bytes).map_err(|_| unknown())?;
    let issues = shared.services.database.issues();
    let found = issues.find(caller.tenant, &fingerprint).await?;
    found.ok_or_else(unknown)
}
