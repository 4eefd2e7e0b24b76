//! The state of approvals: what each hid so far, and what is wrong with it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::alert::Alert;
use crate::config::{Approval, Config};
use crate::engine::Setup;
use crate::engine::approvals::archive::archived;
use crate::engine::approvals::breadth::breadth;
use crate::engine::approvals::everything::{MatchesAll, may_be_nearly_all};
use crate::error::Result;
use crate::incident::latest;
use crate::store::Store;
use crate::time::{Day, Time};

/// An approval is reported this many days before its end.
const EXPIRES_SOON_DAYS: i32 = 7;
/// An approval is reported after this many days of event time without a use.
const UNUSED_DAYS: i32 = 30;

/// How much of the archive is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// All of it, so that the count for each approval is complete.
    Whole,
    /// The last 30 stored days, which is enough for warnings.
    Recent,
}

/// An approval with its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalState {
    /// Its id.
    pub id: String,
    /// The approval itself.
    pub approval: Approval,
    /// Episodes that it hid, in the part of the archive that was read.
    pub hidden: u64,
    /// The last of these episodes.
    pub last: Option<Time>,
    /// What is wrong.
    pub warnings: Vec<Warning>,
}

/// What is wrong with an approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Warning {
    /// It has ended.
    Expired {
        /// Days since its end.
        days: i32,
    },
    /// It ends soon.
    ExpiresSoon {
        /// Days until its end.
        days: i32,
    },
    /// It hid nothing for long, although there were alerts.
    Unused {
        /// For how many days of event time, at least.
        days: i32,
    },
    /// Another approval covers everything that this one covers, for at least as long.
    Shadowed {
        /// The other's id.
        by: String,
    },
    /// Another approval says the same in every word.
    Repeated {
        /// Where the other stands.
        at: String,
    },
    /// It hides all alerts that it could be for, or nearly all.
    MatchesAll(MatchesAll),
    /// The same, but only for some analytics or for a shorter time; or the other way round.
    Overlaps {
        /// The other's id.
        with: String,
    },
}

impl Warning {
    /// Returns whether every run reports it, and not only commands about approvals.
    pub fn is_pressing(&self) -> bool {
        !matches!(
            self,
            Self::Shadowed { .. }
                | Self::Repeated { .. }
                | Self::MatchesAll(_)
                | Self::Overlaps { .. }
        )
    }
}

/// Returns the state of each approval in the configuration, in the order of the file.
///
/// # Errors
///
/// Fails if the store cannot be read. With a missing store, nothing was hidden.
pub fn approval_states(setup: &Setup, store: &Store, reach: Reach) -> Result<Vec<ApprovalState>> {
    let config = &setup.config;
    if config.approvals.is_empty() {
        return Ok(Vec::new());
    }
    let last_stored = store
        .manifest()?
        .and_then(|manifest| manifest.days.last().map(|entry| entry.day));
    let recent = last_stored.map(|last| last.plus(1 - UNUSED_DAYS));
    let archived = archived(store, recent.filter(|_| reach == Reach::Recent))?;
    let mut uses: BTreeMap<&str, (u64, Time)> = BTreeMap::new();
    let mut is_told_recently = false;
    for alert in archived.values() {
        is_told_recently |= recent.is_some_and(|recent| alert.time.day() >= recent);
        if let Some(id) = alert.approval.as_deref().filter(|_| alert.is_suppressed) {
            let (hidden, last) = uses.entry(id).or_insert((0, alert.time));
            *hidden += 1;
            *last = alert.time.max(*last);
        }
    }
    let known_since = store.approvals_known_since()?;
    let idle = |id: &str| {
        let (last, since) = (last_stored?, *known_since.get(id)?);
        let used = uses.get(id).map(|(_, last)| *last);
        is_told_recently.then(|| idle_days(last, since, used))
    };
    let mut states = states(setup, &uses, idle);
    for state in &mut states {
        let all = matches_all(setup, store, &state.approval, reach)?;
        if let Some(mut all) = all {
            all.count(&state.approval, &archived);
            state.warnings.insert(0, Warning::MatchesAll(all));
        }
    }
    Ok(states)
}

/// Returns that an approval in force leaves nothing out; where the whole archive is read, also that it leaves nearly nothing out.
fn matches_all(
    setup: &Setup,
    store: &Store,
    approval: &Approval,
    reach: Reach,
) -> Result<Option<MatchesAll>> {
    if !approval.holds(setup.now) {
        return Ok(None);
    }
    let is_learnt =
        reach == Reach::Whole && may_be_nearly_all(approval) && store.manifest()?.is_some();
    let breadth = match is_learnt {
        true => Some(breadth(&store.load_generation()?, approval)?),
        false => None,
    };
    Ok(MatchesAll::of(approval, breadth.as_ref()))
}

/// Returns the state of each approval in the configuration after the alerts of a run without a store. As nothing says since when one is
/// known, none counts as unused.
pub(in crate::engine) fn approval_states_among(
    setup: &Setup,
    alerts: &[Alert],
) -> Vec<ApprovalState> {
    let mut uses: BTreeMap<&str, (u64, Time)> = BTreeMap::new();
    for alert in latest(alerts).into_values() {
        if let Some(id) = alert.approval.as_deref() {
            let (hidden, last) = uses.entry(id).or_insert((0, alert.time));
            *hidden += 1;
            *last = alert.time.max(*last);
        }
    }
    states(setup, &uses, |_| None)
}

