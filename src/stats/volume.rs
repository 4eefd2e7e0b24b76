//! The surprise of an amount in a window: a Student-t predictive distribution shrunk to peers, times the rate of active
//! windows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::sketch::Moments;
use crate::stats::constants::{
    BETWEEN_SHARE_MIN, CONTINUITY, FREEDOM_MAX, ORDINARY_QUANTILE, RATE_MIN, STEADY_DOUBT,
    STEADY_RATIO, STEADY_SAY_MIN, VARIANCE_MIN, VARIANCE_PRIOR_WINDOWS,
};

/// The prior from peers: y = ln(1+x) in active windows, and the number of those a day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Prior {
    /// Mean of the members' means of y.
    pub mean: f64,
    /// τ²: variance of y between members.
    pub between_var: f64,
    /// σ²: variance of y within a member.
    pub within_var: f64,
    /// Prior number of active windows …
    pub alpha: f64,
    /// … in so many days of exposure.
    pub beta: f64,
}

impl Prior {
    /// What is known of calls in ten minutes before anything is known of an estate: of ln(1+x), two or three calls in an active
    /// window, and a variance of 2.5 between the windows of different entities, half of it within one. In a public trail of five
    /// minutes of a busy region (181 callers) the mean is 1.10 and the variance 0.80, in 35 logs of single techniques 1.42 and 1.05; three
    /// times as much is allowed for, since an estate differs from minute to minute and from others.
    pub const BUILT_IN: Self = Self {
        mean: 1.1,
        between_var: 1.5,
        within_var: 1.0,
        alpha: 0.5,
        beta: 0.5,
    };

    /// The same where nothing at all is assumed: nearly uninformative.
    pub const BUILT_IN_WIDE: Self = Self {
        mean: 1.0,
        between_var: 4.0,
        within_var: 1.5,
        ..Self::BUILT_IN
    };

    /// The same for how many different things calls were about: fewer than calls, and they vary less. In the public trails, kinds of
    /// directory calls in ten minutes have a mean of 0.72 and a variance of 0.06; a buckets' or prefixes' is wider.
    pub const BUILT_IN_DISTINCT: Self = Self {
        mean: 0.9,
        between_var: 0.6,
        within_var: 0.5,
        ..Self::BUILT_IN
    };

    /// The same for bytes read or sent: a megabyte in an active window, give or take a factor of ten, and of a thousand between
    /// entities. Bytes of an interface and address in ten minutes of public flow logs have a variance of 13 (42 of AWS) and 5 (6 of
    /// Google).
    pub const BUILT_IN_BYTES: Self = Self {
        mean: 14.0,
        between_var: 9.0,
        within_var: 6.0,
        ..Self::BUILT_IN
    };

    /// The same for bytes of listings: 8 kB, from a few hundred bytes to the megabyte that a page of a thousand long names has.
    pub const BUILT_IN_LISTING: Self = Self {
        mean: 9.0,
        between_var: 4.0,
        within_var: 4.0,
        ..Self::BUILT_IN
    };

    /// The same for what most identities never do: once in a hundred days, and then once or twice. A judgement, not
    /// measured.
    pub const BUILT_IN_RARE: Self = Self {
        mean: 0.7,
        between_var: 1.0,
        within_var: 0.8,
        alpha: 0.02,
        beta: 2.0,
    };
}

/// The history of an entity itself, of a metric in windows of one length.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Weight of active windows, bounded for each day.
    pub n: f64,
    /// Weighted mean of y = ln(1+x) over active windows.
    pub mean: f64,
    /// Weighted sum of squared deviations of y.
    pub m2: f64,
    /// Weight of active windows, unbounded.
    pub active: f64,
    /// Weight of days on which the entity existed, active or not.
    pub exposure: f64,
}

impl Evidence {
    /// Combines moments, active windows and exposure.
    pub fn new(moments: &Moments, active: f64, exposure: f64) -> Self {
        Self {
            n: moments.n,
            mean: moments.mean,
            m2: moments.m2,
            active,
            exposure,
        }
    }
}

