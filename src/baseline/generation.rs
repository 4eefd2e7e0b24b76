//! A generation: one published, immutable, complete set of all baselines, with everything needed to judge by them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::baseline::{
    Baseline, Beginnings, Calibration, Chain, DriftReport, Group, Key, Keyed, Peak, Peaks, Support,
    Sweeps, Trails, Tuning, Value, all_identities, built_in, built_in_for_long,
};
use crate::error::Result;
use crate::event::{Action, IdentityKind, Provider, Source};
use crate::measure::{
    Acquaintance, Coverage, Creations, Findings, Issued, Links, Namesake, OwnAccounts, Seen,
    SignIn, value_hash,
};
use crate::sketch::FrozenRoleHistogram;
use crate::stats::constants::{LOOKBACK_DAYS, MEMBERS_MIN, NEWNESS_DAYS, SUPPORT_BUCKETS};
use crate::stats::prior::{CellPrior, Level, Rate};
use crate::stats::{GroupNovelty, Prior};
use crate::time::{Day, Window};
use crate::vocab::{Entity, EntityKind, Metric, Str, Trait};

/// The priors that a group supplies to members without enough history of their own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupState {
    /// Number of entities in it.
    pub members: u32,
    /// Levels and rates per metric and window, sorted, where enough members have enough data.
    pub priors: Vec<((Metric, Window), CellPrior)>,
    /// Novelty per trait, sorted.
    pub novelty: Vec<(Trait, GroupNovelty)>,
    /// Per trait, sorted: on the first days of how many members the rarest value had how much support, by
    /// [`support_bucket`](crate::stats::novelty::support_bucket). Days without a value count in the last class.
    pub newcomers: Vec<(Trait, [f64; SUPPORT_BUCKETS])>,
    /// Weighted days of all members together.
    pub exposure: f64,
    /// One-hour values of members' active hours, sorted by metric.
    pub role_tails: Vec<(Metric, FrozenRoleHistogram)>,
}

impl GroupState {
    /// Returns the prior for a metric in a window, if enough members show any of it.
    pub fn prior(&self, metric: Metric, window: Window) -> Option<&CellPrior> {
        let at = self
            .priors
            .binary_search_by_key(&(metric, window), |&(key, _)| key);
        at.ok().map(|at| &self.priors[at].1)
    }
}

impl Value for GroupState {}

impl Value for Vec<SignIn> {}

impl Value for Vec<Peak> {}

impl Key for Entity {
    fn kind(&self) -> EntityKind {
        self.kind
    }

    fn id(&self) -> &Str {
        &self.id
    }
}

/// The baselines of a generation.
pub type Baselines = Keyed<Entity, Baseline>;

/// The groups of a generation.
pub type Groups = Keyed<Group, GroupState>;

/// The last sign-ins of each identity, the latest first.
pub type SignedIn = Keyed<Entity, Vec<SignIn>>;

/// The priors that those lend who have shown anything, however little, by the group of all of them: what is judged by until scores are
/// calibrated, where no group has a prior of its own.
pub type FewPriors = Vec<(Group, Vec<((Metric, Window), CellPrior)>)>;

