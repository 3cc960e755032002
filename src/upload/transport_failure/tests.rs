use super::*;
use rustls::{AlertDescription, InvalidMessage};

fn route() -> Route {
    Route {
        target: "crm.example.com:443".to_owned(),
        host: "crm.example.com".to_owned(),
        proxy: None,
        connect_timeout: Duration::from_millis(2500),
    }
}

fn proxied() -> Route {
    Route {
        proxy: Some(("proxy.example.com:3128".to_owned(), "HTTPS_PROXY")),
        ..route()
    }
}

fn sent(handed_over_bytes: u64) -> Option<Sent<'static>> {
    Some(Sent {
        handed_over_bytes,
        total_bytes: 10,
        source_failure: None,
    })
}

fn broken(stage: Stage, cause: Cause, sent: Option<Sent<'_>>, route: &Route) -> Failure {
    breakage(stage, cause, sent, route).failure()
}

fn breakage<'a>(
    stage: Stage,
    cause: Cause,
    sent: Option<Sent<'a>>,
    route: &'a Route,
) -> Broken<'a> {
    Broken {
        request: if sent.is_some() {
            Request::Recording
        } else {
            Request::Question
        },
        stage,
        cause,
        sent,
        cancelled: false,
        writing_failed: false,
        route,
        has_anchors: true,
    }
}

fn io(kind: io::ErrorKind) -> Cause {
    Cause::Io(kind.into())
}

#[test]
fn without_a_connection_the_service_is_away_and_nothing_was_charged() {
    let os = |code| Cause::Io(io::Error::from_raw_os_error(code));
    for (stage, cause, message) in [
        (
            Stage::Resolving,
            Cause::NoSuchName,
            "cannot find crm.example.com: no such name",
        ),
        (
            Stage::Resolving,
            Cause::Io(io::Error::other(
                "failed to lookup address information: Temporary failure in name resolution",
            )),
            "cannot find crm.example.com: temporary failure in name resolution",
        ),
        (
            Stage::Resolving,
            Cause::Timeout,
            "cannot find crm.example.com: the look-up timed out",
        ),
        (
            Stage::Resolving,
            Cause::Other("the URL names no host"),
            "cannot send to crm.example.com: the URL names no host",
        ),
        (
            Stage::Connecting,
            os(111),
            "cannot connect to crm.example.com:443: connection refused",
        ),
        (
            Stage::Connecting,
            os(1),
            "cannot connect to crm.example.com:443: operation not permitted",
        ),
        (
            Stage::Connecting,
            io(io::ErrorKind::ConnectionReset),
            "cannot connect to crm.example.com:443: connection reset",
        ),
        (
            Stage::Connecting,
            Cause::Timeout,
            "cannot connect to crm.example.com:443: no connection within 2.5 s",
        ),
        (
            Stage::Connecting,
            Cause::Tls(TlsError::InvalidMessage(InvalidMessage::InvalidContentType)),
            "cannot connect to crm.example.com:443: TLS failed, the port does not speak TLS",
        ),
    ] {
        let failure = broken(stage, cause, sent(0), &route());
        assert_eq!(failure.message, message);
        assert_eq!(failure.kind, FailureKind::Unavailable, "{message}");
        assert!(!failure.connected && !failure.fate_unknown, "{message}");
    }
}

#[test]
fn what_often_breaks_a_connection_is_told_in_our_words() {
    use io::ErrorKind::*;
    for (kind, expected) in [
        (ConnectionRefused, "connection refused"),
        (ConnectionReset, "connection reset"),
        (BrokenPipe, "connection closed"),
        (UnexpectedEof, "connection closed"),
        (TimedOut, "timed out"),
        (HostUnreachable, "host unreachable"),
        (NetworkUnreachable, "network unreachable"),
        (Other, "a library's words"),
    ] {
        let error = io::Error::new(kind, "A library's words.");
        assert_eq!(reason(&error), expected);
    }
}

