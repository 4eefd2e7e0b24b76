//! What an approval would have hidden: stored alerts, and stored days that reach the thresholds in force.
//!
//! An approval applies to all of an episode that an analytic reads. An alert names only a part of the episode, and a stored
//! day records everything that was touched, which is more. So the answer is sometimes "perhaps", and the result says so.

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::alert_id;
use crate::baseline::{CalibrationLog, Generation};
use crate::config::{Approval, Cover, PartialContext};
use crate::engine::Setup;
use crate::engine::approvals::archive::{ArchivedAlert, archived, names_of_log};
use crate::engine::approvals::breadth::{Breadth, breadth};
use crate::engine::approvals::days::{DayContextReader, Days};
use crate::engine::approvals::everything::MatchesAll;
use crate::engine::thresholds::in_force;
use crate::error::Result;
use crate::measure::DayFacts;
use crate::stats::rank::score;
use crate::store::Store;
use crate::time::Day;
use crate::vocab::{Entity, Str};

/// Days from which an approval counts as long.
const LONG_DAYS: i32 = 400;
/// Prefixes shorter than these count as very wide.
const WIDE_PREFIX_V4: u8 = 8;
const WIDE_PREFIX_V6: u8 = 32;

/// What an approval would have hidden, and what was examined.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ApprovalSimulation {
    /// Each episode, the newest first.
    pub hidden: Vec<Hidden>,
    /// What was examined.
    pub looked: SimulationScope,
    /// How wide the approval is.
    pub breadth: Breadth,
    /// That it leaves nothing out, or nearly nothing.
    pub matches_all: Option<MatchesAll>,
}

/// An episode that an approval would have hidden.
#[derive(Debug, Clone, PartialEq)]
pub struct Hidden {
    /// The day.
    pub day: Day,
    /// Its score.
    pub score: f64,
    /// The analytic.
    pub analytic: Str,
    /// The entity.
    pub entity: Entity,
    /// The alert's id, if there was an alert; else the day reaches the threshold in force, but was never scored.
    pub alert_id: Option<String>,
    /// Whether it is certain.
    pub is_sure: bool,
}

/// What was examined.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SimulationScope {
    /// Stored alerts.
    pub alerts: u64,
    /// The first and the last day of these alerts.
    pub alert_days: Option<(Day, Day)>,
    /// The number of them that another approval covered.
    pub covered_before: u64,
    /// The first and the last day of the stored distributions.
    pub stored_days: Option<(Day, Day)>,
    /// The most extreme entity-days of these days.
    pub extremes: u64,
    /// The number of them that reach a threshold in force and had no alert, counted once for each analytic.
    pub reaching: u64,
    /// Whether there are too few days for thresholds, so that no stored day could be checked.
    pub is_provisional: bool,
}

/// Warnings about an approval that do not depend on the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApprovalLint {
    /// Whether it names neither an identity nor a role, or names all of them.
    pub is_for_anybody: bool,
    /// Whether it is of a log that may be silent, and covers nothing that anybody does.
    pub is_of_log: bool,
    /// Whether it names nothing else.
    pub is_by_who_alone: bool,
    /// Networks of it that are very wide.
    pub wide_networks: Vec<String>,
    /// Its length in days, if that is long.
    pub long_days: Option<i32>,
}

/// Returns the warnings about an approval.
pub fn lint_approval(approval: &Approval, today: Day) -> ApprovalLint {
    let criteria = &approval.criteria;
    let is_of_log = criteria.log.is_some();
    let is_for_anybody = !is_of_log && criteria.are_for_anybody();
    let networks = criteria.network.iter().flatten();
    let is_wide = |network: &&ipnet::IpNet| {
        network.prefix_len()
            < if network.addr().is_ipv4() {
                WIDE_PREFIX_V4
            } else {
                WIDE_PREFIX_V6
            }
    };
    let days = approval.expires.since(today);
    ApprovalLint {
        is_for_anybody,
        is_of_log,
        is_by_who_alone: !is_for_anybody && !is_of_log && criteria.are_by_who_alone(),
        wide_networks: networks.filter(is_wide).map(ToString::to_string).collect(),
        long_days: (days > LONG_DAYS).then_some(days),
    }
}

