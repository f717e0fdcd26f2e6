//! Proves rights by doing: each procedure is called with blank inputs, and all is rolled back.

use super::connection::{SqlConnection, TextCall};
use super::error::SqlError;
use super::numbers::{self, Counter, NoNumber};
use super::plan::{self, NumberWanted};
use super::procedures::{Parameter, Shape};
use super::statements;
use super::values::SqlValue;

/// What SQL Server raises where a right is missing, in the procedure or behind it.
const DENIED: [i32; 6] = [229, 230, 262, 297, 300, 916];

/// The right that a call lacked, if any. What GP itself has to say about blank inputs is no matter;
/// a lock in the way is an error, for nothing is proven then.
pub(super) async fn missing_right(
    connection: &mut SqlConnection,
    procedure: &str,
    shape: &Shape,
) -> Result<Option<SqlError>, SqlError> {
    connection.begin().await?;
    let called = match Counter::of_procedure(procedure) {
        Some(counter) => number(connection, counter).await,
        None => document(connection, procedure, shape).await,
    };
    if let Err(error) = &called
        && error.breaks_connection()
    {
        return Err(error.clone());
    }
    connection.rollback_if_open().await?;
    match called.unwrap_or_else(Some) {
        Some(error) if error.is_lock() => Err(error),
        raised => Ok(raised.filter(is_denied)),
    }
}

fn is_denied(error: &SqlError) -> bool {
    let number = error.number();
    number.is_some_and(|number| DENIED.contains(&number))
}

/// What a call with blank inputs raised.
async fn document(
    connection: &mut SqlConnection,
    procedure: &str,
    shape: &Shape,
) -> Result<Option<SqlError>, SqlError> {
    let inputs: Vec<&Parameter> = shape.inputs();
    let text = shape.call_text(procedure, &inputs);
    let names = text.outputs.iter();
    let mut outputs: Vec<_> = names.map(|n| (n.as_str(), plan::initial(n))).collect();
    outputs.extend(statements::PROOFS.map(|name| (name, SqlValue::Int(0))));
    let call = TextCall {
        text: &text.text,
        declarations: &text.declarations,
        parameters: inputs.iter().map(|input| ("", input.kind.zero())).collect(),
        outputs,
    };
    Ok(connection.call_text(call).await?.raised)
}

async fn number(
    connection: &mut SqlConnection,
    counter: Counter,
) -> Result<Option<SqlError>, SqlError> {
    let wanted = NumberWanted {
        transaction: 0,
        counter,
        kind: 1,
        document_id: String::new(),
    };
    match numbers::take(connection, &wanted).await {
        Ok(_) => Ok(None),
        Err(NoNumber::Sql(error)) => Err(error),
        Err(NoNumber::Refused(called)) => Ok(called.raised),
    }
}
