//! The base URL of the upload API. Pure.

/// The base URL, without trailing slashes, user information, query or fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
}

/// Why a text is no base URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a base URL: write it as https://host/path")]
pub struct BaseUrlError;

impl BaseUrl {
    /// Reads a base URL.
    ///
    /// # Errors
    /// When the text is no http or https URL with a host.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let text = text.trim_end_matches('/');
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .ok_or(BaseUrlError)?;
        if rest.is_empty() || rest.starts_with('/') || rest.contains(['@', '?', '#']) {
            return Err(BaseUrlError);
        }
        Ok(Self {
            text: text.to_owned(),
        })
    }

    /// The URL as it was given, without trailing slashes.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &str {
        let start = self.text.find("://").map_or(0, |at| at + 3);
        let end = self
            .text
            .get(start..)
            .and_then(|rest| rest.find('/'))
            .map_or(self.text.len(), |at| start + at);
        self.text.get(..end).unwrap_or(&self.text)
    }

    /// The host, without port.
    pub fn host(&self) -> &str {
        let authority = self.origin().split("://").nth(1).unwrap_or_default();
        match authority.split_once(']') {
            Some((address, _)) => address.trim_start_matches('['),
            None => authority.split(':').next().unwrap_or_default(),
        }
    }

    /// Whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost"
            || host.ends_with(".localhost")
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// The URL of a path below the base.
    pub fn join(&self, path: &str) -> String {
        format!("{}/{}", self.text, path.trim_start_matches('/'))
    }
}
