//! Lines about the directories of the spool and the disks that they are on.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::CheckLine;
use crate::report::wording::bytes;
use crate::spool::disk::{Space, Stat};
use crate::spool::{Directory, Found, Place, Premises, State};

const SECTION: &str = "directories";

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Who may write to a directory besides its owner and group.
const WORLD_WRITABLE: u32 = 0o002;
/// The bit that lets only the owner of a file remove it.
const STICKY: u32 = 0o1000;

/// The lines: one for each directory, then the file systems.
pub fn directories(premises: &Premises, user: u32) -> Vec<CheckLine> {
    let mut lines: Vec<CheckLine> = premises.directories.iter().map(directory).collect();
    lines.extend(somebody_elses(premises, user));
    lines.push(one_file_system(premises));
    lines.extend(
        premises
            .file_systems
            .iter()
            .map(|(path, space)| disk(path, space)),
    );
    lines
}

/// The flag by which a directory is set.
fn flag(place: Place) -> &'static str {
    match place {
        Place::Root => "root",
        Place::State(State::Pending) => "metadata-dir",
        Place::State(State::Processed) => "processed-dir",
        Place::State(State::Failed) => "failed-dir",
        Place::State(State::Corrupt) => "corrupt-dir",
        Place::Conversations => "conversations-dir",
        Place::Recordings => "recordings-dir",
        Place::Leads => "leads-dir",
    }
}

fn directory(directory: &Directory) -> CheckLine {
    let name = flag(directory.place);
    let path = directory.path.display();
    match &directory.found {
        Found::Missing { may_make } => missing(directory, may_make),
        Found::NoDirectory => CheckLine::error(SECTION, name, format!("{path} is no directory"))
            .advise(format!("correct --{name}")),
        Found::Hidden(error) => {
            let found = format!("{path} cannot be looked at: {}", reason(error));
            CheckLine::error(SECTION, name, found).advise(
                "let the user that runs callspool enter every directory above it (chmod +x)",
            )
        }
        Found::There {
            stat,
            link,
            read,
            write,
        } => {
            let link = link
                .as_ref()
                .map(|to| format!(", a link to {}", to.display()));
            let found = format!("{path}{}", link.unwrap_or_default());
            there(directory, &found, stat, read, write)
        }
    }
}

/// Whether a run writes there.
fn is_written(place: Place) -> bool {
    matches!(place, Place::State(_))
}

fn there(
    directory: &Directory,
    found: &str,
    stat: &Stat,
    read: &io::Result<()>,
    write: &io::Result<()>,
) -> CheckLine {
    let (name, path) = (flag(directory.place), directory.path.display());
    let (user, group) = stat.owner;
    let owned = format!("mode {:04o}, owner {user}:{group}", stat.mode & 0o7777);
    if let Err(error) = read {
        let found = format!("{found}: cannot be read, {} ({owned})", reason(error));
        return CheckLine::error(SECTION, name, found)
            .advise("let the user that runs callspool read and enter it (chmod or chown)");
    }
    match write {
        Err(error) if is_written(directory.place) => {
            let found = format!("{found}: cannot be written, {} ({owned})", reason(error));
            let advice = match error.kind() {
                ErrorKind::ReadOnlyFilesystem => "mount the file system for reading and writing",
                _ => "let the user that runs callspool write there (chmod or chown)",
            };
            return CheckLine::error(SECTION, name, found).advise(advice);
        }
        _ => {}
    }
    if stat.mode & WORLD_WRITABLE != 0 && stat.mode & STICKY == 0 {
        let found = format!("{found}: anybody on this machine may change it ({owned})");
        return CheckLine::warning(SECTION, name, found).advise(format!("chmod o-w {path}"));
    }
    let rights = match directory.place {
        Place::State(_) => "read and write",
        _ => "read",
    };
    CheckLine::ok(SECTION, name, format!("{found}: {rights} ({owned})"))
}

fn missing(directory: &Directory, may_make: &io::Result<()>) -> CheckLine {
    let (name, path) = (flag(directory.place), directory.path.display());
    let not_there = format!("{path} is not there");
    match (directory.place, may_make) {
        (Place::Root | Place::State(State::Pending), _) => {
            CheckLine::error(SECTION, name, format!("{not_there}: there is no spool")).advise(
                format!("mount the volume, create it, or correct --{name}; a run ends with 10"),
            )
        }
        (Place::State(_), Ok(())) => {
            CheckLine::ok(SECTION, name, format!("{not_there} yet; a run makes it"))
        }
        (Place::State(_), Err(error)) => {
            let found = format!("{not_there} and cannot be made, {}", reason(error));
            CheckLine::error(SECTION, name, found)
                .advise("create it for the user that runs callspool, with mode 0700")
        }
        (place, _) => {
            let what = match place {
                Place::Conversations => "calls cannot go with their transcripts",
                Place::Recordings => "calls go without their recordings",
                _ => "calls go without their leads",
            };
            CheckLine::warning(SECTION, name, format!("{not_there}: {what}"))
                .advise(format!("mount the volume, create it, or correct --{name}"))
        }
    }
}

