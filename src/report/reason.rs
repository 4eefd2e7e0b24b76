//! A reason as one sentence: what was observed, what was expected, and whose history it was judged against.
//!
//! Nothing here is escaped yet.

use std::fmt::Write;

use crate::alert::{
    Amount, AmountBasis, AssumptionRecord, EventRecord, JudgedAgainstRecord, Reason, StepRecord,
};
use crate::report::number::{amount, count, noun};
use crate::vocab::{BurstKind, Metric};

/// Accounts or buckets that are named; the document has more.
const NAMES_SHOWN: usize = 5;
const DAYS_A_MONTH: f64 = 30.44;
const DAYS_A_YEAR: f64 = 365.25;

/// Returns a reason in one line. `entity` is the id that the alert is about.
pub(super) fn sentence(reason: &Reason, entity: &str) -> String {
    match reason {
        Reason::Volume(a) => volume(a, entity),
        Reason::Newcomer(a) => format!(
            "{} by a newcomer. {}: {}",
            observed(a),
            judged_against(
                &a.judged_against,
                entity,
                Some(("active hour", "active hours"))
            ),
            level(a),
        ),
        Reason::Novelty {
            r#trait,
            value,
            of,
            support,
            judged_against: whose,
            basis,
            ..
        } => {
            let has_history = basis
                .as_ref()
                .is_some_and(|basis| basis.novel_days.is_some());
            let own = match of {
                0 if has_history => {
                    "not seen on the one day that this identity was active before".to_owned()
                }
                0 => "new to this identity, which has no history yet".to_owned(),
                n => format!(
                    "never seen before in this identity's history of {}",
                    noun(u64::from(*n) + 1, "active day", "active days")
                ),
            };
            let others = match support {
                0 => "known to no other identity".to_owned(),
                n => format!(
                    "known to {}",
                    noun(u64::from(*n), "other identity", "other identities")
                ),
            };
            let judged = match whose.kind.as_str() {
                "" => String::new(),
                _ if whose.id == entity => String::new(),
                "default" => "; judged against the built-in default".to_owned(),
                _ => format!("; judged against its peers ({})", group(whose)),
            };
            format!(
                "{} {value}: {own}; {others}{judged}",
                r#trait.replace('_', " ")
            )
        }
        Reason::Grant {
            accounts,
            buckets,
            acts,
            basis,
            ..
        } => {
            let history = match basis.as_ref().map(|basis| basis.first.is_some()) {
                Some(true) => "; this identity has no history of giving data there",
                Some(false) => "; this identity has a history of giving data there",
                None => "",
            };
            let acts = noun(*acts, "act", "acts");
            format!("{} in {acts}{history}", given(buckets, accounts))
        }
        Reason::Burst {
            burst,
            window,
            observed,
            required,
            first,
            ..
        } => {
            let from = first.as_ref().and_then(|event| event.source_ip.as_deref());
            let from = from.filter(|_| burst != "countries");
            format!(
                "{} within {}{}; the analytic calls {} or more a burst, whatever the history",
                counted_at_once(burst, *observed),
                span(window),
                from.map(|ip| format!(" from {ip}")).unwrap_or_default(),
                count(*required),
            )
        }
        Reason::Declared { buckets, .. } if buckets.is_empty() => {
            "it happened at all: the analytic gives this a fixed weight, whatever the history"
                .to_owned()
        }
        Reason::Declared {
            accounts,
            buckets,
            first,
            ..
        } => {
            let by = first
                .as_ref()
                .map(|event| format!(" by {}", event.operation))
                .unwrap_or_default();
            format!(
                "{}{by}: the analytic gives this a fixed weight, whatever the history",
                given(buckets, accounts)
            )
        }
        Reason::Sequence { steps } => format!(
            "{} in this order:",
            noun(steps.len() as u64, "step", "steps")
        ),
    }
}

