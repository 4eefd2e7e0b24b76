//! What a training came to: one document for programs, the same in lines for people.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use crate::engine::{Removed, TrainSummary};
use crate::report::bounds::{self, BoundReached};
use crate::report::coverage;
use crate::report::drift::{self, DriftDocument};
use crate::report::escape::Plain;
use crate::report::learning::{self, LogLearnt};
use crate::report::number::{count, noun};
use crate::report::paint::Paint;
use crate::report::silence::{self, SilentDocument};
use crate::report::summary::{
    DRIFTED_SHOWN, Read, SCHEMA, is_zero, line, objects, write_coverage, write_read,
};
use crate::report::tuning;

/// Returns the lines of a training, each with its end; with all details, or in short.
pub fn text(summary: &TrainSummary, is_verbose: bool, paint: Paint) -> String {
    let mut out = String::new();
    let _ = write_training(&mut out, summary, is_verbose, paint);
    if let Some(removed) = &summary.removed {
        let _ = write_removed(&mut out, removed, paint);
    }
    out
}

fn write_removed(out: &mut String, removed: &Removed, paint: Paint) -> std::fmt::Result {
    let alerts = noun(removed.alerts as u64, "alert", "alerts");
    let verdicts = noun(removed.verdicts as u64, "verdict", "verdicts");
    let text = format!(
        "{alerts} and {verdicts}: older than `keep_alerts`, which keeps alerts from {} on",
        removed.before
    );
    line(out, paint, "removed", &text)
}

fn write_training(
    out: &mut String,
    summary: &TrainSummary,
    is_verbose: bool,
    paint: Paint,
) -> std::fmt::Result {
    if !summary.published {
        let known = summary.intake.known_files;
        let in_force = match summary.generation {
            0 => "there is no generation yet".to_owned(),
            number => format!("generation {number} stays in force"),
        };
        if !summary.intake.files.is_empty() {
            write_read(out, &Read::of(&summary.intake), paint)?;
        } else if let Some(totals) = &summary.intake.objects {
            line(out, paint, "objects", &objects(totals))?;
        }
        return match known {
            0 => writeln!(out, "nothing new; {in_force}"),
            n => writeln!(
                out,
                "nothing new: {} learnt before; {in_force}",
                noun(n, "file was", "files were")
            ),
        };
    }
    write_read(out, &Read::of(&summary.intake), paint)?;
    line(
        out,
        paint,
        "learnt",
        &format!(
            "{} changed, {} stored, {} calibrated",
            noun(summary.days_changed as u64, "day", "days"),
            count(summary.days as u64),
            count(u64::from(summary.calibration_days))
        ),
    )?;
    for (n, what) in [
        (
            summary.exclusions,
            "true: what they are about is left out of the baselines",
        ),
        (
            summary.learnt_again,
            "no longer true: what they are about is learnt again",
        ),
    ] {
        if n > 0 {
            let alerts = noun(n as u64, "alert is", "alerts are");
            line(out, paint, "verdicts", &format!("{alerts} {what}"))?;
        }
    }
    for sentence in bounds::lines(&bounds::reached(&summary.reached), is_verbose) {
        line(out, paint, "bound", &sentence)?;
    }
    if summary.n_forgotten > 0 {
        let forgotten = noun(summary.n_forgotten, "entity was", "entities were");
        let told =
            format!("{forgotten} forgotten: a store remembers no more, and these were seen least");
        line(out, paint, "bound", &told)?;
    }
    for sentence in learning::lines(&learning::documents(&summary.learning)) {
        line(out, paint, "learning", &sentence)?;
    }
    let entities: Vec<String> = summary
        .entities
        .iter()
        .map(|(kind, n)| format!("{} {kind}", count(*n as u64)))
        .collect();
    // Findings of other detectors alone make nobody known.
    let baselines = match entities.is_empty() {
        true => "none".to_owned(),
        false => entities.join(", "),
    };
    line(out, paint, "baselines", &baselines)?;
    line(
        out,
        paint,
        "published",
        &format!("generation {}", summary.generation),
    )?;
    line(
        out,
        paint,
        "thresholds",
        &tuning::in_force(&summary.thresholds),
    )?;
    write_coverage(
        out,
        (
            &silence::documents(&summary.silent),
            &coverage::blind_spots(&summary.coverage),
            &coverage::not_seen(&summary.coverage),
        ),
        is_verbose,
        paint,
    )?;
    if let Some((key, name)) = summary.unbound.first() {
        let machines = noun(summary.unbound.len() as u64, "new machine", "new machines");
        line(
            out,
            paint,
            "machines",
            &format!(
                "{machines} in flow logs, and no log says who uses them; for each: [[binding]] {key} = \"{}\", identity = \"…\"",
                Plain(name)
            ),
        )?;
    }
    let drifted = newly_drifted(summary);
    if drifted.is_empty() {
        return Ok(());
    }
    let rose = noun(drifted.len() as u64, "baseline rose", "baselines rose");
    line(
        out,
        paint,
        "baseline drift",
        &format!("{rose}: `plimsoll show`"),
    )?;
    if is_verbose {
        for rise in drifted.iter().take(DRIFTED_SHOWN) {
            line(out, paint, "", &format!("{}: {}", rise.id, rise.sentence()))?;
        }
        line(out, paint, "", drift::ADVICE)?;
    }
    Ok(())
}

