//! Repeatable random numbers: a seeded generator, and the distributions that the estate needs.
//!
//! Every identity, day and attack draws from a generator of its own, derived from the seed and its own numbers, so that
//! nothing depends on the order in which they are generated.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

/// Hexadecimal digits, as instance ids and event ids use them.
pub(crate) const HEX: &[u8] = b"0123456789abcdef";

/// Digits and capitals, as S3 request ids use them.
pub(crate) const UPPER: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The base-32 alphabet of access keys and unique principal ids.
pub(crate) const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The base-64 alphabet of opaque tokens.
pub(crate) const BASE64: &[u8] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A seeded generator.
pub(crate) struct Rng(Xoshiro256PlusPlus);

impl Rng {
    /// Makes the generator that belongs to these numbers under this seed.
    pub(crate) fn of(seed: u64, parts: &[u64]) -> Self {
        let mixed = parts.iter().fold(splitmix(seed), |state, &part| {
            splitmix(state ^ splitmix(part))
        });
        Self(Xoshiro256PlusPlus::seed_from_u64(mixed))
    }

    /// Returns 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Returns a number in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Returns true with the given probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Returns a whole number in [0, bound); 0 if the bound is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.bits()) * bound as u128) >> 64) as usize
    }

    /// Returns a whole number in [low, high].
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as usize) as i64
    }

    /// Returns one of the items, which must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// Puts the items in a random order (Fisher and Yates).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for place in (1..items.len()).rev() {
            items.swap(place, self.below(place + 1));
        }
    }

    /// Returns a standard normal deviate (Box and Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Returns a log-normal deviate of the given median and spread of the logarithm.
    pub(crate) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    /// Returns an exponential deviate.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// Returns a Pareto deviate: at least `least`, with tail exponent `alpha`.
    pub(crate) fn pareto(&mut self, least: f64, alpha: f64) -> f64 {
        least * (1.0 - self.unit()).powf(-1.0 / alpha)
    }

    /// Returns a Poisson count; by a rounded normal above a mean of 60.
    pub(crate) fn poisson(&mut self, mean: f64) -> usize {
        if mean > 60.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as usize;
        }
        let (limit, mut product, mut count) = ((-mean).exp(), self.unit(), 0);
        while product > limit {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// Returns a gamma deviate of mean 1 (Marsaglia and Tsang 2000).
    fn gamma_of_mean_one(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let boost = (1.0 - self.unit()).powf(1.0 / shape);
            return self.gamma_of_mean_one(shape + 1.0) * (shape + 1.0) * boost / shape;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && (1.0 - self.unit()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v / shape;
            }
        }
    }

    /// Returns a negative binomial count: a Poisson count whose mean varies with the given shape.
    pub(crate) fn count(&mut self, mean: f64, shape: f64) -> usize {
        let mean = mean * self.gamma_of_mean_one(shape);
        self.poisson(mean)
    }

    /// Appends so many characters of an alphabet.
    pub(crate) fn text_into(&mut self, out: &mut String, alphabet: &[u8], length: usize) {
        for _ in 0..length {
            out.push(char::from(alphabet[self.below(alphabet.len())]));
        }
    }

    /// Returns so many characters of an alphabet.
    pub(crate) fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        let mut out = String::with_capacity(length);
        self.text_into(&mut out, alphabet, length);
        out
    }
}

/// One step of SplitMix64 (Steele, Lea and Flood 2014), as a mixer of numbers.
pub(crate) fn splitmix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(mut draw: impl FnMut(&mut Rng) -> f64) -> f64 {
        let mut rng = Rng::of(7, &[1]);
        (0..40_000).map(|_| draw(&mut rng)).sum::<f64>() / 40_000.0
    }

    #[test]
    fn distributions_have_their_means() {
        let check = |name: &str, got: f64, want: f64| {
            assert!((got / want - 1.0).abs() < 0.04, "{name}: {got}, {want}")
        };
        check("unit", mean(|r| r.unit()), 0.5);
        check("poisson", mean(|r| r.poisson(3.5) as f64), 3.5);
        check(
            "poisson above the normal's border",
            mean(|r| r.poisson(200.0) as f64),
            200.0,
        );
        check("count", mean(|r| r.count(12.0, 0.8) as f64), 12.0);
        check("exponential", mean(|r| r.exponential(9.0)), 9.0);
        check("pareto", mean(|r| r.pareto(2.0, 3.0)), 3.0);
        check(
            "log-normal",
            mean(|r| r.log_normal(1.0, 0.5)),
            (0.125f64).exp(),
        );
    }
}
