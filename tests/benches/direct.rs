//! The same procedure calls, numbers included, made with nothing but tiberius: what the executor
//! is measured against.

use std::borrow::Cow;

use anyhow::{Context, ensure};
use connect_proto::econnect::value::SqlType;
use connect_proto::econnect::{Document, Node, Value, catalogue};
use connect_tests::harness::gp::Gp;
use connect_tests::harness::world::COMPANY;
use rust_decimal::Decimal;
use tiberius::numeric::Numeric;
use tiberius::time::DateTime;
use tiberius::{AuthMethod, Client, ColumnData, Command, CommandItem, Config, EncryptionLevel};
use tokio::net::TcpStream;
use tokio_stream::StreamExt;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

const HEADER: &str = "taSopHdrIvcInsert";

/// A connection that calls procedures by name.
pub(crate) struct Direct(Client<Compat<TcpStream>>);

impl Direct {
    pub(crate) async fn open(gp: &Gp) -> anyhow::Result<Self> {
        let (host, port) = gp.tds.split_once(':').context("no port")?;
        let mut config = Config::new();
        config.host(host);
        config.port(port.parse()?);
        config.database(COMPANY);
        config.encryption(EncryptionLevel::Required);
        config.trust_cert();
        config.authentication(AuthMethod::sql_server(&gp.user, &gp.password));
        let stream = TcpStream::connect(&gp.tds).await?;
        stream.set_nodelay(true)?;
        let client = Box::pin(Client::connect(config, stream.compat_write())).await?;
        Ok(Self(client))
    }

    /// Takes a number, then writes the document's rows in one transaction.
    pub(crate) async fn write(&mut self, document: &Document) -> anyhow::Result<()> {
        let transaction = document.transactions.first().context("no transaction")?;
        let header = transaction.nodes.iter().find(|node| node.name == HEADER);
        let document_id = header
            .and_then(|node| node.text("DOCID"))
            .context("no DOCID")?;
        // A number of its own transaction, so that connections do not wait for each other's.
        self.0.begin_transaction().await?;
        let number = self.number(document_id).await?;
        self.0.commit_transaction().await?;
        self.0.begin_transaction().await?;
        for node in &transaction.nodes {
            self.call(node, &number).await?;
        }
        self.0.commit_transaction().await?;
        Ok(())
    }

    async fn number(&mut self, document_id: &str) -> anyhow::Result<String> {
        let mut command = Command::new("dbo.taGetSopNumber");
        command.bind_param("@I_tSOPTYPE", ColumnData::U8(Some(2)));
        command.bind_param("@I_cDOCID", text(document_id));
        command.bind_param("@I_tInc_Dec", ColumnData::U8(Some(1)));
        command.bind_out_param("@O_vSopNumber", text(""));
        command.bind_out_param("@O_iErrorState", ColumnData::I32(Some(0)));
        let mut stream = command.exec(&mut self.0).await?;
        let mut number = None;
        while let Some(item) = stream.try_next().await? {
            if let CommandItem::ReturnValue(value) = item
                && value.name() == "@O_vSopNumber"
                && let ColumnData::String(Some(text)) = value.data()
            {
                number = Some(text.trim().to_owned());
            }
        }
        number.context("no number")
    }

    async fn call(&mut self, node: &Node, number: &str) -> anyhow::Result<()> {
        let spec = catalogue::node(&node.name).with_context(|| node.name.clone())?;
        let mut command = Command::new(format!("dbo.{}", spec.procedure.unwrap_or(&node.name)));
        for element in &node.elements {
            let of_catalogue = spec
                .elements
                .iter()
                .find(|known| known.name == element.name);
            let kind = of_catalogue.with_context(|| element.name.clone())?.sql_type;
            let content = match &element.value {
                Value::Text(text) => text.as_str(),
                Value::Empty | Value::Nil => "",
            };
            let content = if element.name == "SOPNUMBE" {
                number
            } else {
                content
            };
            command.bind_param(format!("@I_v{}", element.name), bound(kind, content)?);
        }
        command.bind_out_param("@O_iErrorState", ColumnData::I32(Some(0)));
        command.bind_out_param("@oErrString", text(""));
        let mut stream = command.exec(&mut self.0).await?;
        while let Some(item) = stream.try_next().await? {
            if let CommandItem::ReturnValue(value) = item
                && value.name() == "@O_iErrorState"
            {
                let sound = matches!(value.data(), ColumnData::I32(Some(0)));
                ensure!(sound, "{}: {:?}", node.name, value.data());
            }
        }
        Ok(())
    }
}

fn text(content: &str) -> ColumnData<'static> {
    ColumnData::String(Some(Cow::Owned(content.to_owned())))
}

fn bound(kind: SqlType, content: &str) -> anyhow::Result<ColumnData<'static>> {
    Ok(match kind {
        SqlType::Tinyint => ColumnData::U8(Some(content.parse()?)),
        SqlType::Smallint => ColumnData::I16(Some(content.parse()?)),
        SqlType::Int | SqlType::UnconfirmedInteger => ColumnData::I32(Some(content.parse()?)),
        SqlType::Numeric { .. } => {
            let number: Decimal = content.parse()?;
            let scale = u8::try_from(number.scale())?;
            ColumnData::Numeric(Some(Numeric::new_with_scale(number.mantissa(), scale)))
        }
        SqlType::Datetime => ColumnData::DateTime(Some(day(content)?)),
        SqlType::Bigint => ColumnData::I64(Some(content.parse()?)),
        SqlType::Char(_) | SqlType::Varchar(_) | SqlType::Text | SqlType::UnconfirmedText => {
            text(content)
        }
    })
}

fn day(content: &str) -> anyhow::Result<DateTime> {
    let epoch = jiff::civil::date(1900, 1, 1);
    let date: jiff::civil::Date = content.parse()?;
    Ok(DateTime::new(epoch.until(date)?.get_days(), 0))
}
