//! What a run works by: the configuration, the analytics, and the time.

use crate::analytic::Analytic;
use crate::config::Config;
use crate::identity::Resolver;
use crate::measure::{Plan, value_hash};
use crate::time::{Time, Window};
use crate::vocab::{Metric, Str};

/// What a run works by.
pub struct Setup {
    /// The configuration, as checked.
    pub config: Config,
    /// The analytics, as checked.
    pub analytics: Vec<Analytic>,
    /// Which windows are measured.
    pub plan: Plan,
    /// The present, by which events of the future are told.
    pub now: Time,
}

impl Setup {
    /// Puts a configuration and its analytics together.
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
        Self {
            config,
            analytics,
            plan: Plan { windows },
            now,
        }
    }

    /// Returns what is measured when a log is read, in short: the same text for the same networks, sensitive buckets, bindings
    /// and windows that do not consist of ten minutes. What a store was measured by does not change afterwards.
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
        said.extend(config.bindings.iter().map(|b| format!("{b:?}")));
        let odd_windows = self.plan.windows.iter().filter(|(_, w)| w.grain() == *w);
        said.extend(odd_windows.map(|(m, w)| format!("{m} {w}")));
        said.sort_unstable();
        said.dedup();
        format!("{:016x}", value_hash(&said.join("\n")))
    }

    /// Returns what settles events.
    pub fn resolver(&self) -> Resolver<'_> {
        Resolver::new(
            &self.config,
            self.analytics.iter().flat_map(|a| &a.sensitive_buckets),
        )
    }

    /// Tells whether an analytic asks for sensitive buckets and none is listed anywhere.
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

    /// Returns the configured peer group of an identity.
    pub fn peer_group_of(&self, identity: &str) -> Option<Str> {
        self.config
            .peer_group(identity)
            .map(|group| group.name.clone())
    }
}
