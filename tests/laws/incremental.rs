//! Learning from a kept state is learning from the first day: the same bytes, whatever came late, was taken back, was
//! configured otherwise, was lost or was interrupted in between.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use plimsoll::alert::alert_id;
use plimsoll::config::Config;
use plimsoll::engine::{self, NoProgress, Reported, Setup, VerdictInput};
use plimsoll::store::Store;
use plimsoll::time::Day;
use plimsoll::vocab::{Entity, EntityKind};
use proptest::prelude::*;

use crate::calls::Call;
use crate::crash::copy;
use crate::estate::{Dice, Line, estate, setup, write};
use crate::published::{new_store, train};

const ANALYTICS: [&str; 2] = ["AN1594", "ACCESS-SPIKE"];
/// The last days of the small estate: more than are remembered.
const DAYS: i32 = 150;
const ROLES: [&str; 5] = ["courier", "etl", "auditor", "mirror", "janitor"];

/// What a user may write in the configuration.
fn setups() -> Vec<Setup> {
    [
        "",
        "[estate]\npeer_groups = \"off\"\n",
        "[[peer_group]]\nname = \"movers\"\nidentities = [\"arn:aws:iam::111122223333:role/*r\"]\n",
        "[analytic.AN1594]\nTimeWindow = \"15m\"\n",
    ]
    .map(|text| setup(Config::parse(text, "plimsoll.toml").unwrap()))
    .into()
}

fn is_state(name: &str) -> bool {
    name.starts_with("state-")
}

fn names(store: &Store) -> BTreeSet<String> {
    let entries = fs::read_dir(store.root()).into_iter().flatten();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// A store, and everything that happens to it.
struct World<'w> {
    folder: &'w Path,
    store: Store,
    dice: Dice,
    setups: Vec<Setup>,
    nights: usize,
    /// Days that were learnt from states, and from the first day.
    replayed: (usize, usize),
}

