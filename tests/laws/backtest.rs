//! A backtest equals training and scoring.

use plimsoll::engine::{self, Backtest, BacktestOptions, NoProgress, Split};
use plimsoll::sources::ReadOptions;

use crate::estate::{Estate, estate, write};
use crate::published::{SCORE, document, new_store, score, train};

fn backtest(estate: &Estate, frozen: bool) -> Backtest {
    let folder = tempfile::tempdir().unwrap();
    let options = BacktestOptions {
        split: Split::At(estate.split()),
        frozen,
        score: SCORE,
        labels: None,
    };
    engine::backtest(
        &estate.setup,
        write(folder.path(), estate.days().map(|day| estate.on(day))),
        (&options, ReadOptions::default(), None),
        &NoProgress,
        |_| Ok(()),
    )
    .unwrap()
}

#[test]
fn a_frozen_backtest_is_training_and_scoring() {
    let estate = estate();
    let played = backtest(estate, true);
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path());
    let learnt = write(&folder.path().join("learnt"), [estate.learnt()]);
    let scored = write(&folder.path().join("scored"), [estate.scored()]);
    train(&estate.setup, &store, learnt);
    let alerts = score(&estate.setup, &store, scored);
    assert_eq!(
        alerts,
        played.alerts.iter().map(document).collect::<Vec<_>>()
    );
    assert!(alerts.len() > 8);
}

/// Returns a document without its incident, and the digest that covers that: without an archive, scoring knows of no day before.
fn by_itself(document: &str) -> serde_json::Value {
    let mut document: serde_json::Value = serde_json::from_str(document).unwrap();
    let fields = document.as_object_mut().unwrap();
    fields.retain(|name, _| name != "incident_id" && name != "digest");
    document
}

#[test]
fn a_backtest_is_scoring_and_training_day_by_day() {
    let estate = estate();
    let played = backtest(estate, false);
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path());
    let learnt = write(&folder.path().join("learnt"), [estate.learnt()]);
    train(&estate.setup, &store, learnt);
    let mut alerts = Vec::new();
    for day in estate.days().filter(|&day| day >= estate.split()) {
        let files = write(&folder.path().join(day.to_string()), [estate.on(day)]);
        alerts.extend(score(&estate.setup, &store, files.clone()));
        train(&estate.setup, &store, files);
    }
    let played_alerts: Vec<String> = played.alerts.iter().map(document).collect();
    let told = |alerts: &[String]| alerts.iter().map(|of| by_itself(of)).collect::<Vec<_>>();
    assert_eq!(told(&alerts), told(&played_alerts));
    assert!(played.alerts.iter().any(|alert| alert.generation > 1));
}
