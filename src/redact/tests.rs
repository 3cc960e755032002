use super::*;

const PHONE: &str = "+15550100123";

fn session() -> Redactor {
    Redactor::new()
        .phone(PHONE)
        .secret("tok_0123456789abcdef")
        .lead_value("Priya Example")
        .lead_value("Bo")
        .lead_value("Eva")
        .transcript_text("Hi, I\u{2019}d like a table\nfor two on Friday.")
        .transcript_text("नमस्ते, मुझे मदद चाहिए")
        .transcript_text("short")
}

#[test]
fn phone_numbers_keep_their_ends() {
    for (phone, masked) in [
        ("+15550100123", "+1555•••0123"),
        ("15550100123", "1555•••0123"),
        ("+1 (555) 010-0123", "+1555•••0123"),
        ("5550100123", "555•••0123"),
        ("+5501001", "+•••1001"),
        ("55010012", "5•••0012"),
        ("550100", "•••"),
        ("", "•••"),
        ("unknown", "•••"),
        ("+915550100123456", "+9155•••3456"),
    ] {
        assert_eq!(mask_phone(phone), masked, "{phone}");
    }
}

#[test]
fn the_sessions_number_is_masked_in_any_spelling() {
    for (text, expected) in [
        (
            "call from +15550100123 failed",
            "call from +1555•••0123 failed",
        ),
        (
            "call from 15550100123 failed",
            "call from 1555•••0123 failed",
        ),
        ("(555) 010-0123 is busy", "(555•••0123 is busy"),
        ("+1 555 010 0123", "+1555•••0123"),
        ("1.555.010.0123", "1555•••0123"),
        ("number-_15550100123-1.ogg", "number-_1555•••0123-1.ogg"),
        ("+15550100123-1761633666.ogg", "+1555•••0123-1761633666.ogg"),
        ("phone=%2B15550100123&x", "phone=+1555•••0123&x"),
        ("cut off: +155501001", "cut off: +15•••1001"),
        ("15550100123 15550100123", "1555•••0123 1555•••0123"),
    ] {
        assert_eq!(session().scrub(text, 400), expected, "{text}");
    }
}

#[test]
fn unknown_numbers_are_masked_where_they_are_announced() {
    for (text, expected) in [
        ("to +4915550100", "to +491•••0100"),
        ("to +5501001", "to +•••1001"),
        ("to +550100", "to +550100"),
        ("to +49 155 501 00", "to +491•••0100"),
        ("to %2B4915550100", "to +491•••0100"),
        ("number-_5501001_x.ogg", "number-_•••1001_x.ogg"),
        (
            "number-_550100-1761633666.ogg",
            "number-_550100-1761633666.ogg",
        ),
        (
            "number-_15550100-1761633666.ogg",
            "number-_1•••0100-1761633666.ogg",
        ),
        ("+4915550100 and +4915550199", "+491•••0100 and +491•••0199"),
    ] {
        assert_eq!(Redactor::new().scrub(text, 400), expected, "{text}");
    }
}

#[test]
fn ids_times_and_sizes_stay() {
    let redactor = session().lead_value("2025-10-29");
    for text in [
        "session_1761745857",
        "session_20251029_101619_b4ce4c7b",
        "EG_KfWxAFCAvH79",
        "CALL-session_20251029_135057_99509edf already exists",
        "413 after 2065148 of 104857600 bytes",
        "2025-10-30T10:16:19.574407+00:00",
        "cannot connect to 192.0.2.1:8443: connection refused",
        "@ 5 @x",
    ] {
        assert_eq!(redactor.scrub(text, 400), text);
    }
}

#[test]
fn secrets_and_addresses_go() {
    for (text, expected) in [
        ("bad token tok_0123456789abcdef!", "bad token [token]!"),
        ("bad token …789abcdef", "bad token …[token]"),
        ("bad token tok_0123", "bad token [token]"),
        ("bad token tok_012", "bad token tok_012"),
        (
            "mail to p.example+x@mail.example failed",
            "mail to [e-mail] failed",
        ),
        ("<jos\u{e9}@example.com>", "<[e-mail]>"),
        ("a@b@c", "[e-mail]"),
    ] {
        assert_eq!(session().scrub(text, 400), expected, "{text}");
    }
    assert_eq!(Redactor::new().secret("abc").scrub("xabcx", 9), "x[token]x");
    assert_eq!(Redactor::new().secret("").scrub("xabcx", 9), "xabcx");
}

#[test]
fn what_quotes_the_call_is_withheld() {
    for text in [
        "lead PRIYA EXAMPLE is invalid",
        "lead priya\n  example is invalid",
        "lead pri\u{200b}ya example is invalid",
        "eva",
        "no slot \"a table for two\"",
        "no slot: {\\\"content\\\": \\\"LIKE a table\\\\nfor t\\\"}",
        "no slot: like-a-table-for-two",
        "items[0]: \\u0928\\u092e\\u0938\\u094d\\u0924\\u0947, \\u092e\\u0941\\u091d\\u0947 \\u092e\\u0926\\u0926",
        "items[0]: नमस्ते, मुझे मदद",
    ] {
        assert_eq!(session().scrub(text, 400), WITHHELD, "{text}");
    }
}

#[test]
fn a_quotation_is_twelve_characters_long() {
    let redactor = Redactor::new().transcript_text("a cup of hot tea");
    assert_eq!(redactor.scrub("<<a cup of hot>>", 99), WITHHELD);
    assert_eq!(redactor.scrub("<<a cup of ho>>", 99), "<<a cup of ho>>");
    assert_eq!(session().scrub("too short", 99), "too short");
    assert_eq!(session().scrub("bo", 99), "bo");
}

