//! Numbers, as reports write them.

pub use crate::wording::{
    amount, bytes, count, duration, noun, percent, probability, return_period,
};

use crate::sketch::distinct::EXACT_MAX;
use crate::vocab::Metric;

/// Writes what was measured of a metric, given by its name. Of many distinct things the number is an estimate, which it says.
pub fn measured(metric: &str, n: u64) -> String {
    let is_estimate =
        n > EXACT_MAX as u64 && Metric::parse(metric).is_some_and(Metric::is_distinct);
    let about = if is_estimate { "about " } else { "" };
    format!("{about}{}", amount(metric, n as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_distinct_things_are_about_so_many() {
        assert_eq!(measured("objects_read", 2_713), "about 2,713");
        assert_eq!(measured("objects_read", 256), "256");
        assert_eq!(measured("read_calls", 2_713), "2,713");
        assert_eq!(measured("bytes_read", 2_713), "2.7 kB");
    }
}
