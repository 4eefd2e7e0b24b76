//! Two analytics that count the same events tell one fact: however events come, one alert is told of what it came to, by the narrower
//! of those that reached their threshold, and it names the other.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use plimsoll::alert::{Alert, Status};
use plimsoll::analytic::{self, Definition};
use plimsoll::baseline::Generation;
use plimsoll::config::Config;
use plimsoll::engine::{ScoreOptions, Scorer, Setup};
use plimsoll::event::Event;
use plimsoll::incident::Joiner;
use plimsoll::time::Time;
use proptest::prelude::*;

use crate::estate::{Dice, estate, write};
use crate::published::{SCORE, events_of, new_store, train};

/// The analytic that comes with the program, and one's own that counts the same and alerts later.
const BUILT_IN: &str = "ACCESS-SPIKE";
const OWN: &str = "OWN-SPIKE";
/// The score from which it does.
const OWN_FROM: f64 = 68.0;
/// How late an event may come, in seconds.
const LATENESS_SECS: i64 = 900;

const OPTIONS: ScoreOptions = ScoreOptions {
    show_low: false,
    ..SCORE
};

struct World {
    setup: Setup,
    generation: Arc<Generation>,
    events: Vec<Event>,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let definition = include_str!("../../models/ACCESS-SPIKE.toml").replace(BUILT_IN, OWN);
        let mut definitions = analytic::builtin();
        definitions.push(Definition {
            name: "own.toml".into(),
            text: definition
                .split("[[story]]")
                .next()
                .unwrap()
                .to_owned()
                .into(),
            is_builtin: false,
        });
        let config = format!("[analytic.{OWN}]\nthreshold = {OWN_FROM:?}\n");
        let config = Config::parse(&config, "plimsoll.toml").unwrap();
        let analytics = analytic::load_from(&definitions, &config.analytics, &[]).unwrap();
        let setup = Setup::new(
            config,
            analytics,
            Time::parse("2027-01-01T00:00:00Z").unwrap(),
        );
        let store = new_store(folder.path());
        let learnt = write(&folder.path().join("learnt"), [estate().learnt()]);
        train(&setup, &store, learnt);
        let generation = Arc::new(store.load_generation().unwrap());
        let events = events_of(
            &setup,
            write(&folder.path().join("scored"), [estate().scored()]),
        );
        World {
            setup,
            generation,
            events,
        }
    })
}

/// What was told, without what depends on when it was asked.
type Told = BTreeMap<String, Vec<serde_json::Value>>;

fn note(told: &mut Told, alert: &Alert) {
    let mut document = serde_json::to_value(alert).unwrap();
    document.as_object_mut().unwrap().remove("digest");
    if alert.status != Status::Closed {
        document.as_object_mut().unwrap().remove("incident_id");
    }
    told.entry(alert.alert_id.clone())
        .or_default()
        .push(document);
}

/// Scores the events as they arrive, in looks.
fn live(seed: u64, n_looks: usize, lateness_secs: i64) -> Vec<Alert> {
    let World {
        setup,
        generation,
        events,
    } = world();
    let mut dice = Dice(seed);
    let mut arrivals: Vec<(Time, &Event)> = events
        .iter()
        .map(|event| {
            let delay = dice.below(lateness_secs as usize) as i64;
            (event.time.plus_secs(delay), event)
        })
        .collect();
    arrivals.sort_by_key(|(at, _)| *at);
    let mut scorer = Scorer::new(setup, generation.clone(), OPTIONS);
    let mut told = Vec::new();
    for piece in arrivals.chunks(arrivals.len().div_ceil(n_looks)) {
        for (_, event) in piece {
            scorer.add((*event).clone()).unwrap();
        }
        let known_until = piece.last().unwrap().0.plus_secs(-LATENESS_SECS);
        told.extend(scorer.advance(Some(known_until)).unwrap());
        if dice.below(3) == 0 {
            let bytes = scorer.snapshot().unwrap();
            scorer = Scorer::restore(setup, generation.clone(), OPTIONS, &bytes).unwrap();
        }
    }
    for day in scorer.days() {
        told.extend(scorer.conclude_day(day).unwrap());
    }
    told
}

fn closed(alerts: &[Alert]) -> Told {
    let mut told = Told::new();
    let closed = alerts.iter().filter(|alert| alert.status == Status::Closed);
    closed.for_each(|alert| note(&mut told, alert));
    told
}

fn all(alerts: &[Alert]) -> Told {
    let mut told = Told::new();
    alerts.iter().for_each(|alert| note(&mut told, alert));
    told
}

/// Returns what the episodes of an analytic came to.
fn of<'a>(alerts: &'a [Alert], analytic: &str) -> Vec<&'a Alert> {
    let is_its = |alert: &&Alert| alert.analytic == analytic && alert.status == Status::Closed;
    alerts.iter().filter(is_its).collect()
}

#[test]
fn the_narrower_tells_it_and_names_the_other_and_hides_nothing_else() {
    let alerts = live(1, 40, 1);
    let (own, built_in) = (of(&alerts, OWN), of(&alerts, BUILT_IN));
    assert!(own.len() > 3 && built_in.len() > 3);
    for alert in &own {
        let also: Vec<&str> = alert.also.iter().map(|also| &*also.analytic).collect();
        assert_eq!(also, [BUILT_IN], "{} {}", alert.entity.id, alert.score);
        let other = &alert.also[0].alert_id;
        assert!(built_in.iter().all(|told| told.alert_id != *other), "twice");
    }
    // Below the threshold of the narrower one, the other tells it.
    for alert in &built_in {
        assert!(alert.also.is_empty());
        assert!(
            alert.score < OWN_FROM,
            "{} {}",
            alert.entity.id,
            alert.score
        );
    }
    // What was told before the narrower one reached its threshold is no alert of its own afterwards, and keeps its incident.
    let is_before = |alert: &&Alert| {
        let id = &alert.alert_id;
        alert.status == Status::New && own.iter().any(|told| told.also[0].alert_id == **id)
    };
    let before: Vec<&Alert> = alerts.iter().filter(is_before).collect();
    assert!(!before.is_empty(), "none crossed first");
    for reversed in [false, true] {
        let mut joiner = Joiner::default();
        let mut order: Vec<&Alert> = alerts.iter().collect();
        if reversed {
            order.reverse();
        }
        order.iter().for_each(|alert| joiner.add(alert));
        let listed: Vec<String> = joiner
            .groups()
            .iter()
            .flat_map(|g| g.alerts.clone())
            .collect();
        for alert in &before {
            assert!(!listed.contains(&alert.alert_id));
            let teller = own
                .iter()
                .find(|told| told.also[0].alert_id == alert.alert_id);
            let incident = joiner.id_of(&alert.alert_id).map(str::to_owned);
            assert!(incident.is_some());
            assert_eq!(incident.as_deref(), joiner.id_of(&teller.unwrap().alert_id));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, failure_persistence: None, ..ProptestConfig::default() })]
    /// Cut anywhere: the same documents on the way and at the end. In another order: the same at the end.
    #[test]
    fn law_3_alike_analytics_tell_the_same_live_and_in_batch(seed: u64, n_looks in 2..30usize) {
        let batch = live(seed, 1, 1);
        prop_assert!(all(&live(seed, n_looks, 1)) == all(&batch));
        prop_assert!(closed(&live(seed, n_looks, LATENESS_SECS)) == closed(&batch));
    }
}
