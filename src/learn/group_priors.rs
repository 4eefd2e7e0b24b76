//! The priors that a group supplies to members without history: fitted over its members, with their novelty and busy hours.
//!
//! Members are added one by one, in the order of entities. What each shows of a metric is kept once, however many groups it
//! belongs to, and a member that never had an active window of a metric takes no room there.

use std::collections::BTreeMap;
use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::baseline::{Chain, FewPriors, Group, GroupState, MetricState, Sweeps, built_in};
use crate::event::IdentityKind;
use crate::learn::late::{self, LateExposure};
use crate::learn::partial::{Key, Partials};
use crate::learn::state::{Cell, NOVELTY_TRAITS, Weights};
use crate::measure::LogClass;
use crate::sketch::{FrozenRoleHistogram, RoleHistogram};
use crate::stats::constants::{SETTLED_DAYS, SUPPORT_BUCKETS};
use crate::stats::prior::{
    CellPrior, LevelSums, RateSums, level_evidence, level_of_few, rate_evidence, rate_of_few,
};
use crate::stats::{Evidence, GroupNovelty};
use crate::time::{Day, Window};
use crate::vocab::{EntityKind, Metric};

/// Up to this many hourly values of a group are kept one by one; in memory, about the size of one histogram.
const FEW_HOURLY_VALUES: usize = 2_048;

/// Members with few windows of a metric that are kept of it: far more than are needed where few have many.
const FEW_KEPT: usize = 1_000;

/// By trait, in the order of [`NOVELTY_TRAITS`]: how many values had which support.
type SupportCounts = [[u32; SUPPORT_BUCKETS]; NOVELTY_TRAITS.len()];

/// What a group supplies beside its members' moments: novelty and hourly values.
#[derive(Default)]
struct GroupPriors {
    active_days: u64,
    novel_days: [u64; NOVELTY_TRAITS.len()],
    support: SupportCounts,
    first_days: u64,
    first_support: SupportCounts,
    hourly: BTreeMap<Metric, HourlyValues>,
    sweeps: Sweeps,
}

/// Most groups are small, so values go into a histogram only when they are many.
#[derive(Default)]
struct HourlyValues {
    few: Vec<(Day, u64)>,
    many: Option<RoleHistogram>,
}

impl HourlyValues {
    fn record(&mut self, day: Day, x: u64) {
        self.few.push((day, x));
        if self.few.len() >= FEW_HOURLY_VALUES {
            let many = self.many.get_or_insert_default();
            self.few
                .drain(..)
                .for_each(|(day, x)| many.record(day.0, x));
        }
    }

    fn freeze(self) -> FrozenRoleHistogram {
        match self.many {
            Some(mut many) => {
                self.few.iter().for_each(|&(day, x)| many.record(day.0, x));
                many.freeze()
            }
            // The lookback covers no more weeks than a histogram keeps.
            None => FrozenRoleHistogram::of(self.few.into_iter().map(|(_, x)| x).collect()),
        }
    }
}

/// What an entity showed that was new, and its busy hours: from the first day of the store to the eve of a morning.
#[derive(Default)]
struct Shown {
    active_days: u64,
    first_days: u64,
    /// The places of traits with a new value, first days left out.
    novel: Vec<usize>,
    /// The place of a trait, the support of a value of it, and whether it was an entity's first day.
    support: Vec<(usize, u8, bool)>,
    hourly: Vec<(Metric, Day, u64)>,
}

impl Shown {
    fn fill(&mut self, partials: &Partials, (first_day, as_of): (Day, Day)) {
        (self.active_days, self.first_days) = (0, 0);
        self.novel.clear();
        self.support.clear();
        self.hourly.clear();
        for partial in partials.iter().filter(|p| p.day < as_of) {
            let hours = partial.hourly();
            self.hourly
                .extend(hours.map(|(metric, x)| (metric, partial.day, x)));
            if partial.is_first && partial.day.since(first_day) < SETTLED_DAYS {
                continue;
            }
            self.first_days += u64::from(partial.is_first);
            self.active_days += u64::from(!partial.is_first);
            for (which, buckets) in partial.novel() {
                let Some(place) = NOVELTY_TRAITS.iter().position(|t| *t == which) else {
                    continue;
                };
                if partial.is_first {
                    let rarest = buckets.iter().min();
                    self.support
                        .extend(rarest.map(|&rarest| (place, rarest, true)));
                } else {
                    self.novel.push(place);
                    let support = buckets.iter().map(|&bucket| (place, bucket, false));
                    self.support.extend(support);
                }
            }
        }
    }
}

