//! What was done, as the parts of a sentence: `read 20,000 objects (21.0 GB) in 60 buckets`.
//!
//! Only what is known is said. Numbers of a whole episode come from its extent, where that has them, and otherwise from the amounts among
//! the reasons, with their window.

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::{Alert, Extent, Reason};
use crate::incident::stage::{Stage, of_metric, stages_of, tells};
use crate::vocab::Metric;
use crate::wording::{bytes, count, noun, shorten};

/// Columns of a name in a sentence.
const NAME_MAX: usize = 48;

/// What alerts tell of, gathered from their reasons.
struct Told<'a> {
    alerts: &'a [&'a Alert],
    extent: Extent,
    stages: BTreeSet<Stage>,
    /// The largest of each metric, with its window.
    amounts: BTreeMap<Metric, (u64, &'a str)>,
}

/// Returns what alerts tell of, in the order in which an attack goes: each part begins with a verb in the past.
pub(super) fn acts(alerts: &[&Alert], extent: Extent) -> Vec<String> {
    // Small amounts beside a large one are no part of the story, unless there is nothing else.
    let told = [true, false].map(|is_telling| Told::of(alerts, extent, is_telling));
    let acts = told.iter().map(Told::acts).find(|acts| !acts.is_empty());
    acts.unwrap_or_else(|| told[1].new_region().into_iter().collect())
}

