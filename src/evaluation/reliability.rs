//! The reliability of raw surprise: how much of what should happen once in e^S days really does.

use std::collections::BTreeMap;

use crate::vocab::{Metric, Trait};

/// Surprises, in natural logarithms, at which promise and truth are compared.
pub const LEVELS: [f64; 9] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];

/// Metrics that measure much the same, and the traits, under the names by which they are reported.
const FAMILIES: [(&str, &[Metric]); 5] = [
    (
        "volume",
        &[Metric::ListCalls, Metric::ListBytes, Metric::DeniedCalls],
    ),
    (
        "spread",
        &[
            Metric::BucketsListed,
            Metric::BucketsNew,
            Metric::PostureBuckets,
        ],
    ),
    (
        "access",
        &[
            Metric::ReadCalls,
            Metric::ObjectsRead,
            Metric::BytesRead,
            Metric::EgressBytes,
            Metric::CopyCalls,
        ],
    ),
    (
        "directory",
        &[Metric::DirectoryCalls, Metric::DirectoryFamilies],
    ),
    (
        "sensitive",
        &[Metric::SensitiveReadCalls, Metric::SensitiveBuckets],
    ),
];
/// The name under which traits are reported.
const CONTEXT: &str = "context";

/// Metrics whose raw surprise is tallied.
pub(super) fn metrics() -> impl Iterator<Item = Metric> {
    FAMILIES
        .iter()
        .flat_map(|(_, metrics)| metrics.iter().copied())
}

/// Traits whose raw surprise is tallied.
pub(super) const TRAITS: [Trait; 3] = [Trait::Region, Trait::Network, Trait::UserAgent];

/// How often which surprise was reached, by family.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reliability {
    tallies: BTreeMap<&'static str, Tally>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Tally {
    /// Chances there were: entity-days times metrics times window lengths.
    chances: u64,
    /// How many of them reached each level.
    reached: [u64; LEVELS.len()],
}

impl Reliability {
    /// Notes the largest surprise of a metric in windows of one length on a day of an entity; 0 if it was not active.
    pub fn note_metric(&mut self, metric: Metric, surprise: f64) {
        let family = FAMILIES
            .iter()
            .find(|(_, metrics)| metrics.contains(&metric));
        if let Some((name, _)) = family {
            self.note(name, surprise);
        }
    }

    /// Notes the largest surprise of a trait on a day of an entity; 0 if it showed nothing new.
    pub fn note_trait(&mut self, surprise: f64) {
        self.note(CONTEXT, surprise);
    }

    fn note(&mut self, name: &'static str, surprise: f64) {
        let tally = self.tallies.entry(name).or_default();
        tally.chances += 1;
        for (reached, level) in tally.reached.iter_mut().zip(LEVELS) {
            *reached += u64::from(surprise >= level);
        }
    }

    /// Adds what another trial noted.
    pub fn merge(&mut self, other: &Self) {
        for (name, theirs) in &other.tallies {
            let mine = self.tallies.entry(name).or_default();
            mine.chances += theirs.chances;
            for (mine, theirs) in mine.reached.iter_mut().zip(theirs.reached) {
                *mine += theirs;
            }
        }
    }

    /// Returns, by family, how many chances there were, and by level how many were expected to reach it and did.
    pub fn rows(&self) -> impl Iterator<Item = (&'static str, u64, Vec<(f64, u64)>)> + '_ {
        self.tallies.iter().map(|(&name, tally)| {
            let levels = LEVELS.iter().zip(tally.reached).map(|(level, reached)| {
                // So many windows a day are expected; that there is at least one is Poisson's.
                let expected = -(-(-level).exp()).exp_m1();
                (expected * tally.chances as f64, reached)
            });
            (name, tally.chances, levels.collect())
        })
    }
}