impl GroupPriors {
    fn add(&mut self, shown: &Shown) {
        self.active_days += shown.active_days;
        self.first_days += shown.first_days;
        for &place in &shown.novel {
            self.novel_days[place] += 1;
        }
        for &(place, bucket, is_first) in &shown.support {
            let support = match is_first {
                true => &mut self.first_support,
                false => &mut self.support,
            };
            if let Some(count) = support[place].get_mut(usize::from(bucket)) {
                *count += 1;
            }
        }
        for &(metric, day, x) in &shown.hourly {
            self.hourly.entry(metric).or_default().record(day, x);
        }
    }

    fn fill(self, state: &mut GroupState) {
        let places = || NOVELTY_TRAITS.iter().enumerate();
        state.novelty = places()
            .map(|(place, &which)| {
                let novelty = GroupNovelty {
                    novel_days: self.novel_days[place] as f64,
                    active_days: self.active_days as f64,
                    support: self.support[place].map(f64::from),
                };
                (which, novelty)
            })
            .collect();
        state.novelty.sort_by_key(|&(which, _)| which);
        state.newcomers = places()
            .map(|(place, &which)| {
                let mut rarest = self.first_support[place].map(f64::from);
                // A newcomer without any value of it shows nothing rare.
                rarest[SUPPORT_BUCKETS - 1] += self.first_days as f64 - rarest.iter().sum::<f64>();
                (which, rarest)
            })
            .collect();
        state.newcomers.sort_by_key(|&(which, _)| which);
        state.role_tails = self
            .hourly
            .into_iter()
            .map(|(metric, hours)| (metric, hours.freeze()))
            .collect();
    }
}

/// One group, as far as members were added.
struct Gathered {
    members: u32,
    /// Members that have existed long enough to count for rates.
    n_settled: u32,
    exposure: f64,
    priors: GroupPriors,
}

/// What members showed of one metric in windows of one length: a line for each that ever did.
#[derive(Default)]
struct Column {
    members: Vec<u32>,
    active: Vec<f64>,
    /// Of those with windows enough for a level.
    levels: Vec<(u32, (f64, f64, f64))>,
    /// Of those with fewer, as far as they are kept: n, mean, and sum of squared deviations.
    few: Vec<(u32, (f64, f64, f64))>,
}

impl Column {
    /// Returns what members that belong showed, however little: n, mean, and sum of squared deviations.
    fn moments_of(&self, belongs: impl Fn(u32) -> bool) -> Vec<(f64, f64, f64)> {
        let enough = self.levels.iter();
        let enough =
            enough.map(|&(member, (n, mean, variance))| (member, (n, mean, variance * (n - 1.0))));
        let all = enough.chain(self.few.iter().copied());
        all.filter(|&(member, _)| belongs(member))
            .map(|(_, of)| of)
            .collect()
    }
}

/// The members that were recorded in some classes long enough to count for rates.
struct Settled {
    /// By group.
    n: Vec<u32>,
    /// By place in [`Groups::belongs`]: the number of the member among them.
    among: Vec<u32>,
}

/// The groups of a morning, fitted.
pub(super) struct Fitted {
    /// By group.
    pub(super) groups: BTreeMap<Group, GroupState>,
    /// What no group has, from the few who have shown any of it.
    pub(super) few: FewPriors,
    /// Of groups in which anybody did, how often posture was swept.
    pub(super) sweeps: BTreeMap<Group, Sweeps>,
}

/// The groups of a morning, while their members are added.
pub(super) struct Groups {
    first_day: Day,
    as_of: Day,
    weights: Weights,
    numbers: BTreeMap<Group, usize>,
    gathered: Vec<Gathered>,
    /// Of each member: its exposure, and where its groups begin.
    members: Vec<(f64, u32)>,
    /// Of members in logs that began later than the store: for how long these are there. In the order of members.
    late: Vec<(u32, LateExposure)>,
    /// The groups of all members in turn: the group, and the number of the member among its settled ones.
    belongs: Vec<(u32, u32)>,
    columns: Vec<(Key, Column)>,
    column_of: FxHashMap<Key, usize>,
    shown: Shown,
}

