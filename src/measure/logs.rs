//! Which logs a day's facts come from. A log is what one account of a provider records of one class; accounts and classes are
//! switched on as a whole, and many at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::event::Provider;
use crate::measure::{DayFacts, KnownThings, factor, value_hash};
use crate::time::Window;
use crate::vocab::{BurstKind, Entity, EntityKind, Metric, Str, Trait, words};

words! {
    /// What a log records, in classes that providers switch on and off as a whole.
    LogClass {
        /// Anything: the account itself.
        Account = "account",
        /// Objects listed, read, written and deleted: data events.
        Objects = "object_access",
        /// The directory read: IAM listings, Graph activity.
        Directory = "directory_reads",
        /// Sign-ins.
        SignIns = "sign_ins",
        /// Network flows.
        Flows = "flows",
        /// Secrets read, which many services record only where that is switched on.
        Secrets = "secrets",
        /// Tables and snapshots read: data events, which are switched on for each kind of store.
        Data = "data_stores",
        /// Tables exported and container images pulled.
        Exports = "exports",
    }
}

/// Number of classes.
pub const LOG_CLASSES: usize = LogClass::ALL.len();

/// A log: what one account (subscription, project, tenant) of a provider records of one class.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LogKey {
    /// The provider.
    pub provider: Provider,
    /// The account; empty where records state none.
    pub account: Str,
    /// The class.
    pub class: LogClass,
}

impl LogKey {
    /// Returns the log of a class in which the facts of a day were recorded; where they are of several accounts, that of the first
    /// in text order.
    pub fn of(facts: &DayFacts, class: LogClass) -> Self {
        let profile = &facts.profile;
        Self {
            provider: profile.provider.unwrap_or(Provider::Other),
            account: profile.account.clone().unwrap_or_default(),
            class,
        }
    }

    /// Returns the log of all that its account records.
    pub fn of_account(&self) -> Self {
        Self {
            account: self.account.clone(),
            class: LogClass::Account,
            ..*self
        }
    }
}

impl LogClass {
    /// Returns the classes whose records add to a metric, beside the account.
    pub const fn of(metric: Metric) -> &'static [Self] {
        match metric {
            Metric::ListCalls
            | Metric::ListBytes
            | Metric::BucketsListed
            | Metric::PrefixesListed
            | Metric::BucketsNew
            | Metric::ReadCalls
            | Metric::ObjectsRead
            | Metric::BytesRead
            | Metric::WriteCalls
            | Metric::CopyCalls
            | Metric::DeleteCalls
            | Metric::DeniedCalls
            | Metric::SensitiveReadCalls
            | Metric::SensitiveBuckets
            | Metric::SensitiveExternalCalls
            | Metric::BucketsRead
            | Metric::BucketsReadNew
            | Metric::PrefixesRead
            | Metric::PrefixesReadNew
            | Metric::ObjectsDeleted
            | Metric::BucketsDeletedFrom => &[Self::Objects],
            Metric::DirectoryCalls | Metric::DirectoryFamilies => &[Self::Directory],
            Metric::EgressBytes | Metric::EgressDestinations => &[Self::Objects, Self::Flows],
            Metric::PostureBuckets
            | Metric::BucketsDeleted
            | Metric::ExpiryRules
            | Metric::BlindingCalls
            | Metric::ScopeGrants
            | Metric::RegionsUsed
            | Metric::RegionsNew
            | Metric::MachinesStarted => &[],
            Metric::SecretCalls | Metric::SecretsRead => &[Self::Secrets],
            Metric::DataCalls | Metric::DataStoresRead => &[Self::Data],
            Metric::ExportCalls | Metric::StoresExported => &[Self::Exports],
        }
    }

    /// Returns the classes whose records make a burst, beside the account.
    pub const fn of_burst(kind: BurstKind) -> &'static [Self] {
        match kind {
            BurstKind::DeniedCalls | BurstKind::DeniedBuckets => &[Self::Objects],
            BurstKind::DirectoryFamilies => &[Self::Directory],
            BurstKind::Countries => &[Self::SignIns],
            BurstKind::PostureBuckets => &[],
        }
    }

    /// Returns the metrics to which no records but those of the class add.
    pub const fn shown_by(self) -> &'static [Metric] {
        match self {
            // What is read without a bucket is logged as any call is.
            Self::Objects => &[
                Metric::BucketsListed,
                Metric::BucketsRead,
                Metric::WriteCalls,
                Metric::ObjectsDeleted,
            ],
            Self::Directory => &[Metric::DirectoryCalls],
            Self::Secrets => &[Metric::SecretCalls],
            Self::Data => &[Metric::DataCalls],
            Self::Exports => &[Metric::ExportCalls],
            Self::Account | Self::SignIns | Self::Flows => &[],
        }
    }

    /// Returns whether a metric that records of the class add to counts other things, too: what it was before the class was recorded says
    /// nothing about what it is since.
    pub const fn mixes_in(self, metric: Metric) -> bool {
        let is_mixed = matches!(
            metric,
            Metric::ListCalls
                | Metric::ListBytes
                | Metric::CopyCalls
                | Metric::DeleteCalls
                | Metric::DeniedCalls
        );
        is_mixed && matches!(self, Self::Objects)
    }

    /// Returns whether a day's facts show records of the class.
    pub fn is_in(self, facts: &DayFacts) -> bool {
        match self {
            Self::Account => true,
            Self::Objects | Self::Directory | Self::Secrets | Self::Data | Self::Exports => self
                .shown_by()
                .iter()
                .any(|&metric| facts.is_active(metric)),
            Self::SignIns => sign_ins(facts) > 0,
            Self::Flows => facts.sends_flows || is_machine(facts),
        }
    }

    /// Returns how many records of the class there are at most: of objects and the directory those that worked or were denied.
    pub fn records(self, facts: &DayFacts) -> u64 {
        let sum = |metrics: &[Metric]| {
            let of_day = |&metric: &Metric| {
                let readings = facts.readings(metric, Window::DAY, &KnownThings::NOTHING);
                readings.first().map_or(0, |&(_, x)| x)
            };
            metrics.iter().map(of_day).sum()
        };
        match self {
            Self::Account => facts.n_events,
            Self::Objects => sum(&[
                Metric::ListCalls,
                Metric::ReadCalls,
                Metric::WriteCalls,
                Metric::CopyCalls,
                Metric::DeleteCalls,
                Metric::DeniedCalls,
            ]),
            Self::Directory => sum(&[Metric::DirectoryCalls]),
            // One record may name several.
            Self::Secrets => sum(&[Metric::SecretCalls]).min(facts.n_events),
            Self::Data => sum(&[Metric::DataCalls]),
            Self::Exports => sum(&[Metric::ExportCalls]),
            Self::SignIns => sign_ins(facts),
            Self::Flows => match facts.trait_values(Trait::Action) {
                None => facts.n_events,
                Some(calls) if calls.saturated() => 0,
                Some(calls) => {
                    let calls: u64 = calls.iter().map(|(_, n)| n).sum();
                    facts.n_events.saturating_sub(calls)
                }
            },
        }
    }
}

