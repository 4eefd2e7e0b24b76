//! A labelled estate in native log formats: five AWS accounts at work, their audit and flow logs, and attacks among them.
//!
//! Three lists say what happened: attacks (labels), innocent look-alikes (decoys), and what honest identities did out of
//! the ordinary (oddities), so that every alert can be told right or wrong, and every wrong one has its cause.
//!
//! It answers how well detections do where the truth is known. Records are written as AWS writes them, and no code is
//! shared with `sources`, so that a format misread there is not misread here too. Everything follows from the seed: the
//! same options give the same bytes. A day is generated at a time, so memory does not grow with the number of days.
//!
//! Its weakness is that of every simulation: it holds the oddities that its authors thought of.

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
mod random;
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

pub use attack::{Class, Grade};
pub use label::Label;
pub use oddity::{Cause, Oddity};

use crate::error::{Error, Result};
use crate::time::Day;

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
    /// Whether there are innocent look-alikes, from the same day on as attacks.
    pub decoys: bool,
    /// A factor on the volumes of honest work.
    pub scale: f64,
    /// Whether opaque tokens such as `x-amz-id-2` are written. They double the compressed size and say nothing.
    pub opaque_tokens: bool,
    /// The effort of compression, 1 to 9.
    pub gzip_level: u32,
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
            decoys: true,
            scale: 1.0,
            opaque_tokens: false,
            gzip_level: 9,
        }
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

/// Writes an estate under `out`: `AWSLogs/…`, `labels.jsonl`, `decoys.jsonl`, `oddities.jsonl` and `plimsoll.toml`.
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
    let buckets = estate::buckets(seed, options.identities, start, options.days);
    let cast = cast::cast(seed, options.identities, start, options.days, &buckets);
    let world = World {
        seed,
        start,
        scale: options.scale,
        buckets,
        cast,
    };
    let last = start.plus(options.days as i32 - 1);
    let (attacks, decoys) = if options.attack_days_from < options.days {
        let span = (start.plus(options.attack_days_from as i32), last);
        let decoys = if options.decoys {
            decoy::plan(span)
        } else {
            Vec::new()
        };
        (
            attack::plan(&world, span, options.attack_rounds, &options.grades),
            decoys,
        )
    } else {
        Default::default()
    };

    let mut summary = Summary {
        identities: world.cast.len() as u64,
        ..Summary::default()
    };
    let (mut labels, mut notes, mut oddities) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..options.days {
        let day = start.plus(number as i32);
        let mut trail = Trail::new(
            Rng::of(seed, &[0x1d5, u64::from(number)]),
            options.opaque_tokens,
        );
        surroundings::surroundings(&world, day, &mut trail);
        for who in &world.cast {
            work::live(&world, who, day, &mut trail);
        }
        labels.extend(
            attacks
                .iter()
                .filter(|a| a.day == day)
                .filter_map(|a| a.run(&world, &mut trail)),
        );
        notes.extend(
            decoys
                .iter()
                .filter(|d| d.is_on(day))
                .filter_map(|d| d.run(&world, day, &mut trail)),
        );
        oddities.extend(trail.take_oddities());
        let written = trail.write(day, out, options.gzip_level)?;
        summary.records += written.records;
        summary.flows += written.flows;
        summary.bytes += written.bytes;
        summary.bytes_plain += written.bytes_plain;
        progress(u64::from(number) + 1);
    }
    for list in [&mut labels, &mut notes] {
        list.sort_by(|a: &Label, b: &Label| (&a.start, &a.identity).cmp(&(&b.start, &b.identity)));
    }
    fs::create_dir_all(out)
        .map_err(|e| Error::failed(format!("cannot make `{}`", out.display())).cause(e))?;
    label::write(&out.join("labels.jsonl"), &labels)?;
    label::write(&out.join("decoys.jsonl"), &notes)?;
    label::write(&out.join("oddities.jsonl"), &oddities)?;
    let path = out.join("plimsoll.toml");
    fs::write(&path, settings::text(&world.cast, &world.buckets))
        .map_err(|e| Error::failed(format!("cannot write `{}`", path.display())).cause(e))?;
    summary.attacks = labels.len() as u64;
    summary.decoys = notes.len() as u64;
    summary.oddities = oddities.len() as u64;
    Ok(summary)
}

#[cfg(test)]
mod tests;
