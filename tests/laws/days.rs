//! Days of identities made by hand, straight to the learner: for what takes thousands of identities or of days.

use std::collections::BTreeMap;

use plimsoll::event::{IdentityKind, Provider};
use plimsoll::learn::Learner;
use plimsoll::measure::{DayAggregate, DayFacts};
use plimsoll::time::{Day, Window};
use plimsoll::vocab::{Entity, EntityKind, Metric};

/// The day on which everything begins: a Monday.
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

/// Learns a day that lasted until its end.
pub fn learn_day(learner: &mut Learner, day: Day, facts: &BTreeMap<Entity, DayFacts>) {
    let mut aggregate = DayAggregate::new(day);
    aggregate.last = Some(day.end().plus_secs(-1));
    learner.learn_day(&aggregate, facts);
}

/// Random numbers of a pair: the same for the same.
pub fn noise(a: u64, b: u64) -> f64 {
    let x = (a.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ b.wrapping_mul(0xD6E8_FEB8_6659_FD93))
        .wrapping_add(0x2545_F491_4F6C_DD1D)
        .wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 31)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 29)) >> 11) as f64 / (1u64 << 53) as f64
}

/// A number that is normally distributed, nearly: mean 0, standard deviation 1.
pub fn normal(a: u64, b: u64) -> f64 {
    (0..12)
        .map(|part| noise(a.wrapping_mul(31) + part, b))
        .sum::<f64>()
        - 6.0
}
