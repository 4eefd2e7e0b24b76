//! What a run needs: the configuration, the analytics, and the time.

use crate::analytic::Analytic;
use crate::baseline::Context;
use crate::config::Config;
use crate::error::Result;
use crate::identity::Resolver;
use crate::identity::geo::Databases;
use crate::measure::{BurstKey, Plan, value_hash};
use crate::time::{Time, Window};
use crate::vocab::{Metric, Str};

/// What a run needs.
pub struct Setup {
    /// The configuration, checked.
    pub config: Config,
    /// The analytics, checked.
    pub analytics: Vec<Analytic>,
    /// The geographic databases, after they were opened.
    pub databases: Databases,
    /// The windows that are measured.
    pub plan: Plan,
    /// The present, from which future events are recognised.
    pub now: Time,
}

impl Setup {
    /// Combines a configuration and its analytics.
    pub fn new(config: Config, analytics: Vec<Analytic>, now: Time) -> Self {
        let mut windows = Vec::new();
        for analytic in &analytics {
            let Some(window) = analytic.window.filter(|w| !Window::STANDARD.contains(w)) else {
                continue;
            };
            windows.extend(
                analytic
                    .metrics()
                    .into_iter()
                    .map(|metric| (metric, window)),
            );
        }
        windows.sort_unstable();
        windows.dedup();
        let mut bursts: Vec<BurstKey> = analytics
            .iter()
            .flat_map(Analytic::bursts)
            .map(|(kind, window)| BurstKey { kind, window })
            .collect();
        bursts.sort_unstable();
        bursts.dedup();
        let mut watched: Vec<_> = analytics.iter().flat_map(Analytic::watched).collect();
        watched.sort_by(|(t, a), (u, b)| (t, a.as_str()).cmp(&(u, b.as_str())));
        watched.dedup();
        let mut beyond: Vec<_> = analytics.iter().flat_map(Analytic::beyond).collect();
        beyond.sort_unstable();
        beyond.dedup();
        Self {
            config,
            analytics,
            databases: Databases::default(),
            plan: Plan {
                windows,
                bursts,
                watched,
                beyond,
            },
            now,
        }
    }

    /// Opens the geographic databases that the configuration names.
    ///
    /// # Errors
    ///
    /// A usage error if one of them is missing or damaged.
    pub fn with_databases(mut self) -> Result<Self> {
        self.databases = Databases::open(&self.config.geoip)?;
        Ok(self)
    }

    /// Returns a short text for what is measured when a log is read. It is the same text for the same networks, kinds of
    /// geographic databases, sensitive buckets, bindings, and windows that do not consist of ten minutes. Databases are
    /// updated every week, with few addresses in other places, and count as the same. What a stored day was measured by
    /// does not change afterwards.
    pub fn measured_by(&self) -> String {
        let config = &self.config;
        let analytics = self.analytics.iter();
        let sensitive = config.sensitive.iter().map(|sensitive| &sensitive.bucket);
        let mut said: Vec<String> = config.internal.iter().map(ToString::to_string).collect();
        said.extend(
            sensitive
                .chain(analytics.flat_map(|analytic| &analytic.sensitive_buckets))
                .map(ToString::to_string),
        );
        said.extend(self.databases.kinds().map(|kind| format!("geoip {kind}")));
        said.extend(config.bindings.iter().map(|b| format!("{b:?}")));
        let odd_windows = self.plan.windows.iter().filter(|(_, w)| w.grain() == *w);
        said.extend(odd_windows.map(|(m, w)| format!("{m} {w}")));
        let bursts = self.plan.bursts.iter();
        said.extend(bursts.map(|burst| format!("burst {} {}", burst.kind, burst.window)));
        said.sort_unstable();
        said.dedup();
        format!("{:016x}", value_hash(&said.join("\n")))
    }