/// Returns the weight, in windows, of the peers' variance in an entity's own. It is smaller for an entity that was far
/// steadier than its peers over many windows. Otherwise a job with constant volume would get the tolerance that people
/// need.
fn variance_prior_windows(within: f64, n: f64, m2: f64) -> f64 {
    let ratio = (m2 / within + STEADY_DOUBT) / n.max(f64::MIN_POSITIVE);
    VARIANCE_PRIOR_WINDOWS * (ratio / STEADY_RATIO).clamp(STEADY_SAY_MIN, 1.0)
}

/// The prediction for the next window: y is Student-t, and λ windows a day are active.
///
/// ```
/// use plimsoll::stats::{Evidence, Predictive, Prior};
/// let newcomer = Predictive::new(&Prior::BUILT_IN, &Evidence::default());
/// assert_eq!(newcomer.surprise(0.0), 0.0);
/// assert!(newcomer.surprise(1e6) > newcomer.surprise(1e3));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Predictive {
    /// Location of y.
    pub loc: f64,
    /// Scale of y, at least the square root of [`VARIANCE_MIN`].
    pub scale: f64,
    /// Degrees of freedom ν.
    pub nu: f64,
    /// Weight of the prior mean, in windows.
    pub kappa0: f64,
    /// Weight of prior and evidence together, in windows.
    pub kappa: f64,
    /// λ: active windows a day.
    pub lambda: f64,
    neg_ln_lambda: f64,
    students_t: StudentsT,
}

impl Predictive {
    /// Combines the prior from peers with the entity's history. Numbers out of range are clamped.
    pub fn new(prior: &Prior, evidence: &Evidence) -> Self {
        let within = prior.within_var.max(VARIANCE_MIN);
        let between = prior.between_var.max(BETWEEN_SHARE_MIN * within);
        let n = evidence.n.max(0.0);
        let kappa0 = within / between;
        let kappa = kappa0 + n;
        let loc = (kappa0 * prior.mean + n * evidence.mean) / kappa;
        let say = variance_prior_windows(within, n, evidence.m2.max(0.0));
        let own = (say * within + evidence.m2.max(0.0)) / (say + n);
        let scale = (own.max(VARIANCE_MIN) + within / kappa).sqrt();
        let nu = (VARIANCE_PRIOR_WINDOWS + n).min(FREEDOM_MAX);
        let exposure = prior.beta.max(f64::MIN_POSITIVE) + evidence.exposure.max(0.0);
        let lambda =
            ((prior.alpha.max(0.0) + evidence.active.max(0.0)) / exposure).max(RATE_MIN * RATE_MIN);
        let students_t = StudentsT::new(0.0, 1.0, nu)
            .expect("the degrees of freedom are between 1 and FREEDOM_MAX");
        Self {
            loc,
            scale,
            nu,
            kappa0,
            kappa,
            lambda,
            neg_ln_lambda: -lambda.ln(),
            students_t,
        }
    }

    /// Returns how far an amount lies above the location, in scales.
    pub fn t(&self, x: f64) -> f64 {
        ((x.min(f64::MAX) + CONTINUITY).ln() - self.loc) / self.scale
    }

    /// Returns ln of the probability that an active window has at least the amount x; 0 unless x is above 0.
    pub fn ln_sf(&self, x: f64) -> f64 {
        if x > 0.0 {
            self.students_t.sf(self.t(x)).ln()
        } else {
            0.0
        }
    }

    /// Returns S = −ln of the expected number of windows a day with at least the amount x, at least 0.
    ///
    /// A window without activity is no reading: the result is 0 for x = 0, and for anything that is no amount.
    pub fn surprise(&self, x: f64) -> f64 {
        if x.is_nan() || x <= 0.0 {
            return 0.0;
        }
        let t = self.t(x);
        // Below the location the tail is at least one half, so that S ≤ −ln λ + ln 2.
        if t <= 0.0 && self.neg_ln_lambda <= -std::f64::consts::LN_2 {
            return 0.0;
        }
        (self.neg_ln_lambda - self.students_t.sf(t).ln()).max(0.0)
    }

    /// Returns the probability that a day has at least one window with at least the amount x.
    pub fn p_value(&self, x: f64) -> f64 {
        if x > 0.0 {
            -(-self.lambda * self.ln_sf(x).exp()).exp_m1()
        } else {
            1.0
        }
    }