/// Returns how many sign-ins state whether there was a second factor.
fn sign_ins(facts: &DayFacts) -> u64 {
    let Some(values) = facts.trait_values(Trait::AuthMethod) else {
        return 0;
    };
    let n = |value: &str| values.get(value_hash(value), value).unwrap_or(0);
    n(factor(true)) + n(factor(false))
}

/// Returns whether nothing but flows is known of somebody.
fn is_machine(facts: &DayFacts) -> bool {
    facts
        .traits()
        .iter()
        .all(|(of, _)| of == Trait::Destination)
}

/// How many identities one day's records of a log are of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breadth {
    /// Identities in the log.
    pub identities: u32,
    /// Identities in any log of the account.
    pub of: u32,
}

/// The identities of a day in each log, by the hashes of their ids.
#[derive(Debug, Clone, Default)]
pub struct DayLogs(BTreeMap<LogKey, BTreeSet<u64>>);

impl DayLogs {
    /// Returns those of a day's facts.
    pub fn of<'f>(facts: impl IntoIterator<Item = (&'f Entity, &'f DayFacts)>) -> Self {
        let mut logs = Self::default();
        for (entity, facts) in facts {
            logs.note(entity, facts);
        }
        logs
    }

    /// Notes in which logs an entity is. Only identities count.
    pub fn note(&mut self, entity: &Entity, facts: &DayFacts) {
        if entity.kind != EntityKind::Identity {
            return;
        }
        let hash = value_hash(&entity.id);
        for &class in LogClass::ALL.iter().filter(|class| class.is_in(facts)) {
            let identities = self.0.entry(LogKey::of(facts, class)).or_default();
            identities.insert(hash);
        }
    }

    /// Returns the logs, in order, with how many identities there are in each.
    pub fn breadths(&self) -> impl Iterator<Item = (&LogKey, Breadth)> {
        let n = |identities: &BTreeSet<u64>| u32::try_from(identities.len()).unwrap_or(u32::MAX);
        self.0.iter().map(move |(key, identities)| {
            let account = key.of_account();
            let breadth = Breadth {
                identities: n(identities),
                of: self.0.get(&account).map_or(0, n),
            };
            (key, breadth)
        })
    }
}
