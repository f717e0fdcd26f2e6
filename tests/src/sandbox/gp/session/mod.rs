//! One connection: login, then requests until the client goes away.

pub mod batch;
pub mod define;
mod describe;
#[cfg(test)]
mod fuzz;
mod plain;
pub mod rpc;
pub mod state;
pub mod unit;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::BytesMut;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use super::error::SqlError;
use super::faults::When;
use super::server::Server;
use super::sql::run::Answer;
use super::sql::script::Isolation;
use super::wire::login::Login;
use super::wire::packet::{self, Message};
use super::wire::request::{self, TransactionRequest};
use super::wire::tokens;
use state::{State, Variables};
use unit::Failure;

/// A connection after its login.
pub struct Session {
    pub server: Arc<Server>,
    pub state: State,
    pub out: BytesMut,
    pub incoming: mpsc::Receiver<Message>,
    pub kept: VecDeque<Message>,
    /// How deep the running statement is in TRY blocks.
    pub in_try: u32,
    /// Results and errors are kept here as well, for the control API.
    pub capture: Option<Capture>,
    /// DONE tokens of statements inside procedures differ from those of batches.
    done_token: u8,
    last_done: Option<usize>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Results of a session that has no client.
#[derive(Debug, Default)]
pub struct Capture {
    pub answers: Vec<Answer>,
    pub errors: Vec<SqlError>,
}

/// The spid of sessions without a connection.
const DETACHED: i64 = 50;

/// How a request ended for the connection.
enum Ended {
    Answered,
    Gone,
}

impl Session {
    /// A session for a login that was accepted.
    pub fn new(
        server: Arc<Server>,
        login: &Login,
        spid: i64,
        database: usize,
        incoming: mpsc::Receiver<Message>,
    ) -> Self {
        let options = server.user_options.load(Ordering::Relaxed);
        let state = State {
            spid,
            database,
            login: login.user.clone(),
            host: login.host.clone(),
            application: login.application.clone(),
            server_name: server.name(),
            open: None,
            lock_timeout: None,
            abort_on_error: options,
            no_count: options,
            no_exec: false,
            implicit: options,
            isolation: Isolation::ReadCommitted,
            row_count: 0,
            identity: None,
            last_error: 0,
            caught: None,
            handles: HashMap::new(),
            next_handle: 1,
        };
        Session {
            server,
            state,
            out: BytesMut::new(),
            incoming,
            kept: VecDeque::new(),
            in_try: 0,
            capture: None,
            done_token: tokens::DONE,
            last_done: None,
        }
    }

    /// A session of the server's owner without a connection; none for an unknown database. The
    /// client is there as long as the sender is.
    pub fn detached(
        server: &Arc<Server>,
        database: &str,
    ) -> Option<(mpsc::Sender<Message>, Session)> {
        let place = server.heap.lock().registry.database(database)?;
        let login = Login {
            user: "sa".to_owned(),
            password: String::new(),
            application: "control".to_owned(),
            host: "localhost".to_owned(),
            database: database.to_owned(),
            packet_size: 4096,
        };
        let (alive, incoming) = mpsc::channel(1);
        let session = Session::new(Arc::clone(server), &login, DETACHED, place, incoming);
        Some((alive, session))
    }

    /// Serves requests until the client goes away; what it left open is rolled back.
    pub async fn run<W: AsyncWrite + Unpin>(
        mut self,
        mut writer: W,
        packet_size: usize,
    ) -> std::io::Result<()> {
        let result = self.serve(&mut writer, packet_size).await;
        if let Err(error) = self.abandon() {
            tracing::warn!(error = %error, "a transaction could not be rolled back");
        }
        let _closed = writer.shutdown().await;
        result
    }

    async fn serve<W: AsyncWrite + Unpin>(
        &mut self,
        writer: &mut W,
        packet_size: usize,
    ) -> std::io::Result<()> {
        loop {
            let kept = self.kept.pop_front();
            let message = match kept {
                Some(message) => message,
                None => match self.incoming.recv().await {
                    Some(message) => message,
                    None => return Ok(()),
                },
            };
            self.out.clear();
            self.last_done = None;
            if let Ended::Gone = self.request(message).await {
                return Ok(());
            }
            packet::write(writer, &self.out, packet_size).await?;
        }
    }

