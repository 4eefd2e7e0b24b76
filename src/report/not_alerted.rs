//! Why a day raised no alert, for people: per analytic and arm, the conditions that were not met and how much was missing.

use std::cmp::Ordering;
use std::fmt::Write;

use crate::engine::{AnalyticExplanation, Explanation, ExplanationOutcome, HowJudged};
use crate::report::day_outcome::{self, place};
use crate::report::escape::Plain;
use crate::report::number::{self, amount, count, duration, measured, noun};
use crate::report::paint::Paint;
use crate::report::reason::counted_at_once;
use crate::score::{
    ArmExplanation, GateDetail, GateReading, PartExplanation, Standing, StepReading,
};
use crate::stats::constants::STATISTIC_MIN;

/// Returns the explanation over several lines.
pub fn text(explanation: &Explanation, paint: Paint) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_explanation(&mut out, explanation, paint);
    out
}

fn write_explanation(
    out: &mut String,
    explanation: &Explanation,
    paint: Paint,
) -> std::fmt::Result {
    writeln!(
        out,
        "{}  {}",
        paint.bold(&Plain(&explanation.id).to_string()),
        explanation.day
    )?;
    let until = match &explanation.until {
        Some(until) => format!(" up to {until}"),
        None => String::new(),
    };
    let standing = match (explanation.standing, explanation.judge.provisional) {
        (Standing::Established, _) => "",
        (Standing::New, false) => {
            "; in its first two days, when arms for established entities do not apply"
        }
        (Standing::New, true) => {
            "; in its first two days; while scores are provisional, arms for newcomers and for established entities both apply"
        }
        (Standing::Unknown, _) => {
            "; the stored history, or that of the account or log, begins less than two days before, so that it may be new or much older: it is judged as an established entity"
        }
    };
    writeln!(
        out,
        "  {}{until}, from the {}; first seen {}{standing}",
        noun(explanation.events, "event", "events"),
        explanation.facts_from,
        explanation.first_seen,
    )?;
    let judge = &explanation.judge;
    let how = match judge.how {
        HowJudged::InForce => "which is in force",
        HowJudged::Kept => "which was in force on that morning and is still stored",
        HowJudged::Replayed => {
            "learnt again from the stored days before, with the distributions and thresholds that are in force now"
        }
    };
    writeln!(
        out,
        "  judged by generation {} as of {}, {how}{}",
        judge.generation,
        judge.as_of,
        if judge.provisional {
            "; scores are provisional"
        } else {
            ""
        },
    )?;
    let mut analytics: Vec<&AnalyticExplanation> = explanation.analytics.iter().collect();
    analytics.sort_by(|a, b| {
        place(a.outcome)
            .cmp(&place(b.outcome))
            .then(b.score.total_cmp(&a.score))
    });
    writeln!(
        out,
        "\n{}",
        Plain(&day_outcome::sentence(explanation, &analytics))
    )?;
    for analytic in analytics {
        write_analytic(out, analytic, paint)?;
    }
    Ok(())
}

