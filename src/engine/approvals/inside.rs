//! Jobs inside identities that also do other work: peaks that come again on the same days of the week or of the month, at the same hours.

use std::collections::{BTreeMap, BTreeSet};

use crate::baseline::Peak;
use crate::engine::approvals::cadence::{ActiveDay, Cadence};
use crate::time::{Day, Window};
use crate::vocab::Metric;

/// Hours by which a run may be earlier or later.
const HOURS_APART_MAX: u8 = 1;
/// The fraction of a run's largest hour from which the hour beside it belongs to the run. What is smaller is judged with the rest of the day.
const OF_LARGEST: f64 = 0.25;
/// The fraction of the runs in which an hour must belong to the run before it is one of the job's hours.
const NOW_AND_THEN: f64 = 0.25;

/// Peaks of an identity that come again.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PeakJob {
    /// When.
    pub(super) cadence: Cadence,
    /// Its peaks, of its days.
    pub(super) peaks: Vec<Peak>,
}

/// How much of a metric there was in each hour of a day that had any.
pub(super) type Hourly = Vec<(Metric, u8, u64)>;

impl PeakJob {
    /// Finds the jobs in an identity's peaks, the one with the most runs first.
    pub(super) fn all_of(peaks: &[Peak], stored: &BTreeSet<Day>) -> Vec<Self> {
        let hourly = peaks.iter().filter(|peak| peak.window == Window::HOUR);
        let mut left: Vec<Peak> = hourly
            .filter(|peak| stored.contains(&peak.day))
            .copied()
            .collect();
        let mut jobs = Vec::new();
        while let Some(job) = (0..24)
            .filter_map(|hour| Self::at(hour, &left, stored))
            .max_by_key(|(hour, job)| {
                let is_exact = |peak: &&Peak| peak.hour == *hour;
                (job.days().len(), job.peaks.iter().filter(is_exact).count())
            })
        {
            left.retain(|peak| !job.1.peaks.contains(peak));
            jobs.push(job.1);
        }
        jobs
    }

    /// Returns the job around an hour of the day, if there is one.
    fn at(hour: u8, peaks: &[Peak], stored: &BTreeSet<Day>) -> Option<(u8, Self)> {
        let is_near = |peak: &&Peak| peak.hour.abs_diff(hour) <= HOURS_APART_MAX;
        let near: Vec<Peak> = peaks.iter().filter(is_near).copied().collect();
        let mut hours: BTreeMap<Day, u32> = BTreeMap::new();
        for peak in &near {
            *hours.entry(peak.day).or_default() |= 1 << peak.hour;
        }
        let active = hours.into_iter().map(|(day, hours)| ActiveDay {
            day,
            hours,
            tens: 0,
        });
        let active: Vec<ActiveDay> = active.collect();
        let cadence = Cadence::of(&active, stored).or_else(|| Cadence::by_month(&active))?;
        let on_days = near
            .into_iter()
            .filter(|peak| cadence.weekdays.contains(&peak.day.weekday()));
        let peaks = on_days.collect();
        Some((hour, Self { cadence, peaks }))
    }

    /// Returns the days on which it ran.
    pub(super) fn days(&self) -> BTreeSet<Day> {
        self.peaks.iter().map(|peak| peak.day).collect()
    }

    /// Returns the metrics of its peaks.
    pub(super) fn metrics(&self) -> BTreeSet<Metric> {
        self.peaks.iter().map(|peak| peak.metric).collect()
    }

    /// Returns the hours of the day in which it runs, from the amounts of its days: those of its peaks, and those beside them in which it
    /// often goes on.
    pub(super) fn hours<'d>(&self, amounts: impl Fn(Day) -> Option<&'d Hourly>) -> Vec<u8> {
        let mut days_at: BTreeMap<u8, BTreeSet<Day>> = BTreeMap::new();
        for peak in &self.peaks {
            let least = (OF_LARGEST * peak.amount as f64).max(1.0);
            let of_day = amounts(peak.day);
            let goes_on = |hour: &u8| {
                let mut of_metric = of_day.into_iter().flatten();
                of_metric.any(|&(metric, at, n)| {
                    metric == peak.metric && at == *hour && n as f64 >= least
                })
            };
            let before = (0..peak.hour).rev().take_while(goes_on);
            let after = (peak.hour + 1..24).take_while(goes_on);
            for hour in before.chain(after).chain([peak.hour]) {
                days_at.entry(hour).or_default().insert(peak.day);
            }
        }
        let n = self.days().len() as f64;
        let often = days_at
            .into_iter()
            .filter(|(_, days)| days.len() as f64 >= NOW_AND_THEN * n);
        often.map(|(hour, _)| hour).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::WEEKDAYS;

    const FIRST: Day = Day(20_000);

    fn peak(day: i32, hour: u8, amount: u64) -> Peak {
        Peak {
            metric: Metric::ListCalls,
            window: Window::HOUR,
            day: FIRST.plus(day),
            hour,
            amount,
        }
    }

    fn cadences(peaks: &[Peak]) -> Vec<String> {
        let stored: BTreeSet<Day> = (0..28).map(|n| FIRST.plus(n)).collect();
        let jobs = PeakJob::all_of(peaks, &stored);
        jobs.iter().map(|job| job.cadence.to_string()).collect()
    }

    #[test]
    fn peaks_that_come_again_are_jobs_and_others_are_none() {
        // On the same weekday of four weeks, at two and once at three.
        let weekly: Vec<Peak> = (0..4)
            .map(|n| peak(7 * n + 1, 2 + u8::from(n == 2), 200))
            .collect();
        let weekday = FIRST.plus(1).weekday();
        let expected = format!("every {} at 2, 3 h UTC", WEEKDAYS[usize::from(weekday)]);
        assert_eq!(cadences(&weekly), [expected.as_str()]);
        // A nightly one beside it, of which the last sixteen peaks are known, and bursts at any time.
        let mut all = weekly.clone();
        all.extend((12..28).map(|n| peak(n, 22, 300)));
        all.extend([peak(3, 9, 50), peak(11, 14, 90), peak(16, 11, 60)]);
        assert_eq!(cadences(&all), ["every day at 22 h UTC", &expected]);
        assert_eq!(cadences(&weekly[..2]), [] as [&str; 0]);
        let whenever: Vec<Peak> = (0..16).map(|n| peak(n, (n as u8 * 7) % 24, 200)).collect();
        assert_eq!(cadences(&whenever), [] as [&str; 0]);
    }

    #[test]
    fn a_job_has_the_hours_in_which_it_often_goes_on() {
        let job = PeakJob {
            cadence: Cadence {
                hours: vec![2],
                step: None,
                weekdays: vec![4],
                month_days: None,
            },
            peaks: (0..4).map(|n| peak(7 * n, 2, 200)).collect(),
        };
        let of = |hour, n| (Metric::ListCalls, hour, n);
        let long: Hourly = vec![of(1, 10), of(2, 200), of(3, 60), of(5, 190)];
        let other: Hourly = vec![(Metric::ReadCalls, 1, 900), of(2, 200), of(3, 49)];
        let amounts = |day: Day| Some(if day == FIRST { &long } else { &other });
        assert_eq!(job.hours(amounts), [2, 3]);
        assert_eq!(job.hours(|_| Some(&other)), [2]);
        assert_eq!(job.hours(|_| None), [2]);
    }
}
