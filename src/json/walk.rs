//! Walks over JSON text without building anything of it: in one pass, however deep it nests.

use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Hands each element of an array to `each`, one after the other; `None` when it is no array.
pub fn for_each(value: &RawValue, each: impl FnMut(&RawValue)) -> Option<()> {
    struct Elements<F>(F);
    impl<'de, F: FnMut(&RawValue)> Visitor<'de> for Elements<F> {
        type Value = ();

        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
            while let Some(element) = elements.next_element::<&RawValue>()? {
                (self.0)(element);
            }
            Ok(())
        }
    }
    serde_json::Deserializer::from_str(value.get())
        .deserialize_seq(Elements(each))
        .ok()
}

/// An object or array that the walk is in.
struct Level {
    is_object: bool,
    /// It belongs to a member that is passed over.
    is_skipped: bool,
}

/// Every string among the values, however deep; members of these names are passed over with all
/// that is in them.
pub fn strings(value: &RawValue, skipped_names: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut levels: Vec<Level> = Vec::new();
    let (mut is_name, mut is_skipped) = (false, false);
    let mut rest = value.get();
    while let Some(at) = rest.find(['{', '}', '[', ']', ',', ':', '"']) {
        let (_, from) = rest.split_at(at);
        let len = match from.as_bytes().first() {
            Some(b'"') => string_len(from),
            _ => 1,
        };
        let (token, after) = from.split_at(len);
        rest = after;
        match token.as_bytes().first() {
            Some(open @ (b'{' | b'[')) => {
                is_name = *open == b'{';
                levels.push(Level {
                    is_object: is_name,
                    is_skipped,
                });
            }
            Some(b'}' | b']') => {
                levels.pop();
            }
            Some(b',') => {
                if let Some(level) = levels.last() {
                    (is_name, is_skipped) = (level.is_object, level.is_skipped);
                }
            }
            Some(b':') => is_name = false,
            _ if is_name => {
                let is_within = levels.last().is_some_and(|level| level.is_skipped);
                let is_meant = || text(token).is_some_and(|it| skipped_names.contains(&&*it));
                is_skipped = is_within || is_meant();
            }
            _ if is_skipped => {}
            _ => found.extend(text(token)),
        }
    }
    found
}

/// How long the string is that a text begins with, its quotes included.
fn string_len(text: &str) -> usize {
    let mut bytes = text.bytes().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn text(token: &str) -> Option<String> {
    super::string(serde_json::from_str::<&RawValue>(token).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn elements_come_one_by_one_as_they_stand() {
        let mut seen = Vec::new();
        let array = raw(r#"[ 1E+2 , "a]", [ 2 ], {"b": 3} ]"#);
        for_each(&array, |element| seen.push(element.get().to_owned())).unwrap();
        assert_eq!(seen, ["1E+2", "\"a]\"", "[ 2 ]", "{\"b\": 3}"]);
        for other in ["{}", "\"[]\"", "1", "null"] {
            assert_eq!(for_each(&raw(other), |_| panic!("an element")), None);
        }
        assert_eq!(for_each(&raw("[]"), |_| panic!("an element")), Some(()));
    }

    #[test]
    fn strings_are_the_values_and_not_the_names() {
        let text =
            r#"{"a":"1","b":{"c":["2",{"d":"3\\"},[],"\"4,{"],"e":{}},"n":-1.5e3,"f":"\u0035"}"#;
        assert_eq!(strings(&raw(text), &[]), ["1", "2", "3\\", "\"4,{", "5"]);
        assert_eq!(strings(&raw("\"x\""), &[]), ["x"]);
        assert!(strings(&raw("[[],{},1]"), &[]).is_empty());
    }

    #[test]
    fn members_are_passed_over_with_all_that_is_in_them() {
        let text =
            r#"{"s":{"x":["1",{"y":"2"}],"z":"3"},"a":"4","b":["5",{"\u0073":"6","c":"7"},"8"]}"#;
        assert_eq!(strings(&raw(text), &["s"]), ["4", "5", "7", "8"]);
    }

    #[test]
    fn depth_costs_neither_stack_nor_time() {
        let deep = format!(
            "{}\"x\"{}",
            "{\"a\":[".repeat(300_000),
            "]}".repeat(300_000)
        );
        assert_eq!(strings(&raw(&deep), &["b"]), ["x"]);
        assert!(strings(&raw(&deep), &["a"]).is_empty());
    }
}
