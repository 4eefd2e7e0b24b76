//! The cost of a generation of many entities in the store.

use std::path::Path;
use std::time::Instant;

use plimsoll::baseline::{
    Baseline, CalibrationLog, Generation, KnownSet, MetricState, chain_of_identity,
};
use plimsoll::event::{IdentityKind, Provider};
use plimsoll::measure::value_hash;
use plimsoll::store::{Manifest, Role, Store};
use plimsoll::time::{Day, Window};
use plimsoll::vocab::{Entity, EntityKind, Metric, Str, Trait};

use crate::Result;
use crate::table::{least, median};

/// Metrics in which an ordinary identity is active.
const METRICS: [Metric; 6] = [
    Metric::ListCalls,
    Metric::BucketsListed,
    Metric::ReadCalls,
    Metric::ObjectsRead,
    Metric::BytesRead,
    Metric::WriteCalls,
];
/// Traits of an ordinary identity, with the number of known values of each.
const TRAITS: [(Trait, usize); 5] = [
    (Trait::Region, 2),
    (Trait::Network, 3),
    (Trait::UserAgent, 2),
    (Trait::Action, 10),
    (Trait::Bucket, 6),
];
/// Distinct values of a trait in the whole estate.
const VALUES: usize = 500;
/// How often each step is timed.
const ROUNDS: usize = 3;

/// Stores and loads a generation of so many entities; returns the cost as text.
pub fn measure(entities: u64) -> Result<String> {
    let generation = generation(entities)?;
    let (mut publish, mut open, mut read) = (Vec::new(), Vec::new(), Vec::new());
    let mut bytes = 0;
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let store = Store::at(folder.path());
        let lock = store.lock(Role::Learner)?;
        let start = Instant::now();
        let staged = store.stage_generation(&generation, &CalibrationLog::default())?;
        store.publish(&Manifest::new(1, staged.into_name(), Vec::new()), &lock)?;
        publish.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        let opened = store.load_generation()?;
        open.push(start.elapsed().as_secs_f64());
        let (start, mut found) = (Instant::now(), 0);
        opened.baselines.each(|_, _| found += 1)?;
        read.push(start.elapsed().as_secs_f64());
        if found != entities {
            return Err("not all that was stored came back".into());
        }
        bytes = size(folder.path())?;
    }
    let row = |what: &str, secs: &[f64]| {
        format!(
            "{what:<20} {:>9.3} {:>9.3} {:>12.0}",
            least(secs.iter().copied()),
            median(secs.iter().copied()),
            entities as f64 / median(secs.iter().copied()),
        )
    };
    Ok(format!(
        "{:<20} {:>9} {:>9} {:>12}\n{}\n{}\n{}\n{entities} entities, {:.1} MB on disk, {:.0} bytes each",
        "store",
        "min s",
        "median s",
        "entities/s",
        row("publish", &publish),
        row("open", &open),
        row("read all", &read),
        bytes as f64 / 1e6,
        bytes as f64 / entities.max(1) as f64,
    ))
}

fn generation(entities: u64) -> Result<Generation> {
    let as_of = Day::parse("2026-03-16").ok_or("no day")?;
    let mut generation = Generation::empty(as_of);
    generation.number = 1;
    let values: Vec<Vec<(u64, Str)>> = TRAITS
        .iter()
        .map(|(which, _)| {
            let value = |number| Str::from(format!("{which}-value-{number:04}"));
            (0..VALUES)
                .map(value)
                .map(|v| (value_hash(&v), v))
                .collect()
        })
        .collect();
    for number in 0..entities {
        let (entity, baseline) = one(number, as_of, &values);
        generation.baselines.insert(entity, baseline);
    }
    Ok(generation)
}

/// Creates an identity and its baseline, different for each number.
fn one(number: u64, as_of: Day, values: &[Vec<(u64, Str)>]) -> (Entity, Baseline) {
    let mixed = value_hash(&number.to_string());
    let account: Str = format!("{:012}", 111_111_111_111 + mixed % 50).into();
    let role: Str = format!("arn:aws:iam::{account}:role/team-{:03}", mixed % 700).into();
    let id: Str = format!("{role}/worker-{number:07}").into();
    // Fractions of a hash, so that no two stored numbers are equal.
    let fraction =
        |salt: usize| (mixed.rotate_left(salt as u32 * 7) >> 11) as f64 / (1u64 << 53) as f64;
    let mut metrics = Vec::new();
    for (i, metric) in METRICS.into_iter().enumerate() {
        for (j, window) in Window::STANDARD.into_iter().enumerate() {
            let salt = i * Window::STANDARD.len() + j;
            let state = MetricState {
                n: 20.0 + 100.0 * fraction(salt),
                mean: 1.0 + 8.0 * fraction(salt + 1),
                m2: 5.0 * fraction(salt + 2),
                active: 20.0 + 200.0 * fraction(salt + 3),
            };
            metrics.push(((metric, window), state));
        }
    }
    metrics.sort_by_key(|&(key, _)| key);
    let mut traits = Vec::new();
    for ((which, n), values) in TRAITS.iter().zip(values) {
        let mut known = KnownSet::default();
        for i in 0..*n {
            let (hash, value) = &values[(mixed as usize).wrapping_add(i * 37) % values.len()];
            known.see(*hash, value, as_of.plus(-1 - (i as i32)));
        }
        traits.push((*which, known));
    }
    traits.sort_by_key(|&(which, _)| which);
    let region: Str = "eu-central-1".into();
    let baseline = Baseline {
        first_day: as_of.plus(-28),
        last_day: as_of.plus(-1),
        n_events: 1_000 + mixed % 9_000,
        exposure: 20.0,
        active_days: 20,
        kind: IdentityKind::RoleSession,
        provider: Some(Provider::Aws),
        role: Some(role.clone()),
        account: Some(account.clone()),
        aliases: vec![format!("AROA{mixed:016X}").into()],
        unique_id: None,
        namesake: None,
        metrics,
        traits,
        novelty: Vec::new(),
        chain: chain_of_identity(
            None,
            Some(&role),
            Some((&account, &region)),
            Provider::Aws,
            IdentityKind::RoleSession,
        ),
        hours: (0..plimsoll::baseline::HOURS_OF_WEEK)
            .map(|hour| u8::from(hour % 24 > 8) * (mixed.rotate_left(hour as u32) % 5) as u8)
            .collect(),
        first_day_timeline: Vec::new(),
    };
    let entity = Entity {
        kind: EntityKind::Identity,
        id,
    };
    (entity, baseline)
}

fn size(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() {
            size(&entry.path())?
        } else {
            entry.metadata()?.len()
        };
    }
    Ok(bytes)
}
