//! What one event adds to the facts of its subjects.

use std::cell::Cell;
use std::fmt::{self, Write as _};
use std::net::IpAddr;
use std::ops::Range;

use smallvec::SmallVec;

use crate::event::{Action, AddressClass, Event, LISTED, Outcome};
use crate::identity::ResolvedEvent;
use crate::identity::address::network_of;
use crate::measure::grants::destination_of;
use crate::measure::{
    DayFacts, EVERYBODY, Grant, Mark, Minute, Plan, denied_group, hash_in, value_hash,
};
use crate::time::Window;
use crate::vocab::{BurstKind, Metric, Str, Trait};

/// Returns the stored value of a sign-in with a second factor, or without one, beside its method.
pub const fn factor(has_second: bool) -> &'static str {
    match has_second {
        true => "mfa",
        false => "no mfa",
    }
}

thread_local! {
    /// The buffer of the last event, so that not each needs one of its own.
    static WRITTEN: Cell<String> = const { Cell::new(String::new()) };
}

/// What one event adds to the facts of all its subjects.
pub struct EventAmounts<'a> {
    resolved: &'a ResolvedEvent<'a>,
    // Room for what nearly every event adds.
    sums: SmallVec<[(Metric, u64); 6]>,
    distinct: SmallVec<[(Metric, u64); 6]>,
    minute: Minute,
    traits: SmallVec<[(Trait, u64, Value<'a>); 10]>,
    grants: Vec<Grant>,
    marks: SmallVec<[Mark; 2]>,
    /// Buffer for values that are not a text of the event.
    written: String,
}

impl Drop for EventAmounts<'_> {
    fn drop(&mut self) {
        let mut written = std::mem::take(&mut self.written);
        written.clear();
        WRITTEN.set(written);
    }
}

/// A trait value, most often one that its subject has shown before: only a new one needs a text of its own.
enum Value<'a> {
    Shared(&'a Str),
    Written(Range<usize>),
}

impl<'a> EventAmounts<'a> {
    /// Computes what an event adds.
    pub fn of(resolved: &'a ResolvedEvent<'a>) -> Self {
        let mut amounts = Self {
            resolved,
            sums: SmallVec::new(),
            distinct: SmallVec::new(),
            minute: Minute::default(),
            traits: SmallVec::new(),
            grants: Vec::new(),
            marks: SmallVec::new(),
            written: WRITTEN.take(),
        };
        amounts.add_context();
        let event = resolved.event;
        // What destroys, blinds or starts does so through a template or a service, too.
        if event.counted && (event.context.via.is_none() || is_of_consequence(event.action)) {
            amounts.add_amounts();
        }
        amounts
    }

