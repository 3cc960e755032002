//! The HTTP library's clients, set up as ours are.

use std::sync::Arc;

use ureq::config::{Config, ConfigBuilder};
use ureq::typestate::AgentScope;
use ureq::unversioned::resolver::{DefaultResolver, Resolver};
use ureq::unversioned::transport::{ConnectProxyConnector, Connector};
use ureq::{Agent, Proxy};

use super::stage::{Begin, End, Stages};
use super::trust::Trust;
use super::wire::{Dial, LookUpLater, Secure};
use crate::upload::options::ClientError;
use crate::upload::proxy::ProxySettings;

/// How every client of ours behaves: which way it goes, that it follows nothing and takes every
/// status for an answer.
pub(super) fn plain_config(way: &ProxySettings) -> Result<ConfigBuilder<AgentScope>, ClientError> {
    Ok(Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(proxy(way)?)
        .user_agent(concat!("callspool/", env!("CARGO_PKG_VERSION")))
        .accept_encoding(""))
}

/// The library's client, with notes of how far each connection got.
pub(super) fn agent(
    config: Config,
    trust: &Arc<Trust>,
    stages: &Stages,
    resolver: impl Resolver,
) -> Agent {
    let connector = Begin(stages.clone())
        .chain(ConnectProxyConnector::default())
        .chain(Dial::new(stages.clone(), resolver))
        .chain(Secure::new(stages.clone(), Arc::clone(trust)))
        .chain(End(stages.clone()));
    Agent::with_parts(config, connector, LookUpLater(stages.clone()))
}

/// A client of the library for other hosts than the API.
///
/// # Errors
/// When the extra trust anchors or the proxy's URL cannot be used.
pub(in crate::upload) fn agent_for_others(
    ca_pem: Option<&[u8]>,
    way: &ProxySettings,
) -> Result<Agent, ClientError> {
    let trust = Arc::new(Trust::new(ca_pem)?);
    let config = plain_config(way)?.build();
    let resolver = DefaultResolver::default();
    Ok(agent(config, &trust, &Stages::default(), resolver))
}

/// The library's proxy. Without one it must be told so, or it would look for one by itself.
fn proxy(settings: &ProxySettings) -> Result<Option<Proxy>, ClientError> {
    match settings {
        ProxySettings::Direct => Ok(None),
        ProxySettings::Via(url) => match Proxy::new(url.expose()) {
            Ok(proxy) => Ok(Some(proxy)),
            Err(_) => Err(ClientError::Proxy {
                variable: url.variable(),
            }),
        },
    }
}
