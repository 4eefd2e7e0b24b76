//! Which identity uses an instance or an address. Role sessions show which identity was on which instance, so that its
//! flows are attributed to that identity; and object ids are linked to user principal names, so that records with either
//! belong together.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::event::{Assignment, Event, Principal, Provider};
use crate::identity::{instance_identity, interface_identity, lesser_ids};
use crate::measure::bounds::{ADDRESSES_MAX, ASSIGNED_INSTANCES_MAX, NAMED_INSTANCES_MAX};
use crate::time::{Day, Time};
use crate::vocab::Str;

/// How long, in seconds, an instance is attributed to its role before the first and after the last call that shows it: its
/// credentials are renewed all the time, but not every hour has a call.
const BINDING_REACH_SECS: i64 = 6 * 3_600;

/// How long, in seconds, after its first flow of a day it may turn out who uses an instance. Whoever comes later owns its flows
/// from the next day on, so that an alert on them need not wait for the end of the day and is never taken back.
pub const GRACE_SECS: i64 = 3_600;

/// First and last call.
type Seen = (Time, Time);

/// Which identities had role sessions on which instance in one day.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Links {
    /// By the instance's own identity: the provider delivered the credentials to the instance.
    delivered: BTreeMap<Str, BTreeMap<Str, Seen>>,
    /// By the identity of the session, which is named after the instance and may be elsewhere. Of each identity the first
    /// in text order, up to one more than count.
    named: BTreeMap<Str, BTreeMap<Str, Seen>>,
    /// By a lesser id, the identities seen with it: by the id that contains only an address, the principals, and by an interface,
    /// the instances. The last one holds until another is seen, so it is passed on from day to day.
    addressed: BTreeMap<Str, BTreeMap<Str, Seen>>,
    /// By the instance's own identity: the last identity that a call gave to the instance, or whose credentials the provider
    /// delivered to it. It holds until another is given, so it is passed on from day to day, as far
    /// as days are stored.
    assigned: BTreeMap<Str, (Time, Str)>,
}

impl Links {
    /// Creates an empty set of links.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records a call by a principal of a provider.
    pub fn note(&mut self, provider: Provider, principal: &Principal, at: Time) {
        for lesser in lesser_ids(principal) {
            let known = self.addressed.entry(lesser).or_default();
            widen(known, principal.id.clone(), (at, at));
        }
        let Some(instance) = &principal.instance else {
            return;
        };
        let instance = instance_identity(provider, instance);
        let id = principal.id.clone();
        if principal.is_delivered {
            self.keep_later(instance.clone(), (at, id.clone()));
            self.make_room();
            widen(self.delivered.entry(instance).or_default(), id, (at, at));
        } else {
            let instances = self.named.entry(id).or_default();
            widen(instances, instance, (at, at));
            shorten(instances);
        }
    }

    /// Records that on this day, flows state both an interface and its instance.
    pub fn note_flow(&mut self, event: &Event, day: Day) {
        let Some(attachment) = &event.attachment else {
            return;
        };
        let (Some(interface), Some(instance)) = (&attachment.interface, &attachment.instance)
        else {
            return;
        };
        let lesser = interface_identity(event.provider, interface);
        let known = self.addressed.entry(lesser).or_default();
        let instance = instance_identity(event.provider, instance);
        widen(known, instance, (day.start(), day.start()));
    }

    /// Records that a call gave an identity to an instance.
    pub fn assign(&mut self, provider: Provider, assignment: &Assignment, at: Time) {
        let instance = instance_identity(provider, &assignment.instance);
        self.keep_later(instance, (at, assignment.identity.clone()));
        self.make_room();
    }

    fn keep_later(&mut self, instance: Str, claim: (Time, Str)) {
        let mine = self
            .assigned
            .entry(instance)
            .or_insert_with(|| claim.clone());
        if claim > *mine {
            *mine = claim;
        }
    }

    /// Shortens the claims once they are twice as many as are kept, so that this is done seldom.
    fn make_room(&mut self) {
        if self.assigned.len() > 2 * ASSIGNED_INSTANCES_MAX {
            self.shorten_assigned();
        }
    }

