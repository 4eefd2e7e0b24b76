//! A simulation, day by day.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::error::{Error, Result};
use crate::simulate::activity::aws::estate::AwsEstate;
use crate::simulate::activity::other_providers::estate::OtherEstate;
use crate::simulate::model::aws::attack_class::AttackClass;
use crate::simulate::model::label::Label;
use crate::simulate::model::other_providers::attack_class::ProviderAttackClass;
use crate::simulate::model::random::Rng;
use crate::simulate::model::trap::Trap;
use crate::simulate::options::Options;
use crate::simulate::summary::Summary;
use crate::simulate::writers::convert::dispatch::write_conversions;
use crate::simulate::writers::day_files::DayFiles;
use crate::simulate::writers::json_lines::write_json_lines;
use crate::simulate::writers::settings::settings_text;

/// Returns the provider in whose logs an attack of a class, as labels name it, is seen.
pub fn provider_of(class: &str) -> Option<&'static str> {
    match AttackClass::of_name(class) {
        Some(_) => Some("aws"),
        None => ProviderAttackClass::provider_of(class),
    }
}

/// The folder of an estate that its logs lie in.
pub const LOGS: &str = "logs";

/// Writes an estate under `out`: `logs` with a folder for every provider, and beside it `labels.jsonl`, `decoys.jsonl`,
/// `oddities.jsonl` and `plimsoll.toml`; with [`Options::traps`] also `traps.jsonl`; with [`Options::expected_events`] also `expected-events.jsonl`.
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
        .then(|| AwsEstate::new(options, span));
    let other_providers = (options.formats.iter().any(|format| !format.is_of_aws()))
        .then(|| OtherEstate::new(options, span));

    let failed = |e| Error::failed(format!("cannot make `{}`", out.display())).cause(e);
    fs::create_dir_all(out).map_err(failed)?;
    if options.expected_events {
        fs::write(out.join("expected-events.jsonl"), "").map_err(failed)?;
    }
    let mut summary = Summary::default();
    let (mut labels, mut notes, mut anomalies) = (Vec::new(), Vec::new(), Vec::new());
    let mut traps: Vec<Trap> = Vec::new();
    for number in 0..options.days {
        let day = start.plus(number as i32);
        let ids = Rng::of(seed, &[0xab0, 0x1d5, u64::from(number)]);
        let mut files = DayFiles::new(ids, options.expected_events);
        if let Some(aws) = &aws {
            let mut trail = aws.day(options, day, number);
            write_conversions(&trail.trail, &options.formats, &mut files);
            labels.extend(trail.labels);
            notes.extend(trail.decoys);
            traps.extend(trail.traps);
            anomalies.extend(trail.trail.anomalies.take_anomalies());
            summary.add(trail.trail.write(
                day,
                &out.join(LOGS),
                options.gzip_level,
                &options.formats,
            )?);
        }
        if let Some(other_providers) = &other_providers {
            let expected = other_providers.day(day, &mut files);
            labels.extend(expected.labels);
            notes.extend(expected.decoys);
            traps.extend(expected.traps);
            anomalies.extend(expected.anomalies);
        }
        summary.add(files.write(out, &out.join(LOGS), options)?);
        progress(u64::from(number) + 1);
    }
    for list in [&mut labels, &mut notes] {
        list.sort_by(|a: &Label, b: &Label| (&a.start, &a.identity).cmp(&(&b.start, &b.identity)));
    }
    write_json_lines(&out.join("labels.jsonl"), &labels)?;
    write_json_lines(&out.join("decoys.jsonl"), &notes)?;
    write_json_lines(&out.join("oddities.jsonl"), &anomalies)?;
    if options.traps {
        write_json_lines(&out.join("traps.jsonl"), &traps)?;
    }
    let path = out.join("plimsoll.toml");
    let (population, buckets) = aws.as_ref().map_or((&[][..], &[][..]), |aws| {
        (&aws.world.population, &aws.world.buckets)
    });
    let text = settings_text(population, buckets, other_providers.is_some());
    fs::write(&path, text)
        .map_err(|e| Error::failed(format!("cannot write `{}`", path.display())).cause(e))?;
    summary.identities =
        (population.len() + other_providers.as_ref().map_or(0, OtherEstate::identities)) as u64;
    summary.attacks = labels.len() as u64;
    summary.decoys = notes.len() as u64;
    let instances: BTreeSet<&str> = traps.iter().map(|trap| &*trap.instance).collect();
    summary.traps = instances.len() as u64;
    summary.anomalies = anomalies.len() as u64;
    Ok(summary)
}