impl Groups {
    /// Starts with none. The memory begins on `first_day`.
    pub(super) fn on(as_of: Day, first_day: Day) -> Self {
        Self {
            first_day,
            as_of,
            weights: Weights::on(as_of),
            numbers: BTreeMap::new(),
            gathered: Vec::new(),
            members: Vec::new(),
            late: Vec::new(),
            belongs: Vec::new(),
            columns: Vec::new(),
            column_of: FxHashMap::default(),
            shown: Shown::default(),
        }
    }

    /// Returns the numbers of the groups of a chain, as far as they are wanted.
    pub(super) fn numbers(
        &mut self,
        chain: &Chain,
        is_wanted: impl Fn(&Group) -> bool,
    ) -> Vec<u32> {
        let mut numbers = Vec::with_capacity(chain.len());
        for group in chain.iter().filter(|group| is_wanted(group)) {
            let number = match self.numbers.get(group) {
                Some(number) => *number,
                None => {
                    self.numbers.insert(group.clone(), self.gathered.len());
                    self.gathered.push(Gathered {
                        members: 0,
                        n_settled: 0,
                        // What a sum begins with.
                        exposure: std::iter::empty::<f64>().sum(),
                        priors: GroupPriors::default(),
                    });
                    self.gathered.len() - 1
                }
            };
            numbers.push(number as u32);
        }
        numbers
    }

    /// Adds an entity to its groups. Entities come in order.
    pub(super) fn add(
        &mut self,
        groups: &[u32],
        partials: &Partials,
        cells: &[Cell],
        (exposure, late): (f64, Option<LateExposure>),
    ) {
        if groups.is_empty() {
            return;
        }
        let member = self.members.len() as u32;
        self.members.push((exposure, self.belongs.len() as u32));
        self.late.extend(late.map(|late| (member, late)));
        let is_settled = rate_evidence(0.0, exposure).is_some();
        self.shown.fill(partials, (self.first_day, self.as_of));
        let sweeps = self.sweeps(partials, cells);
        for &number in groups {
            let group = &mut self.gathered[number as usize];
            self.belongs.push((number, group.n_settled));
            group.members += 1;
            group.n_settled += u32::from(is_settled);
            group.exposure += exposure;
            group.priors.add(&self.shown);
            group.priors.sweeps.add_member(&sweeps);
        }
        for &(key, cell) in cells {
            let at = *self.column_of.entry(key).or_insert_with(|| {
                self.columns.push((key, Column::default()));
                self.columns.len() - 1
            });
            let column = &mut self.columns[at].1;
            let MetricState {
                n,
                mean,
                m2,
                active,
            } = cell;
            let evidence = Evidence {
                n,
                mean,
                m2,
                active,
                exposure,
            };
            column.members.push(member);
            column.active.push(active);
            match level_evidence(&evidence) {
                Some(level) => column.levels.push((member, level)),
                None if n > 0.0 && column.few.len() < FEW_KEPT => {
                    column.few.push((member, (n, mean, m2)));
                }
                None => {}
            }
        }
    }

    /// Returns on which days somebody looked at the posture of many buckets.
    fn sweeps(&self, partials: &Partials, cells: &[Cell]) -> Sweeps {
        const KEY: Key = (Metric::PostureBuckets, Window::DAY);
        let mut sweeps = Sweeps::default();
        if cells.binary_search_by_key(&KEY, |&(key, _)| key).is_err() {
            return sweeps;
        }
        for partial in partials.iter().filter(|p| p.day < self.as_of) {
            partial.each_moments(|key, moments| {
                if key == KEY {
                    // One reading a day, as ln(1 + x).
                    let buckets = moments.mean.exp_m1().round();
                    sweeps.add(buckets, self.weights.of(partial.day));
                }
            });
        }
        sweeps
    }

