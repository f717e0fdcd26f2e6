//! Signed webhooks over kept-alive connections, as cheap to send as can be: the machine is shared.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connect_tests::harness::world::World;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A webhook ready to be written to a socket.
pub(crate) type Delivery = Vec<u8>;

/// Where webhooks go and what they are signed with.
#[derive(Debug)]
pub(crate) struct Sender {
    authority: String,
    path: String,
    key: hmac::Key,
}

impl Sender {
    /// A sender to the world's store.
    pub(crate) fn to(world: &World) -> anyhow::Result<Self> {
        let url = world.tenancy.hook_url.strip_prefix("http://");
        let (authority, path) = url
            .and_then(|rest| rest.split_once('/'))
            .context("the hook's URL is no plain HTTP URL")?;
        let secret = world.tenancy.webhook_secret.trim_start_matches("whsec_");
        Ok(Self {
            authority: authority.to_owned(),
            path: format!("/{path}"),
            key: hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(secret)?),
        })
    }

    /// So many webhooks about orders that no other webhook is about.
    pub(crate) fn deliveries(&self, from: usize, count: usize) -> Vec<Delivery> {
        let now = jiff::Timestamp::now();
        (from..from + count)
            .map(|number| self.delivery(number, now))
            .collect()
    }

    fn delivery(&self, number: usize, now: jiff::Timestamp) -> Delivery {
        let id = format!("bench-{number}");
        let entity = 1_000_000 + number;
        let body = format!(
            r#"{{"id":"{id}","topic":"order.placed","store_url":"http://shop.example","installation_id":"bench","store_id":1,"entity":"order","entity_id":"{entity}","occurred_at":"{now}","sequence":{number}}}"#
        );
        let timestamp = now.as_second();
        let signed = format!("{id}.{timestamp}.{body}");
        let signature = STANDARD.encode(hmac::sign(&self.key, signed.as_bytes()));
        format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
             webhook-id: {id}\r\nwebhook-timestamp: {timestamp}\r\n\
             webhook-signature: v1,{signature}\r\ncontent-length: {}\r\n\r\n{body}",
            self.path,
            self.authority,
            body.len(),
        )
        .into_bytes()
    }

    /// Sends the deliveries one after the other over each of so many connections; how long each
    /// answer took.
    pub(crate) async fn send_all(
        &self,
        deliveries: Vec<Delivery>,
        connections: usize,
    ) -> anyhow::Result<Vec<Duration>> {
        let mut shares = vec![Vec::new(); connections];
        for (at, delivery) in deliveries.into_iter().enumerate() {
            shares[at % connections].push(delivery);
        }
        let mut tasks = tokio::task::JoinSet::new();
        for share in shares {
            let mut connection = Connection::open(&self.authority).await?;
            tasks.spawn(async move {
                let mut took = Vec::with_capacity(share.len());
                for delivery in share {
                    took.push(connection.send(&delivery).await?);
                }
                anyhow::Ok(took)
            });
        }
        gather(tasks).await
    }

    /// Sends so many a second, each at its time whether earlier ones are answered or not; answers
    /// are timed from the moment the webhook was due.
    pub(crate) async fn send_paced(
        &self,
        deliveries: Vec<Delivery>,
        a_second: u32,
        connections: usize,
    ) -> anyhow::Result<Vec<Duration>> {
        let interval = Duration::from_secs(1) / a_second;
        let start = Instant::now() + Duration::from_millis(50);
        let mut shares = vec![Vec::new(); connections];
        for (at, delivery) in (0_u32..).zip(deliveries) {
            shares[at as usize % connections].push((start + interval * at, delivery));
        }
        let mut tasks = tokio::task::JoinSet::new();
        for share in shares {
            let mut connection = Connection::open(&self.authority).await?;
            tasks.spawn(async move {
                let mut took = Vec::with_capacity(share.len());
                for (due, delivery) in share {
                    tokio::time::sleep_until(due.into()).await;
                    connection.send(&delivery).await?;
                    took.push(due.elapsed());
                }
                anyhow::Ok(took)
            });
        }
        gather(tasks).await
    }
}

async fn gather(
    mut tasks: tokio::task::JoinSet<anyhow::Result<Vec<Duration>>>,
) -> anyhow::Result<Vec<Duration>> {
    let mut all = Vec::new();
    while let Some(done) = tasks.join_next().await {
        all.extend(done??);
    }
    Ok(all)
}

struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    async fn open(authority: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(authority).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            answer: vec![0; 4096],
        })
    }

    /// Sends and waits for the whole answer, which must be 202.
    async fn send(&mut self, delivery: &[u8]) -> anyhow::Result<Duration> {
        let start = Instant::now();
        self.stream.write_all(delivery).await?;
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.answer[filled..]).await?;
            if read == 0 {
                bail!("the cloud closed the connection");
            }
            filled += read;
            if whole(&self.answer[..filled]) {
                break;
            }
        }
        let took = start.elapsed();
        let answer = &self.answer[..filled];
        if !answer.starts_with(b"HTTP/1.1 202") {
            bail!("not taken: {}", String::from_utf8_lossy(answer));
        }
        Ok(took)
    }
}

/// Whether head and body are there; our cloud always gives the length, in lower case.
fn whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .and_then(|length| length.parse().ok());
    length.is_some_and(|length: usize| body.len() >= length)
}
