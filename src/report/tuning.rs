//! Thresholds as a person reads them: settings side by side, what each would have raised, and what is in force.

use std::fmt::Write;

use crate::engine::{
    Applied, BUDGET_PER_DAY, Candidate, Cut, InForce, Outcome, Outgrown, Recall, SetBy,
    Sufficiency, TuneReport,
};
use crate::report::draw::bars;
use crate::report::escape::Plain;
use crate::report::number::{count, noun};
use crate::report::paint::Paint;

/// Returns the lines of a tuning, each with its end.
pub fn text(report: &TuneReport, paint: Paint) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_text(&mut out, report, paint);
    out
}

/// Says in a sentence without its end which thresholds are in force.
pub fn in_force(thresholds: &[InForce]) -> String {
    let mut shared = String::new();
    let mut own = Vec::new();
    for one in thresholds {
        let score = one.score();
        match &one.set_by {
            SetBy::Configuration => {
                own.push(format!("{} {score:.1} by configuration", one.analytic))
            }
            SetBy::AnalyticTuning(tuned) => own.push(format!(
                "{} {score:.1} tuned on generation {} for {}",
                one.analytic,
                tuned.generation,
                a_day(tuned.budget_per_day)
            )),
            SetBy::EstateTuning(tuned) => {
                shared = format!(
                    "{score:.1}, tuned on generation {} for {}",
                    tuned.generation,
                    a_day(tuned.budget_per_day)
                );
            }
            SetBy::Asked(budget) => {
                shared = format!("{score:.1}, for {} as asked", a_day(*budget));
            }
            SetBy::Default => {
                shared = format!("{score:.1}, for {}, not tuned", a_day(BUDGET_PER_DAY));
            }
        }
    }
    let all: Vec<String> = [shared]
        .into_iter()
        .filter(|shared| !shared.is_empty())
        .chain(own)
        .collect();
    all.join("; ")
}

/// Says that a tuned threshold no longer fits, and what to do.
pub fn outgrown(outgrown: &Outgrown) -> String {
    let tuned = &outgrown.threshold;
    let scope = outgrown.analytic.as_deref();
    format!(
        "the threshold {:.1}{} was tuned on generation {} for {} and by now lets through {:.1}: `plimsoll tune --budget {}{} \
         --apply`",
        tuned.score,
        scope.map(|id| format!(" of {id}")).unwrap_or_default(),
        tuned.generation,
        a_day(tuned.budget_per_day),
        outgrown.alerts_per_day,
        plain(tuned.budget_per_day),
        scope
            .map(|id| format!(" --analytic {id}"))
            .unwrap_or_default(),
    )
}

fn write_text(out: &mut String, report: &TuneReport, paint: Paint) -> std::fmt::Result {
    writeln!(
        out,
        "{}: {}, {} stored",
        paint.bold(&format!("generation {}", report.generation)),
        noun(u64::from(report.whole_days), "whole day", "whole days"),
        noun(report.entity_days, "entity-day", "entity-days"),
    )?;
    let cuts: Vec<(&Candidate, &Cut, &Recall)> = report
        .settings
        .iter()
        .filter_map(|s| Some((s, s.threshold.as_ref()?, s.stored_days.as_ref()?)))
        .collect();
    if !cuts.is_empty() {
        write_table(out, &cuts, paint)?;
    }
    if let [(_, _, recall)] = cuts.as_slice() {
        write_recall(out, recall, paint)?;
    }
    write_shortcomings(out, report, &cuts)?;
    for applied in &report.applied {
        write_applied(out, applied)?;
    }
    let moved: Vec<String> = report
        .before
        .iter()
        .filter_map(|(id, before)| {
            let after = report.after.get(id)?;
            (before != after).then(|| format!("{id} {before:.1} → {after:.1}"))
        })
        .collect();
    if !moved.is_empty() {
        writeln!(out, "moved      {}", moved.join(", "))?;
    }
    writeln!(out, "in force   {}", in_force(&report.in_force))
}

