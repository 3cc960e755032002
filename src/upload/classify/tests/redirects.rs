//! What is shown of an answer that points elsewhere.

use super::*;

#[test]
fn a_redirect_is_shown_without_what_may_be_secret() {
    for (location, shown) in [
        (
            "https://other.example.com/login?t=secret#secret",
            "https://other.example.com/login",
        ),
        (
            "https://u:secret@other.example.com/x",
            "https://other.example.com/x",
        ),
        ("//u:secret@other.example.com", "//other.example.com"),
        ("/login?next=secret", "/login"),
        ("/a//b@c/d", "/a//b@c/d"),
        (
            "https://crm.example.com/a//b@c",
            "https://crm.example.com/a//b@c",
        ),
    ] {
        let failure = call_data(&Reply {
            location: Some(location),
            ..reply(302, b"{\"message\":\"secret\"}")
        })
        .unwrap_err();
        assert_eq!(
            failure.message,
            format!("{URL} redirects to {shown} (status 302): correct --api-url")
        );
    }
    let message = |status| call_data(&reply(status, HTML)).unwrap_err().message;
    assert_eq!(
        message(304),
        format!("{URL} redirects without saying where (status 304): correct --api-url")
    );
    assert_eq!(
        message(404),
        format!("{URL} is not the upload API (status 404): correct --api-url")
    );
}

#[test]
fn a_location_without_a_redirect_says_nothing() {
    for status in [404, 405, 410, 501] {
        let failure = call_data(&Reply {
            location: Some("https://other.example.com/"),
            ..reply(status, HTML)
        })
        .unwrap_err();
        assert_eq!(
            failure.message,
            format!("{URL} is not the upload API (status {status}): correct --api-url")
        );
    }
}
