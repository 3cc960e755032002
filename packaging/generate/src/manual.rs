//! Man pages: `callspool.1` and one for each command.
//!
//! Title, options and commands come from `clap_mangen`; the other sections from the help texts and
//! from [`crate::sections`].

use std::io;
use std::path::Path;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};

use crate::Generated;
use crate::after_help::AfterHelp;
use crate::sections;

/// When what the pages say last changed.
const DATE: &str = "2026-11-22";

/// A file for each page, below `man/`.
///
/// # Errors
/// When a help text has a form that is not known.
pub fn man_pages() -> io::Result<Vec<Generated>> {
    let mut root = callspool::cli::definition();
    root.build();
    let mut names = Vec::new();
    collect_names(&root, &mut names);
    let mut pages = Vec::new();
    add_pages(&root, &root, &names, &mut pages)?;
    Ok(pages)
}

/// The name of a command's page: `callspool-inspect`.
fn page_name(command: &Command) -> String {
    let name = command.get_display_name();
    name.unwrap_or_else(|| command.get_name()).to_owned()
}

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
}

fn collect_names(command: &Command, names: &mut Vec<String>) {
    names.push(page_name(command));
    for sub in shown(command) {
        collect_names(sub, names);
    }
}

fn add_pages(
    command: &Command,
    root: &Command,
    names: &[String],
    pages: &mut Vec<Generated>,
) -> io::Result<()> {
    let name = page_name(command);
    pages.push(Generated {
        path: Path::new("man").join(format!("{name}.1")),
        text: page(command, root, &name, names)?,
    });
    shown(command).try_for_each(|sub| add_pages(sub, root, names, pages))
}

fn page(command: &Command, root: &Command, name: &str, names: &[String]) -> io::Result<String> {
    let is_root = name == page_name(root);
    let version = root.get_version().unwrap_or_default();
    let source = format!("{} {version}", page_name(root));
    let after_help = command.get_after_help().map(ToString::to_string);
    let after_help = AfterHelp::parse(&after_help.unwrap_or_default())?;
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim().to_owned();
    let headings = headings(command);
    let documented = command
        .clone()
        .override_usage(usage)
        // What every command takes stands once, on the first page.
        .mut_args(|arg| {
            let hidden = !is_root && arg.is_global_set();
            arg.hide(hidden)
        });
    let man = Man::new(documented)
        .title(name.to_uppercase())
        .date(DATE)
        .source(source)
        .manual("User Commands");

    let mut roff = Roff::new();
    sections::name(&mut roff, name, &about(command));
    let mut text = rendered(|out| man.render_title(out))?;
    // Names of options and variables are not to be torn apart at the end of a line.
    text.push_str(".nh\n.ad l\n");
    text.push_str(&finish(&mut roff));
    text.push_str(&rendered(|out| man.render_synopsis_section(out))?);
    sections::description(&mut roff, &about(command), &after_help.paragraphs);
    text.push_str(&finish(&mut roff));
    text.push_str(&options(
        &rendered(|out| man.render_options_section(out))?,
        &headings,
    ));
    if !is_root {
        roff.control("PP", []);
        roff.text([
            roman("Every option of "),
            bold("callspool"),
            roman("(1) can be given here, too."),
        ]);
        text.push_str(&finish(&mut roff));
    }
    if shown(command).next().is_some() {
        sections::commands(
            &mut roff,
            shown(command).map(|sub| (page_name(sub), about(sub))),
        );
    }
    sections::environment(&mut roff, is_root);
    sections::files(&mut roff, is_root);
    sections::exit_status(&mut roff, &after_help.exit_codes);
    sections::examples(&mut roff, &after_help.examples);
    sections::see_also(
        &mut roff,
        names.iter().filter(|other| *other != name),
        is_root,
    );
    text.push_str(&finish(&mut roff));
    Ok(text)
}

/// What a command does, in a line.
fn about(command: &Command) -> String {
    let about = command.get_about().map(ToString::to_string);
    about.unwrap_or_default()
}

fn headings(command: &Command) -> Vec<String> {
    let mut headings: Vec<String> = Vec::new();
    for heading in command
        .get_arguments()
        .filter_map(|arg| arg.get_help_heading())
    {
        if !headings.iter().any(|known| known == heading) {
            headings.push(heading.to_owned());
        }
    }
    headings
}

/// The options' section, its headings being parts of it and not sections of their own.
fn options(section: &str, headings: &[String]) -> String {
    let mut section = section.to_owned();
    for heading in headings {
        let header = |name: &str, text: &str| {
            let mut roff = Roff::new();
            roff.control(name, [text]);
            roff.to_roff()
        };
        let own = header("SH", &heading.to_uppercase());
        section = section.replace(&own, &header("SS", heading));
    }
    section
}

fn rendered(render: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> io::Result<String> {
    let mut bytes = Vec::new();
    render(&mut bytes)?;
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// What was added since the last time, as text.
fn finish(roff: &mut Roff) -> String {
    std::mem::take(roff).to_roff()
}

/// An entry of a list: what it is about, and what is to be said.
pub(crate) fn entry(roff: &mut Roff, tag: impl Into<Vec<Inline>>, text: &str) {
    roff.control("TP", []);
    roff.text(tag);
    roff.text([roman(text)]);
}
