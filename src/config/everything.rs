//! Criteria that leave nothing out.

use ipnet::IpNet;

use crate::config::{Criteria, Schedule};
use crate::glob::Glob;
use crate::pattern::{DestinationPattern, NamePattern};

/// What criteria match all of, as none of them leaves anything out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Everything {
    /// Each, as in `every identity`.
    pub what: Vec<String>,
    /// What an alert must have to be matched, as in `a bucket`. Every alert has an identity and a time.
    pub of_what_has: Vec<&'static str>,
}

impl Criteria {
    /// Returns what the criteria match all of; `None` if one of them leaves something out.
    pub fn everything(&self) -> Option<Everything> {
        let Self {
            identity,
            role,
            destination,
            bucket,
            user_agent,
            application,
            network,
            log,
            schedule,
        } = self;
        let mut all = Everything {
            what: Vec::new(),
            of_what_has: Vec::new(),
        };
        let mut add = |what: Option<String>, has: Option<&'static str>| {
            all.what.push(what?);
            all.of_what_has.extend(has);
            Some(())
        };
        let one = |glob: &Glob, name: &str| glob.is_everything().then(|| format!("every {name}"));
        let some = |globs: &[Glob], name: &str| globs.iter().find_map(|glob| one(glob, name));
        if let Some(glob) = identity {
            add(one(glob, "identity"), None)?;
        }
        if let Some(glob) = role {
            add(one(glob, "role"), Some("a role"))?;
        }
        if let Some(patterns) = destination {
            add(every_destination(patterns), Some("a destination"))?;
        }
        if let Some(patterns) = bucket {
            add(every_name(patterns.iter(), "bucket"), Some("a bucket"))?;
        }
        if let Some(globs) = user_agent {
            add(some(globs, "client"), Some("a client"))?;
        }
        if let Some(globs) = application {
            add(some(globs, "application"), Some("an application"))?;
        }
        if let Some(networks) = network {
            add(
                every_address(networks.clone()),
                Some("an address of a caller"),
            )?;
        }
        if let Some(glob) = log {
            add(one(glob, "log"), None)?;
        }
        if !schedule.is_always() {
            let is_always = schedule.includes(&Schedule::default());
            add(is_always.then(|| "every time".to_owned()), None)?;
        }
        (!all.what.is_empty()).then_some(all)
    }

    /// Returns whether they ask for no identity and no role, or for any.
    pub fn are_for_anybody(&self) -> bool {
        let mut who = self.identity.iter().chain(&self.role);
        who.all(Glob::is_everything)
    }

    /// Returns whether they ask for nothing but who it was.
    pub fn are_by_who_alone(&self) -> bool {
        let who = Self {
            identity: self.identity.clone(),
            role: self.role.clone(),
            ..Self::default()
        };
        *self == who
    }
}

/// Returns what some patterns of names match all of: all names, or those of a provider.
fn every_name<'p>(patterns: impl Iterator<Item = &'p NamePattern>, name: &str) -> Option<String> {
    let every = patterns.filter(|pattern| pattern.glob.is_everything());
    // One for all providers comes first.
    let widest = every.min_by_key(|pattern| pattern.provider)?;
    Some(match widest.provider {
        None => format!("every {name}"),
        Some(provider) => format!("every {name} of {provider}"),
    })
}

fn every_destination(patterns: &[DestinationPattern]) -> Option<String> {
    let names = patterns.iter().filter_map(|pattern| match pattern {
        DestinationPattern::Name(name) => Some(name),
        DestinationPattern::Network(_) => None,
    });
    let networks = patterns.iter().filter_map(|pattern| match pattern {
        DestinationPattern::Network(network) => Some(*network),
        DestinationPattern::Name(_) => None,
    });
    let of_networks = || every_address(networks.collect());
    every_name(names, "destination")
        .or_else(|| of_networks().map(|every| format!("{every} that data goes to")))
}

/// Returns which addresses networks have all of, also together.
fn every_address(networks: Vec<IpNet>) -> Option<String> {
    let whole = IpNet::aggregate(&networks);
    let has = |is_v4: bool| {
        let mut whole = whole.iter();
        whole.any(|network| network.prefix_len() == 0 && network.addr().is_ipv4() == is_v4)
    };
    let every = match (has(true), has(false)) {
        (true, true) => "every address",
        (true, false) => "every IPv4 address",
        (false, true) => "every IPv6 address",
        (false, false) => return None,
    };
    Some(every.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::config::Config;

    #[test]
    fn what_leaves_nothing_out_is_named_and_what_leaves_something_out_is_none() {
        let every = |criteria: &str| {
            let text =
                format!("[[approval]]\n{criteria}\nowner='o'\nreason='r'\nexpires=2027-01-31");
            let config = Config::parse(&text, "p").unwrap();
            let every = config.approvals[0].criteria.everything();
            every.map(|all| all.what.join(" and "))
        };
        for (criteria, what) in [
            ("identity='**'", "every identity"),
            ("identity='*'\nrole='?*'", "every identity and every role"),
            ("network=['0.0.0.0/1', '128.0.0.0/1']", "every IPv4 address"),
            (
                "network=['::/0', '0.0.0.0/0', '10.0.0.0/8']",
                "every address",
            ),
            ("bucket=['x', 'aws:*']", "every bucket of aws"),
            ("bucket=['aws:*', '*']", "every bucket"),
            (
                "destination='0.0.0.0/0'",
                "every IPv4 address that data goes to",
            ),
            (
                "user_agent='*'\ntimes='00:00-24:00'",
                "every client and every time",
            ),
            ("log='*'", "every log"),
        ] {
            assert_eq!(every(criteria).as_deref(), Some(what), "{criteria}");
        }
        for criteria in [
            "identity='?'",
            "identity='*'\nrole='a*'",
            "identity='*'\nweekdays='friday'",
            "identity='*'\ndestination=[]",
            "network='0.0.0.0/1'",
            "bucket='aws:x*'",
        ] {
            assert_eq!(every(criteria), None, "{criteria}");
        }
    }
}