/// One published set of all baselines.
#[derive(Debug, Clone)]
pub struct Generation {
    /// Its number, from 1; 0 is the empty one before any training.
    pub number: u64,
    /// The day after the last learnt day: the first day that it may judge.
    pub as_of: Day,
    /// The first day that is remembered; an entity first seen on it may be older.
    pub first_day: Day,
    /// Per entity.
    pub baselines: Baselines,
    /// Per group.
    pub groups: Groups,
    /// How many identities are known for a trait value, by [`support_key`].
    pub support: Support,
    /// Accounts whose own trail was read.
    pub own_accounts: OwnAccounts,
    /// Instances and the identities that use them, on the last learnt days.
    pub links: Links,
    /// Identities created recently.
    pub created: Creations,
    /// Of names that were given again and not yet seen since: who had them before.
    pub namesakes: BTreeMap<Entity, Namesake>,
    /// Credentials issued recently.
    pub issued: Issued,
    /// Sign-ins of the last days.
    pub signed_in: SignedIn,
    /// The peaks of entities.
    pub peaks: Peaks,
    /// The classes of action in the logs of the lookback.
    pub seen: Seen,
    /// Since when each log is there.
    pub beginnings: Beginnings,
    /// When each trail was last seen, and for how long it pauses.
    pub trails: Trails,
    /// The contents of the logs on each day of the lookback, in order.
    pub coverage: Vec<(Day, Arc<Coverage>)>,
    /// Baselines that drift.
    pub drift_report: DriftReport,
    /// The stored distributions.
    pub calibration: Calibration,
    /// The priors of few, by which is judged until scores are calibrated. What is recorded into the stored distributions is measured without
    /// them, as it will be once it is read off these.
    pub few: Option<FewPriors>,
    /// Of groups in which anybody did, how often the posture of many buckets was read.
    pub sweeps: BTreeMap<Group, Sweeps>,
    /// What other detectors concluded of identities on the days of the last three months.
    pub findings: Findings,
    /// The tuned thresholds. They are not stored with the generation: a person changes them, not learning.
    pub tuning: Tuning,
}

/// Returns the key of a trait value in [`Generation::support`].
pub fn support_key(which: Trait, hash: u64) -> u64 {
    hash.rotate_left(which as u32 + 1) ^ value_hash(which.as_str())
}

impl Acquaintance for Generation {
    fn knows(&self, entity: &Entity) -> bool {
        self.baselines.knows(entity)
    }
}

impl Generation {
    /// Returns the generation without any baseline.
    pub fn empty(as_of: Day) -> Self {
        Self {
            number: 0,
            as_of,
            first_day: as_of,
            baselines: Baselines::default(),
            groups: Groups::default(),
            support: Support::default(),
            own_accounts: OwnAccounts::new(),
            links: Links::new(),
            created: Creations::new(),
            namesakes: BTreeMap::new(),
            issued: Issued::new(),
            signed_in: SignedIn::default(),
            peaks: Peaks::default(),
            seen: Seen::default(),
            beginnings: Beginnings::default(),
            trails: Trails::default(),
            coverage: Vec::new(),
            drift_report: DriftReport::default(),
            calibration: Calibration::default(),
            few: Some(FewPriors::new()),
            sweeps: BTreeMap::new(),
            findings: Findings::default(),
            tuning: Tuning::default(),
        }
    }

    /// Returns whether all of it that was asked for could be read.
    ///
    /// # Errors
    ///
    /// Fails with what could not be read first.
    pub fn intact(&self) -> Result<()> {
        self.baselines.intact()?;
        self.groups.intact()?;
        self.signed_in.intact()?;
        self.peaks.intact()
    }

    /// Returns whether the logs of the lookback contained actions of this class; for [`Action::EgressFlow`], whether
    /// network flows of the provider are logged at all. An unseen action is not known to be absent from the estate.
    pub fn sees(&self, provider: Provider, action: Action) -> bool {
        self.seen.has(provider, action)
    }

    /// Returns whether records of a log are read here, in its own format or in one into which any log can be converted.
    pub fn reads(&self, log: Source) -> bool {
        let is_it = |source: Source, provider: Provider| {
            source == log || source.provider().is_none() && log.provider() == Some(provider)
        };
        self.coverage.iter().any(|(_, covered)| {
            let mut sources = covered.log_sources();
            sources.any(|(key, _)| is_it(key.source, key.provider))
        })
    }

    /// Returns how many days before a day the memory begins; 0 if it does not reach back that far.
    pub fn number_of_days_before(&self, day: Day) -> i32 {
        day.since(self.first_day).max(0)
    }

    /// Returns whether what began on a day is younger than the store. What was not there on the first days of the store may be older.
    pub fn is_late(&self, begun: Day) -> bool {
        self.number_of_days_before(begun) >= NEWNESS_DAYS
    }

    /// Returns the number of identities with a known trait value.
    pub fn support_of(&self, which: Trait, hash: u64) -> u32 {
        self.support.of(support_key(which, hash))
    }

