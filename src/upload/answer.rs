//! Reads the JSON that the API answers with. Pure.

use crate::json::{self, Members, RawObject};

use super::duplicate::{self, Claim};

/// The longest quote of the API's own text, in characters. Far more than is ever shown: what a
/// quote must not show can be found in it only while it is whole.
const MAX_QUOTE_CHARS: usize = 4096;

/// How much of an answer that is no JSON is read for a claim, in bytes.
const MAX_PLAIN_BYTES: usize = 4096;

/// Members in which APIs put what went wrong, by habit and by RFC 9457.
const MESSAGES: [&str; 8] = [
    "message", "error", "detail", "details", "title", "reason", "code", "msg",
];

/// An answer's body, as far as it can be read.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    object: Option<RawObject>,
    plain: String,
}

/// What an answer says of a recording.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct UploadData {
    pub(super) url: Option<String>,
    pub(super) relative_url: Option<String>,
    /// The size in bytes as the API wrote it; `Some(None)` when that is no whole number.
    pub(super) size: Option<Option<u64>>,
}

impl Answer {
    /// Reads a body, whatever it holds.
    pub(super) fn read(body: &[u8]) -> Self {
        let object = RawObject::from_slice(body).ok();
        let plain = match object {
            Some(_) => String::new(),
            None => {
                let start = body.get(..MAX_PLAIN_BYTES).unwrap_or(body);
                String::from_utf8_lossy(start).into_owned()
            }
        };
        Self { object, plain }
    }

    /// Whether the body is a JSON object.
    pub(super) fn is_object(&self) -> bool {
        self.object.is_some()
    }

    /// The member `success`, when it is a boolean. An answer that has it speaks the contract.
    pub(super) fn success(&self) -> Option<bool> {
        self.object.as_ref()?.get("success").and_then(json::boolean)
    }

    /// What `data` says of a recording.
    pub(super) fn upload(&self) -> UploadData {
        let Some(data) = self
            .object
            .as_ref()
            .and_then(|object| object.object("data"))
        else {
            return UploadData::default();
        };
        let size = data
            .get("size")
            .filter(|size| size.get() != "null")
            .map(|size| json::integer(size).and_then(|size| u64::try_from(size).ok()));
        UploadData {
            url: data.text("url"),
            relative_url: data.text("relativeUrl"),
            size,
        }
    }

    /// Looks for a call among the elements of `data`; `None` when `data` is no array. What is found
    /// is the recording URL that stands with the call.
    pub(super) fn find_call(&self, call_id: &str) -> Option<Option<Option<String>>> {
        let elements = json::array(self.object.as_ref()?.get("data")?)?;
        let found = elements.iter().find_map(|element| {
            let call = Members::from_raw(element)?;
            let details = call.object("callDetails")?;
            (details.string("callId")? == call_id).then(|| details.text("recordingUrl"))
        });
        Some(found)
    }

    /// What the API itself says went wrong, made fit for one line: only the members `message`,
    /// `error` or `error.message`.
    pub(super) fn quote(&self) -> Option<String> {
        let object = self.object.as_ref()?;
        let text = object
            .text("message")
            .or_else(|| object.text("error"))
            .or_else(|| object.object("error")?.text("message"))?;
        let clean: String = text
            .chars()
            .map(|character| match character {
                '"' => '\'',
                other if other.is_control() => ' ',
                other => other,
            })
            .collect();
        let words: Vec<&str> = clean.split_whitespace().collect();
        Some(words.join(" ").chars().take(MAX_QUOTE_CHARS).collect())
    }

    /// The strongest claim that something is already there. Of a JSON object only the members that
    /// hold messages are read: others may echo the transcript, and callers say all kinds of things.
    pub(super) fn claim(&self) -> Claim {
        match &self.object {
            Some(object) => messages(object)
                .iter()
                .map(|text| duplicate::claim(text))
                .max()
                .unwrap_or(Claim::Nothing),
            None => duplicate::claim(&self.plain),
        }
    }
}

