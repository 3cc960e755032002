use std::time::Duration;

use super::super::value::{
    MAX_DURATION, Rate, boolean, count, duration, exit_codes, identifier, level, positive_count,
    positive_duration, rate, size, throughput,
};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn durations() {
    for (text, expected) in [
        ("0", Duration::ZERO),
        ("0s", Duration::ZERO),
        ("90s", seconds(90)),
        ("5m", seconds(300)),
        ("6h", seconds(21_600)),
        ("2d", seconds(172_800)),
        ("1h 30m", seconds(5_400)),
        ("1h30m", seconds(5_400)),
        ("500ms", Duration::from_millis(500)),
        (" 1s ", seconds(1)),
        ("3650d", MAX_DURATION),
    ] {
        assert_eq!(duration(text), Ok(expected), "{text}");
    }
    for text in [
        "",
        "5",
        "-5s",
        "5x",
        "s",
        "1h -5m",
        "3650d 1ns",
        "3651d",
        "99999999999999999999y",
    ] {
        assert!(duration(text).is_err(), "{text}");
    }
    assert!(positive_duration("0ms").is_err());
    assert_eq!(positive_duration("1ms"), Ok(Duration::from_millis(1)));
}

#[test]
fn sizes() {
    for (text, expected) in [
        ("0", 0),
        ("512", 512),
        ("1B", 1),
        ("16KiB", 16_384),
        ("16 KiB", 16_384),
        ("20MB", 20_000_000),
        ("1.5MiB", 1_572_864),
    ] {
        assert_eq!(size(text), Ok(expected), "{text}");
    }
    for text in [
        "",
        "KiB",
        "-1",
        "+1",
        "1QB",
        "16KiB/s",
        "99999999999EB",
        "1e3",
        "é",
    ] {
        assert!(size(text).is_err(), "{text}");
    }
    assert_eq!(throughput("16KiB/s"), Ok(16_384));
    assert_eq!(throughput("16KiB"), Ok(16_384));
    assert_eq!(throughput("1B/s"), Ok(1));
    for text in ["0", "0B/s", "0.9B/s", "/s", "16KiB/min", "16KiB/s/s"] {
        assert!(throughput(text).is_err(), "{text}");
    }
}

#[test]
fn rates() {
    let windows = |text| rate(text).map(|Rate { windows }| windows).ok();
    assert_eq!(windows("100/min"), Some(vec![(100, seconds(60))]));
    assert_eq!(windows("1/s"), Some(vec![(1, seconds(1))]));
    let both = Some(vec![(100, seconds(60)), (1000, seconds(3600))]);
    assert_eq!(windows("100/min,1000/h"), both);
    assert_eq!(windows("1000/h, 100/min"), both);
    for text in [
        "",
        ",",
        "100",
        "0/min",
        "-1/h",
        "1/d",
        "1/min,",
        "1/min,2/min",
        "4294967296/h",
    ] {
        assert_eq!(windows(text), None, "{text}");
    }
}

#[test]
fn counts_and_codes() {
    assert_eq!(count("3", 3, 4), Ok(3));
    assert_eq!(count("4", 3, 4), Ok(4));
    assert!(count("2", 3, 4).is_err());
    assert!(count("5", 3, 4).is_err());
    assert_eq!(positive_count("4294967295"), Ok(u32::MAX));
    assert!(positive_count("0").is_err());
    for text in ["", "+1", "1.0", "1_000", "0x1", "99999999999999999999"] {
        assert!(count(text, 0, u64::MAX).is_err(), "{text}");
    }
    assert_eq!(exit_codes("11, 3,3"), Ok(vec![3, 11]));
    assert_eq!(exit_codes("1,255"), Ok(vec![1, 255]));
    assert_eq!(exit_codes(" "), Ok(Vec::new()));
    for text in ["0", "256", "3,", "3;4", "x"] {
        assert!(exit_codes(text).is_err(), "{text}");
    }
}

#[test]
fn truths_levels_and_identifiers() {
    for text in ["true", "1", "yes", "on", "TRUE", " on "] {
        assert_eq!(boolean(text), Ok(true), "{text}");
    }
    for text in ["false", "0", "no", "off"] {
        assert_eq!(boolean(text), Ok(false), "{text}");
    }
    for text in ["", "2", "y", "wahr"] {
        assert!(boolean(text).is_err(), "{text}");
    }
    assert_eq!(
        (level("0"), level("yes"), level("2")),
        (Ok(0), Ok(1), Ok(2))
    );
    assert_eq!(level("255"), Ok(255));
    assert!(level("256").is_err());
    assert_eq!(identifier(" 68ff5c0f "), Ok("68ff5c0f".to_owned()));
    assert!(identifier(" ").is_err());
    assert!(identifier("a\nb").is_err());
}
