//! Stories told through tiberius against a running sandbox.
//!
//! The full row differences of receivables documents, vendors, manual checks and bank were written a
//! second time from the reference by eyes that had not seen the sandbox; where the two differed and
//! the reference or the meaning of the column decided, the sandbox was changed.
#![expect(clippy::too_many_lines, reason = "a story lists its cases, one a line")]

mod bank;
mod codes;
mod control;
mod currencies;
mod difference;
mod faults;
mod generated;
mod items;
mod ledger;
mod locks;
mod orders;
mod payables;
mod receivables;
mod receivables_documents;
mod refusals;
mod sales_changes;
mod sales_documents;
mod sales_kits;
mod sales_taxes;
mod sales_tracked;
mod sales_types;
mod stamps;
mod statements;
mod stock;
mod tracking;
mod vendors;
mod wire;

use futures::TryStreamExt;
use rust_decimal::Decimal;
use tiberius::{
    AuthMethod, Client, ColumnData, Command, CommandItem, Config as Options, EncryptionLevel,
};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

use super::{Config, PASSWORD, Sandbox, USER};

type Connection = Client<Compat<TcpStream>>;

async fn sandbox() -> Sandbox {
    Sandbox::start(Config::default()).await.unwrap()
}

fn options(sandbox: &Sandbox, database: &str) -> Options {
    let mut options = Options::new();
    options.host("127.0.0.1");
    options.port(sandbox.address.port());
    options.database(database);
    options.authentication(AuthMethod::sql_server(USER, PASSWORD));
    options.encryption(EncryptionLevel::NotSupported);
    options
}

async fn open(options: Options) -> tiberius::Result<Connection> {
    let stream = TcpStream::connect(options.get_addr()).await?;
    stream.set_nodelay(true)?;
    Box::pin(Client::connect(options, stream.compat_write())).await
}

async fn connect(sandbox: &Sandbox) -> Connection {
    open(options(sandbox, "TWO")).await.unwrap()
}

/// Runs a batch and gives its rows as texts.
async fn rows(
    client: &mut Connection,
    sql: &str,
) -> Result<Vec<Vec<String>>, tiberius::error::Error> {
    let found = client.simple_query(sql).await?.into_results().await?;
    let rows = found.into_iter().flatten();
    Ok(rows
        .map(|row| row.into_iter().map(|cell| shown(&cell)).collect())
        .collect())
}

async fn one(client: &mut Connection, sql: &str) -> String {
    let found = rows(client, sql).await.unwrap();
    found
        .first()
        .and_then(|row| row.first())
        .cloned()
        .unwrap_or_default()
}

fn code(error: &tiberius::error::Error) -> u32 {
    error.code().unwrap_or_default()
}

fn shown(cell: &ColumnData<'_>) -> String {
    match cell {
        ColumnData::U8(value) => value.map(|value| value.to_string()),
        ColumnData::I16(value) => value.map(|value| value.to_string()),
        ColumnData::I32(value) => value.map(|value| value.to_string()),
        ColumnData::I64(value) => value.map(|value| value.to_string()),
        ColumnData::Bit(value) => value.map(|value| value.to_string()),
        ColumnData::String(value) => value.as_ref().map(ToString::to_string),
        ColumnData::Numeric(value) => value.map(|value| {
            Decimal::from_i128_with_scale(value.value(), u32::from(value.scale())).to_string()
        }),
        other @ (ColumnData::F32(_)
        | ColumnData::F64(_)
        | ColumnData::Guid(_)
        | ColumnData::Binary(_)
        | ColumnData::Xml(_)
        | ColumnData::DateTime(_)
        | ColumnData::SmallDateTime(_)
        | ColumnData::Time(_)
        | ColumnData::Date(_)
        | ColumnData::DateTime2(_)
        | ColumnData::DateTimeOffset(_)) => Some(format!("{other:?}")),
    }
    .unwrap_or_else(|| "NULL".to_owned())
}

/// What a procedure answered.
#[derive(Debug, Default, PartialEq)]
struct Answer {
    status: i32,
    outputs: Vec<String>,
}

impl Answer {
    /// The codes of the error string.
    fn codes(&self) -> Vec<i32> {
        let text = self.outputs.last().map(String::as_str).unwrap_or_default();
        text.split_whitespace()
            .map(|code| code.parse().unwrap())
            .collect()
    }
}

