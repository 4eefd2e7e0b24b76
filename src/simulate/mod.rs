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

mod abroad;
mod acts;
mod agent;
mod attack;
mod birth;
mod cast;
mod cloudtrail;
mod configure;
mod decoy;
mod estate;
mod fate;
mod flow;
mod intruder;
mod label;
mod mishap;
mod newrole;
mod oddity;
mod people;
mod persona;
mod probe;
mod random;
mod regular;
mod repertoire;
mod restate;
mod rows;
mod run;
mod settings;
mod surroundings;
mod sweep;
mod trail;
mod work;
mod workload;
mod world;

use std::fs;
use std::path::Path;

pub use abroad::Format;
pub use attack::{Class, Grade};
pub use label::Label;
pub use oddity::{Cause, Oddity};
pub use repertoire::Repertoire;

use crate::error::{Error, Result};
use crate::time::Day;

use abroad::{Abroad, Sheets, Written};
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
    pub repertoire: Repertoire,
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
    /// Whether `deeds.jsonl` is written: what every record says, in normalised words.
    pub deeds: bool,
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
            repertoire: Repertoire::Core,
            decoys: true,
            scale: 1.0,
            opaque_tokens: false,
            gzip_level: 9,
            formats: Format::AWS.to_vec(),
            deeds: false,
        }
    }
}

/// Returns the provider in whose logs an attack of a class, as labels name it, is seen.
pub fn provider_of(class: &str) -> Option<&'static str> {
    match Class::of_name(class) {
        Some(_) => Some("aws"),
        None => abroad::provider_of(class),
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
    pub oddities: u64,
}

impl Summary {
    fn add(&mut self, written: Written) {
        self.records += written.records;
        self.flows += written.flows;
        self.bytes += written.bytes;
        self.bytes_plain += written.bytes_plain;
    }
}

/// The five AWS accounts, and what is planned there.
struct Home {
    world: World,
    attacks: Vec<attack::Attack>,
    decoys: Vec<decoy::Planned>,
}

/// A day of theirs.
struct HomeDay {
    trail: Trail,
    labels: Vec<Label>,
    decoys: Vec<Label>,
}

impl Home {
    /// Founds the accounts; attacks and decoys happen from the first to the last day of `span`.
    fn found(options: &Options, span: Option<(Day, Day)>) -> Self {
        let (seed, start) = (options.seed, options.start);
        let buckets = estate::buckets(seed, options.identities, start, options.days);
        let cast = cast::cast(
            seed,
            options.identities,
            start,
            options.days,
            &buckets,
            options.repertoire,
        );
        let world = World {
            seed,
            start,
            scale: options.scale,
            buckets,
            cast,
        };
        let attacks = span.map_or_else(Vec::new, |span| {
            attack::plan(
                &world,
                span,
                options.attack_rounds,
                &options.grades,
                options.repertoire,
            )
        });
        let decoys = span
            .filter(|_| options.decoys)
            .map_or_else(Vec::new, |span| decoy::plan(span, options.repertoire));
        Self {
            world,
            attacks,
            decoys,
        }
    }

    /// Lives a day.
    fn day(&self, options: &Options, day: Day, number: u32) -> HomeDay {
        let world = &self.world;
        let ids = Rng::of(world.seed, &[0x1d5, u64::from(number)]);
        let mut trail = Trail::new(ids, options.opaque_tokens);
        if options.deeds || options.formats.iter().any(|format| format.restates()) {
            trail.listen();
        }
        surroundings::surroundings(world, day, &mut trail);
        for who in &world.cast {
            work::live(world, who, day, &mut trail);
        }
        let labels = (self.attacks.iter())
            .filter(|a| a.day == day)
            .filter_map(|a| a.run(world, &mut trail))
            .collect();
        let decoys = (self.decoys.iter())
            .filter(|d| d.is_on(day))
            .filter_map(|d| d.run(world, day, &mut trail))
            .collect();
        HomeDay {
            trail,
            labels,
            decoys,
        }
    }
}

/// Writes an estate under `out`: `AWSLogs/…` and a folder for every other cloud, `labels.jsonl`, `decoys.jsonl`,
/// `oddities.jsonl` and `plimsoll.toml`; with [`Options::deeds`] also `deeds.jsonl`.
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
    let home = (options.formats.iter().any(|format| format.is_of_aws()))
        .then(|| Home::found(options, span));
    let abroad = (options.formats.iter().any(|format| !format.is_of_aws()))
        .then(|| Abroad::found(options, span));

    let failed = |e| Error::failed(format!("cannot make `{}`", out.display())).cause(e);
    fs::create_dir_all(out).map_err(failed)?;
    if options.deeds {
        fs::write(out.join("deeds.jsonl"), "").map_err(failed)?;
    }
    let mut summary = Summary::default();
    let (mut labels, mut notes, mut oddities) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..options.days {
        let day = start.plus(number as i32);
        let ids = Rng::of(seed, &[0xab0, 0x1d5, u64::from(number)]);
        let mut sheets = Sheets::new(ids, options.deeds);
        if let Some(home) = &home {
            let mut trail = home.day(options, day, number);
            restate::write(&trail.trail, &options.formats, &mut sheets);
            labels.extend(trail.labels);
            notes.extend(trail.decoys);
            oddities.extend(trail.trail.take_oddities());
            summary.add(
                trail
                    .trail
                    .write(day, out, options.gzip_level, &options.formats)?,
            );
        }
        if let Some(abroad) = &abroad {
            let told = abroad.day(day, &mut sheets);
            labels.extend(told.labels);
            notes.extend(told.decoys);
            oddities.extend(told.oddities);
        }
        summary.add(sheets.write(out, options.gzip_level)?);
        progress(u64::from(number) + 1);
    }
    for list in [&mut labels, &mut notes] {
        list.sort_by(|a: &Label, b: &Label| (&a.start, &a.identity).cmp(&(&b.start, &b.identity)));
    }
    label::write(&out.join("labels.jsonl"), &labels)?;
    label::write(&out.join("decoys.jsonl"), &notes)?;
    label::write(&out.join("oddities.jsonl"), &oddities)?;
    let path = out.join("plimsoll.toml");
    let (cast, buckets) = home.as_ref().map_or((&[][..], &[][..]), |home| {
        (&home.world.cast, &home.world.buckets)
    });
    let mut text = settings::text(cast, buckets, abroad.is_some());
    if abroad.is_some() {
        text.push_str(abroad::SETTINGS);
    }
    fs::write(&path, text)
        .map_err(|e| Error::failed(format!("cannot write `{}`", path.display())).cause(e))?;
    summary.identities = (cast.len() + abroad.as_ref().map_or(0, Abroad::identities)) as u64;
    summary.attacks = labels.len() as u64;
    summary.decoys = notes.len() as u64;
    summary.oddities = oddities.len() as u64;
    Ok(summary)
}

#[cfg(test)]
mod tests;
