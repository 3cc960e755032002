//! Which proxy, if any, stands between us and the API. Pure: a decision over variables.
//!
//! Decided here and not by the HTTP library, which knows one proxy for all schemes, ignores values
//! that it cannot read, and would proxy loopback.

use std::collections::BTreeMap;
use std::fmt;

use super::base_url::BaseUrl;
use super::no_proxy::NoProxy;

/// The way to the API.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ProxySettings {
    /// Straight.
    #[default]
    Direct,
    /// Through a proxy.
    Via(ProxyUrl),
}

/// The URL of a proxy, which may hold credentials: `Debug` shows none.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl {
    variable: &'static str,
    url: String,
    address: String,
}

impl ProxyUrl {
    /// The variable that named the proxy.
    pub fn variable(&self) -> &'static str {
        self.variable
    }

    /// Host and port as they were written, without credentials.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The URL with its credentials: for the connection, never for a message.
    pub(super) fn expose(&self) -> &str {
        &self.url
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProxyUrl")
            .field("variable", &self.variable)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// A proxy variable that cannot be followed. Shows no credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// The value is no URL of a proxy.
    #[error("{variable} is no proxy URL ({reason}): write it as http://host:port, or unset it")]
    Url {
        /// The variable.
        variable: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An entry of the exceptions is no network.
    #[error("{variable} holds \"{entry}\", which is no network: write it as address/bits")]
    NoProxy {
        /// The variable.
        variable: &'static str,
        /// The entry.
        entry: String,
    },
}

/// Every variable that has a say. Read them with `var_os`: `vars` panics on what is not UTF-8.
pub const VARIABLES: [&str; 8] = [
    "HTTPS_PROXY",
    "https_proxy",
    "http_proxy",
    "HTTP_PROXY",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
];

impl ProxySettings {
    /// Decides by a set of variables how to reach the API.
    ///
    /// For `https`: HTTPS_PROXY, https_proxy, ALL_PROXY, all_proxy; for `http`: http_proxy,
    /// HTTP_PROXY, ALL_PROXY, all_proxy; the first that is not empty. NO_PROXY, else no_proxy,
    /// excepts hosts. Loopback is never proxied, so that no variable matters for it.
    ///
    /// # Errors
    /// When the variable that counts holds something that is no `http` or `https` proxy, or the
    /// exceptions hold a network that is none.
    pub fn from_variables(
        variables: &BTreeMap<String, String>,
        base: &BaseUrl,
    ) -> Result<Self, ProxyError> {
        if base.is_loopback() {
            return Ok(Self::Direct);
        }
        let origin = Origin::of(base);
        let candidates: [&'static str; 4] = if origin.https {
            ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        } else {
            ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"]
        };
        let Some((variable, value)) = first(variables, &candidates) else {
            return Ok(Self::Direct);
        };
        let proxy =
            proxy_url(variable, value).map_err(|reason| ProxyError::Url { variable, reason })?;
        if let Some((variable, value)) = first(variables, &["NO_PROXY", "no_proxy"]) {
            let exceptions =
                NoProxy::parse(value).map_err(|entry| ProxyError::NoProxy { variable, entry })?;
            if exceptions.matches(&origin.host, origin.port) {
                return Ok(Self::Direct);
            }
        }
        Ok(Self::Via(proxy))
    }
}

/// Scheme, host and port of a base URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) https: bool,
    /// Without brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Origin {
    pub(super) fn of(base: &BaseUrl) -> Self {
        let origin = base.origin();
        let https = origin.starts_with("https:");
        let port = origin
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse().ok())
            .unwrap_or(if https { 443 } else { 80 });
        let host = base.host();
        Self {
            https,
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
        }
    }
}

/// `host:port`, with brackets around an IPv6 address.
impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(formatter, "[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "{}:{}", self.host, self.port)
        }
    }
}

fn first<'a>(
    variables: &'a BTreeMap<String, String>,
    names: &[&'static str],
) -> Option<(&'static str, &'a str)> {
    names.iter().find_map(|name| {
        variables
            .get(*name)
            .map(|value| (*name, value.trim()))
            .filter(|(_, value)| !value.is_empty())
    })
}

