//! Through what an episode was done: which addresses, clients, sessions and credentials had how large a part in it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use rustc_hash::FxHashSet;

use crate::alert::{AuthenticationRecord, EventRecord, SourceRecord};
use crate::baseline::View;
use crate::event::{Event, Untrusted};
use crate::identity::ResolvedEvent;
use crate::measure::{EventAmounts, KnownThings, SignIn, SignIns, hash_in, value_hash};
use crate::score::contribution::{ArmResult, Contribution};
use crate::score::evidence_events::{counts_for, is_amount, is_new, record};
use crate::score::parts::{Breadth, Key, Parts, Ranked};
use crate::score::sign_in::session_of;
use crate::vocab::{Metric, Str, Trait};

/// Sources named in an alert.
const SOURCES_MAX: usize = 10;
/// The sources that account for this share of what was counted are those of the act.
const SHARE_OF_ACT: f64 = 0.9;
/// From so many addresses on, an act is followed by its credentials, too: they change for each call.
const ADDRESSES_MANY: usize = 8;
/// Objects of a source that are counted exactly, and buckets that are remembered.
const OBJECTS_MAX: usize = 1 << 18;

/// The sources of an episode.
pub(super) struct Through<'a> {
    arm: &'a ArmResult,
    metrics: &'a BTreeSet<Metric>,
    /// What the entity is known for.
    known: KnownThings<'a>,
    parts: Parts,
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

/// Where something came from.
struct Origin<'e> {
    address: Option<IpAddr>,
    client: &'e Str,
    session: Option<&'e Str>,
    credential: Option<&'e Str>,
    network: Option<&'e str>,
}

/// A client and a session.
type Caller = (Str, Str);

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
    /// The networks that stand for too many addresses.
    networks: BTreeSet<Str>,
    /// The sessions without a credential.
    sessions: BTreeSet<Caller>,
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
            parts: Parts::default(),
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
        let is_telling = is_counted || is_shown || is_measured;
        let part = self.parts.entry(Key::of(event), self.arm);
        if part.network.is_none() {
            part.network = amounts.value(Trait::Network).map(Str::from);
        }
        for (n, is_behind) in part.behind.iter_mut().zip(behind) {
            *n += u64::from(is_behind);
        }
        if is_telling
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
        part.sends_flows |= event.is_flow();
        part.country = event.peer.country.clone().or(part.country.take());
        part.region = event.region.clone().or(part.region.take());
        part.user_agent = event.user_agent.clone().or(part.user_agent.take());
        if event.context.session_start.is_some() {
            part.session = session_of(event);
        }
        if is_act || is_counted || is_shown {
            part.calls += 1;
            part.bytes = part.bytes.saturating_add(event.bytes_out.unwrap_or(0));
            if let (Some(bucket), Some(object)) = (&event.container, &event.object) {
                let pair = hash_in(value_hash(bucket.raw()), object.raw());
                let before = part.objects.kept();
                part.objects.insert(pair, OBJECTS_MAX);
                let after = part.objects.kept();
                self.parts.note_objects(before, after);
            }
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
        let (has_amounts, has_shown, has_measured) = self.parts.has();
        let ranked = self.parts.ranked(self.arm);
        let of_act = &ranked[..n_of_act(&ranked)];
        let keys = || of_act.iter().map(|source| &source.key);
        let addresses: BTreeSet<IpAddr> = keys().filter_map(|key| key.address).collect();
        let credentials: BTreeSet<Str> = keys().filter_map(|key| key.credential.clone()).collect();
        let networks: BTreeSet<Str> = keys().filter_map(network_of).collect();
        // Where there is no credential, a session tells as much.
        let sessions: BTreeSet<Caller> = keys()
            .filter(|key| key.credential.is_none() && key.breadth == Breadth::One)
            .filter_map(|key| Some((key.client.clone(), key.session.clone()?)))
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
                .and_then(|source| source.part.region.clone())
                .or(self.last_region),
        };
        let first = ranked.first().map(|source| &source.part);
        let mut sources = Sources {
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
            is_all: addresses.is_empty() && credentials.is_empty() && networks.is_empty(),
            has_acts: has_amounts || has_shown || has_measured,
            metrics: self.metrics.clone(),
            buckets: self.buckets,
            addresses,
            credentials,
            networks,
            sessions,
            records: Vec::new(),
        };
        sources.records = ranked
            .into_iter()
            .filter(|source| source.counted > 0 || source.part.shown > 0)
            .take(SOURCES_MAX)
            .map(|source| source_record(source, &sources))
            .collect();
        sources
    }
}

