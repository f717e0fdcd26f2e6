//! One connection to a company database. The only file that speaks tiberius.

use std::borrow::Cow;
use std::time::Duration;

use futures::TryStreamExt;
use rust_decimal::Decimal;
use secrecy::{ExposeSecret, SecretString};
use tiberius::numeric::Numeric;
use tiberius::time::DateTime as TdsDateTime;
use tiberius::{
    AuthMethod, Client, ColumnData, Command, CommandItem, CommandStream, Config, EncryptionLevel,
    Query, QueryItem,
};
use time::{Date, Duration as TimeSpan, Month, PrimitiveDateTime, Time};
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

use super::address::{self, Address, CONNECT_TIMEOUT, Port};
use super::error::SqlError;
use super::prepared::Prepared;
use super::reply::{Called, Cell, Rows, TransactionState};
use super::statements::{self, Statement};
use super::tls::{self, Secured, TlsProblem, Trust};
use super::values::SqlValue;

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(15);
const TICKS_PER_SECOND: u32 = 300;

/// How to reach a server and who to be there.
#[derive(Debug, Clone)]
pub(super) struct ConnectOptions {
    pub(super) address: Address,
    pub(super) trust: Trust,
    /// Name in the server's certificate, when it is not the host.
    pub(super) certificate_name: Option<String>,
    pub(super) login: Login,
    pub(super) system_database: String,
    pub(super) lock_timeout_ms: u32,
}

/// Who the agent is to SQL Server.
#[derive(Debug, Clone)]
pub(super) enum Login {
    Sql {
        user: String,
        password: SecretString,
    },
    /// The account the service runs under.
    Windows,
}

/// A call as text with declared parameters, those without a name by their place; outputs hold what
/// they are before it.
#[derive(Debug)]
pub(super) struct TextCall<'a> {
    pub(super) text: &'a str,
    pub(super) declarations: &'a str,
    pub(super) parameters: Vec<(&'a str, SqlValue)>,
    pub(super) outputs: Vec<(&'a str, SqlValue)>,
}

/// A connection that is logged in to one company database.
pub(super) struct SqlConnection {
    client: Client<Compat<Secured>>,
    system_database: String,
    prepared: Prepared,
}

/// "Could not find prepared statement with handle".
const NO_HANDLE: i32 = 8179;

impl std::fmt::Debug for SqlConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlConnection").finish_non_exhaustive()
    }
}

impl SqlConnection {
    /// Connects, logs in and sets up the session.
    pub(super) async fn open(options: &ConnectOptions, database: &str) -> Result<Self, SqlError> {
        let opening = Box::pin(Self::establish(options, database));
        match tokio::time::timeout(CONNECT_TIMEOUT + HANDSHAKE_TIMEOUT, opening).await {
            Ok(opened) => opened,
            Err(_) => Err(SqlError::Unreachable("the login took too long".to_owned())),
        }
    }

    async fn establish(options: &ConnectOptions, database: &str) -> Result<Self, SqlError> {
        let host = &options.address.host;
        let port = match &options.address.port {
            Port::Number(port) => *port,
            Port::Instance(instance) => address::browse(host, instance).await?,
        };
        let stream = Box::pin(address::dial(host, port)).await?;
        let name = options.certificate_name.as_deref().unwrap_or(host);
        let secured = Box::pin(tls::secure(stream, &options.trust, name)).await?;
        let config = configure(options, database, port);
        let client = Box::pin(Client::connect(config, secured.compat_write()))
            .await
            .map_err(while_opening)?;
        let mut connection = Self {
            client,
            system_database: options.system_database.clone(),
            prepared: Prepared::default(),
        };
        connection.set_up(options.lock_timeout_ms).await?;
        Ok(connection)
    }

    /// `SET` has no parameters, and inside `sp_executesql` it would end with the statement.
    async fn set_up(&mut self, milliseconds: u32) -> Result<(), SqlError> {
        let text = statements::SESSION
            .text(&self.system_database)
            .replace("{milliseconds}", &milliseconds.to_string());
        self.batch(text).await
    }

    /// Sends a text as it is, without parameters, and waits for its end.
    pub(super) async fn batch(&mut self, text: String) -> Result<(), SqlError> {
        let answer = self.client.simple_query(text).await.map_err(sql_error)?;
        answer.into_results().await.map_err(sql_error)?;
        Ok(())
    }

    /// The name of GP's system database.
    pub(super) fn system_database(&self) -> &str {
        &self.system_database
    }

