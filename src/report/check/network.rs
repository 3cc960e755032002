//! Lines about the way to the API and its answer.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::CheckLine;
use crate::outcome::{Failure, FailureKind, RetryAfter};
use crate::report::wording::span;
use crate::timestamp;
use crate::upload::proxy::ProxySettings;
use crate::upload::{Asked, Certificate, Presence, Reach, Tls};

const SECTION: &str = "API";

/// How long before a certificate ends somebody is told, in days.
const RENEWAL_DAYS: i64 = 21;

/// How far the clocks may be apart, in seconds: to be told, and before it does harm.
const ODD_SKEW: i64 = 30;
const BAD_SKEW: i64 = 300;

/// Which way is gone.
pub fn routed(proxy: &ProxySettings) -> CheckLine {
    let found = match proxy {
        ProxySettings::Direct => "none; straight to the API".to_owned(),
        ProxySettings::Via(url) => format!("{} ({})", url.address(), url.variable()),
    };
    CheckLine::ok(SECTION, "proxy", found)
}

/// How far the API can be reached.
pub fn connected(reach: &Reach, host: &str, took: Duration, now: DateTime<Utc>) -> Vec<CheckLine> {
    let mut lines = Vec::new();
    if !reach.addresses.is_empty() {
        let addresses: Vec<String> = reach
            .addresses
            .iter()
            .map(|address| address.ip().to_string())
            .collect();
        lines.push(CheckLine::ok(SECTION, "name", addresses.join(", ")));
    }
    match &reach.failure {
        None => lines.push(CheckLine::ok(
            SECTION,
            "connection",
            format!("{host} within {} ms", took.as_millis()),
        )),
        Some(failure) => lines.push(no_connection(failure)),
    }
    if let Some(tls) = &reach.tls {
        lines.extend(shown(tls, now));
    }
    lines
}

fn no_connection(failure: &Failure) -> CheckLine {
    let line = CheckLine::error(SECTION, "connection", failure.message.clone());
    line.advise(match failure.kind {
        FailureKind::Certificate => {
            "nothing is sent until the certificate can be trusted: mend it at the API, or name its \
             authority with --ca-file"
        }
        FailureKind::Auth => "correct the user name and password in the proxy's variable",
        _ => "see that --api-url is right, and that name service, routes and firewalls let it through",
    })
}

fn shown(tls: &Tls, now: DateTime<Utc>) -> Option<CheckLine> {
    let name = "certificate";
    let Some(certificate) = &tls.certificate else {
        let found = format!(
            "{}, and a certificate that cannot be read here",
            tls.version?
        );
        return Some(
            CheckLine::warning(SECTION, name, found)
                .advise("until when it is valid cannot be told: look at it with openssl s_client"),
        );
    };
    let Certificate {
        subject,
        issuer,
        not_after,
        ..
    } = certificate;
    let version = tls.version.unwrap_or("no TLS yet");
    let until = not_after.format("%Y-%m-%d");
    let found = format!("{version}; of {subject}, issued by {issuer}, valid until {until}");
    let left = *not_after - now;
    let line = if left < TimeDelta::zero() {
        let found = format!("{found}: expired {} ago", days(-left));
        CheckLine::error(SECTION, name, found).advise("renew it at the API")
    } else if certificate.not_before > now {
        let from = certificate.not_before.format("%Y-%m-%d");
        CheckLine::error(SECTION, name, format!("{found}: not valid before {from}"))
            .advise("set this machine's clock, or replace the certificate at the API")
    } else if left < TimeDelta::days(RENEWAL_DAYS) {
        let found = format!("{found}: {} left", days(left));
        CheckLine::warning(SECTION, name, found)
            .advise("renew it at the API: when it has expired nothing is delivered")
    } else if tls.version.is_none() {
        // Why it is not trusted stands in the line before.
        CheckLine::skipped(SECTION, name, found)
    } else {
        CheckLine::ok(SECTION, name, format!("{found} ({} left)", days(left)))
    };
    Some(line)
}

