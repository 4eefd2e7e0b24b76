//! Which alerts were told, and what a new one adds.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::alert::{Alert, Status};
use crate::engine::scorer::summary::ScoreSummary;
use crate::error::Result;
use crate::stats::Severity;
use crate::store::Archive;
use crate::time::{Day, Time};

/// What was told so far: the highest severity of each episode. Episodes that an approval covers have separate keys, because
/// no person saw them.
pub type AlertStates = BTreeMap<String, (Severity, Day)>;

/// The part of a stored alert that says what was told.
#[derive(Deserialize)]
struct ToldAlert {
    alert_id: String,
    severity: Severity,
    time: String,
    suppressed_by: Option<String>,
}

/// Returns what the archive of a store says that was told of a day. Damaged lines are skipped.
pub(super) fn told_of(archive: &Archive, day: Day) -> Result<AlertStates> {
    let mut states = AlertStates::new();
    archive.each_of(day, |line| {
        let told = serde_json::from_slice::<ToldAlert>(line).ok();
        let Some((told, time)) = told.and_then(|t| Time::parse(&t.time).map(|time| (t, time)))
        else {
            return;
        };
        // Nobody may have seen what an approval covered.
        if told.suppressed_by.is_none() {
            let state = (told.severity, time.day());
            let before = states.entry(told.alert_id).or_insert(state);
            before.0 = before.0.max(told.severity);
        }
    })?;
    Ok(states)
}

/// The suffix of the key under which an episode is remembered as told while an approval covered it.
const COVERED: &str = "/covered";

/// Returns the key under which a told alert is remembered. No person has seen an alert that an approval covers: if the same
/// episode outgrows the approval, it is new.
fn alert_key(alert: &Alert) -> String {
    match alert.approval {
        Some(_) => format!("{}{COVERED}", alert.alert_id),
        None => alert.alert_id.clone(),
    }
}

/// Returns those alerts of an episode that tell more than what was told before, and remembers and counts them.
pub(super) fn news(
    episode: Vec<Alert>,
    day: Day,
    states: &mut AlertStates,
    summary: &mut ScoreSummary,
) -> Vec<Alert> {
    count(&episode, states, summary);
    let mut news = Vec::new();
    for mut alert in episode {
        let key = alert_key(&alert);
        let before = states.get(&key).map(|&(before, _)| before);
        let seen = states.get(&alert.alert_id).map(|&(seen, _)| seen);
        if before.max(seen).is_some_and(|told| told >= alert.severity) {
            continue;
        }
        alert.status = if before.is_some() {
            Status::Update
        } else {
            Status::New
        };
        alert.seal();
        states.insert(key, (alert.severity, day));
        news.push(alert);
    }
    news
}

fn count(episode: &[Alert], states: &AlertStates, summary: &mut ScoreSummary) {
    let severest = |is_covered: bool| {
        let alerts = episode
            .iter()
            .filter(move |a| a.approval.is_some() == is_covered);
        alerts.max_by_key(|a| a.severity)
    };
    let (covered, seen) = (severest(true), severest(false));
    let before = |alert: &Alert| states.get(&alert_key(alert)).map(|&(before, _)| before);
    let Some(highest) = seen else {
        let is_news = |a: &&Alert| before(a).is_none() && !states.contains_key(&a.alert_id);
        if let Some(approval) = covered
            .filter(is_news)
            .and_then(|a| a.suppressed_by.clone())
        {
            *summary.suppressed.entry(approval).or_insert(0) += 1;
        }
        return;
    };
    let before_it = before(highest);
    if before_it.is_some_and(|before| before >= highest.severity) {
        return;
    }
    *summary.episodes.entry(highest.severity).or_insert(0) += 1;
    let counted = &mut summary.counted;
    let counted = counted.insert(highest.alert_id.clone(), highest.severity);
    if let Some(n) = counted.and_then(|before| summary.episodes.get_mut(&before)) {
        *n = n.saturating_sub(1);
    }
    // An episode that outgrew its approval while it was followed no longer counts as covered.
    let was_covered = covered.filter(|a| before_it.is_none() && before(a).is_some());
    let approval = was_covered.and_then(|a| a.suppressed_by.as_ref());
    if let Some(n) = approval.and_then(|approval| summary.suppressed.get_mut(approval)) {
        *n = n.saturating_sub(1);
    }
}
