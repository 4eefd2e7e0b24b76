//! When each trail was last seen, and for how long it pauses at most: what tells a log that fell silent from one that is quiet.
//!
//! A trail is silent when its pause is clearly longer than its longest, weekends and holidays included. Pauses are measured by the days on
//! which the provider had records at all: where nobody fed logs, no trail is silent. The reference is the provider's newest record and no
//! clock, so that logs that end are not silent because they end.
//!
//! How much longer: of k pauses that are spread as waiting times are (with an exponential tail), the next is f times as long as the longest
//! with a chance of about k^-f. So f = ln 1,000 / ln k makes that one in a thousand: 3.5 times after a week, 2.1 times after four, and
//! never less than twice, since pauses of a weekend and of a long weekend differ by as much. Less than a day and a half is no silence of
//! any log: it may be fed a day later than others. And what has ever paused for a day or more, as work does at weekends, may pause for a
//! week of holidays.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{Provider, Source};
use crate::measure::{DayTrails, TRAILS_MAX, TrailKey, TrailTimes};
use crate::stats::constants::{
    HOLIDAYS_SECS, PAUSE_CHANCE, PAUSE_FACTOR_MIN, SILENCE_SECS_MIN, TRAIL_DAYS_MIN,
    TRAIL_PAUSES_MAX, TRAIT_MEMORY_DAYS,
};
use crate::time::{DAY_SECS, Day, Time};
use crate::vocab::Str;

const DAY: i64 = DAY_SECS as i64;
/// Days of which it is kept what each was like: at least those that late events may still change.
pub(super) const RECENT_DAYS: i32 = 8;
/// The most trails, logs and accounts that are remembered.
const REMEMBERED_MAX: usize = 2 * TRAILS_MAX;

/// What a provider records, or a part of that: a log, what it records of an account, and of one region of that.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TrailScope {
    /// The provider.
    pub provider: Provider,
    /// The log; `None` for all.
    pub source: Option<Source>,
    /// The account, empty where records state none; `None` for all.
    pub account: Option<Str>,
    /// The region, empty where records state none; `None` for all.
    pub region: Option<Str>,
}

impl TrailScope {
    /// Returns the next wider scope.
    fn parent(&self) -> Option<Self> {
        let mut parent = self.clone();
        if parent.region.take().is_none() && parent.account.take().is_none() {
            parent.source.take()?;
        }
        Some(parent)
    }

    /// Returns that of all that the provider records.
    fn of_provider(&self) -> Self {
        Self {
            provider: self.provider,
            source: None,
            account: None,
            region: None,
        }
    }
}

/// What is remembered of one scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailRecord {
    /// The last record.
    last: Time,
    /// Days with records.
    n_days: u32,
    /// Days with records of the provider, up to the last record.
    provider_days: u32,
    /// Pauses in seconds, by the day on which they ended: each is longer than all after it.
    pauses: Vec<(Day, i64)>,
    /// The last pause that counted as silence. It is no habit, unless there is another like it.
    silence: Option<(Day, i64)>,
}

impl TrailRecord {
    fn new(times: TrailTimes, provider_days: u32) -> Self {
        Self {
            last: times.last,
            n_days: 1,
            provider_days,
            pauses: Vec::new(),
            silence: None,
        }
    }

    /// Returns for how many seconds it paused until a time, without the days on which the provider had no records.
    fn pause(&self, until: Time, provider_days: u32) -> i64 {
        let days = i64::from(until.day().since(self.last.day()));
        let absent = days - i64::from(provider_days.saturating_sub(self.provider_days));
        until.secs_since(self.last) - DAY * absent.max(0)
    }

    /// Returns the longest pause in seconds.
    pub fn longest_pause(&self) -> i64 {
        self.pauses.first().map_or(0, |(_, secs)| *secs)
    }

