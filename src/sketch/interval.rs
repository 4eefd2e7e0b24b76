//! Confidence intervals of a rate from few events.

use std::collections::BTreeMap;

use statrs::distribution::{ChiSquared, ContinuousCDF, DiscreteCDF, NegativeBinomial, Poisson};

/// The part of the probability that each side of a 95 % interval leaves out.
const ONE_SIDE: f64 = 0.025;

/// Returns Garwood's exact 95 % interval (1936) of a Poisson rate per day, given `count` events in `days` days.
///
/// The lower end is 0 if there were no events. Without any day nothing is known: from 0 to infinity.
///
/// ```
/// let (low, high) = plimsoll::sketch::interval::garwood(7, 14.0);
/// assert!((low - 0.201).abs() < 1e-3 && (high - 1.030).abs() < 1e-3);
/// ```
pub fn garwood(count: u64, days: f64) -> (f64, f64) {
    if days.is_nan() || days <= 0.0 {
        return (0.0, f64::INFINITY);
    }
    let half_quantile = |q: f64, freedom: f64| match ChiSquared::new(freedom) {
        Ok(chi_squared) => chi_squared.inverse_cdf(q) / 2.0,
        Err(_) => 0.0,
    };
    let count = count as f64;
    let low = half_quantile(ONE_SIDE, 2.0 * count);
    let high = half_quantile(1.0 - ONE_SIDE, 2.0 * count + 2.0);
    (low / days, high / days)
}

/// The value towards which a dispersion is shrunk: the days of an estate are correlated, so counts vary more than Poisson
/// counts.
const DISPERSION_PRIOR: f64 = 1.5;
/// The weight of this prior, in days.
const DISPERSION_PRIOR_DAYS: f64 = 5.0;
/// The largest dispersion that is used; beyond, a mean has no use.
const DISPERSION_MAX: f64 = 20.0;

/// The largest relative standard deviation of an expectation; beyond, nothing is known.
const RELATIVE_SD_MAX: f64 = 10.0;
/// The largest count that is distinguished from larger ones.
const COUNT_MAX: u64 = 1 << 50;

/// Returns how much more daily counts vary about the mean of their class than Poisson's would (variance over mean, at least
/// 1), shrunk towards `DISPERSION_PRIOR` while days are few. Each count comes with its class: the day of the week, so
/// that a quiet Sunday is no surprise to whoever looks at whole weeks, or the same for all.
///
/// ```
/// use plimsoll::sketch::interval::dispersion;
/// let (restless, steady) = ([0, 20, 0, 20, 0, 20], [10, 9, 11, 10, 10, 10]);
/// let alike = |counts: [u64; 6]| counts.map(|n| (0, n));
/// assert!(dispersion(&alike(restless)) > dispersion(&alike(steady)));
/// let by_parity = [(0, 0), (1, 20), (0, 0), (1, 20), (0, 0), (1, 20)];
/// assert!(dispersion(&by_parity) < dispersion(&alike(restless)));
/// ```
pub fn dispersion(counts: &[(u8, u64)]) -> f64 {
    let mut classes: BTreeMap<u8, Vec<f64>> = BTreeMap::new();
    for &(class, n) in counts {
        classes.entry(class).or_default().push(n as f64);
    }
    let mut pearson = 0.0;
    for of_class in classes.values() {
        let mean = of_class.iter().sum::<f64>() / of_class.len() as f64;
        if mean > 0.0 {
            pearson += of_class.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / mean;
        }
    }
    let freedom = (counts.len() - classes.len()) as f64;
    ((pearson + DISPERSION_PRIOR_DAYS * DISPERSION_PRIOR) / (freedom + DISPERSION_PRIOR_DAYS))
        .clamp(1.0, DISPERSION_MAX)
}

/// Returns a 95 % interval of how many events the next days bring: `mean` are expected, that expectation has the relative
/// standard deviation `relative_sd`, and counts vary by `dispersion`. The model is a negative binomial with that mean and
/// variance. An expectation that is not above 0 predicts none.
pub fn forecast(mean: f64, relative_sd: f64, dispersion: f64) -> (u64, u64) {
    if !mean.is_finite() || mean <= 0.0 {
        return (0, 0);
    }
    let relative_sd = relative_sd.min(RELATIVE_SD_MAX);
    let variance = dispersion.max(1.0) * mean + (relative_sd * mean).powi(2);
    let ends = |counts: &dyn DiscreteCDF<u64, f64>| {
        (quantile(counts, ONE_SIDE), quantile(counts, 1.0 - ONE_SIDE))
    };
    // If the variance is hardly above the mean, use Poisson: the parameters of the negative binomial grow without limit.
    if variance > 1.001 * mean
        && let Ok(counts) = NegativeBinomial::new(mean * mean / (variance - mean), mean / variance)
    {
        return ends(&counts);
    }
    Poisson::new(mean).map_or((0, u64::MAX), |counts| ends(&counts))
}

/// Returns the least count that is not exceeded with a probability of at least `q`. The library's function panics where
/// that is 0.
fn quantile(counts: &dyn DiscreteCDF<u64, f64>, q: f64) -> u64 {
    let (mut low, mut high) = (0, 1);
    while counts.cdf(high) < q && high < COUNT_MAX {
        (low, high) = (high, 2 * high);
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if counts.cdf(middle) >= q {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forecast_widens_with_what_is_not_known() {
        let exact = forecast(50.0, 0.0, 1.0);
        assert_eq!(exact, (37, 64));
        let wide = forecast(50.0, 0.2, 2.0);
        assert!(wide.0 < 32 && wide.1 > 75, "{wide:?}");
        assert_eq!(forecast(0.0, 1.0, 1.0), (0, 0));
        assert_eq!(forecast(f64::NAN, 1.0, 1.0), (0, 0));
        // An event that hardly ever happens, and one about which nothing is known.
        assert_eq!(forecast(0.01, 0.0, 1.0), (0, 0));
        for sd in [3.0, 1e12, f64::INFINITY, f64::NAN] {
            let (low, high) = forecast(5.0, sd, 1.5);
            assert!(low == 0 && high >= 5, "{low} {high} for {sd}");
        }
    }

    #[test]
    fn g16_garwood() {
        let close = |(a, b): (f64, f64), (c, d): (f64, f64)| {
            assert!(
                (a - c).abs() <= 1e-9 * c && (b - d).abs() <= 1e-9 * d,
                "{a} {b}"
            );
        };
        close(garwood(7, 14.0), (0.201025932251, 1.03019109726));
        close(garwood(0, 14.0), (0.0, 0.263491389580));
        assert_eq!(garwood(3, 0.0), (0.0, f64::INFINITY));
    }
}
