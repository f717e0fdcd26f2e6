//! The HTTP client for addresses that users give: pooled, timed, blind to redirects, kept out of private networks.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use connect_core::domain::failure::{Failure, FailureClass};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::addresses::is_private;

/// How outgoing calls behave.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Time to reach the other side.
    pub connect_timeout: Duration,
    /// Time for a whole call.
    pub timeout: Duration,
    /// Calls at one time to one store.
    pub concurrency: usize,
    /// Largest answer read.
    pub max_answer_bytes: usize,
    /// Lets calls reach loopback, private and link-local addresses.
    pub allow_private_networks: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            concurrency: 4,
            max_answer_bytes: 16 * 1024 * 1024,
            allow_private_networks: false,
        }
    }
}

/// Builds the client; one serves every store, its pool is per host.
pub fn client(settings: &Settings) -> Result<reqwest::Client, reqwest::Error> {
    let mut builder = reqwest::Client::builder()
        .connect_timeout(settings.connect_timeout)
        .timeout(settings.timeout)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(settings.concurrency.max(1))
        .user_agent(concat!(
            "integration-hero-connect/",
            env!("CARGO_PKG_VERSION")
        ))
        .no_proxy();
    if !settings.allow_private_networks {
        builder = builder.dns_resolver(Arc::new(PublicOnly));
    }
    builder.build()
}

/// Checks a base address people gave: scheme, host, and no private address written out in it.
pub fn check_base_url(text: &str, settings: &Settings) -> Result<reqwest::Url, Failure> {
    let url = reqwest::Url::parse(text).map_err(|error| address(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(address("it must begin with https:// or http://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(address("it must not carry a user name or password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(address("it must end with the shop's root path"));
    }
    let Some(host) = url.host_str() else {
        return Err(address("it names no host"));
    };
    let literal = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    let hidden = literal.is_ok_and(is_private) || host.eq_ignore_ascii_case("localhost");
    if hidden && !settings.allow_private_networks {
        return Err(address(
            "it lies in a private network, which this server does not call",
        ));
    }
    Ok(url)
}

fn address(why: &str) -> Failure {
    Failure::new(
        FailureClass::InvalidData,
        "store_address_invalid",
        format!("The store's base address cannot be used: {why}."),
    )
}

/// Resolves names and refuses them when any of their addresses is private: a name must not rebind.
#[derive(Clone, Copy, Debug)]
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().any(|address| is_private(address.ip())) {
                return Err(Box::<dyn std::error::Error + Send + Sync>::from(
                    "the name leads into a private network",
                ));
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_addresses_are_checked() {
        let closed = Settings::default();
        let open = Settings {
            allow_private_networks: true,
            ..Settings::default()
        };
        assert!(check_base_url("https://shop.example/eu", &closed).is_ok());
        for bad in [
            "ftp://shop.example",
            "https://user:pw@shop.example",
            "https://shop.example/?a=1",
            "not an address",
            "http://127.0.0.1:5000",
            "http://localhost",
            "http://[::1]/",
            "http://2130706433/",
            "http://0x7f.1/",
        ] {
            assert!(check_base_url(bad, &closed).is_err(), "{bad}");
        }
        assert!(check_base_url("http://127.0.0.1:5000", &open).is_ok());
    }
}