impl World<'_> {
    /// States get lost, or are damaged.
    fn lose_states(&mut self) {
        for name in names(&self.store).iter().filter(|name| is_state(name)) {
            let path = self.store.root().join(name);
            match self.dice.below(6) {
                0 => fs::remove_file(path).unwrap(),
                1 => {
                    let bytes = fs::read(&path).unwrap();
                    let mut cut = bytes[..bytes.len() / 2].to_vec();
                    cut.resize(bytes.len(), 7);
                    fs::write(path, cut).unwrap();
                }
                _ => {}
            }
        }
    }

    /// An analyst says something, or takes it back.
    fn say(&mut self) {
        let Some(manifest) = self.store.manifest().unwrap() else {
            return;
        };
        let day = manifest.days[self.dice.below(manifest.days.len())].day;
        let entity = Entity {
            kind: EntityKind::Identity,
            id: format!(
                "arn:aws:iam::111122223333:role/{}",
                ROLES[self.dice.below(ROLES.len())]
            )
            .into(),
        };
        let analytic = ANALYTICS[self.dice.below(ANALYTICS.len())];
        let alert = Reported {
            alert_id: alert_id(analytic, &entity, day.start()),
            analytic: analytic.into(),
            entity,
            day,
            surprise: 4.0,
        };
        let judgement = VerdictInput {
            is_true: self.dice.below(3) > 0,
            note: None,
            is_later: true,
        };
        let setup = &self.setups[0];
        engine::feedback(setup, &self.store, (&alert, judgement), &NoProgress).unwrap();
    }

    /// A night: some lines arrive. Before it is completed it may crash, between any two of the files that it writes.
    fn night(&mut self, lines: Vec<&Line>) -> Result<(), TestCaseError> {
        self.nights += 1;
        let number = self.nights;
        let files = write(&self.folder.join(format!("night-{number}")), [lines]);
        let setup = match self.dice.below(3) {
            0 => &self.setups[self.dice.below(self.setups.len())],
            _ => &self.setups[0],
        };
        let root = self.store.root().to_owned();
        if root.exists() && self.dice.below(3) == 0 {
            let crashed = Store::at(self.folder.join(format!("crashed-{number}")));
            copy(&root, crashed.root());
            train(setup, &crashed, files.clone());
            let had = names(&self.store);
            let written = names(&crashed);
            let written = written.iter().filter(|name| !had.contains(*name));
            for name in written.filter(|name| !name.ends_with(".json")) {
                match self.dice.below(4) {
                    0 => fs::write(root.join(format!("{name}.unfinished")), "half").unwrap(),
                    1 | 2 => {
                        fs::copy(crashed.root().join(name), root.join(name)).unwrap();
                    }
                    _ => {}
                }
            }
            fs::remove_dir_all(crashed.root()).unwrap();
        }
        let plain = Store::at(self.folder.join("plain"));
        if root.exists() {
            copy(&root, plain.root());
        }
        for name in names(&plain).iter().filter(|name| is_state(name)) {
            fs::remove_file(plain.root().join(name)).unwrap();
        }
        let whole = train(setup, &plain, files.clone());
        let quick = train(setup, &self.store, files);
        prop_assert_eq!(quick.published, whole.published);
        self.replayed.0 += quick.days_replayed;
        self.replayed.1 += whole.days_replayed;
        if let Some(mut manifest) = self.store.manifest().unwrap() {
            let mut of_plain = plain.manifest().unwrap().unwrap();
            let read = |store: &Store| fs::read(store.root().join(&manifest.file)).unwrap();
            prop_assert!(read(&self.store) == read(&plain), "night {}", number);
            // What a state holds does not depend on whether it was learnt from another.
            for state in manifest.states.iter().filter(|_| quick.published) {
                let in_both = of_plain.states.iter().find(|s| s.file == state.file);
                if let Some(state) = in_both {
                    let [one, other] = [&self.store, &plain].map(|s| s.load_state(state).unwrap());
                    prop_assert!(one == other, "night {}: {}", number, state.file);
                }
            }
            prop_assert!(manifest.states.len() <= 9, "{:?}", manifest.states);
            (manifest.states, of_plain.states) = (Vec::new(), Vec::new());
            prop_assert_eq!(manifest, of_plain);
        }
        fs::remove_dir_all(plain.root()).unwrap();
        Ok(())
    }

    /// Lets the days of an estate arrive in nights of random lengths, with late records and all that may happen.
    fn live(&mut self, days: &[Vec<&Line>], nights_max: usize) -> Result<(), TestCaseError> {
        let mut late: Vec<&Line> = Vec::new();
        let mut next = 0;
        for _ in 0..nights_max {
            if next == days.len() {
                break;
            }
            let until = days.len().min(
                next + match self.dice.below(4) {
                    0 => self.dice.below(days.len() / 3),
                    _ => 1,
                },
            );
            let mut arriving = Vec::new();
            for of_day in &days[next..until] {
                let is_cut = self.dice.below(3) == 0;
                for line in of_day {
                    match is_cut && self.dice.below(12) == 0 {
                        true => late.push(line),
                        false => arriving.push(*line),
                    }
                }
            }
            next = until;
            if self.dice.below(3) == 0 {
                let n = self.dice.below(late.len() + 1);
                self.dice.shuffle(&mut late);
                arriving.extend(late.drain(..n));
            }
            if self.dice.below(4) == 0 {
                self.say();
            }
            if self.dice.below(4) == 0 {
                self.lose_states();
            }
            self.night(arriving)?;
        }
        Ok(())
    }
}

fn lived(
    seed: u64,
    days: &[Vec<&Line>],
    nights_max: usize,
) -> Result<(usize, usize), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World {
        folder: folder.path(),
        store: new_store(folder.path()),
        dice: Dice(seed),
        setups: setups(),
        nights: 0,
        replayed: (0, 0),
    };
    world.live(days, nights_max)?;
    Ok(world.replayed)
}

