//! Stored days, read again one at a time, and what a whole day of an identity shows to an approval.

use std::collections::BTreeMap;
use std::ops::Range;

use ipnet::IpNet;

use crate::baseline::{Context, Generation, View};
use crate::config::{Known, PartialContext, Values};
use crate::engine::Setup;
use crate::error::Result;
use crate::event::AddressClass;
use crate::identity::address::Networks;
use crate::measure::{DayFacts, Links};
use crate::store::{DayEntry, Manifest, Store};
use crate::time::{Day, Time, Window};
use crate::vocab::{Entity, Metric, Str, Trait};

/// Metrics that show reads, or attempts to read.
const READS: [Metric; 2] = [Metric::ReadCalls, Metric::DeniedCalls];

/// Reads stored days.
pub(super) struct Days<'a> {
    store: &'a Store,
    manifest: &'a Manifest,
    generation: &'a Generation,
    /// The links of the last day that was read, by its index among the stored days.
    links: Option<(usize, Links)>,
}

impl<'a> Days<'a> {
    pub(super) fn of(store: &'a Store, manifest: &'a Manifest, generation: &'a Generation) -> Self {
        Self {
            store,
            manifest,
            generation,
            links: None,
        }
    }

    /// Returns the facts of a day, by entity; `None` if the day is not stored.
    pub(super) fn facts(&mut self, day: Day) -> Result<Option<BTreeMap<Entity, DayFacts>>> {
        let days: &[DayEntry] = &self.manifest.days;
        let Some(at) = days.iter().position(|entry| entry.day == day) else {
            return Ok(None);
        };
        let previous_day = match (at.checked_sub(1), self.links.take()) {
            (Some(before), Some((read, links))) if read == before => links,
            (Some(before), _) => self.store.load_day(&days[before])?.links,
            (None, _) => Links::new(),
        };
        let aggregate = self.store.load_day(&days[at])?;
        let mut own = self.generation.own_accounts.clone();
        own.extend(aggregate.accounts.iter().cloned());
        let facts = aggregate.assemble(&previous_day, &own);
        self.links = Some((at, aggregate.links.following(&previous_day)));
        Ok(Some(facts))
    }
}

/// Checks whole days as alerts check the part that they show.
pub(super) struct DayContextReader<'a> {
    generation: &'a Generation,
    configured: Context,
    networks: Networks,
}

impl<'a> DayContextReader<'a> {
    pub(super) fn of(setup: &Setup, generation: &'a Generation) -> Self {
        Self {
            generation,
            configured: setup.context(),
            networks: Networks::of(&setup.config),
        }
    }

    /// Returns what a whole day shows; an alert of that day shows a part of it.
    pub(super) fn context(&self, entity: &Entity, facts: &DayFacts) -> PartialContext {
        let (mut buckets, known) = values(facts, Trait::Bucket);
        buckets.extend(facts.grants.iter().map(|(grant, _)| grant.bucket.clone()));
        buckets.sort_unstable();
        buckets.dedup();
        let networks = values(facts, Trait::Network);
        PartialContext {
            ids: self.ids(entity, facts),
            role: facts.profile.role.clone(),
            destinations: self.destinations(facts, &networks),
            buckets: (buckets, known),
            user_agents: values(facts, Trait::UserAgent),
            applications: values(facts, Trait::Application),
            networks,
            times: (
                hours_of(facts.first.day(), facts.hours).collect(),
                Known::More,
            ),
        }
    }

    /// Returns the destinations that data may have reached. Reads also send data to the caller, and an alert names a caller
    /// that is not ours.
    fn destinations(&self, facts: &DayFacts, networks: &Values) -> Values {
        let (mut destinations, mut known) = values(facts, Trait::Destination);
        let view = View::new(self.generation, &self.configured, self.generation.as_of);
        destinations.retain(|name| !view.is_ours(name));
        let metrics = facts.metrics();
        if READS.iter().any(|metric| metrics.contains(metric)) {
            let callers = networks.0.iter().filter(|name| self.may_be_external(name));
            destinations.extend(callers.cloned());
            destinations.sort_unstable();
            destinations.dedup();
            if networks.1 == Known::Some {
                known = Known::Some;
            }
        }
        (destinations, known)
    }