/// Root may do anything, so that what it is allowed says nothing of the user who owns the spool.
fn somebody_elses(premises: &Premises, user: u32) -> Option<CheckLine> {
    let owner = premises.directories.iter().find_map(|directory| {
        let is_pending = directory.place == Place::State(State::Pending);
        match &directory.found {
            Found::There { stat, .. } if is_pending => Some(stat.owner.0),
            _ => None,
        }
    })?;
    if user != 0 || owner == 0 {
        return None;
    }
    let found = format!("this is root, and the spool belongs to user {owner}");
    let line = CheckLine::warning(SECTION, "user", found);
    Some(line.advise(format!(
        "check as the user that runs callspool: sudo -u '#{owner}' callspool check"
    )))
}

fn one_file_system(premises: &Premises) -> CheckLine {
    let name = "file system";
    let states: Vec<&Directory> = premises
        .directories
        .iter()
        .filter(|directory| is_written(directory.place))
        .collect();
    let other = states.iter().find_map(|directory| {
        let first = states.first()?;
        let differs = first.device? != directory.device?;
        differs.then_some((first, directory))
    });
    match other {
        None => CheckLine::ok(SECTION, name, "the four state directories are on one"),
        Some((first, other)) => {
            let (first, other) = (first.path.display(), other.path.display());
            let found = format!("{first} and {other} are on different ones");
            CheckLine::error(SECTION, name, found)
                .advise("put all four state directories on one: documents move by rename")
        }
    }
}

fn disk(path: &Path, space: &io::Result<Space>) -> CheckLine {
    let (name, path) = ("space", path.display());
    let space = match space {
        Ok(space) => space,
        Err(error) => {
            let found = format!("of {path} cannot be told: {}", reason(error));
            return CheckLine::skipped(SECTION, name, found);
        }
    };
    let mut found = format!(
        "{} of {} free at {path}",
        bytes(space.free_bytes),
        bytes(space.total_bytes)
    );
    if let Some((free, _)) = space.files.filter(|files| has_few_files(*files)) {
        found.push_str(&format!(", room for {free} more files"));
    }
    if is_full(space) {
        CheckLine::error(SECTION, name, found)
            .advise("free some space: what cannot be recorded is not sent (exit code 20)")
    } else if is_nearly_full(space) {
        CheckLine::warning(SECTION, name, found).advise(
            "free some space before it runs out: callspool prune removes what was delivered",
        )
    } else {
        CheckLine::ok(SECTION, name, found)
    }
}

/// No room for a run's few small files.
fn is_full(space: &Space) -> bool {
    let least = (64 * MIB).min(space.total_bytes / 20);
    space.free_bytes < least || space.files.is_some_and(|(free, _)| free < 100)
}

/// Less than a twentieth, or than a GiB; of a large disk 4 GiB will do, of a small one half.
fn is_nearly_full(space: &Space) -> bool {
    let twentieth = (space.total_bytes / 20).min(4 * GIB);
    let least = twentieth.max(GIB.min(space.total_bytes / 2));
    space.free_bytes < least || space.files.is_some_and(has_few_files)
}

fn has_few_files((free, all): (u64, u64)) -> bool {
    free < (all / 20).min(10_000)
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        ErrorKind::NotFound => "the directory above it is not there".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::CheckStatus;
    use super::*;

    #[test]
    fn a_disk_warns_before_it_is_full() {
        let status = |free_bytes, total_bytes, files| {
            let space = Space {
                free_bytes,
                total_bytes,
                files,
            };
            disk(Path::new("/spool"), &Ok(space)).status
        };
        for (free, total, expected) in [
            (4 * GIB, 10_000 * GIB, CheckStatus::Ok),
            (4 * GIB - 1, 10_000 * GIB, CheckStatus::Warning),
            (3 * GIB, 60 * GIB, CheckStatus::Ok),
            (3 * GIB - 1, 60 * GIB, CheckStatus::Warning),
            (GIB, 10 * GIB, CheckStatus::Ok),
            (GIB - 1, 10 * GIB, CheckStatus::Warning),
            (64 * MIB, 10 * GIB, CheckStatus::Warning),
            (64 * MIB - 1, 10 * GIB, CheckStatus::Error),
            (5 * MIB, 10 * MIB, CheckStatus::Ok),
            (5 * MIB - 1, 10 * MIB, CheckStatus::Warning),
            (MIB / 2 - 1, 10 * MIB, CheckStatus::Error),
        ] {
            assert_eq!(status(free, total, None), expected, "{free} of {total}");
        }
        let room = 50 * GIB;
        for (files, expected) in [
            ((10_000, 1_000_000), CheckStatus::Ok),
            ((9_999, 1_000_000), CheckStatus::Warning),
            ((100, 2_000), CheckStatus::Ok),
            ((99, 2_000), CheckStatus::Error),
        ] {
            assert_eq!(status(room, room, Some(files)), expected, "{files:?}");
        }
    }
}