fn write_analytic(
    out: &mut String,
    analytic: &AnalyticExplanation,
    paint: Paint,
) -> std::fmt::Result {
    let by = |arm: &Option<String>| {
        arm.as_ref()
            .map(|arm| format!(" by arm {arm}"))
            .unwrap_or_default()
    };
    let reached = format!(
        "score {:.1} of {:.1}{}",
        analytic.score,
        analytic.threshold,
        by(&analytic.arm)
    );
    let id = analytic.alert_id.as_deref().unwrap_or("–");
    let outcome = match analytic.outcome {
        ExplanationOutcome::Alerted if analytic.is_told => {
            format!("it did alert: {reached} over the whole day; the id of the alert is {id}")
        }
        ExplanationOutcome::Alerted => format!(
            "it would alert, and no such alert was told: {reached} over the whole day; the id of the alert would be {id}"
        ),
        ExplanationOutcome::Approved => format!(
            "it crossed its threshold: {reached}; but an approval covers the alert {id}: {}",
            analytic.approved_by.as_deref().unwrap_or("–")
        ),
        ExplanationOutcome::ToldElsewhere => format!(
            "it crossed its threshold: {reached}; but {} is narrower and tells the same",
            analytic.told_by.as_deref().unwrap_or("–")
        ),
        ExplanationOutcome::BelowThreshold => format!(
            "no alert: {reached}, {:.1} missing",
            analytic.threshold - analytic.score
        ),
        ExplanationOutcome::BelowFloor => {
            format!("no alert: {reached}, but {}", below_floor(analytic))
        }
        ExplanationOutcome::Gated => format!("no alert: {}", nearest_unmet(analytic)),
        ExplanationOutcome::Quiet => {
            "no alert: nothing that this analytic looks at was unusual".to_owned()
        }
        ExplanationOutcome::DoesNotApply => format!(
            "does not apply: {}",
            analytic.why_not.as_deref().unwrap_or("–")
        ),
    };
    writeln!(
        out,
        "\n{}  {}\n  {}",
        paint.bold(&Plain(&analytic.analytic).to_string()),
        Plain(&analytic.name),
        Plain(&outcome),
    )?;
    if analytic.alert_id.is_none() {
        let gated = analytic
            .arms
            .iter()
            .filter(|arm| !arm.applies && arm.has_something_to_say());
        for arm in gated.filter(|arm| arm.belongs && arm.score >= analytic.threshold) {
            writeln!(
                out,
                "  arm {} would have crossed with {:.1}, but a condition is not met: {}",
                Plain(&arm.arm),
                arm.score,
                Plain(&shut(arm).join("; "))
            )?;
        }
    }
    for arm in &analytic.arms {
        write_arm(out, arm, analytic.threshold, paint)?;
    }
    Ok(())
}

/// Says what kept a day below the floor beneath every alert.
fn below_floor(analytic: &AnalyticExplanation) -> String {
    let is_it = |arm: &&ArmExplanation| analytic.arm.as_ref() == Some(&arm.arm);
    let arm = analytic.arms.iter().find(is_it);
    let is_left_out = arm.is_some_and(|arm| arm.news < arm.statistic);
    format!(
        "{}this identity is expected to show as much more often than once in two weeks (statistic {:.2} of {STATISTIC_MIN:.2}), \
         which is no news at any budget",
        if is_left_out {
            "without what lies below its own 99th percentile on a day without unusual context, "
        } else {
            ""
        },
        arm.map_or(0.0, |arm| arm.news),
    )
}

/// Says which conditions kept the arm with the highest score from counting, and what it would have come to.
fn nearest_unmet(analytic: &AnalyticExplanation) -> String {
    let gated = analytic.arms.iter().filter(|arm| !arm.applies);
    let nearest = gated
        .filter(|arm| arm.has_something_to_say())
        .max_by(|a, b| {
            (a.belongs, a.score)
                .partial_cmp(&(b.belongs, b.score))
                .unwrap_or(Ordering::Equal)
        });
    let Some(arm) = nearest else {
        return "a condition of this analytic was not met".to_owned();
    };
    format!(
        "a condition was not met: {}; the rest comes to a score of {:.1} of {:.1} by arm {}",
        shut(arm).join("; "),
        arm.score,
        analytic.threshold,
        arm.arm
    )
}

fn write_arm(
    out: &mut String,
    arm: &ArmExplanation,
    threshold: f64,
    paint: Paint,
) -> std::fmt::Result {
    let name = paint.bold(&Plain(&arm.arm).to_string());
    let state = match (arm.applies, arm.has_something_to_say()) {
        (true, true) => format!(
            "statistic {:.2}, score {:.1} of {threshold:.1}{}",
            arm.statistic,
            arm.score,
            missing(arm)
        ),
        (true, false) => "its conditions are met, but nothing was unusual".to_owned(),
        (false, true) => format!(
            "a condition is not met; with it, statistic {:.2}, score {:.1} of {threshold:.1}",
            arm.statistic, arm.score,
        ),
        (false, false) => "a condition is not met, and nothing was unusual".to_owned(),
    };
    writeln!(out, "  {name}: {}", Plain(&state))?;
    for text in shut(arm) {
        writeln!(out, "    unmet  {}", Plain(&text))?;
    }
    for gate in arm.gates.iter().filter(|gate| gate.is_open) {
        writeln!(out, "    met    {}", Plain(&gate_text(gate, arm.standing)))?;
    }
    let parts = arm.parts.iter().filter(|_| arm.has_something_to_say());
    for part in parts {
        writeln!(
            out,
            "    {:>5.2}  {}",
            part.surprise,
            Plain(&part_text(part))
        )?;
    }
    if let Some(why) = arm.damped.filter(|_| arm.statistic > 0.0) {
        writeln!(out, "    times {:.2}: {why}", arm.factor)?;
    }
    if arm.is_below_floor {
        writeln!(
            out,
            "    floor  {:.2} of the {STATISTIC_MIN:.2} that an alert needs{}",
            arm.news,
            if arm.news < arm.statistic {
                ", without what lies below its 99th percentile"
            } else {
                ""
            }
        )?;
    }
    Ok(())
}

