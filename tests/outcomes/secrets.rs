//! An API that quotes what it was sent: none of it may come back into what we print or store.

use std::fs;
use std::path::Path;

use reference_api::{Action, Fault, Target};
use serde_json::{Value, json};
use test_support::{Dir, Outcome, Session, Site};

use crate::{BINARY, let_time_pass};

const TOKEN: &str = "tok-7be1c0-MARKER";
const PHONE: &str = "+15550142877";
const SAID: &str = "my landlord Quillfeather moved to Zanzibar street";
const NAME: &str = "Ottoline Marker-Brackenbury";
const EMAIL: &str = "ottoline.marker@example.com";

const SECRETS: [&str; 7] = [
    TOKEN,
    PHONE,
    "5550142877",
    SAID,
    "Quillfeather",
    NAME,
    EMAIL,
];

fn marked_site() -> Site {
    let site = Site::with_api(BINARY, |api| api.token(TOKEN));
    fs::write(site.home().join("token"), TOKEN).unwrap();
    let transcript = json!({
        "session_id": "s1",
        "items": [
            {"role": "user", "content": SAID, "timestamp": "2025-10-29T10:16:31Z"},
        ],
    });
    let lead = json!({"name": NAME, "email": EMAIL, "phone": PHONE});
    Session::new("s1")
        .transcript(transcript.to_string())
        .lead(lead.to_string())
        .edit(|document| {
            document["dialed_number"] = json!(PHONE);
            document["campaign_metadata"]["dialedNumber"] = json!(PHONE);
        })
        .write(&site);
    site
}

fn call(site: &Site, arguments: &[&str]) -> Outcome {
    let token = site.home().join("token");
    let output = site
        .command(arguments)
        .arg("--token-file")
        .arg(token)
        .env("RUST_LOG", "trace")
        .output()
        .unwrap();
    Outcome {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[track_caller]
fn demand_silence(outcome: &Outcome, what: &str) {
    for secret in SECRETS {
        for (name, text) in [("stdout", &outcome.stdout), ("stderr", &outcome.stderr)] {
            assert!(
                !text.contains(secret),
                "{what}: {secret} on {name}:\n{text}"
            );
        }
    }
}

/// Neither the token anywhere, nor anything personal in what we record about the upload.
#[track_caller]
fn demand_clean_documents(site: &Site, what: &str) {
    for dir in [Dir::Pending, Dir::Processed, Dir::Failed, Dir::Corrupt] {
        let Ok(entries) = fs::read_dir(site.dir(dir)) else {
            continue;
        };
        for entry in entries {
            demand_clean(&entry.unwrap().path(), what);
        }
    }
}

#[track_caller]
fn demand_clean(path: &Path, what: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(!text.contains(TOKEN), "{what}: token in {}", path.display());
    let Ok(document) = serde_json::from_str::<Value>(&text) else {
        return;
    };
    let ours = document["upload"].to_string();
    for secret in SECRETS {
        assert!(!ours.contains(secret), "{what}: {secret} in {ours}");
    }
}

#[test]
fn what_the_api_quotes_is_neither_printed_nor_kept() {
    for target in [Target::Upload, Target::CallData] {
        for status in [200, 400, 401, 403, 404, 409, 422, 429, 500, 503] {
            let site = marked_site();
            site.api()
                .add_fault(Fault::new(target, Action::Echo(status)));
            let what = format!("{status} for {}", target.as_str());
            let json = call(&site, &["-vv", "run", "--format", "json"]);
            demand_silence(&json, &what);
            assert!(!json.stderr.is_empty(), "{what}: a run that logs nothing");
            demand_clean_documents(&site, &what);
            let_time_pass(&site);
            demand_silence(&call(&site, &["-vv", "run"]), &what);
            for arguments in [
                &["-vv", "dry-run"][..],
                &["inspect"],
                &["inspect", "s1"],
                &["inspect", "s1", "--format", "json"],
            ] {
                let output = site.command(arguments).output().unwrap();
                let outcome = Outcome {
                    code: 0,
                    stdout: String::from_utf8(output.stdout).unwrap(),
                    stderr: String::from_utf8(output.stderr).unwrap(),
                };
                demand_silence(&outcome, &what);
            }
            demand_clean_documents(&site, &what);
        }
    }
}

#[test]
fn what_the_api_quotes_in_answer_to_the_question_is_neither_printed_nor_kept() {
    for status in [200, 400, 401, 404, 500] {
        let site = marked_site();
        let lost = Fault::call_data(Action::ResetAfterServing).nth(1);
        site.api().add_fault(lost);
        site.api().add_fault(Fault::question(Action::Echo(status)));
        let what = format!("{status} for the question");
        for _ in 0..2 {
            demand_silence(&call(&site, &["-vv", "run"]), &what);
            demand_clean_documents(&site, &what);
            let_time_pass(&site);
        }
        assert_eq!(site.api().hits(Target::Question), 1, "{what}");
    }
}

#[test]
fn a_redirect_that_carries_the_token_does_not_show_it() {
    let site = marked_site();
    let location = format!("https://user:{TOKEN}@crm.example/login?token={TOKEN}#{TOKEN}");
    site.api()
        .add_fault(Fault::upload(Action::redirect(302, location)));
    let outcome = call(&site, &["-vv", "run"]).expect(2);
    demand_silence(&outcome, "redirect");
    assert!(outcome.stderr.contains("crm.example/login"));
    demand_clean_documents(&site, "redirect");
}

#[test]
fn a_delivery_in_full_detail_shows_nothing_personal() {
    let site = marked_site();
    let outcome = call(&site, &["-vv", "run"]).expect(0);
    demand_silence(&outcome, "delivery");
    demand_clean_documents(&site, "delivery");
    assert_eq!(site.api().calls()[0].body["caller"]["phoneNumber"], PHONE);
}

#[test]
fn a_quotation_that_is_cut_off_in_the_middle_of_a_name_does_not_show_half_of_it() {
    for secret in [TOKEN, PHONE, SAID, NAME, EMAIL] {
        // A cut at 200 or at 400 characters falls into one of them.
        for padding in [180, 190, 340, 350, 355] {
            let site = marked_site();
            let padding = "x".repeat(padding);
            let message = json!({"success": false, "message": format!("{padding} {secret}")});
            let fault = format!("upload:all:status=500;body={message}");
            site.api().add_fault(Fault::parse(&fault).unwrap());
            let outcome = call(&site, &["-vv", "run"]).expect(3);
            let half: String = secret.chars().take(8).collect();
            if secret != PHONE {
                assert!(!outcome.stdout.contains(&half), "{}", outcome.stdout);
                assert!(!outcome.stderr.contains(&half), "{}", outcome.stderr);
            }
            demand_silence(&outcome, secret);
            demand_clean_documents(&site, secret);
        }
    }
}
