//! The extra trust anchors.

use std::fs::File;
use std::io::Read;

use super::catalog::Setting;
use super::error::ConfigError;
use super::settings::Settings;

/// The largest file of trust anchors that is read, in bytes; the whole of Mozilla's list has 0.2 MB.
const MAX_BYTES: u64 = 16 << 20;

/// Reads the `--ca-file`, if one is named.
///
/// # Errors
/// When it cannot be read.
pub fn read_ca_file(settings: &Settings) -> Result<Option<Vec<u8>>, ConfigError> {
    let Some(path) = &settings.ca_file else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes))
        .map_err(|cause| ConfigError::CaRead {
            path: path.clone(),
            origin: settings.source(Setting::CaFile),
            cause,
        })?;
    Ok(Some(bytes))
}
