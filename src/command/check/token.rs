//! The line about the token. Nothing in it is of the token itself.

use std::path::Path;

use crate::config::token::{self, TokenPlace};
use crate::config::{Environment, OwnFile, Settings};
use crate::report::CheckLine;
use crate::upload::token::Token;

const SECTION: &str = "token";

/// What came of looking for the token.
pub(super) enum Sought {
    /// There is one.
    Found(Token),
    /// There is none, which is fine.
    None,
    /// There is one, and it cannot be used.
    Unusable,
}

/// The line, and the token for the question to the API.
pub(super) fn line(settings: &Settings, environment: &Environment) -> (CheckLine, Sought) {
    let place = token::place(settings, environment);
    let (name, path, found) = match &place {
        TokenPlace::File(path) => ("token file", Some(path), path.display().to_string()),
        TokenPlace::Credential(path) => (
            "credential",
            Some(path),
            format!("systemd's, {}", path.display()),
        ),
        TokenPlace::Variable => ("variable", None, "CALLSPOOL_TOKEN".to_owned()),
        TokenPlace::Nowhere => {
            let found = "none; requests go without credentials";
            return (CheckLine::ok(SECTION, "token", found), Sought::None);
        }
    };
    match token::load_from(settings, environment) {
        Err(error) => {
            let line = CheckLine::error(SECTION, name, error.to_string());
            let line = line.advise("put the token into its place, as one line and nothing else");
            (line, Sought::Unusable)
        }
        Ok(None) => (CheckLine::ok(SECTION, name, found), Sought::None),
        Ok(Some(token)) => {
            let line = match path {
                // systemd sees to who may read a credential.
                Some(path) if matches!(place, TokenPlace::File(_)) => readers(path, &found),
                _ => CheckLine::ok(SECTION, name, found),
            };
            (line, Sought::Found(token))
        }
    }
}

/// Who else may read the token's file. Where root keeps it for the group that runs callspool, its
/// group has to.
fn readers(path: &Path, shown: &str) -> CheckLine {
    let name = "token file";
    let file = match OwnFile::look_at(path) {
        Ok(file) => file,
        Err(error) => {
            let found = format!("{shown} cannot be looked at: {error}");
            return CheckLine::warning(SECTION, name, found)
                .advise("see that it is still there, and who may read it");
        }
    };
    let found = format!(
        "{shown}, mode {:04o}, owner {}:{}",
        file.mode, file.user, file.group
    );
    let is_for_its_group = file.user == 0 && file.group != 0;
    if file.is_world_readable() || file.is_world_writable() {
        let found = format!("{found}: anybody on this machine may read or change it");
        CheckLine::warning(SECTION, name, found).advise(format!("chmod o= {}", path.display()))
    } else if file.is_group_writable() || (file.is_group_readable() && !is_for_its_group) {
        let found = format!("{found}: its group may read or change it");
        let mode = if is_for_its_group { "640" } else { "600" };
        CheckLine::warning(SECTION, name, found).advise(format!("chmod {mode} {}", path.display()))
    } else {
        CheckLine::ok(SECTION, name, found)
    }
}