    pub(super) async fn begin(&mut self) -> Result<(), SqlError> {
        self.client.begin_transaction().await.map_err(sql_error)
    }

    pub(super) async fn commit(&mut self) -> Result<(), SqlError> {
        self.client.commit_transaction().await.map_err(sql_error)
    }

    pub(super) async fn rollback(&mut self) -> Result<(), SqlError> {
        self.client.rollback_transaction().await.map_err(sql_error)
    }

    /// Rolls back whatever is open; a procedure or the server may have done so already.
    pub(super) async fn rollback_if_open(&mut self) -> Result<(), SqlError> {
        match self.transaction_state().await? {
            TransactionState { count: 0, .. } => Ok(()),
            _ => self.rollback().await,
        }
    }

    /// Runs a statement and counts the rows it touched.
    pub(super) async fn execute(
        &mut self,
        statement: &Statement,
        parameters: Vec<SqlValue>,
    ) -> Result<u64, SqlError> {
        let query = self.bound(statement, parameters);
        let done = query.execute(&mut self.client).await.map_err(sql_error)?;
        Ok(done.total())
    }

    /// Runs a statement and reads all its rows.
    pub(super) async fn query(
        &mut self,
        statement: &Statement,
        parameters: Vec<SqlValue>,
    ) -> Result<Vec<Vec<Cell>>, SqlError> {
        let query = self.bound(statement, parameters);
        let mut stream = query.query(&mut self.client).await.map_err(sql_error)?;
        let mut rows = Vec::new();
        while let Some(item) = stream.try_next().await.map_err(sql_error)? {
            if let QueryItem::Row(row) = item {
                rows.push(row.into_iter().map(cell).collect());
            }
        }
        Ok(rows)
    }

    /// Runs the text of a query and reads all its rows, which the text bounds.
    pub(super) async fn rows(
        &mut self,
        text: String,
        parameters: Vec<SqlValue>,
    ) -> Result<Rows, SqlError> {
        let mut query = Query::new(text.replace("{system}", &self.system_database));
        for value in parameters {
            query.bind(column(value));
        }
        let mut stream = query.query(&mut self.client).await.map_err(sql_error)?;
        let mut rows = Rows::default();
        while let Some(item) = stream.try_next().await.map_err(sql_error)? {
            if let QueryItem::Row(row) = item {
                if rows.columns.is_empty() {
                    let names = row.columns().iter().map(|column| column.name().to_owned());
                    rows.columns = names.collect();
                }
                rows.rows.push(row.into_iter().map(cell).collect());
            }
        }
        Ok(rows)
    }

    /// Reads the first row, if any.
    pub(super) async fn query_one(
        &mut self,
        statement: &Statement,
        parameters: Vec<SqlValue>,
    ) -> Result<Option<Vec<Cell>>, SqlError> {
        Ok(self.query(statement, parameters).await?.into_iter().next())
    }

    /// Runs a text whose outputs say how it went, in one round trip.
    ///
    /// A text is prepared with its first run on this connection; from then on its handle goes
    /// instead, which is a tenth of the bytes.
    pub(super) async fn call_text(&mut self, call: TextCall<'_>) -> Result<Called, SqlError> {
        let text = |text| ColumnData::String(Some(Cow::Borrowed(text)));
        let handle = self.prepared.handle(&call);
        let mut command = match handle {
            Some(handle) => {
                let mut command = Command::new(statements::RUN_PREPARED);
                command.bind_param("", ColumnData::I32(Some(handle)));
                command
            }
            None if self.prepared.is_full() => {
                let mut command = Command::new(statements::RUN_TEXT);
                command.bind_param("", text(call.text));
                command.bind_param("", text(call.declarations));
                command
            }
            None => {
                let mut command = Command::new(statements::PREPARE_AND_RUN);
                command.bind_out_param("", ColumnData::I32(None));
                command.bind_param("", text(call.declarations));
                command.bind_param("", text(call.text));
                command
            }
        };
        for (name, value) in call.parameters {
            command.bind_param(name, column(value));
        }
        for (name, value) in call.outputs {
            command.bind_out_param(name, column(value));
        }
        let stream = command.exec(&mut self.client).await.map_err(sql_error)?;
        let mut called = collect(stream).await?;
        if handle.is_some() && called.raised.as_ref().and_then(SqlError::number) == Some(NO_HANDLE)
        {
            let message = "the server forgot what was prepared on this connection";
            return Err(SqlError::Broken(message.to_owned()));
        }
        if let Some(given) = called.output("").and_then(Cell::int) {
            self.prepared.keep(call.text, call.declarations, given);
        }
        let code = called.output(statements::RETURN_CODE).and_then(Cell::int);
        called.return_code = code
            .and_then(|code| i32::try_from(code).ok())
            .unwrap_or_default();
        Ok(called)
    }

