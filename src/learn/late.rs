//! Logs that began later than the store: for how long each is there, and what its first days teach.

use crate::baseline::{Beginnings, LateLogs, Past};
use crate::event::Provider;
use crate::learn::state::{Cell, EntityState, Weights};
use crate::measure::{DayFacts, LOG_CLASSES, LogClass, LogKey};
use crate::stats::constants::{DAYS_UNSCORED, LOOKBACK_DAYS, NEWNESS_DAYS};
use crate::time::Day;
use crate::vocab::Metric;

/// By class, the weighted days for which its log is there, where that began later than the store.
pub(super) type LateExposure = [Option<f64>; LOG_CLASSES];

/// Returns the weighted days for which a metric was recorded, where all logs that add to it began later than the store.
pub(super) fn exposure_of(metric: Metric, late: &LateExposure) -> Option<f64> {
    let classes = LogClass::of(metric).iter();
    let of_classes: Option<Vec<f64>> = classes.map(|class| late[*class as usize]).collect();
    of_classes?.into_iter().reduce(f64::max)
}

/// Returns the weighted days from a day up to a morning, within the lookback.
pub fn exposure_since(first_day: Day, as_of: Day) -> f64 {
    Weights::on(as_of).exposure(first_day)
}

/// The logs that began later than the store, on one morning.
pub(super) struct LateExposures<'g> {
    beginnings: &'g Beginnings,
    store_begins: Day,
    as_of: Day,
    /// The weights of days on the morning.
    pub(super) weights: Weights,
    is_any: bool,
}

/// Returns whether what began on a day is younger than the store.
fn is_late(begun: Day, store_begins: Day) -> bool {
    begun.since(store_begins) >= NEWNESS_DAYS
}

impl<'g> LateExposures<'g> {
    pub(super) fn on((beginnings, store_begins): (&'g Beginnings, Day), as_of: Day) -> Self {
        let mut begun = beginnings.iter().filter_map(|(_, log)| log.begun());
        Self {
            beginnings,
            store_begins,
            as_of,
            weights: Weights::on(as_of),
            is_any: begun.any(|begun| is_late(begun, store_begins)),
        }
    }

    /// Fills `cells` with what somebody showed, without what of it was of another kind before a log began.
    pub(super) fn cells(&self, state: &EntityState, cells: &mut Vec<Cell>) {
        let objects = self.begun(state, LogClass::Objects);
        let is_other = |day: Day, metric: Metric| {
            objects.is_some_and(|begun| day < begun && LogClass::Objects.mixes_in(metric))
        };
        self.weights
            .cells(&state.partials, |day, key| !is_other(day, key.0), cells);
    }

    fn begun(&self, state: &EntityState, class: LogClass) -> Option<Day> {
        if !self.is_any {
            return None;
        }
        let log = LogKey {
            provider: state.provider.unwrap_or(Provider::Other),
            account: state.account.clone().unwrap_or_default(),
            class,
        };
        let begun = self.beginnings.get(&log)?.begun()?;
        let is_in_lookback = self.as_of.since(begun) < LOOKBACK_DAYS;
        (is_in_lookback && is_late(begun, self.store_begins)).then_some(begun)
    }

    /// Returns for how long the logs of somebody are there, if any began later than the store and than somebody.
    pub(super) fn of(&self, state: &EntityState) -> Option<LateExposure> {
        let mut exposure = LateExposure::default();
        for &class in LogClass::ALL {
            let begun = self.begun(state, class).filter(|b| *b > state.first_day);
            exposure[class as usize] = begun.map(|begun| self.weights.exposure(begun));
        }
        exposure.iter().any(Option::is_some).then_some(exposure)
    }

    /// Returns whether somebody is known only by the first days of an account, which are not scored.
    pub(super) fn is_unscored(&self, state: &EntityState) -> bool {
        let begun = self.begun(state, LogClass::Account);
        begun.is_some_and(|begun| {
            state.first_day >= begun && self.as_of.since(begun) < DAYS_UNSCORED
        })
    }
}

/// Returns the logs of somebody's facts of a day that began later than the store, by what is remembered of the days before.
pub(super) fn late_logs(
    (beginnings, store_begins): (&Beginnings, Day),
    (day, facts): (Day, &DayFacts),
    state: &EntityState,
) -> LateLogs {
    let past = (state.first_day < day).then_some(Past {
        first_day: state.first_day,
        provider: state.provider,
        account: state.account.as_ref(),
    });
    let began_late = |log: &LogKey| {
        let begun = beginnings.get(log)?.begun()?;
        is_late(begun, store_begins).then_some(begun)
    };
    let was_there_before = |class: LogClass, begun: Day| {
        let mut days = state.partials.iter().filter(|partial| partial.day < begun);
        days.any(|partial| {
            let mut is_of_class = false;
            partial.each_moments(|(metric, _), _| {
                is_of_class |= class.shown_by().contains(&metric);
            });
            is_of_class
        })
    };
    LateLogs::of((day, facts), past, began_late, was_there_before)
}
