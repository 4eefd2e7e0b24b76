//! Sign-ins that worked: who signed in, when, from where and how, so that what a session does later can be told with how it
//! began, on whatever day that was.

use std::borrow::Borrow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::event::{Action, Event};
use crate::identity::ResolvedEvent;
use crate::identity::address::network_of;
use crate::measure::bounds::{SIGN_INS_MAX, SIGN_INS_OF_ADDRESS_MAX, SIGNED_IN_MAX};
use crate::measure::{factor, value_hash};
use crate::time::Time;
use crate::vocab::{Str, Trait};

/// Days for which sign-ins are remembered. Web sessions are commonly valid for hours up to two weeks, and those that are kept for a
/// trusted device for a month; whoever goes on for longer than that is known by what he did in that month.
pub const SIGN_IN_DAYS: i32 = 30;
/// The most bytes of the texts that belong to one.
const TEXT_BYTES_MAX: usize = 1_024;
/// Parts of the names of operations that end a session; all logs name them so.
const ENDING: [&str; 8] = [
    "logout",
    "logoff",
    "loggedoff",
    "signout",
    "session.end",
    "session.impersonation.end",
    "session_invalidated",
    "session_reset",
];

/// A sign-in that worked. In order, the later one is greater.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SignIn {
    /// The time.
    pub at: Time,
    /// The event that records it.
    pub event_id: Str,
    /// The operation, as in `ConsoleLogin`.
    pub operation: Str,
    /// By what means, where the record states it.
    pub means: Option<Str>,
    /// Whether a second factor was used, where the record states it.
    pub mfa: Option<bool>,
    /// The address, where the record states it.
    pub from: Option<IpAddr>,
    /// The autonomous system of the address, where it is known.
    pub asn: Option<u32>,
    /// The country, where it is known.
    pub country: Option<Str>,
    /// Hashes of what the session is known by later: its name, the credential that it shows, and the one that it was given.
    known_by: [Option<u64>; 3],
    /// What of it the identity was not known for, once its day is learnt: from then on it is known for all of it.
    pub unusual: Option<Vec<Trait>>,
}

impl SignIn {
    /// Returns whose sign-in an event is, and how it was done. One that was refused begins no session, and neither does the end of one
    /// or a record that repeats another.
    pub fn of(resolved: &ResolvedEvent) -> Option<(Str, Self)> {
        let event = resolved.event;
        let is_sign_in = event.action == Action::Authenticate
            && event.outcome.has_worked()
            && event.counted
            && !ends_session(&event.op);
        let identity = resolved.identity.as_ref().filter(|_| is_sign_in)?;
        let hash = |text: &Str| value_hash(text);
        let sign_in = Self {
            at: event.time,
            event_id: event.id.clone(),
            operation: event.op.clone(),
            means: event.context.auth_method.clone(),
            mfa: event.context.mfa,
            from: event.peer.ip,
            asn: event.peer.asn,
            country: event.peer.country.clone(),
            known_by: [
                session_hash(event),
                event.credential.as_ref().map(hash),
                event.issued.as_ref().map(hash),
            ],
            unusual: None,
        };
        (sign_in.len() <= TEXT_BYTES_MAX).then(|| (identity.clone(), sign_in))
    }

    /// Returns the total bytes of its texts.
    fn len(&self) -> usize {
        let stated = [&self.means, &self.country].into_iter().flatten();
        let texts = stated.chain([&self.event_id, &self.operation]);
        texts.map(|text| text.len()).sum()
    }

    /// Returns whether it began the session of an event, as far as name and credential of the session tell.
    pub fn is_of_session(&self, event: &Event) -> bool {
        let shown = event.credential.as_ref().map(|shown| value_hash(shown));
        let is_same = |one: Option<u64>, other| one.is_some() && one == other;
        let [session, credential, issued] = self.known_by;
        is_same(session, session_hash(event))
            || is_same(credential, shown)
            || is_same(issued, shown)
    }

