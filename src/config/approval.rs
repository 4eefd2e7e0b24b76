//! Approvals: sanctioned exceptions, each with an owner, a reason and an expiry.
//!
//! An approval covers what it names and nothing beside it. All of its criteria must hold, and where an alert has
//! several buckets, destinations, clients or addresses, each of them must be covered: a sanctioned transfer does not
//! excuse another one that hides behind it.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::config::Config;
use crate::document::{Place, Word};
use crate::glob::Glob;
use crate::pattern::{DestinationPattern, NamePattern};
use crate::time::{Day, Time};
use crate::vocab::Str;

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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Criteria {
    /// The identity, by its canonical id or one of its aliases.
    pub identity: Option<Glob>,
    /// The role.
    pub role: Option<Glob>,
    /// Where data goes.
    pub destination: Option<DestinationPattern>,
    /// The bucket.
    pub bucket: Option<NamePattern>,
    /// The client family.
    pub user_agent: Option<Glob>,
    /// The OAuth client or integration.
    pub application: Option<Glob>,
    /// The network of the caller.
    pub network: Option<IpNet>,
}

/// What an alert shows of itself to an approval. What is empty is unknown, and no criterion covers the unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
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
    /// OAuth clients or integrations.
    pub applications: Vec<Str>,
    /// Addresses of the caller.
    pub addresses: Vec<IpAddr>,
}

impl Approval {
    /// Tells whether the approval has not expired: it holds until the end of its last UTC day.
    pub fn holds(&self, at: Time) -> bool {
        at.day() <= self.expires
    }

    /// Tells whether the approval is meant for an analytic.
    pub fn is_for(&self, analytic: &str) -> bool {
        self.analytics
            .as_ref()
            .is_none_or(|ids| ids.iter().any(|id| *id.text == *analytic))
    }

    /// Tells whether the approval holds at a time and covers all that an identity does: it asks for nothing else.
    pub fn covers_all_of(&self, identity: &Str, at: Time) -> bool {
        let named = Criteria {
            identity: self.criteria.identity.clone(),
            ..Criteria::default()
        };
        self.holds(at)
            && self.criteria == named
            && named.identity.is_some_and(|glob| glob.matches(identity))
    }

    /// Tells whether the approval holds at a time and covers all that is shown.
    pub fn covers(&self, facets: &Facets, at: Time) -> bool {
        self.holds(at) && self.criteria.cover(facets)
    }
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

impl Criteria {
    /// Tells whether there is no criterion at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn cover(&self, facets: &Facets) -> bool {
        one(
            &self.identity,
            std::iter::once(&facets.identity).chain(&facets.aliases),
        ) && one(&self.role, &facets.role)
            && each(&self.destination, &facets.destinations, |pattern, names| {
                names.iter().any(|name| pattern.matches(name))
            })
            && each(&self.bucket, &facets.buckets, |pattern, bucket| {
                pattern.matches(bucket)
            })
            && each(&self.user_agent, &facets.user_agents, |glob, client| {
                glob.matches(client)
            })
            && each(
                &self.application,
                &facets.applications,
                |glob, application| glob.matches(application),
            )
            && each(&self.network, &facets.addresses, |network, address| {
                network.contains(&address.to_canonical())
            })
    }
}

/// Tells whether a glob, if there is one, matches one of some names of the same thing.
fn one<'a>(glob: &Option<Glob>, names: impl IntoIterator<Item = &'a Str>) -> bool {
    glob.as_ref()
        .is_none_or(|glob| names.into_iter().any(|name| glob.matches(name)))
}

/// Tells whether a criterion, if there is one, covers each of some values, of which there must be one.
fn each<P, V>(criterion: &Option<P>, values: &[V], covers: impl Fn(&P, &V) -> bool) -> bool {
    match criterion {
        Some(criterion) => {
            !values.is_empty() && values.iter().all(|value| covers(criterion, value))
        }
        None => true,
    }
}

/// Returns the first approval of a configuration that covers an alert of an analytic.
pub fn approval_covering<'a>(
    config: &'a Config,
    analytic: &str,
    facets: &Facets,
    at: Time,
) -> Option<&'a Approval> {
    config
        .approvals
        .iter()
        .find(|approval| approval.is_for(analytic) && approval.covers(facets, at))
}
