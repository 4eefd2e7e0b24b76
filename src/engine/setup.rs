//! What a run works by: the configuration, the analytics, and the time.

use crate::analytic::Analytic;
use crate::config::Config;
use crate::identity::Resolver;
use crate::measure::Plan;
use crate::time::{Time, Window};
use crate::vocab::{Metric, Str};

/// What a run works by.
pub struct Setup {
    /// The configuration, as checked.
    pub config: Config,
    /// The analytics, as checked.
    pub analytics: Vec<Analytic>,
    /// Which short windows are measured.
    pub plan: Plan,
    /// The present, by which events of the future are told.
    pub now: Time,
}

impl Setup {
    /// Puts a configuration and its analytics together.
    pub fn new(config: Config, analytics: Vec<Analytic>, now: Time) -> Self {
        let mut short = Vec::new();
        for analytic in &analytics {
            let Some(window) = analytic.window.filter(|w| !Window::STANDARD.contains(w)) else {
                continue;
            };
            short.extend(
                analytic
                    .metrics()
                    .into_iter()
                    .map(|metric| (metric, window)),
            );
        }
        short.sort_unstable();
        short.dedup();
        Self {
            config,
            analytics,
            plan: Plan { short },
            now,
        }
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