/// An element's value as tests write it.
#[derive(Debug, Clone)]
enum Element {
    Text(&'static str),
    Owned(String),
    Number(i32),
    Money(&'static str),
}

type Node = Vec<(&'static str, Element)>;

async fn call(client: &mut Connection, procedure: &str, node: &Node) -> tiberius::Result<Answer> {
    let mut command = Command::new(format!("dbo.{procedure}"));
    for (name, value) in node {
        let name = format!("@I_v{name}");
        match value {
            Element::Text(text) => command.bind_param(name, *text),
            Element::Owned(text) => command.bind_param(name, text.clone()),
            Element::Number(number) => command.bind_param(name, *number),
            Element::Money(text) => command.bind_param(name, text.parse::<Decimal>().unwrap()),
        }
    }
    command.bind_out_param("@O_iErrorState", 0_i32);
    command.bind_out_param("@oErrString", "");
    answered(command, client).await
}

async fn answered(command: Command<'_>, client: &mut Connection) -> tiberius::Result<Answer> {
    let mut stream = command.exec(client).await?;
    let mut answer = Answer::default();
    while let Some(item) = stream.try_next().await? {
        match item {
            CommandItem::ReturnStatus(status) => {
                answer.status = i32::from_ne_bytes(status.to_ne_bytes());
            }
            CommandItem::ReturnValue(value) => answer.outputs.push(shown(value.data())),
            CommandItem::Row(_) | CommandItem::Metadata(_) | CommandItem::RowsAffected(_) => {}
        }
    }
    Ok(answer)
}

async fn next_number(client: &mut Connection) -> String {
    let mut command = Command::new("dbo.taGetSopNumber");
    command.bind_param("@I_tSOPTYPE", 2_u8);
    command.bind_param("@I_cDOCID", "STDORD");
    command.bind_param("@I_tInc_Dec", 1_u8);
    command.bind_out_param("@O_vSopNumber", "");
    command.bind_out_param("@O_iErrorState", 0_i32);
    answered(command, client).await.unwrap().outputs[0].clone()
}

fn with(mut node: Node, changes: &[(&'static str, Element)]) -> Node {
    for (name, value) in changes {
        node.retain(|(known, _)| known != name);
        node.push((name, value.clone()));
    }
    node
}

fn without(mut node: Node, name: &str) -> Node {
    node.retain(|(known, _)| *known != name);
    node
}

fn customer(number: &'static str) -> Node {
    vec![
        ("CUSTNMBR", Element::Text(number)),
        ("CUSTNAME", Element::Text("Jörg Müller")),
        ("CUSTCLAS", Element::Text("USA-ILMO-T1")),
        ("UseCustomerClass", Element::Number(1)),
        ("ADRSCODE", Element::Text("WMAIN")),
        ("ADDRESS1", Element::Text("1 Main St")),
        ("CITY", Element::Text("Fargo")),
        ("ZIPCODE", Element::Text("58102")),
    ]
}

fn line(number: &str, customer: &'static str) -> Node {
    vec![
        ("SOPTYPE", Element::Number(2)),
        ("SOPNUMBE", Element::Owned(number.to_owned())),
        ("CUSTNMBR", Element::Text(customer)),
        ("DOCDATE", Element::Text("2026-03-05")),
        ("LOCNCODE", Element::Text("WAREHOUSE")),
        ("ITEMNMBR", Element::Text("ACCS-CRD-12WH")),
        ("QUANTITY", Element::Money("3")),
        ("UNITPRCE", Element::Money("10.95")),
        ("XTNDPRCE", Element::Money("32.85")),
        ("LNITMSEQ", Element::Number(16_384)),
        ("DOCID", Element::Text("STDORD")),
        ("CURNCYID", Element::Text("Z-US$")),
        ("QtyShrtOpt", Element::Number(2)),
    ]
}

fn tax(number: &str, customer: &'static str) -> Node {
    vec![
        ("SOPTYPE", Element::Number(2)),
        ("SOPNUMBE", Element::Owned(number.to_owned())),
        ("CUSTNMBR", Element::Text(customer)),
        ("LNITMSEQ", Element::Number(0)),
        ("TAXDTLID", Element::Text("USND-STATE")),
        ("SALESAMT", Element::Money("32.85")),
        ("STAXAMNT", Element::Money("1.64")),
    ]
}

fn payment(number: &str, customer: &'static str) -> Node {
    vec![
        ("SOPTYPE", Element::Number(2)),
        ("SOPNUMBE", Element::Owned(number.to_owned())),
        ("CUSTNMBR", Element::Text(customer)),
        ("DOCDATE", Element::Text("2026-03-05")),
        ("DOCAMNT", Element::Money("10.00")),
        ("PYMTTYPE", Element::Number(1)),
        ("CHEKBKID", Element::Text("UPTOWN TRUST")),
        ("Action", Element::Number(1)),
    ]
}

fn header(number: &str, customer: &'static str) -> Node {
    vec![
        ("SOPTYPE", Element::Number(2)),
        ("DOCID", Element::Text("STDORD")),
        ("SOPNUMBE", Element::Owned(number.to_owned())),
        ("CUSTNMBR", Element::Text(customer)),
        ("DOCDATE", Element::Text("2026-03-05")),
        ("BACHNUMB", Element::Text("WEB20260305")),
        ("CSTPONBR", Element::Text("N1-1001")),
        ("SUBTOTAL", Element::Money("32.85")),
        ("FREIGHT", Element::Money("12.00")),
        ("TAXAMNT", Element::Money("1.64")),
        ("TRDISAMT", Element::Money("2.00")),
        ("DOCAMNT", Element::Money("44.49")),
        ("PYMTRCVD", Element::Money("10.00")),
        ("USINGHEADERLEVELTAXES", Element::Number(1)),
        ("CURNCYID", Element::Text("Z-US$")),
    ]
}
