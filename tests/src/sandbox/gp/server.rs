//! The TDS listener: accepts connections, agrees on TLS, checks logins, starts sessions.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, bail};
use bytes::BytesMut;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

use super::error::SqlError;
use super::faults::Faults;
use super::heap::Heap;
use super::session::Session;
use super::sql::Scripts;
use super::wire::login::{self, Login};
use super::wire::packet::{self, Stream};
use super::wire::prelogin::{self, Encryption};
use super::wire::tls::{Framed, Tls};
use super::wire::tokens;

/// Everything connections share.
pub struct Server {
    pub heap: Heap,
    pub scripts: Scripts,
    pub faults: Faults,
    pub tls: Tls,
    pub user: String,
    pub password: String,
    name: Mutex<String>,
    pub offline: AtomicBool,
    pub refuse_logins: AtomicBool,
    next_spid: AtomicI64,
    pub connections: AtomicI64,
    batches: AtomicU64,
    pub requests: AtomicU64,
    /// Logins that were tried, refused ones too.
    pub logins: AtomicU64,
    /// The server's `user options` turn on what most clients do not expect.
    pub user_options: AtomicBool,
    /// Raised when everything prepared before is to be forgotten.
    pub prepared_epoch: AtomicU64,
    calls: Mutex<HashMap<String, u64>>,
    /// Changes when all connections shall end.
    kick: watch::Sender<u64>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}

impl Server {
    /// A server over a heap.
    pub fn new(heap: Heap, tls: Tls, user: &str, password: &str) -> Server {
        Server {
            heap,
            scripts: Scripts::default(),
            faults: Faults::default(),
            tls,
            user: user.to_owned(),
            password: password.to_owned(),
            name: Mutex::new("GPSANDBOX".to_owned()),
            offline: AtomicBool::new(false),
            refuse_logins: AtomicBool::new(false),
            next_spid: AtomicI64::new(51),
            connections: AtomicI64::new(0),
            batches: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            logins: AtomicU64::new(0),
            user_options: AtomicBool::new(false),
            prepared_epoch: AtomicU64::new(0),
            calls: Mutex::new(HashMap::new()),
            kick: watch::channel(0).0,
        }
    }