/// Checks a proxy's URL; without a scheme it is `http`.
fn proxy_url(variable: &'static str, value: &str) -> Result<ProxyUrl, &'static str> {
    let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
    let scheme = scheme.to_ascii_lowercase();
    match scheme.as_str() {
        "http" | "https" => {}
        "socks" | "socks4" | "socks4a" | "socks5" | "socks5h" => {
            return Err("SOCKS is not supported");
        }
        _ => return Err("its scheme is not http or https"),
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority
        .bytes()
        .any(|byte| !byte.is_ascii_graphic() || byte == b'\\')
    {
        return Err("it holds a character that must be percent-encoded");
    }
    let address = authority
        .rsplit_once('@')
        .map_or(authority, |(_, address)| address);
    if address.contains('%') {
        return Err("its host is not valid");
    }
    check_address(address)?;
    Ok(ProxyUrl {
        variable,
        url: format!("{scheme}://{authority}"),
        address: address.to_owned(),
    })
}

fn check_address(address: &str) -> Result<(), &'static str> {
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or("its host is not valid")?;
            host.parse::<std::net::Ipv6Addr>()
                .map_err(|_| "its host is not valid")?;
            match after.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if after.is_empty() => (host, None),
                None => return Err("its host is not valid"),
            }
        }
        None => match address.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (address, None),
        },
    };
    if host.is_empty() {
        return Err("it has no host");
    }
    match port.map(str::parse::<u16>) {
        None | Some(Ok(1..)) => Ok(()),
        Some(_) => Err("its port is not a number from 1 to 65535"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(url: &str, variables: &[(&str, &str)]) -> Result<ProxySettings, ProxyError> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        ProxySettings::from_variables(&variables, &crate::upload::http::tests::base(url))
    }

    fn via(url: &str, variables: &[(&str, &str)]) -> Option<String> {
        match decide(url, variables).unwrap() {
            ProxySettings::Direct => None,
            ProxySettings::Via(proxy) => Some(proxy.expose().to_owned()),
        }
    }

    const HTTPS: &str = "https://crm.example.com/api";
    const HTTP: &str = "http://crm.example.com/api";

    #[test]
    fn each_scheme_has_its_variables_in_their_order() {
        let order = |url, names: &[&str]| {
            for (index, name) in names.iter().enumerate() {
                let set: Vec<(&str, &str)> = names
                    .get(index..)
                    .unwrap()
                    .iter()
                    .map(|later| {
                        (
                            *later,
                            if later == name {
                                "http://a:1"
                            } else {
                                "http://b:2"
                            },
                        )
                    })
                    .collect();
                assert_eq!(via(url, &set).as_deref(), Some("http://a:1"), "{name}");
            }
        };
        order(
            HTTPS,
            &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
        );
        order(
            HTTP,
            &["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"],
        );
        assert_eq!(
            via(HTTPS, &[("HTTP_PROXY", "a:1"), ("http_proxy", "a:1")]),
            None
        );
        assert_eq!(
            via(HTTP, &[("HTTPS_PROXY", "a:1"), ("https_proxy", "a:1")]),
            None
        );
        assert_eq!(
            via(HTTPS, &[("HTTPS_PROXY", " "), ("ALL_PROXY", "a:1")]).as_deref(),
            Some("http://a:1")
        );
        assert_eq!(via(HTTPS, &[]), None);
    }

    #[test]
    fn loopback_is_never_proxied_and_no_proxy_excepts() {
        for url in [
            "http://127.0.0.1:8080/x",
            "http://localhost/x",
            "https://[::1]:8443/x",
        ] {
            assert_eq!(via(url, &[("ALL_PROXY", "not a proxy")]), None, "{url}");
        }
        let proxied = [("ALL_PROXY", "http://a:1")];
        assert!(via(HTTPS, &proxied).is_some());
        for (list, direct) in [
            ("example.com", true),
            ("crm.example.com:443", true),
            ("crm.example.com:8443", false),
            ("example.org", false),
            ("*", true),
        ] {
            for name in ["NO_PROXY", "no_proxy"] {
                let way = via(HTTPS, &[("ALL_PROXY", "http://a:1"), (name, list)]);
                assert_eq!(way.is_none(), direct, "{name}={list}");
            }
        }
    }

    #[test]
    fn a_value_that_is_no_proxy_is_an_error_that_names_the_variable_only() {
        for (value, reason) in [
            ("socks5://user:secret@a:1080", "SOCKS is not supported"),
            ("ftp://secret@a", "its scheme is not http or https"),
            ("http://user:secret@", "it has no host"),
            ("http://:3128", "it has no host"),
            (
                "http://secret@a:0",
                "its port is not a number from 1 to 65535",
            ),
            (
                "http://secret@a:65536",
                "its port is not a number from 1 to 65535",
            ),
            (
                "http://secret@a:b",
                "its port is not a number from 1 to 65535",
            ),
            ("http://secret@[::1", "its host is not valid"),
            ("http://secret@[x]:1", "its host is not valid"),
            (
                "http://us er:secret@a",
                "it holds a character that must be percent-encoded",
            ),
        ] {
            let error = decide(HTTPS, &[("HTTPS_PROXY", value)]).unwrap_err();
            assert_eq!(
                error,
                ProxyError::Url {
                    variable: "HTTPS_PROXY",
                    reason
                },
                "{value}"
            );
            assert!(!format!("{error} {error:?}").contains("secret"), "{value}");
        }
        let error = decide(HTTPS, &[("ALL_PROXY", "a:1"), ("no_proxy", "10.0.0.0/64")]);
        assert_eq!(
            error.unwrap_err().to_string(),
            "no_proxy holds \"10.0.0.0/64\", which is no network: write it as address/bits"
        );
    }

    #[test]
    fn credentials_stay_in_the_url_and_out_of_everything_that_prints() {
        let ProxySettings::Via(proxy) = decide(
            HTTPS,
            &[("HTTPS_PROXY", "HTTPS://user:secret@proxy.example.com:3128/")],
        )
        .unwrap() else {
            panic!("not proxied");
        };
        assert_eq!(proxy.expose(), "https://user:secret@proxy.example.com:3128");
        assert_eq!(proxy.address(), "proxy.example.com:3128");
        assert_eq!(proxy.variable(), "HTTPS_PROXY");
        assert!(!format!("{proxy:?}").contains("secret"));
    }

    #[test]
    fn an_origin_prints_as_host_and_port() {
        for (url, expected) in [
            ("https://crm.example.com/x", "crm.example.com:443"),
            ("http://crm.example.com", "crm.example.com:80"),
            ("http://crm.example.com:8080/x:1", "crm.example.com:8080"),
            ("https://[2001:db8::1]/x", "[2001:db8::1]:443"),
            ("https://[2001:db8::1]:8443", "[2001:db8::1]:8443"),
        ] {
            let origin = Origin::of(&crate::upload::http::tests::base(url));
            assert_eq!(origin.to_string(), expected, "{url}");
        }
    }
}