/// Returns the baselines that drifted since the training before.
fn newly_drifted(summary: &TrainSummary) -> Vec<DriftDocument> {
    let before = summary.movement_before.as_ref();
    let drifted = summary.drift_report.newly_drifted(before);
    drift::documents(&summary.drift_report, &drifted)
}

/// What a training came to.
#[derive(Debug, Clone, Serialize)]
pub struct TrainingDocument {
    /// Version of this document.
    pub schema: u32,
    /// The program's version.
    pub version: &'static str,
    /// What was read.
    pub read: Read,
    /// The generation in force afterwards; 0 if there is none.
    pub generation: u64,
    /// Whether it is a new one.
    pub published: bool,
    /// Days that changed.
    pub days_changed: u64,
    /// Days in the store.
    pub days_stored: u64,
    /// Whole days in the stored distributions.
    pub calibration_days: u32,
    /// The logs that began later than the store, and are still learnt.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub learning: Vec<LogLearnt>,
    /// Entities with a baseline, by kind.
    pub baselines: BTreeMap<&'static str, usize>,
    /// Alerts with a verdict `true` whose values were left out of the baselines.
    pub alerts_left_out: u64,
    /// Alerts that lost such a verdict and whose values were learnt again.
    pub alerts_learnt_again: u64,
    /// Which thresholds are in force, in words; null if nothing was published.
    pub thresholds: Option<String>,
    /// What analytics do not see of the providers that have records, one sentence each.
    pub blind_spots: Vec<String>,
    /// Providers that analytics are written for and that have no records.
    pub not_seen: Vec<&'static str>,
    /// The trails that fell silent, while others of their provider go on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub silent: Vec<SilentDocument>,
    /// The bounds that days reached which changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bounds_reached: Vec<BoundReached>,
    /// Alerts that were removed from the archive because they are older than `keep_alerts`.
    pub alerts_removed: u64,
    /// Alerts whose verdicts were removed for the same reason.
    pub verdicts_removed: u64,
    /// Entities that were forgotten since the store remembers no more.
    #[serde(skip_serializing_if = "is_zero")]
    pub entities_forgotten: u64,
    /// Baselines that drifted upwards since the training before.
    pub baseline_drift: Vec<DriftDocument>,
}

impl TrainingDocument {
    /// Makes the document of a training.
    pub fn of(summary: &TrainSummary) -> Self {
        let thresholds = &summary.thresholds;
        Self {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            read: Read::of(&summary.intake),
            generation: summary.generation,
            published: summary.published,
            days_changed: summary.days_changed as u64,
            days_stored: summary.days as u64,
            calibration_days: summary.calibration_days,
            learning: learning::documents(&summary.learning),
            baselines: summary.entities.clone(),
            alerts_left_out: summary.exclusions as u64,
            alerts_learnt_again: summary.learnt_again as u64,
            thresholds: (!thresholds.is_empty()).then(|| tuning::in_force(thresholds)),
            blind_spots: coverage::blind_spots(&summary.coverage),
            not_seen: coverage::not_seen(&summary.coverage),
            silent: silence::documents(&summary.silent),
            bounds_reached: bounds::reached(&summary.reached),
            alerts_removed: summary.removed.map_or(0, |removed| removed.alerts as u64),
            verdicts_removed: summary.removed.map_or(0, |removed| removed.verdicts as u64),
            entities_forgotten: summary.n_forgotten,
            baseline_drift: newly_drifted(summary),
        }
    }
}
