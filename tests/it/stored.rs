//! The store as its readers meet it: beside a training, without the right to write, of another version, on a full disk,
//! damaged.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use plimsoll::alert::Alert;
use plimsoll::report::json;
use plimsoll::store::{Role, Store};
use serde_json::Value;

use crate::world::{Said, World};

/// A store that the version before wrote, with logs and the alerts that it raised.
const SCHEMA_7: &[u8] = include_bytes!("../found/schema-7.zst");
const STORE: &str = "plimsoll-store";

/// Name, size, time of the last change and bytes of everything in a folder.
fn everything_in(folder: &Path) -> BTreeMap<PathBuf, (SystemTime, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let changed = fs::metadata(&path)
            .and_then(|m| m.modified())
            .expect("a time");
        if path.is_dir() {
            found.extend(everything_in(&path));
            found.insert(path, (changed, Vec::new()));
        } else {
            let bytes = fs::read(&path).expect("a file");
            found.insert(path, (changed, bytes));
        }
    }
    found
}

/// Takes the right to write from everybody, or gives it to the owner.
fn set_writable(folder: &Path, is_writable: bool) {
    let bits = |mode: u32| match is_writable {
        true => mode | 0o200,
        false => mode & !0o222,
    };
    let set = |path: &Path| {
        let mode = bits(fs::metadata(path).expect("a file").mode());
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("permissions");
    };
    set(folder);
    for path in everything_in(folder).keys() {
        set(path);
    }
}

/// Makes a world out of the files that the version before wrote.
fn world_of_schema_7() -> World {
    let world = World::empty();
    let text = zstd::decode_all(SCHEMA_7).expect("it is packed");
    let mut rest = text.as_slice();
    while !rest.is_empty() {
        let mut field = || {
            let (len, text) = rest.split_first_chunk().expect("a length");
            let (field, text) = text.split_at(u32::from_le_bytes(*len) as usize);
            rest = text;
            field
        };
        let (name, bytes) = (field(), field());
        let name = std::str::from_utf8(name).expect("a name");
        world.write(&name.replacen("store/", &format!("{STORE}/"), 1), bytes);
    }
    world
}

/// Returns what identifies each alert, and how it was judged. Provisional scores, as those of this store are, rest on what is
/// built in, and are compared to half a decade with what an earlier version made of them.
fn judged(text: &str) -> Vec<(String, String, i64)> {
    let alert = |line: &str| -> Value { serde_json::from_str(line).expect("a document") };
    let mut alerts: Vec<_> = text
        .lines()
        .map(alert)
        // What an episode was when it crossed its threshold is what earlier versions told.
        .filter(|alert| alert["status"] == "new")
        .map(|alert| {
            let [id, analytic] = ["alert_id", "analytic"].map(|of| alert[of].to_string());
            let surprise = alert["surprise"].as_f64().expect("a number");
            (id, analytic, (2.0 * surprise).round() as i64)
        })
        .collect();
    alerts.sort();
    alerts
}

#[test]
fn a_store_of_the_version_before_is_migrated_by_the_learner_and_judges_as_before() {
    let world = world_of_schema_7();
    let old = everything_in(&world.path().join(STORE));
    for command in [
        &["show"][..],
        &["coverage"],
        &["tune"],
        &["score", "live.jsonl"],
    ] {
        let said = world
            .run(command)
            .fails_with(1, &["earlier version", "plimsoll train LOGS"]);
        assert!(!said.err.contains("damaged"), "{}", said.err);
    }
    assert_eq!(everything_in(&world.path().join(STORE)), old);

    let said = world.run(&["train", "learnt.jsonl"]).succeeds();
    assert!(
        said.err.contains("generation 3"),
        "the file is known: {}",
        said.err
    );
    let names: Vec<String> = fs::read_dir(world.path().join(STORE))
        .expect("a folder")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    let folders = names
        .iter()
        .filter(|name| world.path().join(STORE).join(name).is_dir());
    assert_eq!(folders.collect::<Vec<_>>(), ["learner"], "{names:?}");
    let generations = names.iter().filter(|name| name.starts_with("generation-"));
    assert_eq!(
        generations.count(),
        3,
        "earlier ones are migrated too: {names:?}"
    );

    let scored = world
        .run(&["score", "live.jsonl", "--every-status"])
        .succeeds();
    let expected = fs::read_to_string(world.path().join("alerts.jsonl")).expect("alerts");
    assert_eq!(judged(&scored.out), judged(&expected));
    assert!(!expected.is_empty());
    world.run(&["train", "live.jsonl"]).succeeds();
}

