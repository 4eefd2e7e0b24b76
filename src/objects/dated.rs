//! Days that keys state, as in `AWSLogs/111122223333/CloudTrail/eu-west-1/2026/03/16/…`, and the series of keys that differ by them.

use std::fmt;

use crate::objects::location::{Location, identity};
use crate::time::Day;

/// What stands between year and month, and between month and day. Keys of each form are in the order of their days.
const FORMS: [(&str, &str); 6] = [
    ("/", "/"),
    ("/m=", "/d="),
    ("/month=", "/day="),
    ("-", "-"),
    ("_", "_"),
    ("", ""),
];

/// The years that are taken for one, from the first to before the last: other digits are the number of something.
const YEARS: (&str, &str) = ("2000", "2100");

/// A key that states a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dated<'k> {
    /// What is before the year.
    pub before: &'k str,
    /// The day.
    pub day: Day,
    form: usize,
}

impl<'k> Dated<'k> {
    /// Finds the day of a key: that of its innermost folder of a day, or else the last in the name of its file.
    pub fn of(key: &'k str) -> Option<Self> {
        let bytes = key.as_bytes();
        let file = key.rfind('/').map_or(0, |slash| slash + 1);
        let (mut of_folder, mut of_file) = (None, None);
        for at in 0..bytes.len() {
            let before = at.checked_sub(1).map(|before| bytes[before]);
            if before.is_some_and(|b| b.is_ascii_alphanumeric()) || !bytes[at].is_ascii_digit() {
                continue;
            }
            let Some((dated, end)) = Self::at(key, at) else {
                continue;
            };
            let begins_folder = matches!(before, None | Some(b'/' | b'='));
            if begins_folder && bytes.get(end) == Some(&b'/') {
                of_folder = Some(dated);
            } else if at >= file {
                of_file = Some(dated);
            }
        }
        of_folder.or(of_file)
    }

    /// Reads a day that begins at a byte; also returns where it ends.
    fn at(key: &'k str, at: usize) -> Option<(Self, usize)> {
        let digits = |from: usize, n: usize| {
            let text = key.get(from..from + n)?;
            text.bytes().all(|b| b.is_ascii_digit()).then_some(text)
        };
        let year = digits(at, 4).filter(|year| (YEARS.0..YEARS.1).contains(year))?;
        FORMS
            .iter()
            .enumerate()
            .find_map(|(form, (to_month, to_day))| {
                let month_at = at + 4 + to_month.len();
                let day_at = month_at + 2 + to_day.len();
                let end = day_at + 2;
                if key.get(at + 4..month_at) != Some(to_month)
                    || key.get(month_at + 2..day_at) != Some(to_day)
                    || key.as_bytes().get(end).is_some_and(u8::is_ascii_digit)
                {
                    return None;
                }
                let day = Day::parse(&format!(
                    "{year}-{}-{}",
                    digits(month_at, 2)?,
                    digits(day_at, 2)?
                ))?;
                let before = &key[..at];
                Some((Self { before, day, form }, end))
            })
    }

    /// Returns the series that the key is of, in the bucket with this address.
    pub fn series(&self, root: &str) -> Series {
        Series {
            before: format!("{root}{}", self.before),
            form: self.form,
        }
    }

    /// Returns a key after which all keys of the series come that state this day or a later one. Where months and days are written
    /// with one digit it is earlier.
    pub fn from(&self, day: Day) -> String {
        from(self.before, self.form, day)
    }

    /// Returns a key on the way to this day of the series, before which none of its keys states it or a later one. Unless a provider
    /// named the object, other keys may lie between two years, and the way ends there.
    pub fn towards(&self, day: Day, key: &str) -> String {
        let from = self.from(day);
        match self.is_by_provider(key) {
            true => from,
            false => from.min(self.end()),
        }
    }

    /// Returns a key after which no key of the series states a day of this year. Where nothing stands between year, month and day,
    /// other numbers follow each month, and it is the end of the month.
    pub fn end(&self) -> String {
        let (to_month, to_day) = FORMS[self.form];
        if to_month.is_empty() {
            let left = i32::from(self.day.days_to_end_of_month());
            return format!("{}~", self.from(self.day.plus(left)));
        }
        let year = &self.day.to_string()[..4];
        format!("{}{year}{to_month}12{to_day}31~", self.before)
    }

    /// Returns whether two keys are of one series.
    pub fn is_beside(&self, other: &Dated<'_>) -> bool {
        (self.before, self.form) == (other.before, other.form)
    }

    /// Returns whether a provider named the object, which does it in UTC.
    pub fn is_by_provider(&self, key: &str) -> bool {
        key.contains("AWSLogs/") || key.contains("_usage_") || FORMS[self.form] == ("/m=", "/d=")
    }
}