    /// Fits them, and what no group has from the few who have shown any of it.
    pub(super) fn fit(mut self) -> Fitted {
        let mut columns = std::mem::take(&mut self.columns);
        columns.sort_unstable_by_key(|&(key, _)| key);
        let mut is_widest = vec![false; self.gathered.len()];
        for (group, &at) in &self.numbers {
            is_widest[at] = group.kind == EntityKind::Estate;
        }
        let mut few: Vec<Vec<(Key, CellPrior)>> = Vec::new();
        few.resize_with(self.gathered.len(), Vec::new);
        let mut priors: Vec<Vec<(Key, CellPrior)>> = Vec::new();
        priors.resize_with(self.gathered.len(), Vec::new);
        let mut settled_by: Vec<(&[LogClass], Option<Settled>)> = Vec::new();
        let mut sums: Vec<Option<(RateSums, LevelSums)>> = Vec::new();
        sums.resize_with(self.gathered.len(), || None);
        for (key, column) in columns {
            let mut touched = Vec::new();
            let classes = LogClass::of(key.0);
            if settled_by.iter().all(|(of, _)| *of != classes) {
                settled_by.push((classes, self.settled_late(key.0)));
            }
            let settled = settled_by.iter().find(|(of, _)| *of == classes);
            let settled = settled.and_then(|(_, settled)| settled.as_ref());
            let exposure_of = |member: u32| self.exposure_of(member, settled.is_some(), key.0);
            let n_settled = |number: usize| match settled {
                Some(settled) => settled.n[number],
                None => self.gathered[number].n_settled,
            };
            let rates = || column.members.iter().zip(&column.active);
            for (&member, &active) in rates() {
                let exposure = exposure_of(member);
                let rate = rate_evidence(active, exposure);
                for &(number, _) in self.groups_of(member) {
                    let of_group = sums[number as usize].get_or_insert_with(|| {
                        touched.push(number);
                        Default::default()
                    });
                    if let Some(rate) = rate {
                        of_group.0.add(rate, exposure);
                    }
                }
            }
            for &number in &touched {
                if let Some((rates, _)) = &mut sums[number as usize] {
                    rates.settle(n_settled(number as usize));
                }
            }
            for (&member, &active) in rates() {
                let Some(rate) = rate_evidence(active, exposure_of(member)) else {
                    continue;
                };
                for (place, &(number, among)) in self.places_of(member).zip(self.groups_of(member))
                {
                    let among = settled.map_or(among, |settled| settled.among[place]);
                    if let Some((rates, _)) = &mut sums[number as usize] {
                        rates.add_spread(among, rate);
                    }
                }
            }
            for &(member, level) in &column.levels {
                for &(number, _) in self.groups_of(member) {
                    if let Some((_, levels)) = &mut sums[number as usize] {
                        levels.add(level);
                    }
                }
            }
            for number in touched {
                let at = number as usize;
                if let Some((rates, levels)) = sums[at].take() {
                    let prior = CellPrior {
                        level: levels.fit(),
                        rate: rates.fit(n_settled(at)),
                    };
                    if is_widest[at] {
                        let of_few = self.of_few(prior, number, (key, &column));
                        few[at].extend(of_few.map(|of_few| (key, of_few)));
                    }
                    priors[at].push((key, prior));
                }
            }
        }
        let mut gathered: Vec<Option<Gathered>> = self.gathered.into_iter().map(Some).collect();
        let mut states = BTreeMap::new();
        let mut of_few = FewPriors::new();
        let mut sweeps = BTreeMap::new();
        for (group, at) in self.numbers {
            let Some(of_group) = gathered[at].take() else {
                continue;
            };
            let mut state = GroupState {
                members: of_group.members,
                exposure: of_group.exposure,
                priors: std::mem::take(&mut priors[at]),
                ..GroupState::default()
            };
            if !of_group.priors.sweeps.is_empty() {
                sweeps.insert(group.clone(), of_group.priors.sweeps);
            }
            of_group.priors.fill(&mut state);
            let cells = std::mem::take(&mut few[at]);
            if !cells.is_empty() {
                of_few.push((group.clone(), cells));
            }
            states.insert(group, state);
        }
        Fitted {
            groups: states,
            few: of_few,
            sweeps,
        }
    }

    /// Fits from members with few windows or days what the group that is asked last has not from others. What hardly anybody does
    /// stays with what is built in: that some do it says how often, and not how much.
    fn of_few(
        &self,
        prior: CellPrior,
        number: u32,
        ((metric, window), column): (Key, &Column),
    ) -> Option<CellPrior> {
        if metric.is_rare() {
            return None;
        }
        let belongs = |member: u32| self.groups_of(member).iter().any(|&(of, _)| of == number);
        let level = prior.level.is_none().then(|| {
            let known = built_in(IdentityKind::Unknown, metric, window);
            level_of_few(&column.moments_of(belongs), &known)
        });
        let rate = prior.rate.is_none().then(|| {
            let of_all = column.members.iter().zip(&column.active);
            let of_group = of_all.filter(|&(&member, _)| belongs(member));
            let active: Vec<_> = of_group
                .map(|(&member, &active)| (active, self.members[member as usize].0))
                .collect();
            rate_of_few(&active, self.gathered[number as usize].members)
        });
        let (level, rate) = (level.flatten(), rate.flatten());
        (level.is_some() || rate.is_some()).then_some(CellPrior { level, rate })
    }

