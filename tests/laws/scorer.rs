//! Law 3 of the scorer itself: however events come, it tells the same, document by document.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use plimsoll::alert::Alert;
use plimsoll::baseline::Generation;
use plimsoll::engine::{Added, Scorer};
use plimsoll::event::Event;
use plimsoll::stats::Severity;
use plimsoll::time::Time;
use proptest::prelude::*;

use crate::estate::{Dice, estate, write};
use crate::published::{SCORE, events_of, new_store, train};

/// How late an event may come, in seconds.
const LATENESS_SECS: i64 = 900;

/// What was told: the documents of each episode in order, without the number of the generation.
type Told = BTreeMap<String, Vec<serde_json::Value>>;

fn tell(told: &mut Told, alert: &Alert) {
    let mut document = serde_json::to_value(alert).unwrap();
    for volatile in ["generation", "digest"] {
        document.as_object_mut().unwrap().remove(volatile);
    }
    // Of an episode that goes on, its incident is what is known so far.
    if document["status"] != "closed" {
        document.as_object_mut().unwrap().remove("incident_id");
    }
    let of_episode = told.entry(alert.alert_id.clone()).or_default();
    let is_closed = |document: &serde_json::Value| document["status"] == "closed";
    assert!(
        !of_episode.iter().any(is_closed),
        "told after it was closed: {alert:?}"
    );
    of_episode.push(document);
}

/// What each episode came to.
fn closed(told: &Told) -> Told {
    let last = told.iter().map(|(id, documents)| {
        let last = documents.last().unwrap();
        assert_eq!(last["status"], "closed", "{last}");
        (id.clone(), vec![last.clone()])
    });
    last.collect()
}

/// A generation that knows the estate, the events of the days after it, and a generation that knows less.
fn world() -> &'static (Arc<Generation>, Vec<Event>, Arc<Generation>) {
    static WORLD: OnceLock<(Arc<Generation>, Vec<Event>, Arc<Generation>)> = OnceLock::new();
    WORLD.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let store = new_store(folder.path());
        let setup = &estate().setup;
        let before = estate().between(estate().first.start(), estate().split().plus(-2).start());
        train(
            setup,
            &store,
            write(&folder.path().join("before"), [before]),
        );
        let lesser = Arc::new(store.load_generation().unwrap());
        let learnt = write(&folder.path().join("learnt"), [estate().learnt()]);
        train(setup, &store, learnt);
        let events = events_of(
            setup,
            write(&folder.path().join("scored"), [estate().scored()]),
        );
        (Arc::new(store.load_generation().unwrap()), events, lesser)
    })
}

fn scorer(generation: &Arc<Generation>) -> Scorer<'static> {
    Scorer::new(&estate().setup, generation.clone(), SCORE)
}

fn batch(events: &[Event]) -> Told {
    let mut scorer = scorer(&world().0);
    for event in events {
        assert_eq!(scorer.add(event.clone()).unwrap(), Added::New);
    }
    let mut told = Told::new();
    for day in scorer.days() {
        let news = scorer.advance_day(day, None).unwrap();
        let whole = scorer.conclude_day(day).unwrap();
        news.iter()
            .chain(&whole)
            .for_each(|alert| tell(&mut told, alert));
    }
    told
}