#[test]
fn the_result_is_one_line_without_control_characters() {
    let text = "a\u{1b}[31mb\r\nc\td\u{202e}e\u{7f}f\u{9b}g\u{e0041}h\u{2028}i";
    assert_eq!(Redactor::new().scrub(text, 99), "a[31mb  c defgh i");
}

#[test]
fn the_result_is_cut_at_a_character() {
    let redactor = Redactor::new();
    assert_eq!(redactor.scrub("äöüß", 4), "äöüß");
    assert_eq!(redactor.scrub("äöüß", 3), "äö…");
    assert_eq!(redactor.scrub("äöüß", 1), "…");
    assert_eq!(redactor.scrub("äöüß", 0), "");
    assert_eq!(session().scrub("eva", 5), "[wit…");
}

#[test]
fn an_encoded_quotation_is_hidden_as_well() {
    let redactor = session().transcript_text("my landlord moved to Zanzibar");
    for text in [
        "/login?said=moved%20to%20Zanzibar",
        "name=eva%20%41dler",
        r#"{\"said\":\"moved\u0020to\u0020Zanzibar\"}"#,
    ] {
        assert_eq!(redactor.scrub(text, 99), WITHHELD, "{text}");
    }
    for (text, expected) in [
        ("to %2B1%20555%20010%200123", "to +1555•••0123"),
        (r"to \u002b15550100123", "to +1555•••0123"),
        ("by a%40example.com", "by [e-mail]"),
        ("with tok%5F0123456789abcdef", "with [token]"),
        ("with dG9rXzAxMjM0NTY3ODlhYmNkZWY=", "with [token]Y="),
        ("with 746f6b5f303132333435363738", "with [token]"),
        ("100%25 of a%2Fb", "100%25 of a%2Fb"),
        (r"C:\new\u0041", r"C:\new\u0041"),
    ] {
        assert_eq!(redactor.scrub(text, 99), expected, "{text}");
    }
}

#[test]
fn what_is_cut_off_was_redacted_before() {
    let redactor = session();
    for max in 0..40 {
        let scrubbed = redactor.scrub("at +15550100123 with tok_0123456789abcdef", max);
        assert!(!scrubbed.contains("01001"), "{scrubbed}");
        assert!(!scrubbed.contains("tok_"), "{scrubbed}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_shows_the_number_or_panics(text in ".{0,60}", gap in "[ ().-]{0,2}", max in 0_usize..200) {
        let number: Vec<String> = PHONE.chars().skip(1).map(String::from).collect();
        let text = format!("{text}{}{text}", number.join(&gap));
        let scrubbed = session().scrub(&text, max);
        let digits: String = scrubbed.chars().filter(char::is_ascii_digit).collect();
        proptest::prop_assert!(!digits.contains("15550100123"));
        proptest::prop_assert!(scrubbed.chars().count() <= max);
        proptest::prop_assert!(!scrubbed.chars().any(is_display_control));
    }
}

#[test]
fn a_short_lead_value_does_not_withhold_longer_words() {
    let redactor = Redactor::new().lead_value("Ann").lead_value("new");
    assert_eq!(
        redactor.scrub("cannot renew the anniversary", 100),
        "cannot renew the anniversary"
    );
    for text in ["no lead Ann", "\"ann\"", "Ann's lead", "id=ANN"] {
        assert_eq!(redactor.scrub(text, 100), WITHHELD, "{text}");
    }
}

#[test]
fn a_long_lead_value_is_found_inside_a_longer_word() {
    let redactor = Redactor::new().lead_value("Test van Person");
    assert_eq!(redactor.scrub("xTEST van personx", 100), WITHHELD);
}

#[test]
fn our_words_in_front_of_a_withheld_quotation_stay() {
    let redactor = Redactor::new().lead_value("Test Person");
    let message = "the API answered 422: \"no such lead: Test Person\"";
    let scrubbed = redactor.scrub_message(message, 200);
    assert_eq!(scrubbed, format!("the API answered 422: {WITHHELD}"));
    assert_eq!(redactor.scrub_message("all \"fine\"", 200), "all \"fine\"");
    assert_eq!(
        redactor.scrub_message("Test Person said \"x\"", 200),
        format!("{WITHHELD}{WITHHELD}")
    );
}

#[test]
fn a_short_turn_is_withheld_as_a_whole() {
    let redactor = Redactor::new()
        .transcript_text("zebra 42")
        .transcript_text("yes");
    assert_eq!(
        redactor.scrub("content \"Zebra 42\" is too short", 100),
        WITHHELD
    );
    for text in ["zebra 421", "say yes", "campaign not found"] {
        assert_eq!(redactor.scrub(text, 100), text);
    }
}

#[test]
fn a_name_that_a_masked_secret_sets_free_is_withheld() {
    for text in [
        "Priya Exampletok_0123456789abcdef",
        "no such lead: tok_0123456789abcdefEva",
    ] {
        assert_eq!(session().scrub(text, 100), WITHHELD, "{text}");
    }
}

#[test]
fn an_escape_before_a_quotation_does_not_hide_it() {
    let text = "no slot: \\u005able for two on Friday";
    let redactor = Redactor::new().transcript_text("a table for two");
    assert_eq!(redactor.scrub(text, 100), WITHHELD);
}
