//! The client against servers that misbehave.
use crate::upload::base_url::BaseUrl;

/// A base URL for tests.
pub(in crate::upload) fn base(url: &str) -> BaseUrl {
    BaseUrl::parse(url).unwrap()
}
