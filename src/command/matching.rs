//! Which document an operator means by an id.

use std::ffi::OsStr;

use crate::session::Document;

/// Whether a document goes by an id: its session's id, else its file's stem, with or without
/// `metadata_`; numbered copies (`.1`, `.2`, …) included.
pub(super) fn goes_by(id: &str, name: &OsStr, document: Option<&Document>) -> bool {
    if document.is_some_and(|document| document.session_id() == id) {
        return true;
    }
    let name = name.to_string_lossy();
    let stem = name.strip_suffix(".json").unwrap_or(&name);
    [stem, without_number(stem)]
        .into_iter()
        .any(|stem| stem == id || stem.strip_prefix("metadata_") == Some(id))
        || *name == *id
}

fn without_number(stem: &str) -> &str {
    match stem.rsplit_once('.') {
        Some((base, number))
            if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            base
        }
        _ => stem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_session_or_a_stem_with_all_its_copies() {
        let document = Document::parse(br#"{"session_id":"call 7"}"#).unwrap();
        let goes = |id, name: &str| goes_by(id, OsStr::new(name), Some(&document));
        assert!(goes("call 7", "metadata_x.json"));
        for id in ["x", "metadata_x", "metadata_x.json"] {
            assert!(goes(id, "metadata_x.json"), "{id}");
        }
        assert!(goes("x", "metadata_x.1.json") && goes("x", "metadata_x.12.json"));
        assert!(goes("x.1", "metadata_x.1.json"));
        for (id, name) in [
            ("x", "metadata_x.y.json"),
            ("x.1", "metadata_x.json"),
            ("call", "metadata_x.json"),
            ("", "metadata_x.json"),
        ] {
            assert!(!goes(id, name), "{id} {name}");
        }
        assert!(goes_by("x", OsStr::new("metadata_x.json"), None));
    }
}