    /// Drops the oldest beyond the limit, which are the same in any order of arrival.
    fn shorten_assigned(&mut self) {
        if self.assigned.len() <= ASSIGNED_INSTANCES_MAX {
            return;
        }
        let mut by_age: Vec<_> = std::mem::take(&mut self.assigned).into_iter().collect();
        by_age.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        by_age.truncate(ASSIGNED_INSTANCES_MAX);
        self.assigned = by_age.into_iter().collect();
    }

    /// Returns these links of a day with what days before it pass on.
    #[must_use]
    pub fn following(mut self, before: &Self) -> Self {
        self.merge_assigned(before);
        for (lesser, known) in &before.addressed {
            let last = known.iter().max_by_key(|(id, seen)| (seen.1, Reverse(*id)));
            if let (Some((id, seen)), None) = (last, self.addressed.get(lesser)) {
                let known = BTreeMap::from([(id.clone(), *seen)]);
                self.addressed.insert(lesser.clone(), known);
            }
        }
        self.shorten_addressed();
        self
    }

    /// Returns the lesser ids that were seen with an identity, and the one that each was seen with last.
    pub fn linked(&self) -> impl Iterator<Item = (&Str, &Str)> {
        self.addressed.iter().filter_map(|(lesser, known)| {
            let last = known.iter().max_by_key(|(id, seen)| (seen.1, Reverse(*id)));
            Some((lesser, last?.0))
        })
    }

    /// Drops the oldest beyond the limit.
    fn shorten_addressed(&mut self) {
        let n_over = self.addressed.len().saturating_sub(ADDRESSES_MAX);
        if n_over == 0 {
            return;
        }
        let last = |known: &BTreeMap<Str, Seen>| known.values().map(|seen| seen.1).max();
        let by_age = self
            .addressed
            .iter()
            .map(|(lesser, known)| (last(known), lesser.clone()));
        let by_age: BTreeSet<_> = by_age.collect();
        for (_, lesser) in by_age.into_iter().take(n_over) {
            self.addressed.remove(&lesser);
        }
    }

    fn merge_assigned(&mut self, other: &Self) {
        for (instance, claim) in &other.assigned {
            self.keep_later(instance.clone(), claim.clone());
        }
        self.shorten_assigned();
    }

    /// Returns the identities whose sessions are named after more instances than count.
    pub(super) fn n_crowded(&self) -> u64 {
        let named = self.named.values();
        named
            .filter(|instances| instances.len() > NAMED_INSTANCES_MAX)
            .count() as u64
    }

    /// Returns whether as many instances are remembered as can be.
    pub(super) fn is_full(&self) -> bool {
        self.assigned.len() >= ASSIGNED_INSTANCES_MAX
    }

    /// Adds the links of other events.
    pub fn merge(&mut self, other: Self) {
        self.merge_assigned(&other);
        for (theirs, mine) in [
            (other.delivered, &mut self.delivered),
            (other.addressed, &mut self.addressed),
        ] {
            for (behind, identities) in theirs {
                let mine = mine.entry(behind).or_default();
                for (identity, seen) in identities {
                    widen(mine, identity, seen);
                }
            }
        }
        for (identity, instances) in other.named {
            let mine = self.named.entry(identity).or_default();
            for (instance, seen) in instances {
                widen(mine, instance, seen);
            }
            shorten(mine);
        }
    }
}

fn widen(links: &mut BTreeMap<Str, Seen>, key: Str, (first, last): Seen) {
    let seen = links.entry(key).or_insert((first, last));
    *seen = (seen.0.min(first), seen.1.max(last));
}

/// Keeps the least values, which are the same in any order of arrival.
fn shorten(links: &mut BTreeMap<Str, Seen>) {
    while links.len() > NAMED_INSTANCES_MAX + 1 {
        links.pop_last();
    }
}

