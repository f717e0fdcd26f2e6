//! GP companies, as their agents report them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use connect_core::domain::agent::{Company, CompanyState};
use connect_core::domain::ids::CompanyId;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::auth::{Caller, Owner, Viewer};
use crate::api::extract::Path;
use crate::api::form::Form;
use crate::api::page::Page;
use crate::api::problem::Problem;
use crate::api::view::CompanyView;
use crate::api::{Shared, id_of};
use crate::error::Error;

/// An owner's word on a database that is not as it was.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Resolution {
    /// `restored` (from a backup) or `copied` (from another server, company or environment).
    #[serde(rename = "as")]
    #[expect(dead_code, reason = "describes the body; a form reads it")]
    became: String,
}

/// Lists the companies.
#[utoipa::path(
    get, path = "/companies", tag = "companies",
    responses((status = 200, body = Page<CompanyView>), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
) -> Result<Json<Page<CompanyView>>, Error> {
    let companies = shared
        .services
        .database
        .companies()
        .list(caller.tenant)
        .await?;
    Ok(Json(Page::whole(
        companies.into_iter().map(CompanyView::from).collect(),
    )))
}

/// Shows a company.
#[utoipa::path(
    get, path = "/companies/{id}", tag = "companies", params(("id" = Uuid, Path)),
    responses((status = 200, body = CompanyView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Viewer(caller): Viewer,
    Path(id): Path<String>,
) -> Result<Json<CompanyView>, Error> {
    find(&shared, &caller, &id)
        .await
        .map(|company| Json(company.into()))
}

/// Takes a restored or copied database for what it is: the agent binds it anew, and its work
/// goes on once that is reported. What a restored database no longer has comes back by replaying
/// its runs with `forget_links`; what it still has is not written twice.
#[utoipa::path(
    post, path = "/companies/{id}/resolve", tag = "companies", params(("id" = Uuid, Path)),
    request_body = Resolution,
    responses((status = 200, body = CompanyView), (status = "default", body = Problem)),
    security(("api_key" = []))
)]
pub(crate) async fn resolve(
    State(shared): State<Arc<Shared>>,
    Owner(caller): Owner,
    Path(id): Path<String>,
    mut form: Form,
) -> Result<Json<CompanyView>, Error> {
    let company = find(&shared, &caller, &id).await?;
    let became = form.choice("as", &[("restored", "restored"), ("copied", "copied")]);
    form.finish()?;
    if !matches!(
        company.state,
        CompanyState::Restored | CompanyState::Copied | CompanyState::Rebinding
    ) {
        let message = "this company is neither restored nor copied: there is nothing to decide";
        return Err(Error::conflict("nothing_to_resolve", message));
    }
    let action = format!("company.resolve.{became}");
    let database = shared.audited(&caller, &action, &id);
    database
        .companies()
        .update_resolved(caller.tenant, company.id)
        .await?;
    find(&shared, &caller, &id)
        .await
        .map(|company| Json(company.into()))
}

pub(super) async fn find(shared: &Shared, caller: &Caller, id: &str) -> Result<Company, Error> {
    let id = CompanyId(id_of(id, "company")?);
    let found = shared
        .services
        .database
        .companies()
        .find(caller.tenant, id)
        .await?;
    found.ok_or_else(|| Error::not_found("company"))
}