    /// Returns for how long a member was recorded in a metric; its whole exposure, unless some logs of the metric began late.
    fn exposure_of(&self, member: u32, is_any_late: bool, metric: Metric) -> f64 {
        let (exposure, _) = self.members[member as usize];
        if !is_any_late {
            return exposure;
        }
        let late = self.late.binary_search_by_key(&member, |&(of, _)| of);
        let late = late
            .ok()
            .and_then(|at| late::exposure_of(metric, &self.late[at].1));
        late.map_or(exposure, |late| late.min(exposure))
    }

    /// Counts the members that were recorded in a metric long enough, if logs of some began later than the store.
    fn settled_late(&self, metric: Metric) -> Option<Settled> {
        let is_late = |(_, late): &(u32, LateExposure)| late::exposure_of(metric, late).is_some();
        if !self.late.iter().any(is_late) {
            return None;
        }
        let mut settled = Settled {
            n: vec![0; self.gathered.len()],
            among: vec![0; self.belongs.len()],
        };
        for member in 0..self.members.len() as u32 {
            let exposure = self.exposure_of(member, true, metric);
            let counts = rate_evidence(0.0, exposure).is_some();
            for (place, &(number, _)) in self.places_of(member).zip(self.groups_of(member)) {
                let n = &mut settled.n[number as usize];
                settled.among[place] = *n;
                *n += u32::from(counts);
            }
        }
        Some(settled)
    }

    fn groups_of(&self, member: u32) -> &[(u32, u32)] {
        &self.belongs[self.places_of(member)]
    }

    fn places_of(&self, member: u32) -> Range<usize> {
        let at = member as usize;
        let until = self
            .members
            .get(at + 1)
            .map_or(self.belongs.len(), |&(_, next)| next as usize);
        self.members[at].1 as usize..until
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::partial::DayPartial;
    use crate::vocab::{EntityKind, Trait};

    #[test]
    fn newcomers_are_compared_with_newcomers_once_the_store_is_settled() {
        let start = Day(20_000);
        let newcomer = |first: i32, novel: Vec<(Trait, Vec<u8>)>| {
            let mut partials = Partials::default();
            let day = |day: Day, is_first| DayPartial {
                day,
                n_events: 1,
                moments: Vec::new(),
                novel: novel.clone(),
                hourly: Vec::new(),
                hours: 1,
                is_first,
            };
            partials.push(&day(start.plus(first), true));
            partials.push(&day(start.plus(first + 1), false));
            partials
        };
        let group = Group {
            kind: EntityKind::Estate,
            id: "all".into(),
        };
        let mut groups = Groups::on(start.plus(20), start);
        let numbers = groups.numbers(&vec![group.clone()], |_| true);
        for partials in [
            newcomer(SETTLED_DAYS - 1, vec![(Trait::Network, vec![0])]),
            newcomer(SETTLED_DAYS, vec![(Trait::Network, vec![2, 5])]),
            newcomer(SETTLED_DAYS + 1, vec![(Trait::Network, vec![5])]),
            newcomer(SETTLED_DAYS + 2, Vec::new()),
        ] {
            groups.add(&numbers, &partials, &[], (1.0, None));
        }
        let filled = &groups.fit().groups[&group];
        let support_of = |which: Trait| {
            let at = filled.newcomers.binary_search_by_key(&which, |&(t, _)| t);
            at.map(|at| filled.newcomers[at].1)
        };
        let mut networks = [0.0; SUPPORT_BUCKETS];
        (networks[2], networks[5], networks[SUPPORT_BUCKETS - 1]) = (1.0, 1.0, 1.0);
        assert_eq!(support_of(Trait::Network), Ok(networks));
        let mut nothing = [0.0; SUPPORT_BUCKETS];
        nothing[SUPPORT_BUCKETS - 1] = 3.0;
        assert_eq!(support_of(Trait::Destination), Ok(nothing));
        let at = filled
            .novelty
            .binary_search_by_key(&Trait::Network, |&(t, _)| t);
        let later = at.map(|at| filled.novelty[at].1);
        assert_eq!(later.map(|n| (n.novel_days, n.active_days)), Ok((3.0, 4.0)));
    }
}
