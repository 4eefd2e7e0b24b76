//! What the members of a peer group have in common: priors of level, spread and rate.
//!
//! Both are fitted from sums over the members in order, so equal members in equal order give equal bits. Most members of a
//! large group never have an active window of most metrics; such a member adds nothing about levels, but does show that it had
//! none on any of its days. It is counted, and not looked at.

use serde::{Deserialize, Serialize};

use crate::stats::constants::{
    BETWEEN_SHARE_MIN, FEW_MEMBERS_DOUBT, FEW_WINDOWS_DOUBT, MEMBER_WINDOWS_MIN,
    MEMBER_WINDOWS_SAY_MAX, MEMBERS_MIN, RATE_EXPOSURE_MIN, RATE_MIN, RATE_PRIOR_DAYS_MAX,
    RATE_PRIOR_DAYS_MIN, RATE_SPREAD_MIN, VARIANCE_MIN,
};
use crate::stats::repeated::add_repeatedly;
use crate::stats::volume::{Evidence, Prior};

/// A member's active windows and their moments, if they are enough for a level: `n`, mean and variance.
pub fn level_evidence(evidence: &Evidence) -> Option<(f64, f64, f64)> {
    let Evidence { n, mean, m2, .. } = *evidence;
    let is_whole = [n, mean, m2].iter().all(|v| v.is_finite());
    (is_whole && n >= MEMBER_WINDOWS_MIN).then(|| (n, mean, m2 / (n - 1.0)))
}

/// A member's rate of active windows; `None` if it has not existed long enough to count for rates, with whatever windows.
pub fn rate_evidence(active: f64, exposure: f64) -> Option<f64> {
    let or_zero = |value: f64| {
        if value.is_finite() {
            value.max(0.0)
        } else {
            0.0
        }
    };
    let exposure = or_zero(exposure);
    (exposure >= RATE_EXPOSURE_MIN).then(|| or_zero(active) / exposure)
}

/// The priors of a group for one cell, where it has enough members.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct CellPrior {
    /// Level and spread of y = ln(1+x) in active windows.
    pub level: Option<Level>,
    /// How many windows a day are active.
    pub rate: Option<Rate>,
}

impl CellPrior {
    /// Fills gaps from the parent.
    pub fn or(&self, parent: &Prior) -> Prior {
        let mut prior = *parent;
        if let Some(level) = self.level {
            (prior.mean, prior.between_var, prior.within_var) =
                (level.mean, level.between_var, level.within_var);
        }
        if let Some(rate) = self.rate {
            (prior.alpha, prior.beta) = (rate.alpha, rate.beta);
        }
        prior
    }
}

/// Level and spread of y among peers; the fields are those of [`Prior`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// Mean of the members' means.
    pub mean: f64,
    /// τ²: variance between members.
    pub between_var: f64,
    /// σ²: variance within a member.
    pub within_var: f64,
    /// The number of members behind it.
    pub members: u32,
}

/// Sums over the members of a group that have enough windows, in order.
#[derive(Debug, Clone, Default)]
pub struct LevelSums {
    means: Vec<f64>,
    say: f64,
    within: f64,
    error: f64,
    sum: f64,
}

impl LevelSums {
    /// Adds a member by its [`level_evidence`].
    pub fn add(&mut self, (n, mean, variance): (f64, f64, f64)) {
        self.means.push(mean);
        self.say += n.min(MEMBER_WINDOWS_SAY_MAX);
        self.within += n.min(MEMBER_WINDOWS_SAY_MAX) * variance;
        self.error += variance / n;
        self.sum += mean;
    }

    /// Fits them; each has the same weight in the mean. `None` if they are too few.
    pub fn fit(&self) -> Option<Level> {
        if self.means.len() < MEMBERS_MIN {
            return None;
        }
        let count = self.means.len() as f64;
        let mean = self.sum / count;
        let spread = self
            .means
            .iter()
            .map(|m| (m - mean) * (m - mean))
            .sum::<f64>()
            / (count - 1.0);
        let within_var = (self.within / self.say).max(VARIANCE_MIN);
        let between_var = (spread - self.error / count).max(BETWEEN_SHARE_MIN * within_var);
        Some(Level {
            mean,
            between_var,
            within_var,
            members: self.means.len() as u32,
        })
    }

