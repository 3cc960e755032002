//! The JSON Schemas of what callspool reads and writes.
//!
//! What agents give is described by the types that it is read into. The files of a spool have no
//! types of that kind, since callspool keeps their members byte for byte; they are described by the
//! shapes here, but for the record under `upload`, which has one. A file in `fixtures/schemas` for
//! each, which the program prints; `make schemas` writes them.

mod files;

use callspool::producer::{LeadInput, RecordInput};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

pub use files::{Document, LeadFile, Transcript};

/// A schema by the name that `callspool schema` knows it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: &'static str,
    /// The schema as JSON, with a line break at its end.
    pub text: String,
}

impl Named {
    /// Its file name.
    pub fn file_name(&self) -> String {
        format!("{}.schema.json", self.name)
    }
}

/// All of them.
///
/// # Errors
/// Never in practice: a schema is JSON.
pub fn all() -> serde_json::Result<Vec<Named>> {
    [
        named::<LeadFile>("lead", "A lead file, in leads/"),
        named::<Document>("metadata", "A session's metadata document"),
        named::<RecordInput>("record", "What callspool record reads"),
        named::<LeadInput>("record-lead", "What callspool record lead reads"),
        named::<Transcript>("transcript", "A transcript file, in conversations/"),
    ]
    .into_iter()
    .collect()
}

fn named<T: JsonSchema>(name: &'static str, title: &str) -> serde_json::Result<Named> {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    let mut schema = schema.to_value();
    join_lines(&mut schema);
    let text = serde_json::to_string_pretty(&schema)? + "\n";
    Ok(Named { name, text })
}

/// Descriptions are comments of the code, which are broken into lines.
fn join_lines(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "description" => *text = text.replace('\n', " "),
                    other => join_lines(other),
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(join_lines),
        _ => {}
    }
}