    fn add_amounts(&mut self) {
        let event: &'a Event = self.resolved.event;
        if event.outcome == Outcome::Denied {
            if is_measured(event.action) {
                self.sums.push((Metric::DeniedCalls, 1));
                if event.action != Action::EnumerateDirectory {
                    let bucket = event.container.as_ref().map(|b| value_hash(b.raw()));
                    let group = denied_group(bucket, origin_address(event));
                    self.mark(BurstKind::DeniedCalls, group, value_hash(&event.id));
                    if let Some(bucket) = bucket {
                        self.mark(BurstKind::DeniedBuckets, origin_address(event), bucket);
                    }
                }
            }
            return;
        }
        let worked = event.outcome.has_worked()
            || (event.outcome == Outcome::NotConfigured && event.action == Action::ReadPosture);
        if !worked {
            return;
        }
        let bucket = event.container.as_ref().map(|b| value_hash(b.raw()));
        match event.action {
            Action::ListObjects | Action::ListBuckets => self.add_listing(event, bucket),
            Action::ReadObject => self.add_read(event, bucket),
            Action::WriteObject => self.sums.push((Metric::WriteCalls, 1)),
            Action::CopyObject => self.add_copy(event),
            Action::DeleteObject => self.add_deletion(event, bucket),
            Action::DeleteBucket => {
                self.sums.push((Metric::DeleteCalls, 1));
                let deleted = bucket.unwrap_or_else(|| value_hash(&event.id));
                self.distinct.push((Metric::BucketsDeleted, deleted));
            }
            Action::ExpireObjects => {
                self.sums
                    .push((Metric::ExpiryRules, event.items.unwrap_or(1).max(1)));
                self.add_grant(event);
            }
            Action::BlindLog => {
                self.sums.push((Metric::BlindingCalls, 1));
                self.add_grant(event);
            }
            Action::GrantScope => self
                .sums
                .push((Metric::ScopeGrants, (event.scopes.len() as u64).max(1))),
            Action::ReadPosture => {
                if let Some(bucket) = bucket {
                    self.distinct.push((Metric::PostureBuckets, bucket));
                    if event.context.console_stated != Some(true) {
                        self.mark(BurstKind::PostureBuckets, origin_address(event), bucket);
                    }
                }
            }
            Action::WritePosture => self.add_grant(event),
            Action::EnumerateDirectory => {
                self.sums.push((Metric::DirectoryCalls, 1));
                let family = value_hash(&event.op);
                self.distinct.push((Metric::DirectoryFamilies, family));
                if event.context.console_stated != Some(true) {
                    self.mark(BurstKind::DirectoryFamilies, origin_address(event), family);
                }
            }
            Action::EgressFlow => {
                if let Some(ip) = event.destination.ip {
                    self.add_egress(event.bytes_out.unwrap_or(0), ip);
                }
            }
            Action::CreateIdentity
            | Action::CreateCredential
            | Action::AssumeRole
            | Action::Authenticate
            | Action::Finding
            | Action::ListData
            | Action::Other => {}
            Action::ReadSecret => self.add_secrets(event),
            Action::ReadData => self.add_data(event, Metric::DataCalls, Metric::DataStoresRead),
            Action::PullImage => {
                self.add_data(event, Metric::ExportCalls, Metric::StoresExported);
            }
            Action::StartCompute => self
                .sums
                .push((Metric::MachinesStarted, event.items.unwrap_or(1).max(1))),
        }
        if let (true, Some(region)) = (event.regional && works(event.action), &event.region) {
            self.distinct
                .push((Metric::RegionsUsed, value_hash(region)));
            self.add_trait(Trait::WorkRegion, region);
        }
        if let Some(blinding) = &event.blinding {
            let target = blinding.target.as_ref().map_or("", |target| target.raw());
            self.add_written(Trait::Blinding, format_args!("{} {target}", event.op));
        }
        if event.action == Action::GrantScope {
            for scope in &event.scopes {
                self.add_trait(Trait::GrantedScope, scope);
            }
        }
    }

    fn add_listing(&mut self, event: &Event, bucket: Option<u64>) {
        self.sums.push((Metric::ListCalls, 1));
        if let Some(bytes) = event.bytes_out.filter(|&bytes| bytes > 0) {
            self.sums.push((Metric::ListBytes, bytes));
        }
        if let (Some(bucket), Action::ListObjects) = (bucket, event.action) {
            self.distinct.push((Metric::BucketsListed, bucket));
            let prefix = event.prefix.as_ref().map_or("", |p| p.raw());
            self.distinct
                .push((Metric::PrefixesListed, hash_in(bucket, prefix)));
            if self.resolved.sensitive {
                self.distinct.push((Metric::SensitiveBuckets, bucket));
            }
        }
    }

    fn add_deletion(&mut self, event: &Event, bucket: Option<u64>) {
        self.sums.push((Metric::DeleteCalls, 1));
        self.sums
            .push((Metric::ObjectsDeleted, event.items.unwrap_or(1).max(1)));
        self.distinct
            .extend(bucket.map(|b| (Metric::BucketsDeletedFrom, b)));
    }