    /// The server's name.
    pub fn name(&self) -> String {
        self.name
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Gives the server another name.
    pub fn rename(&self, name: &str) {
        name.clone_into(&mut self.name.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Ends every connection.
    pub fn kick_all(&self) {
        self.kick.send_modify(|count| *count += 1);
    }

    /// Counts a message of a client: one round trip.
    pub fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a batch or parameterised statement.
    pub fn count_batch(&self) {
        self.batches.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a call of a procedure.
    pub fn count_call(&self, name: &str) {
        *self
            .calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(name.to_owned())
            .or_default() += 1;
    }

    /// Calls by procedure, and batches.
    pub fn counts(&self) -> (HashMap<String, u64>, u64) {
        (
            self.calls
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            self.batches.load(Ordering::Relaxed),
        )
    }

    /// Accepts connections until the future is dropped.
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        tracker: tokio_util::task::TaskTracker,
    ) {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                continue;
            };
            if self.offline.load(Ordering::Relaxed) {
                drop(stream);
                continue;
            }
            let server = Arc::clone(&self);
            let readers = tracker.clone();
            tracker.spawn(async move {
                server.connections.fetch_add(1, Ordering::Relaxed);
                if let Err(error) = Arc::clone(&server).connection(stream, readers).await {
                    tracing::debug!(error = %format!("{error:#}"), "a connection ended early");
                }
                server.connections.fetch_sub(1, Ordering::Relaxed);
            });
        }
    }

    async fn connection(
        self: Arc<Self>,
        stream: TcpStream,
        tracker: tokio_util::task::TaskTracker,
    ) -> anyhow::Result<()> {
        stream.set_nodelay(true)?;
        let mut first = [0_u8; 1];
        stream.peek(&mut first).await?;
        if first[0] == 0x16 {
            let mut stream = self.tls.strict.accept(stream).await.context("strict TLS")?;
            let message = packet::read(&mut stream).await?;
            answer_prelogin(&mut stream, prelogin::encryption(&message.body)).await?;
            return self.session(stream, tracker).await;
        }
        let mut stream = stream;
        let message = packet::read(&mut stream).await?;
        if message.kind != packet::PRELOGIN {
            bail!("the first message is no PRELOGIN");
        }
        let encryption = prelogin::encryption(&message.body);
        answer_prelogin(&mut stream, encryption).await?;
        if encryption == Encryption::NotSupported {
            return self.session(stream, tracker).await;
        }
        let (framed, handshake) = Framed::new(stream);
        let mut stream = self.tls.framed.accept(framed).await.context("framed TLS")?;
        tokio::io::AsyncWriteExt::flush(&mut stream).await?;
        handshake.store(false, Ordering::Release);
        self.session(stream, tracker).await
    }

    async fn session<S: Stream + 'static>(
        self: Arc<Self>,
        mut stream: S,
        tracker: tokio_util::task::TaskTracker,
    ) -> anyhow::Result<()> {
        let message = packet::read(&mut stream).await?;
        if message.kind != packet::LOGIN {
            bail!("no login after PRELOGIN");
        }
        let login = login::read(&message.body).map_err(anyhow::Error::msg)?;
        let size = usize::try_from(login.packet_size)
            .unwrap_or(4096)
            .clamp(512, 32_767);
        let database = match self.check(&login) {
            Ok(database) => database,
            Err(error) => {
                let mut out = BytesMut::new();
                tokens::error(&mut out, &error, &self.name());
                tokens::done(&mut out, tokens::DONE, tokens::FAILED, 0);
                packet::write(&mut stream, &out, 4096).await?;
                return Ok(());
            }
        };
        let name = self.heap.lock().registry.databases[database].name.clone();
        packet::write(&mut stream, &greeting(&name, size, &self.name()), 4096).await?;
        let spid = self.next_spid.fetch_add(1, Ordering::Relaxed);
        let (mut reader, writer) = tokio::io::split(stream);
        let (sender, incoming) = mpsc::channel(4);
        let mut kick = self.kick.subscribe();
        tracker.spawn(async move {
            // Dropping the sender tells the session that the client is gone.
            loop {
                let message = tokio::select! {
                    message = packet::read(&mut reader) => message,
                    _ = kick.changed() => return,
                };
                let Ok(message) = message else { return };
                if sender.send(message).await.is_err() {
                    return;
                }
            }
        });
        let session = Session::new(Arc::clone(&self), &login, spid, database, incoming);
        Ok(session.run(writer, size).await?)
    }

    fn check(&self, login: &Login) -> Result<usize, SqlError> {
        self.logins.fetch_add(1, Ordering::Relaxed);
        let right = login.user.eq_ignore_ascii_case(&self.user) && login.password == self.password;
        if !right || self.refuse_logins.load(Ordering::Relaxed) {
            return Err(SqlError::severe(
                18456,
                14,
                format!("Login failed for user '{}'.", login.user),
            ));
        }
        let wanted = if login.database.is_empty() {
            "master"
        } else {
            login.database.as_str()
        };
        let found = self.heap.lock().registry.database(wanted);
        found.ok_or_else(|| {
            SqlError::severe(
                4060,
                11,
                format!(
                    "Cannot open database \"{wanted}\" requested by the login. The login failed."
                ),
            )
        })
    }
}

async fn answer_prelogin<S: Stream>(stream: &mut S, encryption: Encryption) -> std::io::Result<()> {
    packet::write(stream, &prelogin::answer(encryption), 4096).await
}

fn greeting(database: &str, size: usize, server: &str) -> BytesMut {
    let mut out = BytesMut::new();
    tokens::change(&mut out, 1, database, "master");
    tokens::info(
        &mut out,
        5701,
        &format!("Changed database context to '{database}'."),
        server,
    );
    tokens::collation(&mut out);
    tokens::change(&mut out, 2, "us_english", "");
    tokens::info(
        &mut out,
        5703,
        "Changed language setting to us_english.",
        server,
    );
    tokens::login_ack(&mut out);
    tokens::change(&mut out, 4, &size.to_string(), "4096");
    tokens::done(&mut out, tokens::DONE, 0, 0);
    out
}
