//! What was done, as the parts of a sentence: `read 20,000 objects (21.0 GB) in 60 buckets`.
//!
//! Only what is known is said, and a number counts what its verb says. Numbers of a whole episode come from its extent, where that has
//! them for this verb, and otherwise from the amounts among the reasons, with their window. Each part knows which alerts it rests on.

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::{Alert, DeedKind, Extent, Reason};
use crate::incident::node::{crossed_at, key_of};
use crate::incident::stage::{Stage, of_metric, stages_of, tells};
use crate::time::{Day, Time};
use crate::vocab::Metric;
use crate::wording::{bytes, count, noun, shorten};

/// Columns of a name in a sentence.
const NAME_MAX: usize = 48;

/// The metrics by which an alert tells of listings.
const LISTS: [Metric; 5] = [
    Metric::ListCalls,
    Metric::BucketsListed,
    Metric::BucketsNew,
    Metric::PrefixesListed,
    Metric::ListBytes,
];
/// The metrics by which an alert tells of what is read in no bucket.
const OTHER_STORES: [Metric; 4] = [
    Metric::DataCalls,
    Metric::DataStoresRead,
    Metric::ExportCalls,
    Metric::StoresExported,
];
/// The metrics by which an alert tells of objects that were deleted.
const DELETIONS: [Metric; 3] = [
    Metric::ObjectsDeleted,
    Metric::BucketsDeletedFrom,
    Metric::DeleteCalls,
];

/// A part of the sentence, and the alerts that it is told by.
#[derive(Debug, Clone)]
pub(super) struct Deed<'a> {
    /// It begins with a verb in the past.
    pub(super) words: String,
    pub(super) by: Vec<&'a Alert>,
    /// What their extents call it, if the number is theirs.
    pub(super) kind: Option<DeedKind>,
}

/// The largest amount of a metric, with its window, and all alerts that tell of that metric.
struct Most<'a> {
    observed: u64,
    window: &'a str,
    by: Vec<&'a Alert>,
}

/// A number of the extents of alerts.
struct Sum<'a> {
    n: u64,
    /// Those alerts that say so, of each entity and day one.
    by: Vec<&'a Alert>,
}

/// What alerts tell of, gathered from their reasons.
struct Told<'a> {
    alerts: &'a [&'a Alert],
    stages: BTreeSet<Stage>,
    amounts: BTreeMap<Metric, Most<'a>>,
}

/// Returns what alerts tell of, in the order in which an attack goes.
pub(super) fn deeds<'a>(alerts: &'a [&'a Alert]) -> Vec<Deed<'a>> {
    // Small amounts beside a large one are no part of the story, unless there is nothing else.
    let told = [true, false].map(|is_telling| Told::of(alerts, is_telling));
    let deeds = told.iter().map(Told::deeds).find(|deeds| !deeds.is_empty());
    deeds.unwrap_or_default()
}

/// Returns in which new region somebody worked, where nothing else is known that was done.
pub(super) fn new_region<'a>(alerts: &[&'a Alert]) -> Option<Deed<'a>> {
    let mut regions = alerts.iter().filter_map(|alert| {
        let mut reasons = alert.reasons.iter();
        let region = reasons.find_map(|reason| match reason {
            Reason::Novelty {
                r#trait, value, of, ..
            } if r#trait == "work_region" => Some((value, *of)),
            _ => None,
        });
        Some((*alert, region?))
    });
    let (alert, (region, active_days)) = regions.next()?;
    let region = shorten(region, NAME_MAX);
    Some(Deed {
        // Of somebody without history it is not known what is the first time.
        words: match active_days {
            0 => format!("worked in region {region}"),
            _ => format!("worked in region {region} for the first time"),
        },
        by: vec![alert],
        kind: None,
    })
}

