//! Approvals for people and programs: their state, and what one would have hidden.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use crate::engine::{ApprovalLint, ApprovalSimulation, ApprovalState, Hidden, MatchesAll, Warning};
use crate::report::escape::Plain;
use crate::report::layout::shorten;
use crate::report::number::{count, noun};
use crate::report::paint::Paint;
use crate::time::Day;

/// Version of the document.
const SCHEMA: u32 = 1;
/// Alerts that are listed where the sum is wanted and not the list.
const LISTED_SHORT: usize = 3;
/// Alerts that are listed for programs.
const LISTED_MAX: usize = 100;
/// Columns of an entity's id in a list.
const ENTITY_SHOWN: usize = 28;
/// Identities, and one in so many of all, above which an approval is called wide.
const WIDE_IDENTITIES: u64 = 10;
const WIDE_SHARE: u64 = 10;

/// Approvals for programs.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Approvals")]
pub struct Document<'a> {
    /// Version of this document.
    pub schema: u32,
    /// In the order of the file.
    pub approvals: Vec<Entry<'a>>,
}

/// One approval.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Approval")]
pub struct Entry<'a> {
    id: &'a str,
    criteria: std::collections::BTreeMap<&'static str, Vec<String>>,
    /// `null` for all.
    analytics: Option<Vec<&'a str>>,
    owner: &'a str,
    reason: &'a str,
    expires: String,
    file: &'a str,
    line: usize,
    hidden: u64,
    last_hidden: Option<String>,
    warnings: Vec<Said<'a>>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApprovalWarning")]
struct Said<'a> {
    #[serde(flatten)]
    warning: &'a Warning,
    text: String,
}

/// Returns the state of approvals as a document.
pub fn document(approval_states: &[ApprovalState]) -> Document<'_> {
    Document {
        schema: SCHEMA,
        approvals: approval_states.iter().map(entry).collect(),
    }
}

fn entry(state: &ApprovalState) -> Entry<'_> {
    let approval = &state.approval;
    let analytics = approval.analytics.as_ref();
    Entry {
        id: &state.id,
        criteria: approval.criteria.written().into_iter().collect(),
        analytics: analytics.map(|ids| ids.iter().map(|id| &*id.text).collect()),
        owner: &approval.owner,
        reason: &approval.reason,
        expires: approval.expires.to_string(),
        file: &approval.place.file,
        line: approval.place.line,
        hidden: state.hidden,
        last_hidden: state.last.map(|at| at.to_string()),
        warnings: state
            .warnings
            .iter()
            .map(|warning| Said {
                text: words(warning),
                warning,
            })
            .collect(),
    }
}

/// Returns the state of approvals, a paragraph each.
pub fn list(approval_states: &[ApprovalState], paint: Paint) -> String {
    if approval_states.is_empty() {
        return "there are no approvals\n".to_owned();
    }
    let mut out = String::new();
    for state in approval_states {
        // Writing to a string cannot fail.
        let _ = write_approval_state(&mut out, state, paint);
    }
    out
}

fn write_approval_state(out: &mut String, state: &ApprovalState, paint: Paint) -> std::fmt::Result {
    let approval = &state.approval;
    writeln!(
        out,
        "{}  {}",
        paint.bold(&state.id),
        Plain(&approval.reason)
    )?;
    let mut fact = |name: &str, text: &str| writeln!(out, "  {name:<9}  {}", Plain(text));
    fact("covers", &approval.criteria.to_string())?;
    if let Some(ids) = &approval.analytics {
        let ids: Vec<&str> = ids.iter().map(|id| &*id.text).collect();
        fact("analytics", &ids.join(", "))?;
    }
    fact("owner", &approval.owner)?;
    fact(
        "expires",
        &format!("{}, written at {}", approval.expires, approval.place),
    )?;
    let hidden = match (&state.last, state.hidden) {
        (Some(last), n) => format!("{}, the last at {last}", noun(n, "alert", "alerts")),
        (None, _) => "no alert so far".to_owned(),
    };
    fact("hidden", &hidden)?;
    for warning in &state.warnings {
        fact("warning", &words(warning))?;
    }
    Ok(())
}

/// Returns what is wrong with an approval and who owns it, as a line of its own.
pub fn warning(state: &ApprovalState, warning: &Warning) -> String {
    format!(
        "approval {} {}: {}",
        state.id,
        words(warning),
        state.approval
    )
}

