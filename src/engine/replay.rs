//! The daily replay, in order: a day is scored by what was known on its morning, then learnt.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::baseline::{Baseline, CalibrationLog, Context, Generation, View};
use crate::engine::Setup;
use crate::engine::tune::{calibrated, seen};
use crate::learn::{CLOSING_SECS, Exclusions, Learner, Memory, Morning, PeerGroupOf};
use crate::measure::{DayAggregate, DayFacts, DayLogs, OwnAccounts};
use crate::score::{Judge, burn_in_day, calibrate_day};
use crate::stats::constants::DAYS_UNSCORED;
use crate::time::{Day, Time};
use crate::vocab::Entity;

/// A day that was learnt but may still grow, with what it is judged by.
struct Pending {
    day: Day,
    facts: BTreeMap<Entity, DayFacts>,
    morning: Morning,
    context: Context,
}

/// Runs the replay.
pub struct Replay<'a> {
    setup: &'a Setup,
    peer_group_of: &'a PeerGroupOf<'a>,
    learner: Learner<'a>,
    exclusions: Exclusions,
    /// The values scored so far.
    pub log: CalibrationLog,
    pending: Option<Pending>,
}

impl<'a> Replay<'a> {
    /// Starts with nothing learnt, and with the log of what earlier runs scored.
    pub fn new(setup: &'a Setup, peer_group_of: &'a PeerGroupOf<'a>, log: CalibrationLog) -> Self {
        Self::resumed(setup, peer_group_of, Memory::default(), log)
    }

    /// Goes on from what another replay remembered, with the log of what earlier runs scored.
    pub fn resumed(
        setup: &'a Setup,
        peer_group_of: &'a PeerGroupOf<'a>,
        memory: Memory,
        log: CalibrationLog,
    ) -> Self {
        Self {
            setup,
            peer_group_of,
            learner: Learner::resumed(&setup.plan, peer_group_of, memory)
                .clustering_peers(setup.config.clusters_peers),
            exclusions: Exclusions::default(),
            log,
            pending: None,
        }
    }

    /// Leaves out activity that was not normal.
    #[must_use]
    pub fn without(mut self, exclusions: Exclusions) -> Self {
        self.exclusions = exclusions;
        self
    }

    /// Learns a day. If this day shows that the day before has closed, that day is scored into the log first.
    pub fn learn(&mut self, mut aggregate: DayAggregate) {
        if !aggregate.has_records() {
            return self.learner.learn_findings(&aggregate);
        }
        let mut facts = self.close_pending(&mut aggregate);
        let aggregate = &aggregate;
        let is_scored = self
            .log
            .through
            .is_some_and(|through| aggregate.day <= through);
        let is_first = self.learner.first_day().is_none();
        if is_scored || is_first {
            self.learn_day(aggregate, &mut facts);
            return;
        }
        let mut context = self.setup.context().with_day(aggregate);
        context.note_logs(aggregate.day, DayLogs::of(&facts).breadths());
        let mut morning = self.learner.morning(aggregate.day, &facts);
        let own_accounts = &mut morning.generation.own_accounts;
        own_accounts.extend(aggregate.accounts.iter().cloned());
        self.learn_day(aggregate, &mut facts);
        self.pending = Some(Pending {
            day: aggregate.day,
            facts,
            morning,
            context,
        });
    }

    /// Learns a day after which this replay learns no other, so that nothing can show that it has closed.
    pub fn learn_last(&mut self, mut aggregate: DayAggregate) {
        if !aggregate.has_records() {
            return self.learner.learn_findings(&aggregate);
        }
        if self.is_burn_in(aggregate.day) {
            // What it shows sets the thresholds of the day after.
            return self.learn(aggregate);
        }
        let mut facts = self.close_pending(&mut aggregate);
        self.learn_day(&aggregate, &mut facts);
    }

    /// Scores the day before, if this one shows that it has closed; returns the facts of this one.
    fn close_pending(&mut self, aggregate: &mut DayAggregate) -> BTreeMap<Entity, DayFacts> {
        if aggregate
            .last
            .is_some_and(|last| self.pending_is_closed(last))
        {
            self.score_pending();
        }
        self.pending = None;
        let own_accounts = self.own_accounts_with(aggregate);
        aggregate.take_facts(self.learner.links(), &own_accounts)
    }

