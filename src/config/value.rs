//! What the text of a value means. Small pure functions; none knows which setting it reads.

use std::time::Duration;

use super::shard::ShardChoice;
use crate::spool::Shard;
use crate::upload::base_url::BaseUrlError;
use crate::upload::ping_url::PingUrlError;

/// The longest duration a setting may have: ten years, so that adding a few of them to a time of
/// day stays in range.
pub const MAX_DURATION: Duration = Duration::from_secs(3650 * 24 * 60 * 60);

/// Why a text is no value of its kind. The texts go behind `--name: `.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Nothing is there.
    #[error("the value is empty; write one, or take the setting away")]
    Empty,
    /// Bytes that are no text.
    #[error("the value is not UTF-8; write it as plain text")]
    NotText,
    /// Control characters in a text.
    #[error("the value holds control characters; write it on one line, as plain text")]
    ControlCharacters,
    /// No duration.
    #[error("{} is no duration; write it as 90s, 5m, 6h or 2d", quoted(.0))]
    NotADuration(String),
    /// A duration past [`MAX_DURATION`].
    #[error("{} is too long; 3650 days are the most", quoted(.0))]
    TooLong(String),
    /// A duration of nothing where that makes no sense.
    #[error("{} is no time at all; write more than 0s", quoted(.0))]
    ZeroDuration(String),
    /// No size.
    #[error("{} is no size; write it as 16KiB or 20MB", quoted(.0))]
    NotASize(String),
    /// No throughput.
    #[error("{} is no throughput; write it as 16KiB/s, and at least 1B/s", quoted(.0))]
    NotAThroughput(String),
    /// No whole number from a least one up.
    #[error("{} is no whole number from {least} {}", quoted(.text), up_to(*.most))]
    NotACount {
        /// What was written.
        text: String,
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
    /// No rate.
    #[error(
        "{} is no rate; write it as 100/min, 1000/h or 100/min,1000/h, each unit once",
        quoted(.0)
    )]
    NotARate(String),
    /// No shard.
    #[error(
        "{} is no shard; of 4 shards, write 0/4, 1/4, 2/4 and 3/4, or auto/4 in a job array, and have {} at most",
        quoted(.0), Shard::MOST
    )]
    NotAShard(String),
    /// No list of exit codes.
    #[error("{} is no list of exit codes; write numbers from 1 to 255, as in 3,11", quoted(.0))]
    NotExitCodes(String),
    /// Neither yes nor no.
    #[error("{} is neither true nor false", quoted(.0))]
    NotABoolean(String),
    /// None of the words there are.
    #[error("{} is none of {}", quoted(.text), .words.join(", "))]
    NotAWord {
        /// What was written.
        text: String,
        /// The words there are.
        words: &'static [&'static str],
    },
    /// No kind of failure.
    #[error(
        "{} is no kind of error{}",
        quoted(.text), .nearest.map(|name| format!("; did you mean {name}?")).unwrap_or_default()
    )]
    NotAnErrorKind {
        /// What was written.
        text: String,
        /// The kind that was probably meant.
        nearest: Option<&'static str>,
    },
    /// No base URL.
    #[error(transparent)]
    Url(#[from] BaseUrlError),
    /// No ping URL.
    #[error(transparent)]
    PingUrl(#[from] PingUrlError),
}

fn up_to(most: u64) -> String {
    match most {
        u64::MAX => "up".to_owned(),
        most => format!("to {most}"),
    }
}

/// A text in quotes, with its control characters escaped, cut when it is long.
pub(crate) fn quoted(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// Reads a duration: `90s`, `5m`, `6h`, `2d`, `1h 30m`, `500ms`, or `0`.
///
/// # Errors
/// When the text is no duration, or one longer than [`MAX_DURATION`].
pub fn duration(text: &str) -> Result<Duration, ValueError> {
    let text = text.trim();
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    match humantime::parse_duration(text) {
        Ok(duration) if duration <= MAX_DURATION => Ok(duration),
        Ok(_) | Err(humantime::DurationError::NumberOverflow) => {
            Err(ValueError::TooLong(text.to_owned()))
        }
        Err(_) => Err(ValueError::NotADuration(text.to_owned())),
    }
}

/// Reads a duration that is more than nothing.
///
/// # Errors
/// As [`duration`], and when it is zero.
pub fn positive_duration(text: &str) -> Result<Duration, ValueError> {
    match duration(text)? {
        Duration::ZERO => Err(ValueError::ZeroDuration(text.to_owned())),
        duration => Ok(duration),
    }
}

/// Reads a size in bytes: `16KiB` is 16384, `20MB` is 20 million, `512` is 512.
///
/// # Errors
/// When the text is no size.
pub fn size(text: &str) -> Result<u64, ValueError> {
    let not_a_size = || ValueError::NotASize(text.to_owned());
    let text = text.trim();
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(not_a_size());
    }
    let size: bytesize::ByteSize = text.parse().map_err(|_| not_a_size())?;
    // The parser's floats saturate; a size at the very end of the range was too large.
    Some(size.as_u64())
        .filter(|bytes| *bytes < u64::MAX)
        .ok_or_else(not_a_size)
}

/// Reads a throughput in bytes per second: a size, with or without `/s`.
///
/// # Errors
/// When the text is no size, or less than one byte per second.
pub fn throughput(text: &str) -> Result<u64, ValueError> {
    let text = text.trim();
    let bytes = text.strip_suffix("/s").unwrap_or(text).trim_end();
    size(bytes)
        .ok()
        .filter(|bytes| *bytes >= 1)
        .ok_or_else(|| ValueError::NotAThroughput(text.to_owned()))
}

/// Reads a whole number from `least` to `most`.
///
/// # Errors
/// When the text is no such number.
pub fn count(text: &str, least: u64, most: u64) -> Result<u64, ValueError> {
    let digits = text.trim();
    let number = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse::<u64>().ok())
        .flatten();
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| ValueError::NotACount {
            text: text.to_owned(),
            least,
            most,
        })
}

