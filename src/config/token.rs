//! Where the bearer token comes from.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::catalog::Setting;
use super::environment::{Environment, TOKEN_VARIABLE};
use super::error::ConfigError;
use super::settings::Settings;
use super::source::Source;
use crate::upload::token::{MAX_TOKEN_BYTES, Token};

const CREDENTIALS_VARIABLE: &str = "CREDENTIALS_DIRECTORY";
const CREDENTIAL_NAME: &str = "callspool-token";

/// Where the token is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenPlace {
    /// The token file.
    File(PathBuf),
    /// The environment variable.
    Variable,
    /// The systemd credential.
    Credential(PathBuf),
    /// There is none.
    Nowhere,
}

/// The first place that there is, whatever it holds.
pub fn place(settings: &Settings, environment: &Environment) -> TokenPlace {
    if let Some(path) = &settings.token_file {
        return TokenPlace::File(path.clone());
    }
    if environment.get(TOKEN_VARIABLE).is_some() {
        return TokenPlace::Variable;
    }
    match environment.get(CREDENTIALS_VARIABLE) {
        Some(directory) if !directory.is_empty() => {
            let path = PathBuf::from(directory).join(CREDENTIAL_NAME);
            match path.symlink_metadata() {
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => TokenPlace::Nowhere,
                _ => TokenPlace::Credential(path),
            }
        }
        _ => TokenPlace::Nowhere,
    }
}

/// Finds the token: the token file, else `CALLSPOOL_TOKEN`, else the systemd credential
/// (systemd.exec(5), "Credentials"). None at all is fine.
///
/// # Errors
/// When the first of these that there is cannot be read or holds no token.
pub fn load(settings: &Settings) -> Result<Option<Token>, ConfigError> {
    load_from(settings, &Environment::of_process())
}

/// [`load`] with an environment of the caller's.
///
/// # Errors
/// As [`load`].
pub fn load_from(
    settings: &Settings,
    environment: &Environment,
) -> Result<Option<Token>, ConfigError> {
    if let Some(path) = &settings.token_file {
        let origin = settings.source(Setting::TokenFile);
        return read(path, origin.clone())
            .map_err(|cause| unreadable(path, origin, cause))?
            .map(Some);
    }
    if let Some(text) = environment.get(TOKEN_VARIABLE) {
        return parse(text.as_bytes(), TOKEN_VARIABLE.to_owned()).map(Some);
    }
    let Some(directory) = environment
        .get(CREDENTIALS_VARIABLE)
        .filter(|directory| *directory != OsStr::new(""))
    else {
        return Ok(None);
    };
    let path = PathBuf::from(directory).join(CREDENTIAL_NAME);
    let origin = Source::Environment(CREDENTIALS_VARIABLE.to_owned());
    match read(&path, origin.clone()) {
        Ok(token) => token.map(Some),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(unreadable(&path, origin, cause)),
    }
}

fn unreadable(path: &Path, origin: Source, cause: io::Error) -> ConfigError {
    ConfigError::TokenRead {
        path: path.to_owned(),
        origin,
        cause,
    }
}

fn read(path: &Path, origin: Source) -> io::Result<Result<Token, ConfigError>> {
    // White space at the end is dropped, so a little more than the longest token is read.
    let most = u64::try_from(MAX_TOKEN_BYTES + 1024).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(parse(&bytes, format!("{} (from {origin})", path.display())))
}

fn parse(text: &[u8], place: String) -> Result<Token, ConfigError> {
    Token::parse(text).map_err(|problem| ConfigError::Token { place, problem })
}
