use super::super::Setting;
use super::{Given, path};

#[test]
fn flags_and_variables_are_relative_to_the_working_directory() {
    let settings = Given::nothing()
        .flag(Setting::Root, "spool")
        .flag(Setting::TokenFile, "token")
        .variable("CALLSPOOL_CA_FILE", "ca.pem")
        .resolve()
        .unwrap();
    assert_eq!(settings.root, path("spool"));
    assert_eq!(settings.token_file.as_deref(), Some(path("token")));
    assert_eq!(settings.ca_file.as_deref(), Some(path("ca.pem")));
}

#[test]
fn the_files_root_is_relative_to_the_file_and_its_other_paths_to_the_root() {
    let given = Given::nothing()
        .file("root = \"spool\"\ntoken_file = \"token\"\nca_file = \"/etc/ca.pem\"\n");
    let settings = given.resolve().unwrap();
    let root = given.folder.path().join("spool");
    assert_eq!(settings.root, root);
    assert_eq!(settings.token_file, Some(root.join("token")));
    assert_eq!(settings.ca_file.as_deref(), Some(path("/etc/ca.pem")));

    let settings = given.flag(Setting::Root, "/elsewhere").resolve().unwrap();
    assert_eq!(settings.root, path("/elsewhere"));
    assert_eq!(
        settings.token_file.as_deref(),
        Some(path("/elsewhere/token"))
    );
}

#[test]
fn the_spools_directories_are_relative_to_the_root_wherever_they_are_named() {
    let given = Given::nothing()
        .flag(Setting::Root, "/spool")
        .flag(Setting::MetadataDir, "new")
        .variable("CALLSPOOL_FAILED_DIR", "bad")
        .variable("CALLSPOOL_LEADS_DIR", "/mnt/leads")
        .file("corrupt_dir = \"broken\"\n");
    let settings = given.resolve().unwrap();
    assert_eq!(settings.dirs.metadata, path("/spool/new"));
    assert_eq!(settings.dirs.processed, path("/spool/processed_metadata"));
    assert_eq!(settings.dirs.failed, path("/spool/bad"));
    assert_eq!(settings.dirs.corrupt, path("/spool/broken"));
    assert_eq!(settings.dirs.conversations, path("/spool/conversations"));
    assert_eq!(settings.dirs.recordings, path("/spool/recordings"));
    assert_eq!(settings.dirs.leads, path("/mnt/leads"));
    let shown = |setting| {
        let origin = settings
            .sources
            .iter()
            .find(|origin| origin.setting == setting);
        origin.and_then(|origin| origin.value.clone()).unwrap()
    };
    assert_eq!(shown(Setting::FailedDir), "/spool/bad");
    assert_eq!(shown(Setting::Settle), "60s");
}

#[test]
fn each_state_has_a_directory_of_its_own() {
    let given = Given::nothing().flag(Setting::FailedDir, "./corrupt_metadata/");
    insta::assert_snapshot!(given.error(), @r#"--failed-dir and --corrupt-dir are both ././corrupt_metadata/; each state needs a directory of its own"#);
    let given = Given::nothing().flag(Setting::LeadsDir, "conversations");
    assert!(given.resolve().is_ok());
}

#[test]
#[cfg(unix)]
fn paths_need_not_be_utf_8_and_other_values_do() {
    use super::super::{Layer, RawValue, Source};
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    let text = OsString::from_vec(b"/spool-\xff".to_vec());
    let given = |setting: Setting| {
        let mut flags = Layer::default();
        let source = Source::Flag(setting.name());
        flags.set(
            setting,
            RawValue {
                text: text.clone(),
                source,
            },
        );
        Given {
            flags,
            ..Given::nothing()
        }
    };
    assert_eq!(
        given(Setting::Root).resolve().unwrap().root.as_os_str(),
        text
    );
    insta::assert_snapshot!(given(Setting::Settle).error(), @r#"--settle: the value is not UTF-8; write it as plain text (from flag --settle)"#);
}