/// The messages of an object, of the object `error` in it, and of the list `errors`.
fn messages(object: &Members<'_>) -> Vec<String> {
    let of = |object: &Members<'_>| -> Vec<String> {
        MESSAGES
            .iter()
            .filter_map(|name| object.text(name))
            .collect()
    };
    let mut all = of(object);
    if let Some(error) = object.object("error") {
        all.extend(of(&error));
    }
    for element in object
        .get("errors")
        .and_then(json::array)
        .unwrap_or_default()
    {
        match json::string(element) {
            Some(text) => all.push(text),
            None => all.extend(Members::from_raw(element).iter().flat_map(of)),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> Answer {
        Answer::read(text.as_bytes())
    }

    #[test]
    fn success_counts_only_as_a_boolean() {
        assert_eq!(answer(r#"{"success":true}"#).success(), Some(true));
        assert_eq!(answer(r#"{"success":false}"#).success(), Some(false));
        for text in [
            r#"{"success":"true"}"#,
            r#"{"success":1}"#,
            "{}",
            "[]",
            "",
            "<p>",
        ] {
            assert_eq!(answer(text).success(), None, "{text}");
        }
    }

    #[test]
    fn upload_fields_are_read_in_every_spelling() {
        let read = |text: &str| answer(text).upload();
        assert_eq!(read(r#"{"data":{}}"#), UploadData::default());
        assert_eq!(read(r#"{"data":[]}"#), UploadData::default());
        assert_eq!(
            read(r#"{"data":{"url":" ","size":null}}"#),
            UploadData::default()
        );
        for (size, expected) in [
            ("7", Some(7)),
            ("\"7\"", Some(7)),
            ("-7", None),
            ("7.5", None),
            ("\"x\"", None),
            ("[]", None),
        ] {
            let data = read(&format!(r#"{{"data":{{"size":{size}}}}}"#));
            assert_eq!(data.size, Some(expected), "{size}");
        }
    }

    #[test]
    fn a_call_is_found_by_its_id_only() {
        let text = r#"{"data":[1,{},{"callDetails":{"callId":"CALL-1","recordingUrl":"u1"}},
            {"callDetails":{"callId":"CALL-2","recordingUrl":null}}]}"#;
        let find = |id| answer(text).find_call(id);
        assert_eq!(find("CALL-1"), Some(Some(Some("u1".to_owned()))));
        assert_eq!(find("CALL-2"), Some(Some(None)));
        assert_eq!(find("CALL-"), Some(None));
        assert_eq!(answer(r#"{"data":{}}"#).find_call("CALL-1"), None);
        assert_eq!(answer("<p>").find_call("CALL-1"), None);
    }

    #[test]
    fn a_quote_is_one_short_line_from_a_known_member() {
        for (text, expected) in [
            (
                r#"{"message":"no\r\n\u001b[31m \"x\""}"#,
                Some("no [31m 'x'"),
            ),
            (r#"{"error":"bad"}"#, Some("bad")),
            (r#"{"error":{"message":"worse"}}"#, Some("worse")),
            (r#"{"message":"","error":"bad"}"#, Some("bad")),
            (r#"{"body":"secret"}"#, None),
            (r#"{"error":{"body":"secret"}}"#, None),
            ("secret", None),
        ] {
            assert_eq!(answer(text).quote().as_deref(), expected, "{text}");
        }
        let long = format!(r#"{{"message":"{}"}}"#, "é".repeat(4097));
        assert_eq!(answer(&long).quote(), Some("é".repeat(4096)));
    }

    #[test]
    fn claims_are_looked_for_where_messages_stand() {
        for (text, expected) in [
            (
                r#"{"success":false,"message":"Call already exists"}"#,
                Claim::Call,
            ),
            (
                r#"{"error":{"message":"call already exists"}}"#,
                Claim::Call,
            ),
            (r#"{"errors":["x","call already exists"]}"#, Claim::Call),
            (
                r#"{"errors":[{"detail":"call already exists"}]}"#,
                Claim::Call,
            ),
            (r#"{"code":"ALREADY_EXISTS"}"#, Claim::Call),
            (r#"{"message":"lead already exists"}"#, Claim::Something),
            (
                r#"{"transcription":"the call already exists"}"#,
                Claim::Nothing,
            ),
            ("Call already exists", Claim::Call),
            ("", Claim::Nothing),
        ] {
            assert_eq!(answer(text).claim(), expected, "{text}");
        }
    }
}