    /// Returns the resolver of events.
    pub fn resolver(&self) -> Resolver<'_> {
        Resolver::new(
            &self.config,
            self.analytics.iter().flat_map(|a| &a.sensitive_buckets),
        )
        .located_by(&self.databases)
    }

    /// Returns whether an analytic requires sensitive buckets and none is listed anywhere.
    pub fn is_blind_to_sensitive(&self) -> bool {
        self.config.sensitive.is_empty()
            && self
                .analytics
                .iter()
                .all(|a| a.sensitive_buckets.is_empty())
            && self
                .analytics
                .iter()
                .any(|a| a.enabled && a.metrics().contains(&Metric::SensitiveReadCalls))
    }

    /// Returns what the configuration says beside a generation.
    pub fn context(&self) -> Context {
        let bare = |account: &Str| -> Str {
            let bare = account.split_once(':').map_or(&**account, |(_, bare)| bare);
            bare.into()
        };
        Context::listing(self.config.accounts.iter().map(bare).collect())
    }

    /// Returns the configured peer group of an identity.
    pub fn peer_group_of(&self, identity: &str) -> Option<Str> {
        self.config
            .peer_group(identity)
            .map(|group| group.name.clone())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::event::{Event, IdentityKind, Principal, Provider, Source};
    use crate::identity::geo::written::{MmdbValue, database};
    use crate::measure::DayAggregate;
    use crate::vocab::Trait;

    /// Returns the countries and networks that are remembered for a caller.
    fn remembered(setup: &Setup, address: &str, country: Option<&str>) -> Vec<String> {
        let mut event = Event::new(
            Time::from_nanos(1),
            "a".into(),
            Provider::Gcp,
            Source::GcpAudit,
        );
        event.peer.ip = Some(address.parse().unwrap());
        event.peer.country = country.map(Str::from);
        event.principal = Some(Principal::new(
            "gcp:user:ana@halcyon.example".into(),
            IdentityKind::Human,
        ));
        let mut aggregate = DayAggregate::new(event.time.day());
        let resolver = setup.resolver();
        aggregate.add(&resolver.resolve(&mut event), &setup.plan);
        aggregate.settle(None);
        let facts = aggregate.subjects().values().next().unwrap();
        [Trait::Country, Trait::Network]
            .iter()
            .filter_map(|which| facts.trait_values(*which))
            .flat_map(|values| values.iter().map(|(value, _)| value.to_string()))
            .collect()
    }

    #[test]
    fn a_database_adds_countries_and_systems_and_is_part_of_the_measurement() {
        let folder = tempfile::tempdir().unwrap();
        let entry = MmdbValue::Map(&[
            (
                "country",
                MmdbValue::Map(&[("iso_code", MmdbValue::Text("NL"))]),
            ),
            ("autonomous_system_number", MmdbValue::Number(64_500)),
        ]);
        let put = |name: &str, kind: &str| {
            let written = database(kind, &[("198.51.100.0/24", entry)]);
            std::fs::write(folder.path().join(name), written).unwrap();
        };
        put("one.mmdb", "Example-City");
        put("next-week.mmdb", "Example-City");
        put("other.mmdb", "Example-ASN");
        let file = folder.path().join("plimsoll.toml").display().to_string();
        let setup = |text: &str| {
            let config = Config::parse(text, &file).unwrap();
            let setup = Setup::new(config, Vec::new(), Time::from_nanos(0));
            setup.with_databases().unwrap()
        };
        let of = |name: &str| setup(&format!("[network]\ngeoip = [\"{name}\"]"));
        let (without, one, next, other) = (
            setup(""),
            of("one.mmdb"),
            of("next-week.mmdb"),
            of("other.mmdb"),
        );
        assert_eq!(one.measured_by(), next.measured_by());
        assert_ne!(one.measured_by(), without.measured_by());
        assert_ne!(one.measured_by(), other.measured_by());

        assert_eq!(remembered(&one, "198.51.100.7", None), ["NL", "AS64500"]);
        assert_eq!(
            remembered(&one, "198.51.100.7", Some("BE")),
            ["BE", "AS64500"]
        );
        assert_eq!(remembered(&one, "203.0.113.9", None), ["203.0.0.0/16"]);
        assert_eq!(
            remembered(&without, "198.51.100.7", None),
            ["198.51.0.0/16"]
        );
        assert_eq!(
            remembered(&without, "2001:db8::7", Some("BE")),
            ["BE", "2001:db8::/48"]
        );
    }
}