impl<'a> Told<'a> {
    /// Gathers the amounts that tell something, or all.
    fn of(alerts: &'a [&'a Alert], is_telling: bool) -> Self {
        let mut amounts: BTreeMap<Metric, Most> = BTreeMap::new();
        let reasons = alerts.iter().flat_map(|alert| {
            let sum: f64 = alert.reasons.iter().map(Reason::surprise).sum();
            let reasons = alert.reasons.iter();
            reasons.map(move |reason| (*alert, reason, sum))
        });
        for (alert, reason, sum) in reasons {
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
            let most = amounts.entry(metric).or_insert_with(|| Most {
                observed,
                window,
                by: Vec::new(),
            });
            if observed > most.observed {
                (most.observed, most.window) = (observed, window);
            }
            most.by.push(alert);
        }
        Self {
            stages: alerts.iter().flat_map(|alert| stages_of(alert)).collect(),
            amounts,
            alerts,
        }
    }

    fn deeds(&self) -> Vec<Deed<'a>> {
        let deeds = [
            self.blinded(),
            self.looked(),
            self.listed(),
            self.directory(),
            self.denied(),
            self.read(),
            self.listed_beside(),
            self.sent(),
            self.given(),
            self.deleted(),
            self.granted(),
            self.started(),
            self.revealed(),
            self.scanned(),
            self.exported(),
        ];
        deeds.into_iter().flatten().collect()
    }

    /// Returns the largest amount of a metric in words: a number, what it counts, and in which time.
    fn amount(&self, metric: Metric, one: &str, many: &str) -> Option<Deed<'a>> {
        let most = self.amounts.get(&metric).filter(|most| most.observed > 0)?;
        let amount = if metric.is_bytes() {
            bytes(most.observed as f64)
        } else {
            noun(most.observed, one, many)
        };
        Some(Deed {
            words: format!("{amount}{}", within(most.window)),
            by: most.by.clone(),
            kind: None,
        })
    }

    /// Returns the alerts that tell of one of some metrics.
    fn tellers(&self, of: impl Fn(Metric) -> bool) -> Vec<&'a Alert> {
        let told = self.amounts.iter().filter(|(metric, _)| of(**metric));
        told.flat_map(|(_, most)| most.by.iter().copied()).collect()
    }

    /// Adds up a number of the extents over entities and days. Several analytics count the same acts, so of an entity's day the largest
    /// counts; of equal ones that with the shorter span. `None` if it is nothing, or one of the alerts that tell of it does not have it: an
    /// older document says no such number, and neither does one of calls that name no objects.
    fn sum(&self, kind: DeedKind, of: fn(&Extent) -> u64, tellers: &[&Alert]) -> Option<Sum<'a>> {
        let has_done = |alert: &Alert| alert.spans.iter().any(|span| span.deed == kind);
        let lacks_it =
            |alert: &&Alert| of(&alert.extent) == 0 && (alert.spans.is_empty() || has_done(alert));
        if tellers.iter().any(lacks_it) {
            return None;
        }
        let mut most: BTreeMap<(String, Day), &'a Alert> = BTreeMap::new();
        for &alert in self.alerts.iter().filter(|alert| of(&alert.extent) > 0) {
            let key = (key_of(&alert.entity), crossed_at(alert).day());
            let rank = |alert: &Alert| {
                let (first, last) = alert.span_of(kind);
                (of(&alert.extent), first.secs_since(last))
            };
            let known = most.entry(key).or_insert(alert);
            if rank(alert) > rank(known) {
                *known = alert;
            }
        }
        let by: Vec<&Alert> = most.into_values().collect();
        let each = by.iter().map(|alert| of(&alert.extent));
        let n = each.fold(0, u64::saturating_add);
        (n > 0).then_some(Sum { n, by })
    }

    fn blinded(&self) -> Option<Deed<'a>> {
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
        let by = self.alerts.iter().copied();
        Some(Deed {
            words: format!(
                "switched off or narrowed {target} ({}){more}",
                shorten(&first.operation, NAME_MAX)
            ),
            by: by.filter(|alert| !alert.blinded.is_empty()).collect(),
            kind: None,
        })
    }

    fn looked(&self) -> Option<Deed<'a>> {
        let buckets = self.amount(Metric::PostureBuckets, "bucket", "buckets");
        Some(buckets?.after("read the configuration of"))
    }

    /// Returns the listings of acts that read as well, where no alert is about them.
    fn listed_beside(&self) -> Option<Deed<'a>> {
        let is_about = |metric: &Metric| LISTS.contains(metric);
        if !self.stages.contains(&Stage::Access) || self.amounts.keys().any(is_about) {
            return None;
        }
        let calls = self.sum(DeedKind::Listed, |extent| extent.list_calls, &[]);
        // As above: one call tells nothing beside what else was done.
        calls.filter(|calls| calls.n > 1).map(listed)
    }

    fn listed(&self) -> Option<Deed<'a>> {
        let tellers = self.tellers(|metric| LISTS.contains(&metric));
        if tellers.is_empty() {
            return None;
        }
        if let Some(calls) = self.sum(DeedKind::Listed, |extent| extent.list_calls, &tellers) {
            return Some(listed(calls));
        }
        let buckets = || self.amount(Metric::BucketsListed, "bucket", "buckets");
        let new = || self.amount(Metric::BucketsNew, "new bucket", "new buckets");
        let prefixes = || self.amount(Metric::PrefixesListed, "prefix", "prefixes");
        let things = buckets().or_else(new).or_else(prefixes);
        let calls = || self.amount(Metric::ListCalls, "listing call", "listing calls");
        match things {
            Some(things) => Some(things.after("listed")),
            None => calls().map(|calls| calls.after("made")).or_else(|| {
                let size = self.amount(Metric::ListBytes, "", "")?;
                Some(size.after("received listings of"))
            }),
        }
    }

    fn directory(&self) -> Option<Deed<'a>> {
        let families = self.amount(
            Metric::DirectoryFamilies,
            "kind of directory call",
            "kinds of directory calls",
        );
        let calls = self.amount(Metric::DirectoryCalls, "directory call", "directory calls");
        Some(calls.or(families)?.after("made"))
    }

    fn denied(&self) -> Option<Deed<'a>> {
        let denied = self.amount(Metric::DeniedCalls, "call", "calls")?;
        Some(denied.after("was denied"))
    }

    /// What was read is told where an alert is about that, or about listings that led to it.
    fn read(&self) -> Option<Deed<'a>> {
        let lists = self.tellers(|metric| LISTS.contains(&metric));
        if !self.stages.contains(&Stage::Access) && lists.is_empty() {
            return None;
        }
        let is_of_objects =
            |metric| of_metric(metric) == Some(Stage::Access) && !OTHER_STORES.contains(&metric);
        let tellers = self.tellers(is_of_objects);
        if let Some(objects) = self.sum(DeedKind::Read, |extent| extent.objects_read, &tellers) {
            let sizes = objects.by.iter().map(|alert| alert.extent.bytes_read);
            let size = match sizes.fold(0, u64::saturating_add) {
                0 => String::new(),
                n => format!(" ({})", bytes(n as f64)),
            };
            let words = format!(
                "read {}{size}{}{}",
                noun(objects.n, "object", "objects"),
                in_buckets(&objects.by, |extent| extent.buckets_read),
                if self.is_new_to_it(&objects.by) {
                    " it never touched"
                } else {
                    ""
                }
            );
            return Some(objects.told(words, DeedKind::Read));
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
        Some(what.after("read"))
    }

    /// Returns whether an entity was known for none of the buckets that one alert says it read.
    fn is_new_to_it(&self, by: &[&Alert]) -> bool {
        let names: BTreeSet<&str> = self.alerts.iter().map(|alert| &*alert.entity.id).collect();
        let [alert] = by else {
            return false;
        };
        let is_told = |reason: &Reason| reason.metric() == Some(Metric::BucketsReadNew.as_str());
        names.len() == 1
            && alert.extent.buckets_read > 0
            && alert.extent.buckets_read_new == alert.extent.buckets_read
            && alert.reasons.iter().any(is_told)
    }

    fn sent(&self) -> Option<Deed<'a>> {
        if !self.stages.contains(&Stage::Egress) {
            return None;
        }
        let tellers = self.tellers(|metric| metric == Metric::EgressBytes);
        if let Some(sum) = self.sum(DeedKind::Sent, |extent| extent.bytes_out, &tellers) {
            let words = format!("sent {}{}", bytes(sum.n as f64), whither(&sum.by));
            return Some(sum.told(words, DeedKind::Sent));
        }
        if let Some(size) = self.amount(Metric::EgressBytes, "", "") {
            let whither = whither(&size.by);
            return Some(size.after("sent").before(&whither));
        }
        if let Some(calls) = self.amount(Metric::CopyCalls, "copy", "copies") {
            let whither = whither(&calls.by);
            return Some(calls.after("made").before(&whither));
        }
        let alerts = self.alerts.iter().copied();
        let by: Vec<&Alert> = alerts
            .filter(|alert| stages_of(alert).contains(&Stage::Egress))
            .collect();
        let whither = whither(&by);
        // What was given to somebody is told as that.
        let is_told = whither.is_empty() || self.given().is_some();
        let words = format!("sent data{whither}");
        let kind = None;
        (!is_told).then_some(Deed { words, by, kind })
    }

    fn given(&self) -> Option<Deed<'a>> {
        let (mut accounts, mut buckets) = (BTreeSet::new(), BTreeSet::new());
        let mut by: Vec<&Alert> = Vec::new();
        for &alert in self.alerts {
            for reason in &alert.reasons {
                let (Reason::Grant {
                    accounts: to,
                    buckets: of,
                    ..
                }
                | Reason::Declared {
                    accounts: to,
                    buckets: of,
                    ..
                }) = reason
                else {
                    continue;
                };
                if !to.is_empty() {
                    by.push(alert);
                }
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
        let (words, kind) = (format!("gave {what} to {whom}"), None);
        Some(Deed { words, by, kind })
    }

    fn deleted(&self) -> Option<Deed<'a>> {
        if !self.stages.contains(&Stage::Impact) {
            return None;
        }
        let tellers = self.tellers(|metric| DELETIONS.contains(&metric));
        let objects = self.sum(DeedKind::Deleted, |extent| extent.objects_deleted, &tellers);
        if let Some(objects) = objects.filter(|_| !tellers.is_empty()) {
            let words = format!(
                "deleted {}{}",
                noun(objects.n, "object", "objects"),
                in_buckets(&objects.by, |extent| extent.buckets_deleted_from)
            );
            return Some(objects.told(words, DeedKind::Deleted));
        }
        let objects = self.amount(Metric::ObjectsDeleted, "object", "objects");
        let buckets = || self.amount(Metric::BucketsDeleted, "bucket or key", "buckets or keys");
        let calls = || self.amount(Metric::DeleteCalls, "deletion", "deletions");
        if let Some(rules) = self.amount(Metric::ExpiryRules, "rule", "rules")
            && objects.is_none()
        {
            return Some(rules.after("set").before(" that delete objects soon"));
        }
        match objects.or_else(buckets) {
            Some(things) => Some(things.after("deleted")),
            None => Some(calls()?.after("made")),
        }
    }

    fn granted(&self) -> Option<Deed<'a>> {
        let scopes = self.amount(Metric::ScopeGrants, "scope", "scopes")?;
        Some(scopes.after("granted").before(" to applications"))
    }

    fn revealed(&self) -> Option<Deed<'a>> {
        let distinct = self.amount(Metric::SecretsRead, "secret", "secrets");
        let each_time = || self.amount(Metric::SecretCalls, "secret", "secrets");
        Some(distinct.or_else(each_time)?.after("read"))
    }

    fn scanned(&self) -> Option<Deed<'a>> {
        let (one, many) = ("table or snapshot", "tables or snapshots");
        let distinct = self.amount(Metric::DataStoresRead, one, many);
        let calls = || self.amount(Metric::DataCalls, "time", "times");
        match distinct {
            Some(stores) => Some(stores.after("read")),
            None => Some(calls()?.after("read tables or snapshots")),
        }
    }

    fn exported(&self) -> Option<Deed<'a>> {
        let (one, many) = ("table or repository", "tables or repositories");
        let distinct = self.amount(Metric::StoresExported, one, many);
        Some(distinct?.after("exported or pulled"))
    }

    fn started(&self) -> Option<Deed<'a>> {
        let machines = self.amount(Metric::MachinesStarted, "machine", "machines")?;
        Some(machines.after("started"))
    }
}

