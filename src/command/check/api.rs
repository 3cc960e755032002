//! Lines about the API: the way to it is gone, and it is asked for a call that there cannot be.

use chrono::{DateTime, Utc};

use super::token::Sought;
use crate::clock::Clock;
use crate::command::client;
use crate::command::request::Check;
use crate::config::Settings;
use crate::redact::Redactor;
use crate::report::{self, CheckLine};
use crate::upload::idempotency::request_id;
use crate::upload::{Asked, HttpClient};

const SECTION: &str = "API";

/// The id of a call that there cannot be: no session is called so.
const NO_CALL: &str = "CALL-callspool-check";

/// The longest text of the API's that is shown, in characters.
const MAX_MESSAGE_CHARS: usize = 400;

/// The lines.
pub(super) fn lines(
    settings: &Settings,
    request: Check,
    token: Sought,
    not_before: Option<DateTime<Utc>>,
    clock: &dyn Clock,
) -> Vec<CheckLine> {
    let Some(url) = &settings.api_url else {
        let line = CheckLine::error(SECTION, "api-url", "not set: a run has nowhere to send to");
        return vec![line.advise("set api_url in the config file, or give --api-url")];
    };
    let mut lines = Vec::new();
    if !url.is_https() && !url.is_loopback() {
        let found = "plain http: token and calls go unencrypted (--allow-http)";
        let line = CheckLine::warning(SECTION, "api-url", found);
        lines.push(line.advise("use https:// unless the way there is safe"));
    }
    match client::proxy_to(url) {
        Ok(proxy) => lines.push(report::check_proxy(&proxy)),
        Err(error) => {
            lines.push(unusable("proxy", &error.to_string()));
            return lines;
        }
    }
    let (secret, is_usable) = match token {
        Sought::Found(token) => (Some(token), true),
        Sought::None => (None, true),
        Sought::Unusable => (None, false),
    };
    let http = match client::connect(settings, secret.clone()) {
        Ok(http) => http,
        Err(failure) => {
            lines.push(unusable("ca-file", &failure.line()));
            return lines;
        }
    };
    if request.offline {
        let found = "not looked at: --offline";
        lines.push(CheckLine::skipped(SECTION, "connection", found));
        return lines;
    }
    let start = clock.monotonic();
    let reach = http.reach();
    let took = clock.monotonic().duration_since(start);
    let is_there = reach.failure.is_none();
    lines.extend(report::check_connection(
        &reach,
        url.origin(),
        took,
        clock.now(),
    ));
    let now = clock.now();
    if !is_there || !is_usable {
        let why = match is_there {
            false => "not asked: there is no connection",
            true => "not asked: the token cannot be used",
        };
        lines.push(CheckLine::skipped(SECTION, "answer", why));
    } else if let Some(until) = not_before.filter(|until| *until > now) {
        lines.push(report::check_kept_away(until, now));
    } else {
        let mut redactor = Redactor::new();
        if let Some(token) = &secret {
            redactor = redactor.secret(token.expose());
        }
        lines.extend(ask(&http, &redactor, secret.is_some(), clock));
    }
    lines
}

fn ask(
    http: &HttpClient,
    redactor: &Redactor,
    has_token: bool,
    clock: &dyn Clock,
) -> Vec<CheckLine> {
    let (at, start) = (clock.now(), clock.monotonic());
    let mut asked: Asked = http.ask(NO_CALL, &request_id());
    let took = clock.monotonic().duration_since(start);
    if let Err(failure) = &mut asked.answer {
        // It may quote what the API said, and that what it was sent.
        failure.message = redactor.scrub_message(&failure.message, MAX_MESSAGE_CHARS);
    }
    report::check_answer(&asked, at, took, has_token)
}

fn unusable(name: &str, found: &str) -> CheckLine {
    CheckLine::error(SECTION, name, found).advise("correct it; a run ends with 2")
}
