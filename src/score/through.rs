//! Through what an episode was done: which addresses, clients, sessions and credentials had how large a part in it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use rustc_hash::FxHashSet;

use crate::alert::{AuthenticationRecord, EventRecord, SourceRecord};
use crate::baseline::View;
use crate::event::{Event, Untrusted};
use crate::identity::ResolvedEvent;
use crate::measure::{EventAmounts, KnownThings, SignIn, SignIns, hash_in, value_hash};
use crate::score::contribution::{ArmResult, Contribution};
use crate::score::evidence_events::{counts_for, is_amount, is_new, record};
use crate::score::sign_in::session_of;
use crate::vocab::{Metric, Str, Trait};

/// Sources named in an alert.
const SOURCES_MAX: usize = 10;
/// Sources that are told apart in an episode: those that come first.
const TOLD_APART_MAX: usize = 4_096;
/// The sources that account for this share of what was counted are those of the act.
const SHARE_OF_ACT: f64 = 0.9;
/// From so many addresses on, an act is followed by its credentials, too: they change for each call.
const ADDRESSES_MANY: usize = 8;
/// Objects that are counted separately for sources.
const OBJECTS_MAX: usize = 1 << 18;

/// What tells sources apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    address: Option<IpAddr>,
    client: Str,
    session: Option<Str>,
    credential: Option<Str>,
}

impl Key {
    fn of(event: &Event) -> Self {
        Self {
            address: event.peer.ip,
            client: event.client.clone(),
            session: event.session.as_ref().map(|s| s.shared().clone()),
            credential: event.credential.clone(),
        }
    }
}

/// What one source did.
#[derive(Default)]
struct Part {
    /// Its place among the sources, in the order in which they came.
    number: u64,
    /// Events behind each contribution.
    behind: Vec<u64>,
    /// Events behind any amount or declared act.
    counted: u64,
    /// Events that show something new.
    shown: u64,
    /// Events that add to what the analytic measures.
    measured: u64,
    calls: u64,
    objects: u64,
    bytes: u64,
    network: Option<String>,
    country: Option<Str>,
    region: Option<Str>,
    user_agent: Option<Untrusted>,
    /// How the session of its events began, as they state it.
    session: Option<AuthenticationRecord>,
    /// The sign-in that its first event that counts rests on.
    signed_in: Option<SignIn>,
    /// How many sign-ins there had been on the day when that was looked up last.
    looked_up_after: Option<u64>,
}

/// The sources of an episode.
pub(super) struct Through<'a> {
    arm: &'a ArmResult,
    metrics: &'a BTreeSet<Metric>,
    /// What the entity is known for.
    known: KnownThings<'a>,
    parts: BTreeMap<Key, Part>,
    /// Pairs of a source and an object, by hash.
    objects: FxHashSet<u64>,
    /// The buckets of what is counted or measured, by hash.
    buckets: FxHashSet<u64>,
    /// The first event behind each contribution that is about single events.
    firsts: Vec<Option<EventRecord>>,
    /// The event with which each step of the arm's sequence began.
    steps: Vec<Option<EventRecord>>,
    /// Whose the first events were.
    first_keys: Vec<Option<(Option<IpAddr>, Option<Str>)>>,
    /// The event that shows most of what is new about the caller: its part of the surprise, and its region.
    newest: (f64, Option<Str>),
    last_region: Option<Str>,
    generation: View<'a>,
    /// The last sign-ins so far on this day, and the last of anybody.
    sign_ins: SignIns,
    n_sign_ins: u64,
    last_sign_in: Option<SignIn>,
}

/// The sources that an alert names, and which events belong to the same act.
pub(super) struct Sources {
    /// Most of what was counted first.
    pub records: Vec<SourceRecord>,
    /// The client of the first, as it named itself.
    pub user_agent: Option<Untrusted>,
    /// How its session began, as its events state it.
    pub session: Option<AuthenticationRecord>,
    /// The sign-in that it most likely rests on.
    pub signed_in: Option<SignIn>,
    /// The region of what is new, or else of the last event.
    pub region: Option<Str>,
    /// The first event behind each contribution that is about single events.
    pub firsts: Vec<Option<EventRecord>>,
    /// The event with which each step of the arm's sequence began.
    pub steps: Vec<Option<EventRecord>>,
    /// Of each of the first events, whether it came from elsewhere than what was counted.
    pub are_apart: Vec<bool>,
    metrics: BTreeSet<Metric>,
    buckets: FxHashSet<u64>,
    addresses: BTreeSet<IpAddr>,
    credentials: BTreeSet<Str>,
    /// Whether nothing tells what was counted from the rest.
    is_all: bool,
    /// Whether anything was counted, or adds to what the analytic measures.
    has_acts: bool,
}