fn from(before: &str, form: usize, day: Day) -> String {
    let (to_month, to_day) = FORMS[form];
    let day = day.to_string();
    format!(
        "{before}{}{to_month}{}{to_day}{}",
        &day[..4],
        &day[5..7],
        &day[8..]
    )
}

/// Keys of one bucket that differ by their day, and by what comes after it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Series {
    /// The address of what is before the year.
    before: String,
    form: usize,
}

impl Series {
    /// Reads what [`Display`](fmt::Display) writes.
    pub fn parse(text: &str) -> Option<Self> {
        FORMS
            .iter()
            .enumerate()
            .find_map(|(form, (to_month, to_day))| {
                let before = text.strip_suffix(&format!("YYYY{to_month}MM{to_day}DD"))?;
                Some(Self {
                    before: before.to_owned(),
                    form,
                })
            })
    }

    /// Returns the series and the day of the object with an address; `None` if it is none or states no day.
    pub fn of_address(address: &str) -> Option<(Self, Day)> {
        let location = Location::parse(address)?;
        let dated = Dated::of(&location.prefix)?;
        Some((dated.series(&location.root()), dated.day))
    }

    /// Returns a hash that distinguishes it from other series, and from objects.
    pub fn identity(&self) -> u128 {
        identity(&["series", &self.to_string()])
    }

    /// Returns the key after which its keys of this day and later ones come; `None` if it lies elsewhere.
    pub fn from(&self, root: &str, prefix: &str, day: Day) -> Option<String> {
        let before = self.before.strip_prefix(root)?;
        let after = from(before, self.form, day);
        after.starts_with(prefix).then_some(after)
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (to_month, to_day) = FORMS[self.form];
        write!(f, "{}YYYY{to_month}MM{to_day}DD", self.before)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_all_providers_state_their_day() {
        for (key, before, day) in [
            (
                "AWSLogs/o-1/111122223333/CloudTrail/eu-west-1/2026/03/16/111122223333_CloudTrail_eu-west-1_20260317T0005Z_x.json.gz",
                "AWSLogs/o-1/111122223333/CloudTrail/eu-west-1/",
                "2026-03-16",
            ),
            (
                "access/2026-03-16-21-32-16-E568B2907131C0C0",
                "access/",
                "2026-03-16",
            ),
            (
                "own-2026-03-16-21-32-16-E568B2907131C0C0",
                "own-",
                "2026-03-16",
            ),
            (
                "insights/resourceId=/SUBSCRIPTIONS/1/y=2026/m=03/d=16/h=04/m=00/PT1H.json",
                "insights/resourceId=/SUBSCRIPTIONS/1/y=",
                "2026-03-16",
            ),
            (
                "flows/aws-region=eu/year=2026/month=03/day=16/a.gz",
                "flows/aws-region=eu/year=",
                "2026-03-16",
            ),
            (
                "logs_usage_2026_03_16_09_00_00_0a1_v0",
                "logs_usage_",
                "2026-03-16",
            ),
            ("okta/dt=2026-03-16/a.jsonl", "okta/dt=", "2026-03-16"),
            ("okta/20260316T0910.jsonl", "okta/", "2026-03-16"),
            // A day that is part of a name is none of the logs.
            (
                "copy-2024-01-01/eu/2026/03/16/a",
                "copy-2024-01-01/eu/",
                "2026-03-16",
            ),
            ("2024-01-01/eu/2026/03/16/a", "2024-01-01/eu/", "2026-03-16"),
        ] {
            let dated = Dated::of(key).unwrap();
            assert_eq!(
                (dated.before, &*dated.day.to_string()),
                (before, day),
                "{key}"
            );
            let series = dated.series("s3://b/");
            assert_eq!(Series::parse(&series.to_string()), Some(series.clone()));
            // Days are in the order of keys.
            let (first, next) = (dated.from(dated.day), dated.from(dated.day.plus(1)));
            assert!(
                first.as_str() < key && key < next.as_str(),
                "{first} {key} {next}"
            );
            assert!(dated.end().as_str() > key);
            assert_eq!(series.from("s3://b/", before, dated.day), Some(first));
            assert_eq!(series.from("s3://c/", "", dated.day), None);
        }
        for none in [
            "app.log",
            "111122223333/2026/a",
            "9999/99/99/a",
            "1999/12/31/a",
            "2100/01/01/a",
            "export/part-00010101.jsonl",
            "x12026-03-16",
            "20260316123456",
            "ä2026",
        ] {
            assert_eq!(Dated::of(none), None, "{none}");
        }
    }
}