#[test]
fn a_certificate_says_what_is_wrong_with_it() {
    use CertificateError::*;
    for (error, expected) in [
        (
            Expired,
            "cannot trust crm.example.com:443: its certificate has expired (or this machine's \
             clock is wrong)",
        ),
        (
            NotValidYet,
            "cannot trust crm.example.com:443: its certificate is not valid yet (or this \
             machine's clock is wrong)",
        ),
        (
            NotValidForName,
            "cannot trust crm.example.com:443: its certificate is for another host",
        ),
        (
            UnknownIssuer,
            "cannot trust crm.example.com:443: its certificate's issuer is not known here; give \
             the authority's certificate with --ca-file",
        ),
        (
            Revoked,
            "cannot trust crm.example.com:443: its certificate is revoked",
        ),
    ] {
        let cause = Cause::Tls(TlsError::InvalidCertificate(error));
        let failure = broken(Stage::Connecting, cause, sent(0), &route());
        assert_eq!(failure.message, expected);
        assert_eq!(failure.kind, FailureKind::Certificate);
        assert!(!failure.connected);
    }
    let cause = Cause::Tls(TlsError::InvalidCertificate(UnknownIssuer));
    let failure = Broken {
        has_anchors: false,
        ..breakage(Stage::Connecting, cause, sent(0), &route())
    }
    .failure();
    assert!(failure.message.contains("no trust anchors"), "{failure:?}");
    let cause = Cause::Tls(TlsError::AlertReceived(AlertDescription::HandshakeFailure));
    let failure = broken(Stage::Connecting, cause, sent(0), &route());
    assert_eq!(failure.kind, FailureKind::Unavailable);
}

#[test]
fn no_fault_of_a_certificate_is_shown_as_a_programmers_name() {
    /// Stands for an error of the library below, which prints its name in both forms.
    #[derive(Debug)]
    struct MaximumPathDepthExceeded;
    impl std::fmt::Display for MaximumPathDepthExceeded {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(formatter, "{self:?}")
        }
    }
    impl std::error::Error for MaximumPathDepthExceeded {}

    let below = rustls::OtherError(std::sync::Arc::new(MaximumPathDepthExceeded));
    let algorithms = CertificateError::UnsupportedSignatureAlgorithmContext {
        signature_algorithm_id: vec![1, 2],
        supported_algorithms: Vec::new(),
    };
    let purpose = CertificateError::InvalidPurposeContext {
        required: rustls::ExtendedKeyPurpose::ServerAuth,
        presented: Vec::new(),
    };
    for (error, words) in [
        (
            CertificateError::Other(below),
            "maximum path depth exceeded",
        ),
        (CertificateError::BadEncoding, "bad encoding"),
        (algorithms, "unsupported signature algorithm"),
        (purpose, "certificate does not allow extended key usage for"),
    ] {
        for (stage, before) in [
            (
                Stage::Connecting,
                "cannot trust crm.example.com:443: its certificate is not valid, ",
            ),
            (
                Stage::Connected,
                "sending the recording broke off after 0 of 10 bytes: TLS failed, its certificate \
                 is not valid, ",
            ),
        ] {
            let cause = Cause::Tls(TlsError::InvalidCertificate(error.clone()));
            let message = broken(stage, cause, sent(0), &route()).message;
            let shown = message.strip_prefix(before).unwrap_or(&message);
            assert!(shown.starts_with(words), "{message}");
            assert!(!message.contains(['{', '[']), "{message}");
        }
    }
}

#[test]
fn a_proxy_that_opens_no_tunnel_is_told_apart_from_one_that_wants_credentials() {
    for (status, kind, message) in [
        (
            Some(407),
            FailureKind::Auth,
            "the proxy refused the credentials (status 407): check HTTPS_PROXY",
        ),
        (
            Some(502),
            FailureKind::Unavailable,
            "cannot connect to crm.example.com:443 through the proxy proxy.example.com:3128: the \
             proxy answered with status 502",
        ),
        (
            None,
            FailureKind::Unavailable,
            "cannot connect to crm.example.com:443 through the proxy proxy.example.com:3128: the \
             proxy gave no answer",
        ),
    ] {
        let failure = broken(
            Stage::Connecting,
            Cause::Tunnel { status },
            sent(0),
            &proxied(),
        );
        assert_eq!((failure.kind, failure.message.as_str()), (kind, message));
        assert!(!failure.connected);
    }
}