    fn add_read(&mut self, event: &Event, bucket: Option<u64>) {
        self.sums.push((Metric::ReadCalls, 1));
        self.minute.read_calls = 1;
        self.distinct
            .extend(bucket.map(|b| (Metric::BucketsRead, b)));
        let bytes = event.bytes_out.unwrap_or(0);
        if bytes > 0 {
            self.sums.push((Metric::BytesRead, bytes));
        }
        if let (Some(bucket), Some(object)) = (bucket, &event.object) {
            self.distinct
                .push((Metric::ObjectsRead, hash_in(bucket, object.raw())));
        }
        if let (Some(bucket), Some(object)) = (&event.container, &event.object) {
            let prefix = self.join([bucket.raw(), "/", first_part(object.raw())]);
            let hash = value_hash(&self.written[prefix.clone()]);
            self.distinct.push((Metric::PrefixesRead, hash));
            self.traits
                .push((Trait::Prefix, hash, Value::Written(prefix)));
        }
        if self.resolved.sensitive {
            self.add_sensitive(bucket);
        }
        if let (AddressClass::External, Some(ip)) = (self.resolved.peer_class, event.peer.ip) {
            self.add_egress(bytes, ip);
            // A log that states no bytes, as Google's does, still shows that something left, and when.
            self.minute.egress_unsized = event.bytes_out.is_none();
        }
    }

    fn add_secrets(&mut self, event: &Event) {
        self.sums
            .push((Metric::SecretCalls, event.items.unwrap_or(1).max(1)));
        self.add_named(event, Metric::SecretsRead);
    }

    fn add_data(&mut self, event: &Event, calls: Metric, stores: Metric) {
        self.sums.push((calls, 1));
        self.add_named(event, stores);
    }

    /// Adds the distinct things that a call names. Those of one name in two accounts are two.
    fn add_named(&mut self, event: &Event, metric: Metric) {
        let place = value_hash(event.account.as_deref().unwrap_or_default());
        let name = event.object.as_ref().map_or(&*event.id, |name| name.raw());
        let is_list = event.items.is_some_and(|n| n > 1);
        let listed = name.split(LISTED).filter(|_| is_list);
        let whole = (!is_list).then_some(name);
        let names = listed.chain(whole);
        self.distinct
            .extend(names.map(|name| (metric, hash_in(place, name))));
    }

    fn add_sensitive(&mut self, bucket: Option<u64>) {
        self.sums.push((Metric::SensitiveReadCalls, 1));
        self.distinct
            .extend(bucket.map(|b| (Metric::SensitiveBuckets, b)));
        if self.resolved.peer_class == AddressClass::External {
            self.sums.push((Metric::SensitiveExternalCalls, 1));
        }
    }

    fn add_copy(&mut self, event: &Event) {
        self.sums.push((Metric::CopyCalls, 1));
        // What is copied out of no bucket, and has a name, is a table or a database as a whole.
        let is_from_bucket = event.copied_from.is_some() || event.container.is_some();
        if !is_from_bucket && event.object.is_some() {
            self.add_data(event, Metric::ExportCalls, Metric::StoresExported);
        }
        // A replication or export that is only configured names no object and moves no data yet; its receiver counts as a
        // grant.
        if self.resolved.source_sensitive && event.copied_from.is_some() && event.object.is_some() {
            self.add_sensitive(
                event
                    .copied_from
                    .as_ref()
                    .or(event.container.as_ref())
                    .map(|b| value_hash(b.raw())),
            );
        }
        self.add_grant(event);
    }

    fn add_grant(&mut self, event: &Event) {
        let Some(account) = &event.destination.account else {
            return;
        };
        let Some(bucket) = event.copied_from.as_ref().or(event.container.as_ref()) else {
            return;
        };
        let sensitive = self.resolved.sensitive || self.resolved.source_sensitive;
        self.grants.push(Grant {
            bucket: bucket.shared().clone(),
            account: account.clone(),
            sensitive,
            is_grant: event.action != Action::CopyObject,
        });
    }

    fn mark(&mut self, kind: BurstKind, group: u64, value: u64) {
        self.marks.push(Mark { kind, group, value });
    }

