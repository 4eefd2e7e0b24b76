//! The daily replay, in order: a day is scored with the generation of that morning, then learnt.

use std::collections::BTreeMap;

use crate::baseline::{CalibrationLog, Context, Generation, View};
use crate::engine::Setup;
use crate::learn::{CLOSING_SECS, Exclusions, Learner, PeerGroupOf};
use crate::measure::{DayAggregate, DayFacts, Links, OwnAccounts};
use crate::score::{Judge, calibrate_day};
use crate::time::{Day, Time};
use crate::vocab::Entity;

/// Days that must be remembered before a day is scored into the stored distributions: before that, everything is new.
const BURN_IN_DAYS: i32 = 3;

/// A day that was learnt but may still grow, with the generation of its morning.
struct Pending {
    day: Day,
    facts: BTreeMap<Entity, DayFacts>,
    morning: Generation,
    context: Context,
}

/// Runs the replay.
pub struct Replay<'a> {
    setup: &'a Setup,
    learner: Learner<'a>,
    exclusions: Exclusions,
    /// The values scored so far.
    pub log: CalibrationLog,
    pending: Option<Pending>,
    yesterday_links: Links,
    own_accounts: OwnAccounts,
    next_day: Option<Day>,
}

impl<'a> Replay<'a> {
    /// Starts with nothing learnt, and with the log of what earlier runs scored.
    pub fn new(setup: &'a Setup, peer_group_of: &'a PeerGroupOf<'a>, log: CalibrationLog) -> Self {
        Self {
            setup,
            learner: Learner::new(&setup.plan, peer_group_of)
                .clustering_peers(setup.config.clusters_peers),
            exclusions: Exclusions::default(),
            log,
            pending: None,
            yesterday_links: Links::new(),
            own_accounts: OwnAccounts::new(),
            next_day: None,
        }
    }

    /// Leaves out activity that was not normal.
    #[must_use]
    pub fn without(mut self, exclusions: Exclusions) -> Self {
        self.exclusions = exclusions;
        self
    }

    /// Learns a day. If this day shows that the day before has closed, that day is scored into the log first.
    pub fn learn(&mut self, aggregate: &DayAggregate, peer_group_of: &PeerGroupOf) {
        if aggregate
            .last
            .is_some_and(|last| self.pending_is_closed(last))
        {
            self.score_pending(peer_group_of);
        }
        self.pending = None;
        let mut facts = self.facts_of(aggregate);
        self.own_accounts.extend(aggregate.accounts.iter().cloned());
        let is_scored = self
            .log
            .through
            .is_some_and(|through| aggregate.day <= through);
        if !is_scored && !self.is_burn_in(aggregate.day) {
            let mut morning = self.learner.generation(aggregate.day);
            morning.own_accounts.clone_from(&self.own_accounts);
            self.learn_day(aggregate, &mut facts);
            self.pending = Some(Pending {
                day: aggregate.day,
                facts,
                morning,
                context: self.setup.context().with_day(aggregate),
            });
        } else {
            self.learn_day(aggregate, &mut facts);
        }
        self.yesterday_links = aggregate.links.clone().following(&self.yesterday_links);
        self.next_day = Some(aggregate.day.plus(1));
    }

    /// Returns whether a day is not scored into the stored distributions, because too little is remembered before it.
    pub fn is_burn_in(&self, day: Day) -> bool {
        let first = self.learner.first_day();
        first.is_none_or(|first| day.since(first) < BURN_IN_DAYS)
    }

    /// Learns the facts of a day without the exclusions, and returns the facts unchanged: judging uses all of them.
    fn learn_day(&mut self, aggregate: &DayAggregate, facts: &mut BTreeMap<Entity, DayFacts>) {
        let learner = &self.learner;
        let knows = |entity: &Entity, which, hash| learner.knows(entity, which, hash);
        let whole = self.exclusions.leave_out(aggregate.day, facts, knows);
        self.learner.learn_day(aggregate, facts);
        facts.extend(whole);
    }

    /// Returns the facts of the day that would be learnt next, merged by entity.
    pub fn facts_of(&self, aggregate: &DayAggregate) -> BTreeMap<Entity, DayFacts> {
        let mut own_accounts = self.own_accounts.clone();
        own_accounts.extend(aggregate.accounts.iter().cloned());
        aggregate.assemble(&self.yesterday_links, &own_accounts)
    }

    fn pending_is_closed(&self, last: Time) -> bool {
        self.pending
            .as_ref()
            .is_some_and(|p| last >= p.day.end().plus_secs(CLOSING_SECS))
    }

    fn score_pending(&mut self, peer_group_of: &PeerGroupOf) {
        let Some(mut pending) = self.pending.take() else {
            return;
        };
        pending.morning.calibration = self.log.freeze();
        let view = View::new(&pending.morning, &pending.context, pending.day);
        let judge = Judge::new(&self.setup.analytics, view);
        calibrate_day(
            &mut self.log,
            &judge,
            pending.day,
            &pending.facts,
            peer_group_of,
        );
        for (entity, exclusion) in self.exclusions.on(pending.day) {
            for analytic in &exclusion.analytics {
                self.log.forget(entity, pending.day, analytic);
            }
        }
    }

    /// Returns the baselines learnt so far, with the stored distributions, to judge the day after the last learnt one.
    pub fn generation(&self, number: u64) -> Generation {
        let mut generation = self.learner.generation(self.next_day.unwrap_or(Day(0)));
        generation.number = number;
        generation.calibration = self.log.freeze();
        generation.own_accounts = self.own_accounts.clone();
        generation
    }
}
