//! The upload API's client, made of settings and environment.

use std::collections::BTreeMap;

use super::failure::{CommandFailure, OrExit};
use crate::config::{self, Settings};
use crate::report::ExitCode;
use crate::upload::base_url::BaseUrl;
use crate::upload::proxy::{ProxyError, ProxySettings, VARIABLES};
use crate::upload::token::Token;
use crate::upload::{ClientOptions, HttpClient};

/// Makes the client; connects to nothing.
pub(super) fn connect(
    settings: &Settings,
    token: Option<Token>,
) -> Result<HttpClient, CommandFailure> {
    let base_url = settings.require_api_url().or_exit(ExitCode::Usage)?.clone();
    let ca_pem = config::read_ca_file(settings).or_exit(ExitCode::Usage)?;
    let proxy = proxy_to(&base_url).or_exit(ExitCode::Usage)?;
    HttpClient::new(ClientOptions {
        base_url,
        token,
        ca_pem,
        connect_timeout: settings.connect_timeout,
        response_timeout: settings.response_timeout,
        min_throughput_bytes_per_second: settings.min_throughput,
        proxy,
    })
    .or_exit(ExitCode::Usage)
}

/// The way to a host, from the environment.
pub(super) fn proxy_to(url: &BaseUrl) -> Result<ProxySettings, ProxyError> {
    let variables: BTreeMap<String, String> = VARIABLES
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)))
        .collect();
    ProxySettings::from_variables(&variables, url)
}
