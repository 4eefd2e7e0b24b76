//! Thresholds for people: settings side by side, the alerts that each would have raised, and the thresholds in force.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::engine::{
    Applied, Candidate, Cut, InForce, LowestBecause, Outcome, OutgrownThreshold, Recall, SetBy,
    Sufficiency, TuneReport,
};
use crate::report::draw::bars;
use crate::report::escape::Plain;
use crate::report::layout::{clip, shorten};
use crate::report::number::{count, noun};
use crate::report::paint::Paint;
use crate::stats::constants::DAYS_CALIBRATED_MIN;

/// Columns of an entity's id in a list.
const ENTITY_SHOWN: usize = 36;
/// Why scores of stored days are not those that were told.
const SCORES_NOTE: &str = "scores by the distributions of today; an alert that was told has the score of its own day, when fewer days were stored";
/// Stored days that are drawn, the last ones.
const DAYS_DRAWN: usize = 7;

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
            SetBy::Default(budget) => {
                shared = format!(
                    "{score:.1}, for {} by the size of the estate, not tuned",
                    a_day(*budget)
                );
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

/// Says that a tuned threshold no longer fits, and which command mends it.
pub fn outgrown(outgrown: &OutgrownThreshold) -> String {
    let tuned = &outgrown.threshold;
    let scope = outgrown.analytic.as_deref();
    format!(
        "the threshold {:.1}{} was tuned on generation {} for {}, and now lets through {:.1} a day. Tune again: \
         `plimsoll tune --budget {}{} --apply`",
        tuned.score,
        scope.map(|id| format!(" of {id}")).unwrap_or_default(),
        tuned.generation,
        a_day(tuned.budget_per_day),
        outgrown.incidents_per_day,
        as_option(tuned.budget_per_day),
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
    } else {
        for (setting, _, recall) in cuts.iter().filter(|(_, _, recall)| !recall.list.is_empty()) {
            writeln!(out, "{}", paint.bold(&scope_and_budget(setting)))?;
            write_list(out, recall)?;
            writeln!(out)?;
        }
    }
    write_shortcomings(out, report, &cuts)?;
    let verdicts = report.verdicts;
    if verdicts.given > 0 {
        writeln!(
            out,
            "verdicts   {}, of which {} on stored days; only these are counted above",
            noun(verdicts.given, "verdict", "verdicts"),
            match verdicts.on_stored_days {
                0 => "none lies".to_owned(),
                1 => "1 lies".to_owned(),
                n => format!("{} lie", count(n)),
            }
        )?;
    }
    for applied in &report.applied {
        write_applied(out, applied)?;
    }
    write_changed(out, report)?;
    writeln!(out, "in force   {}", in_force(&report.in_force))
}

fn write_table(
    out: &mut String,
    cuts: &[(&Candidate, &Cut, &Recall)],
    paint: Paint,
) -> std::fmt::Result {
    writeln!(out)?;
    let head = format!(
        "{:<8} {:>7} {:>5} {:>11} {:>9} {:>8} {:>7} {:>8}  last {DAYS_DRAWN}",
        "scope", "budget", "score", "95 %", "per day", "7 days", "raised", "approved"
    );
    writeln!(out, "{}", paint.bold(&head))?;
    for (setting, cut, recall) in cuts {
        let most = recall.by_day.iter().map(|d| d.incidents).max().unwrap_or(0);
        let last = recall.by_day.len().saturating_sub(DAYS_DRAWN);
        let drawn = bars(
            recall.by_day[last..]
                .iter()
                .map(|d| d.incidents as f64 / most.max(1) as f64),
        );
        writeln!(
            out,
            "{:<8} {:>7} {:>5.1} {:>11} {:>9} {:>8} {:>7} {:>8}  {drawn}",
            Plain(&clip(setting.analytic.as_deref().unwrap_or("estate"), 8)).to_string(),
            as_option(setting.budget_per_day),
            cut.score,
            format!("{:.1}–{:.1}", cut.scores.0, cut.scores.1),
            format!(
                "{:.1}–{:.1}",
                cut.incidents_per_day.0, cut.incidents_per_day.1
            ),
            format!("{}–{}", count(cut.next_7_days.0), count(cut.next_7_days.1)),
            format!(
                "{}{}",
                if recall.is_lower_bound { "≥" } else { "" },
                count(recall.incidents)
            ),
            count(recall.approved),
        )?;
    }
    writeln!(
        out,
        "budget: incidents a day, or a week where it says so; 95 %: interval of the threshold; per day, 7 days: incidents that are expected; raised: \
         incidents of the stored days{}.",
        stored_days(cuts)
    )?;
    writeln!(
        out,
        "A budget is for days like the stored ones, with a training every night: incidents of attacks come on top."
    )?;
    writeln!(out)
}

/// Says which days are stored, and which of them are drawn.
fn stored_days(cuts: &[(&Candidate, &Cut, &Recall)]) -> String {
    let days = cuts
        .first()
        .map_or(&[][..], |(_, _, recall)| &recall.by_day);
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return String::new();
    };
    let drawn = &days[days.len().saturating_sub(DAYS_DRAWN)];
    format!(
        ", {} to {}; last {DAYS_DRAWN}: of {} to {}, a bar a day, a full one for the most of any stored day",
        first.day, last.day, drawn.day, last.day
    )
}