/// Returns the state of each approval by what it hid, and for how many days it has hidden nothing although there were alerts, where that
/// is known.
fn states(
    setup: &Setup,
    uses: &BTreeMap<&str, (u64, Time)>,
    idle: impl Fn(&str) -> Option<i32>,
) -> Vec<ApprovalState> {
    let config = &setup.config;
    let today = setup.now.day();
    let ids = config.approval_ids();
    let stand = |(at, approval): (usize, &Approval)| {
        let id = approval.id();
        let used = uses.get(id.as_str());
        let mut warnings = Vec::new();
        match approval.expires.since(today) {
            days if days < 0 => warnings.push(Warning::Expired { days: -days }),
            days if days <= EXPIRES_SOON_DAYS => warnings.push(Warning::ExpiresSoon { days }),
            _ => {}
        }
        if let Some(days) = idle(&id).filter(|&days| days >= UNUSED_DAYS) {
            warnings.push(Warning::Unused { days });
        }
        warnings.extend(beside(config, &ids, at));
        ApprovalState {
            id: ids[at].clone(),
            approval: approval.clone(),
            hidden: used.map_or(0, |(hidden, _)| *hidden),
            last: used.map(|(_, last)| *last),
            warnings,
        }
    };
    config.approvals.iter().enumerate().map(stand).collect()
}

/// Returns for how many days an approval has hidden nothing.
fn idle_days(last_stored: Day, known_since: Day, last_use: Option<Time>) -> i32 {
    let from = last_use.map_or(known_since, |at| at.day().max(known_since));
    last_stored.since(from).max(0)
}

/// Returns which other approvals cover the same.
fn beside(config: &Config, ids: &[String], at: usize) -> Option<Warning> {
    let one = &config.approvals[at];
    let is_for_all = |wide: &Approval, narrow: &Approval| match (&wide.analytics, &narrow.analytics)
    {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(_), Some(narrow)) => narrow.iter().all(|id| wide.is_for(&id.text)),
    };
    let is_for_some = |a: &Approval, b: &Approval| match (&a.analytics, &b.analytics) {
        (None, _) | (_, None) => true,
        (Some(_), Some(b)) => b.iter().any(|id| a.is_for(&id.text)),
    };
    let others = || {
        let all = config.approvals.iter().enumerate();
        all.filter(move |(other, _)| *other != at)
    };
    let shadow = others().find(|(at_other, other)| {
        let covers = |a: &Approval, b: &Approval| {
            a.criteria.include(&b.criteria) && is_for_all(a, b) && a.expires >= b.expires
        };
        // Of two equal approvals, the later one is redundant.
        covers(other, one) && (*at_other < at || !covers(one, other))
    });
    if let Some((at_other, other)) = shadow
        && ids[at_other] == ids[at]
    {
        return Some(Warning::Repeated {
            at: other.place.to_string(),
        });
    }
    if let Some((by, _)) = shadow {
        let by = ids[by].clone();
        return Some(Warning::Shadowed { by });
    }
    let overlap = others().find(|(_, other)| {
        let is_shadow = one.criteria.include(&other.criteria)
            && is_for_all(one, other)
            && one.expires >= other.expires;
        let includes =
            one.criteria.include(&other.criteria) || other.criteria.include(&one.criteria);
        includes && is_for_some(one, other) && !is_shadow
    });
    overlap.map(|(with, _)| Warning::Overlaps {
        with: ids[with].clone(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn problems_of_approvals_are_reported() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let approval = |criteria: &str, expires: &str| {
            format!("[[approval]]\n{criteria}\nowner='o'\nreason='r'\nexpires={expires}\n")
        };
        let text = [
            approval("identity='a-*'", "2027-01-01"),
            approval("identity='a-1'", "2027-01-01"),
            approval("identity='a-2'", "2028-01-01"),
            approval("identity='b'", "2026-03-22"),
            approval("identity='c'", "2026-03-14"),
            approval("identity='b'", "2026-03-22"),
        ]
        .concat();
        let config = Config::parse(&text, "p.toml").unwrap();
        let now = Time::parse("2026-03-16T04:00:00Z").unwrap();
        let setup = Setup::new(config, Vec::new(), now);
        let all = approval_states(&setup, &store, Reach::Whole).unwrap();
        let id = |at: usize| all[at].id.clone();
        let said: Vec<&[Warning]> = all.iter().map(|s| &*s.warnings).collect();
        let overlaps = |at| Warning::Overlaps { with: id(at) };
        assert_eq!(said[0], [overlaps(2)]);
        assert_eq!(said[1], [Warning::Shadowed { by: id(0) }]);
        assert_eq!(said[2], [overlaps(0)]);
        assert_eq!(said[3], [Warning::ExpiresSoon { days: 6 }]);
        assert_eq!(said[4], [Warning::Expired { days: 2 }]);
        let at = "p.toml:16".to_owned();
        assert_eq!(said[5][1], Warning::Repeated { at });
        assert_eq!(id(5), id(3));
    }

    #[test]
    fn only_an_approval_known_for_the_whole_time_counts_as_unused() {
        let day = Day(20_000);
        let used = |ago: i32| Some(day.plus(-ago).start());
        assert_eq!(idle_days(day, day.plus(-40), None), 40);
        assert_eq!(idle_days(day, day.plus(-40), used(3)), 3);
        assert_eq!(idle_days(day, day.plus(-2), used(80)), 2);
        assert_eq!(idle_days(day, day, used(-1)), 0);
    }
}
