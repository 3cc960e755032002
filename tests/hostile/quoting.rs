//! An API that says back what it was sent, in every part of an answer and in every dress.

use reference_api::{Action, Canned, Fault, Target};
use serde_json::json;

use crate::marks::{EMAIL, Marked, NAME, PHONE, SAID, TOKEN, base64, escaped, percent};

/// Statuses for every row of the contract's table, and some that are in none.
const STATUSES: [u16; 20] = [
    200, 204, 299, 302, 308, 400, 401, 403, 404, 405, 407, 408, 409, 413, 422, 429, 500, 501, 503,
    599,
];

/// An answer that says the token and the number everywhere: what it says is not withheld as a
/// whole, so that the rest of the message is shown.
fn talkative(status: u16, is_json: bool) -> Canned {
    let text = format!("no {TOKEN} for {PHONE} (Bearer {TOKEN})");
    let body = if is_json {
        json!({"success": false, "message": text, "error": {"message": text}, "data": [text]})
            .to_string()
    } else {
        format!("<html><title>{text}</title></html>")
    };
    Canned::status(status)
        .header(
            "location",
            format!("https://user:{TOKEN}@crm.example/{PHONE}/{TOKEN}?{TOKEN}#{TOKEN}"),
        )
        .header("retry-after", TOKEN)
        .header("www-authenticate", format!("Bearer realm=\"{TOKEN}\""))
        .header("warning", text)
        .body(body)
}

fn each_status(target: Target, is_json: bool) {
    // What is no JSON is never quoted: fewer will do.
    let step = if is_json { 1 } else { 3 };
    for status in STATUSES.into_iter().step_by(step) {
        let fault = Fault::new(target, Action::Answer(talkative(status, is_json)));
        let marked = Marked::new(&[fault]);
        let outcome = marked.work();
        assert!(outcome.code != 1, "{status}: {outcome:?}");
        assert!(marked.site.api().hits(target) > 0, "{status}");
    }
}

#[test]
fn every_status_of_an_upload() {
    each_status(Target::Upload, true);
}

#[test]
fn every_status_of_an_upload_without_json() {
    each_status(Target::Upload, false);
}

#[test]
fn every_status_of_a_post() {
    each_status(Target::CallData, true);
}

#[test]
fn every_status_of_a_post_without_json() {
    each_status(Target::CallData, false);
}

#[test]
fn every_status_of_the_question() {
    for status in STATUSES {
        let lost = Fault::call_data(Action::ResetAfterServing).nth(1);
        let fault = Fault::question(Action::Answer(talkative(status, true)));
        let marked = Marked::new(&[lost, fault]);
        marked.work();
        assert_eq!(marked.site.api().hits(Target::Question), 1, "{status}");
    }
}

/// A text in every dress.
fn dressed(text: &str) -> Vec<String> {
    let all = [
        text.to_owned(),
        text.to_uppercase(),
        percent(text, false),
        percent(text, true),
        percent(text, true).to_lowercase(),
        text.replace(' ', "+"),
        text.replace(' ', "\n"),
        text.replace(' ', " \u{200b}\t "),
        escaped(text),
        json!(text).to_string(),
        json!(json!({"said": text}).to_string()).to_string(),
        format!("{}{text}", "x".repeat(190)),
        format!("{}{text}", "é".repeat(395)),
    ];
    all.into()
}

/// Says each of the texts in the message of a 500, one session's attempt after the other.
fn each_text(target: Target, texts: &[String]) {
    let marked = Marked::new(&[]);
    for text in texts {
        marked.site.api().clear_faults();
        let body = json!({"success": false, "message": format!("about {text} here")});
        let canned = Canned::status(500).body(body.to_string());
        let fault = Fault::new(target, Action::Answer(canned));
        marked.site.api().add_fault(fault);
        marked.site.lift_backoffs();
        let arguments = ["-vv", "run", "--max-attempts", "1000", "--format", "json"];
        let outcome = marked.call(&arguments).expect(3);
        let message = outcome.report()["errors"][0]["message"].to_string();
        assert!(message.contains("the API failed"), "{message}");
        assert!(
            message.contains("about") || message.contains("withheld"),
            "{message}"
        );
    }
    marked.look();
}

#[test]
fn what_was_said_in_every_dress() {
    each_text(Target::CallData, &dressed(SAID));
    let (_, end) = SAID.split_at(22);
    each_text(Target::Upload, &dressed(end));
}

#[test]
fn the_leads_person_in_every_dress() {
    each_text(Target::CallData, &dressed(NAME));
    each_text(Target::CallData, &dressed(EMAIL));
}

#[test]
fn the_number_in_every_dress() {
    let digits = &PHONE[1..];
    let mut texts = dressed(PHONE);
    texts.extend(
        [
            digits,
            &digits[1..],
            "+1 555 014 2877",
            "+1 (555) 014-2877",
            "1.555.014.2877",
            "+1%20555%20014%202877",
            "number-_15550142877-1761633666.ogg",
            "tel:+15550142877;ext=1",
        ]
        .map(str::to_owned),
    );
    each_text(Target::CallData, &texts);
    each_text(Target::Upload, &texts);
}

#[test]
fn the_token_in_every_dress() {
    let mut texts = dressed(TOKEN);
    for text in [
        TOKEN.to_owned(),
        format!("Bearer {TOKEN}"),
        format!("user:{TOKEN}"),
    ] {
        let encoded = base64(text.as_bytes());
        texts.push(encoded.replace('+', "-").replace('/', "_"));
        texts.push(format!("{encoded}=="));
        texts.push(percent(&encoded, false));
        texts.push(text.bytes().map(|byte| format!("{byte:02x}")).collect());
        texts.push(text.bytes().map(|byte| format!("{byte:02X}")).collect());
    }
    each_text(Target::CallData, &texts);
    each_text(Target::Upload, &texts);
}

#[test]
fn a_stored_recordings_answer_that_says_more_than_it_should() {
    for text in [TOKEN, PHONE, SAID, NAME, EMAIL] {
        for data in [
            json!({"filename": text, "originalName": text, "size": text, "url": text}),
            json!({"filename": text, "relativeUrl": null, "size": 5}),
            json!({"url": 5, "message": text}),
            json!(text),
        ] {
            let body = json!({"success": true, "message": text, "data": data}).to_string();
            let canned = Canned::status(200).header("x-said", "x").body(body);
            let marked = Marked::new(&[Fault::upload(Action::Answer(canned))]);
            marked.work();
        }
    }
}
