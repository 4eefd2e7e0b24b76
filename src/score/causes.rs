//! What was new of an entity's day that others may show for the same cause: a new region, network, client, application or country.
//!
//! Stored days keep no alerts, so what joins alerts by one cause is kept of them in this short form, by the rules of `incident::cause`.

use std::collections::BTreeMap;

use crate::baseline::Novelty;
use crate::measure::value_hash;
use crate::score::components::{JudgedAgainst, NoveltyReading};
use crate::score::contribution::{ArmResult, Contribution};
use crate::score::subject::Subject;
use crate::stats::constants::MORE_THAN_CHANCE;
use crate::vocab::{EntityKind, Metric, Str, Trait, role_group};

/// The most new values that are kept of a day in all groups together.
const NOVELTIES_MAX: usize = 8;

/// Gathers what was new over the arms of all analytics.
#[derive(Default)]
pub(super) struct Causes {
    new: BTreeMap<(Trait, Str), NoveltyReading>,
    /// Whether there is more to the day than that something was new, so that it is no part of a roll-out.
    carries_more: bool,
}

impl Causes {
    /// Adds the result of an arm.
    pub fn add(&mut self, arm: &ArmResult) {
        if !arm.is_news() {
            return;
        }
        self.carries_more |= arm.sequence.is_some();
        for contribution in &arm.contributions {
            self.carries_more |= is_more(contribution);
            if let Contribution::Novelty(reading) = contribution
                && may_have_one_cause(reading.which)
            {
                let key = (reading.which, reading.value.clone());
                self.new.entry(key).or_insert_with(|| reading.clone());
            }
        }
    }

    /// Returns what was new, in each group of the subject.
    pub fn novelties(&self, subject: &Subject) -> Vec<Novelty> {
        let profile = &subject.facts.profile;
        let mut novelties = Vec::new();
        for ((which, value), reading) in &self.new {
            let is_whose = matches!(which, Trait::Network | Trait::Application);
            if self.carries_more && !(is_whose && reading.support == 0) {
                continue;
            }
            let account = profile.account.as_deref().map(|id| ("account", id));
            let role = profile
                .role
                .as_deref()
                .map(|role| ("role", role_group(role)));
            let peers = peer_group(&reading.judged_against).map(|group| ("peer group", group));
            for (kind, group) in [account, role, peers].into_iter().flatten() {
                let heavy = self.carries_more;
                novelties.push(Novelty {
                    key: value_hash(&format!("{kind}\n{group}\n{which}\n{value}\n{heavy}")),
                    support: reading.support,
                });
            }
        }
        novelties.sort_unstable();
        novelties.truncate(NOVELTIES_MAX);
        novelties
    }
}

/// Returns whether a trait is one of which a new value may have one cause for many.
fn may_have_one_cause(which: Trait) -> bool {
    matches!(
        which,
        Trait::Region
            | Trait::WorkRegion
            | Trait::Application
            | Trait::UserAgent
            | Trait::Network
            | Trait::Country
    )
}

/// Returns whether a contribution says more than that something was new.
fn is_more(contribution: &Contribution) -> bool {
    match contribution {
        Contribution::Volume(reading) => {
            // That a region is new says the same as the new region.
            !matches!(reading.metric, Metric::RegionsUsed | Metric::RegionsNew)
                && !reading.is_ordinary()
                && reading.surprise >= MORE_THAN_CHANCE
        }
        Contribution::RoleTail(reading) => {
            !reading.is_ordinary() && reading.surprise >= MORE_THAN_CHANCE
        }
        Contribution::Grant { .. } | Contribution::Burst { .. } => true,
        Contribution::Novelty(_) | Contribution::Weight(_) => false,
    }
}

/// Returns the peer group that a novelty was judged by.
fn peer_group(whose: &JudgedAgainst) -> Option<&str> {
    match whose {
        JudgedAgainst::Group(group) if group.kind == EntityKind::PeerGroup => Some(&group.id),
        _ => None,
    }
}