    /// Returns the same with what of it is new to the identity, as its day is learnt.
    #[must_use]
    pub fn learnt(&self, is_new: impl Fn(Trait, &str) -> bool) -> Self {
        let shown = self.shown();
        let unusual = shown.filter(|(which, value)| is_new(*which, value));
        Self {
            unusual: Some(unusual.map(|(which, _)| which).collect()),
            ..self.clone()
        }
    }

    /// Returns what it shows of the one who signed in, as traits name it: network, country and whether there was a second factor.
    pub fn shown(&self) -> impl Iterator<Item = (Trait, String)> {
        let factor = self.mfa.map(|has_second| factor(has_second).to_owned());
        let shown = [
            (Trait::Network, self.network()),
            (
                Trait::Country,
                self.country.as_ref().map(|country| country.to_string()),
            ),
            (Trait::AuthMethod, factor),
        ];
        let shown = shown.into_iter();
        shown.filter_map(|(which, value)| Some((which, value?)))
    }

    /// Returns whether another tells of the same sign-in; its day may be learnt or not.
    fn is_copy_of(&self, other: &Self) -> bool {
        fn told(of: &SignIn) -> impl PartialEq + '_ {
            let texts = [Some(&of.event_id), Some(&of.operation), of.means.as_ref()];
            (
                of.at,
                texts,
                of.mfa,
                (of.from, of.asn, &of.country),
                of.known_by,
            )
        }
        told(self) == told(other)
    }

    /// Returns the network that it came from, as traits name it.
    fn network(&self) -> Option<String> {
        match (self.asn, self.from) {
            (Some(number), _) => Some(format!("AS{number}")),
            (None, from) => from.map(|ip| network_of(ip).to_string()),
        }
    }
}

fn session_hash(event: &Event) -> Option<u64> {
    let session = event.session.as_ref();
    session.map(|session| value_hash(session.raw()))
}

fn ends_session(operation: &str) -> bool {
    let operation = operation.to_ascii_lowercase();
    ENDING.iter().any(|part| operation.contains(part))
}

/// The last sign-ins of each identity: a few, and of these a few from each address, so that whoever signs in all the time leaves
/// room for others. If there are too many identities, those with the lowest hashes are kept. So what is kept is a function of
/// the set of sign-ins: it is the same in any order of arrival, and of two halves put together as of the whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SignIns {
    /// The latest first.
    by_identity: BTreeMap<(u64, Str), Vec<SignIn>>,
}

impl SignIns {
    /// Creates an empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn note(&mut self, identity: Str, sign_in: SignIn) {
        let key = (value_hash(&identity), identity);
        if self.by_identity.len() >= SIGNED_IN_MAX
            && self
                .by_identity
                .last_key_value()
                .is_some_and(|(last, _)| *last < key)
        {
            return;
        }
        let known = self.by_identity.entry(key).or_default();
        if let Err(at) = known.binary_search_by(|other| sign_in.cmp(other)) {
            known.insert(at, sign_in);
            keep_few(known);
        }
        if self.by_identity.len() > SIGNED_IN_MAX {
            self.by_identity.pop_last();
        }
    }

    /// Adds others.
    pub fn merge(&mut self, other: &Self) {
        for (identity, of_identity) in other.iter() {
            for sign_in in of_identity {
                self.note(identity.clone(), sign_in.clone());
            }
        }
    }

    /// Forgets those before an instant.
    pub fn forget_before(&mut self, oldest: Time) {
        self.by_identity.retain(|_, of_identity| {
            of_identity.retain(|sign_in| sign_in.at >= oldest);
            !of_identity.is_empty()
        });
    }

    /// Returns those of an identity, the latest first.
    pub fn of(&self, identity: &Str) -> &[SignIn] {
        let key = (value_hash(identity), identity.clone());
        self.by_identity.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Returns all of them by identity, in an order of their own.
    pub fn iter(&self) -> impl Iterator<Item = (&Str, &Vec<SignIn>)> {
        let all = self.by_identity.iter();
        all.map(|((_, identity), of_identity)| (identity, of_identity))
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_identity.is_empty()
    }
}

