//! What a certificate says of itself. Pure; whether to trust it is decided elsewhere.

use chrono::{DateTime, Utc};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Name};

/// What a server's certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is: the common name, else the first host that it is for.
    pub subject: String,
    /// Who issued it: the common name, else the organisation.
    pub issuer: String,
    /// From when it is valid.
    pub not_before: DateTime<Utc>,
    /// Until when it is valid.
    pub not_after: DateTime<Utc>,
}

impl Certificate {
    /// Reads a certificate in DER form; `None` when it cannot be read.
    pub fn parse(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let validity = certificate.validity();
        let subject = name(certificate.subject())
            .or_else(|| first_host(&certificate))
            .unwrap_or_else(|| "a nameless host".to_owned());
        Some(Self {
            subject,
            issuer: name(certificate.issuer()).unwrap_or_else(|| "a nameless authority".to_owned()),
            not_before: DateTime::from_timestamp(validity.not_before.timestamp(), 0)?,
            not_after: DateTime::from_timestamp(validity.not_after.timestamp(), 0)?,
        })
    }
}

fn name(name: &X509Name<'_>) -> Option<String> {
    let common = name.iter_common_name();
    let mut parts = common.chain(name.iter_organization());
    let text = parts.find_map(|part| part.as_str().ok())?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn first_host(certificate: &X509Certificate<'_>) -> Option<String> {
    let names = certificate.subject_alternative_name().ok()??;
    names
        .value
        .general_names
        .iter()
        .find_map(|name| match name {
            GeneralName::DNSName(host) => Some((*host).to_owned()),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, date_time_ymd};

    fn issued(common_name: Option<&str>) -> Certificate {
        let mut params = CertificateParams::new(["crm.example.com".to_owned()]).unwrap();
        params.distinguished_name = DistinguishedName::new();
        if let Some(name) = common_name {
            params.distinguished_name.push(DnType::CommonName, name);
        }
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2027, 2, 3);
        let key = KeyPair::generate().unwrap();
        Certificate::parse(params.self_signed(&key).unwrap().der()).unwrap()
    }

    #[test]
    fn a_certificate_says_whose_it_is_and_until_when() {
        let named = issued(Some("CRM"));
        assert_eq!(
            (named.subject.as_str(), named.issuer.as_str()),
            ("CRM", "CRM")
        );
        assert_eq!(named.not_before.to_rfc3339(), "2026-01-01T00:00:00+00:00");
        assert_eq!(named.not_after.to_rfc3339(), "2027-02-03T00:00:00+00:00");
        let nameless = issued(None);
        assert_eq!(nameless.subject, "crm.example.com");
        assert_eq!(nameless.issuer, "a nameless authority");
        assert_eq!(Certificate::parse(b"no certificate"), None);
    }
}
