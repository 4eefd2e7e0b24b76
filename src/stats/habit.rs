//! What comes again: how little a habit says, by how regular it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Days on which something was shown from which on it is a habit: with today's it is the third.
const SHOWN_MIN: u32 = 2;
/// The share of occasions on which a habit is shown, at least.
const SHARE_MIN: f64 = 0.25;
/// By how much a habit may be exceeded: what grows by 2 % a week is some 14 % above the median of a quarter of a year.
const GROWTH_MAX: f64 = 1.25;

/// How often an entity did about as much of something at the same time of the week, or of the month, before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Repeats {
    /// On how many days.
    pub shown: u32,
    /// Of how many on which it could have, since the first of them.
    pub occasions: u32,
    /// The median of the largest amounts of those days; of two, the smaller.
    pub amount: u64,
}

impl Repeats {
    /// Returns whether it is often and regular enough for a habit.
    pub fn is_habit(&self) -> bool {
        self.shown >= SHOWN_MIN && self.share() >= SHARE_MIN
    }

    /// Returns whether an amount is no more than the habit, and a quarter.
    pub fn holds(&self, observed: u64) -> bool {
        observed as f64 <= GROWTH_MAX * self.amount as f64
    }

    /// Returns the surprise of what it holds: minus the natural logarithm of the chance of an occasion, by the rule of succession without
    /// the half of it that speaks for what never happened.
    pub fn surprise(&self) -> f64 {
        -self.share().ln()
    }

    fn share(&self) -> f64 {
        f64::from(self.shown) / (f64::from(self.occasions) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_regular_a_habit_is_the_less_it_says() {
        let of = |shown, occasions| Repeats {
            shown,
            occasions,
            amount: 200,
        };
        assert!(!of(1, 1).is_habit() && of(2, 2).is_habit() && !of(2, 8).is_habit());
        assert!(of(12, 12).surprise() < of(2, 2).surprise());
        assert!(of(2, 2).surprise() < of(2, 5).surprise());
        assert!(of(2, 2).holds(250) && !of(2, 2).holds(251));
    }
}
