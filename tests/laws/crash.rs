//! Law 2: training is atomic, whatever a crash leaves behind.

use std::fs;
use std::path::Path;

use plimsoll::engine::{self, Progress};
use plimsoll::sources::ReadOptions;
use plimsoll::store::{Role, Store};

use crate::estate::{estate, write};
use crate::published::{Published, new_store, train};

/// Generations whose files may stay: the one in force and five before it.
const GENERATIONS_MAX: usize = 6;
/// States of learning that these name of so few days: five each, of which a training that changes two days writes two.
const STATES_MAX: usize = 5 + 2 * GENERATIONS_MAX;

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

fn names(store: &Store) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(store.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn published(store: &Store) -> Published {
    Published::of(&store.load_generation().unwrap())
}

/// Stops the work when a phase begins for the n-th time.
struct StopAt {
    phase: &'static str,
    is_there: std::sync::atomic::AtomicBool,
}

impl Progress for StopAt {
    fn begin(&self, phase: &str, _: Option<u64>) {
        if phase == self.phase {
            self.is_there
                .store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }
    fn advance(&self, _: u64) {}
    fn end(&self) {}
    fn is_cancelled(&self) -> bool {
        self.is_there.load(std::sync::atomic::Ordering::Relaxed)
    }
}

/// A crash between two steps of publishing leaves a mixture of the store before and the store after: everything new is
/// written and renamed before the one file that names it. The test builds all such mixtures from two finished stores.
#[test]
fn law_2_training_is_atomic() {
    let estate = estate();
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path());
    let mut days = estate.days();
    let mut train_next = |store: &Store, n: usize| {
        let day = days.next().unwrap();
        let files = write(&folder.path().join(format!("run-{n}")), [estate.on(day)]);
        train(&estate.setup, store, files.clone());
        files
    };
    train_next(&store, 1);
    train_next(&store, 2);
    let before = Store::at(folder.path().join("before"));
    copy(store.root(), before.root());
    let files = train_next(&store, 3);
    let (old, new) = (published(&before), published(&store));
    assert!(old != new);

    // What the third training wrote, in this order, before the manifest put it in force. The copy of the manifest came
    // last.
    let had = names(&before);
    let mut written: Vec<String> = names(&store)
        .into_iter()
        .filter(|name| !had.contains(name))
        .collect();
    let last = "manifest-000003.json";
    written.retain(|name| name != last);
    assert_eq!(written.len() + had.len() + 1, names(&store).len());
    let order = ["state-", "day-", "generation-"];
    written.sort_by_key(|name| order.iter().position(|kind| name.starts_with(kind)));
    assert!(
        written
            .iter()
            .zip(order)
            .all(|(name, kind)| name.starts_with(kind))
    );
    let crashed = Store::at(folder.path().join("crashed-before-the-copy"));
    copy(store.root(), crashed.root());
    fs::remove_file(crashed.root().join(last)).unwrap();
    assert!(!train(&estate.setup, &crashed, files.clone()).published);
    assert_eq!(names(&crashed), names(&store));
    for steps in 0..=written.len() {
        for is_cut in [false, true] {
            let crashed = Store::at(folder.path().join(format!("crashed-{steps}-{is_cut}")));
            copy(before.root(), crashed.root());
            for name in &written[..steps] {
                fs::copy(store.root().join(name), crashed.root().join(name)).unwrap();
            }
            if steps == written.len() {
                // The ledger is written last before the manifest, and names files of a generation that is not in force.
                fs::remove_dir_all(crashed.root().join("learner")).unwrap();
                copy(
                    &store.root().join("learner"),
                    &crashed.root().join("learner"),
                );
            }
            if is_cut {
                // The next step was in progress.
                let next = written.get(steps).map_or("MANIFEST.json", String::as_str);
                let unfinished = crashed.root().join(format!("{next}.unfinished"));
                if next.ends_with(".json") {
                    fs::write(unfinished, "{\"schema\":").unwrap();
                } else {
                    fs::write(unfinished, "half a file").unwrap();
                }
            }
            assert_eq!(
                published(&crashed).differences(&old),
                Vec::<&str>::new(),
                "after {steps} steps: {written:?}"
            );
            assert!(train(&estate.setup, &crashed, files.clone()).published);
            assert_eq!(published(&crashed).differences(&new), Vec::<&str>::new());
            assert_eq!(names(&crashed), names(&store), "after {steps} steps");
        }
    }
}

/// An earlier generation is put back by its manifest. It has its own ledger, so that what came since is learnt again.
#[test]
fn law_2_a_generation_that_is_put_back_goes_on_from_where_it_was() {
    let estate = estate();
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path());
    let runs: Vec<_> = estate
        .days()
        .take(3)
        .map(|day| {
            let files = write(&folder.path().join(day.to_string()), [estate.on(day)]);
            train(&estate.setup, &store, files.clone());
            (files, published(&store))
        })
        .collect();
    let file = |name: &str| store.root().join(name);
    fs::copy(file("manifest-000001.json"), file("MANIFEST.json")).unwrap();
    assert_eq!(
        published(&store).differences(&runs[0].1),
        Vec::<&str>::new()
    );
    assert!(!train(&estate.setup, &store, runs[0].0.clone()).published);
    for (files, then) in &runs[1..] {
        assert!(train(&estate.setup, &store, files.clone()).published);
        assert_eq!(published(&store).differences(then), Vec::<&str>::new());
        assert!(!train(&estate.setup, &store, files.clone()).published);
    }
}

