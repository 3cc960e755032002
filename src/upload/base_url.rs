//! The base URL of the upload API: read once, in one normal form.
//!
//! Pure: resolves no name and opens no connection. No error text repeats what a URL may hide
//! (userinfo, query, fragment).

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use http::Uri;

/// The base URL: scheme, host, perhaps a port and a path; no userinfo, query or fragment, and no
/// slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    origin: String,
    host: String,
    is_https: bool,
}

/// Why a text cannot be the base URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// It is no absolute URL. The text is there only when it can hold no secret.
    #[error("{} is no URL; write it as https://host/path", quoted_or(.0.as_deref(), "the value"))]
    NotAUrl(Option<String>),
    /// Another scheme than http or https.
    #[error("the scheme must be https or http, not {0:?}")]
    Scheme(String),
    /// It has no host, or one that is no DNS name or IP address.
    #[error("the host is missing or malformed; write it as https://host/path")]
    Host,
    /// The port is no number from 1 to 65535.
    #[error("the port must be a number from 1 to 65535")]
    Port,
    /// It holds a user name or password.
    #[error(
        "credentials do not belong in the URL (it is not repeated here); take out everything \
         up to the @ and put the token into a file named by --token-file"
    )]
    UserInfo,
    /// It has a query or a fragment.
    #[error("a base URL has no ? and no #; take out what follows")]
    QueryOrFragment,
    /// Plain http to a host that is not this machine.
    #[error(
        "plain http to {0} would send the token and the calls unencrypted; use https://, or \
         --allow-http if the way there is safe"
    )]
    PlainHttp(String),
}

