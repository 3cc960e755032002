//! The example config: every setting, commented out, with its meaning and its default.

use callspool::config::catalog::{Kind, Setting};

const HEAD: &str = "\
# Settings of callspool. Each one is off by a leading #; what stands there is its default, or an
# example where it has none. `callspool --help` and callspool(1) have the same list.
#
# A flag goes before an environment variable, that before this file, that before the default. Only
# root and api_url are needed. Relative paths are relative to root. A key that is not known is an
# error, and the token is refused here: put it into a file of its own that only callspool's user
# can read.
";

/// The text of the example config.
pub fn example_config() -> String {
    let mut text = HEAD.to_owned();
    let mut heading = None;
    for setting in Setting::ALL {
        let spec = setting.spec();
        if heading != Some(spec.heading) {
            heading = Some(spec.heading);
            text.push_str(&format!("\n## {}\n", spec.heading.as_str()));
        }
        let (value, note) = example(*setting);
        let key = setting.config_key();
        let about = spec.about;
        text.push_str(&format!("\n# {about}.{note}\n#{key} = {value}\n"));
    }
    text
}

/// What is shown for a setting, as TOML, and what to say of it.
fn example(setting: Setting) -> (String, &'static str) {
    let spec = setting.spec();
    let quoted = |text: &str| format!("\"{text}\"");
    let no_default = " No default.";
    let example = match setting {
        // In a file, "." would be the file's own directory.
        Setting::Root => {
            return (
                quoted("/var/spool/callspool"),
                " Default: where it is started.",
            );
        }
        Setting::ApiUrl => quoted("https://crm.example/apis/api/public"),
        Setting::TokenFile => quoted("/etc/callspool/token"),
        Setting::CaFile => quoted("/etc/callspool/ca.pem"),
        Setting::MaxDuration => quoted("10m"),
        Setting::Rate => quoted("100/min,1000/h"),
        Setting::Shard => quoted("0/4"),
        Setting::OkExit => "[3, 11]".to_owned(),
        Setting::MetricsFile => quoted("/var/lib/prometheus/node-exporter/callspool.prom"),
        Setting::PingUrl => quoted("https://hc-ping.com/your-uuid-here"),
        _ => match (spec.default, spec.kind) {
            (Some(default), Kind::Count | Kind::Boolean | Kind::Level) => {
                return (default.to_owned(), "");
            }
            (Some(default), _) => return (quoted(default), ""),
            (None, kind) => of_kind(kind),
        },
    };
    (example, no_default)
}

/// A value that stands for any other of its kind.
fn of_kind(kind: Kind) -> String {
    match kind {
        Kind::Path => "\"/etc/callspool/file\"",
        Kind::SpoolDirectory => "\"directory\"",
        Kind::Text => "\"name-1\"",
        Kind::Duration => "\"5m\"",
        Kind::Size => "\"16KiB\"",
        Kind::Rate => "\"100/min\"",
        Kind::Count | Kind::Level => "1",
        Kind::ExitCodes => "[3]",
        Kind::Boolean => "true",
    }
    .to_owned()
}
