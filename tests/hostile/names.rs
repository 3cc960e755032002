//! File names of any bytes: whatever is printed or logged is text, and does nothing to a terminal.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::Command;

use serde_json::json;
use test_support::{Dir, Session, Site};

use crate::disk::write;
use crate::site_with;

/// Parts of names that do something where they are shown raw: a line of its own, a colour, a
/// title, the single character that opens an escape sequence, other directions, what hides, what
/// is no text, and what a shell or a format would act on.
const ODD: [&[u8]; 14] = [
    b"a\nlevel=error forged=1",
    b"a\r\tb",
    b"\x1b[31mred\x1b[0m",
    b"\x1b]0;title\x07",
    b"\x1b]8;;x:y\x1b\\link",
    "\u{9b}2J".as_bytes(),
    "\u{202e}gpj\u{2066}\u{61c}\u{200f}".as_bytes(),
    "\u{200b}\u{feff}\u{e0041}".as_bytes(),
    b"\xff\xfe\x80",
    b"\xc3(",
    b"\x7f\x01\x08",
    b"-rf --config=x",
    b"$(id) `id` %s {}",
    b"\"quoted\\\" 'and' ;,",
];

fn name(before: &str, odd: &[u8], after: &str) -> OsString {
    OsString::from_vec([before.as_bytes(), odd, after.as_bytes()].concat())
}

/// As many bytes as a file name may have.
fn longest() -> Vec<u8> {
    vec![b'n'; 255 - "metadata_.json".len()]
}

