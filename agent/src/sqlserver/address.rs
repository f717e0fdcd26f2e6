//! Where a SQL Server is: the owner's notation, and named instances by the SQL Server Browser.

use std::io;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::net::TcpStream;

use super::error::SqlError;

pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

const DEFAULT_PORT: u16 = 1433;
const BROWSER_PORT: u16 = 1434;

/// `HOST`, `HOST,PORT` or `HOST\INSTANCE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: Port,
}

/// Where the server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Port {
    Number(u16),
    /// Asked from the SQL Server Browser.
    Instance(String),
}

impl Address {
    /// Reads the owner's notation.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some((host, port)) = text.split_once(',') {
            let port = Port::Number(port.trim().parse().ok()?);
            return Some(Self {
                host: host.trim().to_owned(),
                port,
            });
        }
        if let Some((host, instance)) = text.split_once('\\') {
            return Some(Self {
                host: host.to_owned(),
                port: Port::Instance(instance.to_owned()),
            });
        }
        let host = text.to_owned();
        (!host.is_empty()).then_some(Self {
            host,
            port: Port::Number(DEFAULT_PORT),
        })
    }
}

/// Connects to all addresses of a name at once and takes the first that answers: of those of an
/// availability group's listener, one per subnet, only one does.
pub(super) async fn dial(host: &str, port: u16) -> Result<TcpStream, SqlError> {
    let failed = |problem: String| SqlError::Unreachable(format!("{host},{port}: {problem}"));
    let connected = async {
        let addresses = tokio::net::lookup_host((host, port)).await?;
        first(addresses.map(TcpStream::connect)).await
    };
    let stream = tokio::time::timeout(CONNECT_TIMEOUT, connected)
        .await
        .map_err(|_| failed("no answer".to_owned()))?
        .map_err(|error: io::Error| failed(error.to_string()))?;
    stream
        .set_nodelay(true)
        .map_err(|error| failed(error.to_string()))?;
    Ok(stream)
}

/// The first attempt that succeeds; one that says nothing holds no other up.
async fn first<T>(
    attempts: impl Iterator<Item = impl Future<Output = io::Result<T>>>,
) -> io::Result<T> {
    let mut attempts: FuturesUnordered<_> = attempts.collect();
    let mut last = None;
    while let Some(attempt) = attempts.next().await {
        match attempt {
            Ok(connected) => return Ok(connected),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| io::Error::other("the name has no address")))
}

/// Asks the SQL Server Browser for an instance's port (SSRP, CLNT_UCAST_INST).
pub(super) async fn browse(host: &str, instance: &str) -> Result<u16, SqlError> {
    let failed = |problem: String| {
        SqlError::Unreachable(format!("the SQL Server Browser on {host}: {problem}"))
    };
    let io = |error: std::io::Error| failed(error.to_string());
    let mut targets = tokio::net::lookup_host((host, BROWSER_PORT))
        .await
        .map_err(io)?;
    let target = targets
        .next()
        .ok_or_else(|| failed("the name has no address".to_owned()))?;
    let local = if target.is_ipv4() {
        "0.0.0.0:0"
    } else {
        "[::]:0"
    };
    let socket = tokio::net::UdpSocket::bind(local).await.map_err(io)?;
    let mut request = vec![0x04];
    request.extend_from_slice(instance.as_bytes());
    request.push(0);
    socket.send_to(&request, target).await.map_err(io)?;
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(2), socket.recv(&mut answer))
        .await
        .map_err(|_| failed("no answer; name the port instead: HOST,PORT".to_owned()))?
        .map_err(io)?;
    let text = String::from_utf8_lossy(&answer[..read]);
    browsed_port(&text).ok_or_else(|| failed(format!("it does not know {instance}")))
}

fn browsed_port(answer: &str) -> Option<u16> {
    let mut fields = answer.split(';');
    fields.find(|field| field.eq_ignore_ascii_case("tcp"))?;
    fields.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn an_address_is_read_in_each_notation() {
        let port = |text: &str| Address::parse(text).map(|address| address.port);
        assert_eq!(port("sql01"), Some(Port::Number(1433)));
        assert_eq!(port("127.0.0.1,14330"), Some(Port::Number(14_330)));
        assert_eq!(port("SQL01\\GP"), Some(Port::Instance("GP".to_owned())));
        assert_eq!(port("sql01,x"), None);
        assert_eq!(port(""), None);
    }

    #[tokio::test]
    async fn the_address_that_answers_is_taken() {
        let silent = || std::future::pending::<io::Result<u8>>();
        let refuses = || std::future::ready(Err(io::ErrorKind::ConnectionRefused.into()));
        let attempts = [
            silent().boxed(),
            refuses().boxed(),
            std::future::ready(Ok(3)).boxed(),
        ];
        assert_eq!(first(attempts.into_iter()).await.expect("the third"), 3);
        let refused = first([refuses(), refuses()].into_iter()).await;
        let refused = refused.expect_err("none");
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        assert!(
            first(std::iter::empty::<std::future::Ready<io::Result<u8>>>())
                .await
                .is_err()
        );
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("port");
        let port = listener.local_addr().expect("address").port();
        let dialled = dial("localhost", port).await.expect("connected");
        assert!(dialled.nodelay().expect("option"));
        drop((listener, dialled));
        match dial("localhost", port).await {
            Err(SqlError::Unreachable(problem)) => {
                assert!(
                    problem.starts_with(&format!("localhost,{port}: ")),
                    "{problem}"
                );
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_browser_s_answer_names_the_port() {
        let answer =
            "\u{5}\0ServerName;SQL01;InstanceName;GP;IsClustered;No;Version;15.0;tcp;50123;;";
        assert_eq!(browsed_port(answer), Some(50_123));
        assert_eq!(browsed_port("ServerName;SQL01;;"), None);
    }
}