/// Finds what an approval would have hidden. The approval need not be in the configuration.
///
/// # Errors
///
/// Fails if the store cannot be read. For a missing store, nothing would have been hidden.
pub fn simulate_approval(
    setup: &Setup,
    store: &Store,
    approval: &Approval,
) -> Result<ApprovalSimulation> {
    let archived = archived(store, None)?;
    let mut simulation = ApprovalSimulation {
        looked: SimulationScope {
            alerts: archived.len() as u64,
            alert_days: span(archived.values().map(|alert| alert.time.day())),
            covered_before: archived
                .values()
                .filter(|alert| alert.is_suppressed)
                .count() as u64,
            ..SimulationScope::default()
        },
        ..ApprovalSimulation::default()
    };
    let matches_all = |breadth| {
        let mut all = MatchesAll::of(approval, breadth)?;
        all.count(approval, &archived);
        Some(all)
    };
    let Some(manifest) = store.manifest()? else {
        simulation.matches_all = matches_all(None);
        return Ok(simulation);
    };
    let generation = store.load_generation()?;
    let log = store.load_calibration_log(&manifest)?;
    simulation.breadth = breadth(&generation, approval)?;
    simulation.matches_all = matches_all(Some(&simulation.breadth));
    let mut asked: BTreeMap<Day, Vec<Candidate>> = BTreeMap::new();
    let visible = archived.iter().filter(|(_, alert)| !alert.is_suppressed);
    for (id, alert) in visible {
        let of_day = asked.entry(alert.time.day()).or_default();
        of_day.push(Candidate::of_archived(id, alert));
    }
    let archived_ids: BTreeSet<&str> = archived.keys().map(String::as_str).collect();
    reaching(
        setup,
        &generation,
        &log,
        &archived_ids,
        &mut simulation.looked,
        &mut asked,
    );

    let mut days = Days::of(store, &manifest, &generation);
    let eye = DayContextReader::of(setup, &generation);
    for (day, of_day) in asked {
        let is_meant = |asked: &Candidate| {
            approval.is_for(&asked.analytic)
                && approval.holds(day.start())
                && asked.may_be_meant(approval, day, &generation)
        };
        let of_day: Vec<Candidate> = of_day.into_iter().filter(is_meant).collect();
        if of_day.is_empty() {
            continue;
        }
        let facts = days.facts(day)?.unwrap_or_default();
        for asked in of_day {
            let cover = asked.cover(approval, day, facts.get(&asked.entity), &eye);
            if cover == Cover::No || asked.is_covered_before(setup, day, &facts, &eye) {
                continue;
            }
            simulation.hidden.push(Hidden {
                day,
                score: asked.score,
                analytic: asked.analytic,
                entity: asked.entity,
                alert_id: asked.alert_id,
                is_sure: cover == Cover::Yes,
            });
        }
    }
    generation.intact()?;
    simulation.hidden.sort_by(|a, b| {
        (b.day.cmp(&a.day))
            .then_with(|| b.score.total_cmp(&a.score))
            .then_with(|| (&a.analytic, &a.entity).cmp(&(&b.analytic, &b.entity)))
    });
    Ok(simulation)
}

/// An episode that is checked.
struct Candidate {
    analytic: Str,
    entity: Entity,
    score: f64,
    alert_id: Option<String>,
    /// The values in the alert itself, if there was one.
    shown: Option<PartialContext>,
}

impl Candidate {
    fn of_archived(id: &str, alert: &ArchivedAlert) -> Self {
        Self {
            analytic: alert.analytic.clone(),
            entity: alert.entity.clone(),
            score: alert.score,
            alert_id: Some(id.to_owned()),
            shown: Some(alert.context.clone()),
        }
    }

