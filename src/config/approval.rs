//! Approvals: sanctioned exceptions, each with an owner, a reason and an expiry.
//!
//! An approval covers what it names and nothing beside it. All of its criteria must hold, and where an alert has
//! several buckets, destinations, clients or addresses, each of them must be covered: a sanctioned transfer does not
//! excuse another one that hides behind it.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use xxhash_rust::xxh3::xxh3_64;

use crate::config::Schedule;
use crate::config::cover::{Cover, Known, each, one, sure};
use crate::document::{Place, Word};
use crate::glob::Glob;
use crate::pattern::{DestinationPattern, NamePattern};
use crate::time::{Day, Time};
use crate::vocab::Str;

/// Hex digits of an approval's id, and of what tells approvals apart that cover the same.
const ID_DIGITS: usize = 8;
const TWIN_DIGITS: usize = 6;

/// A sanctioned exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// What it covers.
    pub criteria: Criteria,
    /// The ids of the analytics that it holds for; `None` for all.
    pub analytics: Option<Vec<Word>>,
    /// Who answers for it.
    pub owner: String,
    /// Why it was given.
    pub reason: String,
    /// The last UTC day on which it holds.
    pub expires: Day,
    /// Where it was written.
    pub place: Place,
}

/// What an approval covers; a criterion that is absent covers everything, and at least one is there.
///
/// Where a criterion has several patterns, each value that an alert shows must match one of them, and there must be a value.
/// An empty list, which only destinations may have, is matched by what sends nothing anywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Criteria {
    /// The identity, by its canonical id or one of its aliases.
    pub identity: Option<Glob>,
    /// The role.
    pub role: Option<Glob>,
    /// Where data goes; none of them for nowhere.
    pub destination: Option<Vec<DestinationPattern>>,
    /// The buckets.
    pub bucket: Option<Vec<NamePattern>>,
    /// The client families.
    pub user_agent: Option<Vec<Glob>>,
    /// The OAuth clients or integrations.
    pub application: Option<Vec<Glob>>,
    /// The networks of the caller.
    pub network: Option<Vec<IpNet>>,
    /// The log that may be silent, because it is retired. It stands alone, and covers nothing that anybody does.
    pub log: Option<Glob>,
    /// When. What is done at other times is judged as if nothing had been done at these: the other criteria need not cover it.
    pub schedule: Schedule,
}

/// What an alert shows of itself to an approval. What is empty is unknown, and no criterion covers the unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApprovalContext {
    /// Canonical id of the identity.
    pub identity: Str,
    /// Its other ids.
    pub aliases: Vec<Str>,
    /// Its role.
    pub role: Option<Str>,
    /// Each destination by all of its names: account, bucket, host, address or network.
    pub destinations: Vec<Vec<Str>>,
    /// Buckets touched, with or without their provider.
    pub buckets: Vec<Str>,
    /// Client families.
    pub user_agents: Vec<Str>,
    /// OAuth clients or integrations; `None` for calls that name none.
    pub applications: Vec<Option<Str>>,
    /// Addresses of the caller; `None` for calls that have none, which no network covers.
    pub addresses: Vec<Option<IpAddr>>,
    /// When, by the minute.
    pub times: Vec<Time>,
}

impl Approval {
    /// Returns whether the approval has not expired: it holds until the end of its last UTC day.
    pub fn holds(&self, at: Time) -> bool {
        at.day() <= self.expires
    }

    /// Returns whether the approval is meant for an analytic.
    pub fn is_for(&self, analytic: &str) -> bool {
        self.analytics
            .as_ref()
            .is_none_or(|ids| ids.iter().any(|id| *id.text == *analytic))
    }

    /// Returns its short id: the same for the same criteria and analytics, whoever owns it, and however often it is renewed.
    pub fn id(&self) -> String {
        let mut analytics: Vec<&str> = self
            .analytics
            .iter()
            .flatten()
            .map(|id| &*id.text)
            .collect();
        analytics.sort_unstable();
        let mut text = self.criteria.to_string();
        for analytic in analytics {
            text.push('\n');
            text.push_str(analytic);
        }
        digits::<ID_DIGITS>(&text)
    }

    /// Returns its id where another approval covers the same: that with a part of its own, which follows from who owns it, why it was given
    /// and when it ends.
    pub fn long_id(&self) -> String {
        let text = format!("{}\n{}\n{}", self.owner, self.reason, self.expires);
        format!("{}-{}", self.id(), digits::<TWIN_DIGITS>(&text))
    }

