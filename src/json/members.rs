//! A JSON object as a list of raw members.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{JsonError, string_text};

/// The most members of an object. More are no customer's: they are there to use up memory.
pub(super) const MAX_MEMBERS: usize = 100_000;
const TOO_MANY: &str = "too many members";

/// A JSON object as raw members in their order. Members of the same name are kept; the last counts.
/// What is read borrows from its text.
#[derive(Debug, Clone, Default)]
pub struct Members<'a> {
    members: Vec<Member<'a>>,
}

/// An object that owns its members.
pub type RawObject = Members<'static>;

#[derive(Debug, Clone)]
struct Member<'a> {
    /// The name with its escapes resolved, for look-ups.
    name: Cow<'a, str>,
    /// The name as it stood, quotes included, where it had escapes.
    escaped_name: Option<Cow<'a, RawValue>>,
    value: Cow<'a, RawValue>,
}

impl<'a> Members<'a> {
    /// Reads an object from bytes; a byte order mark in front is ignored.
    ///
    /// # Errors
    /// As [`RawObject::from_slice`].
    pub fn read_slice(bytes: &'a [u8]) -> Result<Self, JsonError> {
        let text =
            std::str::from_utf8(bytes).map_err(|error| JsonError::Encoding(error.valid_up_to()))?;
        Self::read(text.strip_prefix('\u{feff}').unwrap_or(text))
    }

    /// Reads an object from text.
    ///
    /// # Errors
    /// When the text is not JSON, or JSON of another kind than an object.
    pub fn read(text: &'a str) -> Result<Self, JsonError> {
        let is_object = text
            .trim_start_matches([' ', '\t', '\n', '\r'])
            .starts_with('{');
        match serde_json::from_str::<Self>(text) {
            Ok(object) if is_object => Ok(object),
            Ok(_) => Err(JsonError::NotAnObject),
            Err(error) if error.is_data() && !is_object => Err(JsonError::NotAnObject),
            Err(error) if error.is_data() && error.to_string().starts_with(TOO_MANY) => {
                Err(JsonError::TooManyMembers)
            }
            Err(error) => Err(JsonError::Syntax {
                kind: if error.is_eof() {
                    "unexpected end"
                } else {
                    "syntax error"
                },
                line: error.line(),
                column: error.column(),
            }),
        }
    }

    /// Reads a member's value as an object; `None` when it is anything else.
    pub fn from_raw(value: &'a RawValue) -> Option<Self> {
        // Anything else need not be read to its end.
        let is_object = value.get().starts_with('{');
        is_object.then(|| Self::read(value.get()).ok()).flatten()
    }

    /// The object with members of its own.
    pub fn into_owned(self) -> RawObject {
        let own = |member: Member<'a>| Member {
            name: Cow::Owned(member.name.into_owned()),
            escaped_name: member
                .escaped_name
                .map(|name| Cow::Owned(name.into_owned())),
            value: Cow::Owned(member.value.into_owned()),
        };
        Members {
            members: self.members.into_iter().map(own).collect(),
        }
    }

    /// The value of the (last) member of that name.
    pub fn get(&self, name: &str) -> Option<&RawValue> {
        self.members
            .iter()
            .rev()
            .find(|member| member.name == name)
            .map(|member| &*member.value)
    }

    /// The member as an object, when it is one.
    pub fn object(&self, name: &str) -> Option<Members<'_>> {
        self.get(name).and_then(Members::from_raw)
    }

    /// The member as text, when it is a string.
    pub fn string(&self, name: &str) -> Option<String> {
        self.get(name).and_then(super::string)
    }

    /// The member as text, when it is a string that holds more than white space.
    pub fn text(&self, name: &str) -> Option<String> {
        self.string(name).filter(|text| !text.trim().is_empty())
    }

    /// Whether the object has no members.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The members, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.members
            .iter()
            .map(|member| (&*member.name, &*member.value))
    }

    /// Sets a member: in its place when it is there, else at the end.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn set<T: serde::Serialize + ?Sized>(
        &mut self,
        name: &str,
        value: &T,
    ) -> serde_json::Result<()> {
        let value = serde_json::value::to_raw_value(value)?;
        self.set_raw(name, value)
    }

    /// Sets a member to JSON text that is already there.
    ///
    /// # Errors
    /// When the name cannot be written as JSON.
    pub fn set_raw(&mut self, name: &str, value: Box<RawValue>) -> serde_json::Result<()> {
        let value = Cow::Owned(value);
        if let Some(member) = self
            .members
            .iter_mut()
            .rev()
            .find(|member| member.name == name)
        {
            member.value = value;
            return Ok(());
        }
        self.members.push(Member {
            name: Cow::Owned(name.to_owned()),
            escaped_name: Some(Cow::Owned(serde_json::value::to_raw_value(name)?)),
            value,
        });
        Ok(())
    }

    /// Sets all members of another object.
    pub fn set_all(&mut self, other: Self) {
        for member in other.members {
            let same = |own: &&mut Member<'a>| own.name == member.name;
            match self.members.iter_mut().rev().find(same) {
                Some(own) => own.value = member.value,
                None => self.members.push(member),
            }
        }
    }

    /// Writes the object with its members on lines of their own, indented by `depth` + 1 steps of
    /// two spaces, as the customer's producer does; values as they are.
    pub fn to_pretty(&self, depth: usize) -> String {
        self.to_pretty_with(depth, None)
    }

    /// [`Self::to_pretty`] with a member set that the object itself need not have: its name, which
    /// has nothing to be escaped, and its value.
    pub fn to_pretty_with(&self, depth: usize, set: Option<(&str, &str)>) -> String {
        let place = set.and_then(|(name, _)| {
            let is_it = |member: &Member<'_>| member.name == name;
            self.members.iter().rposition(is_it)
        });
        let mut lines = Lines::new(depth);
        for (at, member) in self.members.iter().enumerate() {
            let value = match set {
                Some((_, value)) if place == Some(at) => value,
                _ => member.value.get(),
            };
            match &member.escaped_name {
                Some(name) => lines.add(&["", name.get(), ": ", value]),
                None => lines.add(&["\"", &member.name, "\": ", value]),
            }
        }
        if let Some((name, value)) = set.filter(|_| place.is_none()) {
            lines.add(&["\"", name, "\": ", value]);
        }
        lines.end()
    }

    /// [`Self::to_pretty`] as a raw value, to be set as a member of another object.
    ///
    /// # Errors
    /// Never in practice: the text is JSON by construction.
    pub fn to_raw(&self, depth: usize) -> serde_json::Result<Box<RawValue>> {
        RawValue::from_string(self.to_pretty(depth))
    }
}