/// Returns the scorer that goes on from a snapshot.
fn restored(scorer: &Scorer<'_>) -> Scorer<'static> {
    let bytes = scorer.snapshot().unwrap();
    let setup = &estate().setup;
    Scorer::restore(setup, scorer.generation().clone(), SCORE, &bytes).unwrap()
}

#[test]
fn law_3_a_scorer_is_restored_from_a_snapshot_at_each_event() {
    let events = &world().1;
    // The events of a few of those that alert, so that there are few.
    let told = batch(events);
    let names: Vec<&str> = told
        .values()
        .filter_map(|documents| documents[0]["entity"]["id"].as_str())
        .take(4)
        .collect();
    let resolver = estate().setup.resolver();
    let is_of_them = |event: &&Event| {
        let mut event = (*event).clone();
        let resolved = resolver.resolve(&mut event);
        resolved
            .entities()
            .any(|entity| names.contains(&&*entity.id))
    };
    let few: Vec<Event> = events
        .iter()
        .filter(is_of_them)
        .take(250)
        .cloned()
        .collect();
    let expected = batch(&few);
    assert!(!expected.is_empty());
    let mut scorer = scorer(&world().0);
    let mut told = Told::new();
    for event in few {
        scorer.add(event).unwrap();
        for alert in scorer.advance(None).unwrap() {
            tell(&mut told, &alert);
        }
        scorer = restored(&scorer);
        assert!(
            scorer.advance(None).unwrap().is_empty(),
            "nothing is told again"
        );
    }
    for day in scorer.days() {
        for alert in scorer.conclude_day(day).unwrap() {
            tell(&mut told, &alert);
        }
        scorer = restored(&scorer);
        assert!(scorer.conclude_day(day).unwrap().is_empty(), "closed once");
    }
    assert!(told == expected, "{:#?}", differences(&told, &expected));
}

/// Scores the events as they arrive, each less than some time late, in looks; between two of them the second generation replaces the first.
fn live(
    seed: u64,
    n_looks: usize,
    lateness_secs: i64,
    [first, second]: [&Arc<Generation>; 2],
    has_restarts: bool,
) -> Told {
    let mut dice = Dice(seed);
    let mut arrivals: Vec<(Time, &Event)> = world()
        .1
        .iter()
        .map(|event| {
            let delay = dice.below(lateness_secs as usize) as i64;
            (event.time.plus_secs(delay), event)
        })
        .collect();
    arrivals.sort_by_key(|(at, _)| *at);
    let swapped_at = dice.below(n_looks);
    let mut scorer = scorer(first);
    let mut told = Told::new();
    let size = arrivals.len().div_ceil(n_looks);
    for (look, piece) in arrivals.chunks(size).enumerate() {
        for (_, event) in piece {
            assert_eq!(scorer.add((*event).clone()).unwrap(), Added::New);
        }
        if look == swapped_at {
            scorer.replace_generation(second.clone());
        }
        let known_until = piece.last().unwrap().0.plus_secs(-LATENESS_SECS);
        for alert in scorer.advance(Some(known_until)).unwrap() {
            tell(&mut told, &alert);
        }
        for day in scorer.days() {
            if day.end() <= known_until && !scorer.is_complete(day) {
                for alert in scorer.conclude_day(day).unwrap() {
                    tell(&mut told, &alert);
                }
                scorer.complete(day);
            }
        }
        if dice.below(3) == 0 && has_restarts {
            scorer = restored(&scorer);
        }
    }
    for day in scorer.days() {
        for alert in scorer.conclude_day(day).unwrap() {
            tell(&mut told, &alert);
        }
    }
    told
}

fn differences(told: &Told, expected: &Told) -> Vec<(String, String)> {
    let keys = told.keys().chain(expected.keys());
    keys.filter(|key| told.get(*key) != expected.get(*key))
        .map(|key| {
            let shown = |told: &Told| format!("{:?}", told.get(key));
            (shown(told), shown(expected))
        })
        .take(2)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]
    /// Cut anywhere, with any number of restarts: the same documents, of all that there is to tell on the way and at the end.
    #[test]
    fn law_3_live_is_batch(seed: u64, n_looks in 2..30usize) {
        let (generation, events, _) = world();
        let told = live(seed, n_looks, 1, [generation, generation], true);
        let expected = batch(events);
        prop_assert!(told == expected, "{:#?}", differences(&told, &expected));
    }

    /// In another order, too, each episode comes to the same, byte for byte; on the way there an alert knows only what has come.
    #[test]
    fn law_3_live_is_batch_in_any_order_within_the_lateness(seed: u64, n_looks in 2..30usize) {
        let (generation, events, _) = world();
        let told = closed(&live(seed, n_looks, LATENESS_SECS, [generation, generation], true));
        let expected = closed(&batch(events));
        prop_assert!(told == expected, "{:#?}", differences(&told, &expected));
    }

    /// A generation is swapped in at some look; restarts before and after it change nothing.
    #[test]
    fn law_3_restarts_change_nothing_when_a_generation_is_swapped_in(seed: u64, n_looks in 2..30usize) {
        let (generation, _, lesser) = world();
        let [without, with] = [false, true].map(|restarts| live(seed, n_looks, LATENESS_SECS, [lesser, generation], restarts));
        prop_assert!(with == without, "{:#?}", differences(&with, &without));
    }

    /// Days that come one after the other in any order are judged as in batch, as long as their events are kept. What a day
    /// told before the days before it came may be more than in batch, and never less.
    #[test]
    fn law_3_days_may_come_in_any_order(seed: u64) {
        let (generation, events, _) = world();
        let mut dice = Dice(seed);
        let mut days: BTreeMap<_, Vec<&Event>> = BTreeMap::new();
        for event in events {
            days.entry(event.time.day()).or_default().push(event);
        }
        let mut order: Vec<_> = days.keys().copied().collect();
        for at in (1..order.len()).rev() {
            order.swap(at, dice.below(at + 1));
        }
        let mut scorer = scorer(generation);
        let mut told: BTreeMap<String, Severity> = BTreeMap::new();
        for day in order {
            for event in &days[&day] {
                prop_assert_eq!(scorer.add((*event).clone()).unwrap(), Added::New);
            }
            for day in scorer.days() {
                for alert in scorer.conclude_day(day).unwrap() {
                    let before = told.insert(alert.alert_id.clone(), alert.severity);
                    prop_assert_eq!(alert.revision > 0, before.is_some(), "{:?}", alert);
                }
                scorer.complete(day);
            }
        }
        for (id, documents) in closed(&batch(events)) {
            let severity: Severity = serde_json::from_value(documents[0]["severity"].clone()).unwrap();
            prop_assert!(told.get(&id) >= Some(&severity), "{:?}", documents);
        }
    }
}
