//! Whom to trust: the platform's certificate authorities and those of `--ca-file`.
//!
//! The platform's are read as OpenSSL would find them, SSL_CERT_FILE and SSL_CERT_DIR included.

use std::sync::{Arc, OnceLock};

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, Error as TlsError, RootCertStore};
use ureq::tls::{PemItem, parse_pem};

use crate::upload::options::ClientError;
use crate::upload::transport_failure::certificate;

/// Whom a client trusts. The platform's anchors are read when the first certificate is judged: most
/// runs have nothing to send.
#[derive(Debug)]
pub(super) struct Trust {
    extra: Vec<CertificateDer<'static>>,
    anchors: OnceLock<Arc<RootCertStore>>,
    client: OnceLock<Result<Arc<ClientConfig>, TlsError>>,
}

impl Trust {
    /// Reads the extra anchors.
    ///
    /// # Errors
    /// When they are not PEM, hold no certificate, or one that cannot be read.
    pub(super) fn new(extra_pem: Option<&[u8]>) -> Result<Self, ClientError> {
        Ok(Self {
            extra: match extra_pem {
                Some(pem) => parse_extra(pem)?,
                None => Vec::new(),
            },
            anchors: OnceLock::new(),
            client: OnceLock::new(),
        })
    }

    /// All anchors. A platform without any is no error: a connection that needs one will say so.
    pub(super) fn anchors(&self) -> &Arc<RootCertStore> {
        self.anchors.get_or_init(|| {
            let mut anchors = RootCertStore::empty();
            anchors.add_parsable_certificates(self.extra.iter().cloned());
            let platform = rustls_native_certs::load_native_certs();
            for error in &platform.errors {
                log::debug!("a trust anchor of the platform is left out: {error}");
            }
            anchors.add_parsable_certificates(platform.certs);
            Arc::new(anchors)
        })
    }

    /// Whether there was an anchor when they were asked for; they are not read for that.
    pub(super) fn has_found_anchors(&self) -> bool {
        self.anchors.get().is_none_or(|anchors| !anchors.is_empty())
    }

    /// How connections are protected. It is one for all of them, so that a later one may go on with
    /// the session of an earlier one.
    ///
    /// # Errors
    /// When the TLS library has no such protocol.
    pub(super) fn client_config(&self) -> Result<Arc<ClientConfig>, TlsError> {
        let config = self.client.get_or_init(|| {
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let builder = ClientConfig::builder_with_provider(provider)
                .with_protocol_versions(rustls::ALL_VERSIONS)?;
            Ok(Arc::new(
                builder
                    .with_root_certificates(Arc::clone(self.anchors()))
                    .with_no_client_auth(),
            ))
        });
        config.clone()
    }
}

/// Reads a PEM file; anything in it that is no certificate is passed over.
fn parse_extra(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let mut certificates = Vec::new();
    // The TLS library passes over what it cannot read, so that a broken anchor would only show as
    // an unknown issuer.
    let mut proof = RootCertStore::empty();
    for item in parse_pem(pem) {
        let Ok(item) = item else {
            return Err(ClientError::CaNotPem);
        };
        if let PemItem::Certificate(certificate) = item {
            let certificate = CertificateDer::from(certificate.der().to_vec());
            proof
                .add(certificate.clone())
                .map_err(|error| ClientError::CaInvalid {
                    number: certificates.len() + 1,
                    reason: certificate::reason(&error),
                })?;
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err(ClientError::CaEmpty);
    }
    Ok(certificates)
}
