//! Looks at the way to the API without sending it anything of a call: names, connection, TLS, and
//! the answer to a question about a call that there cannot be.
//!
//! The first part makes a connection as every request does, by the same resolver, proxy and trust
//! anchors, and hangs up once TLS stands. It shakes hands itself, for the HTTP library shows nobody
//! the certificate.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error as TlsError,
    ProtocolVersion, SignatureScheme,
};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    ConnectProxyConnector, ConnectionDetails, Connector, NextTimeout, Transport, TransportAdapter,
};
use ureq::{Agent, Error};

use super::stage::{Begin, End};
use super::trust::Trust;
use super::wire::{Dial, LookUpLater, Secure, server_name};
use super::{HttpClient, cause, question};
use crate::outcome::Failure;
use crate::upload::Presence;
use crate::upload::certificate::Certificate;
use crate::upload::classify::{self, Request};
use crate::upload::transport_failure::Broken;

/// How far the API can be reached.
#[derive(Debug)]
pub struct Reach {
    /// The addresses of the API, or of the proxy in front of it; none when its name is not known.
    pub addresses: Vec<SocketAddr>,
    /// What TLS came to, as far as it came; `None` without TLS or without a connection.
    pub tls: Option<Tls>,
    /// Why there is no connection.
    pub failure: Option<Failure>,
}

/// What the handshake came to.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// The version that both agreed on, when they did.
    pub version: Option<&'static str>,
    /// The certificate that was shown, trusted or not; `None` when none was or it cannot be read.
    pub certificate: Option<Certificate>,
}

/// The answer to the question about a call that there cannot be.
#[derive(Debug)]
pub struct Asked {
    /// What it means.
    pub answer: Result<Presence, Failure>,
    /// What time it is by the API's clock, if it says so.
    pub date: Option<DateTime<Utc>>,
    /// Whether a page for a browser came.
    pub is_page: bool,
}

impl HttpClient {
    /// Connects to the API, through the proxy if there is one, and hangs up. Sends no request.
    pub fn reach(&self) -> Reach {
        self.stages.reset();
        let notes = Notes::default();
        let config = self.agent.config().clone();
        let stages = &self.stages;
        let addresses = Addresses(notes.clone(), DefaultResolver::default());
        let connector = Begin(stages.clone())
            .chain(ConnectProxyConnector::default())
            .chain(Dial::new(stages.clone(), addresses))
            .chain(Handshake {
                origin: self.origin.parse().ok(),
                trust: Arc::clone(&self.trust),
                notes: notes.clone(),
            })
            .chain(Secure::new(stages.clone(), Arc::clone(&self.trust)))
            .chain(End(stages.clone()));
        let agent = Agent::with_parts(config, connector, LookUpLater(stages.clone()));
        let request = self.agent.configure_request(
            ureq::http::Request::builder()
                .uri(format!("{}/", self.origin))
                .body(())
                .unwrap_or_default(),
        );
        let request = request
            .timeout_resolve(Some(self.connect_timeout))
            .timeout_connect(Some(self.connect_timeout))
            .timeout_global(Some(self.connect_timeout.saturating_mul(2)))
            .build();
        let result = agent.run(request);
        let noted = notes.take();
        let failure = match result {
            Err(error) if !noted.is_done => Some(
                Broken {
                    request: Request::Question,
                    stage: self.stages.get(),
                    cause: cause(error),
                    sent: None,
                    cancelled: false,
                    writing_failed: false,
                    route: &self.route,
                    has_anchors: self.trust.has_found_anchors(),
                }
                .failure(),
            ),
            _ => None,
        };
        Reach {
            addresses: noted.addresses,
            tls: noted.tls,
            failure,
        }
    }

    /// Asks for a call. Harmless whatever the API makes of it.
    pub fn ask(&self, call_id: &str, request_id: &str) -> Asked {
        match self.exchange(&question(call_id, request_id), None) {
            Ok(incoming) => Asked {
                answer: classify::question(&incoming.reply(), call_id),
                date: incoming.date,
                is_page: incoming.is_page(),
            },
            Err(failure) => Asked {
                answer: Err(failure),
                date: None,
                is_page: false,
            },
        }
    }
}

/// What was seen on the way.
#[derive(Debug, Clone, Default)]
struct Notes(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    addresses: Vec<SocketAddr>,
    tls: Option<Tls>,
    is_done: bool,
}

impl Notes {
    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Noted {
        std::mem::take(&mut *self.lock())
    }
}

/// The resolver, with a note of what it found first: of the proxy, where there is one.
#[derive(Debug)]
struct Addresses(Notes, DefaultResolver);

impl Resolver for Addresses {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.1.resolve(uri, config, timeout)?;
        self.0.lock().addresses = found.iter().copied().collect();
        Ok(found)
    }

    fn empty(&self) -> ResolvedSocketAddrs {
        self.1.empty()
    }
}

/// Shakes hands with the API over a connection that stands, and hangs up.
#[derive(Debug)]
struct Handshake {
    origin: Option<Uri>,
    trust: Arc<Trust>,
    notes: Notes,
}

impl<In: Transport> Connector<In> for Handshake {
    type Out = In;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<In>, Error> {
        let is_proxy = self.origin.as_ref().and_then(Uri::authority) != details.uri.authority();
        let Some(transport) = chained else {
            return Ok(None);
        };
        if is_proxy {
            return Ok(Some(transport));
        }
        if details.needs_tls() {
            self.notes.lock().tls = Some(Tls::default());
            let version = shake_hands(details, transport, &self.trust, &self.notes)?;
            if let Some(tls) = &mut self.notes.lock().tls {
                tls.version = version;
            }
        }
        self.notes.lock().is_done = true;
        Err(Error::ConnectionFailed)
    }
}

fn shake_hands<In: Transport>(
    details: &ConnectionDetails,
    transport: In,
    trust: &Trust,
    notes: &Notes,
) -> Result<Option<&'static str>, Error> {
    let config = client_config(trust, notes)?;
    let mut connection = ClientConnection::new(Arc::new(config), server_name(details.uri)?)?;
    let mut socket = TransportAdapter::new(transport.boxed(), details.current_time.clone());
    socket.set_timeout(details.timeout);
    connection.complete_io(&mut socket)?;
    Ok(match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => Some("TLS 1.3"),
        Some(ProtocolVersion::TLSv1_2) => Some("TLS 1.2"),
        _ => None,
    })
}

/// The same trust as the client's, by a verifier that notes what it is shown.
fn client_config(trust: &Trust, notes: &Notes) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let anchors = Arc::clone(trust.anchors());
    let verifier = Witness {
        // Without any anchor there is no verifier, and nothing to trust.
        inner: WebPkiServerVerifier::builder_with_provider(anchors, Arc::clone(&provider))
            .build()
            .ok(),
        provider: Arc::clone(&provider),
        notes: notes.clone(),
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(rustls::ALL_VERSIONS)?;
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

/// The usual verifier, with a note of the certificate.
#[derive(Debug)]
struct Witness {
    inner: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
    notes: Notes,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        if let Some(tls) = &mut self.notes.lock().tls {
            tls.certificate = Certificate::parse(end_entity);
        }
        match &self.inner {
            Some(inner) => {
                inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
            None => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}
