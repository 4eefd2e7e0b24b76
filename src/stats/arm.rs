//! How the surprises of one entity and day are combined into the statistic of an arm.
//!
//! The members of a family carry much the same information, so only the greatest counts. Different families are nearly
//! independent given the entity, so they are added, as in Fisher's method.

use crate::stats::constants::UNFAMILIAR_HALF;

/// Returns the greatest surprise of a family; 0 if it is empty.
pub fn family(surprises: impl IntoIterator<Item = f64>) -> f64 {
    surprises.into_iter().fold(0.0, f64::max)
}

/// Returns the sum over families of the greatest surprise in each.
pub fn sum_of_families<'a>(families: impl IntoIterator<Item = &'a [f64]>) -> f64 {
    families
        .into_iter()
        .map(|members| family(members.iter().copied()))
        .sum()
}

/// Returns the surprise of a number of acts that matter by themselves; the first of them has this surprise.
pub fn acts(first: f64, acts: u64) -> f64 {
    first + (acts as f64).ln_1p()
}

/// Returns the factor on a sum on a day without unusual context: `quiet` times a share that goes from `familiar`, where nothing is
/// unfamiliar, to 1; half way lie [`UNFAMILIAR_HALF`] unfamiliar events. Never falls as `unfamiliar` grows.
pub fn quiet_factor(quiet: f64, familiar: f64, unfamiliar: u64) -> f64 {
    let unfamiliar = unfamiliar as f64;
    let share = unfamiliar / (unfamiliar + UNFAMILIAR_HALF);
    quiet * (familiar + (1.0 - familiar) * share)
}

/// Returns the statistic of terms that are added, damped by a factor.
pub fn statistic(factor: f64, surprises: impl IntoIterator<Item = f64>) -> f64 {
    // A sum of nothing is 0, and not the −0 that `sum` begins with.
    factor * surprises.into_iter().fold(0.0, |sum, s| sum + s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unfamiliar_counts_more() {
        let factor = |unfamiliar| quiet_factor(0.8, 0.5, unfamiliar);
        assert_eq!(factor(0), 0.4);
        assert!((factor(10) - 0.6).abs() < 1e-12);
        assert!((0..100).all(|n| factor(n) < factor(n + 1)));
        assert!((factor(u64::MAX) - 0.8).abs() < 1e-12);
        assert_eq!(quiet_factor(0.7, 1.0, 0), 0.7);
    }

    #[test]
    fn g19_two_families() {
        let (volume, spread): (&[f64], &[f64]) = (&[7.25], &[4.1, 9.6]);
        assert!((sum_of_families([volume, spread]) - 16.85).abs() < 1e-12);
        assert_eq!(sum_of_families([volume, &[]]), 7.25);
        assert_eq!(family([f64::NAN]), 0.0);
    }
}
