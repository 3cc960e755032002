//! Lines about the settings and the files that they come from.

use std::path::Path;

use crate::config::catalog::{Kind, Setting};
use crate::config::{OwnFile, SettingOrigin, Settings, Source, Verbosity};
use crate::report::CheckLine;
use crate::spool::disk::{Disk, Right};

const SECTION: &str = "configuration";

/// The lines: the config file, what is odd, every setting that is set.
pub(super) fn lines(settings: &Settings) -> Vec<CheckLine> {
    let mut lines = vec![config_file(settings.config_file.as_deref())];
    let odd = settings.warnings.iter();
    lines.extend(odd.map(|warning| {
        CheckLine::warning(SECTION, "environment", warning.as_str())
            .advise("correct its name, or take it out")
    }));
    let shows_all = !matches!(settings.verbosity, Verbosity::Quiet | Verbosity::Normal);
    let (unset, set): (Vec<_>, Vec<_>) = settings
        .sources
        .iter()
        .partition(|origin| origin.source == Source::Default && !shows_all);
    lines.extend(set.into_iter().map(setting));
    if !unset.is_empty() {
        let found = format!("{} settings are not set; -v lists them", unset.len());
        lines.push(CheckLine::ok(SECTION, "defaults", found));
    }
    lines
}

/// Whether the file with the figures of runs can be written.
pub(super) fn metrics_file(settings: &Settings, disk: &dyn Disk) -> Option<CheckLine> {
    let (section, name) = ("monitoring", "metrics-file");
    let path = settings.metrics_file.as_ref()?;
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let dir = dir.unwrap_or(Path::new("."));
    let shown = dir.display();
    Some(match disk.may(dir, Right::Write) {
        Ok(()) => CheckLine::ok(section, name, format!("{shown} may be written to")),
        Err(error) => {
            let found = format!("{shown} may not be written to: {error}");
            CheckLine::warning(section, name, found)
                .advise("runs deliver all the same, but tell no figures: let this user write there")
        }
    })
}

fn config_file(path: Option<&Path>) -> CheckLine {
    let name = "config file";
    let Some(path) = path else {
        return CheckLine::ok(SECTION, name, "none is read");
    };
    let shown = path.display();
    let file = match OwnFile::look_at(path) {
        Ok(file) => file,
        Err(error) => {
            let found = format!("{shown} cannot be looked at: {error}");
            return CheckLine::warning(SECTION, name, found)
                .advise("see that it is still there, and who may change it");
        }
    };
    let found = format!("{shown}, mode {:04o}", file.mode);
    if file.is_world_writable() {
        let found = format!("{found}: anybody on this machine may change it");
        CheckLine::error(SECTION, name, found).advise(format!("chmod go-w {shown}"))
    } else if file.is_group_writable() {
        let found = format!("{found}: its group may change it");
        CheckLine::warning(SECTION, name, found).advise(format!("chmod g-w {shown}"))
    } else {
        CheckLine::ok(SECTION, name, found)
    }
}

fn setting(origin: &SettingOrigin) -> CheckLine {
    let value = origin.value.as_ref().map_or_else(
        || "not set".to_owned(),
        |value| shown(origin.setting, &value.to_string_lossy()),
    );
    CheckLine::ok(
        SECTION,
        origin.name(),
        format!("{value} ({})", origin.source),
    )
}

/// A value fit to be shown. The path of a URL may be a secret between two; the base URL, whose path
/// everybody needs to see, holds none.
fn shown(setting: Setting, value: &str) -> String {
    let is_url = setting.spec().kind == Kind::Text && setting != Setting::ApiUrl;
    match value.split_once("://") {
        Some((scheme, rest)) if is_url => {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}/…")
        }
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_may_be_a_secret_is_shown_without_its_path() {
        let secret = "https://user:hush@hc.example.com/ping/hush?a=hush";
        assert_eq!(
            shown(Setting::DefaultClientId, secret),
            "https://hc.example.com/…"
        );
        let base = "https://crm.example.com/apis/api/public";
        assert_eq!(shown(Setting::ApiUrl, base), base);
    }
}
