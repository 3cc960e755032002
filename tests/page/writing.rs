//! How the page comes into its file: whole, for whoever may read it, or not at all.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use test_support::{Dir, Outcome, Session, Site};

use crate::{page_path, site, write_page};

/// Whether a text is a page from its first byte to its last.
fn is_whole(text: &str) -> bool {
    text.starts_with("<!DOCTYPE html>") && text.ends_with("</html>\n")
}

/// What lies beside the spool.
fn names(site: &Site) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(site.home())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_web_server_can_read_the_page_whatever_the_umask() {
    let site = site();
    let outcome = write_page(&site, &[]);
    let path = page_path(&site);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o644);
    assert!(is_whole(&fs::read_to_string(&path).unwrap()));
    assert_eq!(names(&site), ["page.html", "spool"]);
    let said = format!("wrote {}: ", path.display());
    assert!(outcome.stdout.starts_with(&said), "{}", outcome.stdout);
    assert_eq!(outcome.stdout.lines().count(), 1);
    assert_eq!(outcome.stderr, "");
}

#[test]
fn who_may_read_an_old_page_may_read_the_new_one_and_nobody_else() {
    let site = site();
    write_page(&site, &[]);
    let path = page_path(&site);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let inode = fs::metadata(&path).unwrap().ino();
    write_page(&site, &[]);
    let now = fs::metadata(&path).unwrap();
    assert_eq!(now.mode() & 0o7777, 0o640);
    assert_ne!(now.ino(), inode, "it was written in place");
}

#[test]
fn quietly_nothing_is_said_and_for_a_program_all_in_one_object() {
    let site = site();
    Session::new("a").write(&site);
    let outcome = write_page(&site, &["--quiet"]);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
    let object = write_page(&site, &["--format", "json"])
        .json_lines()
        .remove(0);
    let len = fs::metadata(page_path(&site)).unwrap().len();
    assert_eq!(object["bytes"], len);
    assert_eq!(object["sessions"], 1);
    assert_eq!(object["page"], page_path(&site).to_str().unwrap());
}

#[test]
fn a_dash_stands_for_stdout() {
    let site = site();
    let outcome = site.call(["inspect", "--html", "-"]).expect(0);
    assert!(is_whole(&outcome.stdout));
    assert_eq!(names(&site), ["spool"]);
}

#[test]
fn a_reader_never_meets_half_a_page() {
    let site = site();
    for number in 0..50 {
        let id = format!("session-{number}");
        Session::new(&id).write(&site);
    }
    write_page(&site, &[]);
    let (path, is_over) = (page_path(&site), AtomicBool::new(false));
    let read = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut read = 0;
            while !is_over.load(Ordering::Relaxed) {
                let text = fs::read_to_string(&path).unwrap();
                assert!(is_whole(&text), "{} bytes", text.len());
                read += 1;
            }
            read
        });
        for _ in 0..8 {
            write_page(&site, &[]);
        }
        is_over.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    });
    assert!(read > 8, "{read}");
}

#[test]
fn a_full_disk_is_code_20_and_the_old_page_stands() {
    let site = site();
    write_page(&site, &[]);
    let path = page_path(&site);
    let before = fs::read(&path).unwrap();
    Session::new("a").write(&site);
    let command = site.command(["inspect", "--html", path.to_str().unwrap()]);
    // Files may grow to so many blocks of 512 bytes; more fails as on a full disk.
    let limited = Command::new("/bin/sh")
        .args(["-c", "trap '' XFSZ && ulimit -f 8 && exec \"$@\"", "sh"])
        .arg(command.get_program())
        .args(command.get_args())
        .output();
    let outcome = Outcome::of(limited.unwrap()).expect(20);
    let stderr = &outcome.stderr;
    assert!(
        stderr.contains("the page was not written: cannot write "),
        "{stderr}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(names(&site), ["page.html", "spool"]);
}

#[test]
fn a_place_that_cannot_be_is_code_2_and_is_named() {
    let site = site();
    let missing = site.home().join("no/page.html");
    let document = Session::new("a").write(&site);
    let before = fs::read(&document).unwrap();
    for (path, said) in [
        (
            missing,
            "No such file or directory (os error 2); make its directory, or name a file elsewhere",
        ),
        (site.home().to_owned(), "is no regular file; name a file"),
        ("/dev/null".into(), "is no regular file; name a file"),
        (
            document.clone(),
            "holds the spool's own files; name a file elsewhere",
        ),
        (
            site.dir(Dir::Recordings).join("page.html"),
            "holds the spool's own files; name a file elsewhere",
        ),
    ] {
        let path = path.to_str().unwrap();
        let outcome = site.call(["inspect", "--html", path]).expect(2);
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
        assert!(
            outcome.stderr.contains(path.trim_end_matches("page.html")),
            "{}",
            outcome.stderr
        );
        assert_eq!(outcome.stdout, "");
    }
    assert_eq!(fs::read(&document).unwrap(), before);
    assert_eq!(names(&site), ["spool"]);
    assert_eq!(site.names(Dir::Recordings).len(), 2);
}

#[test]
fn without_a_spool_the_old_page_stands() {
    let site = site();
    write_page(&site, &[]);
    let path = page_path(&site);
    let before = fs::read(&path).unwrap();
    fs::rename(site.root(), site.home().join("away")).unwrap();
    site.call(["inspect", "--html", path.to_str().unwrap()])
        .expect(10);
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn what_is_too_old_can_be_said_and_one_page_at_a_time_is_enough() {
    let site = site();
    Session::new("a").write(&site);
    write_page(&site, &["--max-age", "2h"]);
    let page = || fs::read_to_string(page_path(&site)).unwrap();
    assert!(page().contains("<h1>All well</h1>"));
    write_page(&site, &["--max-age", "30m"]);
    assert!(page().contains("<h1>The oldest session has been pending for 1h"));
    for other in ["--check", "--summary", "--state=failed", "a"] {
        site.call(["inspect", "--html", "-", other]).expect(2);
    }
    site.call(["inspect", "--max-age", "2h"]).expect(2);
}