fn write_recall(out: &mut String, recall: &Recall, paint: Paint) -> std::fmt::Result {
    if let (Some(first), Some(last)) = (recall.by_day.first(), recall.by_day.last()) {
        writeln!(
            out,
            "{}  {} to {}: it would have raised {}{} in {}, at most {} a day",
            paint.bold("stored days"),
            first.day,
            last.day,
            if recall.is_lower_bound {
                "at least "
            } else {
                ""
            },
            noun(recall.incidents, "incident", "incidents"),
            noun(recall.alerts, "entity-day", "entity-days"),
            count(recall.by_day.iter().map(|d| d.incidents).max().unwrap_or(0)),
        )?;
    }
    if recall.approved > 0 {
        writeln!(
            out,
            "  {} more {} by an approval that covers all that the identity does",
            count(recall.approved),
            if recall.approved == 1 {
                "is hidden"
            } else {
                "are hidden"
            }
        )?;
    }
    if recall.repeats > 0 {
        writeln!(
            out,
            "  {} of them {} an earlier one of the same entity within a week; the interval counts such a run once",
            count(recall.repeats),
            if recall.repeats == 1 {
                "repeats"
            } else {
                "repeat"
            }
        )?;
    }
    let analytics: Vec<String> = recall
        .by_analytic
        .iter()
        .map(|(id, n)| format!("{id} {}", count(*n)))
        .collect();
    if !analytics.is_empty() {
        let alerts: u64 = recall.by_analytic.values().sum();
        writeln!(
            out,
            "  by analytic: {}{}",
            Plain(&analytics.join(", ")),
            if alerts > recall.alerts {
                format!(
                    "; {} alerts, because several analytics alert on some entity-days",
                    count(alerts)
                )
            } else {
                String::new()
            }
        )?;
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
            "  verdicts of analysts: {} true, {} false",
            count(verdicts.right),
            count(verdicts.wrong)
        )?;
    }
    write_list(out, recall)?;
    writeln!(out)
}

/// Writes the alerts that would have been raised, one a line.
fn write_list(out: &mut String, recall: &Recall) -> std::fmt::Result {
    if !recall.list.is_empty() {
        writeln!(out, "  {SCORES_NOTE}")?;
    }
    for raised in &recall.list {
        writeln!(
            out,
            "  {}  {:>5.1}  {:<10}  {}{}",
            raised.day,
            raised.score,
            Plain(&raised.analytic).to_string(),
            Plain(&shorten(&raised.id, ENTITY_SHOWN)),
            if raised.approved { "  (approved)" } else { "" }
        )?;
    }
    if recall.unlisted > 0 {
        writeln!(out, "  and {} more: `--list`", count(recall.unlisted))?;
    }
    Ok(())
}

/// Names a setting: `estate 5 a day`.
fn scope_and_budget(setting: &Candidate) -> String {
    let scope = setting.analytic.as_deref().unwrap_or("estate");
    format!("{} {}", Plain(scope), a_day(setting.budget_per_day))
}