#[test]
fn law_2_a_training_that_is_stopped_leaves_no_trace() {
    let estate = estate();
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path());
    let files = |day: i32| {
        let day = estate.first.plus(day);
        write(&folder.path().join(day.to_string()), [estate.on(day)])
    };
    train(&estate.setup, &store, files(0));
    let (old, named) = (published(&store), store.manifest().unwrap());
    for phase in ["reading", "learning"] {
        let stop = StopAt {
            phase,
            is_there: false.into(),
        };
        let options = ReadOptions::default();
        engine::train(&estate.setup, &store, files(1), options, None, &stop).unwrap_err();
        assert_eq!(store.manifest().unwrap(), named);
        assert_eq!(published(&store).differences(&old), Vec::<&str>::new());
    }
    assert!(train(&estate.setup, &store, files(1)).published);
    // A process that trains blocks other trainings, but no readers.
    let lock = store.lock(Role::Learner).unwrap();
    let options = ReadOptions::default();
    let refused = engine::train(
        &estate.setup,
        &store,
        files(2),
        options,
        None,
        &engine::NoProgress,
    );
    assert!(refused.unwrap_err().message().contains("another plimsoll"));
    assert!(store.load_generation().is_ok());
    drop(lock);
}

#[test]
fn law_2_a_store_does_not_outgrow_its_days() {
    let estate = estate();
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path());
    for (run, day) in estate.days().take(10).enumerate() {
        // Half of each day arrives one training late, so that a day is written twice.
        let noon = day.start().plus_secs(43_200);
        let batch = estate.between(noon.plus_secs(-86_400), noon);
        let files = write(&folder.path().join(format!("run-{run}")), [batch]);
        train(&estate.setup, &store, files);
        let manifest = store.manifest().unwrap().unwrap();
        let files = names(&store);
        let is_published = |name: &&String| name.ends_with(".plimsoll");
        let n_published = files.iter().filter(is_published).count();
        let n_days = manifest.days.len();
        assert_eq!(n_days, run + 1);
        assert!(
            n_published <= n_days + 2 * GENERATIONS_MAX + STATES_MAX,
            "{files:?}"
        );
        assert!(
            // Beside the manifests: the one in force, a lock, the learner's database, and the first day of each approval.
            files.len() <= n_published + GENERATIONS_MAX + 4,
            "{files:?}"
        );
    }
}
