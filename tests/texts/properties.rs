//! What holds for every text, not only for those that somebody thought of.

use callspool::transcript::python_literal::{self, Value};
use callspool::transcript::{self, sdk_repr};
use callspool::{lead, manifest};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::python_repr::{repr, repr_list};
use crate::samples;

/// Reads bytes as everything that they could be; only a panic is a failure.
fn read_as_everything(bytes: &[u8]) {
    let _ = transcript::parse(bytes);
    let _ = manifest::parse(bytes);
    let _ = lead::parse(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = python_literal::parse(text);
        let _ = sdk_repr::parse(text);
    }
}

/// Characters that `repr` treats in all its ways, the tricky ones often.
fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => prop::sample::select(vec![
            '\'', '"', '\\', '\n', '\r', '\t', '\0', '\u{7}', '\u{1b}', '\u{7f}', '\u{85}',
            '\u{a0}', '\u{ad}', '\u{200d}', '\u{2028}', '\u{e000}', '\u{feff}', '\u{ffff}',
            '\u{10ffff}', '[', ']', '(', ')', ',', '=', '<', '>', ' ', 'u', 'x', 'N', '0', '7',
            'é', 'न', '\u{94d}', '🙂',
        ]),
        2 => prop::char::range(' ', '~'),
        1 => any::<char>(),
    ];
    vec(character, 0..40).prop_map(|characters| characters.into_iter().collect())
}

/// Text that looks like Python.
fn python_like() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "'",
        "\"",
        "\\",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        "<",
        ">",
        "->",
        ",",
        ":",
        "=",
        ".",
        "...",
        " ",
        "\n",
        "b'",
        "r\"",
        "u",
        "None",
        "True",
        "nan",
        "-",
        "-inf",
        "1",
        "0.5",
        "1e",
        "+",
        "j",
        "\\x",
        "\\u",
        "\\ud83d",
        "\\ude42",
        "\\U",
        "f(",
        "a=",
        "role=",
        "'user'",
        "content=",
        "ChatMessage(",
        "type=",
        "<locals>",
        "é",
        "🙂",
    ]);
    vec(word, 0..30).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn a_list_of_strings_comes_back(texts in vec(text(), 0..8)) {
        let printed = repr_list(&texts);
        let expected = texts.iter().cloned().map(Value::String).collect();
        prop_assert_eq!(python_literal::parse(&printed), Ok(Value::List(expected)));
    }

    #[test]
    fn a_printed_message_comes_back(
        texts in vec(text(), 1..5),
        before in text(),
        interrupted in any::<bool>(),
        wrapped in any::<bool>(),
    ) {
        let separator = if wrapped { ", " } else { " " };
        let truth = if interrupted { "True" } else { "False" };
        let fields = [
            format!("id={}", repr(&before)),
            format!("extra={{{}: [<{before_class} at 0x7f>, ()]}}", repr(&before), before_class = "x.Y"),
            "role='assistant'".to_owned(),
            format!("content={}", repr_list(&texts)),
            format!("interrupted={truth}"),
            "created_at=1761732980.6023705".to_owned(),
        ].join(separator);
        let printed = if wrapped { format!("ChatMessage({fields})") } else { fields };
        let item = sdk_repr::parse(&printed).unwrap();
        prop_assert_eq!(item.role.as_deref(), Some("assistant"));
        prop_assert_eq!(item.content, Some(texts.join("\n")));
        prop_assert_eq!(item.interrupted, Some(interrupted));
        prop_assert_eq!(item.created_at.as_deref(), Some("1761732980.6023705"));
    }

    /// From the file's bytes to the turn, with the printed object inside JSON.
    #[test]
    fn a_turn_comes_back_from_a_transcript(text in text()) {
        let raw = format!("role='user' content=[{}] created_at=1.5", repr(&text));
        let raw = serde_json::to_string(&raw).unwrap();
        let file = format!(r#"{{"items":[{{"role":"unknown","content":"","raw":{raw}}}]}}"#);
        let transcript = transcript::parse(file.as_bytes()).unwrap();
        if text.trim().is_empty() {
            prop_assert_eq!(transcript.skipped.empty, 1);
        } else {
            prop_assert_eq!(&transcript.turns[0].content, &text);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..200)) {
        read_as_everything(&bytes);
    }

    #[test]
    fn nothing_that_looks_like_python_panics(text in python_like()) {
        read_as_everything(text.as_bytes());
        if let Err(error) = python_literal::parse(&text) {
            prop_assert!(text.is_char_boundary(error.offset), "{}", error);
        }
        let raw = serde_json::to_string(&text).unwrap();
        let file = format!(r#"{{"items":[{{"raw":{raw}}}]}}"#);
        let skipped = transcript::parse(file.as_bytes()).unwrap();
        prop_assert!(skipped.turns.len() <= 1);
    }
}

#[test]
fn no_prefix_of_a_sample_panics_and_none_is_taken_for_the_whole() {
    for sample in samples::ALL {
        let end = sample.trim_ascii_end().len();
        for length in 0..=sample.len() {
            let prefix = &sample[..length];
            read_as_everything(prefix);
            if length < end {
                assert!(transcript::parse(prefix).is_err(), "{length}");
                assert!(manifest::parse(prefix).is_err(), "{length}");
                assert!(lead::parse(prefix).is_err(), "{length}");
            }
        }
    }
}

#[test]
fn no_corrupt_byte_in_a_sample_panics() {
    for sample in samples::ALL {
        for at in 0..sample.len() {
            for byte in [b'"', b'\\', b'0', 0x80, sample[at] ^ 1] {
                let mut corrupt = sample.to_vec();
                corrupt[at] = byte;
                read_as_everything(&corrupt);
            }
        }
    }
}
