//! Numbers for people: grouped, with units, and only significant digits.

use crate::vocab::Metric;

/// Writes a count with its thousands set apart: `2,412`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes bytes in the largest decimal unit that leaves at least one before the point: `1.2 GB`.
pub fn bytes(n: f64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    let (mut n, mut unit) = (n.max(0.0), 0);
    while n >= 999.5 && unit + 1 < UNITS.len() {
        n /= 1_000.0;
        unit += 1;
    }
    if unit == 0 || n >= 99.95 {
        format!("{n:.0} {}", UNITS[unit])
    } else {
        format!("{n:.1} {}", UNITS[unit])
    }
}

/// Writes an amount of a metric, given by its name: bytes with a unit, anything else as a count.
pub fn amount(metric: &str, x: f64) -> String {
    if Metric::parse(metric).is_some_and(Metric::is_bytes) {
        bytes(x)
    } else if x < 9.95 && x.fract() > 0.0 {
        format!("{x:.1}")
    } else {
        count(x.round().clamp(0.0, u64::MAX as f64) as u64)
    }
}

/// Writes a probability: `0.031`, `2.4e-7`.
pub fn probability(p: f64) -> String {
    match p {
        p if p <= 0.0 => "below 1e-300".to_owned(),
        p if p < 0.001 => format!("{p:.1e}"),
        p => format!("{p:.3}"),
    }
}

/// Writes how often something with this chance a day is expected: `once in 10,300 days`.
pub fn return_period(p_per_day: f64) -> String {
    match 1.0 / p_per_day {
        days if !(1e-9..1e12).contains(&days) => "less than once in 1e12 days".to_owned(),
        days if days < 1.5 => "about every day".to_owned(),
        days if days < 100.0 => format!("once in {days:.0} days"),
        days if days < 1e7 => {
            let unit = 10f64.powf(days.log10().floor() - 2.0);
            format!(
                "once in {} days",
                count(((days / unit).round() * unit) as u64)
            )
        }
        days => format!("once in {days:.1e} days"),
    }
}

/// Writes a length of time in its largest unit or two: `2h 05m`.
pub fn duration(secs: i64) -> String {
    match secs.max(0) {
        s if s >= 86_400 => format!("{}d {:02}h", s / 86_400, s % 86_400 / 3_600),
        s if s >= 3_600 => format!("{}h {:02}m", s / 3_600, s % 3_600 / 60),
        s if s >= 60 => format!("{}m {:02}s", s / 60, s % 60),
        s => format!("{s}s"),
    }
}

/// Writes a number and its noun: `1 file`, `2 files`.
pub fn noun(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// Writes a share as a percentage, or a dash where there is none.
pub fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |s| format!("{:.1} %", 100.0 * s))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_carry_their_units() {
        assert_eq!(
            [count(0), count(999), count(2_412), count(1_000_000)],
            ["0", "999", "2,412", "1,000,000"]
        );
        assert_eq!(
            [bytes(999.0), bytes(1_234.0), bytes(5e10), bytes(999_900.0)],
            ["999 B", "1.2 kB", "50.0 GB", "1.0 MB"]
        );
        assert_eq!(
            [
                amount("list_calls", 4.5),
                amount("bytes_read", 2e6),
                amount("list_calls", 50.2)
            ],
            ["4.5", "2.0 MB", "50"]
        );
        assert_eq!(
            [
                return_period(9.707e-5),
                return_period(1.0),
                return_period(0.0)
            ],
            [
                "once in 10,300 days",
                "about every day",
                "less than once in 1e12 days"
            ]
        );
        assert_eq!(
            [duration(59), duration(7_500), duration(90_000)],
            ["59s", "2h 05m", "1d 01h"]
        );
    }
}
