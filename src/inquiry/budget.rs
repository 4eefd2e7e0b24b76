//! A budget as users write it.

use std::str::FromStr;

/// A number of incidents a day: `5`, `5/day`, `0.5/day`, `10/week`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget(f64);

impl Budget {
    /// Returns incidents a day, above 0.
    pub fn per_day(self) -> f64 {
        self.0
    }
}

impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let (number, days) = match text.split_once('/') {
            None | Some((_, "day" | "d")) => (text.split('/').next().unwrap_or(text), 1.0),
            Some((number, "week" | "w")) => (number, 7.0),
            Some((_, unit)) => return Err(format!("`{unit}` is neither `day` nor `week`")),
        };
        match number.trim().parse::<f64>() {
            Ok(n) if n > 0.0 && n.is_finite() => Ok(Self(n / days)),
            _ => Err(
                "expected incidents a day or a week, above 0, as in `5/day`, `0.5/day` or `5/week`"
                    .to_owned(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_a_number_of_alerts_a_day() {
        for (text, per_day) in [
            ("5", 5.0),
            ("5/day", 5.0),
            ("14/week", 2.0),
            ("0.5/d", 0.5),
            ("7/week", 1.0),
        ] {
            assert_eq!(text.parse(), Ok(Budget(per_day)), "{text}");
        }
        for text in [
            "",
            "0",
            "-1/day",
            "five",
            "5/hour",
            "inf",
            "5/day/day",
            "NaN",
        ] {
            assert!(text.parse::<Budget>().is_err(), "{text}");
        }
    }
}
