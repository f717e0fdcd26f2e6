//! What people do in Dynamics GP while integrations run: post, transfer, pack, receive, reprice.

mod desk;
mod post;
mod receivables;
mod transfer;

use std::sync::Arc;

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::error::{SqlError, Stop};
use super::procedures::{self, call::Argument};
use super::session::Session;
use super::session::unit::Failure;
use super::value::Value;
use desk::Desk;

/// Something a user does.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// Posts the invoices and returns of a sales batch, which move to history, or with a `source`
    /// of receivables its documents, which become open; the batch goes.
    PostBatch {
        batch: String,
        source: Option<String>,
    },
    /// Makes the invoice of a whole order, which moves to history.
    TransferOrder { number: String },
    /// Notes a parcel's number on a document.
    AddTracking {
        kind: i64,
        number: String,
        tracking: String,
    },
    /// Puts goods on the shelf.
    Receive {
        item: String,
        site: String,
        quantity: Decimal,
    },
    /// Changes a price of the item's price list.
    ChangePrice {
        item: String,
        level: String,
        unit: String,
        price: Decimal,
    },
    /// Moves a document to history as voided.
    VoidDocument { kind: i64, number: String },
    /// Removes a document without a trace.
    DeleteDocument { kind: i64, number: String },
}

impl Act {
    /// Does it in the session's database; tells what came of it.
    pub async fn done(&self, session: &mut Session) -> Result<Json, Failure> {
        let database = session.state.database;
        if let Self::PostBatch {
            batch,
            source: None,
        } = self
        {
            return post::batch(session, batch).await;
        }
        let at_once = session.unit(|work, _| self.at_once(&mut Desk { work, database }));
        at_once.await
    }

    /// What is done in one transaction.
    fn at_once(&self, desk: &mut Desk<'_, '_>) -> Result<Json, Stop> {
        match self {
            Self::PostBatch { batch, source } => {
                receivables::post(desk, source.as_deref().unwrap_or_default(), batch)
            }
            Self::TransferOrder { number } => {
                let invoice = transfer::order(desk, number)?;
                Ok(json!({ "SOPNUMBE": invoice }))
            }
            Self::AddTracking {
                kind,
                number,
                tracking,
            } => {
                desk.document(*kind, number)?;
                let cells = [
                    ("SOPTYPE", (*kind).into()),
                    ("SOPNUMBE", number.as_str().into()),
                    ("Tracking_Number", tracking.as_str().into()),
                ];
                desk.add("SOP10107", &cells).map(|_| Json::Null)
            }
            Self::Receive {
                item,
                site,
                quantity,
            } => {
                desk.stock(item, site, *quantity, Decimal::ZERO)?;
                Ok(Json::Null)
            }
            Self::ChangePrice {
                item,
                level,
                unit,
                price,
            } => {
                let key = [
                    ("ITEMNMBR", item.as_str().into()),
                    ("PRCLEVEL", level.as_str().into()),
                    ("UOFM", unit.as_str().into()),
                ];
                let row = desk.one("IV00108", &key)?;
                desk.set(&row, &[("UOMPRICE", (*price).into())])?;
                Ok(Json::Null)
            }
            Self::VoidDocument { kind, number } => {
                by_procedure(desk, "taSopVoidDocument", *kind, number)
            }
            Self::DeleteDocument { kind, number } => {
                by_procedure(desk, "taSopDeleteDocument", *kind, number)
            }
        }
    }
}

/// What GP's windows do as eConnect does it.
fn by_procedure(
    desk: &mut Desk<'_, '_>,
    procedure: &str,
    kind: i64,
    number: &str,
) -> Result<Json, Stop> {
    let argument = |name: &str, value: Value| Argument {
        name: Arc::from(name),
        value,
        output: false,
    };
    let arguments = [
        argument("@I_vSOPTYPE", kind.into()),
        argument("@I_vSOPNUMBE", number.into()),
    ];
    let reply = procedures::call(desk.work, desk.database, procedure, &arguments)?;
    if reply.status == 0 {
        return Ok(Json::Null);
    }
    Err(refused(&format!("{procedure} answers {}", reply.status)))
}

/// GP's window says no.
fn refused(text: &str) -> Stop {
    Stop::Error(SqlError::new(50_000, text))
}