    /// Makes it empty, and keeps its room.
    pub fn clear(&mut self) {
        let mut means = std::mem::take(&mut self.means);
        means.clear();
        *self = Self {
            means,
            ..Self::default()
        };
    }
}

/// Fits the level of members of whom each has windows, however few: by n, mean and sum of squared deviations. What they leave open about
/// the variances is taken from a prior. `None` if they are too few.
///
/// It is for what only few do, and for an estate's first days: until somebody has [`MEMBER_WINDOWS_MIN`] windows, what all others showed
/// says more than what is built in.
pub fn level_of_few(members: &[(f64, f64, f64)], prior: &Prior) -> Option<Level> {
    if members.len() < MEMBERS_MIN {
        return None;
    }
    let count = members.len() as f64;
    let mean = members.iter().map(|&(_, mean, _)| mean).sum::<f64>() / count;
    let (mut within, mut freedom) = (FEW_WINDOWS_DOUBT * prior.within_var, FEW_WINDOWS_DOUBT);
    let mut spread = FEW_MEMBERS_DOUBT * prior.between_var;
    for &(n, of_member, m2) in members {
        within += m2.max(0.0);
        freedom += (n - 1.0).max(0.0);
        spread += (of_member - mean) * (of_member - mean);
    }
    let within_var = (within / freedom).max(VARIANCE_MIN);
    let errors = members.iter().map(|&(n, ..)| within_var / n.max(1.0));
    let error = errors.sum::<f64>() / (count + FEW_MEMBERS_DOUBT);
    let between_var = spread / (count - 1.0 + FEW_MEMBERS_DOUBT) - error;
    Some(Level {
        mean,
        between_var: between_var.max(BETWEEN_SHARE_MIN * within_var),
        within_var,
        members: members.len() as u32,
    })
}

/// How many windows a day are active among peers; the fields are those of [`Prior`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// Prior number of active windows …
    pub alpha: f64,
    /// … in so many days of exposure.
    pub beta: f64,
    /// The number of members behind it.
    pub members: u32,
}

impl Rate {
    /// Returns the rate of somebody whose peers, in so many days together, never had an active window: half a window in all
    /// of these days, unless the rate is less.
    #[must_use]
    pub fn among_silent(self, days: f64) -> Self {
        let most = 0.5 / days;
        if days > 0.0 && self.alpha > most * self.beta {
            Self {
                alpha: most * RATE_PRIOR_DAYS_MAX,
                beta: RATE_PRIOR_DAYS_MAX,
                ..self
            }
        } else {
            self
        }
    }
}

/// Sums over the members of a group that have existed long enough, in order: first [`Self::add`] those that were active, then
/// settle on the mean, then [`Self::add_spread`] of the same.
#[derive(Debug, Clone, Copy, Default)]
pub struct RateSums {
    sum: f64,
    error: f64,
    mean: f64,
    spread: f64,
    /// Members of which the spread was added, and those that were not active before them.
    n_spread: u32,
}

impl RateSums {
    /// Adds a member by its [`rate_evidence`].
    pub fn add(&mut self, rate: f64, exposure: f64) {
        self.sum += rate;
        self.error += rate / exposure;
    }

    /// Settles on the mean of so many members, active or not.
    pub fn settle(&mut self, members: u32) {
        self.mean = self.sum / f64::from(members);
    }

    /// Adds the spread of the active member with this number among all. The members since the last one were not active.
    pub fn add_spread(&mut self, number: u32, rate: f64) {
        self.pass_silent(number);
        self.spread += (rate - self.mean) * (rate - self.mean);
        self.n_spread = number + 1;
    }