    fn add_egress(&mut self, bytes: u64, ip: IpAddr) {
        if bytes > 0 {
            self.sums.push((Metric::EgressBytes, bytes));
            self.minute.egress_bytes = bytes;
        }
        let address = self.write(format_args!("{ip}"));
        self.distinct.push((
            Metric::EgressDestinations,
            value_hash(&self.written[address]),
        ));
        self.add_written(Trait::Destination, format_args!("{}", network_of(ip)));
    }

    fn add_context(&mut self) {
        let event = self.resolved.event;
        if event.is_flow() {
            return;
        }
        if let (true, Some(region)) = (event.regional, &event.region) {
            self.add_trait(Trait::Region, region);
        }
        if event.context.via.is_some() {
            return;
        }
        self.add_location(event);
        if event.user_agent.is_some() {
            self.add_trait(Trait::UserAgent, &event.client);
        }
        let action = self.join([&event.service, ":", &event.op]);
        self.add_joined(Trait::Action, action);
        if let Some(bucket) = event
            .container
            .as_ref()
            .filter(|_| event.outcome != Outcome::Denied)
        {
            self.add_trait(Trait::Bucket, bucket.shared());
        }
        if let Some(credential) = &event.credential {
            self.add_trait(Trait::Credential, credential);
        }
        if let Some(method) = &event.context.auth_method {
            self.add_trait(Trait::AuthMethod, method);
        }
        if let (Action::Authenticate, Some(mfa)) = (event.action, event.context.mfa) {
            self.add_written(Trait::AuthMethod, format_args!("{}", factor(mfa)));
        }
        if let Some(application) = &event.application {
            self.add_trait(Trait::Application, application);
        }
        // The scopes that a call grants are another's.
        if event.action != Action::GrantScope {
            for scope in &event.scopes {
                self.add_trait(Trait::Scope, scope);
            }
        }
        if let Some(account) = &event.destination.account {
            match event.copied_from.as_ref().or(event.container.as_ref()) {
                Some(bucket) if **account == *EVERYBODY => {
                    let destination = destination_of(account, Some(bucket.shared()));
                    self.add_written(Trait::Destination, format_args!("{destination}"));
                }
                _ => self.add_trait(Trait::Destination, account),
            }
        } else if let (Action::CopyObject, Some(bucket)) =
            (event.action, &event.destination.container)
        {
            self.add_trait(Trait::Destination, bucket.shared());
        }
    }

    /// Adds the origin of a call, unless that is a provider's own infrastructure.
    fn add_location(&mut self, event: &'a Event) {
        let (peer, class) = (&event.peer, self.resolved.peer_class);
        if class == AddressClass::CloudInternal {
            return;
        }
        if let Some(country) = &peer.country {
            self.add_trait(Trait::Country, country);
            if event.outcome.has_worked() {
                self.mark(BurstKind::Countries, 0, value_hash(country));
            }
        }
        let is_somewhere = matches!(class, AddressClass::External | AddressClass::Internal);
        match (peer.asn, peer.ip.filter(|_| is_somewhere)) {
            (Some(number), _) => self.add_written(Trait::Network, format_args!("AS{number}")),
            (None, Some(ip)) => {
                self.add_written(Trait::Network, format_args!("{}", network_of(ip)));
            }
            (None, None) => {}
        }
    }

    fn add_trait(&mut self, which: Trait, value: &'a Str) {
        self.traits
            .push((which, value_hash(value), Value::Shared(value)));
    }

    fn add_written(&mut self, which: Trait, value: fmt::Arguments) {
        let range = self.write(value);
        self.add_joined(which, range);
    }

    /// Writes parts of a text after one another.
    fn join<const N: usize>(&mut self, parts: [&str; N]) -> Range<usize> {
        let start = self.written.len();
        parts
            .into_iter()
            .for_each(|part| self.written.push_str(part));
        start..self.written.len()
    }

    fn add_joined(&mut self, which: Trait, range: Range<usize>) {
        let hash = value_hash(&self.written[range.clone()]);
        self.traits.push((which, hash, Value::Written(range)));
    }

    fn write(&mut self, value: fmt::Arguments) -> Range<usize> {
        let start = self.written.len();
        // Writing to a string cannot fail.
        self.written.write_fmt(value).ok();
        start..self.written.len()
    }

