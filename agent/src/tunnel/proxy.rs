//! Reaches the cloud through an HTTP proxy by CONNECT.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::Service;

const MAX_ANSWER: usize = 16 * 1024;

/// Opens connections to the target of a URI through one proxy.
#[derive(Debug, Clone)]
pub(super) struct ProxyConnector {
    proxy: Uri,
}

impl ProxyConnector {
    pub(super) fn new(proxy: Uri) -> Self {
        Self { proxy }
    }
}

impl Service<Uri> for ProxyConnector {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        let proxy = authority(&self.proxy, 8080);
        let credentials = credentials(&self.proxy);
        Box::pin(async move {
            let target = authority(&target, 443);
            let stream = connect(&proxy, &target, credentials.as_deref()).await?;
            Ok(TokioIo::new(stream))
        })
    }
}

/// `USER:PASSWORD` of the proxy's address, for the Basic scheme.
fn credentials(proxy: &Uri) -> Option<String> {
    let (user_info, _) = proxy.authority()?.as_str().rsplit_once('@')?;
    Some(BASE64.encode(unescaped(user_info)))
}

/// `%40` and the like, as a URL spells characters that would end the part they are in.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = tail.get(..2).filter(|_| first == b'%');
        let code = code.and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    bytes
}

async fn connect(proxy: &str, target: &str, credentials: Option<&str>) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(proxy).await?;
    stream.set_nodelay(true)?;
    let authorization = credentials.map_or_else(String::new, |credentials| {
        format!("Proxy-Authorization: Basic {credentials}\r\n")
    });
    let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{authorization}\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::with_capacity(256);
    // One byte at a time: what follows the blank line belongs to TLS.
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() >= MAX_ANSWER {
            return Err(io::Error::other("the proxy's answer is too long"));
        }
        answer.push(stream.read_u8().await?);
    }
    match status(&answer) {
        Some(200) => Ok(stream),
        Some(code) => Err(io::Error::other(format!(
            "the proxy answered {code} to CONNECT"
        ))),
        None => Err(io::Error::other("the proxy did not answer in HTTP")),
    }
}

fn status(answer: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(answer).ok()?.lines().next()?;
    line.strip_prefix("HTTP/1.")?
        .split(' ')
        .nth(1)?
        .parse()
        .ok()
}

fn authority(uri: &Uri, default_port: u16) -> String {
    let host = uri.host().unwrap_or_default();
    format!("{host}:{}", uri.port_u16().unwrap_or(default_port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_read_from_the_first_line() {
        assert_eq!(
            status(b"HTTP/1.1 200 Connection established\r\n\r\n"),
            Some(200)
        );
        assert_eq!(
            status(b"HTTP/1.0 407 Proxy Authentication Required\r\n\r\n"),
            Some(407)
        );
        assert_eq!(status(b"SSH-2.0\r\n\r\n"), None);
    }

    #[tokio::test]
    async fn a_proxy_is_asked_for_the_target_and_its_refusal_is_told() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("listens");
        let address = listener.local_addr().expect("address").to_string();
        let server = async {
            let (mut stream, _) = listener.accept().await.expect("accepts");
            let mut request = vec![0; 256];
            let read = stream.read(&mut request).await.expect("reads");
            stream
                .write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n")
                .await
                .expect("writes");
            String::from_utf8_lossy(&request[..read]).into_owned()
        };
        let proxy: Uri = format!("http://GP%5Cagent:p%40ss@{address}")
            .parse()
            .expect("URL");
        assert_eq!(authority(&proxy, 8080), address);
        let credentials = credentials(&proxy);
        let connecting = connect(&address, "cloud.example:443", credentials.as_deref());
        let (request, result) = tokio::join!(server, connecting);
        assert!(request.starts_with("CONNECT cloud.example:443 HTTP/1.1\r\n"));
        let sent = format!(
            "\r\nProxy-Authorization: Basic {}\r\n",
            BASE64.encode("GP\\agent:p@ss")
        );
        assert!(request.contains(&sent), "{request}");
        assert!(result.expect_err("refused").to_string().contains("403"));
    }
}
