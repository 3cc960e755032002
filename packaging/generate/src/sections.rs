//! The sections of the man pages that are not options.

use callspool::config::catalog::{Kind, Setting};
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use crate::manual::entry;

/// Environment variables that are no setting's.
const VARIABLES: &[(&str, &str)] = &[
    (
        "CALLSPOOL_CONFIG",
        "The config file, when --config does not name one.",
    ),
    (
        "CALLSPOOL_TOKEN",
        "The bearer token itself, when no token file is named.",
    ),
    (
        "CREDENTIALS_DIRECTORY",
        "Set by systemd: the token is read from callspool-token in it, when it is nowhere else.",
    ),
    (
        "RUST_LOG",
        "What is logged, such as debug or callspool=trace; goes before --verbose.",
    ),
    (
        "SSL_CERT_FILE, SSL_CERT_DIR",
        "Where the trusted certificates are, instead of the platform's place.",
    ),
    (
        "HTTPS_PROXY, http_proxy, HTTP_PROXY, ALL_PROXY, NO_PROXY",
        "Proxies for https and http, and the hosts that are reached without one.",
    ),
];

/// Manual pages of other programs that belong to the subject.
const RELATED: &[(&str, &str)] = &[
    ("crontab", "5"),
    ("systemd.exec", "5"),
    ("systemd.timer", "5"),
];

/// `NAME`.
pub(crate) fn name(roff: &mut Roff, page: &str, about: &str) {
    let mut characters = about.chars();
    let about: String = characters
        .next()
        .into_iter()
        .flat_map(char::to_lowercase)
        .chain(characters)
        .collect();
    roff.control("SH", ["NAME"]);
    roff.text([roman(format!("{page} - {}", about.trim_end_matches('.')))]);
}

/// `DESCRIPTION`.
pub(crate) fn description(roff: &mut Roff, about: &str, paragraphs: &[String]) {
    roff.control("SH", ["DESCRIPTION"]);
    roff.text([roman(format!("{}.", about.trim_end_matches('.')))]);
    for paragraph in paragraphs {
        roff.control("PP", []);
        for line in paragraph.lines() {
            roff.text([roman(line)]);
        }
    }
}

/// `COMMANDS`: the pages of a command's commands.
pub(crate) fn commands(roff: &mut Roff, commands: impl Iterator<Item = (String, String)>) {
    roff.control("SH", ["COMMANDS"]);
    for (page, about) in commands {
        entry(roff, reference(&page, "1"), &about);
    }
}

/// `ENVIRONMENT`.
pub(crate) fn environment(roff: &mut Roff, is_root: bool) {
    roff.control("SH", ["ENVIRONMENT"]);
    if !is_root {
        elsewhere(roff, "The variables are described in ");
        return;
    }
    for (name, about) in VARIABLES {
        entry(roff, [bold(*name)], about);
    }
    roff.control("PP", []);
    roff.text([roman(
        "Each setting has a variable of its own, which goes before the config file; a flag goes \
         before both:",
    )]);
    for setting in Setting::ALL {
        roff.control("br", []);
        roff.text([bold(setting.env_name())]);
    }
}

/// `FILES`.
pub(crate) fn files(roff: &mut Roff, is_root: bool) {
    roff.control("SH", ["FILES"]);
    if !is_root {
        elsewhere(roff, "The files are described in ");
        return;
    }
    entry(
        roff,
        [italic(callspool::config::DEFAULT_PATH)],
        "The config file, unless another one is named: TOML, keys named as the flags are, with \
         underscores.",
    );
    for setting in Setting::ALL {
        let spec = setting.spec();
        if let (Kind::SpoolDirectory, Some(default)) = (spec.kind, spec.default) {
            let about = spec.about.split(" (").next().unwrap_or(spec.about);
            entry(
                roff,
                [italic("ROOT"), roman("/"), italic(default), roman("/")],
                &format!("{about}; see --{}.", spec.name),
            );
        }
    }
}

/// `EXIT STATUS`.
pub(crate) fn exit_status(roff: &mut Roff, codes: &[(String, String)]) {
    roff.control("SH", ["EXIT STATUS"]);
    if codes.is_empty() {
        elsewhere(roff, "The exit codes are those of ");
        return;
    }
    for (code, meaning) in codes {
        entry(roff, [bold(code)], meaning);
    }
}

/// `EXAMPLES`.
pub(crate) fn examples(roff: &mut Roff, examples: &[(String, String)]) {
    if examples.is_empty() {
        return;
    }
    roff.control("SH", ["EXAMPLES"]);
    for (command, about) in examples {
        entry(roff, [bold(command)], about);
    }
}

/// `SEE ALSO`.
pub(crate) fn see_also<'a>(
    roff: &mut Roff,
    pages: impl Iterator<Item = &'a String>,
    is_root: bool,
) {
    roff.control("SH", ["SEE ALSO"]);
    let related = RELATED.iter().filter(|_| is_root);
    let mut inlines = Vec::new();
    for (page, section) in pages
        .map(|page| (page.as_str(), "1"))
        .chain(related.copied())
    {
        if !inlines.is_empty() {
            inlines.push(roman(", "));
        }
        inlines.extend(reference(page, section));
    }
    roff.text(inlines);
}

fn reference(page: &str, section: &str) -> Vec<Inline> {
    vec![bold(page), roman(format!("({section})"))]
}

/// Sends the reader to the first page.
fn elsewhere(roff: &mut Roff, text: &str) {
    roff.text([roman(text), bold("callspool"), roman("(1).")]);
}
