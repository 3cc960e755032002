//! Whom to trust: the platform's certificate authorities and those of `--ca-file`.
//!
//! The platform's are read as OpenSSL would find them, SSL_CERT_FILE and SSL_CERT_DIR included.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::upload::options::ClientError;
use crate::upload::transport_failure::certificate;

/// The trust anchors of a client.
pub(super) struct Anchors {
    pub(super) tls: TlsConfig,
    /// Whether there are any.
    pub(super) any: bool,
}

impl Anchors {
    /// Reads the extra anchors, and for TLS the platform's. A platform without any is no error: a
    /// connection that needs one will say so.
    ///
    /// # Errors
    /// When the extra anchors are not PEM, hold no certificate, or one that cannot be read.
    pub(super) fn load(https: bool, extra_pem: Option<&[u8]>) -> Result<Self, ClientError> {
        let mut certificates = match extra_pem {
            Some(pem) => parse_extra(pem)?,
            None => Vec::new(),
        };
        if https {
            let platform = rustls_native_certs::load_native_certs();
            for error in &platform.errors {
                log::debug!("a trust anchor of the platform is left out: {error}");
            }
            let platform = platform.certs.iter().map(|der| Certificate::from_der(der));
            certificates.extend(platform.map(|certificate| certificate.to_owned()));
        }
        Ok(Self {
            any: !certificates.is_empty(),
            tls: TlsConfig::builder()
                .root_certs(RootCerts::new_with_certs(&certificates))
                .build(),
        })
    }
}

/// Reads a PEM file; anything in it that is no certificate is passed over.
fn parse_extra(pem: &[u8]) -> Result<Vec<Certificate<'static>>, ClientError> {
    let mut certificates = Vec::new();
    // The TLS library passes over what it cannot read, so that a broken anchor would only show as
    // an unknown issuer.
    let mut proof = RootCertStore::empty();
    for item in parse_pem(pem) {
        let Ok(item) = item else {
            return Err(ClientError::CaNotPem);
        };
        if let PemItem::Certificate(certificate) = item {
            proof
                .add(CertificateDer::from(certificate.der()))
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