    /// Asks where the transaction stands.
    pub(super) async fn transaction_state(&mut self) -> Result<TransactionState, SqlError> {
        let row = self
            .query_one(&statements::TRANSACTION_STATE, Vec::new())
            .await?;
        match row.as_deref() {
            Some([Cell::Int(count), Cell::Int(xact_state)]) => Ok(TransactionState {
                count: *count,
                xact_state: *xact_state,
            }),
            _ => Err(SqlError::Unexpected("no transaction state".to_owned())),
        }
    }

    fn bound<'a>(&self, statement: &Statement, parameters: Vec<SqlValue>) -> Query<'a> {
        let mut query = Query::new(statement.text(&self.system_database));
        for value in parameters {
            query.bind(column(value));
        }
        query
    }
}

/// Reads outputs before errors: the driver's own collector drops them when a procedure raises.
async fn collect(mut stream: CommandStream<'_>) -> Result<Called, SqlError> {
    let mut called = Called::default();
    loop {
        match stream.try_next().await {
            Ok(Some(CommandItem::ReturnStatus(status))) => {
                called.return_code = i32::from_ne_bytes(status.to_ne_bytes());
            }
            Ok(Some(CommandItem::ReturnValue(value))) => {
                let output = (value.name().to_owned(), cell(value.data().clone()));
                called.outputs.push(output);
            }
            Ok(Some(
                CommandItem::Row(_) | CommandItem::Metadata(_) | CommandItem::RowsAffected(_),
            )) => {}
            Ok(None) => return Ok(called),
            Err(error) => match sql_error(error) {
                raised if raised.breaks_connection() => return Err(raised),
                raised => {
                    called.raised = Some(raised);
                    return Ok(called);
                }
            },
        }
    }
}

fn configure(options: &ConnectOptions, database: &str, port: u16) -> Config {
    let mut config = Config::new();
    config.host(&options.address.host);
    config.port(port);
    config.database(database);
    config.application_name("Integration Hero Connect agent");
    // The stream is encrypted already.
    config.encryption(EncryptionLevel::NotSupported);
    config.handshake_timeout(Some(HANDSHAKE_TIMEOUT));
    // Commands are bounded by their own deadline, after which the connection is dropped.
    config.command_timeout(None);
    match &options.login {
        Login::Sql { user, password } => {
            config.authentication(AuthMethod::sql_server(user, password.expose_secret()));
        }
        Login::Windows => windows_login(&mut config),
    }
    config
}

#[cfg(windows)]
fn windows_login(config: &mut Config) {
    config.authentication(AuthMethod::Integrated);
}

/// The configuration refuses Windows authentication elsewhere.
#[cfg(not(windows))]
fn windows_login(_config: &mut Config) {}

fn column(value: SqlValue) -> ColumnData<'static> {
    match value {
        SqlValue::Null => ColumnData::String(None),
        SqlValue::Text(text) => ColumnData::String(Some(Cow::Owned(text))),
        SqlValue::TinyInt(number) => ColumnData::U8(Some(number)),
        SqlValue::SmallInt(number) => ColumnData::I16(Some(number)),
        SqlValue::Int(number) => ColumnData::I32(Some(number)),
        SqlValue::BigInt(number) => ColumnData::I64(Some(number)),
        SqlValue::Bit(bit) => ColumnData::Bit(Some(bit)),
        SqlValue::Numeric(number) => ColumnData::Numeric(Some(numeric(number))),
        SqlValue::DateTime(moment) => ColumnData::DateTime(Some(datetime(moment))),
    }
}

/// Without trailing zeros, so that the declared precision is as small as the value allows.
fn numeric(number: Decimal) -> Numeric {
    let number = number.normalize();
    let scale = u8::try_from(number.scale()).unwrap_or(Numeric::MAX_NUMERIC_SCALE);
    Numeric::new_with_scale(number.mantissa(), scale)
}