fn words(warning: &Warning) -> String {
    let in_days = |days: i32| noun(u64::from(days.unsigned_abs()), "day", "days");
    match warning {
        Warning::Expired { days } => format!("expired {} ago and no longer holds", in_days(*days)),
        Warning::ExpiresSoon { days: 0 } => "expires today".to_owned(),
        Warning::ExpiresSoon { days } => format!("expires in {}", in_days(*days)),
        Warning::Unused { days } => {
            format!(
                "covered no alert in {} of logs; is it still needed?",
                in_days(*days)
            )
        }
        Warning::MatchesAll(all) => words_of_all(all),
        Warning::Repeated { at } => format!("is written twice: {at} says the same"),
        Warning::Shadowed { by } => format!("is not needed: {by} covers all of it, for as long"),
        Warning::Overlaps { with } => {
            format!("overlaps {with}: both cover some of the same alerts")
        }
    }
}

/// Says of an approval that leaves nothing out what that means.
fn words_of_all(all: &MatchesAll) -> String {
    let alerts = match (all.is_nearly, all.of_what_has.as_slice()) {
        (true, _) => "nearly every alert".to_owned(),
        (false, []) => "every alert".to_owned(),
        (false, has) => format!("every alert with {}", has.join(" and ")),
    };
    let analytics = match &all.analytics {
        None => "all analytics".to_owned(),
        Some(ids) => enumerated(ids),
    };
    let until = all.until.as_ref();
    let until = until.map_or(String::new(), |day| format!(" until {day}"));
    let possibly = match all.hidden_possibly {
        0 => String::new(),
        n => format!(" and possibly {} more", count(n)),
    };
    format!(
        "matches {}: it hides {alerts} of {analytics}{until} ({}{possibly} of the {} that are kept)",
        enumerated(&all.what),
        count(all.hidden),
        noun(all.of, "alert", "alerts"),
    )
}

/// Returns some texts in a row, the last after `and`.
fn enumerated(texts: &[String]) -> String {
    match texts.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => texts.concat(),
    }
}

/// Returns what makes an approval risky, each in a sentence.
pub fn lint_approval(simulation: &ApprovalSimulation, what: &ApprovalLint) -> Vec<String> {
    let breadth = &simulation.breadth;
    let mut said = Vec::new();
    // One for a log covers nobody.
    let counts = !what.is_of_log;
    let matches_all = simulation.matches_all.as_ref();
    if let Some(all) = matches_all {
        said.push(format!("this approval {}", words_of_all(all)));
    } else if what.is_for_anybody {
        said.push(
            "it names neither an identity nor a role, so it covers every caller that meets its other criteria, also an intruder"
                .to_owned(),
        );
    } else if counts
        && breadth.identities > WIDE_IDENTITIES
        && breadth.identities * WIDE_SHARE > breadth.of
    {
        said.push(format!(
            "it is very wide: it covers {} of the {} identities that are known",
            count(breadth.identities),
            count(breadth.of)
        ));
    } else if counts
        && breadth.identities == 0
        && breadth.of > 0
        // One without a baseline can have alerts all the same.
        && simulation.hidden.is_empty()
    {
        said.push(format!(
            "it covers none of the {} that are known",
            noun(breadth.of, "identity", "identities")
        ));
    }
    if what.is_by_who_alone && matches_all.is_none() {
        said.push(
            "it covers all that the identity does: add a bucket, destination, client, network or times to narrow it"
                .to_owned(),
        );
    }
    let wide_networks = what.wide_networks.iter();
    for network in wide_networks.filter(|_| matches_all.is_none()) {
        said.push(format!("{network} is a very wide network"));
    }
    if let Some(days) = what.long_days {
        said.push(format!(
            "it holds for {days} days; a year is long for an exception"
        ));
    }
    said
}

/// What an approval would have hidden, for programs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SimulationDocument<'a> {
    /// Alerts that were told, and how many more that the approval possibly covers: what is stored of them does not decide it.
    pub alerts: u64,
    /// See `alerts`.
    pub alerts_possibly: u64,
    /// Stored days of an entity that reach a threshold in force and had no alert.
    pub stored_days: u64,
    /// See `stored_days`.
    pub stored_days_possibly: u64,
    /// The newest of them.
    pub newest: Vec<HiddenEntry<'a>>,
    /// Identities that have a baseline, and how many of them it may cover.
    pub identities: u64,
    /// See `identities`.
    pub identities_covered: u64,
    /// Stored alerts that were compared.
    pub alerts_compared: u64,
    /// Whether too few days are stored for thresholds, so that no stored day was compared.
    pub is_provisional: bool,
}

/// An episode that an approval would have hidden.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HiddenEntry<'a> {
    day: String,
    score: f64,
    analytic: &'a str,
    entity: &'a str,
    /// `null` for a stored day that had no alert.
    alert_id: Option<&'a str>,
    /// Whether it is certain.
    is_sure: bool,
}

