//! What came through each source of an episode, in bounded room.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::alert::AuthenticationRecord;
use crate::event::{Event, Untrusted};
use crate::measure::SignIn;
use crate::score::contribution::{ArmResult, Contribution};
use crate::score::evidence_events::{is_amount, is_new};
use crate::score::things::Things;
use crate::vocab::Str;

/// Sources that are told apart: those that account for most. What came through others is counted by their addresses, then by their networks,
/// and last in one.
pub(super) const TOLD_APART_MAX: usize = 4_096;
/// Addresses and networks by which others are counted.
const ADDRESSES_MAX: usize = TOLD_APART_MAX / 2;
const NETWORKS_MAX: usize = TOLD_APART_MAX / 4;
/// Sources from which on room is made: so many more that it is made seldom.
const FULL: usize = 3 * TOLD_APART_MAX;
/// Objects that are counted exactly, of all sources together.
const OBJECTS_MAX: usize = 1 << 18;

/// What tells sources apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub address: Option<IpAddr>,
    pub client: Str,
    pub session: Option<Str>,
    pub credential: Option<Str>,
    pub breadth: Breadth,
}

/// What a source stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Breadth {
    /// Itself.
    One,
    /// Several of its address.
    Address,
    /// Several of a network.
    Network(Option<Str>),
    /// Several of many networks.
    All,
}

impl Key {
    pub fn of(event: &Event) -> Self {
        Self {
            address: event.peer.ip,
            client: event.client.clone(),
            session: event.session.as_ref().map(|s| s.shared().clone()),
            credential: event.credential.clone(),
            breadth: Breadth::One,
        }
    }

    /// Returns the next broader source that this one is a part of.
    fn broader(&self, network: Option<&Str>) -> Self {
        let address = self.address.filter(|_| self.breadth == Breadth::One);
        Self {
            address,
            client: Str::default(),
            session: None,
            credential: None,
            breadth: match &self.breadth {
                Breadth::One if address.is_some() => Breadth::Address,
                Breadth::One | Breadth::Address => Breadth::Network(network.cloned()),
                Breadth::Network(_) | Breadth::All => Breadth::All,
            },
        }
    }
}

/// What came through one source.
#[derive(Default)]
pub(super) struct Part {
    /// Events behind each contribution.
    pub behind: Vec<u64>,
    /// Events behind any amount or declared act.
    pub counted: u64,
    /// Events that show something new.
    pub shown: u64,
    /// Events that add to what the analytic measures.
    pub measured: u64,
    pub calls: u64,
    pub objects: Things,
    pub bytes: u64,
    pub network: Option<Str>,
    pub country: Option<Str>,
    pub region: Option<Str>,
    pub user_agent: Option<Untrusted>,
    /// How the session of its events began, as they state it.
    pub session: Option<AuthenticationRecord>,
    /// Whether it sent flows.
    pub sends_flows: bool,
    /// The sign-in that its first event that counts rests on.
    pub signed_in: Option<SignIn>,
    /// How many sign-ins there had been on the day when that was looked up last.
    pub looked_up_after: Option<u64>,
}

impl Part {
    /// Adds what came through a source that accounts for less.
    fn absorb(&mut self, other: Self) {
        self.behind.resize(other.behind.len(), 0);
        for (n, more) in self.behind.iter_mut().zip(other.behind) {
            *n += more;
        }
        self.counted += other.counted;
        self.shown += other.shown;
        self.measured += other.measured;
        self.calls += other.calls;
        self.objects.merge(other.objects);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.network = self.network.take().or(other.network);
        self.country = self.country.take().or(other.country);
        self.region = self.region.take().or(other.region);
        self.user_agent = self.user_agent.take().or(other.user_agent);
        self.sends_flows |= other.sends_flows;
        self.session = self.session.take().or(other.session);
        self.signed_in = self.signed_in.take().or(other.signed_in);
    }
}

/// A source, with its share and the number of its events that are counted.
pub(super) struct Ranked {
    pub share: f64,
    pub counted: u64,
    pub key: Key,
    pub part: Part,
}

/// The sources of an episode.
#[derive(Default)]
pub(super) struct Parts {
    of: BTreeMap<Key, Part>,
    /// Objects that are kept.
    n_objects: usize,
}

impl Parts {
    /// Returns the part of a source. Where there are too many of them, those that account for least are counted together first.
    pub fn entry(&mut self, key: Key, arm: &ArmResult) -> &mut Part {
        if self.of.len() >= FULL && !self.of.contains_key(&key) {
            self.make_room(arm);
        }
        self.of.entry(key).or_insert_with(|| Part {
            behind: vec![0; arm.contributions.len()],
            ..Part::default()
        })
    }

    /// Notes that something came from a source which had so many objects before. Of too many objects, those of the source with most are
    /// not kept any more, but estimated.
    pub fn note_objects(&mut self, before: usize, after: usize) {
        self.n_objects += after.saturating_sub(before);
        while self.n_objects > OBJECTS_MAX {
            let most = self.of.values_mut().max_by_key(|part| part.objects.kept());
            let Some(part) = most.filter(|part| part.objects.kept() > 0) else {
                return;
            };
            self.n_objects = self.n_objects.saturating_sub(part.objects.kept());
            part.objects.blur();
        }
    }

