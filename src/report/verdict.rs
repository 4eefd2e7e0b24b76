//! Verdicts as a person reads them: what was said, and what follows from it.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::engine::{Feedback, Reported, VerdictInput};
use crate::report::escape::Plain;
use crate::report::number::noun;
use crate::report::paint::Paint;
use crate::store::Verdicts;
use crate::vocab::{Str, Trait};

/// Values that are named.
const NAMED_MAX: usize = 5;
/// Characters of an id that a list shows.
const ID_SHOWN: usize = 12;

/// Returns all verdicts, the newest last, each on a line.
pub fn list(verdicts: &Verdicts, paint: Paint) -> String {
    if verdicts.is_empty() {
        return "nothing was said of any alert yet\n".to_owned();
    }
    let mut verdicts: Vec<_> = verdicts.values().collect();
    verdicts.sort_by(|a, b| (&a.time, &a.alert_id).cmp(&(&b.time, &b.alert_id)));
    let mut out = String::new();
    for verdict in verdicts {
        let id: String = verdict.alert_id.chars().take(ID_SHOWN).collect();
        let note = verdict.note.as_deref().map(|note| format!(": {note}"));
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{} {} {:<5} {} {} {}{}",
            Plain(&verdict.time),
            paint.bold(&Plain(&id).to_string()),
            verdict.is_true,
            verdict.day,
            Plain(&verdict.analytic),
            Plain(&verdict.entity.id),
            Plain(note.as_deref().unwrap_or_default()),
        );
    }
    out
}

/// Returns what a verdict came to, in lines.
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
            "without what is not normal"
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
            "the same was said before; nothing changes"
        }
        _ if !said.changes_baselines && !said.is_day_stored => {
            "baselines do not change; `tune` counts it once its day is learnt"
        }
        _ if !said.changes_baselines => {
            "its values stay in the stored distributions; only what `tune` counts changes"
        }
        _ if !said.is_day_stored => "its day is not learnt yet; the next training acts on it",
        VerdictInput { is_later: true, .. } => "the next training acts on it",
        _ => "nothing was learnt of it, so nothing changes",
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
