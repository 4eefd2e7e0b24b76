//! A number added many times over, with the rounding of each addition, but without all of them.

/// Returns `sum + term + term + …`, bit for bit as if `times` terms were added one after another.
///
/// Within one binade, all additions of the same term but the first change the sum by the same multiple of its unit in the last
/// place: only the part of the term below that unit is rounded, and a tie goes to the even neighbour, from which the next tie
/// goes the same way. So each binade costs a few additions and one multiplication. Both numbers must be finite and not negative.
pub(super) fn add_repeatedly(mut sum: f64, term: f64, mut times: u32) -> f64 {
    while times > 0 {
        let first = sum + term;
        if times == 1 || first == sum {
            return first;
        }
        let second = first + term;
        times -= 2;
        let end = end_of_binade(second);
        let has_crossed = sum < end / 2.0;
        sum = second;
        let step = second - first;
        if step <= 0.0 || has_crossed {
            continue;
        }
        // All of these sums are multiples of the unit below the end of the binade, so nothing here is rounded.
        let room = ((end - second) / step).ceil() - 1.0;
        let n = room.clamp(0.0, f64::from(times));
        sum = second + n * step;
        times -= n as u32;
    }
    sum
}

/// Returns the least power of two above a positive number.
fn end_of_binade(x: f64) -> f64 {
    const FRACTION: u64 = (1 << 52) - 1;
    f64::from_bits((x.to_bits() & !FRACTION) + FRACTION + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn it_is_what_a_loop_adds(
            sum in prop_oneof![Just(0.0), 0.0..1e-9f64, 0.0..10.0f64, 1e9..1e12f64],
            term in prop_oneof![Just(0.0), 0.0..1e-12f64, 0.0..1.0f64, (0..1u64 << 20).prop_map(|n| n as f64 / 1024.0)],
            times in 0..20_000u32,
        ) {
            let looped = (0..times).fold(sum, |sum, _| sum + term);
            prop_assert_eq!(add_repeatedly(sum, term, times).to_bits(), looped.to_bits());
        }

        /// Terms of which exactly half a unit is rounded.
        #[test]
        fn ties_go_as_a_loop_takes_them(
            fraction in 0..1u64 << 52,
            units in 0..50u64,
            times in 0..5_000u32,
        ) {
            let sum = f64::from_bits(1.0f64.to_bits() + fraction);
            let term = (units as f64 + 0.5) * f64::EPSILON;
            let looped = (0..times).fold(sum, |sum, _| sum + term);
            prop_assert_eq!(add_repeatedly(sum, term, times).to_bits(), looped.to_bits());
        }
    }
}
