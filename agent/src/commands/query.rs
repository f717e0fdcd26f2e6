//! `query`: a query that is fixed in the agent or in its owner's file, by name, paged.

use connect_proto::tunnel::v1::command_result::Outcome;
use connect_proto::tunnel::v1::payload::Content;
use connect_proto::tunnel::v1::{self, ErrorClass, Failure, Payload, RunQuery};

use super::failure;
use crate::sqlserver::{self, Company, QueryError, QueryRequest};

/// Reads one page.
pub(super) async fn run(company: &Company, body: &RunQuery) -> Outcome {
    if let Err(failure) = company.admit_reading().await {
        return Outcome::Failure(failure);
    }
    let request = QueryRequest {
        name: body.name.clone(),
        parameters: body.parameters.clone().into_iter().collect(),
        page_size: usize::try_from(body.page_size).unwrap_or(usize::MAX),
        page_token: body.page_token.clone(),
    };
    match sqlserver::query(company, &request).await {
        Ok(page) => {
            let content = Some(Content::Inline(page.rows_json));
            Outcome::Page(v1::Page {
                rows_json: Some(Payload { content }),
                next_page_token: page.next_page_token,
            })
        }
        Err(error) => Outcome::Failure(refused(company, &body.name, &error)),
    }
}

fn refused(company: &Company, name: &str, error: &QueryError) -> Failure {
    let (class, code) = match error {
        QueryError::Unknown => (ErrorClass::Unsupported, "unknown_query"),
        QueryError::UnknownParameter { .. } => (ErrorClass::InvalidData, "unknown_parameter"),
        QueryError::Missing(_) | QueryError::MissingOneOf(_) => {
            (ErrorClass::InvalidData, "missing_parameter")
        }
        QueryError::NotTogether { .. } => (ErrorClass::InvalidData, "parameters_not_together"),
        QueryError::Misfit { .. } => (ErrorClass::InvalidData, "bad_parameter"),
        QueryError::Token(_) => (ErrorClass::InvalidData, "bad_page_token"),
        QueryError::Row(_) => (ErrorClass::Bug, "row_not_readable"),
        QueryError::Sql(error) => {
            let mut failure = sqlserver::of_sql_error(error);
            failure.message = match error.number() {
                Some(1222) => {
                    let limit = company.lock_timeout_ms();
                    format!(
                        "Query {name}: another session holds a row it reads for longer than \
                         {limit} ms (gp.lock_timeout_ms). The agent gives way and reads nothing \
                         uncommitted; ask again."
                    )
                }
                Some(_) | None => format!("Query {name}: {}", failure.message),
            };
            return failure;
        }
    };
    failure(class, code, format!("Query {name}: {error}."))
}
