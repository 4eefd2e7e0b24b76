//! How long to wait after a failure.

use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The wait after the first failure.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// Doublings until the longest wait is reached.
const DOUBLINGS_MAX: u32 = 10;
/// The longest wait that a receiver may ask for.
const ASKED_MAX: Duration = Duration::from_secs(60 * 60);

/// Returns the wait after so many failures in a row, of which the first is 1: doubled each time up to a quarter of an hour, and then from a
/// half of it to all of it, by what `seed` names, so that many who failed at once do not come again at once.
pub(super) fn after(failures: u32, seed: &str) -> Duration {
    let doublings = failures.saturating_sub(1).min(DOUBLINGS_MAX);
    let whole = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    let share = xxh3_64_with_seed(seed.as_bytes(), u64::from(failures)) >> 11;
    let share = share as f64 / (1u64 << 53) as f64;
    whole.mul_f64(0.5 + share / 2.0)
}

/// Returns the same, but at least what the receiver asked for, up to an hour.
pub(super) fn asked(wait: Duration, by_receiver: Option<Duration>) -> Duration {
    wait.max(by_receiver.unwrap_or_default().min(ASKED_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_differ_between_receivers() {
        for failures in 1..40 {
            let whole = FIRST
                .saturating_mul(1 << (failures - 1).min(DOUBLINGS_MAX))
                .min(LONGEST);
            let wait = after(failures, "soc");
            assert!(whole / 2 <= wait && wait <= whole, "{failures}: {wait:?}");
        }
        assert_ne!(after(3, "soc"), after(3, "noc"));
        let secs = Duration::from_secs;
        assert_eq!(asked(secs(5), Some(secs(90))), secs(90));
        assert_eq!(asked(secs(5), Some(secs(2))), secs(5));
        assert_eq!(asked(secs(5), Some(secs(1_000_000))), ASKED_MAX);
    }
}
