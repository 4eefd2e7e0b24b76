//! The configuration as checked, and what it says of accounts, buckets and identities.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::config::approval::{Approval, ApprovalContext};
use crate::config::serve::Serve;
use crate::config::sink::Sink;
use crate::document::{Faults, Table, Word};
use crate::event::{Provider, Source};
use crate::glob::Glob;
use crate::pattern::NamePattern;
use crate::time::Time;
use crate::vocab::{SOURCE_SILENT, Str};

/// Where the configuration is looked for when none is named.
pub const DEFAULT_PATH: &str = "plimsoll.toml";

/// Days for which alerts are kept if nothing else is configured: a year, and a month in which to look back at it.
const KEEP_ALERTS_DAYS: i32 = 400;

/// A configuration that has been checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Networks that are ours beside the private ranges.
    pub internal: Vec<IpNet>,
    /// Geographic databases, by their paths.
    pub geoip: Vec<Word>,
    /// Accounts that are ours beside those whose own trail is read, as in `aws:111122223333`.
    pub accounts: BTreeSet<Str>,
    /// Whether identities that neither a peer group nor a role names peers for are grouped by what they do.
    pub clusters_peers: bool,
    /// How late, in seconds, records of a log may come, where it is not [`Source::lateness_secs`].
    pub lateness: BTreeMap<Source, i64>,
    /// Days of event time for which alerts, and verdicts on them, are kept in the store.
    pub keep_alerts_days: i32,
    /// Members of records that are opened because they hold whole records of known formats, by name or place.
    pub unwrap: Vec<Word>,
    /// Sensitive buckets.
    pub sensitive: Vec<Sensitive>,
    /// Who is behind which source of network flows.
    pub bindings: Vec<Binding>,
    /// Sanctioned exceptions, in the order of the file.
    pub approvals: Vec<Approval>,
    /// Groups of identities that are judged alike.
    pub peer_groups: Vec<PeerGroup>,
    /// Files and folders of the user's own analytics, by their paths.
    pub definitions: Vec<Word>,
    /// The `[analytic.ID]` tables, as written.
    pub analytics: Table,
    /// The service.
    pub serve: Serve,
    /// Where incidents also go.
    pub sinks: Vec<Sink>,
    /// What is configured but not acted upon by this version.
    pub warnings: Vec<String>,
}

/// Buckets whose content matters more than that of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sensitive {
    /// Which buckets; always says its provider.
    pub bucket: NamePattern,
    /// Whom to ask about them.
    pub owner: Option<String>,
}

/// The identity behind a source of network flows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The source.
    pub source: BoundSource,
    /// The canonical id of the identity.
    pub identity: Str,
}

/// A source of network flows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoundSource {
    /// An instance, as in `i-0abc`, or `project/zone/name` in Google Cloud.
    Instance(Str),
    /// An interface, as in `eni-0abc`.
    Interface(Str),
    /// An address.
    Address(IpAddr),
}

/// Identities that are judged alike while they have little history of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerGroup {
    /// Its name.
    pub name: Str,
    /// Its members, by canonical id.
    pub identities: Vec<Glob>,
}

impl Default for Config {
    /// The configuration of an empty file.
    fn default() -> Self {
        Self {
            internal: Vec::new(),
            geoip: Vec::new(),
            accounts: BTreeSet::new(),
            clusters_peers: true,
            lateness: BTreeMap::new(),
            keep_alerts_days: KEEP_ALERTS_DAYS,
            unwrap: Vec::new(),
            sensitive: Vec::new(),
            bindings: Vec::new(),
            approvals: Vec::new(),
            peer_groups: Vec::new(),
            definitions: Vec::new(),
            analytics: Table::empty(DEFAULT_PATH),
            serve: Serve::default(),
            sinks: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

impl Config {
    /// Returns the members that are opened, as readers take them.
    pub fn opened_members(&self) -> Arc<[Box<str>]> {
        let words = self.unwrap.iter();
        words.map(|word| Box::from(&*word.text)).collect()
    }

    /// Returns whether an account is listed as ours.
    pub fn is_our_account(&self, provider: Provider, account: &str) -> bool {
        !self.accounts.is_empty()
            && self
                .accounts
                .contains(format!("{provider}:{account}").as_str())
    }

    /// Returns how late, in seconds, a record may come after the newest of its source and still be judged in order.
    pub fn lateness_secs(&self, source: Source) -> i64 {
        let configured = self.lateness.get(&source).copied();
        configured.unwrap_or_else(|| source.lateness_secs())
    }

    /// Returns the entry of the list of sensitive buckets that a bucket falls under, the first if several.
    pub fn sensitive(&self, provider: Provider, bucket: &str) -> Option<&Sensitive> {
        self.sensitive
            .iter()
            .find(|entry| entry.bucket.matches_of(provider, bucket))
    }

    /// Returns the configured peer group of an identity, the first if several.
    pub fn peer_group(&self, identity: &str) -> Option<&PeerGroup> {
        self.peer_groups
            .iter()
            .find(|group| group.identities.iter().any(|glob| glob.matches(identity)))
    }

    /// Returns the ids of the approvals, in the order of the file. They follow from what an approval says, and not from where it stands. Where some
    /// cover the same, each has its [long id](Approval::long_id); those that say the same in every word have one id.
    pub fn approval_ids(&self) -> Vec<String> {
        let mut alike: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for approval in &self.approvals {
            let long_ids = alike.entry(approval.id()).or_default();
            long_ids.insert(approval.long_id());
        }
        let id_of = |approval: &Approval| {
            let id = approval.id();
            match alike.get(&id).map_or(0, BTreeSet::len) {
                0 | 1 => id,
                _ => approval.long_id(),
            }
        };
        self.approvals.iter().map(id_of).collect()
    }

    /// Returns the approvals that no longer hold at the given time.
    pub fn expired_approvals(&self, now: Time) -> impl Iterator<Item = &Approval> {
        self.approvals
            .iter()
            .filter(move |approval| !approval.holds(now))
    }

    /// Returns whether an analytic is not switched off here.
    pub fn is_enabled(&self, analytic: &str) -> bool {
        // What is wrong with the table was said when analytics were checked.
        let mut said = Faults::default();
        let table = self.analytics.get(analytic);
        let table = table.and_then(|value| value.table(&mut said));
        let enabled = table.and_then(|table| table.get("enabled"));
        enabled
            .and_then(|value| value.flag(&mut Faults::default()))
            .unwrap_or(true)
    }

    /// Returns the ids of analytics that approvals name, for the analytics to check.
    pub fn mentioned_analytics(&self) -> Vec<Word> {
        self.approvals
            .iter()
            .filter_map(|approval| approval.analytics.clone())
            .flatten()
            .filter(|id| *id.text != *SOURCE_SILENT)
            .collect()
    }

    /// Returns the first approval that covers the silence of a log with any of these names.
    pub fn retired(&self, names: &[Str], at: Time) -> Option<&Approval> {
        let mut approvals = self.approvals.iter();
        approvals.find(|approval| approval.covers_silence(names, at))
    }
}

/// Returns the first approval of a configuration that covers an alert of an analytic.
pub fn approval_covering<'a>(
    config: &'a Config,
    analytic: &str,
    context: &ApprovalContext,
    at: Time,
) -> Option<&'a Approval> {
    config
        .approvals
        .iter()
        .find(|approval| approval.is_for(analytic) && approval.covers(context, at))
}