impl BaseUrl {
    /// Reads a base URL and brings it into normal form: scheme and host in lower case, the
    /// scheme's own port and slashes at the end left out.
    ///
    /// # Errors
    /// When the text is no http or https URL with a host, or has userinfo, a query or a fragment.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let text = text.trim();
        if authority_part(text).contains('@') {
            return Err(BaseUrlError::UserInfo);
        }
        if text.contains(['?', '#']) {
            return Err(BaseUrlError::QueryOrFragment);
        }
        let not_a_url = || BaseUrlError::NotAUrl((!text.contains('@')).then(|| text.to_owned()));
        let Some((scheme, _)) = text.split_once("://") else {
            return Err(not_a_url());
        };
        let scheme = scheme.to_ascii_lowercase();
        let is_https = match scheme.as_str() {
            "https" => true,
            "http" => false,
            _ if is_scheme(&scheme) => return Err(BaseUrlError::Scheme(scheme)),
            _ => return Err(not_a_url()),
        };
        if authority_part(text).is_empty() {
            return Err(BaseUrlError::Host);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(not_a_url());
        }
        let uri: Uri = text.parse().map_err(|_| not_a_url())?;
        let authority = uri.authority().ok_or_else(not_a_url)?;
        let (host, port) = split_port(authority.as_str())?;
        let host = host.to_ascii_lowercase();
        if !is_host(&host) {
            return Err(BaseUrlError::Host);
        }
        let port = port.filter(|port| *port != if is_https { 443 } else { 80 });
        let origin = match port {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        };
        Ok(Self {
            text: format!("{origin}{}", uri.path().trim_end_matches('/')),
            origin,
            host,
            is_https,
        })
    }

    /// Refuses plain http to another machine.
    ///
    /// # Errors
    /// When the scheme is http and the host is not a loopback host.
    pub fn require_encryption(&self) -> Result<(), BaseUrlError> {
        if self.is_https || self.is_loopback() {
            return Ok(());
        }
        Err(BaseUrlError::PlainHttp(self.host.clone()))
    }

    /// The whole URL, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and, unless it is the scheme's own, port: `https://crm.example:8443`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The host in lower case; an IPv6 address in its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether the scheme is https.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// Whether the host is this machine by name or address alone: `localhost`, `*.localhost`,
    /// 127.0.0.0/8 or `[::1]` (RFC 6761, section 6.3; RFC 1122; RFC 4291).
    pub fn is_loopback(&self) -> bool {
        let host = self.host.as_str();
        host == "localhost"
            || host.ends_with(".localhost")
            || host == "[::1]"
            || host
                .parse::<Ipv4Addr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// The URL of a path below the base: `join("upload")` or `join("/upload")`.
    pub fn join(&self, path: &str) -> String {
        format!("{}/{}", self.text, path.trim_start_matches('/'))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

fn quoted_or(text: Option<&str>, otherwise: &str) -> String {
    text.map_or_else(|| otherwise.to_owned(), |text| format!("{text:?}"))
}

/// What stands between `//`, or the start, and the next delimiter. Where the `//` is missing, what
/// looks like userinfo is still found.
fn authority_part(text: &str) -> &str {
    let rest = text.split_once("//").map_or(text, |(_, rest)| rest);
    rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// The host and the port that is written out.
fn split_port(authority: &str) -> Result<(&str, Option<u16>), BaseUrlError> {
    // The colons of an IPv6 address stand inside its brackets.
    let after_brackets = authority.rfind(']').map_or(0, |end| end + 1);
    let Some(colon) = authority
        .get(after_brackets..)
        .and_then(|tail| tail.find(':'))
        .map(|offset| after_brackets + offset)
    else {
        return Ok((authority, None));
    };
    let (host, port) = authority.split_at(colon);
    let digits = port.trim_start_matches(':');
    if port.len() != digits.len() + 1 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BaseUrlError::Port);
    }
    match digits.parse::<u16>() {
        Ok(0) | Err(_) => Err(BaseUrlError::Port),
        Ok(port) => Ok((host, Some(port))),
    }
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        return address
            .strip_suffix(']')
            .is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    !name.is_empty()
        && name.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> String {
        BaseUrl::parse(text).map_or_else(|error| error.to_string(), |url| url.text)
    }

    #[test]
    fn urls_come_into_normal_form() {
        for (text, expected) in [
            (
                "https://crm.example/apis/api/public",
                "https://crm.example/apis/api/public",
            ),
            ("HTTPS://CRM.Example:443/Apis//", "https://crm.example/Apis"),
            ("https://crm.example", "https://crm.example"),
            ("http://localhost:80/", "http://localhost"),
            ("http://127.0.0.1:8080/a/", "http://127.0.0.1:8080/a"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("https://crm.example:65535/a", "https://crm.example:65535/a"),
            (" https://crm.example/a\n", "https://crm.example/a"),
            ("https://crm.example/a@b", "https://crm.example/a@b"),
        ] {
            assert_eq!(normal(text), expected, "{text}");
        }
    }

    #[test]
    fn parts_are_told_apart() {
        let url = BaseUrl::parse("https://CRM.example:8443/apis/").unwrap();
        assert_eq!(url.origin(), "https://crm.example:8443");
        assert_eq!(url.host(), "crm.example");
        assert_eq!(url.join("upload"), "https://crm.example:8443/apis/upload");
        assert_eq!(url.join("/upload"), url.join("upload"));
        assert_eq!(url.to_string(), url.as_str());
        let bare = BaseUrl::parse("https://crm.example").unwrap();
        assert_eq!(bare.join("upload"), "https://crm.example/upload");
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for (text, expected) in [
            ("http://localhost", true),
            ("http://LOCALHOST:1", true),
            ("http://api.localhost", true),
            ("http://127.0.0.1", true),
            ("http://127.255.255.254", true),
            ("http://[::1]", true),
            ("http://126.255.255.255", false),
            ("http://128.0.0.0", false),
            ("http://[::2]", false),
            ("http://notlocalhost", false),
            ("http://localhost.example", false),
            ("http://127.0.0.1.example", false),
        ] {
            let url = BaseUrl::parse(text).unwrap();
            assert_eq!(url.is_loopback(), expected, "{text}");
            assert_eq!(url.require_encryption().is_ok(), expected, "{text}");
        }
        let https = BaseUrl::parse("https://crm.example").unwrap();
        assert_eq!(https.require_encryption(), Ok(()));
    }

    #[test]
    fn what_is_no_base_url_says_why() {
        let report: Vec<String> = [
            "",
            "crm.example/apis",
            "https:crm.example",
            "ftp://crm.example",
            "https:///apis",
            "https://",
            "https://:443/",
            "https://crm..example/",
            "https://cr*m.example/",
            "https://[::1/",
            "https://[::z]/",
            "https://crm.example:/a",
            "https://crm.example:0/a",
            "https://crm.example:65536/a",
            "https://crm.example:4x/a",
            "https://crm.example/a b",
            "https://crm.example/a?key=hush",
            "https://crm.example/a#hush",
            "https://user:hush@crm.example/a",
            "user:hush@crm.example/a",
            "https:user:hush@crm.example/a",
            "ftp://user:hush@crm.example/a",
            "https://crm.example/\u{202e}a",
        ]
        .iter()
        .map(|text| {
            let message = normal(text);
            assert!(BaseUrl::parse(text).is_err(), "{text}");
            assert!(!message.contains("hush"), "{message}");
            format!("{text:?}: {message}")
        })
        .collect();
        insta::assert_snapshot!(report.join("\n"));
        insta::assert_snapshot!(
            BaseUrl::parse("http://crm.example/a").unwrap().require_encryption().unwrap_err(),
            @"plain http to crm.example would send the token and the calls unencrypted; use https://, or --allow-http if the way there is safe"
        );
    }
}