    /// Adds the contribution to the facts of one subject.
    pub fn add_to(&self, facts: &mut DayFacts, plan: &Plan) {
        let event = self.resolved.event;
        facts.see(event.time, event.principal.as_ref().map(|p| p.kind));
        if let (true, Some(region)) = (event.regional, &event.region) {
            facts.note_region(event.time, region);
        }
        for &(metric, amount) in &self.sums {
            facts.add_sum(metric, Window::TEN_MINUTES, event.time, amount);
            for window in plan.odd_windows(metric) {
                facts.add_sum(metric, window, event.time, amount);
            }
        }
        for &(metric, hash) in &self.distinct {
            facts.add_distinct(metric, Window::TEN_MINUTES, event.time, hash);
            for window in plan.odd_windows(metric) {
                facts.add_distinct(metric, window, event.time, hash);
            }
        }
        if self.minute != Minute::default() {
            facts.add_minute(event.time, self.minute);
        }
        for mark in &self.marks {
            for &key in plan.bursts.iter().filter(|key| key.kind == mark.kind) {
                facts.add_mark(key, event.time, mark);
            }
        }
        for (which, hash, value) in &self.traits {
            let (text, was_there): (&str, bool) = match value {
                Value::Shared(text) => (
                    text,
                    facts.add_trait(*which, *hash, text, || (*text).clone()),
                ),
                Value::Written(range) => {
                    let text = &self.written[range.clone()];
                    (text, facts.add_trait(*which, *hash, text, || text.into()))
                }
            };
            if !was_there {
                facts.watch(*which, *hash, text, plan);
            }
        }
        for &(which, metric) in &plan.beyond {
            let is_shown = |(shown, ..): &(Trait, u64, Value)| *shown == which;
            if self.metrics().any(|m| m == metric) && !self.traits.iter().any(is_shown) {
                facts.note_lack(which, metric);
            }
        }
        facts.sends_flows |= event.is_flow() && event.action == Action::EgressFlow;
        for grant in &self.grants {
            facts.grants.add(grant.clone(), 1);
        }
    }

    /// Returns whether the event shows a value of a trait.
    pub fn shows(&self, which: Trait, value: &str) -> bool {
        let hash = value_hash(value);
        self.traits
            .iter()
            .any(|&(shown, shown_hash, _)| shown == which && shown_hash == hash)
    }

    /// Returns what the event adds to bursts.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Returns what the event grants to other accounts.
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// Returns the value of a trait that the event shows, the first of several.
    pub fn value(&self, which: Trait) -> Option<&str> {
        let (.., value) = self.traits.iter().find(|(shown, ..)| *shown == which)?;
        Some(match value {
            Value::Shared(text) => text,
            Value::Written(range) => &self.written[range.clone()],
        })
    }

    /// Returns how much the event adds to a metric that is a sum.
    pub fn sum(&self, metric: Metric) -> u64 {
        let of_metric = self.sums.iter().filter(|(of, _)| *of == metric);
        of_metric.map(|(_, amount)| amount).sum()
    }

    /// Returns the hashes of what the event adds to a metric that counts distinct things.
    pub fn distinct(&self, metric: Metric) -> impl Iterator<Item = u64> + '_ {
        let of_metric = self.distinct.iter().filter(move |(of, _)| *of == metric);
        of_metric.map(|&(_, hash)| hash)
    }

    /// Returns whether the event does anything with storage, data or directories, and not only shows who is there.
    pub fn is_act(&self) -> bool {
        self.metrics().any(Metric::is_learnt) || !self.grants.is_empty()
    }

    /// Returns the metrics that the event adds to.
    pub fn metrics(&self) -> impl Iterator<Item = Metric> + '_ {
        self.sums
            .iter()
            .map(|&(metric, _)| metric)
            .chain(self.distinct.iter().map(|&(metric, _)| metric))
    }
}