    fn pass_silent(&mut self, until: u32) {
        let silent = (0.0 - self.mean) * (0.0 - self.mean);
        self.spread = add_repeatedly(self.spread, silent, until - self.n_spread);
    }

    /// Fits the rates of so many members; `None` if they are too few.
    pub fn fit(mut self, members: u32) -> Option<Rate> {
        if (members as usize) < MEMBERS_MIN {
            return None;
        }
        self.pass_silent(members);
        let count = f64::from(members);
        let spread = self.spread / (count - 1.0);
        let error = self.error / count;
        let mu = self.mean.max(RATE_MIN);
        let variance = (spread - error).max(RATE_SPREAD_MIN * mu * mu);
        let beta = (mu / variance).clamp(RATE_PRIOR_DAYS_MIN, RATE_PRIOR_DAYS_MAX);
        Some(Rate {
            alpha: mu * beta,
            beta,
            members,
        })
    }
}

/// Fits the rates of so many members of whom none need have existed long: by the active windows and the exposure of those that had any.
/// `None` if they are too few.
pub fn rate_of_few(active: &[(f64, f64)], members: u32) -> Option<Rate> {
    let rates = active.iter().filter(|&&(_, exposure)| exposure > 0.0);
    let rates: Vec<(f64, f64)> = rates.map(|&(a, e)| (a.max(0.0) / e, e)).collect();
    let mut sums = RateSums::default();
    for &(rate, exposure) in &rates {
        sums.add(rate, exposure);
    }
    sums.settle(members.max(1));
    for (number, &(rate, _)) in rates.iter().enumerate() {
        sums.add_spread(number as u32, rate);
    }
    sums.fit(members.max(rates.len() as u32))
        .filter(|_| members as usize >= MEMBERS_MIN)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(got: f64, want: f64) {
        assert!(
            (got - want).abs() <= 1e-9 * want.abs(),
            "{got} is not {want}"
        );
    }

    const G13_N: [f64; 6] = [10.0, 50.0, 8.0, 200.0, 20.0, 6.0];
    const G13_MEAN: [f64; 6] = [1.2, 1.9, 2.4, 1.6, 3.0, 2.1];
    const G13_VARIANCE: [f64; 6] = [0.5, 0.9, 0.7, 1.1, 0.8, 0.6];
    const G14_ACTIVE: [f64; 6] = [30.0, 42.0, 25.0, 60.0, 38.0, 33.0];
    const G14_EXPOSURE: [f64; 6] = [10.0, 20.0, 5.0, 25.0, 25.0, 12.0];

    /// Members as evidence with exposure.
    fn six() -> Vec<Evidence> {
        (0..6)
            .map(|i| Evidence {
                n: G13_N[i],
                mean: G13_MEAN[i],
                m2: G13_VARIANCE[i] * (G13_N[i] - 1.0),
                active: G14_ACTIVE[i],
                exposure: G14_EXPOSURE[i],
            })
            .collect()
    }

    fn fit(members: &[Evidence]) -> CellPrior {
        let mut levels = LevelSums::default();
        for of_member in members.iter().filter_map(level_evidence) {
            levels.add(of_member);
        }
        let rates = members
            .iter()
            .filter_map(|e| Some((rate_evidence(e.active, e.exposure)?, e.exposure)));
        let rates: Vec<(f64, f64)> = rates.collect();
        let active = || (0..).zip(&rates).filter(|(_, (rate, _))| *rate > 0.0);
        let mut sums = RateSums::default();
        active().for_each(|(_, &(rate, exposure))| sums.add(rate, exposure));
        sums.settle(rates.len() as u32);
        active().for_each(|(number, &(rate, _))| sums.add_spread(number, rate));
        CellPrior {
            level: levels.fit(),
            rate: sums.fit(rates.len() as u32),
        }
    }

    #[test]
    fn g13_level_and_g14_rate() {
        let fitted = fit(&six());
        let level = fitted.level.unwrap();
        check(level.mean, 2.03333333333);
        check(level.within_var, 0.835714285714);
        check(level.between_var, 0.3445);
        let rate = fitted.rate.unwrap();
        check(rate.beta, 2.46113355967);
        check(rate.alpha, 6.87886829927);
        check(rate.alpha / rate.beta, 2.795);
        let prior = fitted.or(&Prior::BUILT_IN);
        assert_eq!((prior.mean, prior.alpha), (level.mean, rate.alpha));
    }

    #[test]
    fn an_unused_cell_has_a_rate_but_no_level() {
        let unused = six().into_iter().map(|e| Evidence {
            exposure: e.exposure,
            ..Evidence::default()
        });
        let fitted = fit(&unused.collect::<Vec<_>>());
        assert_eq!(fitted.level, None);
        let rate = fitted.rate.unwrap();
        assert_eq!(
            (rate.alpha, rate.beta),
            (RATE_MIN * RATE_PRIOR_DAYS_MAX, RATE_PRIOR_DAYS_MAX)
        );
        assert_eq!(fitted.or(&Prior::BUILT_IN).mean, Prior::BUILT_IN.mean);
    }

    #[test]
    fn peers_who_never_did_it_bound_the_rate() {
        let few_do_it_daily = Rate {
            alpha: 0.4,
            beta: 1.4,
            members: 14,
        };
        let bounded = few_do_it_daily.among_silent(600.0);
        check(bounded.alpha / bounded.beta, 0.5 / 600.0);
        assert_eq!(bounded.beta, RATE_PRIOR_DAYS_MAX);
        for (rate, days) in [
            (few_do_it_daily, 0.0),
            (few_do_it_daily, 1.0),
            (bounded, 500.0),
        ] {
            assert_eq!(rate.among_silent(days), rate);
        }
    }

    #[test]
    fn absent_cells_and_small_groups_do_not_count() {
        let mut members = six();
        (members[0].n, members[0].mean) = (50.0, f64::NAN);
        let fitted = fit(&members);
        assert_eq!(fitted.level.unwrap().members, 5);
        members[1].n = 4.9;
        assert_eq!(fit(&members).level, None);
        members[0].exposure = 2.9;
        members[1].exposure = f64::INFINITY;
        assert_eq!(fit(&members).rate, None);
        assert_eq!(fit(&[]), CellPrior::default());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        /// Bit for bit what one gets who looks at each member, silent or not.
        #[test]
        fn silent_members_are_counted_as_if_looked_at(
            members in proptest::collection::vec((0..40u32, 2.0..30.0f64), 0..300),
            silent_below in 0..40u32,
        ) {
            let members: Vec<Evidence> = members
                .into_iter()
                .map(|(windows, exposure)| Evidence {
                    active: f64::from(windows.saturating_sub(silent_below)) * 0.731,
                    exposure,
                    ..Evidence::default()
                })
                .collect();
            let rates: Vec<(f64, f64)> = members
                .iter()
                .filter_map(|e| Some((rate_evidence(e.active, e.exposure)?, e.exposure)))
                .collect();
            let count = rates.len() as f64;
            let mean = rates.iter().map(|&(r, _)| r).sum::<f64>() / count;
            let spread = rates.iter().map(|&(r, _)| (r - mean) * (r - mean)).sum::<f64>() / (count - 1.0);
            let error = rates.iter().map(|&(r, e)| r / e).sum::<f64>() / count;
            let mu = mean.max(RATE_MIN);
            let variance = (spread - error).max(RATE_SPREAD_MIN * mu * mu);
            let beta = (mu / variance).clamp(RATE_PRIOR_DAYS_MIN, RATE_PRIOR_DAYS_MAX);
            let fitted = fit(&members).rate.map(|rate| (rate.alpha.to_bits(), rate.beta.to_bits()));
            let plain = (rates.len() >= MEMBERS_MIN).then(|| ((mu * beta).to_bits(), beta.to_bits()));
            prop_assert_eq!(fitted, plain);
        }
    }
}
