//! Finds the objects of a location without listing the days that nobody wants.
//!
//! Keys are listed in their order. Where a page ends among days of a series that are not wanted, the next page begins
//! behind them. What is before, between and behind series, and what only looks like a day here and there, is always listed, so that
//! nothing new is overlooked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::objects::dated::Dated;
use crate::objects::{Bucket, Entry, Location, Object, Series};
use crate::time::{Day, Time};

/// After so many pages the rest of a location is listed in parts,
const PAGES_ALONE: usize = 4;
/// and so many parts at once.
const PARTS_AT_ONCE: usize = 16;

/// So many keys are of one series before any of it are passed over. Running numbers look like days at most 31 times in a row.
const KEYS_OF_SERIES: usize = 32;
/// A day that lies further ahead is none.
const DAYS_AHEAD_MAX: i32 = 366;

/// The days whose objects are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The first day of all series.
    pub since: Option<Day>,
    /// The last day of all series.
    pub until: Option<Day>,
    /// The first day of series that were listed before, where it is later.
    pub from: BTreeMap<Series, Day>,
    /// The last day that a key can state; what looks like a later one is none.
    pub latest: Option<Day>,
}

/// The key of an object states the day on which it was written or that of its events; some write it by a clock that is not UTC. So
/// events of a day are in objects of the day before or later,
const DAYS_BEFORE: i32 = 1;
/// and seldom come later than this.
const DAYS_AFTER: i32 = 2;

impl Wanted {
    /// Returns which days may have events of a period, of series that are listed from certain days on.
    pub fn of(
        (since, until): (Option<Time>, Option<Time>),
        from: BTreeMap<Series, Day>,
        today: Day,
    ) -> Self {
        Self {
            since: since.map(|since| since.day().plus(-DAYS_BEFORE)),
            until: until.map(|until| until.day().plus(DAYS_AFTER)),
            from,
            latest: Some(today.plus(DAYS_AHEAD_MAX)),
        }
    }

    /// Returns the first day that is wanted of the series that a key is of.
    fn first(&self, dated: &Dated<'_>, root: &str) -> Option<Day> {
        if self.from.is_empty() {
            return self.since;
        }
        self.since.max(self.from.get(&dated.series(root)).copied())
    }

    /// Returns whether a key is wanted; if not, also a key behind which the next of its series comes that is.
    fn place(&self, key: &str, root: &str) -> Place {
        let is_day = |dated: &Dated<'_>| self.latest.is_none_or(|latest| dated.day <= latest);
        let Some(dated) = Dated::of(key).filter(is_day) else {
            return Place::Wanted;
        };
        match self.first(&dated, root) {
            Some(first) if dated.day < first => Place::Before(dated.towards(first, key)),
            _ if self.until.is_some_and(|until| dated.day > until) => Place::Before(dated.end()),
            _ => Place::Wanted,
        }
    }
}

enum Place {
    Wanted,
    Before(String),
}

/// Lists the objects of a location that are wanted, in the order of their keys. Folders, empty objects that stand for them, and
/// hidden files are left out, as below folders.
///
/// # Errors
///
/// Fails if the bucket does not exist, access is denied, or the store does not answer.
pub fn list(bucket: &Arc<dyn Bucket>, location: &Location, wanted: &Wanted) -> Result<Vec<Object>> {
    let listing = Listing {
        bucket,
        prefix: &location.prefix,
        wanted,
    };
    let (mut objects, reached) = listing.part(None, None, PAGES_ALONE)?;
    let Some(reached) = reached else {
        return Ok(objects);
    };
    let parts = listing.parts(reached);
    let next = AtomicUsize::new(0);
    let found: Mutex<BTreeMap<usize, Result<Vec<Object>>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..parts.len() {
            scope.spawn(|| {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let (after, end) = &parts[at];
                let listed = listing.part(Some(after), end.as_deref(), usize::MAX);
                let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                found.insert(at, listed.map(|(objects, _)| objects));
            });
        }
    });
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    for part in found.into_values() {
        objects.append(&mut part?);
    }
    Ok(objects)
}

