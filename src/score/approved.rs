//! Which approval covers an episode.
//!
//! An approval is asked about all of the day so far that the analytic looks at, and not only about what a person reads: nothing may hide
//! beside what is covered. One that holds at some times only is asked about what was done then. The rest of the day is judged by itself, as
//! if that had not been done: if it alerts, nothing is covered. So a job inside a busy identity can be approved, and hides nothing else.

use std::collections::BTreeSet;
use std::hash::RandomState;

use rustc_hash::FxHashSet;

use crate::alert::{Alert, AlertEntity};
use crate::analytic::Analytic;
use crate::config::{Approval, approval_covering};
use crate::error::Result;
use crate::event::Event;
use crate::measure::{DayFacts, EventAmounts};
use crate::score::alert_builder::AlertBuilder;
use crate::score::approval::{Asked, Coverage, basis_of, hash_of};
use crate::score::episode::{Episode, Stage};
use crate::score::evidence_events::{metrics_of, must_be_covered};
use crate::score::judge::Detection;
use crate::stats::Severity;
use crate::time::Time;
use crate::vocab::{Entity, Metric};

/// What an approval that covers an episode is asked about more.
pub struct Facing<'f> {
    /// The analytic.
    pub analytic: &'f Analytic,
    /// The entity.
    pub entity: &'f Entity,
    /// What was found.
    pub detection: &'f Detection,
    /// The day so far.
    pub facts: &'f DayFacts,
    /// The events since it was asked last.
    pub events: &'f [Event],
}

