//! What one shard's run sees, does and says.

use test_support::{Dir, Session};

use crate::{ids_of, shard_files, shard_of, site, write};

#[test]
fn each_shard_delivers_its_own_and_together_they_deliver_all() {
    let site = site();
    let ids: Vec<String> = (0..12).map(|number| format!("call_{number}")).collect();
    write(&site, &ids);
    for index in 0..3 {
        let own = ids.iter().filter(|id| shard_of(id, 3) == index);
        let own: Vec<&String> = own.collect();
        assert!(!own.is_empty());
        let shard = format!("{index}/3");
        let outcome = site.run(&["--shard", &shard]).expect(0);
        let outcome = outcome.counts(&[("uploaded", own.len() as u64)]);
        let told = &outcome.report()["shard"];
        assert_eq!(told["index"], index);
        assert_eq!(told["count"], 3);
        assert!(own.iter().all(|id| site.place(id) == Dir::Processed));
    }
    assert!(site.names(Dir::Pending).is_empty());
    assert_eq!(site.api().calls().len(), 12);
    assert_eq!(site.api().requests().len(), 12);
}

#[test]
fn a_run_of_the_whole_spool_says_nothing_of_shards_and_leaves_none() {
    let site = site();
    write(&site, &ids_of(0, 2, 2));
    let outcome = site.run(&[]).expect(0);
    assert!(outcome.report().get("shard").is_none());
    assert!(!site.dir(Dir::Pending).join(".callspool.shards").exists());
    site.run(&["--shard", "0/2"]).expect(0).counts(&[]);
    assert_eq!(shard_files(&site), ["0-of-2.lock", "start.lock"]);
    site.run(&[]).expect(0).counts(&[]);
    assert_eq!(shard_files(&site), ["start.lock"]);
}

#[test]
fn the_text_says_which_shard_it_is_of() {
    let site = site();
    let text = site.call(["run", "--shard", "1/2"]).expect(0).stdout;
    assert!(
        text.starts_with("0 sessions pending in shard 1/2: "),
        "{text}"
    );
}

#[test]
fn one_of_one_is_all() {
    let site = site();
    write(&site, &ids_of(0, 1, 3));
    let outcome = site.run(&["--shard", "0/1"]).expect(0);
    outcome.counts(&[("uploaded", 3)]);
}

#[test]
fn a_dry_run_of_a_shard_shows_what_its_run_does() {
    let site = site();
    let [own, others] = [0, 1].map(|index| ids_of(index, 2, 3));
    write(&site, &own);
    write(&site, &others);
    let outcome = site.call(["dry-run", "--format", "json", "--shard", "0/2"]);
    let mut planned: Vec<String> = outcome
        .expect(0)
        .json_lines()
        .iter()
        .map(|line| line["session_id"].as_str().unwrap().to_owned())
        .collect();
    planned.sort();
    assert_eq!(planned, own);
    site.run(&["--shard", "0/2"])
        .expect(0)
        .counts(&[("uploaded", 3)]);
    assert!(own.iter().all(|id| site.place(id) == Dir::Processed));
    assert!(others.iter().all(|id| site.place(id) == Dir::Pending));
}

#[test]
fn copies_of_a_session_are_delivered_by_its_shard() {
    let site = site();
    let id = ids_of(1, 2, 1).remove(0);
    Session::new(&id).never_recorded().write(&site);
    let name = |number: &str| format!("metadata_{id}{number}.json");
    let pending = site.dir(Dir::Pending);
    std::fs::copy(pending.join(name("")), pending.join(name(".1"))).unwrap();
    site.run(&["--shard", "0/2"]).expect(0).counts(&[]);
    let outcome = site.run(&["--shard", "1/2"]).expect(0);
    assert_eq!(
        outcome.sessions("pending") + outcome.sessions("recovered"),
        2
    );
    assert!(site.names(Dir::Pending).is_empty());
}

#[test]
fn what_needs_a_person_is_told_by_its_own_shard_alone() {
    let site = site();
    let [own, others] = [0, 1].map(|index| ids_of(index, 2, 1).remove(0));
    for id in [&own, &others] {
        let no_campaign = |document: &mut serde_json::Value| {
            document["campaign_metadata"]["campaignId"] = "".into()
        };
        Session::new(id).edit(no_campaign).write(&site);
    }
    for shard in ["0/2", "1/2"] {
        let outcome = site.run(&["--shard", shard]).expect(4);
        assert_eq!(outcome.report()["needs_attention"]["failed"], 1);
    }
    assert_eq!(
        site.run(&[]).expect(4).report()["needs_attention"]["failed"],
        2
    );
}

#[test]
fn a_job_array_says_which_shard_it_is() {
    let site = site();
    write(&site, &ids_of(2, 4, 2));
    let run = |variables: &[(&str, &str)]| {
        let mut command = site.command(["run", "--format", "json", "--shard", "auto/4"]);
        command.envs(variables.iter().copied());
        test_support::Outcome::of(command.output().unwrap())
    };
    let refused = run(&[]).expect(2);
    assert!(
        refused.stderr.contains("JOB_COMPLETION_INDEX"),
        "{}",
        refused.stderr
    );
    run(&[("JOB_COMPLETION_INDEX", "4")]).expect(2);
    run(&[("JOB_COMPLETION_INDEX", "1")]).expect(0).counts(&[]);
    let slurm = [("SLURM_ARRAY_TASK_ID", "3"), ("SLURM_ARRAY_TASK_MIN", "1")];
    run(&slurm).expect(0).counts(&[("uploaded", 2)]);
}

#[test]
fn what_does_not_go_with_a_shard_is_refused_before_anything_is_done() {
    let site = site();
    write(&site, &ids_of(0, 4, 1));
    for arguments in [
        &["--shard", "4/4"][..],
        &["--shard", "0/4", "--adopt"],
        &["--shard", "0/4", "--rate", "100/min,3/h"],
    ] {
        for command in ["run", "dry-run"] {
            let outcome = site.call([&[command], arguments].concat()).expect(2);
            assert!(outcome.stderr.contains("--shard"), "{}", outcome.stderr);
        }
    }
    assert!(site.api().requests().is_empty());
    assert!(!site.dir(Dir::Pending).join(".callspool.lock").exists());
}

#[test]
fn the_figures_of_each_shard_are_a_file_of_their_own() {
    let site = site();
    let files = ["0/2", "1/2"].map(|shard| {
        let file = site.home().join(format!("callspool-{}.prom", &shard[..1]));
        let path = file.to_str().unwrap();
        site.run(&["--shard", shard, "--metrics-file", path])
            .expect(0);
        let text = std::fs::read_to_string(&file).unwrap();
        let label = format!(",shard=\"{shard}\"");
        let is_series = |line: &&str| !line.starts_with('#');
        assert!(
            text.lines()
                .filter(is_series)
                .all(|line| line.contains(&label)),
            "{text}"
        );
        (file, text)
    });
    let path = files[0].0.to_str().unwrap();
    for arguments in [&["--shard", "1/2"][..], &["--shard", "0/3"], &[]] {
        let outcome = site
            .run(&[arguments, &["--metrics-file", path]].concat())
            .expect(0);
        assert!(
            outcome.stderr.contains("another shard"),
            "{}",
            outcome.stderr
        );
        assert_eq!(std::fs::read_to_string(path).unwrap(), files[0].1);
    }
}
