//! Spans of time.

use crate::time::Time;

/// Writes a time of day to the minute: `03:04`.
fn clock(time: Time) -> String {
    let minute = time.second_of_day() / 60;
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// Writes a span by its times of day, `03:04–03:31`; where it has several days, with these.
pub fn period(start: Time, end: Time) -> String {
    if start.day() != end.day() {
        return format!(
            "{} {} – {} {}",
            start.day(),
            clock(start),
            end.day(),
            clock(end)
        );
    }
    match (clock(start), clock(end)) {
        (start, end) if start == end => start,
        (start, end) => format!("{start}–{end}"),
    }
}

/// Writes the same, always with the day: `2026-03-16 03:04–03:31`.
pub fn dated_period(start: Time, end: Time) -> String {
    let period = period(start, end);
    if start.day() == end.day() {
        format!("{} {period}", start.day())
    } else {
        period
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_its_days_where_it_has_several() {
        let time = |text: &str| Time::parse(text).unwrap();
        let (first, last) = (time("2026-03-16T03:04:50Z"), time("2026-03-16T03:31:02Z"));
        assert_eq!(period(first, last), "03:04–03:31");
        assert_eq!(dated_period(first, first), "2026-03-16 03:04");
        let next = time("2026-03-18T00:00:00Z");
        assert_eq!(
            dated_period(first, next),
            "2026-03-16 03:04 – 2026-03-18 00:00"
        );
    }
}