    /// Returns whether a day is not scored into the stored distributions, because too little is remembered before it.
    pub fn is_burn_in(&self, day: Day) -> bool {
        let first = self.learner.first_day();
        first.is_none_or(|first| day.since(first) < DAYS_UNSCORED)
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
        aggregate.assemble(self.learner.links(), &self.own_accounts_with(aggregate))
    }

    fn own_accounts_with(&self, aggregate: &DayAggregate) -> OwnAccounts {
        let mut own_accounts = OwnAccounts::clone(self.learner.own_accounts());
        own_accounts.extend(aggregate.accounts.iter().cloned());
        own_accounts
    }

    fn pending_is_closed(&self, last: Time) -> bool {
        self.pending
            .as_ref()
            .is_some_and(|p| last >= p.day.end().plus_secs(CLOSING_SECS))
    }

    fn score_pending(&mut self) {
        let Some(pending) = self.pending.take() else {
            return;
        };
        if self.is_burn_in(pending.day) {
            let mut log = std::mem::take(&mut self.log);
            self.burn_in(&mut log, &pending);
            self.log = log;
            return;
        }
        let Morning {
            mut generation,
            n_identities,
        } = pending.morning;
        generation.calibration = self.log.freeze();
        let view = View::new(&generation, &pending.context, pending.day);
        let judge = Judge::new(&self.setup.analytics, view);
        calibrate_day(
            &mut self.log,
            &judge,
            n_identities,
            (pending.day, &pending.facts),
            self.peer_group_of,
        );
        for (entity, exclusion) in self.exclusions.on(pending.day) {
            for analytic in &exclusion.analytics {
                self.log.forget(entity, pending.day, analytic);
            }
        }
    }

    /// Notes what one of the first days showed, by which thresholds are set until scores are calibrated.
    fn burn_in(&self, log: &mut CalibrationLog, pending: &Pending) {
        let mut generation = pending.morning.generation.clone();
        generation.calibration = log.freeze();
        let view = View::new(&generation, &pending.context, pending.day);
        let judge = Judge::new(&self.setup.analytics, view);
        let of_day = (pending.day, &pending.facts);
        burn_in_day(log, &judge, of_day, self.peer_group_of);
        if let Some(found) = log.burnt_in.get_mut(&pending.day) {
            for (entity, _) in self.exclusions.on(pending.day) {
                found.retain(|(its, ..)| its != entity);
            }
        }
    }

    /// Returns what was scored so far, and what the last day learnt showed, if it is one of the first: it may still grow, and says more than
    /// nothing. Without it the day after would be judged by a model alone.
    pub fn scored(&self) -> Cow<'_, CalibrationLog> {
        match self.pending.as_ref().filter(|p| self.is_burn_in(p.day)) {
            None => Cow::Borrowed(&self.log),
            Some(pending) => {
                let mut log = self.log.clone();
                self.burn_in(&mut log, pending);
                Cow::Owned(log)
            }
        }
    }

    /// Returns the baselines learnt so far, with the stored distributions, to judge the day after the last learnt one.
    pub fn generation(&self, number: u64) -> Generation {
        let as_of = self.as_of();
        self.completed(self.learner.generation(as_of), number)
    }

    /// Returns what [`Self::generation`] does, without the baselines.
    pub fn generation_without_baselines(&self, number: u64) -> Generation {
        let as_of = self.as_of();
        self.completed(self.learner.generation_without_baselines(as_of), number)
    }

    /// Returns the baselines of [`Self::generation`] in the order of entities, each made when it is asked for.
    pub fn baselines(&self) -> impl Iterator<Item = (&Entity, Baseline)> {
        self.learner.baselines(self.as_of())
    }

    /// Returns how many entities were forgotten since there were too many.
    pub fn n_forgotten(&self) -> u64 {
        self.learner.n_forgotten()
    }

    /// Returns what is remembered of the days learnt so far.
    pub fn memory(&self) -> &Memory {
        self.learner.memory()
    }

    fn as_of(&self) -> Day {
        self.learner.next_day().unwrap_or(Day(0))
    }

    fn completed(&self, mut generation: Generation, number: u64) -> Generation {
        generation.number = number;
        let log = self.scored();
        let seen = seen(self.setup, &log);
        generation.calibration = calibrated(&log, &seen, generation.first_day);
        generation
    }
}