fn days(time: TimeDelta) -> String {
    match time.num_days() {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

/// The API asked an earlier run not to be called: it is not asked now either.
pub fn kept_away(not_before: DateTime<Utc>, now: DateTime<Utc>) -> CheckLine {
    let until = timestamp::format(not_before);
    let rest = span((not_before - now).to_std().unwrap_or_default());
    let found = format!("not asked: it asked to be left alone until {until}, for another {rest}");
    CheckLine::warning(SECTION, "answer", found)
        .advise("wait; runs do, and go on by themselves. If it comes often, set --rate")
}

/// What the API said. `at` is the time at which it was asked, `url` the base URL.
pub fn answered(
    asked: &Asked,
    at: DateTime<Utc>,
    took: Duration,
    has_token: bool,
) -> Vec<CheckLine> {
    let mut lines = vec![match &asked.answer {
        Ok(Presence::Present { .. } | Presence::Absent) => accepted(took, has_token),
        Ok(Presence::Unanswerable) => unanswerable(asked.is_page),
        Err(failure) => refused(failure, asked.is_page, has_token),
    }];
    lines.extend(asked.date.map(|date| clock(date, at, took)));
    lines
}

fn accepted(took: Duration, has_token: bool) -> CheckLine {
    let credentials = match has_token {
        true => "the token is accepted",
        false => "no token is needed to ask",
    };
    let found = format!(
        "the API answers within {} ms; {credentials}",
        took.as_millis()
    );
    CheckLine::ok(SECTION, "answer", found)
}

fn unanswerable(is_page: bool) -> CheckLine {
    let (found, advice) = match is_page {
        true => (
            "a page for browsers instead of an answer: this may not be the API",
            "see that --api-url is the API's base, such as https://host/apis/api/public: with a \
             wrong one a run ends with 2 and delivers nothing; if it is right, the API does not \
             know the question whether a call is there, and after a lost answer the call is \
             posted again under the same key",
        ),
        false => (
            "the API does not know the question whether a call is there",
            "whether the token is right cannot be told; after a lost answer the call is posted \
             again under the same key",
        ),
    };
    CheckLine::warning(SECTION, "answer", found).advise(advice)
}

fn refused(failure: &Failure, is_page: bool, has_token: bool) -> CheckLine {
    let error = || CheckLine::error(SECTION, "answer", failure.message.clone());
    let warning = || CheckLine::warning(SECTION, "answer", failure.message.clone());
    match failure.kind {
        FailureKind::Auth | FailureKind::Forbidden if !has_token => {
            error().advise("name the file with the token: --token-file")
        }
        FailureKind::Auth if failure.status == Some(407) => {
            error().advise("correct the user name and password in the proxy's variable")
        }
        FailureKind::Auth => {
            error().advise("put the right token into its place; a run ends with 12")
        }
        FailureKind::Forbidden => error().advise("ask for a token that may read and write calls"),
        FailureKind::Misdirected => error().advise("correct --api-url; a run ends with 2"),
        FailureKind::Protocol if is_page => CheckLine::error(
            SECTION,
            "answer",
            "a page for browsers instead of an answer",
        )
        .advise(
            "correct --api-url: it has to be the API's base, such as https://host/apis/api/public",
        ),
        FailureKind::Protocol => {
            error().advise("see that --api-url is the API's base, and ask its operators")
        }
        FailureKind::Throttled => warning().advise(match failure.retry_after {
            Some(RetryAfter::Delay(delay)) => format!("wait for {}; runs do", span(delay)),
            Some(RetryAfter::At(time)) => {
                format!("wait until {}; runs do", timestamp::format(time))
            }
            None => "wait; runs do. If it comes often, set --rate".to_owned(),
        }),
        FailureKind::Server | FailureKind::Rejected => {
            warning().advise("runs try again; if it stays so, tell the operators of the API")
        }
        FailureKind::Unavailable if failure.connected => {
            warning().advise("runs try again; if it stays so, tell the operators of the API")
        }
        _ => error().advise("see that the API is up; runs end with 5 until it is"),
    }
}

/// How far this machine's clock is from the API's, whose answer is half as old as the asking took.
fn clock(date: DateTime<Utc>, at: DateTime<Utc>, took: Duration) -> CheckLine {
    let middle = at + TimeDelta::from_std(took / 2).unwrap_or_default();
    let ahead = (middle - date).num_seconds();
    let name = "clock";
    let way = if ahead > 0 { "ahead of" } else { "behind" };
    let apart = span(Duration::from_secs(ahead.unsigned_abs()));
    let found = format!("this machine is {apart} {way} the API");
    let advice = "have this machine's clock set by NTP (timedatectl set-ntp true)";
    match ahead.abs() {
        BAD_SKEW.. => CheckLine::error(SECTION, name, found).advise(advice),
        ODD_SKEW.. => CheckLine::warning(SECTION, name, found).advise(advice),
        _ => CheckLine::ok(SECTION, name, "agrees with the API's"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::CheckStatus;
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_certificate_warns_three_weeks_before_its_end() {
        let tls = Tls {
            version: Some("TLS 1.3"),
            certificate: Some(Certificate {
                subject: "crm.example.com".to_owned(),
                issuer: "Private Authority".to_owned(),
                not_before: at("2026-01-01T00:00:00Z"),
                not_after: at("2027-01-01T00:00:00Z"),
            }),
        };
        for (now, status, found) in [
            ("2026-12-11T00:00:00Z", CheckStatus::Ok, "(21 days left)"),
            (
                "2026-12-11T00:00:01Z",
                CheckStatus::Warning,
                ": 20 days left",
            ),
            ("2026-12-31T00:00:00Z", CheckStatus::Warning, ": 1 day left"),
            (
                "2027-01-01T00:00:00Z",
                CheckStatus::Warning,
                ": 0 days left",
            ),
            (
                "2027-01-03T00:00:00Z",
                CheckStatus::Error,
                ": expired 2 days ago",
            ),
            (
                "2025-12-31T00:00:00Z",
                CheckStatus::Error,
                ": not valid before 2026-01-01",
            ),
        ] {
            let line = shown(&tls, at(now)).unwrap();
            assert_eq!(line.status, status, "{now}");
            assert!(line.found.ends_with(found), "{}", line.found);
        }
    }

    #[test]
    fn clocks_are_compared_in_the_middle_of_the_exchange() {
        let date = at("2026-11-22T12:00:00Z");
        for (asked_at, took, status) in [
            ("2026-11-22T12:00:29Z", 0, CheckStatus::Ok),
            ("2026-11-22T12:00:30Z", 0, CheckStatus::Warning),
            ("2026-11-22T11:59:30Z", 0, CheckStatus::Warning),
            ("2026-11-22T11:59:25Z", 20, CheckStatus::Ok),
            ("2026-11-22T12:04:59Z", 0, CheckStatus::Warning),
            ("2026-11-22T12:05:00Z", 0, CheckStatus::Error),
            ("2026-11-22T11:55:00Z", 0, CheckStatus::Error),
        ] {
            let line = clock(date, at(asked_at), Duration::from_secs(took));
            assert_eq!(line.status, status, "{asked_at}");
        }
        let line = clock(date, at("2026-11-22T12:06:00Z"), Duration::ZERO);
        assert_eq!(line.found, "this machine is 6m ahead of the API");
    }
}