/// A crash in the middle of a migration leaves the old store, or the new one with some old names.
#[test]
fn a_migration_that_was_interrupted_is_completed() {
    let world = world_of_schema_7();
    let (store, old) = (world.path().join(STORE), world.path().join("old"));
    let copy_of = |name: &str| fs::copy(store.join(name), old.join(name)).expect("a copy");
    fs::create_dir(&old).expect("a folder");
    for name in [
        "MANIFEST.json",
        "manifest-000002.json",
        "manifest-000003.json",
    ] {
        copy_of(name);
    }
    world.write(
        "plimsoll-store/generation-000003.plimsoll.unfinished",
        "half",
    );
    world.write("plimsoll-store/day-2026-03-02-000001.plimsoll", "half");
    world.run(&["train", "learnt.jsonl"]).succeeds();
    let migrated = everything_in(&store);
    // The manifest was replaced, and one of its numbered copies not yet.
    fs::copy(
        old.join("manifest-000002.json"),
        store.join("manifest-000002.json"),
    )
    .expect("a copy");
    world.run(&["show"]).succeeds();
    world.run(&["train", "learnt.jsonl"]).succeeds();
    let again = everything_in(&store);
    let bytes = |of: &BTreeMap<PathBuf, (SystemTime, Vec<u8>)>| -> BTreeMap<PathBuf, Vec<u8>> {
        let files = of
            .iter()
            .filter(|(path, _)| !path.starts_with(store.join("learner")));
        files
            .map(|(path, (_, bytes))| (path.clone(), bytes.clone()))
            .collect()
    };
    assert_eq!(bytes(&again), bytes(&migrated));
}

/// A trained store, the logs of a later day in `present`, and an alert of the day before.
fn trained(seed: u64) -> (World, String) {
    let world = World::simulated(seed, 12, 30);
    let days = world.days();
    world.link_days("past", &days[..10]);
    world.link_days("today", &days[10..11]);
    world.link_days("present", &days[11..]);
    world.run(&["train", "past"]).succeeds();
    let scored = world.run(&["score", "today"]).succeeds();
    let alert: Value =
        serde_json::from_str(scored.out.lines().next().expect("an alert")).expect("JSON");
    let id = alert["alert_id"].as_str().expect("an id").to_owned();
    (world, id)
}

#[test]
fn a_store_that_may_not_be_written_is_read_by_another_user_and_stays_as_it_is() {
    let (world, id) = trained(21);
    let store = world.path().join(STORE);
    world.open_to_others();
    set_writable(&store, false);
    let before = everything_in(&store);
    let reads: [&[&str]; 7] = [
        &["show"],
        &["coverage"],
        &["tune"],
        &["check"],
        &["approve", "list"],
        &["approve", "propose"],
        &["explain", &id],
    ];
    for command in reads {
        world.run_as_another_user(command).succeeds();
    }
    let scored = world.run_as_another_user(&["score", "present"]).succeeds();
    assert!(!scored.out.is_empty(), "the story needs alerts");
    let told = scored.err.matches("alerts are not kept").count();
    assert_eq!(told, 1, "{}", scored.err);
    assert!(
        scored.err.contains("no permission to write"),
        "{}",
        scored.err
    );
    assert!(
        scored.err.contains("needs the right to write"),
        "{}",
        scored.err
    );
    // What writes says which right is missing, where.
    for command in [
        &["train", "present"][..],
        &["tune", "--budget", "5", "--apply"],
    ] {
        let said = world.run_as_another_user(command).fails_with(
            1,
            &[
                "no permission to write",
                ".lock",
                "needs the right to write",
            ],
        );
        assert!(
            !said.err.contains("damaged") && !said.err.contains("new store"),
            "{}",
            said.err
        );
    }
    assert!(
        everything_in(&store) == before,
        "a reader changed the store"
    );

    // What may not even be read is told as that.
    set_writable(&store, true);
    let manifest = Store::at(&store).published().expect("a manifest");
    let file = store.join(&manifest.file);
    fs::set_permissions(&file, Permissions::from_mode(0o200)).expect("permissions");
    let said = world
        .run_as_another_user(&["show"])
        .fails_with(1, &["no permission to read", &manifest.file]);
    assert!(!said.err.contains("damaged"), "{}", said.err);
}