impl<'a> Told<'a> {
    /// Gathers the amounts that tell something, or all.
    fn of(alerts: &'a [&'a Alert], extent: Extent, is_telling: bool) -> Self {
        let mut amounts: BTreeMap<Metric, (u64, &str)> = BTreeMap::new();
        let reasons = alerts.iter().flat_map(|alert| {
            let sum: f64 = alert.reasons.iter().map(Reason::surprise).sum();
            alert.reasons.iter().map(move |reason| (reason, sum))
        });
        for (reason, sum) in reasons {
            if let Reason::Volume(amount) | Reason::Newcomer(amount) = reason
                && is_telling
                && !tells(amount, sum)
            {
                continue;
            }
            let (name, observed, window) = match reason {
                Reason::Volume(a) | Reason::Newcomer(a) => (&a.metric, a.observed, &a.window),
                Reason::Burst {
                    burst,
                    observed,
                    window,
                    ..
                } => (burst, *observed, window),
                _ => continue,
            };
            let Some(metric) = Metric::parse(name) else {
                continue;
            };
            // One call or bucket that was looked at tells nothing beside what else was done.
            if is_telling && observed <= 1 && of_metric(metric) == Some(Stage::Enumeration) {
                continue;
            }
            let most = amounts.entry(metric).or_insert((observed, window));
            if observed > most.0 {
                *most = (observed, window);
            }
        }
        Self {
            stages: alerts.iter().flat_map(|alert| stages_of(alert)).collect(),
            amounts,
            alerts,
            extent,
        }
    }

    fn acts(&self) -> Vec<String> {
        let acts = [
            self.blinded(),
            self.listed(),
            self.directory(),
            self.denied(),
            self.read(),
            self.sent(),
            self.given(),
            self.deleted(),
            self.granted(),
            self.started(),
        ];
        acts.into_iter().flatten().collect()
    }

    /// Returns the largest amount of a metric in words: a number, what it counts, and in which time.
    fn amount(&self, metric: Metric, one: &str, many: &str) -> Option<String> {
        let &(observed, window) = self.amounts.get(&metric).filter(|(n, _)| *n > 0)?;
        let amount = if metric.is_bytes() {
            bytes(observed as f64)
        } else {
            noun(observed, one, many)
        };
        Some(format!("{amount}{}", within(window)))
    }

    fn is_only(&self, stage: Stage) -> bool {
        let others = [
            Stage::Enumeration,
            Stage::Access,
            Stage::Egress,
            Stage::Impact,
        ];
        others
            .iter()
            .all(|other| (*other == stage) == self.stages.contains(other))
    }

    fn blinded(&self) -> Option<String> {
        let blinded = self.alerts.iter().flat_map(|alert| &alert.blinded);
        let of: BTreeSet<_> = blinded.collect();
        let first = of.first()?;
        let target = match &first.target {
            Some(target) => shorten(target, NAME_MAX),
            None => "a log".to_owned(),
        };
        let more = match of.len() - 1 {
            0 => String::new(),
            more => format!(" and {} more", count(more as u64)),
        };
        Some(format!(
            "switched off or narrowed {target} ({}){more}",
            shorten(&first.operation, NAME_MAX)
        ))
    }

    fn listed(&self) -> Option<String> {
        if !self.stages.contains(&Stage::Enumeration) {
            return None;
        }
        let looked = self.amount(Metric::PostureBuckets, "bucket", "buckets");
        if let Some(buckets) = looked {
            return Some(format!("read the configuration of {buckets}"));
        }
        let has = |metric| self.amounts.contains_key(&metric);
        let lists = [
            Metric::ListCalls,
            Metric::BucketsListed,
            Metric::BucketsNew,
            Metric::PrefixesListed,
            Metric::ListBytes,
        ];
        if !lists.into_iter().any(has) {
            return None;
        }
        // What was counted of an episode is its listings where nothing else happened in it.
        if self.is_only(Stage::Enumeration) && self.extent.buckets > 0 && self.extent.calls > 0 {
            return Some(format!(
                "listed {} in {}",
                noun(self.extent.buckets, "bucket", "buckets"),
                noun(self.extent.calls, "call", "calls"),
            ));
        }
        let buckets = || self.amount(Metric::BucketsListed, "bucket", "buckets");
        let new = || self.amount(Metric::BucketsNew, "new bucket", "new buckets");
        let prefixes = || self.amount(Metric::PrefixesListed, "prefix", "prefixes");
        let listed = buckets().or_else(new).or_else(prefixes);
        let calls = self.amount(Metric::ListCalls, "listing call", "listing calls");
        Some(match (listed, calls) {
            (Some(listed), _) => format!("listed {listed}"),
            (None, Some(calls)) => format!("made {calls}"),
            (None, None) => format!(
                "received listings of {}",
                self.amount(Metric::ListBytes, "", "")?
            ),
        })
    }

    fn directory(&self) -> Option<String> {
        let families = self.amount(
            Metric::DirectoryFamilies,
            "kind of directory call",
            "kinds of directory calls",
        );
        let calls = self.amount(Metric::DirectoryCalls, "directory call", "directory calls");
        Some(format!("made {}", calls.or(families)?))
    }

    fn denied(&self) -> Option<String> {
        let denied = self.amount(Metric::DeniedCalls, "call", "calls")?;
        Some(format!("was denied {denied}"))
    }

    fn read(&self) -> Option<String> {
        if !self.stages.contains(&Stage::Access) {
            return None;
        }
        let extent = &self.extent;
        // Objects that were deleted are counted as well, so they are not told as read.
        if extent.objects > 0 && !self.stages.contains(&Stage::Impact) {
            let size = match extent.bytes_read {
                0 => String::new(),
                n => format!(" ({})", bytes(n as f64)),
            };
            return Some(format!(
                "read {}{size}{}",
                noun(extent.objects, "object", "objects"),
                self.in_buckets()
            ));
        }
        if extent.bytes_read > 0 {
            return Some(format!("read {}", bytes(extent.bytes_read as f64)));
        }
        let objects = self.amount(Metric::ObjectsRead, "object", "objects");
        let calls = || self.amount(Metric::ReadCalls, "object", "objects");
        let sensitive = || {
            self.amount(
                Metric::SensitiveReadCalls,
                "sensitive object",
                "sensitive objects",
            )
        };
        let size = || self.amount(Metric::BytesRead, "", "");
        let buckets = || self.amount(Metric::BucketsRead, "bucket", "buckets");
        let what = objects.or_else(size).or_else(calls);
        let what = what.or_else(sensitive).or_else(buckets)?;
        Some(format!("read {what}"))
    }

    /// Returns in how many buckets, and whether all of them are new to the identity.
    fn in_buckets(&self) -> String {
        let buckets = self.extent.buckets;
        if buckets == 0 {
            return String::new();
        }
        let new = self.amounts.get(&Metric::BucketsReadNew);
        let new = new.map_or(0, |(n, _)| *n);
        let names: BTreeSet<&str> = self.alerts.iter().map(|alert| &*alert.entity.id).collect();
        let is_new = new >= buckets && names.len() == 1;
        format!(
            " in {}{}",
            noun(buckets, "bucket", "buckets"),
            if is_new { " it never touched" } else { "" }
        )
    }

    fn sent(&self) -> Option<String> {
        if !self.stages.contains(&Stage::Egress) {
            return None;
        }
        let mut to: BTreeMap<&str, u64> = BTreeMap::new();
        for row in self.alerts.iter().flat_map(|alert| &alert.destinations) {
            if row.external == Some(true) && row.address != "*" {
                let most = to.entry(&row.address).or_default();
                *most = row.bytes.max(*most);
            }
        }
        let largest = to.iter().max_by_key(|(name, bytes)| (**bytes, *name));
        let whither = match largest {
            Some((name, _)) if to.len() == 1 => format!(" to {}", shorten(name, NAME_MAX)),
            Some((name, _)) => format!(
                " to {} and {}",
                shorten(name, NAME_MAX),
                noun(
                    to.len() as u64 - 1,
                    "other destination",
                    "other destinations"
                )
            ),
            None if self.extent.destinations > 0 => format!(
                " to {}",
                noun(
                    self.extent.destinations,
                    "external destination",
                    "external destinations"
                )
            ),
            None => String::new(),
        };
        if self.extent.bytes_out > 0 {
            let size = bytes(self.extent.bytes_out as f64);
            return Some(format!("sent {size}{whither}"));
        }
        if let Some(size) = self.amount(Metric::EgressBytes, "", "") {
            return Some(format!("sent {size}{whither}"));
        }
        if let Some(calls) = self.amount(Metric::CopyCalls, "copy", "copies") {
            return Some(format!("made {calls}{whither}"));
        }
        // What was given to somebody is told as that.
        let is_told = whither.is_empty() || self.given().is_some();
        (!is_told).then(|| format!("sent data{whither}"))
    }

    fn given(&self) -> Option<String> {
        let reasons = self.alerts.iter().flat_map(|alert| &alert.reasons);
        let (mut accounts, mut buckets) = (BTreeSet::new(), BTreeSet::new());
        for reason in reasons {
            if let Reason::Grant {
                accounts: to,
                buckets: of,
                ..
            }
            | Reason::Declared {
                accounts: to,
                buckets: of,
                ..
            } = reason
            {
                accounts.extend(to.iter().map(String::as_str));
                buckets.extend(of.iter().map(String::as_str));
            }
        }
        let whom = match accounts.len() {
            0 => return None,
            _ if accounts.contains("*") => "everybody".to_owned(),
            1 => format!("outside account {}", shorten(accounts.first()?, NAME_MAX)),
            n => noun(n as u64, "outside account", "outside accounts"),
        };
        let what = match buckets.len() {
            0 => "data".to_owned(),
            1 => shorten(buckets.first()?, NAME_MAX),
            n => noun(n as u64, "bucket", "buckets"),
        };
        Some(format!("gave {what} to {whom}"))
    }

    fn deleted(&self) -> Option<String> {
        if !self.stages.contains(&Stage::Impact) {
            return None;
        }
        let extent = &self.extent;
        if self.is_only(Stage::Impact)
            && extent.objects > 0
            && self.amounts.contains_key(&Metric::ObjectsDeleted)
        {
            let objects = noun(extent.objects, "object", "objects");
            return Some(format!("deleted {objects}{}", self.in_buckets()));
        }
        let objects = self.amount(Metric::ObjectsDeleted, "object", "objects");
        let buckets = || self.amount(Metric::BucketsDeleted, "bucket or key", "buckets or keys");
        let calls = || self.amount(Metric::DeleteCalls, "deletion", "deletions");
        if let Some(rules) = self.amount(Metric::ExpiryRules, "rule", "rules")
            && objects.is_none()
        {
            return Some(format!("set {rules} that delete objects soon"));
        }
        match objects.or_else(buckets) {
            Some(things) => Some(format!("deleted {things}")),
            None => Some(format!("made {}", calls()?)),
        }
    }

    fn granted(&self) -> Option<String> {
        let scopes = self.amount(Metric::ScopeGrants, "scope", "scopes")?;
        Some(format!("granted {scopes} to applications"))
    }

    fn started(&self) -> Option<String> {
        let machines = self.amount(Metric::MachinesStarted, "machine", "machines")?;
        Some(format!("started {machines}"))
    }

    fn new_region(&self) -> Option<String> {
        let reasons = self.alerts.iter().flat_map(|alert| &alert.reasons);
        let mut regions = reasons.filter_map(|reason| match reason {
            Reason::Novelty { r#trait, value, .. } if r#trait == "work_region" => Some(value),
            _ => None,
        });
        let region = shorten(regions.next()?, NAME_MAX);
        Some(format!("worked in region {region} for the first time"))
    }
}

/// Returns in which time, as in ` in 10 min`; of a day nothing, because an episode is one.
fn within(window: &str) -> String {
    match window {
        "1d" => String::new(),
        _ => {
            let digits = window.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let unit = match &window[digits.len()..] {
                "m" => "min",
                other => other,
            };
            format!(" in {} {}", shorten(digits, 8), shorten(unit, 8))
        }
    }
}