fn volume(a: &Amount, entity: &str) -> String {
    let whose = &a.judged_against;
    let basis = match &a.basis {
        Some(AmountBasis::Volume(basis)) => Some(basis),
        _ => None,
    };
    let is_own = whose.id == entity;
    let windows = whose.windows.round().max(0.0) as u64;
    // Of peers, the number says how short the identity's own history is.
    let own = match (is_own, basis) {
        (false, Some(basis)) if basis.own.exposure <= 0.0 => {
            "; this identity has no history yet".to_owned()
        }
        (true, Some(basis)) if basis.own.active == 0.0 => {
            "; never seen before by this identity".to_owned()
        }
        (true, _) => String::new(),
        (false, _) if whose.windows <= 0.0 => "; this identity has no history of it".to_owned(),
        (false, _) if windows == 0 => "; this identity has hardly any history of it".to_owned(),
        (false, _) => format!(
            "; this identity has a history of only {}",
            noun(windows, "window", "windows")
        ),
    };
    let unit = is_own.then_some(("window", "windows"));
    let expected = match basis {
        // What is no more than usual when it happens is rare in happening at all.
        Some(basis) if a.observed as f64 <= a.p99 => {
            let often = how_often(basis.predictive().lambda);
            let is_assumed = whose.kind == "default";
            let seen = if is_assumed { "assumed" } else { "seen" };
            format!("{seen} {often}, then {}", level(a))
        }
        None if a.observed as f64 <= a.p50 => "hardly ever seen".to_owned(),
        _ => level(a),
    };
    let whose = judged_against(whose, entity, unit);
    format!("{}{}{own}. {whose}: {expected}", observed(a), as_on(a))
}

/// Returns the days on which an entity did much of something at that time, the latest first.
fn as_on(a: &Amount) -> String {
    let mut latest = a.as_on.iter().rev();
    let Some(last) = latest.next() else {
        return String::new();
    };
    match (latest.next(), latest.len() as u64) {
        (None, _) => format!(", as on {last}"),
        (Some(before), 0) => format!(", as on {before} and {last}"),
        (Some(before), n) => format!(
            ", as on {last}, {before} and {} before",
            noun(n, "such day", "such days")
        ),
    }
}

/// Returns what was observed, as in `list_calls: 1,280 calls in 10 min`.
fn observed(a: &Amount) -> String {
    let n = a.observed as f64;
    let things = match things(&a.metric) {
        Some((one, many)) => noun(a.observed, one, many),
        None => amount(&a.metric, n),
    };
    format!("{}: {things} in {}", a.metric, span(&a.window))
}

/// Returns what is expected in a window with any activity.
fn level(a: &Amount) -> String {
    format!(
        "typically {}, 99th percentile {}",
        amount(&a.metric, a.p50),
        amount(&a.metric, a.p99)
    )
}

/// Returns what a metric counts; `None` of bytes, which have a unit, and of a metric that is not known.
fn things(metric: &str) -> Option<(&'static str, &'static str)> {
    Some(match Metric::parse(metric)? {
        Metric::ListBytes | Metric::BytesRead | Metric::EgressBytes => return None,
        Metric::BucketsListed
        | Metric::BucketsNew
        | Metric::PostureBuckets
        | Metric::SensitiveBuckets
        | Metric::BucketsRead
        | Metric::BucketsReadNew
        | Metric::BucketsDeletedFrom
        | Metric::BucketsDeleted => ("bucket", "buckets"),
        Metric::PrefixesListed | Metric::PrefixesRead | Metric::PrefixesReadNew => {
            ("prefix", "prefixes")
        }
        Metric::ObjectsRead | Metric::ObjectsDeleted => ("object", "objects"),
        Metric::RegionsUsed | Metric::RegionsNew => ("region", "regions"),
        Metric::ExpiryRules => ("rule", "rules"),
        Metric::MachinesStarted => ("machine", "machines"),
        Metric::SecretCalls | Metric::SecretsRead => ("secret", "secrets"),
        Metric::DataStoresRead => ("table or snapshot", "tables and snapshots"),
        Metric::StoresExported => ("table or repository", "tables and repositories"),
        Metric::ScopeGrants => ("scope", "scopes"),
        Metric::DirectoryFamilies => ("operation", "operations"),
        Metric::EgressDestinations => ("destination", "destinations"),
        Metric::ListCalls
        | Metric::ReadCalls
        | Metric::WriteCalls
        | Metric::CopyCalls
        | Metric::DeleteCalls
        | Metric::DirectoryCalls
        | Metric::DeniedCalls
        | Metric::SensitiveReadCalls
        | Metric::SensitiveExternalCalls
        | Metric::BlindingCalls
        | Metric::DataCalls
        | Metric::ExportCalls => ("call", "calls"),
    })
}

/// Writes a length of time as documents have it, `10m`, with a unit: `10 min`.
pub(super) fn span(window: &str) -> String {
    let digits = window.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &window[digits.len()..] {
        "m" => "min",
        "d" if digits == "1" => "day",
        "d" => "days",
        other => other,
    };
    format!("{digits} {unit}")
}