/// Says where there is too little history.
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
        let missing = DAYS_CALIBRATED_MIN.saturating_sub(report.whole_days);
        return writeln!(
            out,
            "too early  {stored} stored; {DAYS_CALIBRATED_MIN} are needed, {missing} more. Until then scores are provisional"
        );
    }
    for setting in &report.settings {
        let name = scope_and_budget(setting);
        if setting.threshold.is_none() {
            writeln!(
                out,
                "not yet    {name}: nothing of it is stored; the next trainings add it"
            )?;
            continue;
        }
        match setting.history {
            Sufficiency::Enough => {}
            Sufficiency::Days { missing, .. } => writeln!(
                out,
                "unsure     {name}: {stored} stored; after {missing} more days the number of alerts is likely to lie within a \
                 factor of 3, if the tail of the distribution keeps its shape"
            )?,
            Sufficiency::NeverEnough => writeln!(
                out,
                "unsure     {name}: there are too few identities for so small a budget; more days do not change that"
            )?,
        }
    }
    for (setting, cut, recall) in cuts {
        let name = scope_and_budget(setting);
        if cut.beyond_data {
            writeln!(
                out,
                "beyond     {name}: {} it, so it is extrapolated from the tail of the stored distribution",
                match cut.reached_by {
                    0 => "no stored entity-day reaches".to_owned(),
                    1 => "only 1 stored entity-day reaches".to_owned(),
                    n => format!("only {} stored entity-days reach", count(n)),
                }
            )?;
        }
        if recall.is_lower_bound {
            writeln!(
                out,
                "capped     {name}: on some stored day more entities reached it than are stored by name"
            )?;
        }
    }
    write_same(out, cuts)?;
    write_lowest(out, cuts)
}

/// Says which thresholds changed, those that changed alike together, and whether that lets more through.
fn write_changed(out: &mut String, report: &TuneReport) -> std::fmt::Result {
    let mut alike: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (id, before) in &report.before {
        let after = report.after.get(id).filter(|after| *after != before);
        if let Some(after) = after {
            let which = if after < before { "more" } else { "less" };
            let change = format!("{before:.1} → {after:.1}, so {which} is told");
            alike.entry(change).or_default().push(id);
        }
    }
    for (change, ids) in alike {
        let whose = match ids.len() == report.before.len() {
            true => "all analytics".to_owned(),
            false => ids.join(", "),
        };
        writeln!(out, "changed    {}: {change}", Plain(&whose))?;
    }
    Ok(())
}

/// Joins words as in a sentence: `a, b and c`.
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

/// Says which budgets come to the same threshold, a line for each scope and threshold.
fn write_same(out: &mut String, cuts: &[(&Candidate, &Cut, &Recall)]) -> std::fmt::Result {
    for (at, (setting, cut, _)) in cuts.iter().enumerate() {
        let is_same = |other: &&(&Candidate, &Cut, &Recall)| {
            other.0.analytic == setting.analytic
                && other.0.same_threshold.contains(&setting.budget_per_day)
        };
        if setting.same_threshold.is_empty() || cuts[..at].iter().any(|other| is_same(&other)) {
            continue;
        }
        let same = cuts[at + 1..].iter().filter(is_same);
        let others: Vec<String> = same.map(|other| a_day(other.0.budget_per_day)).collect();
        writeln!(
            out,
            "same       {} come to the same threshold, {:.1}: the stored days do not tell these budgets apart",
            listed(&[vec![scope_and_budget(setting)], others].concat()),
            cut.score,
        )?;
    }
    Ok(())
}

/// Says which budgets cannot be used up, a line for each scope.
fn write_lowest(out: &mut String, cuts: &[(&Candidate, &Cut, &Recall)]) -> std::fmt::Result {
    let mut by_scope: BTreeMap<&str, (Vec<String>, &Cut)> = BTreeMap::new();
    for (setting, cut, _) in cuts.iter().filter(|(_, cut, _)| cut.is_lowest) {
        let scope = setting.analytic.as_deref().unwrap_or("estate");
        let (budgets, _) = by_scope.entry(scope).or_insert((Vec::new(), cut));
        budgets.push(a_day(setting.budget_per_day));
    }
    for (scope, (budgets, cut)) in by_scope {
        let why = match cut.lowest_because {
            Some(LowestBecause::Floor) => {
                "below it nothing is left of the stored days: an alert needs what an identity shows at most once in two weeks, and \
                 the rest of the budget is not filled with less"
            }
            Some(LowestBecause::OneInTen) | None => {
                "one entity-day in ten of the estate reaches it"
            }
        };
        writeln!(
            out,
            "lowest     {} {}: no threshold lies below {:.1}, and {why}; it lets through {}{:.1} to {:.1} a day",
            Plain(scope),
            budgets.join(", "),
            cut.score,
            if scope == "estate" {
                ""
            } else {
                "of this analytic "
            },
            cut.incidents_per_day.0,
            cut.incidents_per_day.1,
        )?;
    }
    Ok(())
}

