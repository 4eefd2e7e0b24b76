//! How sure a share of a few is.
//!
//! Wilson's interval (1927): the shares under which what was seen lies within 1.96 standard deviations. It keeps inside 0 and 1, and says
//! something of none and of all, where the interval of a normal distribution has no width.

/// The standard deviations that 95 % of a normal distribution lie within.
const DEVIATIONS: f64 = 1.959_964;

/// Returns the 95 % interval of a share of which `n` things of `of` are known to have it; `None` without any.
///
/// ```
/// # use plimsoll::stats::proportion::interval;
/// let (least, most) = interval(5, 10).unwrap();
/// assert!((least - 0.2366).abs() < 1e-4 && (most - 0.7634).abs() < 1e-4);
/// ```
pub fn interval(n: u64, of: u64) -> Option<(f64, f64)> {
    if of == 0 {
        return None;
    }
    let (total, z2) = (of as f64, DEVIATIONS * DEVIATIONS);
    let share = (n.min(of) as f64) / total;
    let middle = share + z2 / (2.0 * total);
    let reach = DEVIATIONS * (share * (1.0 - share) / total + z2 / (4.0 * total * total)).sqrt();
    let scale = 1.0 + z2 / total;
    let within = |share: f64| (share / scale).clamp(0.0, 1.0);
    Some((within(middle - reach), within(middle + reach)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn none_and_all_of_a_few_leave_room_for_others() {
        let (least, most) = interval(10, 10).unwrap();
        assert!((least - 0.7225).abs() < 1e-4 && most > 0.999_999);
        let (least, most) = interval(0, 10).unwrap();
        assert!(least < 1e-9 && (most - 0.2775).abs() < 1e-4);
        assert_eq!(interval(0, 0), None);
    }
}
