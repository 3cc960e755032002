//! The members of a JSON object as they stand in the text, found without the help of a JSON
//! library.

/// A member: its name with quotes and escapes, and its value, both as they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member<'a> {
    pub(crate) raw_name: &'a str,
    pub(crate) value: &'a str,
}

impl Member<'_> {
    /// Whether the name, its escapes resolved, is this one.
    pub(crate) fn is(&self, name: &str) -> bool {
        serde_json::from_str::<String>(self.raw_name).is_ok_and(|own| own == name)
    }
}

const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// The members of a text that is a JSON object; `None` when it is none.
pub(crate) fn members(text: &str) -> Option<Vec<Member<'_>>> {
    let text = without_mark(text);
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
    let inside = text
        .trim_matches(SPACE)
        .strip_prefix('{')?
        .strip_suffix('}')?;
    let mut found = Vec::new();
    for part in split(inside, b',') {
        let mut halves = split(part, b':').into_iter();
        let raw_name = halves.next()?.trim_matches(SPACE);
        let Some(value) = halves.next() else {
            // An object without members.
            return (raw_name.is_empty() && found.is_empty()).then_some(found);
        };
        let value = value.trim_matches(SPACE);
        found.push(Member { raw_name, value });
    }
    Some(found)
}

/// The value of the last member of that name.
pub(crate) fn last<'a>(members: &[Member<'a>], name: &str) -> Option<&'a str> {
    let found = members.iter().rev().find(|member| member.is(name));
    found.map(|member| member.value)
}

/// The text without a byte order mark in front.
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Splits at a character that stands neither in a string nor in brackets.
fn split(text: &str, at: u8) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ if byte == at && depth == 0 => {
                parts.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Demands that `after` is `before` with at most the (last) members of these names changed, and
/// those that were not there added at the end.
pub(crate) fn assert_only_changed(before: &[Member<'_>], after: &[Member<'_>], names: &[&str]) {
    assert!(after.len() >= before.len(), "members were lost");
    for (index, (old, new)) in before.iter().zip(after).enumerate() {
        assert_eq!(old.raw_name, new.raw_name, "a name changed");
        let is_ours = names
            .iter()
            .any(|name| old.is(name) && !before.iter().skip(index + 1).any(|later| later.is(name)));
        assert!(is_ours || old.value == new.value, "a foreign value changed");
    }
    for added in &after[before.len()..] {
        assert!(
            names.iter().any(|name| added.is(name)),
            "a member was added"
        );
        assert!(
            !before.iter().any(|old| old.raw_name == added.raw_name),
            "a member was added that was there"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_as_they_stand() {
        let text = "\u{feff} {\"a\" : [1,{\"b\":2}] ,\"c,\\\":\":\"x}{\\\\\", \"\\u0061\":1E+2}\n";
        let found = members(text).unwrap();
        let pairs: Vec<_> = found.iter().map(|m| (m.raw_name, m.value)).collect();
        assert_eq!(
            pairs,
            [
                ("\"a\"", "[1,{\"b\":2}]"),
                ("\"c,\\\":\"", "\"x}{\\\\\""),
                ("\"\\u0061\"", "1E+2")
            ]
        );
        assert_eq!(last(&found, "a"), Some("1E+2"));
        assert_eq!(members(" { } "), Some(Vec::new()));
        assert_eq!(members("[1]"), None);
    }

    #[test]
    #[should_panic(expected = "a foreign value changed")]
    fn a_changed_value_is_noticed() {
        let (before, after) = (members("{\"a\":1.0}"), members("{\"a\":1}"));
        assert_only_changed(&before.unwrap(), &after.unwrap(), &["b"]);
    }

    #[test]
    #[should_panic(expected = "a name changed")]
    fn a_lost_member_is_noticed() {
        let (before, after) = (members("{\"a\":1,\"b\":2}"), members("{\"b\":2,\"c\":1}"));
        assert_only_changed(&before.unwrap(), &after.unwrap(), &["c"]);
    }
}
