use std::fs;

use super::super::{Setting, token};
use super::Given;

fn loaded(given: &Given) -> Result<Option<String>, String> {
    let settings = given.resolve().unwrap();
    token::load_from(&settings, &given.environment())
        .map(|token| token.map(|token| token.expose().to_owned()))
        .map_err(|error| {
            let text = error.to_string();
            assert!(!text.contains("hush"), "{text}");
            text.replace(&format!("{}/", given.folder.path().display()), "")
        })
}

#[expect(clippy::disallowed_methods, reason = "a fixture need not be durable")]
fn with_file(given: &Given, name: &str, text: impl AsRef<[u8]>) -> String {
    let path = given.folder.path().join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn no_token_is_fine() {
    assert_eq!(loaded(&Given::nothing()), Ok(None));
}

#[test]
fn the_file_goes_before_the_variable_and_that_before_the_credential() {
    let mut given = Given::nothing();
    with_file(&given, "callspool-token", "from-credential\n");
    let folder = given.folder.path().to_str().unwrap().to_owned();
    given = given.variable("CREDENTIALS_DIRECTORY", &folder);
    assert_eq!(loaded(&given), Ok(Some("from-credential".to_owned())));
    given = given.variable("CALLSPOOL_TOKEN", "from-variable ");
    assert_eq!(loaded(&given), Ok(Some("from-variable".to_owned())));
    let file = with_file(&given, "token", "from-file\n");
    given = given.flag(Setting::TokenFile, &file);
    assert_eq!(loaded(&given), Ok(Some("from-file".to_owned())));
}

#[test]
fn a_credential_may_be_missing_but_not_unreadable() {
    let given = Given::nothing();
    let folder = given.folder.path().to_str().unwrap().to_owned();
    let given = given.variable("CREDENTIALS_DIRECTORY", &folder);
    assert_eq!(loaded(&given), Ok(None));
    fs::create_dir(given.folder.path().join("callspool-token")).unwrap();
    insta::assert_snapshot!(loaded(&given).unwrap_err(), @r#"cannot read the token file callspool-token (from CREDENTIALS_DIRECTORY): Is a directory (os error 21)"#);
}

#[test]
fn a_named_file_must_hold_a_token() {
    let given = Given::nothing().flag(Setting::TokenFile, "/nonexistent/token");
    insta::assert_snapshot!(loaded(&given).unwrap_err(), @r#"cannot read the token file /nonexistent/token (from flag --token-file): No such file or directory (os error 2)"#);
    let report: Vec<String> = ["", "Bearer hush", "hush\u{e9}", "hush\nhush"]
        .iter()
        .map(|text| {
            let given = Given::nothing();
            let file = with_file(&given, "token", text);
            loaded(&given.variable("CALLSPOOL_TOKEN_FILE", &file)).unwrap_err()
        })
        .collect();
    insta::assert_snapshot!(report.join("\n"), @r#"the token in token (from CALLSPOOL_TOKEN_FILE) cannot be used: it is empty; put the token there, or take the setting away to send none
the token in token (from CALLSPOOL_TOKEN_FILE) cannot be used: there is white space before or inside it; write the token alone, on one line, without "Bearer" in front
the token in token (from CALLSPOOL_TOKEN_FILE) cannot be used: it holds control or non-ASCII characters; write the token alone, as plain text
the token in token (from CALLSPOOL_TOKEN_FILE) cannot be used: there is white space before or inside it; write the token alone, on one line, without "Bearer" in front"#);
}

#[test]
fn a_variable_that_is_there_must_hold_a_token() {
    let given = Given::nothing().variable("CALLSPOOL_TOKEN", "");
    insta::assert_snapshot!(loaded(&given).unwrap_err(), @r#"the token in CALLSPOOL_TOKEN cannot be used: it is empty; put the token there, or take the setting away to send none"#);
}

#[test]
fn a_token_file_has_64_kib_at_most_and_may_end_in_white_space() {
    let longest = "x".repeat(64 * 1024);
    for (text, fits) in [
        (format!("{longest}\n"), true),
        (format!("{longest}x"), false),
    ] {
        let given = Given::nothing();
        let file = with_file(&given, "token", text);
        let token = loaded(&given.flag(Setting::TokenFile, &file));
        assert_eq!(token.is_ok(), fits);
    }
}
