//! What an approval would cover of something that is known in part: an alert whose table was cut, or a whole day.

use std::ops::Range;

use crate::config::cover::{each, one, sure};
use crate::config::{Approval, Cover, Criteria, Known};
use crate::glob::Glob;
use crate::pattern::{DestinationPattern, parse_network};
use crate::time::Time;
use crate::vocab::Str;

/// Values, and how they stand to those that an alert shows.
pub type Values = (Vec<Str>, Known);

/// What is known of an alert, or of what an alert would have shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartialContext {
    /// The ids of the identity.
    pub ids: Vec<Str>,
    /// Its role.
    pub role: Option<Str>,
    /// Where data went: accounts, buckets, addresses or networks.
    pub destinations: Values,
    /// Buckets touched.
    pub buckets: Values,
    /// Client families.
    pub user_agents: Values,
    /// OAuth clients or integrations.
    pub applications: Values,
    /// Addresses or networks of the caller.
    pub networks: Values,
    /// When, as far as the hour.
    pub times: (Vec<Range<Time>>, Known),
}

impl Approval {
    /// Returns whether the approval holds at a time and covers what is only partly known.
    pub fn may_cover(&self, partial_context: &PartialContext, analytic: &str, at: Time) -> Cover {
        if !self.is_for(analytic) || !self.holds(at) {
            return Cover::No;
        }
        self.criteria.may_cover(partial_context)
    }
}

impl Criteria {
    /// Returns whether the criteria cover what is only partly known.
    pub fn may_cover(&self, partial_context: &PartialContext) -> Cover {
        fn known((values, known): &Values) -> (&[Str], Known) {
            (values, *known)
        }
        let matches = |glob: &Glob, text: &Str| sure(glob.matches(text));
        [
            self.may_cover_who(&partial_context.ids, partial_context.role.as_ref()),
            each(
                &self.destination,
                known(&partial_context.destinations),
                |pattern, name| match pattern {
                    DestinationPattern::Network(network) => overlap(network, name),
                    DestinationPattern::Name(pattern) => sure(pattern.matches(name)),
                },
            ),
            each(
                &self.bucket,
                known(&partial_context.buckets),
                |pattern, name| sure(pattern.matches(name)),
            ),
            each(
                &self.user_agent,
                known(&partial_context.user_agents),
                matches,
            ),
            each(
                &self.application,
                known(&partial_context.applications),
                matches,
            ),
            each(&self.network, known(&partial_context.networks), overlap),
            self.may_cover_times(&partial_context.times),
        ]
        .into_iter()
        .min()
        .unwrap_or(Cover::Yes)
    }

    fn may_cover_times(&self, (times, known): &(Vec<Range<Time>>, Known)) -> Cover {
        let schedule = (!self.schedule.is_always()).then(|| vec![&self.schedule]);
        each(&schedule, (times, *known), |schedule, span| {
            schedule.cover(span)
        })
    }

    /// Returns whether the criteria of who it was cover an identity: its ids are known in full.
    pub fn may_cover_who(&self, ids: &[Str], role: Option<&Str>) -> Cover {
        sure(self.log.is_none() && one(&self.identity, ids) && one(&self.role, role))
    }

    /// Returns whether whatever the other criteria cover, these do, too, as far as patterns show it.
    pub fn include(&self, other: &Self) -> bool {
        fn one(wide: &Option<Glob>, narrow: &Option<Glob>) -> bool {
            match (wide, narrow) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(wide), Some(narrow)) => wide.matches(narrow.as_str()),
            }
        }
        fn all<P>(
            wide: &Option<Vec<P>>,
            narrow: &Option<Vec<P>>,
            includes: impl Fn(&P, &P) -> bool,
        ) -> bool {
            match (wide, narrow) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(wide), Some(narrow)) => {
                    wide.is_empty() == narrow.is_empty()
                        && narrow.iter().all(|n| wide.iter().any(|w| includes(w, n)))
                }
            }
        }
        let glob = |wide: &Glob, narrow: &Glob| wide.matches(narrow.as_str());
        one(&self.identity, &other.identity)
            && one(&self.role, &other.role)
            && one(&self.log, &other.log)
            && self.log.is_some() == other.log.is_some()
            && all(&self.destination, &other.destination, |wide, narrow| {
                wide == narrow || wide.matches(&narrow.to_string())
            })
            && all(&self.bucket, &other.bucket, |wide, narrow| {
                wide == narrow
                    || (wide.provider.is_none() || wide.provider == narrow.provider)
                        && wide.glob.matches(narrow.glob.as_str())
            })
            && all(&self.user_agent, &other.user_agent, glob)
            && all(&self.application, &other.application, glob)
            && all(&self.network, &other.network, |wide, narrow| {
                wide.contains(narrow)
            })
            && self.schedule.includes(&other.schedule)
    }
}

