//! Verdicts for people and programs: what analysts said, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use crate::engine::{Feedback, Reported, VerdictInput};
use crate::report::escape::Plain;
use crate::report::layout::{clip, name_of};
use crate::report::number::noun;
use crate::report::paint::Paint;
use crate::store::{Verdict, Verdicts};
use crate::vocab::{Metric, Str, Trait};

/// Values that are listed.
const NAMED_MAX: usize = 5;
/// Characters of an id that a list shows.
const ID_SHOWN: usize = 8;
/// Columns of an entity's name in a list.
const NAME_SHOWN: usize = 27;

/// Returns all verdicts, the newest last, each on a line.
pub fn list(verdicts: &Verdicts, paint: Paint) -> String {
    if verdicts.is_empty() {
        return "there are no verdicts yet\n".to_owned();
    }
    let head = format!(
        "{:<10}  {:<8}  {:<5}  {:<10}  {:<10}  entity",
        "given on", "alert", "true", "day", "analytic"
    );
    let mut out = format!("{}\n", paint.bold(&head));
    for verdict in in_order(verdicts) {
        let id: String = verdict.alert_id.chars().take(ID_SHOWN).collect();
        let given: String = verdict.time.chars().take(10).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{}  {:<8}  {:<5}  {}  {:<10}  {}",
            Plain(&given),
            Plain(&id).to_string(),
            verdict.is_true,
            verdict.day,
            Plain(&clip(&verdict.analytic, 10)).to_string(),
            Plain(&name_of(&verdict.entity.id, NAME_SHOWN)),
        );
        if let Some(note) = &verdict.note {
            let _ = writeln!(out, "            {}", Plain(note));
        }
    }
    out
}

/// Returns verdicts in the order in which they were given.
fn in_order(verdicts: &Verdicts) -> Vec<&Verdict> {
    let mut verdicts: Vec<_> = verdicts.values().collect();
    verdicts.sort_by(|a, b| (&a.time, &a.alert_id).cmp(&(&b.time, &b.alert_id)));
    verdicts
}

/// A verdict, for programs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VerdictDocument<'a> {
    alert_id: &'a str,
    verdict: bool,
    time: &'a str,
    note: Option<&'a str>,
    analytic: &'a str,
    kind: &'static str,
    entity: &'a str,
    day: String,
    surprise: f64,
}

/// Returns all verdicts for programs, the newest last.
pub fn documents(verdicts: &Verdicts) -> Vec<VerdictDocument<'_>> {
    fn document(verdict: &Verdict) -> VerdictDocument<'_> {
        VerdictDocument {
            alert_id: &verdict.alert_id,
            verdict: verdict.is_true,
            time: &verdict.time,
            note: verdict.note.as_deref(),
            analytic: &verdict.analytic,
            kind: verdict.entity.kind.as_str(),
            entity: &verdict.entity.id,
            day: verdict.day.to_string(),
            surprise: verdict.surprise,
        }
    }
    in_order(verdicts).into_iter().map(document).collect()
}

/// The effect of a verdict, for programs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FeedbackDocument {
    alert_id: String,
    analytic: String,
    entity: String,
    day: String,
    verdict: bool,
    /// The verdict that it takes the place of.
    before: Option<bool>,
    /// The generation that was published, if one was.
    generation: Option<u64>,
    /// Metrics whose values changed.
    metrics: Vec<&'static str>,
    /// Values of traits that were taken out of the baseline, as `trait value`.
    forgotten: Vec<String>,
    /// Values of traits that were put back.
    remembered: Vec<String>,
}

impl FeedbackDocument {
    /// Makes the documents of one verdict on several alerts, and of what it changed.
    pub fn of_all(alerts: &[Reported], judgement: &VerdictInput, said: &[Feedback]) -> Vec<Self> {
        let published = generation_of(said);
        let each = alerts.iter().zip(said);
        each.map(|(alert, said)| {
            let generation = published.filter(|_| is_felt(judgement, said));
            Self::of(alert, judgement, (said, generation))
        })
        .collect()
    }

    fn of(
        alert: &Reported,
        judgement: &VerdictInput,
        (said, generation): (&Feedback, Option<u64>),
    ) -> Self {
        let values = |values: &BTreeSet<(Trait, Str)>| {
            let named = values
                .iter()
                .map(|(which, value)| format!("{which} {value}"));
            named.collect()
        };
        let change = &said.change;
        Self {
            alert_id: alert.alert_id.clone(),
            analytic: alert.analytic.to_string(),
            entity: alert.entity.id.to_string(),
            day: alert.day.to_string(),
            verdict: judgement.is_true,
            before: said.before,
            generation,
            metrics: match generation.is_some() {
                true => change.metrics.iter().map(|m| m.as_str()).collect(),
                false => Vec::new(),
            },
            forgotten: values(&change.forgotten),
            remembered: values(&change.remembered),
        }
    }
}