impl<'a> Sum<'a> {
    fn told(self, words: String, kind: DeedKind) -> Deed<'a> {
        Deed {
            words,
            by: self.by,
            kind: Some(kind),
        }
    }
}

impl Deed<'_> {
    /// Returns the first and the last instant of it, as far as is known; of documents that do not know when their acts began, when their
    /// scores were reached.
    pub(super) fn span(&self) -> Option<(Time, Time)> {
        let is_known = |alert: &&Alert| alert.first_event.is_some() && alert.last_event.is_some();
        let is_known = self.by.iter().all(is_known);
        let spans = self.by.iter().map(|alert| match (is_known, self.kind) {
            (false, _) => (alert.time, alert.time),
            (true, Some(kind)) => alert.span_of(kind),
            (true, None) => alert.span(),
        });
        spans.reduce(|all, next| (all.0.min(next.0), all.1.max(next.1)))
    }

    fn after(mut self, verb: &str) -> Self {
        self.words = format!("{verb} {}", self.words);
        self
    }

    fn before(mut self, words: &str) -> Self {
        self.words += words;
        self
    }
}

fn listed(calls: Sum) -> Deed {
    let most = calls.by.iter().map(|alert| alert.extent.buckets_listed);
    let words = match (most.max(), calls.by.len()) {
        (None | Some(0), _) => format!("made {}", noun(calls.n, "listing call", "listing calls")),
        (Some(most), n) => format!(
            "listed {}{} in {}",
            at_least(n),
            noun(most, "bucket", "buckets"),
            noun(calls.n, "call", "calls")
        ),
    };
    calls.told(words, DeedKind::Listed)
}