    /// Returns the pause in seconds from which on it is silent; `None` while too little is known of it.
    fn limit(&self, lateness_secs: i64) -> Option<i64> {
        if self.n_days < TRAIL_DAYS_MIN {
            return None;
        }
        let factor = (1.0 / PAUSE_CHANCE).ln() / f64::from(self.n_days).ln();
        let own = self.longest_pause() as f64 * factor.max(PAUSE_FACTOR_MIN);
        let least = match self.longest_pause() >= DAY {
            true => HOLIDAYS_SECS,
            false => SILENCE_SECS_MIN,
        };
        Some((own.ceil() as i64).max(least) + lateness_secs)
    }

    /// Notes the records of a day. What is of a day that is known adds no other day.
    fn note(&mut self, times: TrailTimes, provider_days: u32) {
        if times.first.day() <= self.last.day() {
            self.last = self.last.max(times.last);
            return;
        }
        let (day, secs) = (times.first.day(), self.pause(times.first, provider_days));
        let oldest = day.plus(1 - TRAIT_MEMORY_DAYS);
        let is_kept = |(ended, _): &(Day, i64)| *ended >= oldest;
        self.pauses.retain(is_kept);
        self.silence = self.silence.filter(is_kept);
        let is_silence = self.limit(0).is_some_and(|limit| secs > limit);
        let habit = match (is_silence, self.silence) {
            (false, _) => Some(secs),
            (true, Some((_, before))) => Some(secs.min(before)),
            (true, None) => None,
        };
        if is_silence {
            self.silence = Some((day, secs));
        }
        if let Some(secs) = habit {
            while self
                .pauses
                .last()
                .is_some_and(|(_, shorter)| *shorter <= secs)
            {
                self.pauses.pop();
            }
            if self.pauses.len() < TRAIL_PAUSES_MAX {
                self.pauses.push((day, secs));
            }
        }
        self.last = self.last.max(times.last);
        self.n_days = self.n_days.saturating_add(1);
        self.provider_days = provider_days;
    }
}

/// A trail that fell silent while others of its provider go on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SilentTrail {
    /// The provider.
    pub provider: Provider,
    /// The log.
    pub source: Source,
    /// The account, empty for records that state none; `None` if all accounts of the log are silent.
    pub account: Option<Str>,
    /// The region, empty for records that state none; `None` if all regions of the account are silent.
    pub region: Option<Str>,
    /// Its last record.
    pub since: Time,
    /// The provider's newest record.
    pub until: Time,
    /// Its longest pause before, in seconds.
    pub longest_pause_secs: i64,
    /// The pause, in seconds, from which on it is silent.
    pub limit_secs: i64,
}

impl SilentTrail {
    /// Returns its name, as `aws.cloudtrail/111122223333/eu-west-1`, and those of what it is a part of, the narrowest first.
    pub fn names(&self) -> Vec<Str> {
        let mut name = match self.source.provider() {
            Some(_) => self.source.to_string(),
            None => format!("{}.{}", self.provider, self.source),
        };
        let mut names = vec![Str::from(&*name)];
        for part in [&self.account, &self.region].into_iter().flatten() {
            name.push('/');
            name += if part.is_empty() { "-" } else { part };
            names.push(Str::from(&*name));
        }
        names.reverse();
        names
    }

    /// Returns whether another is of the same log, account and region.
    pub fn is_of(&self, other: &Self) -> bool {
        (self.provider, self.source, &self.account, &self.region)
            == (other.provider, other.source, &other.account, &other.region)
    }
}

/// What is remembered of scopes.
type Records = BTreeMap<TrailScope, TrailRecord>;

/// What is remembered of all trails. Without any, as in a store of an earlier version, none is known.
///
/// The last days are kept apart, each as it is: of a day that is learnt in part the rest may come, and who judges a day must not see those
/// after it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trails {
    /// What the days before the last ones left.
    settled: Records,
    /// The last days.
    recent: BTreeMap<Day, DayTrails>,
}