impl Extend<(Str, Vec<SignIn>)> for SignIns {
    fn extend<T: IntoIterator<Item = (Str, Vec<SignIn>)>>(&mut self, all: T) {
        for (identity, of_identity) in all {
            for sign_in in of_identity {
                self.note(identity.clone(), sign_in);
            }
        }
    }
}

/// Returns those of some sign-ins of one identity that would be kept of them, the latest first.
pub fn last_sign_ins<'s>(all: impl IntoIterator<Item = &'s SignIn>) -> Vec<&'s SignIn> {
    let mut latest_first: Vec<&SignIn> = all.into_iter().collect();
    latest_first.sort_unstable_by_key(|&sign_in| Reverse(sign_in));
    latest_first.dedup_by(|copy, kept| copy.is_copy_of(kept));
    keep_few(&mut latest_first);
    latest_first
}

/// Drops what is too much. Of what is dropped here, enough that is later is kept, so it would be dropped among more as well.
fn keep_few(latest_first: &mut Vec<impl Borrow<SignIn>>) {
    let mut at = 0;
    while let Some(sign_in) = latest_first.get(at) {
        let from = sign_in.borrow().from;
        let later = latest_first[..at].iter().map(Borrow::borrow);
        let n_later = later.filter(|later| later.from == from).count();
        if n_later >= SIGN_INS_OF_ADDRESS_MAX || at >= SIGN_INS_MAX {
            latest_first.remove(at);
        } else {
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::{AddressClass, Outcome, Provider, Source};
    use crate::time::Day;

    fn sign_in((second, id, address): (i64, u8, u8)) -> SignIn {
        SignIn {
            at: Day(20_000).start().plus_secs(second),
            event_id: format!("event-{id}").into(),
            operation: "user_login".into(),
            means: None,
            mfa: None,
            from: (address > 0).then(|| IpAddr::from([192, 0, 2, address])),
            asn: None,
            country: None,
            known_by: [None; 3],
            unusual: None,
        }
    }

    fn added<'s>(all: impl IntoIterator<Item = &'s (u8, (i64, u8, u8))>) -> SignIns {
        let mut known = SignIns::new();
        for &(identity, of) in all {
            known.note(format!("user-{identity}").into(), sign_in(of));
        }
        known
    }

    proptest! {
        /// Many of few identities, at few instants and from few addresses, so that all bounds of an identity are reached.
        #[test]
        fn law_1_sign_ins_are_the_same_in_any_order_split_and_repeated(
            all in prop::collection::vec((0u8..3, (0i64..40, 0u8..4, 0u8..7)), 0..120),
            at in 0usize..120,
            shuffled in any::<u64>(),
            oldest in 0i64..40,
        ) {
            let whole = added(&all);
            prop_assert_eq!(&whole, &added(all.iter().rev()));
            prop_assert_eq!(&whole, &added(all.iter().chain(&all)));
            let mut order: Vec<_> = all.iter().collect();
            order.sort_by_key(|of| value_hash(&format!("{shuffled} {of:?}")));
            let (one, other) = order.split_at(at.min(order.len()));
            let (mut one, mut other) = (added(one.iter().copied()), added(other.iter().copied()));
            let mut merged = other.clone();
            merged.merge(&one);
            prop_assert_eq!(&whole, &merged);
            one.merge(&other);
            prop_assert_eq!(&whole, &one);
            for (identity, of_identity) in whole.iter() {
                let of_parts = last_sign_ins(one.of(identity).iter().chain(other.of(identity)));
                prop_assert!(of_parts.into_iter().eq(of_identity));
            }
            // Forgetting before or after they are put together is the same.
            let oldest = Day(20_000).start().plus_secs(oldest);
            let mut later = whole.clone();
            later.forget_before(oldest);
            other.forget_before(oldest);
            one.merge(&other);
            one.forget_before(oldest);
            prop_assert_eq!(&later, &one);
            for (_, of_identity) in whole.iter() {
                prop_assert!(of_identity.len() <= SIGN_INS_MAX && of_identity.is_sorted_by(|a, b| a > b));
            }
        }
    }

    #[test]
    fn what_begins_a_session_is_a_sign_in() {
        let mut event = Event::new(
            Day(20_000).start(),
            "1".into(),
            Provider::Okta,
            Source::OktaSystem,
        );
        event.action = Action::Authenticate;
        event.outcome = Outcome::Success;
        event.op = "user.session.start".into();
        event.credential = Some("session-1".into());
        event.peer.ip = Some(IpAddr::from([203, 0, 113, 9]));
        event.peer.country = Some("BR".into());
        event.context.mfa = Some(false);
        let of = |event: &Event| {
            SignIn::of(&ResolvedEvent {
                event,
                identity: Some("okta:-/User/ana".into()),
                region: None,
                peer_class: AddressClass::External,
                sensitive: false,
                source_sensitive: false,
            })
        };
        let (identity, sign_in) = of(&event).expect("a sign-in");
        assert_eq!(&*identity, "okta:-/User/ana");
        let with = |change: &dyn Fn(&mut Event)| {
            let mut other = event.clone();
            change(&mut other);
            other
        };
        let others: [&dyn Fn(&mut Event); 5] = [
            &|event| event.outcome = Outcome::Failure,
            &|event| event.op = "user.session.end".into(),
            &|event| event.counted = false,
            &|event| event.action = Action::ReadObject,
            &|event| event.op = "x".repeat(2_000).as_str().into(),
        ];
        for change in others {
            assert!(of(&with(change)).is_none());
        }
        let acts = with(&|event| event.action = Action::ReadObject);
        assert!(sign_in.is_of_session(&acts));
        assert!(!sign_in.is_of_session(&with(&|event| event.credential = None)));

        let learnt = sign_in.learnt(|which, value| which != Trait::Country || value != "BR");
        let expected = [Trait::Network, Trait::AuthMethod];
        assert_eq!(learnt.unusual.as_deref(), Some(&expected[..]));
        // Of the two copies, the one whose day is learnt knows more.
        for copies in [[&sign_in, &learnt], [&learnt, &sign_in]] {
            assert_eq!(last_sign_ins(copies), [&learnt]);
        }
    }

    #[test]
    fn whoever_signs_in_all_the_time_leaves_room_for_others() {
        let mut known = added(&[(0, (5, 0, 66))]);
        for second in 10..90 {
            known.note("user-0".into(), sign_in((second, 0, 1 + second as u8 % 3)));
        }
        let of_identity = known.of(&"user-0".into());
        let from: Vec<_> = of_identity.iter().map(|of| of.from).collect();
        assert_eq!(from.len(), 7);
        assert_eq!(from.last(), Some(&sign_in((0, 0, 66)).from));
        assert!(known.of(&"user-1".into()).is_empty());
    }

    #[test]
    fn of_too_many_identities_the_same_are_kept_in_any_order() {
        let n = SIGNED_IN_MAX + 1_000;
        let added = |numbers: &mut dyn Iterator<Item = usize>| {
            let mut known = SignIns::new();
            for number in numbers {
                known.note(format!("user-{number}").into(), sign_in((9, 0, 1)));
            }
            known
        };
        let forth = added(&mut (0..n));
        assert_eq!(forth.by_identity.len(), SIGNED_IN_MAX);
        assert_eq!(forth, added(&mut (0..n).rev()));
        let (mut one, other) = (added(&mut (0..n / 3)), added(&mut (n / 3..n)));
        one.merge(&other);
        assert_eq!(forth, one);
    }
}
