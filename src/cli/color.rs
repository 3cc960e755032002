//! Whether texts are coloured: for help and complaints, before there are settings, and after.

use std::ffi::{OsStr, OsString};

use anstream::ColorChoice;

use crate::config::{Color, Environment, Setting};

/// What the arguments and the environment ask for. Nothing is refused here: what is wrong with them
/// is told later, by those who parse them.
pub(super) fn asked_for(arguments: &[OsString], environment: &Environment) -> Color {
    let flag = format!("--{}", Setting::Color.name());
    let mut asked = environment
        .get(&Setting::Color.env_name())
        .and_then(understood);
    let mut arguments = arguments.iter().map(OsString::as_os_str);
    while let Some(argument) = arguments.next().filter(|argument| *argument != "--") {
        let value = if argument == flag.as_str() {
            arguments.next()
        } else {
            let text = argument.to_str();
            text.and_then(|text| text.strip_prefix(&flag)?.strip_prefix('='))
                .map(OsStr::new)
        };
        asked = value.and_then(understood).or(asked);
    }
    asked.unwrap_or(Color::Auto)
}

fn understood(text: &OsStr) -> Option<Color> {
    Color::parse(text.to_str()?).ok()
}

/// Lets every stream of this process know; with `auto` each finds out for itself: whether it is a
/// terminal, and what NO_COLOR, CLICOLOR_FORCE and TERM say.
pub(super) fn choose(color: Color) {
    let choice = match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    choice.write_global();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(arguments: &str, variable: Option<&str>) -> Color {
        let arguments: Vec<OsString> = arguments.split_whitespace().map(OsString::from).collect();
        let variables = variable.map(|value| ("CALLSPOOL_COLOR", value));
        asked_for(&arguments, &variables.into_iter().collect())
    }

    #[test]
    fn a_flag_goes_before_the_variable() {
        for (arguments, variable, expected) in [
            ("callspool run", None, Color::Auto),
            ("callspool run", Some("never"), Color::Never),
            ("callspool --color always run", Some("never"), Color::Always),
            ("callspool --color=always run", Some("never"), Color::Always),
            ("callspool run --color", None, Color::Auto),
            ("callspool run --color=no", Some("always"), Color::Always),
            ("callspool run --colors=never", None, Color::Auto),
            ("callspool inspect -- --color=never", None, Color::Auto),
        ] {
            assert_eq!(asked(arguments, variable), expected, "{arguments}");
        }
    }
}
