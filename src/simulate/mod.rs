//! A labelled estate in native log formats: five AWS accounts at work, the same company in other clouds, and attacks among
//! them.
//!
//! Three lists say what happened: attacks (labels), innocent look-alikes (decoys), and what honest identities did out of
//! the ordinary (oddities), so that every alert can be told right or wrong, and every wrong one has its cause.
//!
//! It answers how well detections do where the truth is known. Records are written as AWS writes them, and no code is
//! shared with `sources`, so that a format misread there is not misread here too. Everything follows from the seed: the
//! same options give the same bytes. A day is generated at a time, so memory does not grow with the number of days.
//!
//! Its weakness is that of every simulation: it holds the oddities that its authors thought of.

mod anomaly;
mod attack;
mod attack_set;
mod cloudtrail;
mod configure;
mod convert;
mod core_attacks;
mod creation;
mod decoy;
mod environment;
mod estate;
mod flow;
mod further_attacks;
mod incident;
mod label;
mod lifecycle;
mod new_identity;
mod new_role;
mod other_providers;
mod parquet;
mod people;
mod population;
mod profile;
mod random;
mod routine;
mod run;
mod scans;
mod settings;
mod trail;
mod user_agent;
mod work;
mod workload;
mod world;

use std::fs;
use std::path::Path;

pub use anomaly::{BenignAnomaly, Cause};
pub use attack::{AttackClass, Grade};
pub use attack_set::AttackSet;
pub use label::Label;
pub use other_providers::Format;

use crate::error::{Error, Result};
use crate::time::Day;

use other_providers::{DayFiles, OtherEstate, WriteStats};
use random::Rng;
use trail::Trail;
use world::World;

/// What is to be simulated.
#[derive(Debug, Clone)]
pub struct Options {
    /// Everything follows from it.
    pub seed: u64,
    /// How many days, at least 1.
    pub days: u32,
    /// How many identities there are at the start, at least 1; small estates are filled up to one of each kind.
    pub identities: u32,
    /// The first day.
    pub start: Day,
    /// Attacks and decoys happen only from this day on, counted from 0; a number beyond the last day means none.
    pub attack_days_from: u32,
    /// How often every class of attack is planted in each of the grades.
    pub attack_rounds: u32,
    /// The grades in which attacks are planted.
    pub grades: Vec<Grade>,
    /// Which attacks and decoys there are in AWS.
    pub attack_set: AttackSet,
    /// Whether there are innocent look-alikes, from the same day on as attacks.
    pub decoys: bool,
    /// A factor on the volumes of honest work.
    pub scale: f64,
    /// Whether opaque tokens such as `x-amz-id-2` are written. They double the compressed size and say nothing.
    pub opaque_tokens: bool,
    /// The effort of compression, 1 to 9.
    pub gzip_level: u32,
    /// The log formats that are written.
    pub formats: Vec<Format>,
    /// Whether `expected-events.jsonl` is written: what every record says, in normalised words.
    pub expected_events: bool,
}

impl Default for Options {
    /// Three weeks of 120 identities from Monday, 2026-02-23, of which the last is attacked.
    fn default() -> Self {
        Self {
            seed: 1,
            days: 21,
            identities: 120,
            start: Day(20_507),
            attack_days_from: 14,
            attack_rounds: 1,
            grades: Grade::ALL.to_vec(),
            attack_set: AttackSet::Core,
            decoys: true,
            scale: 1.0,
            opaque_tokens: false,
            gzip_level: 9,
            formats: Format::AWS.to_vec(),
            expected_events: false,
        }
    }
}

/// Returns the provider in whose logs an attack of a class, as labels name it, is seen.
pub fn provider_of(class: &str) -> Option<&'static str> {
    match AttackClass::of_name(class) {
        Some(_) => Some("aws"),
        None => other_providers::provider_of(class),
    }
}

/// What a simulation came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Audit records.
    pub records: u64,
    /// Flow log lines.
    pub flows: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Bytes before compression.
    pub bytes_plain: u64,
    /// Identities that work here at some time.
    pub identities: u64,
    /// Attacks planted.
    pub attacks: u64,
    /// Decoys noted.
    pub decoys: u64,
    /// Honest oddities noted.
    pub anomalies: u64,
}

impl Summary {
    fn add(&mut self, written: WriteStats) {
        self.records += written.records;
        self.flows += written.flows;
        self.bytes += written.bytes;
        self.bytes_plain += written.bytes_plain;
    }
}

/// The five AWS accounts, and what is planned there.
struct AwsEstate {
    world: World,
    attacks: Vec<attack::Attack>,
    decoys: Vec<decoy::Planned>,
}

/// A day of theirs.
struct AwsDay {
    trail: Trail,
    labels: Vec<Label>,
    decoys: Vec<Label>,
}

impl AwsEstate {
    /// Founds the accounts; attacks and decoys happen from the first to the last day of `span`.
    fn found(options: &Options, span: Option<(Day, Day)>) -> Self {
        let (seed, start) = (options.seed, options.start);
        let buckets = estate::buckets(seed, options.identities, start, options.days);
        let population = population::population(
            seed,
            options.identities,
            start,
            options.days,
            &buckets,
            options.attack_set,
        );
        let world = World {
            seed,
            start,
            scale: options.scale,
            buckets,
            population,
        };
        let attacks = span.map_or_else(Vec::new, |span| {
            attack::plan(
                &world,
                span,
                options.attack_rounds,
                &options.grades,
                options.attack_set,
            )
        });
        let decoys = span
            .filter(|_| options.decoys)
            .map_or_else(Vec::new, |span| decoy::plan(span, options.attack_set));
        Self {
            world,
            attacks,
            decoys,
        }
    }

