//! What the members of a peer group have in common: priors of level, spread and rate.

use ndarray::{Array1, Array2, ArrayView1, Axis};
use serde::{Deserialize, Serialize};

use crate::stats::constants::{
    BETWEEN_SHARE_MIN, MEMBER_WINDOWS_MIN, MEMBER_WINDOWS_SAY_MAX, MEMBERS_MIN, RATE_EXPOSURE_MIN,
    RATE_MIN, RATE_PRIOR_DAYS_MAX, RATE_PRIOR_DAYS_MIN, RATE_SPREAD_MIN, VARIANCE_MIN,
};
use crate::stats::volume::{Evidence, Prior};

/// The data of a group's members: one row an entity, one column a cell (a metric in windows of one length).
///
/// A cell that an entity never filled has n = 0 and active = 0. It adds nothing about levels, but it does show that the
/// entity had no active window on any of its days. Rows are summed in order, so equal rows in equal order give equal bits.
#[derive(Debug, Clone, PartialEq)]
pub struct Members {
    n: Array2<f64>,
    mean: Array2<f64>,
    m2: Array2<f64>,
    active: Array2<f64>,
    exposure: Array1<f64>,
}

impl Members {
    /// Creates a matrix of absent cells.
    pub fn new(entities: usize, cells: usize) -> Self {
        let zeros = || Array2::zeros((entities, cells));
        Self {
            n: zeros(),
            mean: zeros(),
            m2: zeros(),
            active: zeros(),
            exposure: Array1::zeros(entities),
        }
    }

    /// Sets the days (weight) for which an entity has existed, active or not.
    ///
    /// # Panics
    /// If the row lies outside the matrix.
    pub fn set_exposure(&mut self, entity: usize, exposure: f64) {
        self.exposure[entity] = or_zero(exposure);
    }

    /// Fills a cell. Its exposure is that of the row and is not taken from `evidence`. If a number is not finite, the cell
    /// counts as absent.
    ///
    /// # Panics
    /// If row or column lie outside the matrix.
    pub fn set(&mut self, entity: usize, cell: usize, evidence: &Evidence) {
        let at = [entity, cell];
        let whole = [evidence.n, evidence.mean, evidence.m2]
            .iter()
            .all(|v| v.is_finite());
        (self.n[at], self.mean[at], self.m2[at]) = if whole {
            (evidence.n, evidence.mean, evidence.m2)
        } else {
            (0.0, 0.0, 0.0)
        };
        self.active[at] = or_zero(evidence.active);
    }

    /// Fits every cell.
    pub fn fit(&self) -> Vec<CellPrior> {
        (0..self.n.ncols())
            .map(|cell| CellPrior {
                level: Level::fit(
                    self.n.index_axis(Axis(1), cell),
                    self.mean.index_axis(Axis(1), cell),
                    self.m2.index_axis(Axis(1), cell),
                ),
                rate: Rate::fit(self.active.index_axis(Axis(1), cell), self.exposure.view()),
            })
            .collect()
    }
}

fn or_zero(value: f64) -> f64 {
    if value.is_finite() {
        value.max(0.0)
    } else {
        0.0
    }
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

impl Level {
    /// Fits the entities that have enough windows; each has the same weight in the mean. `None` if they are too few.
    pub fn fit(n: ArrayView1<f64>, mean: ArrayView1<f64>, m2: ArrayView1<f64>) -> Option<Self> {
        let members: Vec<(f64, f64, f64)> = n
            .iter()
            .zip(mean)
            .zip(m2)
            .filter(|((n, _), _)| **n >= MEMBER_WINDOWS_MIN)
            .map(|((&n, &mean), &m2)| (n, mean, m2 / (n - 1.0)))
            .collect();
        if members.len() < MEMBERS_MIN {
            return None;
        }
        let count = members.len() as f64;
        let (mut say, mut within, mut error, mut sum) = (0.0, 0.0, 0.0, 0.0);
        for &(n, mean, v) in &members {
            say += n.min(MEMBER_WINDOWS_SAY_MAX);
            within += n.min(MEMBER_WINDOWS_SAY_MAX) * v;
            error += v / n;
            sum += mean;
        }
        let mean = sum / count;
        let spread = members
            .iter()
            .map(|&(_, m, _)| (m - mean) * (m - mean))
            .sum::<f64>()
            / (count - 1.0);
        let within_var = (within / say).max(VARIANCE_MIN);
        let between_var = (spread - error / count).max(BETWEEN_SHARE_MIN * within_var);
        Some(Self {
            mean,
            between_var,
            within_var,
            members: members.len() as u32,
        })
    }
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

    /// Fits the entities that have existed long enough, also those that were never active; `None` if they are too few.
    pub fn fit(active: ArrayView1<f64>, exposure: ArrayView1<f64>) -> Option<Self> {
        let members: Vec<(f64, f64)> = active
            .iter()
            .zip(exposure)
            .filter(|&(_, &e)| e >= RATE_EXPOSURE_MIN)
            .map(|(&a, &e)| (a / e, e))
            .collect();
        if members.len() < MEMBERS_MIN {
            return None;
        }
        let count = members.len() as f64;
        let mean = members.iter().map(|&(r, _)| r).sum::<f64>() / count;
        let spread = members
            .iter()
            .map(|&(r, _)| (r - mean) * (r - mean))
            .sum::<f64>()
            / (count - 1.0);
        let error = members.iter().map(|&(r, e)| r / e).sum::<f64>() / count;
        let mu = mean.max(RATE_MIN);
        let variance = (spread - error).max(RATE_SPREAD_MIN * mu * mu);
        let beta = (mu / variance).clamp(RATE_PRIOR_DAYS_MIN, RATE_PRIOR_DAYS_MAX);
        Some(Self {
            alpha: mu * beta,
            beta,
            members: members.len() as u32,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

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

    fn six() -> Members {
        let mut members = Members::new(6, 2);
        for i in 0..6 {
            let m2 = G13_VARIANCE[i] * (G13_N[i] - 1.0);
            let evidence = Evidence {
                n: G13_N[i],
                mean: G13_MEAN[i],
                m2,
                active: G14_ACTIVE[i],
                exposure: G14_EXPOSURE[i],
            };
            members.set_exposure(i, G14_EXPOSURE[i]);
            members.set(i, 1, &evidence);
        }
        members
    }

    #[test]
    fn g13_level_and_g14_rate() {
        let fitted = six().fit()[1];
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
        let fitted = six().fit()[0];
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
        members.set(
            0,
            1,
            &Evidence {
                n: 50.0,
                mean: f64::NAN,
                ..Evidence::default()
            },
        );
        let fitted = members.fit()[1];
        assert_eq!(fitted.level.unwrap().members, 5);
        members.set(
            1,
            1,
            &Evidence {
                n: 4.9,
                mean: 2.0,
                ..Evidence::default()
            },
        );
        assert_eq!(members.fit()[1].level, None);
        members.set_exposure(0, 2.9);
        members.set_exposure(1, f64::INFINITY);
        assert_eq!(members.fit()[1].rate, None);
        assert_eq!(Members::new(0, 3).fit(), [CellPrior::default(); 3]);
    }
}