    fn make_room(&mut self, arm: &ArmResult) {
        let mut kept = BTreeMap::new();
        for (is_level, room) in [
            (is_one as fn(&Breadth) -> bool, TOLD_APART_MAX),
            (is_address, ADDRESSES_MAX),
            (is_network, NETWORKS_MAX),
        ] {
            // What is broader may have been so from the beginning.
            let (level, rest) = std::mem::take(&mut self.of)
                .into_iter()
                .partition(|(key, _)| is_level(&key.breadth));
            self.of = rest;
            for (place, ranked) in rank(level, arm).into_iter().enumerate() {
                let Ranked { key, part, .. } = ranked;
                if place < room {
                    kept.insert(key, part);
                } else {
                    let broader = key.broader(part.network.as_ref());
                    self.of.entry(broader).or_default().absorb(part);
                }
            }
        }
        self.of.append(&mut kept);
        let objects = self.of.values().map(|part| part.objects.kept());
        self.n_objects = objects.sum();
    }

    /// Returns whether any event is behind an amount, shows something new, or adds to what the analytic measures.
    pub fn has(&self) -> (bool, bool, bool) {
        has(&self.of)
    }

    /// Returns the sources, those with the greatest share first.
    pub fn ranked(self, arm: &ArmResult) -> Vec<Ranked> {
        rank(self.of, arm)
    }
}

fn is_one(breadth: &Breadth) -> bool {
    *breadth == Breadth::One
}

fn is_address(breadth: &Breadth) -> bool {
    *breadth == Breadth::Address
}

fn is_network(breadth: &Breadth) -> bool {
    matches!(breadth, Breadth::Network(_))
}

fn has(parts: &BTreeMap<Key, Part>) -> (bool, bool, bool) {
    let any = |of: fn(&Part) -> u64| parts.values().any(|part| of(part) > 0);
    (any(|p| p.counted), any(|p| p.shown), any(|p| p.measured))
}

/// Returns sources in the order of their share: each contribution is shared equally among the events behind it.
fn rank(parts: BTreeMap<Key, Part>, arm: &ArmResult) -> Vec<Ranked> {
    let (has_amounts, has_shown, has_measured) = has(&parts);
    let contributions = &arm.contributions;
    let totals: Vec<u64> = (0..contributions.len())
        .map(|at| parts.values().map(|part| part.behind[at]).sum())
        .collect();
    let share = |part: &Part| -> f64 {
        let each = contributions.iter().zip(&part.behind).zip(&totals);
        let ranks = |of: &Contribution| match has_amounts {
            true => is_amount(of),
            false => is_new(of),
        };
        each.filter(|((of, _), total)| ranks(of) && **total > 0)
            .map(|((of, n), total)| of.surprise() * *n as f64 / *total as f64)
            .sum()
    };
    let counted = |part: &Part| match (has_amounts, has_shown, has_measured) {
        (true, ..) => part.counted,
        (_, true, _) => part.shown,
        (_, _, true) => part.measured,
        _ => part.calls,
    };
    let mut ranked: Vec<Ranked> = parts
        .into_iter()
        .map(|(key, part)| Ranked {
            share: share(&part),
            counted: counted(&part),
            key,
            part,
        })
        .collect();
    ranked.sort_by(|a, b| {
        let by_share = b.share.total_cmp(&a.share);
        // Of two that did as much, who shows something new is unusual.
        by_share
            .then_with(|| b.counted.cmp(&a.counted))
            .then_with(|| b.part.shown.cmp(&a.part.shown))
            .then_with(|| b.part.calls.cmp(&a.part.calls))
            .then_with(|| a.key.cmp(&b.key))
    });
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u32) -> Key {
        Key {
            address: Some(IpAddr::from([10, (n >> 16) as u8, (n >> 8) as u8, n as u8])),
            client: "cli".into(),
            session: Some(n.to_string().into()),
            credential: Some(format!("k{n}").into()),
            breadth: Breadth::One,
        }
    }

    fn arm() -> ArmResult {
        ArmResult {
            arm: "A".into(),
            statistic: 4.0,
            news: 4.0,
            factor: 1.0,
            rank: 1.0,
            contributions: vec![Contribution::Weight(4.0)],
            sequence: None,
        }
    }

    /// Whoever comes when there is no room any more is found as well as who came first, and nothing is lost of all.
    #[test]
    fn who_accounts_for_most_is_found_whenever_it_comes() {
        const OTHERS: u32 = 40_000;
        const ACTS: u64 = 500;
        for heavy_from in [0, OTHERS / 2, OTHERS] {
            let (arm, mut parts) = (arm(), Parts::default());
            let heavy = key(1 << 23);
            let mut add = |key: Key, object: u64| {
                let network = format!("10.{}.0.0/16", object % 3);
                let part = parts.entry(key, &arm);
                part.network = Some(network.into());
                part.behind[0] += 1;
                part.shown += 1;
                part.calls += 1;
                part.bytes += 10;
                let before = part.objects.kept();
                part.objects.insert(object, OBJECTS_MAX);
                let after = part.objects.kept();
                parts.note_objects(before, after);
                assert!(parts.of.len() <= FULL);
            };
            for n in 0..=OTHERS {
                if n == heavy_from {
                    (0..ACTS).for_each(|object| add(heavy.clone(), object));
                }
                add(key(n), u64::from(n));
            }
            let ranked = parts.ranked(&arm);
            let found = ranked.iter().find(|source| source.key == heavy);
            let found = found.expect("it is told apart");
            assert_eq!((found.part.calls, found.part.objects.count()), (ACTS, ACTS));
            let single: Vec<_> = ranked.iter().filter(|s| is_one(&s.key.breadth)).collect();
            assert_eq!(single[0].key, heavy);
            let calls: u64 = ranked.iter().map(|source| source.part.calls).sum();
            assert_eq!(calls, ACTS + u64::from(OTHERS) + 1);
        }
    }
}