/// Returns how often something happens that is expected so many times a day.
fn how_often(per_day: f64) -> String {
    if per_day >= 0.95 {
        return format!("about {per_day:.1} times a day");
    }
    let days = 1.0 / per_day.max(1e-9);
    let (n, one, many) = if days < 60.0 {
        (days, "day", "days")
    } else if days < 2.0 * DAYS_A_YEAR - 30.0 {
        (days / DAYS_A_MONTH, "month", "months")
    } else {
        (days / DAYS_A_YEAR, "year", "years")
    };
    match n.round() as u64 {
        1 => format!("about once a {one}"),
        n => format!("about once in {}", noun(n, one, many)),
    }
}

/// Names whose history something was judged against, with how much of it there is in `unit`s.
fn judged_against(whose: &JudgedAgainstRecord, entity: &str, unit: Option<(&str, &str)>) -> String {
    let n = whose.windows.round().max(0.0) as u64;
    let amount = unit.map(|(one, many)| noun(n, one, many));
    match whose.kind.as_str() {
        "default" | "" => "Built-in default, as too few here have shown any of it".to_owned(),
        _ if whose.id == entity => {
            let amount = amount.map(|amount| format!(" ({amount})"));
            format!("Own history{}", amount.unwrap_or_default())
        }
        _ => {
            let amount = amount.map(|amount| format!(", {amount}"));
            format!("Peers ({}{})", group(whose), amount.unwrap_or_default())
        }
    }
}

/// Names a group of peers: `estate`, `role etl`. Of an ARN, only the name is left.
pub(super) fn group(whose: &JudgedAgainstRecord) -> String {
    let id = match whose.id.strip_prefix("arn:") {
        Some(arn) => arn.rsplit('/').next().unwrap_or(arn),
        None => &whose.id,
    };
    match whose.kind.as_str() {
        "estate" => "estate".to_owned(),
        kind => format!("{} {id}", kind.replace('_', " ")),
    }
}

/// Names what was given, and to which accounts.
fn given(buckets: &[String], accounts: &[String]) -> String {
    let whom = match accounts {
        _ if accounts.iter().any(|a| a == "*") => "everybody".to_owned(),
        [one] => format!("outside account {one}"),
        several => format!("outside accounts {}", list(several)),
    };
    format!("{} given to {whom}", list(buckets))
}