fn write_table(
    out: &mut String,
    cuts: &[(&Candidate, &Cut, &Recall)],
    paint: Paint,
) -> std::fmt::Result {
    writeln!(out)?;
    let head = format!(
        "{:<9} {:>8} {:>6} {:>13} {:>8} {:>14} {:>12} {:>10}  by stored day",
        "scope", "a day", "score", "95 %", "surprise", "lets through", "next 7 days", "raised"
    );
    writeln!(out, "{}", paint.bold(&head))?;
    for (setting, cut, recall) in cuts {
        let most = recall.by_day.iter().map(|d| d.alerts).max().unwrap_or(0);
        let drawn = bars(
            recall
                .by_day
                .iter()
                .map(|d| d.alerts as f64 / most.max(1) as f64),
        );
        writeln!(
            out,
            "{:<9} {:>8} {:>6.1} {:>13} {:>8.2} {:>14} {:>12} {:>10}  {drawn}",
            Plain(setting.analytic.as_deref().unwrap_or("estate")).to_string(),
            plain(setting.budget_per_day),
            cut.score,
            format!("{:.1}–{:.1}", cut.scores.0, cut.scores.1),
            cut.surprise,
            format!("{:.1}–{:.1}", cut.alerts_per_day.0, cut.alerts_per_day.1),
            format!("{}–{}", count(cut.next_7_days.0), count(cut.next_7_days.1)),
            format!(
                "{}{}",
                if recall.is_lower_bound { "≥ " } else { "" },
                count(recall.alerts)
            ),
        )?;
    }
    writeln!(out)
}

fn write_recall(out: &mut String, recall: &Recall, paint: Paint) -> std::fmt::Result {
    if let (Some(first), Some(last)) = (recall.by_day.first(), recall.by_day.last()) {
        writeln!(
            out,
            "{} from {} to {} it would have raised {}{}, approved ones among them, at most {} a day",
            paint.bold("stored days"),
            first.day,
            last.day,
            if recall.is_lower_bound {
                "at least "
            } else {
                ""
            },
            noun(recall.alerts, "entity-day", "entity-days"),
            count(recall.by_day.iter().map(|d| d.alerts).max().unwrap_or(0)),
        )?;
    }
    let analytics: Vec<String> = recall
        .by_analytic
        .iter()
        .map(|(id, n)| format!("{id} {}", count(*n)))
        .collect();
    if !analytics.is_empty() {
        writeln!(out, "  by analytic: {}", Plain(&analytics.join(", ")))?;
    }
    for busiest in &recall.busiest {
        writeln!(
            out,
            "  {:>4}  {} {}",
            noun(busiest.days, "day", "days"),
            busiest.kind,
            Plain(&busiest.id)
        )?;
    }
    let verdicts = recall.verdicts;
    if verdicts.right + verdicts.wrong > 0 {
        writeln!(
            out,
            "  analysts said of {} that they were true, and of {} that they were false",
            count(verdicts.right),
            count(verdicts.wrong)
        )?;
    }
    writeln!(out)
}

