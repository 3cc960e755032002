//! What is wrong with a certificate, in words. Pure.
//!
//! The TLS library has names of its own for the common faults; the rest it hands on from the
//! library below, whose type cannot be named here. Those are told apart by their names as text.

use rustls::{CertificateError, Error as TlsError};

use super::plain;

/// What is wrong with a certificate, when that is what is wrong; it follows "cannot trust …: ".
pub(super) fn problem(error: &TlsError) -> Option<String> {
    let problem = match error {
        TlsError::InvalidCertificate(problem) => problem,
        TlsError::NoCertificatesPresented => {
            return Some("it shows no certificate".to_owned());
        }
        _ => return None,
    };
    let known = match problem {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired (or this machine's clock is wrong)"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet (or this machine's clock is wrong)"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another host"
        }
        CertificateError::UnknownIssuer => "its certificate's issuer is not known here",
        CertificateError::BadSignature => {
            "its certificate is signed with another key than its authority's"
        }
        CertificateError::Revoked => "its certificate is revoked",
        other => match name_below(other).as_deref() {
            Some("CaUsedAsEndEntity") => {
                "its certificate is an authority's (CA:TRUE), which no server may show as its own; \
                 issue the server one with CA:FALSE and give its issuer's with --ca-file"
            }
            Some("UnsupportedCertVersion") => {
                "its certificate is not of X.509 version 3; issue the server one that is, with its \
                 host as subjectAltName"
            }
            _ => return Some(format!("its certificate is not valid, {}", words(other))),
        },
    };
    Some(known.to_owned())
}

/// Why a certificate cannot be used, for a message that says which one it is.
pub(in crate::upload) fn reason(error: &TlsError) -> String {
    match error {
        TlsError::InvalidCertificate(problem) => words(problem),
        other => plain(&other.to_string()),
    }
}

/// The name that the library below gives a fault.
fn name_below(error: &CertificateError) -> Option<String> {
    match error {
        CertificateError::Other(below) => Some(format!("{:?}", below.0)),
        _ => None,
    }
}

/// A fault's name as words: `BadEncoding` is "bad encoding". What is prose already stays, but for
/// its form; what a name brings in brackets is for programmers and goes.
fn words(error: &CertificateError) -> String {
    let text = name_below(error).unwrap_or_else(|| error.to_string());
    let name_end = text
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(name_end);
    if !rest.is_empty() && !rest.trim_start().starts_with(['(', '{']) {
        return plain(&text);
    }
    let name = name.strip_suffix("Context").unwrap_or(name);
    let mut words = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    words
}