/// A location that is listed.
struct Listing<'a> {
    bucket: &'a Arc<dyn Bucket>,
    prefix: &'a str,
    wanted: &'a Wanted,
}

impl Listing<'_> {
    /// Cuts the keys after one into parts of as many known series each: what is before a part, and its last key.
    fn parts(&self, reached: String) -> Vec<(String, Option<String>)> {
        let firsts = self.wanted.from.iter();
        let mut bounds: Vec<String> = firsts
            .filter_map(|(series, first)| series.from(self.bucket.root(), self.prefix, *first))
            .filter(|bound| *bound > reached)
            .collect();
        bounds.sort_unstable();
        let size = bounds.len().div_ceil(PARTS_AT_ONCE).max(1);
        let cuts: Vec<String> = bounds.into_iter().skip(size).step_by(size).collect();
        let begins = std::iter::once(reached).chain(cuts.iter().cloned());
        let ends = cuts.iter().cloned().map(Some).chain([None]);
        begins.zip(ends).collect()
    }

    /// Lists what lies between two keys, which need not exist. Where that takes more than so many pages, also returns the key that
    /// was reached.
    fn part(
        &self,
        after: Option<&str>,
        end: Option<&str>,
        pages_max: usize,
    ) -> Result<(Vec<Object>, Option<String>)> {
        let Self {
            bucket,
            prefix,
            wanted,
        } = self;
        let mut objects = Vec::new();
        let mut last = after.unwrap_or_default().to_owned();
        let (mut after, mut next) = (after.map(str::to_owned), None);
        // A store that knows no `after` lists from the first key on, and is then listed page after page.
        let mut knows_after = true;
        for n_pages in 1.. {
            let page = bucket.page(prefix, after.as_deref(), next)?;
            let entries = page.entries;
            bucket.usage().note_listed(entries.len());
            if entries.windows(2).any(|pair| pair[0].key > pair[1].key) {
                return Err(unordered(bucket.root()));
            }
            knows_after &= entries.first().is_none_or(|first| first.key >= last);
            let is_series = ends_in_series(&entries);
            let mut behind = None;
            for entry in entries {
                if entry.key <= last {
                    continue;
                }
                if end.is_some_and(|end| *entry.key > *end) {
                    return Ok((objects, None));
                }
                last.clone_from(&entry.key);
                behind = match wanted.place(&entry.key, bucket.root()) {
                    Place::Before(behind) => Some(behind),
                    Place::Wanted => {
                        if entry.bytes > 0 && !is_hidden(&entry.key[prefix.len()..]) {
                            objects.push(Object::of(bucket, prefix, entry));
                        }
                        None
                    }
                };
            }
            let Some(token) = page.next else {
                break;
            };
            match behind.filter(|behind| knows_after && is_series && *behind > last) {
                Some(behind) if end.is_some_and(|end| *behind >= *end) => break,
                Some(behind) => {
                    last.clone_from(&behind);
                    (after, next) = (Some(behind), None);
                }
                None => next = Some(token),
            }
            if n_pages == pages_max && knows_after {
                return Ok((objects, Some(last)));
            }
        }
        Ok((objects, None))
    }
}

/// Returns whether the last keys of a page are of one series.
fn ends_in_series(entries: &[Entry]) -> bool {
    let mut last = entries.iter().rev().take(KEYS_OF_SERIES);
    let Some(of_last) = last.next().and_then(|entry| Dated::of(&entry.key)) else {
        return false;
    };
    last.all(|entry| Dated::of(&entry.key).is_some_and(|dated| dated.is_beside(&of_last)))
}