    /// Returns whether it covers what another one covers, and is for the same analytics.
    pub fn covers_the_same(&self, other: &Self) -> bool {
        let analytics = |of: &Self| -> Option<BTreeSet<Str>> {
            let words = of.analytics.as_ref()?;
            Some(words.iter().map(|word| word.text.clone()).collect())
        };
        self.criteria.include(&other.criteria)
            && other.criteria.include(&self.criteria)
            && analytics(self) == analytics(other)
    }

    /// Returns whether the approval holds at a time and covers all that an identity does: it asks for nothing else.
    pub fn covers_all_of(&self, identity: &Str, at: Time) -> bool {
        let named = Criteria {
            identity: self.criteria.identity.clone(),
            ..Criteria::default()
        };
        self.holds(at)
            && self.criteria == named
            && named.identity.is_some_and(|glob| glob.matches(identity))
    }

    /// Returns whether the approval holds at a time and covers the silence of a log with any of these names.
    pub fn covers_silence(&self, names: &[Str], at: Time) -> bool {
        let log = self.criteria.log.as_ref();
        self.holds(at) && log.is_some_and(|log| names.iter().any(|name| log.matches(name)))
    }

    /// Returns whether the approval holds at a time and covers all that is shown.
    pub fn covers(&self, context: &ApprovalContext, at: Time) -> bool {
        self.holds(at) && self.criteria.cover(context)
    }
}

/// Returns the first hex digits of a text's hash.
fn digits<const N: usize>(text: &str) -> String {
    let hash = xxh3_64(text.as_bytes());
    format!("{:0N$x}", hash >> (64 - 4 * N))
}

impl fmt::Display for Approval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} (owner {}, until {}, {})",
            self.reason, self.owner, self.expires, self.place
        )
    }
}

impl fmt::Display for Criteria {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (key, texts)) in self.written().into_iter().enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            match texts.as_slice() {
                [] => write!(f, "{comma}{key} none")?,
                texts => write!(f, "{comma}{key} {}", texts.join(" or "))?,
            }
        }
        Ok(())
    }
}

impl Criteria {
    /// The keys of all criteria, in the order in which they are written.
    pub const KEYS: [&'static str; 11] = [
        "identity",
        "role",
        "destination",
        "bucket",
        "user_agent",
        "application",
        "network",
        "log",
        "times",
        "weekdays",
        "days_of_month",
    ];

    /// Returns whether there is no criterion at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns each criterion that is there by its key, with its patterns as they are written, in a fixed order.
    pub fn written(&self) -> Vec<(&'static str, Vec<String>)> {
        fn all<P: fmt::Display>(patterns: &Option<Vec<P>>) -> Option<Vec<String>> {
            let mut texts: Vec<String> = patterns.as_ref()?.iter().map(P::to_string).collect();
            texts.sort_unstable();
            Some(texts)
        }
        let one = |glob: &Option<Glob>| glob.as_ref().map(|glob| vec![glob.to_string()]);
        let texts = [
            one(&self.identity),
            one(&self.role),
            all(&self.destination),
            all(&self.bucket),
            all(&self.user_agent),
            all(&self.application),
            all(&self.network),
            one(&self.log),
            all(&self.schedule.times),
            all(&self.schedule.weekdays),
            all(&self.schedule.days_of_month),
        ];
        let all = Self::KEYS.into_iter().zip(texts);
        all.filter_map(|(key, texts)| Some((key, texts?))).collect()
    }

    /// Returns whether the criteria of who it was hold.
    pub fn are_about(&self, context: &ApprovalContext) -> bool {
        let names = std::iter::once(&context.identity).chain(&context.aliases);
        one(&self.identity, names) && one(&self.role, &context.role)
    }

    fn cover(&self, context: &ApprovalContext) -> bool {
        /// Every value of an alert is known.
        fn all<P, V>(
            criterion: &Option<Vec<P>>,
            values: &[V],
            matches: impl Fn(&P, &V) -> bool,
        ) -> bool {
            let covers = |pattern: &P, value: &V| sure(matches(pattern, value));
            each(criterion, (values, Known::All), covers) == Cover::Yes
        }
        self.log.is_none()
            && self.are_about(context)
            && self.schedule.covers(&context.times)
            && all(
                &self.destination,
                &context.destinations,
                |pattern, names| names.iter().any(|name| pattern.matches(name)),
            )
            && all(&self.bucket, &context.buckets, |pattern, name| {
                pattern.matches(name)
            })
            && all(&self.user_agent, &context.user_agents, |glob, name| {
                glob.matches(name)
            })
            && all(&self.application, &context.applications, |glob, name| {
                name.as_ref().is_some_and(|name| glob.matches(name))
            })
            && all(&self.network, &context.addresses, |network, address| {
                address.is_some_and(|address| network.contains(&address.to_canonical()))
            })
    }
}
