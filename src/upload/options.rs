//! What the client is made of, and why it cannot be made.

use std::time::Duration;

use super::base_url::BaseUrl;
use super::proxy::ProxySettings;
use super::token::Token;

/// What an [`HttpClient`](super::HttpClient) needs to know.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// The base URL of the API.
    pub base_url: BaseUrl,
    /// The bearer token; sent to the base URL's origin and nowhere else.
    pub token: Option<Token>,
    /// Trust anchors beside the platform's: the bytes of a PEM file.
    pub ca_pem: Option<Vec<u8>>,
    /// The longest time for a connection, TLS included; the name's look-up has as long again.
    pub connect_timeout: Duration,
    /// The longest time from the last byte sent to the answer's head.
    pub response_timeout: Duration,
    /// How slow a request may be before it is given up, in bytes a second: all of it may take
    /// connect + response + size ÷ this.
    pub min_throughput_bytes_per_second: u64,
    /// The way to the API.
    pub proxy: ProxySettings,
}

/// A setting that no client can be made of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The extra trust anchors are not PEM.
    #[error(
        "the --ca-file is not PEM: give it certificates that begin with -----BEGIN CERTIFICATE-----"
    )]
    CaNotPem,
    /// There is no certificate among the extra trust anchors.
    #[error("the --ca-file holds no certificate: give it at least one in PEM form")]
    CaEmpty,
    /// A certificate among the extra trust anchors cannot be read.
    #[error("certificate {number} of the --ca-file cannot be read ({reason}): replace it")]
    CaInvalid {
        /// Which one, from 1.
        number: usize,
        /// The TLS library's reason.
        reason: String,
    },
    /// The proxy's URL is not accepted by the HTTP library.
    #[error("{variable} is no proxy URL: write it as http://host:port, or unset it")]
    Proxy {
        /// The variable that holds it.
        variable: &'static str,
    },
}