#[test]
fn many_readers_beside_a_training_neither_wait_nor_fail() {
    const READERS: usize = 50;
    let (world, _) = trained(22);
    let commands: [&[&str]; 4] = [
        &["show"],
        &["coverage"],
        &["tune"],
        &["score", "-q", "present"],
    ];
    // The learner holds its lock, and publishes, all the while.
    std::thread::scope(|scope| {
        let training = scope.spawn(|| {
            for logs in ["today", "present"] {
                world.run(&["train", logs]).succeeds();
            }
        });
        let readers: Vec<_> = (0..READERS)
            .map(|n| {
                let (world, command) = (&world, commands[n % commands.len()]);
                scope.spawn(move || world.run(command))
            })
            .collect();
        for reader in readers {
            reader.join().expect("a thread").succeeds();
        }
        training.join().expect("a thread");
    });
    assert_eq!(
        Store::at(world.path().join(STORE))
            .published()
            .expect("it is")
            .generation,
        3
    );
}

fn says_nothing_of_damage(said: &Said) {
    assert!(!said.err.contains("damaged"), "{}", said.err);
    assert!(!said.err.contains("new store"), "{}", said.err);
}

#[test]
fn each_fault_of_a_store_is_told_as_what_it_is() {
    let (world, _) = trained(23);
    let store = world.path().join(STORE);
    let manifest = Store::at(&store).published().expect("a manifest");

    // In use.
    let lock = Store::at(&store)
        .lock(Role::Learner)
        .expect("the lock is free");
    says_nothing_of_damage(
        &world
            .run(&["train", "today"])
            .fails_with(1, &["another plimsoll is training"]),
    );
    drop(lock);
    // A process that another test begins at this moment has it for an instant, too.
    while Store::at(&store).lock(Role::Learner).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }

    // A full disk: the generation in force stays, and its readers with it.
    let unfinished = store.join("generation-000002.plimsoll.unfinished");
    symlink("/dev/full", &unfinished).expect("a link");
    says_nothing_of_damage(
        &world
            .run(&["train", "today"])
            .fails_with(1, &["no space left to write", "generation-000002"]),
    );
    fs::remove_file(&unfinished).expect("it is removed");
    assert_eq!(Store::at(&store).published().expect("a manifest"), manifest);

    // A newer version, of the manifest and of a file.
    let (name, file) = (store.join("MANIFEST.json"), store.join(&manifest.file));
    let (whole, bytes) = (
        fs::read(&name).expect("it is read"),
        fs::read(&file).expect("it is read"),
    );
    world.write(
        "plimsoll-store/MANIFEST.json",
        r#"{"schema": 9, "shards": []}"#,
    );
    for command in [&["show"][..], &["train", "today"]] {
        says_nothing_of_damage(
            &world
                .run(command)
                .fails_with(1, &["newer version", "MANIFEST.json"]),
        );
    }
    fs::write(&name, whole).expect("it is written");
    let mut newer = bytes.clone();
    newer[8] += 1;
    fs::write(&file, newer).expect("it is written");
    says_nothing_of_damage(
        &world
            .run(&["show"])
            .fails_with(1, &["newer version", &manifest.file]),
    );

    // Damage, and nothing else, is called damage.
    let mut damaged = bytes.clone();
    damaged[bytes.len() / 2] ^= 1;
    fs::write(&file, damaged).expect("it is written");
    world
        .run(&["check"])
        .fails_with(1, &["is damaged", &manifest.file, "new store"]);
    fs::remove_file(&file).expect("it is removed");
    world
        .run(&["show"])
        .fails_with(1, &["is damaged", "it is missing"]);
    fs::write(&file, bytes).expect("it is written");
    world.run(&["train", "today"]).succeeds();

    // Without its ledger the learner reads all files again, and recognises what it knows.
    fs::remove_dir_all(store.join("learner")).expect("it is removed");
    let said = world.run(&["train", "today"]).succeeds();
    assert!(said.err.contains("nothing new"), "{}", said.err);
}

/// The archive is read by later versions, so a line that was written once must be read and written again as it was.
#[test]
fn the_stored_form_of_an_archived_alert_is_as_it_was() {
    let changed = "the stored form of an archive line changed: raise its version, write a migration, renew the golden bytes";
    let archive = include_str!("../found/stored/alerts/2026-03-13.jsonl");
    for line in archive.lines() {
        let alert = Alert::parse(line).expect(changed);
        assert_eq!(json::line(&alert), line, "{changed}");
    }
}