fn datetime(moment: PrimitiveDateTime) -> TdsDateTime {
    let days = moment.date().to_julian_day() - epoch().to_julian_day();
    let (hours, minutes, seconds, milli) = moment.time().as_hms_milli();
    let seconds = (u32::from(hours) * 60 + u32::from(minutes)) * 60 + u32::from(seconds);
    let ticks = seconds * TICKS_PER_SECOND + (u32::from(milli) * TICKS_PER_SECOND + 500) / 1000;
    TdsDateTime::new(days, ticks)
}

fn moment(value: TdsDateTime) -> PrimitiveDateTime {
    let midnight = PrimitiveDateTime::new(epoch(), Time::MIDNIGHT);
    let milli = i64::from(value.seconds_fragments()) * 1000 / i64::from(TICKS_PER_SECOND);
    midnight + TimeSpan::days(i64::from(value.days())) + TimeSpan::milliseconds(milli)
}

fn epoch() -> Date {
    Date::from_calendar_date(1900, Month::January, 1).unwrap_or(Date::MIN)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the driver's enum; what we never read is one"
)]
fn cell(value: ColumnData<'static>) -> Cell {
    match value {
        ColumnData::String(Some(text)) => Cell::Text(text.into_owned()),
        ColumnData::U8(Some(number)) => Cell::Int(number.into()),
        ColumnData::I16(Some(number)) => Cell::Int(number.into()),
        ColumnData::I32(Some(number)) => Cell::Int(number.into()),
        ColumnData::I64(Some(number)) => Cell::Int(number),
        ColumnData::Bit(Some(bit)) => Cell::Int(bit.into()),
        ColumnData::Guid(Some(guid)) => Cell::Text(guid.hyphenated().to_string()),
        ColumnData::Numeric(Some(number)) => {
            Decimal::try_from_i128_with_scale(number.value(), number.scale().into())
                .map_or(Cell::Other, Cell::Numeric)
        }
        ColumnData::DateTime(Some(value)) => Cell::DateTime(moment(value)),
        ColumnData::String(None)
        | ColumnData::U8(None)
        | ColumnData::I16(None)
        | ColumnData::I32(None)
        | ColumnData::I64(None)
        | ColumnData::Bit(None)
        | ColumnData::Guid(None)
        | ColumnData::Numeric(None)
        | ColumnData::DateTime(None) => Cell::Null,
        _ => Cell::Other,
    }
}

fn sql_error(error: tiberius::error::Error) -> SqlError {
    use tiberius::error::Error;
    match error {
        Error::Server(token) => SqlError::Server {
            number: i32::try_from(token.code()).unwrap_or(i32::MAX),
            procedure: token.procedure().to_owned(),
            message: token.message().to_owned(),
            fatal: token.class() >= 20,
        },
        Error::Tls(message) => SqlError::Tls(TlsProblem::Other(message)),
        other @ (Error::Io { .. }
        | Error::Protocol(_)
        | Error::Encoding(_)
        | Error::Conversion(_)
        | Error::Utf8
        | Error::Utf16
        | Error::ParseInt(_)
        | Error::Routing { .. }
        | Error::BulkInput(_)) => SqlError::Broken(other.to_string()),
    }
}

/// Before the login is through, the same errors mean other things.
fn while_opening(error: tiberius::error::Error) -> SqlError {
    match sql_error(error) {
        SqlError::Server {
            number, message, ..
        } => SqlError::LoginRefused(format!("{message} (error {number})")),
        SqlError::Broken(message) => SqlError::Unreachable(message),
        other @ (SqlError::Unreachable(_)
        | SqlError::Tls(_)
        | SqlError::LoginRefused(_)
        | SqlError::Unexpected(_)) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_survive_the_server_s_ticks() {
        let date = Date::from_calendar_date(2025, Month::March, 4).expect("date");
        let time = Time::from_hms_milli(15, 18, 22, 730).expect("time");
        let given = PrimitiveDateTime::new(date, time);
        assert_eq!(moment(datetime(given)), given);
        let none = PrimitiveDateTime::new(epoch(), Time::MIDNIGHT);
        assert_eq!(datetime(none), TdsDateTime::new(0, 0));
    }

    #[test]
    fn amounts_are_sent_with_the_smallest_precision() {
        let sent = numeric(Decimal::new(150_000, 5));
        assert_eq!((sent.value(), sent.scale()), (15, 1));
        let zero = numeric(Decimal::new(0, 5));
        assert_eq!((zero.value(), zero.scale()), (0, 0));
    }
}