    /// Returns what is known of each group of a chain.
    pub fn states_of(&self, chain: &Chain) -> Vec<Option<&GroupState>> {
        chain.iter().map(|group| self.groups.get(group)).collect()
    }

    /// Returns the priors of few, if these are judged by.
    pub fn young(&self) -> Option<&FewPriors> {
        let few = self.few.as_ref();
        few.filter(|_| self.calibration.is_provisional())
    }

    /// Returns the prior for a metric in a window, as [`prior_among`] the groups of a chain.
    pub fn prior<'c>(
        &self,
        chain: &'c Chain,
        kind: IdentityKind,
        cell: (Metric, Window),
    ) -> (Prior, Option<&'c Group>) {
        let known = chain.iter().map(|group| (group, self.groups.get(group)));
        let known = known.filter_map(|(group, state)| Some((group, state?)));
        prior_among(known, kind, cell, self.young())
    }

    /// Returns the mean number of identities that were active on a day with logs, over the lookback; until scores are
    /// calibrated, the number of those that are known.
    pub fn identities_per_day(&self) -> f64 {
        let days = self.coverage.len();
        let all = self.groups.get(&all_identities());
        let of_any_trait = all.and_then(|state| Some((state, state.novelty.first()?.1)));
        match of_any_trait {
            Some((state, novelty)) if !self.calibration.is_provisional() && days > 1 => {
                let first_days = state
                    .newcomers
                    .first()
                    .map_or(0.0, |(_, support)| support.iter().sum());
                // While the store is young its first days are left out of both counts, since everybody is new on them.
                let is_young = self.number_of_days_before(self.as_of) <= LOOKBACK_DAYS;
                (novelty.active_days + first_days) / (days - usize::from(is_young)) as f64
            }
            _ => self.baselines.n_of(EntityKind::Identity) as f64,
        }
    }

    /// Returns the budget, in incidents a day, where nothing was tuned or asked for: see
    /// [`default_budget`](crate::stats::rank::default_budget).
    pub fn default_budget(&self) -> f64 {
        crate::stats::rank::default_budget(self.identities_per_day())
    }

    /// Returns the surprise from which `budget_per_day` incidents a day would have been told on the stored days; until scores are
    /// calibrated, that which so many of as many identities are expected to reach, and no less than what the first days showed.
    pub fn budget_surprise(&self, budget_per_day: f64) -> f64 {
        let early = &self.calibration.early;
        self.surprise_of_acts(budget_per_day)
            .max(early.surprise_for_budget(budget_per_day))
    }

    /// Returns the same for acts that matter by themselves, of which the first days of an estate hide none.
    pub fn surprise_of_acts(&self, budget_per_day: f64) -> f64 {
        let calibration = &self.calibration;
        let calibrated = match calibration.is_provisional() {
            true => None,
            false => calibration.surprise_for_budget(budget_per_day),
        };
        calibrated.unwrap_or_else(|| {
            let identities = self.baselines.n_of(EntityKind::Identity).max(1) as f64;
            crate::stats::rank::budget_surprise(budget_per_day, identities)
        })
    }
}

/// Returns the prior for a metric in a window, and the group that its location and spread come from; `None` in place of the
/// group means [what is built in](built_in) for an identity of that kind. Groups come nearest first.
pub fn prior_among<'c, 'g>(
    groups: impl Iterator<Item = (&'c Group, &'g GroupState)>,
    kind: IdentityKind,
    (metric, window): (Metric, Window),
    young: Option<&FewPriors>,
) -> (Prior, Option<&'c Group>) {
    let mut level: Option<(Level, &Group)> = None;
    let mut rate: Option<Rate> = None;
    // Of its groups, one that never does what is rare says more than those in which a few do it.
    let mut silent_days = 0.0_f64;
    let mut widest = None;
    for (group, state) in groups {
        widest = Some(group);
        let Some(cell) = state.prior(metric, window) else {
            if metric.is_rare() && state.members >= MEMBERS_MIN as u32 {
                silent_days = silent_days.max(state.exposure);
            }
            continue;
        };
        level = level.or(cell.level.map(|level| (level, group)));
        rate = rate.or(cell.rate);
        if level.is_some() && rate.is_some() && !metric.is_rare() {
            break;
        }
    }
    if let (Some(group), Some(few)) = (widest, young)
        && (level.is_none() || rate.is_none())
    {
        let of_group = few.iter().find(|(of, _)| of == group);
        let cells = of_group.map_or(&[][..], |(_, cells)| cells);
        let at = cells.binary_search_by_key(&(metric, window), |&(key, _)| key);
        if let Ok(at) = at {
            level = level.or(cells[at].1.level.map(|level| (level, group)));
            rate = rate.or(cells[at].1.rate);
        }
    }
    let rate = rate.map(|rate| rate.among_silent(silent_days));
    let prior_group = level.map(|(_, group)| group);
    let prior = CellPrior {
        level: level.map(|(level, _)| level),
        rate,
    }
    .or(&match young {
        Some(_) => built_in(kind, metric, window),
        None => built_in_for_long(metric),
    });
    (prior, prior_group)
}

