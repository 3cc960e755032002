//! The URL that tells a monitoring service of runs: read once. It is a secret, for whoever knows it
//! can say that all is well; no text but the request itself holds more of it than the host.

use std::fmt;

use super::base_url::{BaseUrl, BaseUrlError};

/// A ping URL: a base as a service gives it, perhaps with a query, which is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct PingUrl {
    base: BaseUrl,
    query: Option<String>,
}

/// Why a text cannot be a ping URL. None repeats it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PingUrlError {
    /// It is no http or https URL with a host.
    #[error(
        "the value is no ping URL (it is not repeated here); write it as https://host/path, as the \
         monitoring service shows it"
    )]
    NotAUrl,
    /// It holds a user name or password.
    #[error(
        "a ping URL with a user name cannot be used (it is not repeated here); take out everything up to the @"
    )]
    UserInfo,
    /// Plain http to a host that is not this machine.
    #[error(
        "plain http to {0} would show the ping URL, which is a secret, to whoever is on the way; use \
         https://, or --allow-http if the way there is safe"
    )]
    PlainHttp(String),
}

impl PingUrl {
    /// Reads a ping URL.
    ///
    /// # Errors
    /// When the text is no http or https URL with a host, or has userinfo or a fragment.
    pub fn parse(text: &str) -> Result<Self, PingUrlError> {
        let text = text.trim();
        let (base, query) = match text.split_once('?') {
            Some((base, query)) => (base, Some(query)),
            None => (text, None),
        };
        let base = BaseUrl::parse(base).map_err(|error| match error {
            BaseUrlError::UserInfo => PingUrlError::UserInfo,
            _ => PingUrlError::NotAUrl,
        })?;
        let is_query = |query: &str| {
            query
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'#')
        };
        match query {
            Some(query) if !is_query(query) => Err(PingUrlError::NotAUrl),
            query => Ok(Self {
                base,
                query: query.filter(|query| !query.is_empty()).map(str::to_owned),
            }),
        }
    }

    /// Refuses plain http to another machine.
    ///
    /// # Errors
    /// When the scheme is http and the host is not a loopback host.
    pub fn require_encryption(&self) -> Result<(), PingUrlError> {
        self.base
            .require_encryption()
            .map_err(|_| PingUrlError::PlainHttp(self.base.host().to_owned()))
    }

    /// Scheme, host and port, without what is secret: to choose the way there.
    pub fn base(&self) -> &BaseUrl {
        &self.base
    }

    /// Where to send something: a path below the URL, with the run's id in the query.
    pub(super) fn expose(&self, path: &str, run_id: &str) -> String {
        let url = self.base.join(path);
        match &self.query {
            Some(query) => format!("{url}?{query}&rid={run_id}"),
            None => format!("{url}?rid={run_id}"),
        }
    }
}

/// Scheme and host, and that something is left out.
impl fmt::Display for PingUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/…", self.base.origin())
    }
}

impl fmt::Debug for PingUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PingUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_grows_and_the_query_stays() {
        for (url, expected) in [
            (
                "https://hc.example.com/0d1f-uuid",
                "https://hc.example.com/0d1f-uuid/start?rid=r",
            ),
            (
                " https://HC.example.com:443/ping/key/slug/?create=1 ",
                "https://hc.example.com/ping/key/slug/start?create=1&rid=r",
            ),
            (
                "http://127.0.0.1:8000/x?",
                "http://127.0.0.1:8000/x/start?rid=r",
            ),
        ] {
            let url = PingUrl::parse(url).unwrap();
            assert_eq!(url.expose("start", "r"), expected);
        }
    }

    #[test]
    fn nothing_shows_more_than_the_host() {
        let url = PingUrl::parse("https://hc.example.com:8443/hush?key=hush").unwrap();
        assert_eq!(url.to_string(), "https://hc.example.com:8443/…");
        assert!(!format!("{url:?}").contains("hush"));
        for text in [
            "hush",
            "https:/hush",
            "ftp://hc.example.com/hush",
            "https:///hush",
            "https://hc.example.com/hush#hush",
            "https://hc.example.com/hu sh",
            "https://hc.example.com/hush?a b",
            "https://hc.example.com/hush?a#b",
            "https://user:hush@hc.example.com/",
        ] {
            let error = PingUrl::parse(text).unwrap_err().to_string();
            assert!(!error.contains("hush"), "{error}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        let check = |url| PingUrl::parse(url).unwrap().require_encryption();
        assert_eq!(check("http://localhost:8000/x"), Ok(()));
        assert_eq!(check("https://hc.example.com/x"), Ok(()));
        let refused = PingUrlError::PlainHttp("hc.example.com".to_owned());
        assert_eq!(check("http://hc.example.com/x"), Err(refused));
    }
}