/// Returns the origin of a call, as a hash.
fn origin_address(event: &Event) -> u64 {
    match (&event.peer.ip, &event.peer.host) {
        (Some(ip), _) => value_hash(&ip.to_string()),
        (None, Some(host)) => value_hash(host.raw()),
        (None, None) => 0,
    }
}

/// The most bytes of a key that count as its first part.
const FIRST_PART_BYTES_MAX: usize = 64;

/// Returns the first part of an object's key, with its slash; nothing of a key without one.
fn first_part(key: &str) -> &str {
    let key = key.strip_prefix('/').unwrap_or(key);
    key.find('/').map_or("", |at| {
        crate::event::cut(&key[..=at], FIRST_PART_BYTES_MAX)
    })
}

/// Returns whether a call of this class counts even if a service makes it for somebody.
const fn is_of_consequence(action: Action) -> bool {
    matches!(
        action,
        Action::BlindLog | Action::DeleteBucket | Action::ExpireObjects | Action::StartCompute
    )
}

/// Returns whether a call of this class works with storage, identities or machines, rather than looking around.
const fn works(action: Action) -> bool {
    !matches!(
        action,
        Action::ReadPosture
            | Action::ListBuckets
            | Action::EnumerateDirectory
            | Action::AssumeRole
            | Action::Authenticate
            | Action::EgressFlow
            | Action::Other
    )
}

/// Returns whether a denied call of this class concerns storage or directory enumeration.
const fn is_measured(action: Action) -> bool {
    matches!(
        action,
        Action::ListObjects
            | Action::ListBuckets
            | Action::ReadObject
            | Action::CopyObject
            | Action::ReadPosture
            | Action::EnumerateDirectory
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Provider, Source, Untrusted};
    use crate::measure::{KnownThings, Plan};
    use crate::time::{Day, Window};

    /// Returns what calls add to two metrics on a day; each names things, so many.
    fn of_day(action: Action, calls: &[(&str, Option<u64>)], of: [Metric; 2]) -> [Option<u64>; 2] {
        let start = Day(20_000).start();
        let mut facts = DayFacts::starting(start);
        for (at, (names, n)) in calls.iter().enumerate() {
            let event = Event {
                action,
                outcome: Outcome::Success,
                object: Some(Untrusted::new(names)),
                items: *n,
                ..Event::new(
                    start,
                    format!("{at}").into(),
                    Provider::Aws,
                    Source::AwsCloudTrail,
                )
            };
            let resolved = ResolvedEvent {
                event: &event,
                identity: Some("ana".into()),
                region: None,
                peer_class: AddressClass::Unknown,
                sensitive: false,
                source_sensitive: false,
            };
            EventAmounts::of(&resolved).add_to(&mut facts, &Plan::default());
        }
        of.map(|metric| {
            let readings = facts.readings(metric, Window::DAY, &KnownThings::NOTHING);
            readings.first().map(|&(_, x)| x)
        })
    }

    #[test]
    fn what_a_call_lists_is_as_much_as_it_names() {
        let secrets = [
            ("/a, /b, /c", Some(3)),
            ("/b, /c", Some(2)),
            ("/a", Some(1)),
        ];
        let metrics = [Metric::SecretCalls, Metric::SecretsRead];
        assert_eq!(
            of_day(Action::ReadSecret, &secrets, metrics),
            [Some(6), Some(3)]
        );
        // A batch of rows is one call, of however many tables.
        let tables = [
            ("table/a, table/b", Some(2)),
            ("table/b", None),
            ("table/b", None),
        ];
        let metrics = [Metric::DataCalls, Metric::DataStoresRead];
        assert_eq!(
            of_day(Action::ReadData, &tables, metrics),
            [Some(3), Some(2)]
        );
        let metrics = [Metric::ExportCalls, Metric::StoresExported];
        assert_eq!(of_day(Action::ReadData, &tables, metrics), [None, None]);
        let exported = [("table/a", None), ("table/b", None), ("table/b", None)];
        for action in [Action::CopyObject, Action::PullImage] {
            assert_eq!(
                of_day(action, &exported, metrics),
                [Some(3), Some(2)],
                "{action}"
            );
        }
    }
}