/// Returns in how many buckets something was done that some alerts tell of.
fn in_buckets(by: &[&Alert], of: fn(&Extent) -> u64) -> String {
    match by.iter().map(|alert| of(&alert.extent)).max() {
        None | Some(0) => String::new(),
        Some(most) => format!(
            " in {}{}",
            at_least(by.len()),
            noun(most, "bucket", "buckets")
        ),
    }
}

/// The buckets of several entities or days may be the same ones or not.
fn at_least(n_alerts: usize) -> &'static str {
    if n_alerts > 1 { "at least " } else { "" }
}

/// Returns where data went. Of many destinations only some are listed, and then the extents say how many there are.
fn whither(by: &[&Alert]) -> String {
    let mut to: BTreeMap<&str, u64> = BTreeMap::new();
    for row in by.iter().flat_map(|alert| &alert.destinations) {
        if row.external == Some(true) && row.address != "*" {
            let most = to.entry(&row.address).or_default();
            *most = row.bytes.max(*most);
        }
    }
    let counted = by.iter().map(|alert| alert.extent.destinations).max();
    let n = counted.unwrap_or(0).max(to.len() as u64);
    let largest = to.iter().max_by_key(|(name, bytes)| (**bytes, *name));
    match largest {
        Some((name, _)) if n == 1 => format!(" to {}", shorten(name, NAME_MAX)),
        Some((name, _)) => format!(
            " to {} and {}",
            shorten(name, NAME_MAX),
            noun(n - 1, "other destination", "other destinations")
        ),
        None if n > 0 => format!(
            " to {}",
            noun(n, "external destination", "external destinations")
        ),
        None => String::new(),
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