    fn names_of_log(&self) -> Option<Vec<Str>> {
        names_of_log(&self.analytic, &self.entity.id)
    }

    /// Returns, before the day is read, whether it concerns an identity that the approval may cover.
    fn may_be_meant(&self, approval: &Approval, day: Day, generation: &Generation) -> bool {
        if let Some(names) = self.names_of_log() {
            return approval.covers_silence(&names, day.start());
        }
        if let Some(shown) = &self.shown {
            let who = approval
                .criteria
                .may_cover_who(&shown.ids, shown.role.as_ref());
            return who != Cover::No;
        }
        let Some(baseline) = generation.baselines.get(&self.entity) else {
            return true;
        };
        let mut ids = vec![self.entity.id.clone()];
        ids.extend(baseline.aliases.iter().cloned());
        approval
            .criteria
            .may_cover_who(&ids, baseline.role.as_ref())
            != Cover::No
    }

    fn cover(
        &self,
        approval: &Approval,
        day: Day,
        facts: Option<&DayFacts>,
        eye: &DayContextReader,
    ) -> Cover {
        if let Some(names) = self.names_of_log() {
            return match approval.covers_silence(&names, day.start()) {
                true => Cover::Yes,
                false => Cover::No,
            };
        }
        let whole = facts.map(|facts| eye.context(&self.entity, facts));
        let may =
            |context: &PartialContext| approval.may_cover(context, &self.analytic, day.start());
        match (&self.shown, whole) {
            (None, Some(whole)) => may(&whole),
            (Some(shown), None) => may(shown),
            (Some(shown), Some(whole)) => {
                // The values in the alert can contradict the approval, but they are not complete.
                match may(shown) {
                    Cover::No => Cover::No,
                    _ => may(&whole),
                }
            }
            (None, None) => Cover::No,
        }
    }

    /// Returns whether an approval of the configuration certainly covers a day without an alert.
    fn is_covered_before(
        &self,
        setup: &Setup,
        day: Day,
        facts: &BTreeMap<Entity, DayFacts>,
        eye: &DayContextReader,
    ) -> bool {
        let facts = facts.get(&self.entity);
        self.shown.is_none()
            && setup
                .config
                .approvals
                .iter()
                .any(|approval| self.cover(approval, day, facts, eye) == Cover::Yes)
    }
}

/// Collects the stored entity-days that reach a threshold in force and had no alert.
fn reaching(
    setup: &Setup,
    generation: &Generation,
    log: &CalibrationLog,
    archived_ids: &BTreeSet<&str>,
    looked: &mut SimulationScope,
    asked: &mut BTreeMap<Day, Vec<Candidate>>,
) {
    looked.stored_days = span(log.extremes.keys().copied());
    looked.extremes = log
        .extremes
        .values()
        .map(|of_day| of_day.len() as u64)
        .sum();
    looked.is_provisional = generation.calibration.is_provisional();
    if looked.is_provisional {
        return;
    }
    let thresholds = in_force(&setup.analytics, generation, None);
    for (&day, of_day) in &log.extremes {
        for extreme in of_day {
            for said in &extreme.analytics {
                let surprise = generation.calibration.pooled.surprise(said.value);
                let reaches =
                    |t: &&crate::engine::InForce| t.analytic == said.by && surprise >= t.surprise;
                let id = || alert_id(&said.by, &extreme.entity, day.start());
                if thresholds.iter().any(|t| reaches(&t)) && !archived_ids.contains(id().as_str()) {
                    looked.reaching += 1;
                    asked.entry(day).or_default().push(Candidate {
                        analytic: said.by.clone(),
                        entity: extreme.entity.clone(),
                        score: score(surprise),
                        alert_id: None,
                        shown: None,
                    });
                }
            }
        }
    }
}

fn span(days: impl Iterator<Item = Day>) -> Option<(Day, Day)> {
    days.fold(None, |span, day| match span {
        None => Some((day, day)),
        Some((first, last)) => Some((day.min(first), day.max(last))),
    })
}
