//! Opens TLS channels to the cloud, with or without our client certificate.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Error, Identity};

use super::proxy::ProxyConnector;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// Where the cloud is and whom we trust to be it.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) url: String,
    pub(super) ca_pem: Vec<u8>,
    pub(super) proxy: Option<http::Uri>,
}

/// Our certificate chain and key.
#[derive(Debug, Clone)]
pub(super) struct ClientIdentity {
    pub(super) chain_pem: String,
    pub(super) key_pem: SecretString,
}

/// Connects; with an identity the server learns who we are.
pub(super) async fn connect(
    target: &Target,
    identity: Option<&ClientIdentity>,
) -> Result<Channel, Error> {
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&target.ca_pem));
    if let Some(identity) = identity {
        let key = identity.key_pem.expose_secret();
        tls = tls.identity(Identity::from_pem(&identity.chain_pem, key));
    }
    let endpoint = Endpoint::from_shared(target.url.clone())?
        .tls_config(tls)?
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .tcp_keepalive(Some(Duration::from_secs(30)))
        .http2_keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .keep_alive_while_idle(true);
    match &target.proxy {
        Some(proxy) => {
            endpoint
                .connect_with_connector(ProxyConnector::new(proxy.clone()))
                .await
        }
        None => endpoint.connect().await,
    }
}
