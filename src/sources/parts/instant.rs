//! Times in all forms that logs use.

use chrono::NaiveDateTime;

use crate::time::Time;

/// Numbers below are seconds since the epoch: the year 5138.
const SECS_MAX: i64 = 100_000_000_000;
/// Numbers below are milliseconds, and those below a thousand times as much microseconds; what is larger is nanoseconds.
const MILLIS_MAX: i64 = SECS_MAX * 1_000;
/// 100-nanosecond ticks from the year 1 to the epoch, as .NET counts them.
const TICKS_TO_EPOCH: i64 = 621_355_968_000_000_000;

/// Other forms that logs use, all of them UTC.
const FORMS: [&str; 10] = [
    "%m/%d/%Y %I:%M:%S%.f %p",
    "%m/%d/%Y %H:%M:%S",
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f UTC",
    "%b %d, %Y, %I:%M:%S %p",
    // Portals, Kibana, and tables that went through a spreadsheet.
    "%m/%d/%Y, %I:%M:%S%.f %p",
    "%m/%d/%Y, %H:%M:%S%.f",
    "%m/%d/%Y %H:%M",
    "%b %d, %Y @ %H:%M:%S%.f",
    "%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)",
];

/// Reads a time as records have it: RFC 3339 with any offset or none, a blank or a `T`, ISO basic, United States dates, or a
/// number of seconds, milliseconds, microseconds or nanoseconds since the epoch.
///
/// ```text
/// 2026-03-16T04:11:09Z   2022-02-08 09:23:37+11:00   20131102T010628Z   5/7/2026 1:50:39 PM   1773634200   1773634200123
/// ```
pub fn instant(text: &str) -> Option<Time> {
    let text = text.trim();
    if let Some(time) = Time::parse(text) {
        return Some(time);
    }
    if let Ok(number) = text.parse::<i64>() {
        return of_number(number);
    }
    if let Some((whole, fraction)) = text.split_once('.')
        && let Ok(secs) = whole.parse::<i64>()
    {
        return of_fraction(secs, fraction);
    }
    basic(text).or_else(|| {
        FORMS
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
            .and_then(|time| time.and_utc().timestamp_nanos_opt())
            .map(Time::from_nanos)
    })
}

/// Reads a number since the epoch, in the unit that its size implies; zero and negative numbers are not times.
pub fn of_number(number: i64) -> Option<Time> {
    if number <= 0 {
        return None;
    }
    let nanos = if number < SECS_MAX {
        number.checked_mul(1_000_000_000)?
    } else if number < MILLIS_MAX {
        number.checked_mul(1_000_000)?
    } else if number < MILLIS_MAX * 1_000 {
        number.checked_mul(1_000)?
    } else {
        number
    };
    Some(Time::from_nanos(nanos))
}

/// Reads .NET ticks: units of 100 nanoseconds since the year 1.
pub fn of_ticks(ticks: i64) -> Option<Time> {
    ticks
        .checked_sub(TICKS_TO_EPOCH)
        .filter(|since| *since > 0)?
        .checked_mul(100)
        .map(Time::from_nanos)
}

/// Reads seconds or milliseconds with a decimal fraction; the fraction of milliseconds is ignored.
fn of_fraction(whole: i64, fraction: &str) -> Option<Time> {
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nanos = format!("{fraction:0<9}")[..9].parse::<i64>().ok()?;
    let time = of_number(whole)?;
    Some(if whole < SECS_MAX {
        Time::from_nanos(time.nanos().saturating_add(nanos))
    } else {
        time
    })
}

/// Reads ISO basic, `20131102T010628Z`.
fn basic(text: &str) -> Option<Time> {
    let b = text.as_bytes();
    if b.len() < 15 || !text.is_ascii() || b[8] != b'T' || !b[..8].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (date, rest) = text.split_at(8);
    let (clock, zone) = rest[1..].split_at(6);
    Time::parse(&format!(
        "{}-{}-{}T{}:{}:{}{zone}",
        &date[..4],
        &date[4..6],
        &date[6..],
        &clock[..2],
        &clock[2..4],
        &clock[4..]
    ))
}

/// Reads the time of a web server's log, `31/Jan/2023:09:25:44 +0000`, without its brackets.
pub fn of_web_server(text: &str) -> Option<Time> {
    chrono::DateTime::parse_from_str(text, "%d/%b/%Y:%H:%M:%S %z")
        .ok()
        .and_then(|time| time.timestamp_nanos_opt())
        .map(Time::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_an_instant_are_read() {
        for text in [
            "2026-03-16T04:11:09Z",
            "2026-03-16T04:11:09",
            "2026-03-16 04:11:09.0000000",
            "2026-03-16T04:11:09.000+00:00",
            "2026-03-15T23:11:09-05:00",
            "20260316T041109Z",
            "3/16/2026 4:11:09 AM",
            "3/16/2026 4:11:09.000 AM",
            "03/16/2026 04:11:09",
            "2026/03/16 04:11:09.0000000",
            "2026-03-16 04:11:09.000 UTC",
            "Mar 16, 2026, 4:11:09 AM",
            "1773634269",
            "1773634269.000",
            "1773634269000",
            "1773634269000000",
            "1773634269000000000",
        ] {
            assert_eq!(
                instant(text).map(|t| t.to_string()).as_deref(),
                Some("2026-03-16T04:11:09Z"),
                "{text}"
            );
        }
        let ticks = TICKS_TO_EPOCH + 1_773_634_269 * 10_000_000;
        assert_eq!(of_ticks(ticks), instant("1773634269"));
        assert_eq!(
            of_web_server("16/Mar/2026:05:11:09 +0100"),
            instant("1773634269")
        );
        for text in [
            "",
            "-",
            "redacted",
            "0",
            "-5",
            "2026-13-01T00:00:00Z",
            "1.x",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
