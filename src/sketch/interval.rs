//! How sure one can be of a rate of which few events were seen.

use statrs::distribution::{ChiSquared, ContinuousCDF};

/// The share of the probability that each side of a 95 % interval leaves out.
const ONE_SIDE: f64 = 0.025;

/// Returns Garwood's exact 95 % interval (1936) of a Poisson rate per day, given `count` events in `days` days.
///
/// The lower end is 0 if nothing was seen. Without any day nothing is known: from 0 to infinity.
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

#[cfg(test)]
mod tests {
    use super::*;

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