/// Returns how many of the sources, which are in the order of their share, account for most of what was counted. What a day's work adds to
/// a day with an attack makes it no part of it.
fn n_of_act(ranked: &[Ranked]) -> usize {
    let total: f64 = ranked.iter().map(|source| source.share).sum();
    let (mut n, mut so_far) = (0, 0.0);
    for (at, source) in ranked.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| ranked[at].share);
        // Of many that did as much as one another, none is more of the act than the next.
        let is_alike = || at >= ADDRESSES_MANY && before == Some(source.share);
        let is_of_most = total <= 0.0 || so_far < SHARE_OF_ACT * total || is_alike();
        if source.counted == 0 || !is_of_most {
            break;
        }
        so_far += source.share;
        n += 1;
    }
    n
}

/// Returns the network that a source stands for.
fn network_of(key: &Key) -> Option<Str> {
    match &key.breadth {
        Breadth::Network(network) => network.clone(),
        _ => None,
    }
}

fn source_record(source: Ranked, sources: &Sources) -> SourceRecord {
    let Ranked {
        counted, key, part, ..
    } = source;
    let origin = Origin {
        address: key.address,
        client: &key.client,
        session: key.session.as_ref(),
        credential: key.credential.as_ref(),
        network: part.network.as_deref(),
    };
    let is_of_act = part.sends_flows || sources.have(&origin);
    let text = |text: Str| text.to_string();
    let is_somewhere = key.breadth != Breadth::All;
    SourceRecord {
        is_of_act,
        address: key.address.map(|ip| ip.to_string()),
        network: part.network.filter(|_| is_somewhere).map(text),
        country: part.country.filter(|_| is_somewhere).map(text),
        client: (!key.client.is_empty()).then(|| key.client.to_string()),
        session: key.session.map(text),
        credential: key.credential.map(text),
        calls: part.calls,
        counted,
        objects: part.objects.count(),
        bytes: part.bytes,
    }
}

impl Sources {
    /// Returns whether most of what was counted came from there: from the address; where that has none, or changes all the time, with the
    /// credential, or in the session where there is no credential.
    fn have(&self, origin: &Origin) -> bool {
        let has_credential = || match (origin.credential, origin.session) {
            (Some(credential), _) => self.credentials.contains(credential),
            (None, Some(session)) => {
                let caller = (origin.client.clone(), session.clone());
                self.sessions.contains(&caller)
            }
            (None, None) => false,
        };
        let is_of_network = || {
            let network = origin.network;
            network.is_some_and(|network| self.networks.contains(network))
        };
        let is_followed = self.addresses.is_empty() || self.addresses.len() >= ADDRESSES_MANY;
        self.is_all
            || match origin.address {
                Some(ip) => {
                    self.addresses.contains(&ip)
                        || is_of_network()
                        || (is_followed && has_credential())
                }
                None => has_credential() || is_of_network(),
            }
    }

    /// Returns whether an event is of the same act as what was counted: it adds to what the analytic measures, or does anything in a bucket
    /// of that, and comes from an address from which most of what was counted came; where that has none, or changes all the time, with one of
    /// its credentials, or in one of its sessions where it has no credential. A flow has no caller, and is of the act of its machine.
    pub fn is_of_act(&self, event: &Event, amounts: &EventAmounts, arm: &ArmResult) -> bool {
        let origin = Origin {
            address: event.peer.ip,
            client: &event.client,
            session: event.session.as_ref().map(Untrusted::shared),
            credential: event.credential.as_ref(),
            network: amounts.value(Trait::Network),
        };
        let shares_source = event.is_flow() || self.have(&origin);
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
