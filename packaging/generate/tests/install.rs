//! `make install` and `make uninstall`, with what a build would have left.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

struct Stage {
    dir: tempfile::TempDir,
}

impl Stage {
    /// A program and generated files, as `make build generate` leaves them.
    fn built() -> Self {
        let stage = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        let release = stage.at("built/release");
        fs::create_dir_all(&release).unwrap();
        File::create(release.join("callspool")).unwrap();
        callspool_packaging::write_to(&stage.at("generated")).unwrap();
        stage
    }

    fn at(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// `make` for a user who has no cargo.
    fn make(&self, target: &str) -> Output {
        let assign = |name: &str, path: &str| format!("{name}={}", self.at(path).display());
        Command::new("make")
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
            .args([target, "PREFIX=/usr", "CARGO=no-such-cargo"])
            .arg(assign("DESTDIR", "root"))
            .arg(assign("GENERATED", "generated"))
            .env("CARGO_TARGET_DIR", self.at("built"))
            .env_remove("CARGO_BUILD_TARGET")
            .env_remove("MAKEFLAGS")
            .output()
            .unwrap()
    }

    /// The installed files, and whether they may be executed.
    fn installed(&self) -> BTreeSet<(String, bool)> {
        let root = self.at("root");
        let mut found = BTreeSet::new();
        let mut dirs = vec![root.clone()];
        while let Some(dir) = dirs.pop() {
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    dirs.push(path);
                } else {
                    let mode = fs::metadata(&path).unwrap().permissions().mode();
                    assert_eq!(mode & 0o444, 0o444, "{path:?}");
                    let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
                    found.insert((name.to_owned(), mode & 0o100 != 0));
                }
            }
        }
        found
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn install_puts_everything_in_its_place_and_uninstall_removes_it() {
    let stage = Stage::built();
    let output = stage.make("install");
    assert!(output.status.success(), "{}", text(&output));
    let pages = callspool_packaging::man_pages().unwrap();
    let mut expected: BTreeSet<(String, bool)> = pages
        .iter()
        .map(|page| page.path.file_name().unwrap().to_str().unwrap())
        .map(|name| (format!("usr/share/man/man1/{name}"), false))
        .collect();
    assert!(expected.len() >= 5);
    expected.insert(("usr/bin/callspool".to_owned(), true));
    for path in [
        "bash-completion/completions/callspool",
        "doc/callspool/config.toml",
        "fish/vendor_completions.d/callspool.fish",
        "zsh/site-functions/_callspool",
    ] {
        expected.insert((format!("usr/share/{path}"), false));
    }
    assert_eq!(stage.installed(), expected);

    let foreign = stage.at("root/usr/share/man/man1/other.1");
    File::create(foreign).unwrap();
    let output = stage.make("uninstall");
    assert!(output.status.success(), "{}", text(&output));
    let left: Vec<String> = stage.installed().into_iter().map(|file| file.0).collect();
    assert_eq!(left, ["usr/share/man/man1/other.1"]);
    assert!(!stage.at("root/usr/share/doc/callspool").exists());
}

#[test]
fn install_without_a_build_says_what_to_do_and_installs_nothing() {
    for missing in ["built/release/callspool", "generated/man/callspool.1"] {
        let stage = Stage::built();
        fs::remove_file(stage.at(missing)).unwrap();
        let output = stage.make("install");
        assert!(!output.status.success());
        assert!(text(&output).contains("run first: make build generate"));
        assert!(!stage.at("root").exists());
    }
}