impl Trails {
    /// Notes the trails of a day, or more of them: what is noted twice counts once. Days long past come in order.
    pub fn note_day(&mut self, day: Day, trails: &DayTrails) {
        if !trails.is_empty() {
            self.recent.entry(day).or_default().merge(trails.clone());
        }
        while let Some(first) = self.recent.first_entry() {
            if day.since(*first.key()) < RECENT_DAYS {
                break;
            }
            let (day, trails) = first.remove_entry();
            settle(&mut self.settled, day, &trails);
        }
    }

    /// Notes the trails of later days, and the rest of those that are learnt in part.
    pub fn note_days<'t>(&mut self, days: impl IntoIterator<Item = (&'t Day, &'t DayTrails)>) {
        let settled = self.settled_until();
        for (day, trails) in days {
            if settled.is_none_or(|settled| *day >= settled) {
                self.note_day(*day, trails);
            }
        }
    }

    /// Returns the last day of those of which it is not kept what each was like; none before it can be judged.
    pub fn settled_until(&self) -> Option<Day> {
        let days = self.settled.values().map(|record| record.last.day());
        days.max()
    }

    /// Returns the trails of one of the last days.
    pub fn of_day(&self, day: Day) -> Option<&DayTrails> {
        self.recent.get(&day)
    }

    /// Returns the last day with records before one, as far as it is kept what it was like.
    pub fn last_before(&self, day: Day) -> Option<Day> {
        let (&last, _) = self.recent.range(..day).next_back()?;
        Some(last)
    }

    /// Returns what the days up to one left.
    fn until(&self, last: Option<Day>) -> Records {
        let mut records = self.settled.clone();
        for (day, trails) in &self.recent {
            if last.is_none_or(|last| *day <= last) {
                settle(&mut records, *day, trails);
            }
        }
        records
    }

    /// Returns the trails that are silent after the last day that was noted: the widest scope only, where all of it is. `lateness_secs`
    /// returns how late the records of a log may arrive.
    pub fn silent(&self, lateness_secs: impl Fn(Source) -> i64) -> Vec<SilentTrail> {
        silent_of(&self.until(None), lateness_secs)
    }

    /// Returns the trails that are silent at the end of a day, whatever came after it.
    pub fn silent_by(&self, day: Day, lateness_secs: impl Fn(Source) -> i64) -> Vec<SilentTrail> {
        silent_of(&self.until(Some(day)), lateness_secs)
    }

    /// Returns whether no trail is known.
    pub fn is_empty(&self) -> bool {
        self.settled.is_empty() && self.recent.is_empty()
    }

    /// Returns what the days before the last ones left, in order.
    pub fn settled(&self) -> impl Iterator<Item = (&TrailScope, &TrailRecord)> {
        self.settled.iter()
    }

    /// Returns the last days, in order.
    pub fn recent(&self) -> impl Iterator<Item = (Day, &TrailKey, TrailTimes)> {
        self.recent
            .iter()
            .flat_map(|(day, trails)| trails.iter().map(|(key, times)| (*day, key, times)))
    }
}

/// Adds the trails of a day to what the days before it left.
fn settle(records: &mut Records, day: Day, trails: &DayTrails) {
    let oldest = day.plus(1 - TRAIT_MEMORY_DAYS);
    records.retain(|_, record| record.last.day() >= oldest);
    let mut times_of: BTreeMap<TrailScope, TrailTimes> = BTreeMap::new();
    for (key, times) in trails.iter() {
        let mut scope = Some(TrailScope {
            provider: key.provider,
            source: Some(key.source),
            account: Some(key.account.clone()),
            region: Some(key.region.clone()),
        });
        while let Some(one) = scope {
            scope = one.parent();
            times_of
                .entry(one)
                .and_modify(|known| known.merge(times))
                .or_insert(times);
        }
    }
    // Wider scopes come first, so the provider's days are known.
    let mut provider_days = 0;
    for (scope, times) in times_of {
        let is_full = records.len() >= REMEMBERED_MAX;
        let record = records.get_mut(&scope);
        if scope.source.is_none() {
            provider_days = record.as_ref().map_or(1, |record| {
                let is_known = times.first.day() <= record.last.day();
                record.n_days + u32::from(!is_known)
            });
        }
        match record {
            Some(record) => record.note(times, provider_days),
            None if !is_full => {
                records.insert(scope, TrailRecord::new(times, provider_days));
            }
            None => {}
        }
    }
}