fn list(words: &[String]) -> String {
    let shown = words
        .iter()
        .take(NAMES_SHOWN)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    match words.len().saturating_sub(NAMES_SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Returns how many things there were at once, in words: `configuration read of 16 distinct buckets`.
pub(super) fn counted_at_once(kind: &str, n: u64) -> String {
    match BurstKind::parse(kind) {
        Some(BurstKind::PostureBuckets) => format!(
            "configuration read of {}",
            noun(n, "distinct bucket", "distinct buckets")
        ),
        Some(BurstKind::DeniedCalls) => {
            format!("{} in one bucket", noun(n, "denied call", "denied calls"))
        }
        Some(BurstKind::DeniedBuckets) => {
            format!(
                "calls denied in {}",
                noun(n, "distinct bucket", "distinct buckets")
            )
        }
        Some(BurstKind::DirectoryFamilies) => noun(
            n,
            "distinct directory operation",
            "distinct directory operations",
        ),
        Some(BurstKind::Countries) => noun(n, "country called from", "countries called from"),
        None => format!("{} {}", count(n), kind.replace('_', " ")),
    }
}

/// Returns the event that a reason rests on in one line.
pub(super) fn first(event: &EventRecord) -> String {
    let place = |word: &str, ip: &Option<String>| match ip {
        Some(ip) => format!(" {word} {ip}"),
        None => String::new(),
    };
    format!(
        "first seen {}: {}{}{}, event {}",
        event.time,
        event.operation,
        place("from", &event.source_ip),
        place("to", &event.destination_ip),
        event.event_id
    )
}

/// Returns a step in one line.
pub(super) fn step(step: &StepRecord) -> String {
    let how = match step.origin.as_deref() {
        Some("created") => match &step.by {
            Some(by) => format!(", created by {by}"),
            None => ", created (by whom is not logged)".to_owned(),
        },
        Some(_) => ", first seen (its creation is not in these logs)".to_owned(),
        None => String::new(),
    };
    let from = step
        .source_ip
        .as_ref()
        .filter(|_| step.by.is_some())
        .map(|ip| format!(" from {ip}"))
        .unwrap_or_default();
    let event = step
        .event_id
        .as_ref()
        .map(|id| format!(", event {id}"))
        .unwrap_or_default();
    let name = step.step.replace('_', " ");
    format!("{}  {name}{how}{from}{event}", step.time)
}

/// Returns to which identity a credential was issued, and the same of the credential that it was issued with, in one line.
pub(super) fn assumed(assumption: &AssumptionRecord) -> String {
    let mut text = String::new();
    let mut next = Some(assumption);
    while let Some(step) = next {
        if !text.is_empty() {
            text.push_str("; that credential ");
        }
        let part = |word: &str, value: &Option<String>| match value {
            Some(value) => format!("{word} {value} "),
            None => String::new(),
        };
        let (by, from) = (part("by", &step.by), part(" from", &step.source_ip));
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{by}at {}{} ({}, event {})",
            step.time,
            from.trim_end(),
            step.operation,
            step.event_id
        );
        next = step.with.as_deref();
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::report::text::tests::burst;

    #[test]
    fn a_rare_amount_says_how_often_it_is_seen_and_in_whose_history() {
        let shown = |active: f64, beta: f64, whose: &str| {
            let basis = format!(
                r#"{{"prior": {{"mean": 1.0, "between_var": 0.1, "within_var": 0.1, "alpha": 0.1, "beta": {beta}}},
                    "own": {{"n": {active}, "mean": 1.0, "m2": 0.0, "active": {active}, "exposure": 13.0}}}}"#
            );
            let reason = format!(
                r#"{{"kind": "volume", "metric": "sensitive_buckets", "window": "1h", "observed": 1, "p50": 1.8, "p99": 3.5,
                    "p_value": 0.004, "surprise": 5.0, "judged_against": {{{whose}, "windows": {active}}}, "basis": {basis}}}"#
            );
            sentence(&serde_json::from_str(&reason).unwrap(), "x")
        };
        let estate = r#""kind": "estate", "id": "identities""#;
        assert_eq!(
            shown(0.0, 60.5, estate),
            "sensitive_buckets: 1 bucket in 1 h; this identity has no history of it. \
             Peers (estate): seen about once in 2 years, then typically 1.8, 99th percentile 3.5"
        );
        let own = r#""kind": "identity", "id": "x""#;
        assert_eq!(
            shown(0.0, 13.0, own),
            "sensitive_buckets: 1 bucket in 1 h; never seen before by this identity. \
             Own history (0 windows): seen about once in 9 months, then typically 1.8, 99th percentile 3.5"
        );
        let seen = shown(2.0, 13.0, own);
        assert!(
            seen.contains("1 h. Own history (2 windows): seen about once in 12 days"),
            "{seen}"
        );
        let role = r#""kind": "role", "id": "arn:aws:iam::111122223333:role/jobs/etl""#;
        let few = shown(2.0, 13.0, role);
        assert!(
            few.contains("; this identity has a history of only 2 windows. Peers (role etl): "),
            "{few}"
        );
        assert_eq!(
            [0.3, 1.0, 4.2].map(how_often),
            [
                "about once in 3 days",
                "about 1.0 times a day",
                "about 4.2 times a day"
            ]
        );
        assert_eq!(
            ["10m", "1h", "1d", "10s"].map(span),
            ["10 min", "1 h", "1 day", "10 s"]
        );
    }

    #[test]
    fn a_burst_says_what_came_at_once_and_from_where() {
        let limit = "the analytic calls 16 or more a burst, whatever the history";
        for (kind, said) in [
            (
                "posture_buckets",
                "configuration read of 1,020 distinct buckets within 10 s from 198.51.100.7",
            ),
            (
                "denied_calls",
                "1,020 denied calls in one bucket within 10 s from 198.51.100.7",
            ),
            (
                "denied_buckets",
                "calls denied in 1,020 distinct buckets within 10 s from 198.51.100.7",
            ),
            (
                "directory_families",
                "1,020 distinct directory operations within 10 s from 198.51.100.7",
            ),
            ("countries", "1,020 countries called from within 10 s"),
            (
                "sort_to_come",
                "1,020 sort to come within 10 s from 198.51.100.7",
            ),
        ] {
            let shown = sentence(&burst(kind, 1_020), "x");
            assert_eq!(shown, format!("{said}; {limit}"));
        }
    }
}
