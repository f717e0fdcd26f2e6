//! `query`: a query that is fixed in the agent, by name, paged.

use connect_proto::tunnel::v1::command_result::Outcome;
use connect_proto::tunnel::v1::payload::Content;
use connect_proto::tunnel::v1::{ErrorClass, Page, Payload, RunQuery};

use super::failure;
use crate::sqlserver::{self, Company, QueryError};

const DEFAULT_PAGE: usize = 500;
const LARGEST_PAGE: usize = 5_000;

/// Runs the query; the token is the number of rows already given.
pub(super) async fn run(company: &Company, body: &RunQuery) -> Outcome {
    if let Err(failure) = company.admit_reading().await {
        return Outcome::Failure(failure);
    }
    let parameters = body.parameters.clone().into_iter().collect();
    let rows = match sqlserver::query(company, &body.name, &parameters).await {
        Ok(rows) => rows,
        Err(error) => return Outcome::Failure(refused(&body.name, &error)),
    };
    let from = body.page_token.parse().unwrap_or(0).min(rows.len());
    let size = match body.page_size {
        0 => DEFAULT_PAGE,
        size => usize::try_from(size)
            .unwrap_or(LARGEST_PAGE)
            .min(LARGEST_PAGE),
    };
    let to = (from + size).min(rows.len());
    let next_page_token = if to < rows.len() {
        to.to_string()
    } else {
        String::new()
    };
    match serde_json::to_vec(&rows[from..to]) {
        Ok(bytes) => {
            let rows_json = Some(Payload {
                content: Some(Content::Inline(bytes)),
            });
            Outcome::Page(Page {
                rows_json,
                next_page_token,
            })
        }
        Err(error) => Outcome::Failure(failure(
            ErrorClass::Bug,
            "rows_not_written",
            error.to_string(),
        )),
    }
}

fn refused(name: &str, error: &QueryError) -> connect_proto::tunnel::v1::Failure {
    match error {
        QueryError::Unknown => {
            let message = format!("The agent has no query {name}.");
            failure(ErrorClass::Unsupported, "unknown_query", message)
        }
        QueryError::Missing(parameter) => {
            let message = format!("The query {name} needs the parameter {parameter}.");
            failure(ErrorClass::InvalidData, "missing_parameter", message)
        }
        QueryError::Sql(error) => sqlserver::of_sql_error(error),
    }
}