/// Says which conditions of an arm are not met.
fn shut(arm: &ArmExplanation) -> Vec<String> {
    let cohort = match (arm.belongs, arm.standing) {
        (true, _) => None,
        (false, Standing::New) => {
            Some("it applies to established entities only, and this one is in its first two days")
        }
        (false, Standing::Established) => {
            Some("it applies to newcomers only, and this entity is past its first two days")
        }
        (false, Standing::Unknown) => Some(
            "it applies to newcomers only, and whether this entity is one is not known: the stored history begins less than two days \
             before it was first seen",
        ),
    };
    let gates = arm.gates.iter().filter(|gate| !gate.is_open);
    let gates = gates.map(|gate| gate_text(gate, arm.standing));
    cohort.map(str::to_owned).into_iter().chain(gates).collect()
}

/// Says what would have crossed the threshold.
fn missing(arm: &ArmExplanation) -> String {
    let Some(needed) = arm
        .needed_statistic
        .filter(|needed| *needed > arm.statistic)
    else {
        return String::new();
    };
    let example = match &arm.would_do {
        Some(it) => format!(
            ", for example {} {} instead of {} in {}",
            it.metric,
            amount(it.metric, it.needed as f64),
            measured(it.metric, it.observed),
            it.window
        ),
        None => String::new(),
    };
    format!("; {needed:.2} would have crossed{example}")
}

fn gate_text(gate: &GateReading, standing: Standing) -> String {
    match &gate.what {
        GateDetail::Active { metrics, active } if active.is_empty() => {
            format!("no activity in {}", metrics.join(", "))
        }
        GateDetail::Active { active, .. } => format!("active in {}", active.join(", ")),
        GateDetail::AtLeast {
            metric,
            measured,
            required,
        } => format!(
            "{metric} {} of {} required",
            number::measured(metric, *measured),
            amount(metric, *required as f64)
        ),
        GateDetail::AnyOf { of } => {
            // Of those that are met, these; where none is, each.
            let met = of.iter().filter(|one| one.is_open == gate.is_open);
            let each: Vec<String> = met.map(|gate| gate_text(gate, standing)).collect();
            each.join(", or ")
        }
        GateDetail::Context { unusual, .. } if !unusual.is_empty() => {
            format!("something new in {}", unusual.join(", "))
        }
        GateDetail::Context { traits, usual, .. } if usual.is_empty() => {
            format!("nothing new in {}", traits.join(", "))
        }
        GateDetail::Context { usual, .. } => format!(
            "what is new in {} is no more than others show, as far as is known here",
            usual.join(", ")
        ),
        GateDetail::External { .. } => external(&gate.what),
        GateDetail::Act { act, acts } => {
            format!(
                "{} of {}",
                noun(*acts, "act", "acts"),
                act.replace('_', " ")
            )
        }
        GateDetail::Burst {
            burst,
            over,
            observed,
            required,
        } => format!(
            "{} within {over}, {} required",
            counted_at_once(burst, *observed),
            count(*required)
        ),
        GateDetail::Surprising {
            metric,
            surprise,
            required,
        } => format!("{metric} has a surprise of {surprise:.2}, more than {required:.1} required"),
        GateDetail::Shows {
            r#trait,
            new,
            like,
            values,
        } => {
            let new = if *new { "new " } else { "" };
            let name = r#trait.replace('_', " ");
            if values.is_empty() {
                let like = match like.len() {
                    0 => String::new(),
                    _ => format!(" like {}", like.join(", ")),
                };
                format!("no {new}{name}{like}")
            } else {
                format!("{new}{name} {}", values.join(", "))
            }
        }
        GateDetail::Beyond {
            r#trait,
            of,
            values,
        } => {
            let name = r#trait.replace('_', " ");
            match (gate.is_open, values.is_empty()) {
                (false, _) => format!("no {name} but {}", of.join(", ")),
                (true, true) => format!("no {name} is logged"),
                (true, false) => format!("{name} {}", values.join(", ")),
            }
        }
        GateDetail::Caller { caller, .. } if gate.is_open => {
            format!("the caller's kind is {}", caller.replace('_', " "))
        }
        GateDetail::Caller { caller, of } => format!(
            "the caller's kind is {}, not one of {}",
            caller.replace('_', " "),
            of.join(", ").replace('_', " ")
        ),
        GateDetail::Unlogged { action } if gate.is_open => {
            format!("{action} is not logged here")
        }
        GateDetail::Unlogged { action } => format!("{action} is logged here"),
        GateDetail::Sequence { steps } => {
            let each: Vec<String> = steps.iter().map(|step| step_text(step, standing)).collect();
            format!("sequence: {}", each.join(", "))
        }
    }
}