/// Returns whether a network contains an address or network by its name. Who calls from where is known by more than a network
/// now and then, such as the number of its system: that may lie anywhere.
fn overlap(network: &ipnet::IpNet, name: &Str) -> Cover {
    match parse_network(name) {
        Some(named) if network.contains(&named) => Cover::Yes,
        Some(named) if named.contains(network) => Cover::Perhaps,
        Some(_) => Cover::No,
        None if is_system(name) => Cover::Perhaps,
        None => Cover::No,
    }
}

/// Returns whether a network is known by the number of its autonomous system, as in `AS64500`.
fn is_system(name: &str) -> bool {
    name.strip_prefix("AS")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn criteria(text: &str) -> Criteria {
        let text = format!("[[approval]]\nowner='o'\nreason='r'\nexpires=2027-01-31\n{text}");
        let config = Config::parse(&text, "p.toml").unwrap();
        config.approvals[0].criteria.clone()
    }

    #[test]
    fn what_is_known_in_part_is_covered_for_sure_only_if_nothing_else_can_be() {
        use Cover::{No, Perhaps, Yes};
        let values = |texts: &[&str]| texts.iter().map(|t| Str::from(*t)).collect::<Vec<_>>();
        for (pattern, seen, all, more, some) in [
            ("bucket=['a','b']", &["a", "b"][..], Yes, Yes, Perhaps),
            ("bucket=['a','b']", &["a", "c"], No, Perhaps, No),
            ("bucket='a'", &["c"], No, No, No),
            ("bucket='a'", &[], No, No, Perhaps),
            ("identity='i'", &["a"], Yes, Yes, Yes),
            ("identity='j'", &["a"], No, No, No),
        ] {
            for (known, cover) in [(Known::All, all), (Known::More, more), (Known::Some, some)] {
                let partial_context = PartialContext {
                    ids: values(&["i"]),
                    buckets: (values(seen), known),
                    ..PartialContext::default()
                };
                let said = criteria(pattern).may_cover(&partial_context);
                assert_eq!(said, cover, "{pattern} {seen:?} {known:?}");
            }
        }
        for (pattern, known, cover) in [
            ("network='10.0.0.0/8'", "10.20.0.0/16", Yes),
            ("network='10.20.3.0/24'", "10.20.0.0/16", Perhaps),
            ("network='10.20.3.0/24'", "AS64500", Perhaps),
            ("network='10.20.3.0/24'", "10.21.0.0/16", No),
        ] {
            let partial_context = PartialContext {
                networks: (values(&[known]), Known::More),
                ..PartialContext::default()
            };
            assert_eq!(
                criteria(pattern).may_cover(&partial_context),
                cover,
                "{pattern} {known}"
            );
        }
        for (seen, known, cover) in [
            (&[][..], Known::More, Yes),
            (&[], Known::Some, Perhaps),
            (&["x"], Known::More, Perhaps),
            (&["x"], Known::All, No),
        ] {
            let partial_context = PartialContext {
                destinations: (values(seen), known),
                ..PartialContext::default()
            };
            assert_eq!(
                criteria("destination=[]").may_cover(&partial_context),
                cover
            );
        }
    }

    #[test]
    fn one_includes_another_where_the_patterns_show_it() {
        for (wide, narrow, does) in [
            ("identity='arn:*'", "identity='arn:x-*'", true),
            ("identity='arn:x'", "identity='arn:*'", false),
            ("role='r'", "identity='r'", false),
            ("identity='a'", "identity='a'\nbucket='b'", true),
            ("identity='a'\nbucket='b'", "identity='a'", false),
            ("bucket=['a*','c']", "bucket=['ab','c']", true),
            ("bucket='gcp:a'", "bucket='a'", false),
            (
                "network='10.0.0.0/8'",
                "network=['10.1.0.0/16','10.2.0.0/16']",
                true,
            ),
            ("destination=[]", "destination='x'", false),
            ("destination='x'", "destination=[]", false),
            ("identity='a'", "identity='a'\nweekdays='friday'", true),
            ("identity='a'\nweekdays='friday'", "identity='a'", false),
        ] {
            assert_eq!(
                criteria(wide).include(&criteria(narrow)),
                does,
                "{wide} {narrow}"
            );
        }
    }
}