/// A few roles over many days: some work daily, some seldom, and some never again.
fn small_estate(seed: u64) -> Vec<Vec<Line>> {
    let mut dice = Dice(seed);
    let first = Day::parse("2026-03-02").unwrap();
    let mut number = 0;
    let mut call = |day: Day, dice: &mut Dice, role: usize| {
        number += 1;
        let call = Call {
            operation: ["ListObjects", "GetObject", "PutObject"][dice.below(3)],
            parameters: [String::new(), format!(r#","key":"p{}/x""#, dice.below(30))]
                [dice.below(2)]
            .clone(),
            bucket: format!("bucket-{}", dice.below(90)),
            user_agent: format!("client-{}/1", dice.below(20)),
            ..Call::new(
                day.start().plus_secs(dice.below(86_400) as i64),
                ROLES[role],
                number,
            )
        };
        call.line()
    };
    (0..DAYS)
        .map(|n| first.plus(n))
        .map(|day| {
            let mut of_day = Vec::new();
            for role in 0..ROLES.len() {
                let is_there = [1, 1, 3, 20, 70][role];
                if dice.below(is_there) == 0 {
                    let n = 1 + dice.below(6);
                    of_day.extend((0..n).map(|_| call(day, &mut dice, role)));
                }
            }
            of_day
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, max_shrink_iters: 4, ..ProptestConfig::default() })]
    #[test]
    fn learning_from_states_is_learning_from_the_first_day(seed: u64) {
        let part = Dice(seed).below(3);
        let days: Vec<Vec<&Line>> = estate()
            .days()
            .map(|day| {
                let lines = estate().on(day).into_iter().enumerate();
                lines.filter(|(n, _)| n % 3 == part).map(|(_, line)| line).collect()
            })
            .collect();
        lived(seed, &days, 14)?;
    }

    #[test]
    fn a_long_memory_forgets_alike_from_states_and_from_the_first_day(seed: u64) {
        let estate = small_estate(seed);
        let days: Vec<Vec<&Line>> = estate.iter().map(|lines| lines.iter().collect()).collect();
        lived(seed, &days, 40)?;
    }
}

/// From thirty to ninety stored days, an ordinary night learns two days: the new one, and the one before it, which is scored now.
#[test]
fn an_ordinary_night_learns_two_days_however_many_are_stored() {
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path());
    let setup = setup(Config::default());
    let estate = small_estate(7);
    for (n, lines) in estate.iter().enumerate().take(86) {
        let files = || write(&folder.path().join(n.to_string()), [lines.iter().collect()]);
        // The first month comes at once.
        if n >= 28 {
            assert_eq!(train(&setup, &store, files()).days_replayed, 2, "{n}");
        }
        if n == 27 {
            let first = estate[..=n].iter().flatten().collect();
            train(&setup, &store, write(&folder.path().join("first"), [first]));
        }
    }
}

/// A record that is a week late goes on from a state that is not much older than its day.
#[test]
fn a_late_record_does_not_begin_from_the_first_day() {
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path());
    let setup = setup(Config::default());
    let first = Day::parse("2026-03-02").unwrap();
    let call = |day: i32, n: i64| {
        let number = i64::from(day) * 1_000 + n;
        Call::new(
            first.plus(day).start().plus_secs(400 * n),
            "courier",
            number as u64,
        )
        .line()
    };
    let lines: Vec<Line> = (0..60)
        .flat_map(|day| (0..200).map(move |n| (day, n)))
        .map(|(day, n)| call(day, n))
        .collect();
    train(
        &setup,
        &store,
        write(&folder.path().join("first"), [lines.iter().collect()]),
    );
    for (days_late, replayed_max) in [(0, 2), (3, 5), (7, 16), (15, 32)] {
        let late = call(59 - days_late, 210);
        let files = write(&folder.path().join(days_late.to_string()), [vec![&late]]);
        let trained = train(&setup, &store, files);
        assert!(trained.published);
        assert!(
            trained.days_replayed <= replayed_max,
            "{} days for a record {days_late} days late",
            trained.days_replayed
        );
    }
}