impl<'a> Through<'a> {
    pub fn new(
        arm: &'a ArmResult,
        metrics: &'a BTreeSet<Metric>,
        known: KnownThings<'a>,
        generation: View<'a>,
    ) -> Self {
        Self {
            arm,
            metrics,
            known,
            parts: BTreeMap::new(),
            objects: FxHashSet::default(),
            buckets: FxHashSet::default(),
            firsts: vec![None; arm.contributions.len()],
            steps: vec![None; arm.sequence.iter().flat_map(|of| &of.steps).count()],
            first_keys: vec![None; arm.contributions.len()],
            newest: (0.0, None),
            last_region: None,
            generation,
            sign_ins: SignIns::new(),
            n_sign_ins: 0,
            last_sign_in: None,
        }
    }

    /// Adds the next event.
    pub fn add(&mut self, resolved: &ResolvedEvent, amounts: &EventAmounts) {
        let event = resolved.event;
        self.last_region = event.region.clone().or(self.last_region.take());
        if let Some((identity, sign_in)) = SignIn::of(resolved) {
            self.sign_ins.note(identity, sign_in.clone());
            self.last_sign_in = Some(sign_in);
            self.n_sign_ins += 1;
        }
        let steps = self.arm.sequence.iter().flat_map(|of| &of.steps);
        for (step, found) in steps.zip(&mut self.steps) {
            let is_first = found.is_none() && event.time >= step.time;
            if is_first && event.time.secs_since(step.time) < 60 {
                *found = Some(record(event));
            }
        }
        let contributions = &self.arm.contributions;
        let mut behind = vec![false; contributions.len()];
        let (mut is_counted, mut is_shown, mut weight) = (false, false, 0.0);
        for (at, contribution) in contributions.iter().enumerate() {
            let is_behind = counts_for(event.time, amounts, contribution);
            if !is_behind || !self.adds_news(amounts, contribution) {
                continue;
            }
            behind[at] = true;
            is_counted |= is_amount(contribution);
            is_shown |= is_new(contribution);
            if contribution.is_about_events() && self.firsts[at].is_none() {
                self.firsts[at] = Some(record(event));
                self.first_keys[at] = Some((event.peer.ip, event.credential.clone()));
            }
            if contribution.is_of_caller() {
                weight += contribution.surprise();
            }
        }
        // Of several that show as much, the latest is taken.
        if weight > 0.0 && weight >= self.newest.0 {
            self.newest = (weight, event.region.clone());
        }
        let is_measured = amounts.metrics().any(|m| self.metrics.contains(&m));
        let is_act = amounts.is_act();
        if (is_counted || is_measured) && self.buckets.len() < OBJECTS_MAX {
            let buckets = event.container.iter().chain(&event.copied_from);
            self.buckets
                .extend(buckets.map(|bucket| value_hash(bucket.raw())));
        }
        let key = Key::of(event);
        if self.parts.len() >= TOLD_APART_MAX && !self.parts.contains_key(&key) {
            return;
        }
        let number = self.parts.len() as u64;
        let part = self.parts.entry(key).or_insert_with(|| Part {
            number,
            behind: vec![0; contributions.len()],
            network: amounts.value(Trait::Network).map(str::to_owned),
            ..Part::default()
        });
        for (n, is_behind) in part.behind.iter_mut().zip(behind) {
            *n += u64::from(is_behind);
        }
        if (is_counted || is_shown || is_measured)
            && part.signed_in.is_none()
            && part.looked_up_after.replace(self.n_sign_ins) != Some(self.n_sign_ins)
            && let Some(identity) = &resolved.identity
        {
            let today = &self.sign_ins;
            let signed_in = self.generation.sign_in_before(identity, event, today);
            part.signed_in = signed_in.cloned();
        }
        part.counted += u64::from(is_counted);
        part.shown += u64::from(is_shown);
        part.measured += u64::from(is_measured);
        if is_act || is_counted || is_shown {
            part.calls += 1;
            part.bytes = part.bytes.saturating_add(event.bytes_out.unwrap_or(0));
            if let (Some(bucket), Some(object)) = (&event.container, &event.object) {
                let pair = hash_in(value_hash(bucket.raw()), object.raw());
                let of_source = pair.wrapping_add(part.number);
                if self.objects.len() < OBJECTS_MAX && self.objects.insert(of_source) {
                    part.objects += 1;
                }
            }
        }
        part.country = event.peer.country.clone().or(part.country.take());
        part.region = event.region.clone().or(part.region.take());
        part.user_agent = event.user_agent.clone().or(part.user_agent.take());
        if event.context.session_start.is_some() {
            part.session = session_of(event);
        }
    }

    /// Returns whether an event has something new, where a contribution counts nothing else: a bucket listed as ever is not behind the
    /// number of new ones.
    fn adds_news(&self, amounts: &EventAmounts, contribution: &Contribution) -> bool {
        let Contribution::Volume(reading) = contribution else {
            return true;
        };
        let of = reading.metric.new_of();
        of.is_none_or(|(all, which)| self.known.has_new(which, amounts.distinct(all)))
    }

