//! Verdicts for people and programs: what analysts said, and what follows from it.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde::Serialize;

use crate::engine::{Feedback, Reported, VerdictInput};
use crate::report::escape::Plain;
use crate::report::layout::{clip, name_of};
use crate::report::number::noun;
use crate::report::paint::Paint;
use crate::store::{Verdict, Verdicts};
use crate::vocab::{Str, Trait};

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
#[derive(Debug, Serialize)]
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
#[derive(Debug, Serialize)]
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
    /// Makes the document of a verdict and what it changed.
    pub fn of(alert: &Reported, judgement: &VerdictInput, said: &Feedback) -> Self {
        let values = |values: &BTreeSet<(Trait, Str)>| {
            let named = values
                .iter()
                .map(|(which, value)| format!("{which} {value}"));
            named.collect()
        };
        let is_published = said.training.is_some();
        let change = &said.change;
        Self {
            alert_id: alert.alert_id.clone(),
            analytic: alert.analytic.to_string(),
            entity: alert.entity.id.to_string(),
            day: alert.day.to_string(),
            verdict: judgement.is_true,
            before: said.before,
            generation: said.training.as_ref().map(|training| training.generation),
            metrics: match is_published {
                true => change.metrics.iter().map(|m| m.as_str()).collect(),
                false => Vec::new(),
            },
            forgotten: values(&change.forgotten),
            remembered: values(&change.remembered),
        }
    }
}

/// Returns the effect of a verdict, in lines.
pub fn text(alert: &Reported, judgement: &VerdictInput, said: &Feedback, paint: Paint) -> String {
    let mut out = String::new();
    let _ = write_text(&mut out, alert, judgement, said, paint);
    out
}

fn write_text(
    out: &mut String,
    alert: &Reported,
    judgement: &VerdictInput,
    said: &Feedback,
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
    )?;
    let Some(training) = &said.training else {
        return writeln!(out, "{}", nothing_learnt(judgement, said));
    };
    writeln!(
        out,
        "generation {} is published {}",
        training.generation,
        if judgement.is_true {
            "without what the alert is about"
        } else {
            "with that day learnt again"
        }
    )?;
    let change = &said.change;
    if !change.metrics.is_empty() {
        let metrics: Vec<&str> = change.metrics.iter().map(|m| m.as_str()).collect();
        writeln!(out, "  changed    {}", metrics.join(", "))?;
    }
    for (name, values) in [
        ("forgotten ", &change.forgotten),
        ("remembered", &change.remembered),
    ] {
        write_values(out, name, values)?;
    }
    Ok(())
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
