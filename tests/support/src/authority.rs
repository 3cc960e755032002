//! A certificate authority that nobody knows.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

/// A certificate authority that nobody knows.
pub struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, both PEM.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: String,
}

impl Authority {
    /// A new one.
    #[expect(
        clippy::new_without_default,
        reason = "each is another: there is nothing usual about one"
    )]
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "Private Authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            pem,
            issuer: Issuer::new(params, key),
        }
    }

    /// Its own certificate, PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Issues a certificate for a host, valid from the start of one year to the end of another.
    pub fn issue(&self, host: &str, first_year: i32, last_year: i32) -> Issued {
        self.issue_between(host, (first_year, 1, 1), (last_year, 12, 31))
    }

    /// Issues a certificate for a host, valid until the start of a day.
    pub fn issue_until(&self, host: &str, year: i32, month: u32, day: u32) -> Issued {
        let small = |number: u32| u8::try_from(number).unwrap();
        self.issue_between(host, (2020, 1, 1), (year, small(month), small(day)))
    }

    fn issue_between(&self, host: &str, first: (i32, u8, u8), last: (i32, u8, u8)) -> Issued {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        params.not_before = date_time_ymd(first.0, first.1, first.2);
        params.not_after = date_time_ymd(last.0, last.1, last.2);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Issued {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}