#[test]
fn a_connection_that_breaks_is_network_until_the_last_byte_and_ambiguous_after_it() {
    use FailureKind::{Ambiguous, Network};
    for (handed_over, cause, kind, message) in [
        (
            0,
            io(io::ErrorKind::ConnectionReset),
            Network,
            "sending the recording broke off after 0 of 10 bytes: connection reset; the other side \
             may have refused it, such as for its size",
        ),
        (
            9,
            io(io::ErrorKind::ConnectionReset),
            Network,
            "sending the recording broke off after 9 of 10 bytes: connection reset; the other side \
             may have refused it, such as for its size",
        ),
        (
            9,
            Cause::Timeout,
            Network,
            "sending the recording broke off after 9 of 10 bytes: timed out",
        ),
        (
            9,
            io(io::ErrorKind::NetworkUnreachable),
            Network,
            "sending the recording broke off after 9 of 10 bytes: network unreachable",
        ),
        (
            10,
            io(io::ErrorKind::ConnectionReset),
            Ambiguous,
            "the recording went out whole, but no answer came: connection reset",
        ),
        (
            10,
            io(io::ErrorKind::UnexpectedEof),
            Ambiguous,
            "the recording went out whole, but no answer came: connection closed",
        ),
        (
            10,
            Cause::Timeout,
            Ambiguous,
            "the recording went out whole, but no answer came: timed out",
        ),
        (
            10,
            Cause::NotHttp,
            Ambiguous,
            "the recording went out whole, but no answer came: what came is not HTTP",
        ),
        (
            10,
            io(io::ErrorKind::BrokenPipe),
            Network,
            "sending the recording broke off: connection closed",
        ),
        (
            10,
            Cause::SendTimeout,
            Network,
            "sending the recording broke off: timed out",
        ),
    ] {
        let failure = broken(Stage::Connected, cause, sent(handed_over), &route());
        assert_eq!((failure.kind, failure.message.as_str()), (kind, message));
        assert!(failure.connected);
        assert_eq!(failure.fate_unknown, kind == Ambiguous);
    }
}

#[test]
fn a_question_without_an_answer_leaves_the_fate_unknown() {
    for (stage, kind) in [
        (Stage::Connecting, FailureKind::Unavailable),
        (Stage::Connected, FailureKind::Ambiguous),
    ] {
        let failure = broken(stage, Cause::Timeout, None, &route());
        assert_eq!(failure.kind, kind);
        assert!(failure.fate_unknown);
    }
}

#[test]
fn what_a_write_could_not_send_was_not_sent_whole() {
    for (cancelled, kind, message) in [
        (
            false,
            FailureKind::Network,
            "sending the recording broke off: connection reset; the other side may have refused \
             it, such as for its size",
        ),
        (true, FailureKind::Cancelled, "stopped by a signal"),
    ] {
        let failure = Broken {
            cancelled,
            writing_failed: true,
            ..breakage(
                Stage::Connected,
                io(io::ErrorKind::ConnectionReset),
                sent(10),
                &route(),
            )
        }
        .failure();
        assert_eq!((failure.kind, &*failure.message), (kind, message));
        assert!(!failure.fate_unknown);
    }
}

#[test]
fn a_signal_cancels_what_was_not_yet_sent_whole() {
    let cancelled = |stage, sent: Option<Sent<'_>>| {
        Broken {
            request: Request::CallData,
            stage,
            cause: io(io::ErrorKind::UnexpectedEof),
            sent,
            cancelled: true,
            writing_failed: false,
            route: &route(),
            has_anchors: true,
        }
        .failure()
    };
    for (stage, body) in [
        (Stage::Resolving, sent(0)),
        (Stage::Connecting, sent(0)),
        (Stage::Connected, sent(9)),
        (Stage::Connected, None),
    ] {
        let failure = cancelled(stage, body);
        assert_eq!(failure.kind, FailureKind::Cancelled);
        assert_eq!(failure.message, "stopped by a signal");
        assert!(!failure.fate_unknown);
    }
    let failure = cancelled(Stage::Connected, sent(10));
    assert_eq!(failure.kind, FailureKind::Ambiguous);
    assert!(failure.fate_unknown);
    assert_eq!(
        failure.message,
        "the call data went out whole, but no answer came: stopped by a signal"
    );
}

#[test]
fn a_source_that_fails_is_nobodys_network() {
    for (source, message) in [
        (
            SourceFailure::EndedEarly {
                read: 4,
                announced: 9,
            },
            "the recording ended after 4 of 9 bytes while it was sent",
        ),
        (
            SourceFailure::Unreadable("Stale file handle (os error 116)".to_owned()),
            "the recording could not be read while it was sent: stale file handle",
        ),
    ] {
        let body = Sent {
            source_failure: Some(&source),
            handed_over_bytes: 5,
            total_bytes: 10,
        };
        let cause = io(io::ErrorKind::InvalidInput);
        let failure = broken(Stage::Connected, cause, Some(body), &route());
        assert_eq!(failure.kind, FailureKind::Changed);
        assert_eq!(failure.message, message);
        assert!(failure.connected && !failure.fate_unknown);
    }
}