/// Returns the identity of each instance on a day: the one that came to it last, within reach and no later than
/// [`GRACE_SECS`] after its first flow. Where the provider delivered credentials to the instance, sessions that are only named
/// after it do not count. Also returns the identity of each address and of each interface: the one that was seen with it last.
///
/// `links` are those of the day and of its neighbours, `first_flows` the first flow of each instance on the day.
pub fn behind(links: &[&Links], day: Day, first_flows: &BTreeMap<Str, Time>) -> BTreeMap<Str, Str> {
    let is_in_time = |instance: &Str, at: Time| {
        let first = first_flows.get(instance);
        first.is_none_or(|first| at <= first.plus_secs(GRACE_SECS))
    };
    let (from, to) = (
        day.start().plus_secs(-BINDING_REACH_SECS),
        day.end().plus_secs(BINDING_REACH_SECS),
    );
    let delivered =
        links
            .iter()
            .flat_map(|links| &links.delivered)
            .flat_map(|(instance, found)| {
                found
                    .iter()
                    .map(move |(id, seen)| (instance, true, id, seen))
            });
    let named = links
        .iter()
        .flat_map(|links| &links.named)
        .filter(|(_, found)| found.len() <= NAMED_INSTANCES_MAX)
        .flat_map(|(id, found)| {
            found
                .iter()
                .map(move |(instance, seen)| (instance, false, id, seen))
        });
    let mut best = BTreeMap::new();
    for (instance, is_delivered, id, &(first, last)) in delivered.chain(named) {
        if last >= from && first < to && is_in_time(instance, first) {
            let claim = (is_delivered, first, Reverse(id));
            let mine = best.entry(instance).or_insert(claim);
            *mine = claim.max(*mine);
        }
    }
    // What runs on an instance with credentials that were delivered to it shows who uses it; else, the identity that it was
    // given. A session that is only named after it says least.
    let mut given: BTreeMap<&Str, &(Time, Str)> = BTreeMap::new();
    for (instance, claim) in links.iter().flat_map(|links| &links.assigned) {
        if claim.0 < to && is_in_time(instance, claim.0) {
            let mine = given.entry(instance).or_insert(claim);
            *mine = claim.max(*mine);
        }
    }
    let mut behind: BTreeMap<Str, Str> = given
        .into_iter()
        .map(|(instance, (_, identity))| (instance.clone(), identity.clone()))
        .collect();
    for (instance, (is_delivered, _, Reverse(id))) in best {
        if is_delivered || !behind.contains_key(instance) {
            behind.insert(instance.clone(), id.clone());
        }
    }
    let mut lesser: BTreeMap<&Str, (Time, Reverse<&Str>)> = BTreeMap::new();
    for (id, found) in links.iter().flat_map(|links| &links.addressed) {
        for (greater, &(_, last)) in found {
            let claim = (last, Reverse(greater));
            let mine = lesser.entry(id).or_insert(claim);
            *mine = claim.max(*mine);
        }
    }
    // Of an interface, the instance that it belongs to, and the identity that uses that instance.
    let through = |greater: &Str| behind.get(greater).unwrap_or(greater).clone();
    // Of a passport id, the name that it was seen with, and the object of that name.
    let greatest = |greater| lesser.get(greater).map_or(greater, |(_, Reverse(id))| *id);
    let lesser: Vec<_> = lesser
        .iter()
        .map(|(id, (_, Reverse(greater)))| ((*id).clone(), through(greatest(*greater))))
        .filter(|(id, greater)| id != greater)
        .collect();
    behind.extend(lesser);
    behind
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_keeps_the_identity_that_it_was_given_until_another_is_given() {
        let at = |hour: i64| Day(20_000).start().plus_secs(hour * 3_600);
        let assignment = |identity: &str| Assignment {
            instance: "prod/zone-b/batch".into(),
            identity: identity.into(),
        };
        let mut first = Links::new();
        first.assign(Provider::Gcp, &assignment("gcp:sa:old"), at(1));
        let mut second = Links::new();
        second.assign(Provider::Gcp, &assignment("gcp:sa:new"), at(30));
        let instance = instance_identity(Provider::Gcp, "prod/zone-b/batch");
        let behind_on = |day: i32, links: &Links| {
            behind(&[links], Day(20_000 + day), &BTreeMap::new())
                .get(&instance)
                .cloned()
        };
        let months_later = Links::new().following(&first);
        assert_eq!(behind_on(60, &months_later).as_deref(), Some("gcp:sa:old"));
        let later = second.clone().following(&months_later);
        assert_eq!(behind_on(61, &later).as_deref(), Some("gcp:sa:new"));
        assert_eq!(first.clone().following(&second), second.following(&first));
    }
    use crate::event::IdentityKind;

    const DAY: Day = Day(20_000);

    /// The links of calls: role, instance, whether the provider delivered the credentials to it, and second of the day.
    fn links<'a>(calls: impl IntoIterator<Item = &'a (String, String, bool, i64)>) -> Links {
        let mut links = Links::new();
        for (role, instance, is_delivered, at) in calls {
            let principal = Principal {
                id: role.as_str().into(),
                kind: IdentityKind::Workload,
                role: None,
                instance: Some(instance.as_str().into()),
                is_delivered: *is_delivered,
                aliases: Vec::new(),
                unique_id: None,
            };
            links.note(Provider::Aws, &principal, DAY.start().plus_secs(*at));
        }
        links
    }

    fn call(role: &str, n: usize, is_delivered: bool, at: i64) -> (String, String, bool, i64) {
        (role.to_owned(), format!("i-{n:08x}"), is_delivered, at)
    }

    fn role_of(links: &Links, n: usize) -> Option<Str> {
        behind(&[links], DAY, &BTreeMap::new())
            .get(&instance_identity(Provider::Aws, &format!("i-{n:08x}")))
            .cloned()
    }

    #[test]
    fn a_session_named_after_an_instance_does_not_get_its_flows() {
        let name_alone = [call("late", 1, false, 900), call("early", 1, false, 100)];
        assert_eq!(role_of(&links(&name_alone), 1).as_deref(), Some("late"));
        let with_own = [&name_alone[..], &[call("own", 1, true, 500)]].concat();
        assert_eq!(role_of(&links(&with_own), 1).as_deref(), Some("own"));
        let on_the_previous_day = links(&[call("own", 1, true, 500)]);
        let found = behind(
            &[&links(&name_alone), &on_the_previous_day],
            DAY,
            &BTreeMap::new(),
        );
        assert_eq!(found.values().map(|id| &**id).collect::<Vec<_>>(), ["own"]);
    }

    #[test]
    fn too_many_names_mean_nothing_and_take_no_room_in_any_order() {
        let mut calls: Vec<_> = (0..3 * NAMED_INSTANCES_MAX)
            .map(|n| call("loud", n, false, (n * 7 % 1_000) as i64))
            .collect();
        calls.extend([call("loud", 7, true, 3), call("calm", 8, false, 3)]);
        let all = links(&calls);
        assert_eq!(all, links(calls.iter().rev()));
        let (some, rest) = calls.split_at(NAMED_INSTANCES_MAX / 2);
        let mut merged = links(rest);
        merged.merge(links(some));
        assert_eq!(all, merged);
        assert_eq!(
            all.named.values().map(BTreeMap::len).sum::<usize>(),
            NAMED_INSTANCES_MAX + 2
        );
        let found = [6, 7, 8].map(|n| role_of(&all, n));
        assert_eq!(
            found.each_ref().map(Option::as_deref),
            [None, Some("loud"), Some("calm")]
        );
        assert!(role_of(&links(&calls[..NAMED_INSTANCES_MAX]), 6).is_some());
    }

    #[test]
    fn an_address_belongs_to_the_object_id_seen_with_it_last() {
        let principal = |id: &str, alias: &str| Principal {
            aliases: vec![alias.into()],
            ..Principal::new(id.into(), IdentityKind::Human)
        };
        let mut links = Links::new();
        let at = |secs| DAY.start().plus_secs(secs);
        links.note(
            Provider::Entra,
            &principal("entra:t/0-1", "ana@example.com"),
            at(9),
        );
        links.note(
            Provider::Entra,
            &principal("entra:t/0-2", "ana@example.com"),
            at(5),
        );
        links.note(
            Provider::Entra,
            &principal("entra:other/0-3", "ana@example.com"),
            at(20),
        );
        links.note(
            Provider::Entra,
            &principal("entra:t/upn/bo@example.com", "bo@example.com"),
            at(1),
        );
        let found = behind(&[&links], DAY, &BTreeMap::new());
        let who = found.get("entra:t/upn/ana@example.com");
        assert_eq!(who.map(|id| &**id), Some("entra:t/0-1"));
        assert_eq!(found.get("entra:t/upn/bo@example.com"), None);
        assert_eq!(found.len(), 2);
    }
}