/// Returns the generation that a verdict led to, if one was published.
fn generation_of(said: &[Feedback]) -> Option<u64> {
    let mut trainings = said.iter().filter_map(|said| said.training.as_ref());
    trainings.next().map(|training| training.generation)
}

/// Returns whether the training after a verdict was about an alert.
fn is_felt(judgement: &VerdictInput, said: &Feedback) -> bool {
    said.is_day_stored && (judgement.is_true || said.before == Some(true))
}

/// Returns one verdict on alerts, each on a line, and then the effect of it all.
pub fn text(
    alerts: &[Reported],
    judgement: &VerdictInput,
    said: &[Feedback],
    paint: Paint,
) -> String {
    let mut out = String::new();
    let _ = write_text(&mut out, (alerts, judgement, said), paint);
    out
}

fn write_text(
    out: &mut String,
    (alerts, judgement, said): (&[Reported], &VerdictInput, &[Feedback]),
    paint: Paint,
) -> std::fmt::Result {
    for (alert, said) in alerts.iter().zip(said) {
        write_verdict(out, (alert, judgement, said), paint)?;
    }
    let published = generation_of(said);
    let is_one = alerts.len() == 1;
    if let Some(generation) = published {
        let how = match (judgement.is_true, is_one) {
            (true, true) => "without what the alert is about",
            (true, false) => "without what the alerts are about",
            (false, true) => "with that day learnt again",
            (false, false) => "with what they are about learnt again",
        };
        writeln!(out, "generation {generation} is published {how}")?;
        write_change(out, said)?;
    }
    // What was not learnt again, by why that is.
    let mut rest: BTreeMap<&str, u64> = BTreeMap::new();
    let is_rest = |said: &&Feedback| published.is_none() || !is_felt(judgement, said);
    for said in said.iter().filter(is_rest) {
        *rest.entry(nothing_learnt(judgement, said)).or_default() += 1;
    }
    for (why, n) in rest {
        match n == alerts.len() as u64 {
            true => writeln!(out, "{why}")?,
            false => writeln!(out, "of {}: {why}", noun(n, "alert", "alerts"))?,
        }
    }
    Ok(())
}

fn write_verdict(
    out: &mut String,
    (alert, judgement, said): (&Reported, &VerdictInput, &Feedback),
    paint: Paint,
) -> std::fmt::Result {
    let before = match said.before {
        Some(before) if before != judgement.is_true => format!(" (before: {before})"),
        _ => String::new(),
    };
    writeln!(
        out,
        "{} {}{before}: {} of {} on {}",
        paint.bold(&Plain(&alert.alert_id).to_string()),
        judgement.is_true,
        Plain(&alert.analytic),
        Plain(&alert.entity.id),
        alert.day,
    )
}

/// Writes what changed in the baselines of the alerts' entities.
fn write_change(out: &mut String, said: &[Feedback]) -> std::fmt::Result {
    let changes = || said.iter().map(|said| &said.change);
    let metrics: BTreeSet<Metric> = changes().flat_map(|of| of.metrics.clone()).collect();
    if !metrics.is_empty() {
        let metrics: Vec<&str> = metrics.iter().map(|m| m.as_str()).collect();
        writeln!(out, "  changed    {}", metrics.join(", "))?;
    }
    let forgotten: BTreeSet<(Trait, Str)> = changes().flat_map(|of| of.forgotten.clone()).collect();
    let remembered: BTreeSet<(Trait, Str)> =
        changes().flat_map(|of| of.remembered.clone()).collect();
    write_values(out, "forgotten ", &forgotten)?;
    write_values(out, "remembered", &remembered)
}

fn nothing_learnt(judgement: &VerdictInput, said: &Feedback) -> &'static str {
    match judgement {
        _ if !said.changes_baselines && said.before == Some(judgement.is_true) => {
            "the verdict is the same as before; nothing changes"
        }
        _ if !said.changes_baselines && !said.is_day_stored => {
            "baselines do not change; `tune` counts the verdict once its day is learnt"
        }
        _ if !said.changes_baselines => {
            "its values stay in the stored distributions; only what `tune` counts changes"
        }
        _ if !said.is_day_stored => {
            "its day is not learnt yet; the next training applies the verdict"
        }
        VerdictInput { is_later: true, .. } => "the next training applies the verdict",
        _ => "nothing of it was learnt, so nothing changes",
    }
}

fn write_values(out: &mut String, name: &str, values: &BTreeSet<(Trait, Str)>) -> std::fmt::Result {
    if values.is_empty() {
        return Ok(());
    }
    let named: Vec<String> = values
        .iter()
        .take(NAMED_MAX)
        .map(|(which, value)| format!("{which} {}", Plain(value)))
        .collect();
    let rest = values.len().saturating_sub(NAMED_MAX) as u64;
    let more = match rest {
        0 => String::new(),
        n => format!(" and {}", noun(n, "more", "more")),
    };
    writeln!(out, "  {name} {}{more}", named.join(", "))
}
