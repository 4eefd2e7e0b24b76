//! The count, mean and squared deviations of weighted numbers.

use serde::{Deserialize, Serialize};

/// Count, mean and sum of squared deviations from the mean. The count is a weight and need not be whole.
///
/// Merging follows Chan, Golub and LeVeque (1983). It is exact in real numbers and correct to rounding here, so callers
/// that need bit-for-bit repeatable results must merge in a fixed order.
///
/// ```
/// use plimsoll::sketch::Moments;
/// let merged = Moments::of([1.0, 3.0]).merge(&Moments::of([5.0]));
/// assert_eq!((merged.n, merged.mean, merged.m2), (3.0, 3.0, 8.0));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    /// Total weight; the number of values if none was weighted.
    pub n: f64,
    /// Weighted mean; 0 if there are no values.
    pub mean: f64,
    /// Weighted sum of squared deviations from the mean.
    pub m2: f64,
}

impl Moments {
    /// The moments of no values.
    pub const EMPTY: Self = Self {
        n: 0.0,
        mean: 0.0,
        m2: 0.0,
    };

    /// Returns the moments of some values, each of weight 1.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut moments = Self::EMPTY;
        for value in values {
            moments.push(value);
        }
        moments
    }

    /// Adds a value of weight 1. A value that is not finite would make all results useless, and is left out.
    pub fn push(&mut self, y: f64) {
        if !y.is_finite() {
            return;
        }
        self.n += 1.0;
        let delta = y - self.mean;
        self.mean += delta / self.n;
        self.m2 += delta * (y - self.mean);
    }

    /// Returns the moments of both inputs together.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        if self.n <= 0.0 {
            return *other;
        }
        if other.n <= 0.0 {
            return *self;
        }
        let n = self.n + other.n;
        let delta = other.mean - self.mean;
        Self {
            n,
            mean: self.mean + delta * other.n / n,
            m2: self.m2 + other.m2 + delta * delta * self.n * other.n / n,
        }
    }

    /// Returns the same values with their weight multiplied by `w`; no values unless `w` is positive.
    #[must_use]
    pub fn weighted(&self, w: f64) -> Self {
        if w > 0.0 {
            Self {
                n: self.n * w,
                mean: self.mean,
                m2: self.m2 * w,
            }
        } else {
            Self::EMPTY
        }
    }

    /// Returns the same values with their weight reduced to at most `cap`, which bounds the influence of one day.
    #[must_use]
    pub fn night_capped(&self, cap: f64) -> Self {
        if self.n > cap {
            Self {
                n: cap,
                ..self.weighted(cap / self.n)
            }
        } else {
            *self
        }
    }

    /// Returns the unbiased variance; 0 if the weight is 1 or less.
    pub fn variance(&self) -> f64 {
        if self.n > 1.0 {
            self.m2 / (self.n - 1.0)
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
    }

    fn check(got: Moments, n: f64, mean: f64, m2: f64) {
        assert!(
            close(got.n, n) && close(got.mean, mean) && close(got.m2, m2),
            "{got:?}"
        );
    }

    #[test]
    fn g9_merging_weighting_and_the_cap_of_a_day() {
        let a = Moments {
            n: 10.0,
            mean: 2.0,
            m2: 5.0,
        };
        let b = Moments {
            n: 30.0,
            mean: 2.6,
            m2: 12.0,
        };
        check(a.merge(&b), 40.0, 2.45, 19.7);
        let weight = 2f64.powf(-1.0 / 30.0);
        check(
            a.weighted(weight).merge(&b),
            39.7715996843,
            2.45258425970,
            19.5392831677,
        );
        check(
            Moments {
                n: 144.0,
                mean: 2.6,
                m2: 57.6,
            }
            .night_capped(30.0),
            30.0,
            2.6,
            12.0,
        );
        assert_eq!(b.night_capped(30.0), b);
    }

    #[test]
    fn g10_moments_of_logarithms() {
        let got = Moments::of([3.0f64, 5.0, 2.0, 9.0, 14.0].map(f64::ln_1p));
        check(got, 5.0, 1.85746028262, 1.72380350662);
    }

    proptest! {
        #[test]
        fn merge_laws(x in prop::collection::vec(-1e3..1e3f64, 0..40), y in prop::collection::vec(-1e3..1e3f64, 0..40)) {
            let (a, b) = (Moments::of(x.iter().copied()), Moments::of(y.iter().copied()));
            let all = Moments::of(x.iter().chain(&y).copied());
            for got in [a.merge(&b), b.merge(&a)] {
                prop_assert!(close(got.n, all.n) && close(got.mean, all.mean));
                prop_assert!((got.m2 - all.m2).abs() <= 1e-9 * (1.0 + all.m2));
            }
            prop_assert_eq!(a.merge(&Moments::EMPTY), a);
            prop_assert_eq!(Moments::EMPTY.merge(&a), a);
        }
    }
}