    /// Lives a day.
    fn day(&self, options: &Options, day: Day, number: u32) -> AwsDay {
        let world = &self.world;
        let ids = Rng::of(world.seed, &[0x1d5, u64::from(number)]);
        let mut trail = Trail::new(ids, options.opaque_tokens);
        if options.expected_events || options.formats.iter().any(|format| format.is_converted()) {
            trail.track_records();
        }
        environment::write_environment(world, day, &mut trail);
        for who in &world.population {
            work::write_day(world, who, day, &mut trail);
        }
        let labels = (self.attacks.iter())
            .filter(|a| a.day == day)
            .filter_map(|a| a.run(world, &mut trail))
            .collect();
        let decoys = (self.decoys.iter())
            .filter(|d| d.is_on(day))
            .filter_map(|d| d.run(world, day, &mut trail))
            .collect();
        AwsDay {
            trail,
            labels,
            decoys,
        }
    }
}

/// Writes an estate under `out`: `AWSLogs/…` and a folder for every other cloud, `labels.jsonl`, `decoys.jsonl`,
/// `oddities.jsonl` and `plimsoll.toml`; with [`Options::expected_events`] also `expected-events.jsonl`.
///
/// `progress` is called with the number of days done after each.
///
/// # Errors
///
/// Options out of range are the user's fault; a file that cannot be written is a failure.
pub fn simulate(options: &Options, out: &Path, progress: &mut dyn FnMut(u64)) -> Result<Summary> {
    if options.days == 0 || options.days > 3_660 {
        return Err(
            Error::usage(format!("cannot simulate {} days", options.days))
                .hint("give 1 to 3660 days"),
        );
    }
    if options.identities == 0 || options.identities > 100_000 {
        return Err(
            Error::usage(format!("cannot simulate {} identities", options.identities))
                .hint("give 1 to 100000 identities"),
        );
    }
    if !(options.scale > 0.0 && options.scale <= 1_000.0) {
        return Err(Error::usage(
            "the scale must lie above 0 and be at most 1000",
        ));
    }
    let (seed, start) = (options.seed, options.start);
    let last = start.plus(options.days as i32 - 1);
    let span = (options.attack_days_from < options.days)
        .then(|| (start.plus(options.attack_days_from as i32), last));
    let aws = (options.formats.iter().any(|format| format.is_of_aws()))
        .then(|| AwsEstate::found(options, span));
    let other_providers = (options.formats.iter().any(|format| !format.is_of_aws()))
        .then(|| OtherEstate::found(options, span));

    let failed = |e| Error::failed(format!("cannot make `{}`", out.display())).cause(e);
    fs::create_dir_all(out).map_err(failed)?;
    if options.expected_events {
        fs::write(out.join("expected-events.jsonl"), "").map_err(failed)?;
    }
    let mut summary = Summary::default();
    let (mut labels, mut notes, mut anomalies) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..options.days {
        let day = start.plus(number as i32);
        let ids = Rng::of(seed, &[0xab0, 0x1d5, u64::from(number)]);
        let mut files = DayFiles::new(ids, options.expected_events);
        if let Some(aws) = &aws {
            let mut trail = aws.day(options, day, number);
            convert::write(&trail.trail, &options.formats, &mut files);
            labels.extend(trail.labels);
            notes.extend(trail.decoys);
            anomalies.extend(trail.trail.take_anomalies());
            summary.add(
                trail
                    .trail
                    .write(day, out, options.gzip_level, &options.formats)?,
            );
        }
        if let Some(other_providers) = &other_providers {
            let expected = other_providers.day(day, &mut files);
            labels.extend(expected.labels);
            notes.extend(expected.decoys);
            anomalies.extend(expected.anomalies);
        }
        summary.add(files.write(out, options.gzip_level)?);
        progress(u64::from(number) + 1);
    }
    for list in [&mut labels, &mut notes] {
        list.sort_by(|a: &Label, b: &Label| (&a.start, &a.identity).cmp(&(&b.start, &b.identity)));
    }
    label::write(&out.join("labels.jsonl"), &labels)?;
    label::write(&out.join("decoys.jsonl"), &notes)?;
    label::write(&out.join("oddities.jsonl"), &anomalies)?;
    let path = out.join("plimsoll.toml");
    let (population, buckets) = aws.as_ref().map_or((&[][..], &[][..]), |aws| {
        (&aws.world.population, &aws.world.buckets)
    });
    let mut text = settings::text(population, buckets, other_providers.is_some());
    if other_providers.is_some() {
        text.push_str(other_providers::SETTINGS);
    }
    fs::write(&path, text)
        .map_err(|e| Error::failed(format!("cannot write `{}`", path.display())).cause(e))?;
    summary.identities =
        (population.len() + other_providers.as_ref().map_or(0, OtherEstate::identities)) as u64;
    summary.attacks = labels.len() as u64;
    summary.decoys = notes.len() as u64;
    summary.anomalies = anomalies.len() as u64;
    Ok(summary)
}

#[cfg(test)]
mod tests;