/// Reads a whole number from 1 to `u32::MAX`.
///
/// # Errors
/// When the text is no such number.
pub fn positive_count(text: &str) -> Result<u32, ValueError> {
    let number = count(text, 1, u64::from(u32::MAX))?;
    Ok(u32::try_from(number).unwrap_or(u32::MAX))
}

/// Reads how many sessions are worked on at a time: a whole number from 1 to 128, for each is a
/// thread and a connection.
///
/// # Errors
/// When the text is no such number.
pub fn jobs(text: &str) -> Result<usize, ValueError> {
    let number = count(text, 1, 128)?;
    Ok(usize::try_from(number).unwrap_or(1))
}

/// Requests per window of time, at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// How many requests in how long a window; the shortest window first, each length once.
    pub windows: Vec<(u32, Duration)>,
}

/// Reads a rate: `100/min`, `1000/h`, `5/s`, or several of them with commas between.
///
/// # Errors
/// When the text is no such list, a number is 0, or a unit comes twice.
pub fn rate(text: &str) -> Result<Rate, ValueError> {
    let mut windows: Vec<(u32, Duration)> = Vec::new();
    for part in text.split(',') {
        let window = rate_window(part)
            .filter(|(_, length)| windows.iter().all(|(_, other)| other != length))
            .ok_or_else(|| ValueError::NotARate(text.to_owned()))?;
        windows.push(window);
    }
    windows.sort_by_key(|(_, length)| *length);
    Ok(Rate { windows })
}

impl Rate {
    /// The share of one of several shards: together they are the whole. `None` where it would be
    /// nothing for some of them.
    pub fn share(&self, shard: Shard) -> Option<Self> {
        let windows = self.windows.iter().map(|(requests, length)| {
            let rest = u32::from(shard.index() < requests % shard.count());
            let share = requests / shard.count();
            (share > 0).then_some((share + rest, *length))
        });
        Some(Self {
            windows: windows.collect::<Option<_>>()?,
        })
    }
}

fn rate_window(text: &str) -> Option<(u32, Duration)> {
    let (number, unit) = text.split_once('/')?;
    let seconds = match unit.trim() {
        "s" => 1,
        "min" => 60,
        "h" => 60 * 60,
        _ => return None,
    };
    Some((positive_count(number).ok()?, Duration::from_secs(seconds)))
}

/// Reads a shard: `0/4`, or `auto/4`.
///
/// # Errors
/// When the text is neither, or there is no such shard.
pub fn shard(text: &str) -> Result<ShardChoice, ValueError> {
    let not_a_shard = || ValueError::NotAShard(text.to_owned());
    let (index, most) = text.split_once('/').ok_or_else(not_a_shard)?;
    let number = |text: &str| {
        let number = count(text, 0, u64::from(Shard::MOST)).ok()?;
        u32::try_from(number).ok()
    };
    let choice = match (index.trim(), number(most)) {
        (_, None | Some(0)) => None,
        ("auto", Some(count)) => Some(ShardChoice::Auto { count }),
        (index, Some(count)) => number(index)
            .and_then(|index| Shard::new(index, count))
            .map(ShardChoice::Fixed),
    };
    choice.ok_or_else(not_a_shard)
}

/// Reads a list of exit codes, `3,11`; in ascending order, each once. An empty text is an empty list.
///
/// # Errors
/// When an element is no number from 1 to 255.
pub fn exit_codes(text: &str) -> Result<Vec<u8>, ValueError> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let mut codes = Vec::new();
    for part in text.split(',') {
        let code = count(part, 1, u64::from(u8::MAX))
            .ok()
            .and_then(|code| u8::try_from(code).ok())
            .ok_or_else(|| ValueError::NotExitCodes(text.to_owned()))?;
        codes.push(code);
    }
    codes.sort_unstable();
    codes.dedup();
    Ok(codes)
}

/// Reads a truth: true, false, 1, 0, yes, no, on, off, in any case.
///
/// # Errors
/// When the text is none of these.
pub fn boolean(text: &str) -> Result<bool, ValueError> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(ValueError::NotABoolean(text.to_owned())),
    }
}

/// Reads how often a switch was given: a number, or a truth for once or never.
///
/// # Errors
/// When the text is neither.
pub fn level(text: &str) -> Result<u8, ValueError> {
    if let Ok(given) = boolean(text) {
        return Ok(u8::from(given));
    }
    let most = u64::from(u8::MAX);
    Ok(u8::try_from(count(text, 0, most)?).unwrap_or(u8::MAX))
}

/// Reads one of a few words; what each stands for is beside it in `meanings`.
///
/// # Errors
/// When the text is none of `words`.
pub fn word<T: Copy>(
    text: &str,
    words: &'static [&'static str],
    meanings: &[T],
) -> Result<T, ValueError> {
    let written = text.trim();
    words
        .iter()
        .zip(meanings)
        .find(|(word, _)| word.eq_ignore_ascii_case(written))
        .map(|(_, meaning)| *meaning)
        .ok_or_else(|| ValueError::NotAWord {
            text: text.to_owned(),
            words,
        })
}

/// Reads an identifier: any text, white space around it dropped.
///
/// # Errors
/// When nothing is left, or control characters are in it.
pub fn identifier(text: &str) -> Result<String, ValueError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(ValueError::Empty);
    }
    if text.chars().any(char::is_control) {
        return Err(ValueError::ControlCharacters);
    }
    Ok(text.to_owned())
}
