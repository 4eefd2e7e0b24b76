//! Handmade days of identities, passed directly to the learner: for tests that need thousands of identities or days.

use std::collections::BTreeMap;

use plimsoll::event::{IdentityKind, Provider};
use plimsoll::learn::Learner;
use plimsoll::measure::{DayAggregate, DayFacts};
use plimsoll::time::{Day, Window};
use plimsoll::vocab::{Entity, EntityKind, Metric};

/// The first day: a Monday.
pub fn first_day() -> Day {
    Day::parse("2026-03-02").unwrap()
}

pub fn identity(id: &str) -> Entity {
    Entity {
        kind: EntityKind::Identity,
        id: id.into(),
    }
}

/// A day of an identity: amounts by metric and second of the day.
pub fn facts(day: Day, kind: IdentityKind, amounts: &[(Metric, i64, u64)]) -> DayFacts {
    let mut facts = DayFacts::starting(day.start());
    facts.note_provider(Provider::Aws, Some(&"111122223333".into()));
    for &(metric, second, amount) in amounts {
        let at = day.start().plus_secs(second);
        facts.see(at, Some(kind));
        if metric.is_distinct() {
            for thing in 0..amount {
                let hash = (thing + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                facts.add_distinct(metric, Window::TEN_MINUTES, at, hash);
            }
        } else {
            facts.add_sum(metric, Window::TEN_MINUTES, at, amount);
        }
    }
    facts
}

/// Learns a complete day.
pub fn learn_day(learner: &mut Learner, day: Day, facts: &BTreeMap<Entity, DayFacts>) {
    let mut aggregate = DayAggregate::new(day);
    aggregate.last = Some(day.end().plus_secs(-1));
    learner.learn_day(&aggregate, facts);
}

/// A random number for a pair: the same pair gives the same number.
pub fn noise(a: u64, b: u64) -> f64 {
    let x = (a.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ b.wrapping_mul(0xD6E8_FEB8_6659_FD93))
        .wrapping_add(0x2545_F491_4F6C_DD1D)
        .wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 31)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 29)) >> 11) as f64 / (1u64 << 53) as f64
}

/// A nearly normally distributed number: mean 0, standard deviation 1.
pub fn normal(a: u64, b: u64) -> f64 {
    (0..12)
        .map(|part| noise(a.wrapping_mul(31) + part, b))
        .sum::<f64>()
        - 6.0
}
