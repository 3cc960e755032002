//! Whose transcript it is: the ids in it, and whom its leads were made for.

use serde_json::value::RawValue;

use super::item::LEAD_FUNCTION;
use super::reading::{TranscriptError, items};
use super::sdk_repr;
use crate::json::{self, Members, RawObject};

/// What a transcript says of the call that it belongs to. It has no `Debug`: it holds personal
/// data.
#[derive(Clone, Default)]
pub struct Identity {
    /// The session's id.
    pub session_id: Option<String>,
    /// The campaign metadata, byte for byte.
    pub campaign: Option<RawObject>,
    /// Whether it says that no lead came of the call; a `create_lead` call may say otherwise.
    pub denies_lead: bool,
    /// The e-mail addresses that `create_lead` was called with.
    pub lead_emails: Vec<String>,
}

impl Identity {
    /// A member of the campaign metadata as text; a number counts as its digits.
    pub fn campaign_text(&self, name: &str) -> Option<String> {
        text(self.campaign.as_ref()?, name)
    }
}

/// Reads whose transcript it is.
///
/// # Errors
/// When the bytes are no JSON object, or one without an `items` or `conversation` array.
pub fn identity(bytes: &[u8]) -> Result<Identity, TranscriptError> {
    let object = Members::read_slice(bytes)?;
    let items = items(&object).ok_or(TranscriptError::UnknownForm)?;
    let metadata = object.object("metadata").unwrap_or_default();
    let mut identity = Identity {
        session_id: text(&object, "session_id"),
        campaign: metadata
            .object("campaign_metadata")
            .or_else(|| object.object("campaign_metadata"))
            .map(Members::into_owned),
        denies_lead: object.get("lead_generated").and_then(json::boolean) == Some(false),
        lead_emails: Vec::new(),
    };
    // Most transcripts have no such call, and to look at every item costs as much as to read it.
    if bytes
        .windows(LEAD_FUNCTION.len())
        .any(|window| window == LEAD_FUNCTION.as_bytes())
    {
        json::for_each(items, |item| {
            identity.lead_emails.extend(lead_email(item));
        });
    }
    Ok(identity)
}

/// A member as text; a number counts as its digits.
fn text(object: &Members<'_>, name: &str) -> Option<String> {
    object.text(name).or_else(|| {
        let number = object.get(name).and_then(json::integer)?;
        Some(number.to_string())
    })
}

/// The address that an item calls `create_lead` with.
fn lead_email(item: &RawValue) -> Option<String> {
    let object = Members::from_raw(item)?;
    let printed = object
        .text("raw")
        .and_then(|raw| sdk_repr::parse_call(&raw));
    let (item_type, name, arguments) = match printed {
        Some(printed) => (printed.item_type, printed.name, printed.arguments),
        None => (None, None, None),
    };
    let own_type = object.text("type").filter(|name| name != "message");
    if own_type.or(item_type)? != "function_call" || object.text("name").or(name)? != LEAD_FUNCTION
    {
        return None;
    }
    let arguments = match object.get("arguments") {
        Some(value) => Members::from_raw(value)
            .map(Members::into_owned)
            .or_else(|| json::string(value).and_then(|text| RawObject::parse(&text).ok())),
        None => RawObject::parse(&arguments?).ok(),
    };
    arguments?.text("email")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_text_or_digits() {
        let text = br#"{"session_id": 17, "items": [],
            "metadata": {"campaign_metadata": {"campaignId": "c", "sessionId": 5, "x": 1E+2}}}"#;
        let identity = identity(text).ok().unwrap();
        assert_eq!(identity.session_id.as_deref(), Some("17"));
        assert_eq!(identity.campaign_text("campaignId").as_deref(), Some("c"));
        assert_eq!(identity.campaign_text("sessionId").as_deref(), Some("5"));
        assert_eq!(identity.campaign_text("gone"), None);
        assert!(super::identity(b"{}").is_err());
    }

    #[test]
    fn the_address_of_a_lead_is_found_however_the_call_is_written() {
        for item in [
            r#"{"type":"function_call","name":"create_lead","arguments":"{\"email\":\"t@example.com\"}"}"#,
            r#"{"type":"function_call","name":"create_lead","arguments":{"email":"t@example.com"}}"#,
            r#"{"role":"unknown","content":"","raw":"id='a' type='function_call' call_id='c' arguments='{\"email\":\"t@example.com\"}' name='create_lead'"}"#,
            r#"{"role":"unknown","raw":"FunctionCall(id='a', arguments='{\"email\": \"t@example.com\"}', name='create_lead')"}"#,
        ] {
            let text = format!(r#"{{"items":[{item}]}}"#);
            let identity = identity(text.as_bytes()).ok().unwrap();
            assert_eq!(identity.lead_emails, ["t@example.com"], "{item}");
        }
        for item in [
            r#"{"type":"function_call_output","name":"create_lead","arguments":"{\"email\":\"t@example.com\"}"}"#,
            r#"{"type":"function_call","name":"other","arguments":"{\"email\":\"t@example.com\"}"}"#,
            r#"{"type":"function_call","name":"create_lead","arguments":"no json"}"#,
            r#"{"role":"user","content":"create_lead"}"#,
        ] {
            let text = format!(r#"{{"items":[{item}]}}"#);
            let identity = identity(text.as_bytes()).ok().unwrap();
            assert!(identity.lead_emails.is_empty(), "{item}");
        }
    }
}
