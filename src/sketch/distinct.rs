//! How many different things were seen.

use serde::{Deserialize, Serialize};

/// Up to this number of different hashes, all are kept and the count is exact.
pub const EXACT_MAX: usize = 256;
/// Bits of a hash that choose a register: 1,024 registers, a standard error of 1.04/√1024 = 3.3 %.
const INDEX_BITS: u32 = 10;
const REGISTERS: usize = 1 << INDEX_BITS;
/// The bits of a hash that do not choose the register.
const VALUE_BITS: u32 = 64 - INDEX_BITS;

/// A counter of distinct things, each given as a well-mixed 64-bit hash.
///
/// Up to [`EXACT_MAX`] of them it is the sorted set of hashes. Beyond that, it is a HyperLogLog of *all* of them with 1,024
/// registers, read by Ertl's estimator (2017, arXiv:1702.01284), which needs no tables and no switch between ranges. Its
/// error is about 3 %, and it never falls after an insertion. The state depends only on the set of inserted hashes.
///
/// ```
/// use plimsoll::sketch::Distinct;
/// let mut seen = Distinct::default();
/// for hash in [7, 9, 7] {
///     seen.insert(hash);
/// }
/// assert_eq!(seen.count(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Distinct(State);

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// Ascending, at most `EXACT_MAX`.
    Exact(Vec<u64>),
    Registers(Box<[u8; REGISTERS]>),
}

impl Default for Distinct {
    fn default() -> Self {
        Self(State::Exact(Vec::new()))
    }
}

impl FromIterator<u64> for Distinct {
    fn from_iter<I: IntoIterator<Item = u64>>(hashes: I) -> Self {
        let mut distinct = Self::default();
        for hash in hashes {
            distinct.insert(hash);
        }
        distinct
    }
}

impl Distinct {
    /// Adds a thing by its hash.
    pub fn insert(&mut self, hash: u64) {
        match &mut self.0 {
            State::Exact(hashes) => {
                if let Err(at) = hashes.binary_search(&hash) {
                    if hashes.is_empty() {
                        // Most have one thing.
                        hashes.reserve_exact(1);
                    }
                    hashes.insert(at, hash);
                    self.spill();
                }
            }
            State::Registers(registers) => register(registers, hash),
        }
    }

    /// Returns whether it counts exactly.
    pub fn is_exact(&self) -> bool {
        matches!(self.0, State::Exact(_))
    }

    /// Adds everything that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        match (&mut self.0, &other.0) {
            (_, State::Exact(hashes)) => {
                for &hash in hashes {
                    self.insert(hash);
                }
            }
            (State::Registers(mine), State::Registers(theirs)) => {
                for (mine, &theirs) in mine.iter_mut().zip(theirs.iter()) {
                    *mine = theirs.max(*mine);
                }
            }
            (State::Exact(hashes), State::Registers(theirs)) => {
                let mut registers = theirs.clone();
                for &hash in hashes.iter() {
                    register(&mut registers, hash);
                }
                self.0 = State::Registers(registers);
            }
        }
    }

    /// Returns how many different things were seen: exact up to [`EXACT_MAX`], an estimate beyond.
    pub fn count(&self) -> u64 {
        match &self.0 {
            State::Exact(hashes) => hashes.len() as u64,
            // More than `EXACT_MAX` are certain, and a count must not fall at the change from one form to the other.
            State::Registers(registers) => {
                (estimate(registers).round() as u64).max(EXACT_MAX as u64 + 1)
            }
        }
    }

    /// Returns the hashes in ascending order while they are kept; `None` if there were too many.
    pub fn exact(&self) -> Option<&[u64]> {
        match &self.0 {
            State::Exact(hashes) => Some(hashes),
            State::Registers(_) => None,
        }
    }

    /// Returns how many of the things are not `known`, of which there are `known_len`.
    ///
    /// Beyond [`EXACT_MAX`], this is a lower bound of the estimate: all known things may have been seen. Before that, the
    /// exact number is limited to the first value of the lower bound, so that it never falls when things are added.
    pub fn count_not_in(&self, known: impl Fn(u64) -> bool, known_len: u64) -> u64 {
        match &self.0 {
            State::Exact(hashes) => {
                let exact = hashes.iter().filter(|&&hash| !known(hash)).count() as u64;
                exact.min((EXACT_MAX as u64 + 1).saturating_sub(known_len))
            }
            State::Registers(_) => self.count().saturating_sub(known_len),
        }
    }

    /// Returns whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, State::Exact(hashes) if hashes.is_empty())
    }

    /// Returns about how many bytes it takes beside its own size.
    pub fn heap_bytes(&self) -> usize {
        match &self.0 {
            State::Exact(hashes) => hashes.capacity() * size_of::<u64>(),
            State::Registers(_) => REGISTERS,
        }
    }

    fn spill(&mut self) {
        if let State::Exact(hashes) = &self.0
            && hashes.len() > EXACT_MAX
        {
            let mut registers = Box::new([0; REGISTERS]);
            for &hash in hashes {
                register(&mut registers, hash);
            }
            self.0 = State::Registers(registers);
        }
    }
}