/// Everything that reaches stdout or stderr is UTF-8 of whole lines, without a control character
/// but the end of line, and without what turns or hides text.
#[track_caller]
fn assert_harmless(what: &str, bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
    let is_odd = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
            || matches!(c, '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    let odd: Vec<char> = text.chars().filter(|c| is_odd(*c)).collect();
    assert!(odd.is_empty(), "{what}: {odd:?} in {text:?}");
    let forged = text.lines().find(|line| line.starts_with("level="));
    assert_eq!(forged, None, "{what}");
}

#[track_caller]
fn look(site: &Site, command: &mut Command, codes: &[i32]) {
    let output = command.output().unwrap();
    let what = format!("{:?}", command.get_args().collect::<Vec<_>>());
    assert_harmless(&what, &output.stdout);
    assert_harmless(&what, &output.stderr);
    let code = output.status.code().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(codes.contains(&code), "{what}: {code}\n{stderr}");
    assert!(site.root().is_dir());
}

fn look_at_everything(site: &Site) {
    for arguments in [
        &["-vv", "dry-run"][..],
        &["-vv", "dry-run", "--format", "json"],
        &["inspect"],
        &["inspect", "--format", "json"],
        &["inspect", "--state", "corrupt"],
        &["inspect", "--state", "failed", "--format", "json"],
        &["requeue", "--failed", "--dry-run"],
        &["requeue", "--corrupt", "--dry-run", "--format", "json"],
    ] {
        look(site, &mut site.command(arguments), &[0, 3, 4]);
    }
}

/// Documents under such names: good ones, one that fails, and torn ones.
fn documents(site: &Site) {
    let longest = longest();
    let parts = ODD.iter().copied().chain([&longest[..]]);
    for (number, odd) in parts.enumerate() {
        let id = format!("s{number}");
        let document = Session::new(&id)
            .edit(|document| {
                if number % 2 == 1 {
                    document["campaign_metadata"]["campaignId"] = json!("");
                }
            })
            .write(site);
        let good = site.dir(Dir::Pending).join(name("metadata_", odd, ".json"));
        fs::rename(document, good).unwrap();
        let torn = &odd[..odd.len().min(200)];
        let torn = name("metadata_torn", torn, ".json");
        write(&site.dir(Dir::Pending).join(torn), "{\"session_id\": ");
    }
}

#[test]
fn documents_of_any_name_are_worked_on_and_told_of() {
    for format in ["text", "json"] {
        let site = site_with(&[]);
        documents(&site);
        look_at_everything(&site);
        let arguments = ["-vv", "run", "--log-format", format, "--format", format];
        look(&site, &mut site.command(arguments), &[4]);
        assert_eq!(site.api().calls().len(), 8);
        assert_eq!(site.names(Dir::Failed).len(), 7);
        assert_eq!(site.names(Dir::Corrupt).len(), 2 * 15);
        for note in fs::read_dir(site.dir(Dir::Corrupt)).unwrap() {
            let path = note.unwrap().path();
            if path.to_string_lossy().ends_with(".error.txt") {
                assert_harmless(&path.display().to_string(), &fs::read(&path).unwrap());
            }
        }
        look_at_everything(&site);
        for odd in ODD {
            for command in ["inspect", "requeue"] {
                // An argument that is no text, or looks like a flag, is a wrong use.
                let mut command = site.command([OsStr::new(command), OsStr::from_bytes(odd)]);
                look(&site, &mut command, &[0, 2]);
            }
        }
        look(&site, &mut site.command(["requeue", "--corrupt"]), &[0]);
        look(&site, &mut site.command(["run"]), &[4]);
        assert_eq!(site.names(Dir::Corrupt).len(), 2 * 15);
    }
}

#[test]
fn files_of_any_name_are_found_and_sent() {
    let site = site_with(&["call-data:all:status=500"]);
    let mut sent = 0;
    for (number, odd) in ODD.iter().enumerate() {
        // What a document names is text, and a backslash a separator in it.
        let Ok(odd) = std::str::from_utf8(odd) else {
            continue;
        };
        let odd = odd.replace(['\\', '/'], "_");
        let id = format!("s{number}");
        for (dir, end) in [
            (Dir::Conversations, "json"),
            (Dir::Leads, "json"),
            (Dir::Recordings, "ogg"),
        ] {
            let text = if dir == Dir::Conversations {
                r#"{"items":[{"role":"user","content":"hi"}]}"#
            } else {
                "{}"
            };
            write(&site.dir(dir).join(format!("x{odd}.{end}")), text);
        }
        Session::new(&id)
            .never_recorded()
            .edit(|document| {
                document["files"]["conversation"] = json!(format!("x{odd}.json"));
                document["files"]["lead"] = json!(format!("leads/x{odd}.json"));
                document["files"]["recording"] = json!(format!("recordings/x{odd}.ogg"));
            })
            .write(&site);
        sent += 1;
    }
    look_at_everything(&site);
    let arguments = ["-vv", "run", "--breaker", "100"];
    look(&site, &mut site.command(arguments), &[3]);
    assert_eq!(site.api().recordings().len(), sent);
    site.api().clear_faults();
    site.lift_backoffs();
    look(&site, &mut site.command(["-vv", "run"]), &[0]);
    assert_eq!(site.api().calls().len(), sent);
    for number in 0..ODD.len() {
        let id = format!("s{number}");
        look(&site, &mut site.command(["inspect", &id]), &[0, 2]);
    }
}

#[test]
fn a_root_of_any_name_is_told_of_as_harmlessly() {
    for odd in ODD {
        let site = site_with(&[]);
        let root = site.home().join(name("root", odd, ""));
        fs::rename(site.root(), &root).unwrap();
        fs::create_dir(site.root()).unwrap();
        let url = site.api_url().to_owned();
        let call = |arguments: &[&str], codes: &[i32]| {
            let mut command = site.bare_command();
            command.arg("--root").arg(&root).args(["--api-url", &url]);
            look(&site, command.args(arguments), codes);
        };
        call(&["-vv", "run"], &[0]);
        write(&root.join("call_metadata/metadata_x.json"), "{");
        write(&root.join("failed_metadata/metadata_y.json"), "{");
        call(&["inspect", "x", "y"], &[0]);
        call(&["run"], &[4]);
        fs::remove_dir_all(root.join("processed_metadata")).unwrap();
        write(&root.join("processed_metadata"), "no directory");
        call(&["run"], &[20]);
        fs::remove_dir_all(root.join("call_metadata")).unwrap();
        call(&["run"], &[10]);
        let mut command = site.command(["--config"]);
        command.arg(site.home().join(OsStr::from_bytes(odd)));
        look(&site, command.arg("run"), &[2]);
        let mut command = site.command(["run", "--token-file"]);
        command.arg(site.home().join(OsStr::from_bytes(odd)));
        look(&site, &mut command, &[2]);
    }
}
