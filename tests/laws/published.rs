//! What a store publishes and which alerts scoring raises, in a form that is compared bit for bit.

use std::collections::BTreeMap;
use std::path::Path;

use plimsoll::alert::Alert;
use plimsoll::baseline::Generation;
use plimsoll::engine::{self, Intake, NoProgress, ScoreOptions, Setup, TrainSummary};
use plimsoll::event::Event;
use plimsoll::sources::{InputFile, ReadOptions};
use plimsoll::store::Store;

/// The budget of the tests, in alerts a day: large, so that there is something to compare.
pub const SCORE: ScoreOptions = ScoreOptions {
    budget_per_day: Some(12.0),
    show_low: true,
    show_suppressed: true,
    every_status: false,
};

/// Everything of a generation except its number and its stored distributions, as bytes by name.
#[derive(PartialEq, Eq)]
pub struct Published(BTreeMap<String, Vec<u8>>);

impl Published {
    pub fn of(generation: &Generation) -> Self {
        fn bytes(value: &impl serde::Serialize) -> Vec<u8> {
            postcard::to_stdvec(value).unwrap()
        }
        let mut parts = BTreeMap::new();
        for (entity, baseline) in &generation.baselines {
            parts.insert(format!("{} {}", entity.kind, entity.id), bytes(baseline));
        }
        for (group, state) in &generation.groups {
            parts.insert(format!("group {group:?}"), bytes(state));
        }
        let support = &generation.support;
        parts.insert("support".into(), bytes(&(support.keys(), support.counts())));
        parts.insert("links".into(), bytes(&generation.links));
        parts.insert("created".into(), bytes(&generation.created));
        let signed_in: Vec<_> = generation.signed_in.iter().collect();
        parts.insert("signed in".into(), bytes(&signed_in));
        for (entity, peaks) in &generation.peaks {
            let name = format!("{} {} peaks", entity.kind, entity.id);
            parts.insert(name, bytes(peaks));
        }
        parts.insert("sweeps".into(), bytes(&generation.sweeps));
        parts.insert("movement".into(), bytes(&generation.drift_report));
        parts.insert("own accounts".into(), bytes(&generation.own_accounts));
        parts.insert("seen".into(), bytes(&generation.seen));
        parts.insert("coverage".into(), bytes(&generation.coverage));
        parts.insert(
            "days".into(),
            bytes(&(generation.first_day, generation.as_of)),
        );
        Self(parts)
    }

    /// Returns the parts that differ.
    #[must_use]
    pub fn differences<'a>(&'a self, other: &'a Self) -> Vec<&'a str> {
        let names = self.0.keys().chain(other.0.keys());
        let mut names: Vec<&str> = names
            .filter(|&name| self.0.get(name) != other.0.get(name))
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Returns whether the name of some part contains a text.
    pub fn has(&self, text: &str) -> bool {
        self.0.keys().any(|name| name.contains(text))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// Returns a store in a temporary folder.
pub fn new_store(folder: &Path) -> Store {
    Store::at(folder.join("store"))
}

pub fn train(setup: &Setup, store: &Store, files: Vec<InputFile>) -> TrainSummary {
    let options = ReadOptions::default();
    engine::train(setup, store, files, options, None, &NoProgress).unwrap()
}

/// Scores files by the generation in force; returns the alerts as their documents.
pub fn score(setup: &Setup, store: &Store, files: Vec<InputFile>) -> Vec<String> {
    let mut alerts = Vec::new();
    engine::score(
        setup,
        store.load_generation().unwrap(),
        files,
        (&SCORE, ReadOptions::default(), None),
        engine::ToldBefore::Unknown,
        &NoProgress,
        |alert| {
            alerts.push(document(alert));
            Ok(())
        },
    )
    .unwrap();
    alerts
}

pub fn document(alert: &Alert) -> String {
    serde_json::to_string(alert).unwrap()
}

/// Reads events, in the order of time.
pub fn events_of(setup: &Setup, files: Vec<InputFile>) -> Vec<Event> {
    let intake = Intake {
        setup,
        files,
        options: ReadOptions::default(),
        rejects: None,
    };
    let mut events = Vec::new();
    let read = intake.run(&NoProgress, |_, event| {
        events.push(event);
        Ok(true)
    });
    read.unwrap();
    events.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
    events
}