/// Returns the nearest of some groups with at least `members_min` members.
pub fn peers_among<'c, 'g>(
    mut groups: impl Iterator<Item = (&'c Group, &'g GroupState)>,
    members_min: u32,
) -> Option<(&'c Group, &'g GroupState)> {
    groups.find(|(_, state)| state.members >= members_min)
}

/// Returns the nearest of some groups with at least `hours_min` active hours of a metric, or the widest group that has any.
pub fn role_tail_among<'c, 'g>(
    groups: impl Iterator<Item = (&'c Group, &'g GroupState)>,
    metric: Metric,
    hours_min: u64,
) -> Option<(&'c Group, &'g FrozenRoleHistogram)> {
    let mut widest = None;
    for (group, state) in groups {
        let Ok(at) = state.role_tails.binary_search_by_key(&metric, |&(m, _)| m) else {
            continue;
        };
        let tail = &state.role_tails[at].1;
        widest = Some((group, tail));
        if tail.total() >= hours_min {
            break;
        }
    }
    widest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::chain_of_identity;
    use crate::vocab::Str;

    /// An entity without history is judged by the nearest group that has enough members with enough data, from the first
    /// event on.
    #[test]
    fn a_prior_comes_from_the_nearest_group_that_has_one() {
        let key = (Metric::ReadCalls, Window::HOUR);
        let level = |mean: f64| CellPrior {
            level: Some(Level {
                mean,
                between_var: 0.5,
                within_var: 0.5,
                members: 9,
            }),
            rate: None,
        };
        let rate = CellPrior {
            level: None,
            rate: Some(Rate {
                alpha: 7.0,
                beta: 2.0,
                members: 9,
            }),
        };
        let role: Str = "analyst".into();
        let (account, home): (Str, Str) = ("1".into(), "eu-west-1".into());
        let all = chain_of_identity(
            Some("etl"),
            Some(&role),
            Some((&account, &home)),
            Provider::Aws,
            IdentityKind::Human,
        );
        // The groups of the chain with a level, and the group that is used; `None` is the built-in prior.
        for (have_level, taken) in [
            (vec![0, 1, 2, 3, 4], Some(0)),
            (vec![1, 2, 3, 4], Some(1)),
            (vec![2, 4], Some(2)),
            (vec![3, 4], Some(3)),
            (vec![4], Some(4)),
            (vec![], None),
        ] {
            let mut generation = Generation::empty(Day(20_500));
            for (at, group) in all.iter().enumerate() {
                let cell = if have_level.contains(&at) {
                    level(at as f64)
                } else {
                    // A group that knows only rates supplies those and nothing else.
                    rate
                };
                let state = GroupState {
                    priors: vec![(key, cell)],
                    ..GroupState::default()
                };
                generation.groups.insert(group.clone(), state);
            }
            let (prior, prior_group) = generation.prior(&all, IdentityKind::Human, key);
            assert_eq!(prior_group, taken.map(|at: usize| &all[at]));
            let built_in_for = |metric| built_in(IdentityKind::Human, metric, key.1);
            let mean = taken.map_or(built_in_for(key.0).mean, |at| at as f64);
            assert_eq!(prior.mean, mean);
            let is_rate_known = have_level.len() < all.len();
            assert_eq!(prior.alpha == 7.0, is_rate_known, "{have_level:?}");
            // The built-in prior covers what no group knows.
            assert_eq!(
                generation.prior(&all, IdentityKind::Human, (Metric::CopyCalls, key.1)),
                (built_in_for(Metric::CopyCalls), None)
            );
        }
    }

    #[test]
    fn the_default_budget_follows_from_how_many_identities_are_active() {
        let in_estate = |active: f64, first: f64, days: i32, first_day: i32| {
            let mut generation = Generation::empty(Day(20_500));
            generation.first_day = Day(20_500 - first_day);
            generation.coverage = (0..days)
                .map(|n| (Day(20_500 - n), Arc::default()))
                .collect();
            generation.calibration.days = 20;
            let novelty = GroupNovelty {
                active_days: active,
                ..GroupNovelty::default()
            };
            let mut newcomers = [0.0; SUPPORT_BUCKETS];
            newcomers[3] = first;
            let state = GroupState {
                novelty: vec![(Trait::Region, novelty)],
                newcomers: vec![(Trait::Region, newcomers)],
                ..GroupState::default()
            };
            generation.groups.insert(all_identities(), state);
            generation
        };
        for (active, first, days, first_day, identities, budget) in [
            (28.0 * 290.0, 28.0 * 10.0, 28, 90, 300.0, 3.0),
            (28.0 * 3.0, 0.0, 28, 90, 3.0, 1.0 / 7.0),
            (28.0 * 3_000.0, 0.0, 28, 90, 3_000.0, 5.0),
            // Nobody's first day counts in a young store, so its first day does not either.
            (13.0 * 40.0, 0.0, 14, 14, 40.0, 0.4),
            // Days without logs are no quiet days.
            (20.0 * 200.0, 0.0, 20, 90, 200.0, 2.0),
        ] {
            let generation = in_estate(active, first, days, first_day);
            assert!((generation.identities_per_day() - identities).abs() < 1e-9);
            assert!((generation.default_budget() - budget).abs() < 1e-9);
        }
        // Until scores are calibrated, those who are known are counted.
        let mut young = in_estate(28.0 * 300.0, 0.0, 28, 90);
        young.calibration.days = 6;
        assert_eq!(young.default_budget(), 1.0 / 7.0);
        assert_eq!(Generation::empty(Day(0)).default_budget(), 1.0 / 7.0);
    }

    /// What a few of one role do every day is no habit of the people of that role, where people never do it.
    #[test]
    fn of_what_is_rare_the_group_that_never_does_it_is_heard() {
        let role: Str = "storage-contributor".into();
        let chain = chain_of_identity(
            None,
            Some(&role),
            None,
            Provider::Azure,
            IdentityKind::Human,
        );
        let rate = Rate {
            alpha: 0.4,
            beta: 1.4,
            members: 14,
        };
        let cell = CellPrior {
            level: None,
            rate: Some(rate),
        };
        let of = |metric: Metric, members: u32| {
            let mut generation = Generation::empty(Day(20_500));
            let states = [
                (14, vec![((metric, Window::HOUR), cell)]),
                (members, vec![]),
                (99, vec![((metric, Window::HOUR), cell)]),
            ];
            for (group, (members, priors)) in chain.iter().zip(states) {
                let state = GroupState {
                    members,
                    priors,
                    exposure: 15.0 * f64::from(members),
                    ..GroupState::default()
                };
                generation.groups.insert(group.clone(), state);
            }
            let (prior, _) = generation.prior(&chain, IdentityKind::Human, (metric, Window::HOUR));
            (prior.alpha, prior.beta)
        };
        let silent = rate.among_silent(600.0);
        assert_eq!(of(Metric::ExpiryRules, 40), (silent.alpha, silent.beta));
        assert_eq!(
            of(Metric::ExpiryRules, 4),
            (rate.alpha, rate.beta),
            "too few"
        );
        assert_eq!(
            of(Metric::ReadCalls, 40),
            (rate.alpha, rate.beta),
            "not rare"
        );
    }
}