/// Returns the trails that are silent after the days that left this.
fn silent_of(records: &Records, lateness_secs: impl Fn(Source) -> i64) -> Vec<SilentTrail> {
    let mut silent = Vec::new();
    // Where not all trails are remembered, nobody knows which of the others are silent.
    let is_full = records.len() >= REMEMBERED_MAX;
    let mut widest: Option<&TrailScope> = None;
    for (scope, record) in records {
        let Some(source) = scope.source.filter(|_| !is_full || scope.account.is_none()) else {
            continue;
        };
        let is_told = widest.is_some_and(|wide| {
            wide.provider == scope.provider
                && wide.source == scope.source
                && wide
                    .account
                    .as_ref()
                    .is_none_or(|account| scope.account.as_ref() == Some(account))
        });
        let Some(provider) = records.get(&scope.of_provider()).filter(|_| !is_told) else {
            continue;
        };
        let pause = record.pause(provider.last, provider.n_days);
        let limit = record.limit(lateness_secs(source));
        if let Some(limit_secs) = limit.filter(|limit| pause > *limit) {
            // A region hides no other.
            if scope.region.is_none() {
                widest = Some(scope);
            }
            silent.push(SilentTrail {
                provider: scope.provider,
                source,
                account: scope.account.clone(),
                region: scope.region.clone(),
                since: record.last,
                until: provider.last,
                longest_pause_secs: record.longest_pause(),
                limit_secs,
            });
        }
    }
    silent
}

impl Extend<(TrailScope, TrailRecord)> for Trails {
    fn extend<I: IntoIterator<Item = (TrailScope, TrailRecord)>>(&mut self, trails: I) {
        self.settled.extend(trails);
    }
}