impl AlertBuilder<'_> {
    /// Returns the approval that covers an alert.
    pub(super) fn approval(
        &self,
        episode: &Episode,
        stage: &Stage,
        metrics: &BTreeSet<Metric>,
        alert: &Alert,
    ) -> Result<Option<&Approval>> {
        let analytic = &episode.analytic.id;
        let mut approvals = self.config.approvals.iter();
        if !approvals.any(|approval| approval.is_for(analytic)) {
            return Ok(None);
        }
        let crossed_at = alert.crossed_at.unwrap_or(alert.time);
        let scheduled = self.scheduled(analytic, (episode.entity, &alert.entity), crossed_at);
        let arm = &stage.detection.arm;
        let (mut asked, mut all) = (Asked::default(), Asked::default());
        let mut within: Vec<Asked> = scheduled.iter().map(|_| Asked::default()).collect();
        let mut is_any = false;
        let generation = self.judge.view();
        self.each(episode, stage.n, &mut |resolved, amounts| {
            let is_asked = must_be_covered(resolved.event, amounts, metrics, arm);
            is_any |= is_asked;
            let into = match (is_asked, is_any) {
                (true, _) => &mut asked,
                // Where nothing tells what is judged from the rest, all of it must be covered.
                (false, false) => &mut all,
                (false, true) => return,
            };
            let at_times = scheduled.iter().zip(&mut within).filter(|(approval, _)| {
                is_asked && approval.criteria.schedule.holds(resolved.event.time)
            });
            for asked in std::iter::once(into).chain(at_times.map(|(_, asked)| asked)) {
                asked.rows.add(self.resolver, resolved, generation);
                asked.add(resolved.event);
            }
        })?;
        let asked = if is_any { asked } else { all };
        if !asked.is_too_much() {
            let context = asked.context(episode.entity, &alert.entity);
            let approval = approval_covering(self.config, analytic, &context, crossed_at);
            if approval.is_some() {
                return Ok(approval);
            }
        }
        let mut covering: Vec<(u64, &Approval)> = Vec::new();
        for (approval, asked) in scheduled.into_iter().zip(within) {
            let n = asked.n_events;
            let is_known = n > 0 && !asked.is_too_much();
            let context = asked.context(episode.entity, &alert.entity);
            if is_known && approval.covers(&context, crossed_at) {
                covering.push((n, approval));
            }
        }
        // What no approval was asked about belongs to the rest, whenever it was done.
        let is_covered = |event: &Event, amounts: &EventAmounts| {
            let mut approvals = covering.iter();
            approvals.any(|(_, approval)| approval.criteria.schedule.holds(event.time))
                && (!is_any || must_be_covered(event, amounts, metrics, arm))
        };
        let is_rest = |event: &Event, amounts: &EventAmounts| !is_covered(event, amounts);
        if covering.is_empty() || self.alerts_by(episode, stage.n, is_rest)? {
            return Ok(None);
        }
        let most = covering.iter().rev().max_by_key(|(n, _)| n);
        Ok(most.map(|(_, approval)| *approval))
    }

    /// Returns the approvals that cover something of an entity at some times only, as far as the entity shows it.
    fn scheduled(
        &self,
        analytic: &str,
        (entity, described): (&Entity, &AlertEntity),
        at: Time,
    ) -> Vec<&Approval> {
        let of_analytic = self.config.approvals.iter().filter(|approval| {
            !approval.criteria.schedule.is_always()
                && approval.is_for(analytic)
                && approval.holds(at)
        });
        let mut approvals: Vec<&Approval> = of_analytic.collect();
        if !approvals.is_empty() {
            let context = Asked::default().context(entity, described);
            approvals.retain(|approval| approval.criteria.are_about(&context));
        }
        approvals
    }

    /// Returns whether some of the first `n` events would alert if there were no others.
    fn alerts_by(
        &self,
        episode: &Episode,
        n: usize,
        is_meant: impl Fn(&Event, &EventAmounts) -> bool,
    ) -> Result<bool> {
        let Some(facts) = self.with_events(episode, 0..n, None, is_meant)? else {
            return Ok(false);
        };
        let subject = self.subject(episode, &facts);
        let detection = self.judge.detection_of(&subject, episode.analytic);
        Ok(detection.is_some_and(|detection| {
            let rating = self.rating(episode.analytic, &detection, &facts);
            rating.severity() > Severity::Low
        }))
    }

    /// Returns what the approval that covers an alert was asked about; `None` if that is all of the day, whatever it is, or too much.
    pub(super) fn coverage(
        &self,
        episode: &Episode,
        stage: &Stage,
        alert: Alert,
    ) -> Result<Option<Coverage>> {
        let Some(approval) = alert.approval else {
            return Ok(None);
        };
        let crossed_at = alert.crossed_at.unwrap_or(alert.time);
        let who = (episode.entity, &alert.entity);
        // Several that hold at some times depend on one another.
        let scheduled = self.scheduled(&episode.analytic.id, who, crossed_at);
        if scheduled.len() > 1 {
            return Ok(None);
        }
        let schedule = scheduled
            .first()
            .map(|approval| &approval.criteria.schedule);
        let (arm, view) = (&stage.detection.arm, self.judge.view());
        let key = RandomState::new();
        let mut coverage = Coverage {
            approval,
            n_events: stage.n as u64,
            upto: None,
            basis: basis_of(&key, arm, &stage.facts, view.number),
            key,
            crossed_at,
            described: alert.entity,
            asked: FxHashSet::default(),
        };
        let metrics = metrics_of(episode.analytic);
        self.each(episode, stage.n, &mut |resolved, amounts| {
            let is_asked = must_be_covered(resolved.event, amounts, &metrics, arm)
                && schedule.is_none_or(|schedule| schedule.holds(resolved.event.time));
            if is_asked && !coverage.is_too_much() {
                let hash = hash_of(&coverage.key, resolved, self.resolver, view);
                coverage.asked.insert(hash);
            }
        })?;
        let is_known = !coverage.asked.is_empty() && !coverage.is_too_much();
        Ok(is_known.then_some(coverage))
    }

    /// Returns whether an approval that covered an episode still covers all of it, and remembers what it was asked about. If not, that
    /// is to be asked of the whole episode.
    pub fn is_still_covered(&self, coverage: &mut Coverage, facing: &Facing) -> bool {
        let (arm, view) = (&facing.detection.arm, self.judge.view());
        let n_events = coverage.n_events + facing.events.len() as u64;
        if coverage.basis != basis_of(&coverage.key, arm, facing.facts, view.number)
            || n_events != facing.facts.n_events
        {
            return false;
        }
        let at = coverage.crossed_at;
        let who = (facing.entity, &coverage.described);
        let scheduled = self.scheduled(&facing.analytic.id, who, at);
        let metrics = metrics_of(facing.analytic);
        for event in facing.events {
            // What is done at other times is judged by itself.
            let is_within = |approval: &&Approval| approval.criteria.schedule.holds(event.time);
            if !scheduled.iter().all(is_within) {
                return false;
            }
            let mut event = event.clone();
            let resolved = self.resolver.resolve(&mut event);
            let amounts = EventAmounts::of(&resolved);
            if !must_be_covered(resolved.event, &amounts, &metrics, arm) {
                continue;
            }
            let hash = hash_of(&coverage.key, &resolved, self.resolver, view);
            if coverage.asked.contains(&hash) {
                continue;
            }
            let mut asked = Asked::default();
            asked.rows.add(self.resolver, &resolved, view);
            asked.add(resolved.event);
            let context = asked.context(facing.entity, &coverage.described);
            let approval = approval_covering(self.config, &facing.analytic.id, &context, at);
            let is_same = approval.is_some_and(|approval| approval.id() == coverage.approval);
            if !is_same || coverage.is_too_much() {
                return false;
            }
            coverage.asked.insert(hash);
        }
        coverage.n_events = n_events;
        true
    }
}
