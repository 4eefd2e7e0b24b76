//! The tail of a distribution beyond frequent values: a generalised Pareto distribution.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most exceedances that a tail is fitted to: enough for a shape within ±0.1, few enough to stay in the tail.
pub const EXCEEDANCES_MAX: u64 = 150;
/// At most one entry in so many is an exceedance; with a short history the fit must not reach into the middle.
pub const ENTRIES_PER_EXCEEDANCE: u64 = 8;
/// Fewer exceedances are not fitted; instead, an exponential continues beyond the largest value.
pub const EXCEEDANCES_MIN: usize = 10;
/// Pseudo-exceedances of an exponential tail, towards which the shape is shrunk where there are few exceedances.
pub const SHAPE_SHRINKAGE: f64 = 30.0;
/// The heaviest tail that is allowed: beyond one half the variance would be infinite.
pub const SHAPE_MAX: f64 = 0.5;
/// Shapes below this are evaluated as exponential, where the general formula loses all digits.
const SHAPE_EXPONENTIAL: f64 = 1e-6;

/// Values further out, in scales, are evaluated at this point, so that every surprise is a finite number.
const SCALES_MAX: f64 = 1e12;

/// A generalised Pareto tail: the probability, per entry, of a value of at least `s > u` is
/// `p_u·(1 + ξ(s − u)/σ)^(−1/ξ)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tail {
    /// The start of the tail.
    pub u: f64,
    /// Scale σ, positive.
    pub sigma: f64,
    /// Shape ξ, 0 (exponential) to [`SHAPE_MAX`].
    pub xi: f64,
    /// The number of exceedances of `u` behind the fit.
    pub k: u64,
    /// The number of entries, in the tail or not.
    pub n: u64,
    /// Probability per entry of exceeding `u`.
    pub p_u: f64,
}

impl Tail {
    /// Fits a tail by probability-weighted moments (Hosking and Wallis 1987) to the exceedances of `u`, given as
    /// `(value − u, multiplicity)` in ascending order, of `n` entries. `None` below [`EXCEEDANCES_MIN`].
    pub fn fit(u: f64, exceedances: &[(f64, u64)], n: u64) -> Option<Self> {
        let k: u64 = exceedances.iter().map(|&(_, count)| count).sum();
        if k < EXCEEDANCES_MIN as u64 || n < k {
            return None;
        }
        let k_real = k as f64;
        let (mut sum, mut weighted, mut before) = (0.0, 0.0, 0.0);
        for &(x, count) in exceedances {
            let count = count as f64;
            sum += count * x;
            // Ranks `before … before + count − 1` have the same value x.
            weighted += x * (count * before + count * (count - 1.0) / 2.0);
            before += count;
        }
        let b0 = sum / k_real;
        let b1 = weighted / (k_real - 1.0) / k_real;
        let a1 = b0 - b1;
        let raw = if b0 > 2.0 * a1 {
            2.0 - b0 / (b0 - 2.0 * a1)
        } else {
            0.0
        };
        let xi = (k_real * raw / (k_real + SHAPE_SHRINKAGE)).clamp(0.0, SHAPE_MAX);
        let sigma = b0 * (1.0 - xi);
        (sigma > 0.0).then_some(Self {
            u,
            sigma,
            xi,
            k,
            n,
            p_u: k_real / n as f64,
        })
    }

    /// Returns the tail for a history that is too short: exponential with scale 1 beyond `u`, the largest value seen, which
    /// `n` entries did not exceed.
    pub fn unfitted(u: f64, n: u64) -> Self {
        Self {
            u,
            sigma: 1.0,
            xi: 0.0,
            k: 0,
            n,
            p_u: 1.0 / (n as f64 + 1.0),
        }
    }

    /// Returns log10 of the probability per entry of a value of at least `s`; that of `u` if `s` is below it.
    pub fn log10_exceedance(&self, s: f64) -> f64 {
        let z = self.scales_beyond(s);
        let ln_beyond = if self.xi < SHAPE_EXPONENTIAL {
            -z
        } else {
            -(self.xi * z).ln_1p() / self.xi
        };
        self.p_u.log10() + ln_beyond / std::f64::consts::LN_10
    }

    /// Returns log10 of the fraction of entries at least as extreme as `s`: counted up to `u`, from the distribution
    /// beyond.
    pub fn log10_share(&self, s: f64, count_at_least: impl FnOnce() -> u64) -> f64 {
        if s > self.u {
            self.log10_exceedance(s)
        } else {
            ((count_at_least() as f64 + 1.0) / (self.n as f64 + 1.0)).log10()
        }
    }

    /// Returns the value that is exceeded with probability `rate` per entry, for rates below `p_u`; `u` for others.
    pub fn value_at(&self, rate: f64) -> f64 {
        let ln_ratio = (self.p_u / rate).ln().max(0.0);
        let z = if self.xi < SHAPE_EXPONENTIAL {
            ln_ratio
        } else {
            (self.xi * ln_ratio).exp_m1() / self.xi
        };
        self.u + self.sigma * z
    }

    /// Returns the standard deviation of the logarithm of the rate at which `s` is exceeded.
    pub fn sd_ln_rate(&self, s: f64) -> f64 {
        let z = self.scales_beyond(s);
        ((1.0 + z * z) / self.k.max(1) as f64).sqrt()
    }

    fn scales_beyond(&self, s: f64) -> f64 {
        let z = (s - self.u) / self.sigma;
        if z > 0.0 { z.min(SCALES_MAX) } else { 0.0 }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn g15_tail() {
        let mut x = [
            0.2, 0.5, 0.1, 1.4, 0.3, 0.8, 2.6, 0.05, 0.9, 0.4, 0.15, 3.1, 0.6, 0.25, 1.0, 0.35,
            0.7, 0.12, 1.8, 0.45,
        ];
        x.sort_by(f64::total_cmp);
        let tail = Tail::fit(5.0, &x.map(|x| (x, 1)), 1000).unwrap();
        let check = |got: f64, want: f64| {
            assert!(
                (got - want).abs() <= 1e-9 * want.abs(),
                "{got} is not {want}"
            )
        };
        check(tail.xi, 0.0622222222222222);
        check(tail.sigma, 0.739437777777778);
        for (s, g) in [
            (8.0, 5.36925364302e-4),
            (12.0, 1.17090865260e-5),
            (20.0, 4.01003275213e-8),
        ] {
            check(10f64.powf(tail.log10_exceedance(s)), g);
        }
        check(-tail.log10_exceedance(8.0), 3.27008607952);
        check(-tail.log10_exceedance(12.0), 4.93147698470);
        let s = tail.value_at(1e-4);
        check(s, 9.64079232273);
        check(tail.sd_ln_rate(s), 1.42108318011);
    }

    #[test]
    fn ties_count_like_repeated_values() {
        let repeated: Vec<_> = [0.1, 0.1, 0.1, 0.4, 0.4, 1.0, 1.0, 1.0, 1.0, 2.0, 5.0]
            .map(|x| (x, 1))
            .into();
        let counted = [(0.1, 3), (0.4, 2), (1.0, 4), (2.0, 1), (5.0, 1)];
        let (a, b) = (
            Tail::fit(1.0, &repeated, 99).unwrap(),
            Tail::fit(1.0, &counted, 99).unwrap(),
        );
        assert!((a.xi - b.xi).abs() < 1e-12 && (a.sigma - b.sigma).abs() < 1e-12);
        assert_eq!(Tail::fit(1.0, &repeated[..9], 99), None);
    }
}