impl RawObject {
    /// Reads an object from bytes; a byte order mark in front is ignored.
    ///
    /// # Errors
    /// When the bytes are not UTF-8, not JSON, or JSON of another kind than an object.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, JsonError> {
        Members::read_slice(bytes).map(Members::into_owned)
    }

    /// Reads an object from text.
    ///
    /// # Errors
    /// When the text is not JSON, or JSON of another kind than an object.
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        Members::read(text).map(Members::into_owned)
    }
}

/// An object's text in the making, a member a line.
struct Lines {
    text: String,
    depth: usize,
}

impl Lines {
    fn new(depth: usize) -> Self {
        let text = String::from("{");
        Self { text, depth }
    }

    fn add(&mut self, pieces: &[&str]) {
        self.text
            .push_str(if self.text.len() > 1 { ",\n" } else { "\n" });
        self.indent(self.depth + 1);
        for piece in pieces {
            self.text.push_str(piece);
        }
    }

    fn end(mut self) -> String {
        if self.text.len() > 1 {
            self.text.push('\n');
            self.indent(self.depth);
        }
        self.text.push('}');
        self.text
    }

    fn indent(&mut self, depth: usize) {
        for _ in 0..depth {
            self.text.push_str("  ");
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_map(Reader)
            .map(|members| Self { members })
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Vec<Member<'de>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            if members.len() == MAX_MEMBERS {
                return Err(de::Error::custom(TOO_MANY));
            }
            members.push(Member::read(name, value)?);
        }
        Ok(members)
    }
}

impl<'a> Member<'a> {
    fn read<E: de::Error>(raw_name: &'a RawValue, value: &'a RawValue) -> Result<Self, E> {
        let quoted = raw_name.get();
        let plain = quoted
            .strip_prefix('"')
            .and_then(|name| name.strip_suffix('"'))
            .filter(|name| !name.contains('\\'));
        let (name, escaped_name) = match plain {
            Some(name) => (Cow::Borrowed(name), None),
            None => {
                let name = string_text(quoted)
                    .ok_or_else(|| de::Error::custom("a name that is no string"))?;
                (Cow::Owned(name), Some(Cow::Borrowed(raw_name)))
            }
        };
        Ok(Self {
            name,
            escaped_name,
            value: Cow::Borrowed(value),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_borrows_from_its_text() {
        let text = r#"{"a": {"b": 1E+2}, "caf\u00e9": true}"#;
        let object = Members::read(text).unwrap();
        let names: Vec<_> = object.members.iter().map(|member| &member.name).collect();
        assert!(matches!(names[0], Cow::Borrowed("a")));
        assert_eq!(names[1], "café");
        let borrowed = |member: &Member<'_>| matches!(member.value, Cow::Borrowed(_));
        assert!(object.members.iter().all(borrowed));
        let owned = object.clone().into_owned();
        assert!(!owned.members.iter().any(borrowed));
        assert_eq!(owned.to_pretty(0), object.to_pretty(0));
        assert_eq!(owned.object("a").unwrap().get("b").unwrap().get(), "1E+2");
    }

    #[test]
    fn members_of_another_object_take_the_place_of_those_that_are_there() {
        let mut object = Members::read(r#"{"a": 1, "b": 2, "a": 3}"#).unwrap();
        object.set_all(Members::read(r#"{"c": 6, "a": 4, "\u0062": 5}"#).unwrap());
        assert_eq!(
            object.to_pretty(0),
            "{\n  \"a\": 1,\n  \"b\": 5,\n  \"a\": 4,\n  \"c\": 6\n}"
        );
    }

    #[test]
    fn a_member_is_written_in_its_place_without_being_set() {
        let object = Members::read(r#"{"a": 1, "b\u0021": 2, "c": 3}"#).unwrap();
        assert_eq!(
            object.to_pretty_with(1, Some(("b!", "[]"))),
            "{\n    \"a\": 1,\n    \"b\\u0021\": [],\n    \"c\": 3\n  }"
        );
        let empty = Members::default();
        assert_eq!(
            empty.to_pretty_with(0, Some(("d", "4"))),
            "{\n  \"d\": 4\n}"
        );
        assert_eq!(empty.to_pretty(3), "{}");
    }
}
