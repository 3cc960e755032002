//! Settings that cannot be used, with the token in every place where somebody may put it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use test_support::Outcome;

use crate::marks::{Marked, TOKEN, percent};

#[test]
fn settings_that_cannot_be_used() {
    let marked = Marked::new(&[]);
    let home = marked.site.home();
    let root = marked.site.root();
    let root = root.to_str().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = home.join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let long = TOKEN.repeat(5000);
    let password = percent(TOKEN, false);
    let tokens = [
        file("spaced", format!("{TOKEN} {TOKEN}").as_bytes()),
        file("lines", format!("{TOKEN}\n{TOKEN}").as_bytes()),
        file("binary", &[TOKEN.as_bytes(), b"\xff\0"].concat()),
        file("accents", format!("{TOKEN}é").as_bytes()),
        file("long", long.as_bytes()),
        file("bearer", format!("Bearer {TOKEN}").as_bytes()),
    ];
    let configs = [
        format!("token = \"{TOKEN}\""),
        format!("api_token = \"{TOKEN}\""),
        format!("token_file = {TOKEN}"),
        format!("token_file = \"{TOKEN}"),
        format!("token_file = [\"{TOKEN}\"]"),
        format!("batch_size = \"{TOKEN}"),
        format!("[auth]\nbearer = \"{TOKEN}\""),
        format!("= \"{TOKEN}\""),
        format!("api_url = \"https://user:{TOKEN}@crm.example/x\""),
        format!("api_url = \"https://crm.example/x?key={TOKEN}\""),
        format!("api_url = \"https://crm.example/x#{TOKEN}\""),
    ];
    let run = |set: &dyn Fn(&mut Command)| {
        for form in ["text", "json"] {
            let mut command = marked.site.bare_command();
            command.args(["-vv", "--log-format", form, "--root", root, "run"]);
            set(&mut command);
            let outcome = Outcome::of(command.output().unwrap()).expect(2);
            marked.search(&outcome);
            assert!(!outcome.stderr.is_empty());
        }
    };
    let api = "https://crm.example/x";
    for token in &tokens {
        run(&|command| {
            command.args(["--api-url", api, "--token-file", token]);
        });
        let text = fs::read(token).unwrap();
        if !text.contains(&0) {
            let text = OsStr::from_bytes(&text).to_owned();
            run(&|command| {
                command
                    .args(["--api-url", api])
                    .env("CALLSPOOL_TOKEN", &text);
            });
        }
    }
    for (number, text) in configs.iter().enumerate() {
        let path = file(&format!("config{number}.toml"), text.as_bytes());
        run(&|command| {
            command.args(["--config", &path]);
        });
    }
    for url in [
        format!("https://user:{TOKEN}@crm.example/x"),
        format!("https://{password}@crm.example/x"),
        format!("https://crm.example/x?key={TOKEN}"),
        format!("https://crm.example/x#{TOKEN}"),
        format!("ftp://user:{password}@crm.example/x"),
        format!("//user:{password}@crm.example/x"),
        format!("user:{password}@crm.example/x"),
    ] {
        run(&|command| {
            command.env("CALLSPOOL_API_URL", &url);
        });
        run(&|command| {
            command.args(["--api-url", &url]);
        });
    }
}