/// The error of a bucket whose listings have no order, in which nothing can be passed over.
fn unordered(root: &str) -> Error {
    Error::failed(format!(
        "`{root}` lists its objects in no order, as directory buckets do"
    ))
    .hint("copy the objects to a bucket for general purposes, or to a folder")
}

/// Returns whether a part of a key below the location begins with a dot.
fn is_hidden(key: &str) -> bool {
    key.split('/').any(|part| part.starts_with('.'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::objects::{Page, Pending, Usage};

    /// A bucket in memory, with pages of ten.
    #[derive(Debug, Default)]
    struct Shelf {
        keys: Vec<String>,
        usage: Usage,
        pages: AtomicUsize,
        ignores_after: bool,
    }

    impl Bucket for Shelf {
        fn root(&self) -> &str {
            "s3://b/"
        }

        fn page(&self, prefix: &str, after: Option<&str>, next: Option<String>) -> Result<Page> {
            self.pages.fetch_add(1, Ordering::Relaxed);
            let after = next.clone().or_else(|| match self.ignores_after {
                true => None,
                false => after.map(str::to_owned),
            });
            let of = |key: &&String| {
                key.starts_with(prefix) && after.as_ref().is_none_or(|after| *key > after)
            };
            let keys: Vec<&String> = self.keys.iter().filter(of).take(11).collect();
            let entry = |key: &&String| Entry {
                key: (*key).clone(),
                bytes: 1,
                version: "1".to_owned(),
                e_tag: None,
            };
            Ok(Page {
                entries: keys.iter().take(10).map(entry).collect(),
                next: keys.get(10).map(|_| keys[9].clone()),
            })
        }

        fn begin(&self, _: &Object) -> Pending {
            Box::new(|| Err(std::io::ErrorKind::Unsupported.into()))
        }

        fn usage(&self) -> &Usage {
            &self.usage
        }
    }

    fn day(number: i32) -> Day {
        Day::parse("2026-01-01").unwrap().plus(number)
    }

    /// Three series of a hundred days with two objects a day, and objects beside them.
    fn keys() -> Vec<String> {
        let mut keys = vec![
            "0.json".to_owned(),
            "a/x.json".to_owned(),
            "zz.json".to_owned(),
        ];
        for number in 0..100 {
            let date = day(number).to_string();
            for part in ["1", "2"] {
                keys.push(format!("a/eu/{}/{part}", date.replace('-', "/")));
                keys.push(format!("a/us/{}/{part}", date.replace('-', "/")));
                keys.push(format!("own-{date}-{part}"));
            }
        }
        keys.sort_unstable();
        keys
    }

    fn listed(wanted: &Wanted, ignores_after: bool) -> (Vec<String>, usize) {
        listed_of(keys(), wanted, ignores_after)
    }

    fn listed_of(
        mut keys: Vec<String>,
        wanted: &Wanted,
        ignores_after: bool,
    ) -> (Vec<String>, usize) {
        keys.sort_unstable();
        let shelf = Arc::new(Shelf {
            keys,
            ignores_after,
            ..Shelf::default()
        });
        let bucket: Arc<dyn Bucket> = shelf.clone();
        let location = Location::parse("s3://b/").unwrap();
        let found = list(&bucket, &location, wanted).unwrap();
        let keys = found.iter().map(|object| object.key().to_owned()).collect();
        (keys, shelf.pages.load(Ordering::Relaxed))
    }

    #[test]
    fn only_wanted_days_are_listed_and_all_that_is_new() {
        let is_of = |key: &String, first: Day, last: Day| {
            Dated::of(key).is_none_or(|dated| dated.day >= first && dated.day <= last)
        };
        let expected = |first: Day, last: Day| -> Vec<String> {
            keys()
                .into_iter()
                .filter(|key| is_of(key, first, last))
                .collect()
        };
        let (all, pages) = listed(&Wanted::default(), false);
        assert_eq!((all, pages), (keys(), 61));

        let bounded = Wanted {
            since: Some(day(96)),
            until: Some(day(97)),
            ..Wanted::default()
        };
        let (some, pages) = listed(&bounded, false);
        assert_eq!(some, expected(day(96), day(97)));
        assert!(pages <= 8, "{pages}");
        // It is slower where a store cannot begin behind a key, and the same is found.
        assert_eq!(listed(&bounded, true).0, some);

        // Two of the series were listed before; the third is new.
        let series = |key: &str| Dated::of(key).unwrap().series("s3://b/");
        let from = BTreeMap::from([
            (series("a/eu/2026/01/01/1"), day(98)),
            (series("own-2026-01-01-1"), day(98)),
        ]);
        let (some, pages) = listed(
            &Wanted {
                from,
                ..Wanted::default()
            },
            false,
        );
        let known = expected(day(98), day(200));
        let new = keys()
            .into_iter()
            .filter(|key| key.starts_with("a/us/") || known.contains(key));
        assert_eq!(some, new.collect::<Vec<_>>());
        assert!((22..=26).contains(&pages), "{pages}");

        // Of series that were listed since a day, the days before theirs are not listed again.
        let all = ["a/eu/2026/01/01/1", "a/us/2026/01/01/1", "own-2026-01-01-1"];
        let followed = Wanted {
            since: Some(day(2)),
            from: all.map(|key| (series(key), day(98))).into(),
            ..Wanted::default()
        };
        let (some, pages) = listed(&followed, false);
        assert_eq!(some, expected(day(98), day(200)));
        assert!(pages <= 10, "{pages}");
    }

    #[test]
    fn what_lies_beside_the_days_of_a_series_is_not_passed_over() {
        // Running numbers, of which some look like days.
        let numbers = (10_100..10_300).chain(20_260_100..20_261_400);
        let numbers: Vec<String> = numbers.map(|n| format!("part-{n:08}.jsonl")).collect();
        let is_number = |key: &&String| Dated::of(key).is_none();
        let n_numbers = numbers.iter().filter(is_number).count();
        assert_eq!(n_numbers, 1500 - 365);
        let year = 370;
        let since = Wanted {
            since: Some(day(year)),
            ..Wanted::default()
        };
        let until = Wanted {
            until: Some(day(-1)),
            ..Wanted::default()
        };
        for wanted in [&since, &until] {
            let (some, _) = listed_of(numbers.clone(), wanted, false);
            assert_eq!(some.iter().filter(is_number).count(), n_numbers);
        }

        // Accounts whose numbers begin as years do, or with a greater digit, and other forms.
        let of_days = |days: std::ops::Range<i32>| -> Vec<String> {
            let of = |number| format!("logs/{}/a", day(number).to_string().replace('-', "/"));
            days.map(of).collect()
        };
        let beside = |date: &str| -> Vec<String> {
            let of = |place: &str| format!("logs/{place}/{date}/a");
            ["202512345678", "202612345678", "511122223333", "eu"]
                .map(of)
                .to_vec()
        };
        let later = beside("2027/02/01");
        let (some, pages) = listed_of([of_days(0..390), later.clone()].concat(), &since, false);
        assert_eq!(some, {
            let mut wanted = [of_days(year..390), later].concat();
            wanted.sort_unstable();
            wanted
        });
        assert!(pages <= 10, "{pages}");
        let earlier = beside("2025/12/01");
        let (some, pages) = listed_of([of_days(-40..390), earlier.clone()].concat(), &until, false);
        assert_eq!(some, {
            let mut wanted = [of_days(-40..0), earlier].concat();
            wanted.sort_unstable();
            wanted
        });
        assert!(pages <= 14, "{pages}");

        // What looks like a day far ahead is none.
        let far = vec!["part-20500101".to_owned()];
        let bounded = Wanted {
            latest: Some(day(year)),
            ..until
        };
        assert_eq!(listed_of(far.clone(), &bounded, false).0, far);
    }
}