    /// Returns whether addresses of a network may be external. A network that is known by its AS number is public.
    fn may_be_external(&self, network: &str) -> bool {
        network.parse::<IpNet>().ok().is_none_or(|network| {
            [network.network(), network.broadcast()]
                .into_iter()
                .any(|end| self.networks.classify(end) == AddressClass::External)
        })
    }

    fn ids(&self, entity: &Entity, facts: &DayFacts) -> Vec<Str> {
        let mut ids = vec![entity.id.clone()];
        ids.extend(facts.profile.aliases.iter().map(|(alias, _)| alias.clone()));
        let baseline = self.generation.baselines.get(entity);
        ids.extend(baseline.iter().flat_map(|b| b.aliases.iter().cloned()));
        ids
    }
}

/// Returns the hours of a day, given as bits.
pub(super) fn hours_of(day: Day, bits: u32) -> impl Iterator<Item = Range<Time>> {
    let hours = (0..24_u32).filter(move |hour| bits >> hour & 1 == 1);
    hours.map(move |hour| {
        let start = day.start().plus_secs(i64::from(hour * Window::HOUR.secs()));
        start..start.plus_secs(i64::from(Window::HOUR.secs()))
    })
}

fn values(facts: &DayFacts, which: Trait) -> Values {
    let Some(values) = facts.trait_values(which) else {
        return (Vec::new(), Known::More);
    };
    let known = if values.saturated() {
        Known::Some
    } else {
        Known::More
    };
    (
        values.iter().map(|(value, _)| value.clone()).collect(),
        known,
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::{Config, Cover};
    use crate::event::{Action, Event, Provider, Source};
    use crate::measure::{EventAmounts, Plan};
    use crate::vocab::EntityKind;

    #[test]
    fn reads_of_an_external_caller_have_a_destination() {
        let rules = |destination: &str| {
            format!(
                "[[approval]]\ndestination={destination}\nowner='o'\nreason='r'\nexpires=2027-01-31\n\
                 [network]\ninternal=['203.0.0.0/16']"
            )
        };
        let now = Time::parse("2027-01-01T00:00:00Z").unwrap();
        let setup = Setup::new(Config::parse(&rules("[]"), "p").unwrap(), Vec::new(), now);
        let generation = Generation::empty(Day(20_000));
        let entity = Entity {
            kind: EntityKind::Identity,
            id: "reader".into(),
        };
        let resolver = setup.resolver();
        let context = |action: Action, address: &str| {
            let (provider, source) = (Provider::Aws, Source::AwsCloudTrail);
            let mut event = Event::new(Day(20_001).start(), "e".into(), provider, source);
            event.action = action;
            event.outcome = crate::event::Outcome::Success;
            event.peer.ip = address.parse().ok();
            let resolved = resolver.resolve(&mut event);
            let mut facts = DayFacts::starting(resolved.event.time);
            EventAmounts::of(&resolved).add_to(&mut facts, &Plan::default());
            DayContextReader::of(&setup, &generation).context(&entity, &facts)
        };
        use Action::{ListBuckets, ReadObject};
        for (action, address, nowhere, there) in [
            (ReadObject, "198.51.100.7", Cover::Perhaps, Cover::Yes),
            (ReadObject, "203.0.113.7", Cover::Yes, Cover::No),
            (ReadObject, "10.0.0.7", Cover::Yes, Cover::No),
            (ListBuckets, "198.51.100.7", Cover::Yes, Cover::No),
        ] {
            let context = context(action, address);
            for (destination, cover) in [("[]", nowhere), ("'198.51.0.0/16'", there)] {
                let config = Config::parse(&rules(destination), "p").unwrap();
                let said = config.approvals[0].criteria.may_cover(&context);
                assert_eq!(said, cover, "{action} {address} {destination}");
            }
        }
    }
}