/// Says which part of what is asked of the outside there was, or that each is missing.
fn external(gate: &GateDetail) -> String {
    let &GateDetail::External {
        sensitive_calls,
        from_outside,
        flows,
        shares,
    } = gate
    else {
        return String::new();
    };
    let read = |n| {
        noun(
            n,
            "read of a sensitive bucket",
            "reads of sensitive buckets",
        )
    };
    let there = [
        (from_outside > 0).then(|| format!("{} from an external address", read(from_outside))),
        (shares > 0).then(|| format!("{} to accounts outside", noun(shares, "share", "shares"))),
        flows.then(|| "its machine sends flows outside".to_owned()),
    ];
    let there: Vec<String> = there.into_iter().flatten().collect();
    if !there.is_empty() {
        return there.join(", ");
    }
    let reads = match sensitive_calls {
        0 => "no sensitive bucket was read, from wherever".to_owned(),
        n => format!("{}, none from an external address", read(n)),
    };
    format!("{reads}; nothing sensitive was shared with accounts outside, and it sends no flows")
}

fn step_text(step: &StepReading, standing: Standing) -> String {
    if let Some(time) = step.time {
        return format!("{} yes {time}", step.step);
    }
    let why = match step.step {
        "new_identity" if step.measured > step.required => format!(
            "known for {}, at most {} allowed",
            duration(step.measured as i64),
            duration(step.required as i64)
        ),
        "new_identity" if standing == Standing::Unknown => {
            "the stored history, or that of the account or log, begins less than two days before it was first seen, so that it may be older".to_owned()
        }
        "new_identity" => "it is past its first two days".to_owned(),
        "access_spike" => format!(
            "largest surprise {:.2}, more than {:.1} required",
            step.measured, step.required
        ),
        _ => "no bytes sent outside after it".to_owned(),
    };
    format!("{} no: {why}", step.step)
}

fn part_text(part: &PartExplanation) -> String {
    let judged = match &part.judged_against {
        Some(whose) => format!(" ({whose})"),
        None => String::new(),
    };
    let name = part.name;
    match part.kind {
        "novelty" => format!(
            "new {} {}{judged}",
            name.replace('_', " "),
            part.value.as_deref().unwrap_or_default()
        ),
        "share" => format!(
            "{} to {}",
            noun(part.observed.unwrap_or(0), "act", "acts"),
            part.value.as_deref().unwrap_or_default()
        ),
        "burst" => format!(
            "{} within {}",
            counted_at_once(name, part.observed.unwrap_or(0)),
            part.window.as_deref().unwrap_or_default()
        ),
        "declared" => "declared weight".to_owned(),
        _ => {
            let shown = |x: Option<f64>| amount(name, x.unwrap_or(0.0));
            format!(
                "{name} {} in {}, typically {}, 99th percentile {}{judged}",
                measured(name, part.observed.unwrap_or(0)),
                part.window.as_deref().unwrap_or_default(),
                shown(part.p50),
                shown(part.p99)
            )
        }
    }
}