impl Extend<(Day, TrailKey, TrailTimes)> for Trails {
    fn extend<I: IntoIterator<Item = (Day, TrailKey, TrailTimes)>>(&mut self, trails: I) {
        for (day, key, times) in trails {
            self.recent.entry(day).or_default().extend([(key, times)]);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::measure::TrailKey;

    const MONDAY: Day = Day(20_514);

    fn key(source: Source, account: &str, region: &str) -> TrailKey {
        TrailKey {
            provider: source.provider().unwrap(),
            source,
            account: account.into(),
            region: region.into(),
        }
    }

    /// Plays days, of which a test says which hours each trail has; returns on which days which trails were silent.
    fn played(
        n_days: i32,
        trails: &[TrailKey],
        hours: impl Fn(usize, i32) -> Option<(i64, i64)>,
    ) -> BTreeMap<i32, Vec<String>> {
        let mut history = Trails::default();
        let mut silent = BTreeMap::new();
        for day in 0..n_days {
            let at = |hour: i64| MONDAY.plus(day).start().plus_secs(hour * 3_600);
            let of_day = trails.iter().enumerate().filter_map(|(n, key)| {
                let (first, last) = hours(n, day)?;
                let times = TrailTimes {
                    first: at(first),
                    last: at(last),
                };
                Some((key.clone(), times))
            });
            let of_day: DayTrails = of_day.collect();
            if of_day.is_empty() {
                continue;
            }
            history.note_day(MONDAY.plus(day), &of_day);
            let found = history.silent(|source| source.lateness_secs());
            let name = |t: &SilentTrail| {
                let or = |name: &Option<Str>| name.as_deref().unwrap_or("*").to_owned();
                format!("{} {} {}", t.source, or(&t.account), or(&t.region))
            };
            if !found.is_empty() {
                silent.insert(day, found.iter().map(name).collect());
            }
        }
        silent
    }

    fn first(silent: &BTreeMap<i32, Vec<String>>) -> Option<(i32, &[String])> {
        silent.iter().next().map(|(day, names)| (*day, &names[..]))
    }

    #[test]
    fn an_account_a_region_or_a_subscription_that_stops_is_told_within_days() {
        use Source::{AwsCloudTrail, AwsVpcFlow, AzureActivity};
        let two = |source| ["1", "2"].map(|account| key(source, account, "eu-west-1"));
        let stops = |n: usize, day: i32| (n == 0 || day < 15).then_some((0, 23));
        for source in [AwsCloudTrail, AzureActivity] {
            let silent = played(28, &two(source), stops);
            assert_eq!(first(&silent), Some((16, &[format!("{source} 2 *")][..])));
            assert_eq!(silent.len(), 12, "until the end");
        }
        let regions = ["a", "b"].map(|region| key(AwsCloudTrail, "1", region));
        let silent = played(28, &regions, stops);
        assert_eq!(first(&silent).unwrap().1, ["aws.cloudtrail 1 b"]);
        // The trail of an account that goes on to have flows; and one log in all accounts is told once.
        let trails = [
            key(AwsVpcFlow, "1", "a"),
            key(AwsCloudTrail, "1", "a"),
            key(AwsCloudTrail, "2", "a"),
        ];
        let silent = played(28, &trails, stops);
        assert_eq!(first(&silent).unwrap().1, ["aws.cloudtrail * *"]);
        // It is told no more once it is back, and not at once when it breaks off again for as long.
        let back = |n: usize, day: i32| (n == 0 || !(15..20).contains(&day)).then_some((0, 23));
        let days: Vec<i32> = played(28, &two(AwsCloudTrail), back).into_keys().collect();
        assert_eq!(days, [16, 17, 18, 19]);
    }

    #[test]
    fn weekends_holidays_and_what_is_rare_are_not_silent() {
        let trails = [
            key(Source::AwsCloudTrail, "1", "a"),
            key(Source::AwsCloudTrail, "dev", "a"),
            key(Source::AwsCloudTrail, "1", "rare"),
            key(Source::AwsCloudTrail, "young", "a"),
            key(Source::AwsS3Access, "1", "a"),
        ];
        let is_weekend = |day: i32| day.rem_euclid(7) >= 5;
        let hours = |n: usize, day: i32| match n {
            // On weekdays, but for a long weekend of four days.
            1 => (!is_weekend(day) && ![32, 35].contains(&day)).then_some((8, 18)),
            2 => (day % 30 == 3).then_some((9, 9)),
            3 => (day < 3).then_some((0, 23)),
            // A day later than the others.
            4 => (day < 58).then_some((0, 23)),
            _ => Some((0, 23)),
        };
        assert_eq!(played(60, &trails, hours), BTreeMap::new());
        // Nobody fed logs for a week; then one account comes first.
        let paused = |n: usize, day: i32| {
            (n < 2 && !(20..27).contains(&day) && (day != 27 || n == 0)).then_some((0, 23))
        };
        assert_eq!(played(40, &trails, paused), BTreeMap::new());
        // The account of weekdays that does stop is told.
        let stops = |n: usize, day: i32| match n {
            1 => (!is_weekend(day) && day < 40).then_some((8, 18)),
            _ => (n == 0).then_some((0, 23)),
        };
        let silent = played(60, &trails, stops);
        let (day, names) = first(&silent).unwrap();
        assert!((49..=50).contains(&day), "{day}");
        assert_eq!(names, ["aws.cloudtrail dev *"]);
    }

    #[test]
    fn a_week_of_holidays_is_no_silence_of_what_rests_at_weekends() {
        let trails = ["1", "dev"].map(|account| key(Source::AwsCloudTrail, account, "a"));
        let is_off = |day: i32| day.rem_euclid(7) >= 5 || (35..40).contains(&day);
        let hours = |n: usize, day: i32| match n {
            0 => Some((0, 23)),
            _ => (!is_off(day)).then_some((8, 15)),
        };
        assert_eq!(played(60, &trails, hours), BTreeMap::new());
    }

    #[test]
    fn a_silent_region_hides_no_other_and_no_region_is_not_all_of_them() {
        let trails = [
            key(Source::AwsCloudTrail, "1", ""),
            key(Source::AwsCloudTrail, "1", "a"),
            key(Source::AwsCloudTrail, "1", "b"),
            key(Source::AwsCloudTrail, "1", "c"),
        ];
        let ends = [15, 17, 19, 99];
        let silent = played(24, &trails, |n, day| (day < ends[n]).then_some((0, 23)));
        let names = |day: i32| silent.get(&day).cloned().unwrap_or_default();
        assert_eq!(names(16), ["aws.cloudtrail 1 "]);
        let all = [
            "aws.cloudtrail 1 ",
            "aws.cloudtrail 1 a",
            "aws.cloudtrail 1 b",
        ];
        assert_eq!(names(20), all);
        assert_eq!(names(23), all);
    }

    #[test]
    fn a_day_that_is_noted_again_or_in_parts_counts_once_and_is_judged_without_those_after_it() {
        let [one, two] = ["1", "2"].map(|account| key(Source::AwsCloudTrail, account, "a"));
        let of = |day: i32, hours: std::ops::Range<i64>| -> DayTrails {
            let at = |hour: i64| MONDAY.plus(day).start().plus_secs(hour * 3_600);
            let times = |from: i64, to: i64| TrailTimes {
                first: at(from),
                last: at(to),
            };
            let mut trails = vec![(one.clone(), times(hours.start, hours.end))];
            // The other has hours by day, and ends.
            if hours.end > 12 && day < 15 {
                trails.push((two.clone(), times(8, 12)));
            }
            trails.into_iter().collect()
        };
        let lateness = |source: Source| source.lateness_secs();
        let (mut whole, mut parts) = (Trails::default(), Trails::default());
        for day in 0..20 {
            let at = MONDAY.plus(day);
            parts.note_day(at, &of(day, 0..2));
            whole.note_day(at, &of(day, 0..23));
            // The rest of a day comes when the next has begun.
            let rest = (at.plus(-1), of(day - 1, 0..23));
            if day > 0 {
                parts.note_days([(&rest.0, &rest.1), (&rest.0, &rest.1)]);
                assert_eq!(
                    parts.silent_by(rest.0, lateness),
                    whole.silent_by(rest.0, lateness),
                    "day {day}"
                );
            }
            assert_eq!(
                parts.silent_by(rest.0, lateness).is_empty(),
                day <= 16,
                "day {day}"
            );
        }
        // So it is where a part was settled, as in a store of an earlier version.
        let mut settled = Records::new();
        for hours in [0..2, 0..23, 0..23] {
            settle(&mut settled, MONDAY, &of(0, hours));
        }
        let mut once = Records::new();
        settle(&mut once, MONDAY, &of(0, 0..23));
        assert_eq!(settled, once);
    }

    #[test]
    fn a_silence_is_a_habit_only_when_there_is_another() {
        let trails = ["1", "2"].map(|account| key(Source::AwsCloudTrail, account, "a"));
        let breaks = |n: usize, day: i32| (n == 0 || day % 20 < 15).then_some((0, 23));
        let silent = played(70, &trails, breaks);
        let days: Vec<i32> = silent.into_keys().collect();
        assert_eq!(days, [16, 17, 18, 19, 36, 37, 38, 39]);
    }
}
