//! `describe`: what the agent serves: companies, procedures, queries.

use connect_proto::tunnel::v1::command_result::Outcome;
use connect_proto::tunnel::v1::{Describe, Described, Failure};
use serde_json::{Map, Value, json};

use crate::sqlserver::{self, Gp};

/// Describes what is asked for; unknown names are left out.
pub(super) async fn run(gp: &Gp, company: &str, body: &Describe) -> Outcome {
    let mut described = Map::new();
    for what in &body.what {
        let value = match what.as_str() {
            "companies" => Ok(companies(gp)),
            "procedures" => procedures(gp, company).await,
            "queries" => Ok(queries(gp)),
            _ => continue,
        };
        match value {
            Ok(value) => described.insert(what.clone(), value),
            Err(failure) => return Outcome::Failure(failure),
        };
    }
    Outcome::Described(Described {
        json: Value::Object(described).to_string(),
    })
}

fn companies(gp: &Gp) -> Value {
    let company = |company: &std::sync::Arc<sqlserver::Company>| {
        let report = company.report();
        json!({
            "company": report.company,
            "name": report.company_name,
            "state": report.state().as_str_name(),
            "detail": report.detail,
            "parallel": report.parallel,
        })
    };
    gp.companies().map(company).collect()
}

/// The eConnect procedures of one company, or of all when none is named.
async fn procedures(gp: &Gp, company: &str) -> Result<Value, Failure> {
    let mut all = Map::new();
    for served in gp.companies() {
        if company.is_empty() || served.database() == company {
            served.admit_reading().await?;
            let names = served.procedure_names().await;
            let names = names.map_err(|error| sqlserver::of_sql_error(&error))?;
            all.insert(served.database().to_owned(), names.into());
        }
    }
    Ok(Value::Object(all))
}

fn queries(gp: &Gp) -> Value {
    sqlserver::described_queries(gp.own_queries())
}
