//! Days by name.

use crate::report::number::count;

/// The most days that are named.
const NAMED_MAX: usize = 5;

/// Names the first of some days.
pub fn named(days: &[&str]) -> String {
    let shown = &days[..days.len().min(NAMED_MAX)];
    let more = days.len() - shown.len();
    let mut named = shown.join(", ");
    if more > 0 {
        named += &format!(" and {} more days", count(more as u64));
    }
    named
}