/// Says where there is too little to go by.
fn write_shortcomings(
    out: &mut String,
    report: &TuneReport,
    cuts: &[(&Candidate, &Cut, &Recall)],
) -> std::fmt::Result {
    let stored = noun(
        u64::from(report.whole_days),
        "whole day is",
        "whole days are",
    );
    if report.provisional {
        let (needed, missing) = report
            .settings
            .iter()
            .filter_map(|s| match s.history {
                Sufficiency::Days { needed, missing } => Some((needed, missing)),
                Sufficiency::Enough | Sufficiency::NeverEnough => None,
            })
            .min()
            .unwrap_or_default();
        return writeln!(
            out,
            "too early  {stored} stored; {needed} would do, {missing} more. Until then scores are provisional"
        );
    }
    for setting in &report.settings {
        let name = format!(
            "{} {}",
            setting.analytic.as_deref().unwrap_or("estate"),
            a_day(setting.budget_per_day)
        );
        if setting.threshold.is_none() {
            writeln!(
                out,
                "not yet    {name}: nothing of it is stored; the next trainings bring it"
            )?;
            continue;
        }
        match setting.history {
            Sufficiency::Enough => {}
            Sufficiency::Days { needed, missing } => writeln!(
                out,
                "unsure     {name}: {stored} stored; {needed} would do, {missing} more"
            )?,
            Sufficiency::NeverEnough => writeln!(
                out,
                "unsure     {name}: there are too few identities for so small a budget, however long one waits"
            )?,
        }
    }
    for (setting, cut, recall) in cuts {
        let name = setting.analytic.as_deref().unwrap_or("estate");
        if cut.is_lowest {
            writeln!(
                out,
                "lowest     {name} {}: below one entity-day in ten there is nothing unusual to tell",
                a_day(setting.budget_per_day)
            )?;
        }
        if recall.is_lower_bound {
            writeln!(
                out,
                "capped     {name} {}: on some stored day more reached it than are remembered by name",
                a_day(setting.budget_per_day)
            )?;
        }
    }
    Ok(())
}

fn write_applied(out: &mut String, applied: &Applied) -> std::fmt::Result {
    let scope = applied.analytic.as_deref().unwrap_or("estate");
    match &applied.outcome {
        Outcome::Set {
            before: Some(before),
            after,
        } => writeln!(out, "applied    {scope}: {before:.1} → {after:.1}"),
        Outcome::Set {
            before: None,
            after,
        } => writeln!(out, "applied    {scope}: {after:.1}"),
        Outcome::Kept {
            score,
            new,
            interval,
        } => writeln!(
            out,
            "kept       {scope}: {score:.1} stays, for {new:.1} lies inside {:.1}–{:.1} (`--force` moves it)",
            interval.0, interval.1
        ),
        Outcome::TooEarly => writeln!(out, "not yet    {scope}: nothing was put in force"),
        Outcome::Reset {
            before: Some(before),
        } => writeln!(out, "reset      {scope}: {before:.1} is no longer in force"),
        Outcome::Reset { before: None } => writeln!(out, "reset      {scope}: nothing was tuned"),
    }
}

/// Writes a budget: `5 a day`.
fn a_day(budget: f64) -> String {
    format!("{} a day", plain(budget))
}

/// Writes a number of alerts with no more digits than it has, at most three behind the point.
fn plain(budget: f64) -> String {
    let text = format!("{budget:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::TunedThreshold;
    use crate::stats::rank::surprise_of_score;

    #[test]
    fn what_is_in_force_is_one_sentence() {
        let tuned = TunedThreshold {
            budget_per_day: 1.0 / 7.0,
            surprise: 3.0,
            score: 90.0,
            alerts_per_day: (0.1, 0.2),
            scores: (89.0, 91.0),
            generation: 7,
            tuned: String::new(),
        };
        let one = |id: &str, score, set_by| InForce {
            analytic: id.into(),
            surprise: surprise_of_score(score),
            set_by,
        };
        assert_eq!(
            in_force(&[
                one("A", 90.0, SetBy::EstateTuning(tuned.clone())),
                one("B", 90.0, SetBy::EstateTuning(tuned.clone())),
                one("C", 92.0, SetBy::Configuration),
            ]),
            "90.0, tuned on generation 7 for 0.143 a day; C 92.0 by configuration"
        );
        assert_eq!(
            in_force(&[one("A", 88.25, SetBy::Default)]),
            "88.2, for 5 a day, not tuned"
        );
        let outgrown = outgrown(&Outgrown {
            analytic: Some("A".into()),
            threshold: TunedThreshold {
                budget_per_day: 5.0,
                ..tuned
            },
            alerts_per_day: 9.14,
        });
        assert_eq!(
            outgrown,
            "the threshold 90.0 of A was tuned on generation 7 for 5 a day and by now lets through 9.1: `plimsoll tune \
             --budget 5 --analytic A --apply`"
        );
    }
}
