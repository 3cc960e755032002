//! Files that are exchanged for something else between being looked at and being opened.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde_json::json;
use test_support::{Dir, Session};

use crate::disk::{Trap, call, write};
use crate::guarded::{Guarded, SECRET};

/// How many runs each exchange gets.
const RUNS: u32 = 8;

/// Exchanges two names for each other, over and over, until it is dropped.
struct Exchanger {
    is_over: Arc<AtomicBool>,
    exchanges: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Exchanger {
    fn start(one: PathBuf, other: PathBuf) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let exchanges = Arc::new(AtomicU64::new(0));
        let thread = thread::spawn({
            let (is_over, exchanges) = (Arc::clone(&is_over), Arc::clone(&exchanges));
            move || {
                while !is_over.load(Ordering::Relaxed) {
                    // One of the two may be on its way to another directory.
                    if renameat_with(CWD, &one, CWD, &other, RenameFlags::EXCHANGE).is_ok() {
                        exchanges.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        });
        Self {
            is_over,
            exchanges,
            thread: Some(thread),
        }
    }
}

impl Drop for Exchanger {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

/// The files of the session `bad`, each where it is swapped.
fn files(guarded: &Guarded) -> [PathBuf; 5] {
    [
        (Dir::Pending, "metadata_bad.json"),
        (Dir::Conversations, "transcript_bad.json"),
        (Dir::Leads, "lead_bad.json"),
        (Dir::Recordings, "EG_bad.json"),
        (Dir::Recordings, "bad.ogg"),
    ]
    .map(|(dir, name)| guarded.site.dir(dir).join(name))
}

fn clear_away(guarded: &Guarded) {
    for dir in [Dir::Pending, Dir::Processed, Dir::Failed, Dir::Corrupt] {
        for name in guarded.site.names(dir) {
            if name.contains("bad") {
                remove(&guarded.site.dir(dir).join(name));
            }
        }
    }
}

fn remove(path: &Path) {
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_dir()) {
        fs::remove_dir(path).unwrap();
    } else {
        let _ = fs::remove_file(path);
    }
}

fn assert_never_sent(trap: Trap) {
    for place in 0..5 {
        let guarded = Guarded::new();
        let trapped = guarded.site.home().join("trapped/trap");
        fs::create_dir_all(trapped.parent().unwrap()).unwrap();
        let mut exchanges = 0;
        for _ in 0..RUNS {
            clear_away(&guarded);
            let path = files(&guarded)[place].clone();
            remove(&path);
            remove(&trapped);
            Session::new("bad").lead("{}").write(&guarded.site);
            trap.lay(&trapped, &guarded.secret);
            let exchanger = Exchanger::start(path, trapped.clone());
            let outcome = call(&guarded.site, &["run", "--format", "json"]);
            exchanges += exchanger.exchanges.load(Ordering::Relaxed);
            drop(exchanger);
            guarded.demand_nothing_secret(&outcome);
            // A document that is a directory by the time it is rewritten cannot be recorded.
            let may_stop = place == 0 && trap == Trap::Directory && outcome.code == 20;
            let is_orderly = may_stop || [0, 3, 4].contains(&outcome.code);
            assert!(is_orderly, "{trap:?}: {outcome:?}");
            assert_eq!(outcome.report()["sessions"]["conserved"], true);
        }
        clear_away(&guarded);
        call(&guarded.site, &["run"]).expect(0);
        assert!(exchanges > 0);
        assert_eq!(fs::read_to_string(&guarded.secret).unwrap(), SECRET);
        for id in ["first", "last"] {
            assert_eq!(guarded.site.place(id), Dir::Processed);
        }
    }
}

#[test]
fn a_file_that_turns_into_a_link_never_lets_out_what_it_leads_to() {
    assert_never_sent(Trap::LinkOut);
}

#[test]
fn a_file_that_turns_into_a_fifo_never_holds_a_run_up() {
    assert_never_sent(Trap::Fifo);
}

#[test]
fn a_file_that_turns_into_a_directory_is_told_of_and_no_more() {
    assert_never_sent(Trap::Directory);
}

#[test]
fn a_directory_that_turns_into_a_link_never_lets_out_what_is_behind_it() {
    let guarded = Guarded::new();
    let outside = guarded.site.home().join("outside");
    let mut exchanges = 0;
    for (dir, name) in [
        (Dir::Conversations, "t.json"),
        (Dir::Leads, "l.json"),
        (Dir::Recordings, "r.ogg"),
    ] {
        write(&outside.join(name), SECRET);
        let sub = guarded.site.dir(dir).join("sub");
        let link = guarded.site.home().join("link");
        for _ in 0..RUNS {
            clear_away(&guarded);
            let _ = fs::remove_dir_all(&sub);
            remove(&link);
            write(&sub.join(name), r#"{"items": []}"#);
            symlink(&outside, &link).unwrap();
            let path = json!(format!("/agent/sub/{name}"));
            Session::new("bad")
                .never_recorded()
                .edit(|document| {
                    let which = match dir {
                        Dir::Conversations => "conversation",
                        Dir::Leads => "lead",
                        _ => "recording",
                    };
                    document["files"][which] = path;
                })
                .write(&guarded.site);
            let exchanger = Exchanger::start(sub.clone(), link.clone());
            let outcome = call(&guarded.site, &["run", "--format", "json"]);
            exchanges += exchanger.exchanges.load(Ordering::Relaxed);
            drop(exchanger);
            guarded.demand_nothing_secret(&outcome);
            assert!([0, 3, 4].contains(&outcome.code), "{outcome:?}");
            if fs::symlink_metadata(&sub).unwrap().is_symlink() {
                fs::remove_file(&sub).unwrap();
                let _ = fs::remove_dir_all(&link);
            }
        }
    }
    assert!(exchanges > 0);
}
