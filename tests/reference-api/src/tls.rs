//! The server's side of TLS.

use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Makes the configuration for a certificate chain and its key, both PEM.
///
/// # Errors
/// When a text is no PEM, holds no certificate or key, or the two do not belong together.
pub(crate) fn config(certificate_pem: &[u8], key_pem: &[u8]) -> io::Result<Arc<ServerConfig>> {
    let chain = CertificateDer::pem_slice_iter(certificate_pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| invalid("certificate", error))?;
    let key = PrivateKeyDer::from_pem_slice(key_pem).map_err(|error| invalid("key", error))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| invalid("protocol", error))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| invalid("certificate and key", error))?;
    Ok(Arc::new(config))
}

fn invalid(what: &str, error: impl std::fmt::Display) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("tls {what} cannot be used: {error}"),
    )
}