    /// Returns the sources, once all events were added.
    pub fn sources(self) -> Sources {
        let contributions = &self.arm.contributions;
        let totals: Vec<u64> = (0..contributions.len())
            .map(|at| self.parts.values().map(|part| part.behind[at]).sum())
            .collect();
        let has_amounts = self.parts.values().any(|part| part.counted > 0);
        let has_shown = self.parts.values().any(|part| part.shown > 0);
        let has_measured = self.parts.values().any(|part| part.measured > 0);
        // Each contribution is shared equally among the events behind it.
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
        let n_counted = |part: &Part| match (has_amounts, has_shown, has_measured) {
            (true, ..) => part.counted,
            (_, true, _) => part.shown,
            (_, _, true) => part.measured,
            _ => part.calls,
        };
        let mut ranked: Vec<(f64, u64, Key, Part)> = self
            .parts
            .into_iter()
            .map(|(key, part)| (share(&part), n_counted(&part), key, part))
            .collect();
        ranked.sort_by(|a, b| {
            let by_share = b.0.total_cmp(&a.0).then(b.1.cmp(&a.1));
            // Of two that did as much, who shows something new is unusual.
            by_share
                .then_with(|| b.3.shown.cmp(&a.3.shown))
                .then_with(|| b.3.calls.cmp(&a.3.calls))
                .then_with(|| a.2.cmp(&b.2))
        });
        // What a day's work adds to a day with an attack makes it no part of it.
        let total: f64 = ranked.iter().map(|(share, ..)| share).sum();
        let mut so_far = 0.0;
        let n_most = ranked.iter().take_while(|(share, n, ..)| {
            let is_of_most = *n > 0 && (total <= 0.0 || so_far < SHARE_OF_ACT * total);
            so_far += share;
            is_of_most
        });
        let of_act = &ranked[..n_most.count()];
        let addresses: BTreeSet<IpAddr> = of_act
            .iter()
            .filter_map(|(.., key, _)| key.address)
            .collect();
        let credentials: BTreeSet<Str> = of_act
            .iter()
            .filter_map(|(.., key, _)| key.credential.clone())
            .collect();
        let are_apart = self.first_keys.iter().map(|key| {
            let (address, credential) = key.as_ref()?;
            let is_known = address.is_some() || credential.is_some();
            let is_joined = address.is_some_and(|a| addresses.contains(&a))
                || credential.as_ref().is_some_and(|c| credentials.contains(c));
            Some(has_amounts && is_known && !is_joined)
        });
        let are_apart = are_apart.map(Option::unwrap_or_default).collect();
        let region = match self.newest {
            (weight, region) if weight > 0.0 => region,
            _ => ranked
                .first()
                .and_then(|(.., part)| part.region.clone())
                .or(self.last_region),
        };
        let first = ranked.first().map(|(.., part)| part);
        Sources {
            user_agent: first.and_then(|part| part.user_agent.clone()),
            session: first.and_then(|part| part.session.clone()),
            // Where nothing counts, nothing tells the first event that does.
            signed_in: match has_amounts || has_shown || has_measured {
                true => first.and_then(|part| part.signed_in.clone()),
                false => self.last_sign_in,
            },
            region,
            firsts: self.firsts,
            steps: self.steps,
            are_apart,
            is_all: addresses.is_empty() && credentials.is_empty(),
            has_acts: has_amounts || has_shown || has_measured,
            metrics: self.metrics.clone(),
            buckets: self.buckets,
            addresses,
            credentials,
            records: ranked
                .into_iter()
                .filter(|(_, n, _, part)| *n > 0 || part.shown > 0)
                .take(SOURCES_MAX)
                .map(|(_, counted, key, part)| SourceRecord {
                    address: key.address.map(|ip| ip.to_string()),
                    network: part.network,
                    country: part.country.map(|country| country.to_string()),
                    client: (!key.client.is_empty()).then(|| key.client.to_string()),
                    session: key.session.map(|session| session.to_string()),
                    credential: key.credential.map(|credential| credential.to_string()),
                    calls: part.calls,
                    counted,
                    objects: part.objects,
                    bytes: part.bytes,
                })
                .collect(),
        }
    }
}

impl Sources {
    /// Returns whether an event is of the same act as what was counted: it adds to what the analytic measures, or does anything in a bucket
    /// of that, and comes from an address from which most of what was counted came; where that has none, or changes all the time, with one of
    /// its credentials. A flow has no caller, and is of the act of its machine.
    pub fn is_of_act(&self, event: &Event, amounts: &EventAmounts, arm: &ArmResult) -> bool {
        let has_credential = || {
            let credential = event.credential.as_ref();
            credential.is_none_or(|c| self.credentials.contains(c))
        };
        let is_followed = self.addresses.is_empty() || self.addresses.len() >= ADDRESSES_MANY;
        let shares_source = self.is_all
            || event.is_flow()
            || match event.peer.ip {
                Some(ip) => self.addresses.contains(&ip) || (is_followed && has_credential()),
                None => has_credential(),
            };
        let counts = || {
            let mut contributions = arm.contributions.iter();
            contributions.any(|of| counts_for(event.time, amounts, of))
        };
        let is_measured = || amounts.metrics().any(|m| self.metrics.contains(&m));
        let is_beside = || {
            let mut buckets = event.container.iter().chain(&event.copied_from);
            amounts.is_act() && buckets.any(|b| self.buckets.contains(&value_hash(b.raw())))
        };
        shares_source && (!self.has_acts || is_measured() || counts() || is_beside())
    }
}