    async fn request(&mut self, message: Message) -> Ended {
        self.server.count_request();
        let outcome = match message.kind {
            packet::BATCH => self.batch(message).await,
            packet::RPC => self.rpc(message).await,
            packet::TRANSACTION => self.transaction(message),
            packet::ATTENTION => Err(Failure::Cancelled),
            other => Err(SqlError::unsupported(format!("packet type 0x{other:02X}")).into()),
        };
        match outcome {
            Ok(()) => {}
            Err(Failure::Error(error)) => {
                self.error(&error);
                self.done(tokens::FAILED, 0);
            }
            Err(Failure::Cancelled) => {
                self.in_try = 0;
                self.out.clear();
                tokens::done(&mut self.out, tokens::DONE, tokens::ATTENTION, 0);
            }
            Err(Failure::Gone) => return Ended::Gone,
        }
        Ended::Answered
    }

    async fn batch(&mut self, message: Message) -> Result<(), Failure> {
        let text = request::batch(message.body).map_err(|error| SqlError::new(4002, error))?;
        self.done_token = tokens::DONE;
        self.server.count_batch();
        self.text(&text, &mut Variables::default()).await?;
        self.finish_batch();
        Ok(())
    }

    fn transaction(&mut self, message: Message) -> Result<(), Failure> {
        self.done_token = tokens::DONE;
        let request = request::transaction(message.body);
        let commits = matches!(request, Ok(TransactionRequest::Commit { .. }));
        if commits && self.server.faults.ends_commit(When::Before) {
            return Err(Failure::Gone);
        }
        let outcome = match request {
            Ok(TransactionRequest::Begin) => {
                self.begin();
                Ok(())
            }
            Ok(TransactionRequest::Commit { begin_again }) => self.commit().map(|()| {
                if begin_again {
                    self.begin();
                }
            }),
            Ok(TransactionRequest::Rollback { name, begin_again }) => {
                self.rollback(Some(&name)).map(|()| {
                    if begin_again {
                        self.begin();
                    }
                })
            }
            Ok(TransactionRequest::Save { name }) => self.save(&name),
            Ok(TransactionRequest::Other(number)) => Err(SqlError::unsupported(format!(
                "transaction manager request {number}"
            ))),
            Err(error) => Err(SqlError::new(4002, error)),
        };
        if commits && self.server.faults.ends_commit(When::After) {
            return Err(Failure::Gone);
        }
        let failed = outcome.is_err();
        if let Err(error) = outcome {
            self.error(&error);
        }
        tokens::done(
            &mut self.out,
            tokens::DONE,
            if failed { tokens::FAILED } else { 0 },
            0,
        );
        Ok(())
    }

    /// Writes an error token.
    pub fn error(&mut self, error: &SqlError) {
        if let Some(capture) = &mut self.capture {
            capture.errors.push(error.clone());
        }
        tokens::error(&mut self.out, error, &self.state.server_name);
        self.done(tokens::FAILED, 0);
    }

    /// Writes an informational message.
    pub fn info(&mut self, number: i32, text: &str) {
        tokens::info(&mut self.out, number, text, &self.state.server_name);
    }

    /// Writes PRINT's text.
    pub fn print(&mut self, text: &str) {
        self.info(0, text);
    }

    /// The end of a statement; the last one of a batch is corrected to say so.
    pub fn done(&mut self, status: u16, rows: u64) {
        self.last_done = Some(self.out.len());
        tokens::done(&mut self.out, self.done_token, status | tokens::MORE, rows);
    }

    fn finish_batch(&mut self) {
        match self.last_done {
            Some(at) if at + 13 == self.out.len() => self.out[at + 1] &= !1,
            _ => tokens::done(&mut self.out, tokens::DONE, 0, 0),
        }
    }

    /// Tells the client which transaction it is in now.
    pub fn announce_begin(&mut self, descriptor: u64) {
        tokens::change_bytes(&mut self.out, 8, &descriptor.to_le_bytes(), &[]);
    }

    /// Tells the client that the transaction ended: 9 committed, 10 rolled back.
    pub fn announce_end(&mut self, kind: u8, descriptor: u64) {
        tokens::change_bytes(&mut self.out, kind, &[], &descriptor.to_le_bytes());
    }
}