impl<'a> SimulationDocument<'a> {
    /// Returns the document.
    pub fn of(simulation: &'a ApprovalSimulation) -> Self {
        let newest = simulation.hidden.iter().take(LISTED_MAX);
        Self {
            alerts: n_hidden(&simulation.hidden, true, true),
            alerts_possibly: n_hidden(&simulation.hidden, true, false),
            stored_days: n_hidden(&simulation.hidden, false, true),
            stored_days_possibly: n_hidden(&simulation.hidden, false, false),
            newest: newest
                .map(|hidden| HiddenEntry {
                    day: hidden.day.to_string(),
                    score: hidden.score,
                    analytic: &hidden.analytic,
                    entity: &hidden.entity.id,
                    alert_id: hidden.alert_id.as_deref(),
                    is_sure: hidden.is_sure,
                })
                .collect(),
            identities: simulation.breadth.of,
            identities_covered: simulation.breadth.identities,
            alerts_compared: simulation.looked.alerts,
            is_provisional: simulation.looked.is_provisional,
        }
    }
}

/// Returns how many episodes were told or not, and are certain or not.
fn n_hidden(hidden: &[Hidden], is_told: bool, is_sure: bool) -> u64 {
    let is_meant = |h: &&Hidden| h.alert_id.is_some() == is_told && h.is_sure == is_sure;
    hidden.iter().filter(is_meant).count() as u64
}

/// Returns what an approval would have hidden: all of it, or the sum and the newest.
pub fn simulation(simulation: &ApprovalSimulation, is_whole: bool, paint: Paint) -> String {
    let mut out = String::new();
    let _ = write_simulation(&mut out, simulation, is_whole, paint);
    out
}

fn write_simulation(
    out: &mut String,
    simulation: &ApprovalSimulation,
    is_whole: bool,
    paint: Paint,
) -> std::fmt::Result {
    let ApprovalSimulation { hidden, looked, .. } = simulation;
    let hiding = |is_told: bool, is_sure: bool| n_hidden(hidden, is_told, is_sure);
    let perhaps = |n: u64| match n {
        0 => String::new(),
        n => format!(" and possibly {} more", count(n)),
    };
    writeln!(
        out,
        "{} {}{} that were reported, {}{} that were not scored",
        paint.bold("would have hidden"),
        noun(hiding(true, true), "alert", "alerts"),
        perhaps(hiding(true, false)),
        noun(
            hiding(false, true),
            "stored entity-day",
            "stored entity-days"
        ),
        perhaps(hiding(false, false)),
    )?;
    let n_listed = if is_whole { hidden.len() } else { LISTED_SHORT };
    for h in hidden.iter().take(n_listed) {
        let from = match &h.alert_id {
            Some(id) => format!("alert {}", id.chars().take(8).collect::<String>()),
            None => "stored day".to_owned(),
        };
        writeln!(
            out,
            "  {}  {:>5.1}  {:<10}  {}  {}{}",
            h.day,
            h.score,
            Plain(&h.analytic).to_string(),
            Plain(&shorten(&h.entity.id, ENTITY_SHOWN)),
            paint.dim(&Plain(&from).to_string()),
            if h.is_sure { "" } else { "  possibly" },
        )?;
    }
    if hidden.len() > n_listed {
        let more = (hidden.len() - n_listed) as u64;
        writeln!(out, "  and {}", noun(more, "more", "more"))?;
    }
    let days = |span: &Option<(Day, Day)>| match span {
        Some((first, last)) => format!(" of {first} to {last}"),
        None => String::new(),
    };
    writeln!(
        out,
        "compared with {}{}, of which {} covered before, and with the {}{}, of which {} a threshold in force without an alert",
        noun(looked.alerts, "stored alert", "stored alerts"),
        days(&looked.alert_days),
        noun(looked.covered_before, "was", "were"),
        noun(
            looked.extremes,
            "most extreme stored entity-day",
            "most extreme stored entity-days"
        ),
        days(&looked.stored_days),
        noun(looked.reaching, "reaches", "reach"),
    )?;
    if looked.is_provisional && looked.extremes > 0 {
        writeln!(
            out,
            "too few days are stored for thresholds, so stored days could not be judged"
        )?;
    }
    if hidden.iter().any(|h| !h.is_sure) {
        writeln!(
            out,
            "possibly: a stored day has all that was touched, and only the prefix of a network; its alert shows a part of that, and of a day \
             that is not stored only that part is known"
        )?;
    }
    Ok(())
}