/// Says why nothing was put in force.
pub fn why_nothing_was_applied(report: &TuneReport) -> String {
    let why: Vec<String> = report
        .applied
        .iter()
        .map(|applied| {
            let scope = applied.analytic.as_deref().unwrap_or("the estate");
            match &applied.outcome {
                Outcome::Kept {
                    score,
                    new,
                    interval,
                } => format!(
                    "{score:.1} stays for {scope}, because {new:.1} lies inside {:.1}–{:.1}, the interval that it was tuned with \
                     (`--force` changes it)",
                    interval.0, interval.1
                ),
                _ => format!("too little is stored of {scope}"),
            }
        })
        .collect();
    format!("no threshold was changed: {}", why.join("; "))
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
            "kept       {scope}: {score:.1} stays, because {new:.1} lies inside {:.1}–{:.1} (`--force` changes it)",
            interval.0, interval.1
        ),
        Outcome::TooEarly => writeln!(out, "not yet    {scope}: nothing was put in force"),
        Outcome::Reset {
            before: Some(before),
        } => writeln!(out, "reset      {scope}: {before:.1} is no longer in force"),
        Outcome::Reset { before: None } => writeln!(out, "reset      {scope}: nothing was tuned"),
    }
}

/// Writes a budget: `5 a day`, `1 a week`.
pub(super) fn a_day(budget: f64) -> String {
    let (n, unit) = in_words_of(budget);
    format!("{n} a {unit}")
}

/// Writes a budget as the option takes it: `5`, `1/week`.
fn as_option(budget: f64) -> String {
    match in_words_of(budget) {
        (n, "day") => n,
        (n, unit) => format!("{n}/{unit}"),
    }
}

/// Returns the number and the unit of a budget in incidents a day as somebody would have written it: the unit in which it needs the
/// fewest digits.
fn in_words_of(budget: f64) -> (String, &'static str) {
    let a_week = 7.0 * budget;
    let is_short = |n: f64| (n * 100.0 - (n * 100.0).round()).abs() < 1e-6;
    match (is_short(budget), is_short(a_week)) {
        (true, _) => (plain(budget), "day"),
        (false, true) => (plain(a_week), "week"),
        (false, false) if budget < 1.0 => (plain((10.0 * a_week).round() / 10.0), "week"),
        (false, false) => (plain((10.0 * budget).round() / 10.0), "day"),
    }
}

/// Writes a number of alerts with no more digits than it has, at most three behind the point.
pub(super) fn plain(budget: f64) -> String {
    let text = format!("{budget:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::TunedThreshold;
    use crate::stats::rank::surprise_of_score;

    #[test]
    fn a_budget_reads_as_it_is_written() {
        for (budget, words, option) in [
            (5.0, "5 a day", "5"),
            (0.25, "0.25 a day", "0.25"),
            (1.0 / 7.0, "1 a week", "1/week"),
            (10.0 / 7.0, "10 a week", "10/week"),
            (3.5 / 7.0, "0.5 a day", "0.5"),
            // Nobody wrote these: they follow from the size of an estate.
            (0.2813, "2 a week", "2/week"),
            (0.4178, "2.9 a week", "2.9/week"),
            (3.1234, "3.1 a day", "3.1"),
        ] {
            assert_eq!(
                (a_day(budget), as_option(budget)),
                (words.into(), option.into())
            );
        }
    }

    #[test]
    fn what_is_in_force_is_one_sentence() {
        let tuned = TunedThreshold {
            budget_per_day: 1.0 / 7.0,
            surprise: 3.0,
            score: 90.0,
            incidents_per_day: (0.1, 0.2),
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
            "90.0, tuned on generation 7 for 1 a week; C 92.0 by configuration"
        );
        assert_eq!(
            in_force(&[one("A", 88.25, SetBy::Default(5.0))]),
            "88.2, for 5 a day by the size of the estate, not tuned"
        );
        let outgrown = outgrown(&OutgrownThreshold {
            analytic: Some("A".into()),
            threshold: TunedThreshold {
                budget_per_day: 5.0,
                ..tuned
            },
            incidents_per_day: 9.14,
        });
        assert_eq!(
            outgrown,
            "the threshold 90.0 of A was tuned on generation 7 for 5 a day, and now lets through 9.1 a day. Tune again: \
             `plimsoll tune --budget 5 --analytic A --apply`"
        );
    }
}