    /// Returns whether an amount lies below the [`ORDINARY_QUANTILE`] of active windows.
    ///
    /// ```
    /// use plimsoll::stats::{Evidence, Predictive, Prior};
    /// let newcomer = Predictive::new(&Prior::BUILT_IN, &Evidence::default());
    /// let p99 = newcomer.quantile(0.99);
    /// assert!(newcomer.is_ordinary(0.99 * p99) && !newcomer.is_ordinary(1.01 * p99));
    /// ```
    pub fn is_ordinary(&self, x: f64) -> bool {
        self.ln_sf(x) > (1.0 - ORDINARY_QUANTILE).ln()
    }

    /// Returns the amount that an active window does not exceed with probability `q`, at least 0.
    pub fn quantile(&self, q: f64) -> f64 {
        /// Beyond this, amounts have no meaning.
        const Q_MIN: f64 = 1e-9;
        let q = if q > Q_MIN { q.min(1.0 - Q_MIN) } else { Q_MIN };
        ((self.loc + self.scale * self.students_t.inverse_cdf(q)).exp() - CONTINUITY).max(0.0)
    }

    /// Returns the weight of the entity's own windows in the location, 0 to 1; the rest is its peers'.
    pub fn own_weight(&self) -> f64 {
        (self.kappa - self.kappa0) / self.kappa
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const L: Prior = Prior {
        mean: 1.8,
        between_var: 0.60,
        within_var: 0.90,
        alpha: 8.0,
        beta: 2.0,
    };

    fn evidence(n: f64, mean: f64, m2: f64, active: f64, exposure: f64) -> Evidence {
        Evidence {
            n,
            mean,
            m2,
            active,
            exposure,
        }
    }

    #[track_caller]
    fn check(got: f64, want: f64) {
        assert!(
            (got - want).abs() <= 1e-9 * want.abs(),
            "{got} is not {want}"
        );
    }

    #[test]
    fn g1_the_tail_of_student_t() {
        for (t, nu, want) in [
            (2.0, 20.0, -3.51887451227),
            (6.0, 20.0, -12.5285256226),
            (40.0, 20.0, -46.368147221),
            (1e6, 20.0, -248.782187901),
            (3.0, 5.0, -4.19640227489),
            (-1.5, 20.0, -0.0775485301054),
            (0.0, 20.0, -std::f64::consts::LN_2),
        ] {
            check(StudentsT::new(0.0, 1.0, nu).unwrap().sf(t).ln(), want);
        }
    }

    #[test]
    fn a_job_with_constant_volume_is_judged_by_its_own_variance() {
        let of = |n: f64, m2: f64| {
            let active = 24.0 * 15.5;
            Predictive::new(&L, &evidence(n, 41f64.ln(), m2, active, 15.5))
        };
        let job = of(372.0, 0.0);
        assert_eq!(job.surprise(41.0), 0.0);
        assert!(job.surprise(80.0) > 5.0, "{}", job.surprise(80.0));
        // Neither a few windows that are alike by chance nor slightly less variation than others makes an entity steady.
        for (n, m2) in [(5.0, 0.0), (40.0, 0.0), (372.0, 0.25 * 0.9 * 372.0)] {
            let variance = (60.0 * 0.9 + m2) / (60.0 + n);
            check(of(n, m2).scale, (variance + 0.9 / (1.5 + n)).sqrt());
        }
        assert_eq!(of(372.0, 100.0).surprise(80.0), 0.0);
    }

    #[test]
    fn g2_established_and_g5_ordinary() {
        let p = Predictive::new(&L, &evidence(620.0, 1.6, 520.0, 900.0, 29.0));
        check(p.kappa0, 1.5);
        check(p.loc, 1.60048270314);
        check(p.scale, 0.919546495003);
        check(p.nu, 20.0);
        check(p.t(1280.0), 6.04050282687);
        check(p.ln_sf(1280.0), -12.6173213547);
        check(p.lambda, 29.2903225806);
        check(p.lambda * p.ln_sf(1280.0).exp(), 9.70713599251e-5);
        check(p.surprise(1280.0), 9.24006418060);
        check(p.quantile(0.5), 4.45542384581);
        check(p.quantile(0.99), 50.1568820176);
        check(p.own_weight(), 620.0 / 621.5);
        check(p.t(8.0), 0.586793015134);
        check(p.lambda * p.ln_sf(8.0).exp(), 8.25852895500);
        assert_eq!(p.surprise(8.0), 0.0);
        check(p.p_value(8.0), 1.0 - (-8.25852895500f64).exp());
    }

    #[test]
    fn g3_zero_history_and_g4_five_windows() {
        let p = Predictive::new(&L, &Evidence::default());
        check(p.loc, 1.8);
        check(p.scale, 1.22474487139);
        check(p.t(1280.0), 4.37234401280);
        check(p.lambda, 4.0);
        check(p.surprise(1280.0), 7.43662659367);
        check(p.quantile(0.99), 133.270663741);
        let p = Predictive::new(&L, &evidence(5.0, 2.2, 2.4, 5.0, 1.0));
        check(p.loc, 2.10769230769);
        check(p.scale, 1.00307220386);
        check(p.t(1280.0), 5.03185471448);
        check(p.lambda, 4.33333333333);
        check(p.surprise(1280.0), 8.88530862704);
    }

    #[test]
    fn g6_never_used_g7_bytes_and_g8_the_variance_floor() {
        let prior = Prior {
            mean: 0.9,
            between_var: 0.25,
            within_var: 0.40,
            alpha: 0.02,
            beta: 4.0,
        };
        let p = Predictive::new(&prior, &evidence(0.0, 0.0, 0.0, 0.0, 21.0));
        check(p.lambda, 0.0008);
        check(p.t(40.0), 3.47458746863);
        check(p.ln_sf(40.0), -6.72888922563);
        check(p.surprise(40.0), 13.8597880559);

        let prior = Prior {
            mean: 15.5,
            between_var: 3.0,
            within_var: 2.2,
            alpha: 10.0,
            beta: 3.0,
        };
        let p = Predictive::new(&prior, &evidence(400.0, 14.8, 760.0, 500.0, 25.0));
        check(p.kappa0, 0.733333333333);
        check(p.loc, 14.8012809849);
        check(p.scale, 1.39449645747);
        check(p.t(5e10), 7.05201350985);
        check(p.surprise(5e10), 11.8647762210);
        check(p.quantile(0.5), 2679875.23764);

        let prior = Prior {
            mean: 1.3,
            between_var: 0.10,
            within_var: 0.021,
            alpha: 5.0,
            beta: 1.0,
        };
        let p = Predictive::new(&prior, &evidence(500.0, 4f64.ln(), 0.5, 500.0, 25.0));
        check(p.scale, 0.141569708509);
        check(p.t(12.0), 8.04882996230);
        check(p.surprise(12.0), 13.7856322589);
    }

    #[test]
    fn surprise_rises_with_the_amount_and_is_always_a_number() {
        let rare = Prior { alpha: 0.01, ..L };
        for prior in [
            L,
            rare,
            Prior::BUILT_IN,
            Prior {
                between_var: 0.0,
                within_var: f64::NAN,
                beta: 0.0,
                ..L
            },
        ] {
            for own in [
                evidence(0.0, 0.0, 0.0, 0.0, 21.0),
                evidence(600.0, 9.0, 1.0, 600.0, 28.0),
            ] {
                let p = Predictive::new(&prior, &own);
                let mut last = 0.0;
                for step in 0..1_200 {
                    let s = p.surprise(1.05f64.powi(step));
                    assert!(s.is_finite() && s >= last, "{s} after {last}");
                    last = s;
                }
                assert!(p.surprise(f64::INFINITY) >= last && p.surprise(f64::INFINITY).is_finite());
                assert_eq!(
                    [p.surprise(0.0), p.surprise(-3.0), p.surprise(f64::NAN)],
                    [0.0; 3]
                );
                assert!(
                    p.quantile(0.0) >= 0.0
                        && p.quantile(f64::NAN) >= 0.0
                        && p.quantile(1.0).is_finite()
                );
            }
        }
    }
}