fn register(registers: &mut [u8; REGISTERS], hash: u64) {
    let index = (hash >> VALUE_BITS) as usize;
    // Position of the first 1 bit among the remaining bits; all zeros count as one position further.
    let rank = ((hash << INDEX_BITS).leading_zeros().min(VALUE_BITS) + 1) as u8;
    registers[index] = registers[index].max(rank);
}

/// Ertl's improved raw estimator, algorithm 6.
fn estimate(registers: &[u8; REGISTERS]) -> f64 {
    const LAST: usize = VALUE_BITS as usize + 1;
    let mut multiplicity = [0.0f64; LAST + 1];
    for &r in registers.iter() {
        multiplicity[usize::from(r).min(LAST)] += 1.0;
    }
    let m = REGISTERS as f64;
    let mut z = m * tau(1.0 - multiplicity[LAST] / m);
    for count in multiplicity[1..LAST].iter().rev() {
        z = 0.5 * (z + count);
    }
    z += m * sigma(multiplicity[0] / m);
    m * m / (2.0 * std::f64::consts::LN_2 * z)
}

fn sigma(x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut x, mut y, mut z) = (x, 1.0, x);
    loop {
        let before = z;
        x *= x;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

fn tau(x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut x, mut y, mut z) = (x, 1.0, 1.0 - x);
    loop {
        let before = z;
        x = x.sqrt();
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

/// The stored form, checked when it is read.
#[derive(Serialize, Deserialize)]
enum Stored {
    Exact(Vec<u64>),
    Registers(Vec<u8>),
}

impl From<Distinct> for Stored {
    fn from(distinct: Distinct) -> Self {
        match distinct.0 {
            State::Exact(hashes) => Self::Exact(hashes),
            State::Registers(registers) => Self::Registers(registers.to_vec()),
        }
    }
}

impl TryFrom<Stored> for Distinct {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        match stored {
            Stored::Exact(hashes) => {
                if hashes.len() > EXACT_MAX || !hashes.is_sorted_by(|a, b| a < b) {
                    return Err("a set of hashes is too long or not ascending");
                }
                Ok(Self(State::Exact(hashes)))
            }
            Stored::Registers(bytes) => {
                if bytes.iter().any(|&r| u32::from(r) > VALUE_BITS + 1) {
                    return Err("a HyperLogLog register is out of range");
                }
                let registers: Box<[u8; REGISTERS]> = bytes
                    .into_boxed_slice()
                    .try_into()
                    .map_err(|_| "a HyperLogLog has not 1,024 registers")?;
                Ok(Self(State::Registers(registers)))
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// SplitMix64: a bijection, so different inputs have different hashes.
    fn mix(x: u64) -> u64 {
        let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    fn merged(mut a: Distinct, b: &Distinct) -> Distinct {
        a.merge(b);
        a
    }

    #[test]
    fn the_estimate_is_close_and_never_falls() {
        let mut distinct = Distinct::default();
        let mut last = 0;
        for n in 1..=200_000u64 {
            distinct.insert(mix(n));
            if n < 3_000 || n.is_multiple_of(500) {
                let count = distinct.count();
                assert!(count >= last, "{count} after {last} at {n}");
                assert!(
                    (count as f64 / n as f64 - 1.0).abs() < 0.12,
                    "{count} for {n}"
                );
                last = count;
            }
        }
    }

    #[test]
    fn the_estimate_is_unbiased_with_the_promised_error() {
        for n in [300u64, 1_000, 2_600, 5_000, 50_000] {
            let errors: Vec<f64> = (0..200u64)
                .map(|seed| {
                    let distinct: Distinct = (0..n).map(|i| mix(seed << 32 | i)).collect();
                    distinct.count() as f64 / n as f64 - 1.0
                })
                .collect();
            let mean = errors.iter().sum::<f64>() / 200.0;
            let rms = (errors.iter().map(|e| e * e).sum::<f64>() / 200.0).sqrt();
            assert!(mean.abs() < 0.008 && rms < 0.038, "{mean} {rms} at {n}");
        }
    }

    #[test]
    fn new_things_are_counted_against_known_ones() {
        let small: Distinct = (0..10).map(mix).collect();
        let known = [mix(3), mix(99)];
        assert_eq!(small.count_not_in(|hash| known.contains(&hash), 2), 9);
        let large: Distinct = (0..1000).map(mix).collect();
        assert_eq!(large.count_not_in(|_| true, 2), large.count() - 2);
        assert_eq!(large.count_not_in(|_| true, 5_000), 0);
    }

    #[test]
    fn the_number_of_new_things_never_falls() {
        for (n_known, n_seen) in [(0, 0), (1, 1), (64, 0), (64, 20), (64, 64)] {
            // Some of the known things are seen among the new ones, the others never.
            let known: Vec<u64> = (0..n_known)
                .map(|n| mix(if n < n_seen { 5 * n } else { 1_000_000 + n }))
                .collect();
            let mut seen = Distinct::default();
            let mut before = 0;
            for n in 0..2_000 {
                seen.insert(mix(n));
                let new = seen.count_not_in(|hash| known.contains(&hash), n_known);
                assert!(
                    new >= before,
                    "{new} after {before} of {n}, {n_seen} of {n_known}"
                );
                before = new;
            }
        }
    }

    #[test]
    fn damaged_bytes_are_refused() {
        for bad in [
            Stored::Exact(vec![2, 1]),
            Stored::Registers(vec![0; 7]),
            Stored::Registers(vec![99; REGISTERS]),
        ] {
            assert!(Distinct::try_from(bad).is_err());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn merge_laws(
            x in prop::collection::vec(0..900u64, 0..500),
            y in prop::collection::vec(0..900u64, 0..500),
            z in prop::collection::vec(0..900u64, 0..300),
        ) {
            let of = |v: &[u64]| v.iter().map(|&n| mix(n)).collect::<Distinct>();
            let (a, b, c) = (of(&x), of(&y), of(&z));
            let both: Distinct = x.iter().rev().chain(&y).map(|&n| mix(n)).collect();
            let ab = merged(a.clone(), &b);
            prop_assert_eq!(&ab, &both);
            prop_assert_eq!(&merged(b.clone(), &a), &both);
            prop_assert_eq!(merged(ab.clone(), &c), merged(a.clone(), &merged(b.clone(), &c)));
            prop_assert_eq!(merged(a.clone(), &a), a.clone());
            prop_assert_eq!(merged(a.clone(), &Distinct::default()), a.clone());
            let different = x.iter().chain(&y).collect::<std::collections::BTreeSet<_>>().len();
            prop_assert_eq!(ab.exact().is_some(), different <= EXACT_MAX);
            let bytes = postcard::to_stdvec(&ab).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Distinct>(&bytes).unwrap(), ab);
        }
    }
}
