//! What is installed beside the program: man pages, completions, an example config.
//!
//! All of it is made from the command line and the catalogue of settings that the program itself
//! uses, so a new command or setting comes along by itself. Runs when a package is built; nothing
//! of it is in the program.

mod after_help;
mod completions;
mod example_config;
mod manual;
mod sections;

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

pub use completions::completions;
pub use example_config::example_config;
pub use manual::man_pages;

/// A file to install: where below the directory of generated files, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// The path, relative.
    pub path: PathBuf,
    /// The contents.
    pub text: String,
}

/// Everything that is generated.
///
/// # Errors
/// When a help text has a form that no man page can be made of.
pub fn all() -> io::Result<Vec<Generated>> {
    let mut files = man_pages()?;
    files.extend(completions()?);
    files.push(Generated {
        path: PathBuf::from("config.toml"),
        text: example_config(),
    });
    Ok(files)
}

/// Writes everything below a directory, in place of what an earlier version has left there.
///
/// # Errors
/// When a file or directory cannot be written, and as [`all`].
pub fn write_to(dir: &Path) -> io::Result<()> {
    let files = all()?;
    for kind in ["man", "completions"] {
        match fs::remove_dir_all(dir.join(kind)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    for file in files {
        let path = dir.join(&file.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        File::create(path)?.write_all(file.text.as_bytes())?;
    }
    Ok(())
}
