//! An alert as a person reads it at three in the morning: how bad, when, who; then what, why, and where to look.

use std::fmt::Write;

use crate::alert::{
    Alert, Amount, AmountBasis, AssumptionRecord, EventRecord, JudgedAgainstRecord, Reason, Status,
    StepRecord,
};
use crate::report::escape::Plain;
use crate::report::number::{amount, bytes, count, duration, noun};
use crate::report::paint::Paint;
use crate::stats::Severity;
use crate::time::Time;
use crate::vocab::BurstKind;

/// Operations that are shown; the document has more.
const OPERATIONS_SHOWN: usize = 6;
/// Rows of buckets and destinations that are shown; the document has more.
const ROWS_SHOWN: usize = 5;

/// Credentials of which it is shown who took them; the document has more.
const ASSUMED_SHOWN: usize = 3;

/// Returns an alert over several lines, with the end of the last.
pub fn alert(alert: &Alert, paint: Paint) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_alert(&mut out, alert, paint);
    out
}

fn write_alert(out: &mut String, alert: &Alert, paint: Paint) -> std::fmt::Result {
    let severity = alert.severity.to_string().to_uppercase();
    writeln!(
        out,
        "{}  {}  {:.1}  {}  {}{}",
        paint.severity(alert.severity, &format!("{severity:<8}")),
        paint.bold(&Plain(&alert.analytic).to_string()),
        alert.score,
        alert.time,
        paint.bold(&Plain(&short(&alert.entity.id)).to_string()),
        if alert.status == Status::Update {
            "  (worse than told before)"
        } else {
            ""
        },
    )?;
    writeln!(out, "  {}", Plain(alert.headline()))?;
    for reason in &alert.reasons {
        write_reason(out, reason, &alert.entity.id)?;
    }
    if Severity::of(alert.score, alert.threshold, false, false) < alert.severity
        && alert.score > alert.threshold
    {
        writeln!(
            out,
            "    severity one step up: a sensitive bucket is touched"
        )?;
    }
    write_operations(out, alert)?;
    write_table(out, alert)?;
    let mut fact = |name: &str, value: Option<String>| -> std::fmt::Result {
        match value {
            Some(value) => writeln!(
                out,
                "    {} {}",
                paint.dim(&format!("{name:<8}")),
                Plain(&value)
            ),
            None => Ok(()),
        }
    };
    fact("who", Some(who(alert)))?;
    fact("from", from(alert))?;
    fact("client", alert.entity.user_agent.clone())?;
    fact("session", session(alert))?;
    for assumption in alert.assumed.iter().take(ASSUMED_SHOWN) {
        fact("assumed", Some(assumed(assumption)))?;
    }
    fact("since", alert.entity.first_seen.clone())?;
    fact("approved", alert.suppressed_by.clone())?;
    let provisional = if alert.provisional {
        ", provisional: too little history to calibrate"
    } else {
        ""
    };
    fact(
        "alert",
        Some(format!(
            "{} (threshold {:.1}, generation {}, {}{provisional})",
            alert.alert_id,
            alert.threshold,
            alert.generation,
            noun(alert.events, "event", "events"),
        )),
    )
}

fn who(alert: &Alert) -> String {
    let entity = &alert.entity;
    let mut who = entity.id.clone();
    let kind = if entity.kind == "identity" {
        &entity.identity_kind
    } else {
        &entity.kind
    };
    if !kind.is_empty() {
        let _ = write!(who, " ({})", kind.replace('_', " "));
    }
    if let Some(role) = entity.role.as_ref().filter(|role| **role != entity.id) {
        let _ = write!(who, " as {role}");
    }
    who
}

fn from(alert: &Alert) -> Option<String> {
    let entity = &alert.entity;
    let account = match (&entity.provider, &entity.account) {
        (Some(provider), Some(account)) => Some(format!("{provider}:{account}")),
        (_, account) => account.clone(),
    };
    let parts = [
        entity.source_ip.clone(),
        entity.region.as_ref().map(|r| format!("region {r}")),
        account,
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn session(alert: &Alert) -> Option<String> {
    let signed_in = alert.authentication.as_ref().map(|a| {
        let factor = match a.mfa {
            Some(true) => " with MFA",
            Some(false) => " without MFA",
            None => "",
        };
        let ago = since(a.time, alert.time)
            .map(|ago| format!(", {ago} before,"))
            .unwrap_or_default();
        let from = match (&a.source_ip, &a.country) {
            (Some(ip), Some(country)) => format!(" from {ip} ({country})"),
            (Some(place), None) | (None, Some(place)) => format!(" from {place}"),
            (None, None) => String::new(),
        };
        let text = format!("{} at {}{ago}{factor}{from}", a.method, a.time);
        text.trim_end_matches(',').to_owned()
    });
    let parts = [
        alert.entity.session.clone(),
        alert
            .entity
            .credential
            .as_ref()
            .map(|c| format!("credential {c}")),
        signed_in,
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Says how much time lies between two instants; nothing if the first is the later one.
fn since(before: Time, after: Time) -> Option<String> {
    let between = after.secs() - before.secs();
    (between >= 0).then(|| duration(between))
}

/// Tells who took a credential, and with which that he took before, in one line that is not yet escaped.
pub(super) fn assumed(assumption: &AssumptionRecord) -> String {
    let mut text = String::new();
    let mut next = Some(assumption);
    while let Some(step) = next {
        if !text.is_empty() {
            text.push_str("; that one ");
        }
        let part = |word: &str, value: &Option<String>| match value {
            Some(value) => format!("{word} {value} "),
            None => String::new(),
        };
        let (by, from) = (part("by", &step.by), part(" from", &step.source_ip));
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

fn write_reason(out: &mut String, reason: &Reason, entity: &str) -> std::fmt::Result {
    writeln!(out, "  - {}", Plain(&sentence(reason, entity)))?;
    if let Some(first) = reason.first() {
        writeln!(out, "      {}", Plain(&self::first(first)))?;
    }
    if let Reason::Sequence { steps } = reason {
        for (number, step) in steps.iter().enumerate() {
            writeln!(out, "      {}. {}", number + 1, Plain(&self::step(step)))?;
        }
    }
    Ok(())
}

/// Returns the event that a reason rests on in one line, not yet escaped.
pub(super) fn first(event: &EventRecord) -> String {
    let place = |word: &str, ip: &Option<String>| match ip {
        Some(ip) => format!(" {word} {ip}"),
        None => String::new(),
    };
    let from = place("from", &event.source_ip);
    let to = place("to", &event.destination_ip);
    format!(
        "first {}  {}{from}{to}  event {}",
        event.time, event.operation, event.event_id
    )
}

/// Returns a step in one line, not yet escaped.
pub(super) fn step(step: &StepRecord) -> String {
    let how = match step.origin.as_deref() {
        Some("created") => match &step.by {
            Some(by) => format!(", created by {by}"),
            None => ", created, by whom is not said,".to_owned(),
        },
        Some(_) => ", by its first use: that it was created is not in these logs".to_owned(),
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
        .map(|id| format!("  event {id}"))
        .unwrap_or_default();
    format!(
        "{}  {}{how}{from}{event}",
        step.time,
        step.step.replace('_', " ")
    )
}

/// Returns a reason in one line, not yet escaped. `entity` is the id that the alert is about.
pub(super) fn sentence(reason: &Reason, entity: &str) -> String {
    match reason {
        Reason::Volume(a) => format!(
            "{} ({})",
            amounts(a),
            judged_against(&a.judged_against, entity, "window", "windows")
        ),
        Reason::Newcomer(a) => {
            format!(
                "newcomer: {} ({})",
                amounts(a),
                judged_against(&a.judged_against, entity, "active hour", "active hours")
            )
        }
        Reason::Novelty {
            r#trait,
            value,
            of,
            support,
            ..
        } => {
            let days = match of {
                0 => "no days of its own to compare with".to_owned(),
                n => format!(
                    "not in {}",
                    noun(u64::from(*n), "active day", "active days")
                ),
            };
            let others = match support {
                0 => "nobody else known for it".to_owned(),
                n => format!(
                    "known of {}",
                    noun(u64::from(*n), "other identity", "other identities")
                ),
            };
            format!(
                "never seen {} {value} ({days}; {others})",
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
            let is_new = basis.as_ref().is_some_and(|basis| basis.first.is_some());
            format!(
                "{} in {}{}",
                given(buckets, accounts),
                noun(*acts, "act", "acts"),
                if is_new {
                    ", to which it has never given anything"
                } else {
                    ""
                },
            )
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
                "{} within {window}{}; it is a burst from {} on",
                counted_at_once(burst, *observed),
                from.map(|ip| format!(" from {ip}")).unwrap_or_default(),
                count(*required),
            )
        }
        Reason::Declared { buckets, .. } if buckets.is_empty() => {
            "that this happened at all, which this analytic gives a weight of its own".to_owned()
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
                "{}{by}, which this analytic gives a weight of its own",
                given(buckets, accounts)
            )
        }
        Reason::Sequence { steps } => {
            format!("{} in order:", noun(steps.len() as u64, "step", "steps"))
        }
    }
}

/// Says what was given to whom.
fn given(buckets: &[String], accounts: &[String]) -> String {
    let whom = if accounts.iter().any(|a| a == "*") {
        "everybody".to_owned()
    } else {
        format!("outside {}", list(accounts))
    };
    format!("{} given to {whom}", list(buckets))
}

fn amounts(a: &Amount) -> String {
    let observed = amount(&a.metric, a.observed as f64);
    let (metric, window) = (&a.metric, &a.window);
    // What is no more than usual when it happens is rare in happening at all.
    if a.observed as f64 <= a.p99
        && let Some(AmountBasis::Volume(basis)) = &a.basis
    {
        let seen = how_often(basis.predictive().lambda);
        let never = if basis.own.active == 0.0 && basis.own.exposure > 0.0 {
            "none before in its own history; "
        } else {
            ""
        };
        return format!(
            "{metric} {observed} in {window}: {never}any at all is expected {seen}, and then usually {}, p99 {}",
            amount(metric, a.p50),
            amount(metric, a.p99),
        );
    }
    if a.observed as f64 <= a.p50 {
        return format!("{metric} {observed} in {window}, where there is hardly ever any");
    }
    format!(
        "{metric} {observed} in {window}, usually {}, p99 {}",
        amount(metric, a.p50),
        amount(metric, a.p99),
    )
}

/// Says how often something happens that is expected so many times a day.
fn how_often(per_day: f64) -> String {
    if per_day >= 0.5 {
        return format!("about {per_day:.1} times a day");
    }
    let days = (1.0 / per_day.max(1e-9)).round() as u64;
    format!("once in {}", noun(days, "day", "days"))
}

/// Returns whose history something was judged by, in a few words.
pub(super) fn judged_against(
    evidence: &JudgedAgainstRecord,
    entity: &str,
    one: &str,
    many: &str,
) -> String {
    let n = evidence.windows.round().max(0.0) as u64;
    match evidence.kind.as_str() {
        "default" => "nothing here is known yet".to_owned(),
        _ if evidence.id == entity => format!("own history, {}", noun(n, one, many)),
        kind if many == "windows" => {
            // The number is the entity's own; it says how little its own history is.
            format!(
                "{} {}, own history only {}",
                kind.replace('_', " "),
                evidence.id,
                noun(n, one, many)
            )
        }
        kind => format!(
            "{} {}, {}",
            kind.replace('_', " "),
            evidence.id,
            noun(n, one, many)
        ),
    }
}

fn write_operations(out: &mut String, alert: &Alert) -> std::fmt::Result {
    if alert.operations.is_empty() {
        return Ok(());
    }
    let mut calls: Vec<String> = alert
        .operations
        .iter()
        .take(OPERATIONS_SHOWN)
        .map(|of| match of.denied {
            0 => format!("{} {}", of.operation, count(of.calls)),
            denied => format!(
                "{} {} ({} denied)",
                of.operation,
                count(of.calls),
                count(denied)
            ),
        })
        .collect();
    let more = alert.operations.len().saturating_sub(OPERATIONS_SHOWN);
    if more > 0 {
        calls.push(format!("and {}", noun(more as u64, "other", "others")));
    }
    writeln!(out, "    calls    {}", Plain(&calls.join(", ")))
}

fn write_table(out: &mut String, alert: &Alert) -> std::fmt::Result {
    for bucket in alert.resources.iter().take(ROWS_SHOWN) {
        let size = if bucket.bytes > 0 {
            format!(", {}", bytes(bucket.bytes as f64))
        } else {
            String::new()
        };
        writeln!(
            out,
            "    bucket   {}{}: {}, {}{size}",
            Plain(&bucket.bucket),
            if bucket.sensitive { " (sensitive)" } else { "" },
            noun(bucket.calls, "call", "calls"),
            noun(bucket.objects, "object", "objects"),
        )?;
    }
    write_more(out, alert.resources.len(), "buckets")?;
    for to in alert.destinations.iter().take(ROWS_SHOWN) {
        let whose = match to.external {
            Some(true) => " (external)",
            Some(false) => " (ours)",
            None => "",
        };
        let size = if to.bytes > 0 {
            format!(": {}", bytes(to.bytes as f64))
        } else {
            String::new()
        };
        writeln!(out, "    to       {}{whose}{size}", Plain(&to.address))?;
    }
    write_more(out, alert.destinations.len(), "destinations")
}

fn write_more(out: &mut String, rows: usize, what: &str) -> std::fmt::Result {
    match rows.saturating_sub(ROWS_SHOWN) {
        0 => Ok(()),
        more => writeln!(out, "             and {} more {what}", count(more as u64)),
    }
}

fn list(words: &[String]) -> String {
    let shown = words
        .iter()
        .take(ROWS_SHOWN)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    match words.len().saturating_sub(ROWS_SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Returns an id without the parts of an ARN that are the same all over an estate: `arn:…:role/etl`.
fn short(id: &str) -> String {
    match id
        .strip_prefix("arn:")
        .and_then(|rest| rest.splitn(5, ':').nth(4))
    {
        Some(name) if !name.is_empty() => format!("arn:…:{name}"),
        _ => id.to_owned(),
    }
}

/// Says how many things there were at once, in words: `16 buckets whose configuration was read`.
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use super::*;

    /// An alert with every kind of reason, and with hostile text wherever a log could put it.
    pub(in crate::report) fn sample() -> Alert {
        Alert::parse(
            r#"{"schema": 1, "alert_id": "5f0c", "status": "new", "analytic": "AN1594", "name": "Storage is enumerated", "headline": "Storage is listed as never before",
            "techniques": ["T1619", "T1567.002"], "severity": "high", "score": 97.1, "surprise": 4.61, "threshold": 92.3,
            "arm": "ENUM", "statistic": 20.0, "provisional": false, "time": "2026-03-16T04:11:09Z",
            "window": {"start": "2026-03-16T04:10:00Z", "end": "2026-03-16T04:20:00Z"},
            "entity": {"kind": "identity", "id": "arn:aws:iam::111122223333:role/etl", "aliases": ["AROA1"], "identity_kind": "role_session",
                "role": "arn:aws:iam::111122223333:role/etl", "provider": "aws", "account": "111122223333", "region": "ap-south-1",
                "first_seen": "2026-01-02", "source_ip": "198.51.100.7", "user_agent": "aws-cli\u001b[2J<script>\u202e", "session": "s\"'1", "credential": "ASIA1"},
            "authentication": {"time": "2026-03-16T04:00:00Z", "method": "AssumeRole", "mfa": false, "source_ip": "198.51.100.7"},
            "reasons": [
              {"kind": "volume", "metric": "list_calls", "window": "10m", "observed": 1280, "p50": 4.5, "p99": 50.2, "p_value": 9.71e-5, "surprise": 9.24,
               "judged_against": {"kind": "identity", "id": "arn:aws:iam::111122223333:role/etl", "windows": 1904.0}},
              {"kind": "novelty", "trait": "region", "value": "ap-south-1", "seen": 0, "of": 21, "support": 2, "p_value": 2e-4, "surprise": 6.0,
               "judged_against": {"kind": "role", "id": "r", "windows": 21.0},
               "first": {"time": "2026-03-16T00:51:00Z", "event_id": "e\u001b0", "operation": "iam:CreateUser", "source_ip": "198.51.100.30"}},
              {"kind": "newcomer", "metric": "bytes_read", "window": "1h", "observed": 50000000000, "p50": 2680000.0, "p99": 88000000.0, "p_value": 1e-4, "surprise": 2.0,
               "judged_against": {"kind": "peer_group", "id": "aws/role_session", "windows": 320.0}},
              {"kind": "share", "accounts": ["*"], "buckets": ["payroll"], "acts": 1, "surprise": 2.0},
              {"kind": "declared", "surprise": 0.76, "accounts": ["9\u001b"], "buckets": ["payroll"],
               "first": {"time": "2026-03-16T01:00:00Z", "event_id": "e2", "operation": "s3:PutBucketPolicy"}},
              {"kind": "declared", "surprise": 0.0},
              {"kind": "sequence", "steps": [{"step": "new_identity", "time": "2026-03-16T03:00:00Z", "event_id": "e\n1", "source_ip": "198.51.100.9", "origin": "created", "by": "mallory\u001b"},
                {"step": "new_identity", "time": "2026-03-16T03:00:00Z", "event_id": null, "origin": "first_use"}]}],
            "resources": [{"bucket": "payroll", "sensitive": true, "calls": 900, "objects": 880, "bytes": 1234}],
            "destinations": [{"address": "198.51.100.7", "external": true, "bytes": 1234}],
            "events": 1280, "event_ids": ["e1"], "generation": 7, "suppressed_by": null}"#,
        )
        .unwrap()
    }

    #[test]
    fn what_counts_is_said_of_an_amount_that_is_no_more_than_usual() {
        let told = |active: f64| {
            let basis = format!(
                r#"{{"prior": {{"mean": 1.0, "between_var": 0.1, "within_var": 0.1, "alpha": 0.1, "beta": 13.0}},
                    "own": {{"n": {active}, "mean": 1.0, "m2": 0.0, "active": {active}, "exposure": 13.0}}}}"#
            );
            let reason = format!(
                r#"{{"kind": "volume", "metric": "sensitive_buckets", "window": "1h", "observed": 1, "p50": 1.8, "p99": 3.5,
                    "p_value": 0.004, "surprise": 5.0, "basis": {basis}}}"#
            );
            sentence(&serde_json::from_str(&reason).unwrap(), "x")
        };
        let never = told(0.0);
        let begin = "sensitive_buckets 1 in 1h: none before in its own history; any at all is expected once in 260 days, and then usually 1.8, p99 3.5";
        assert!(never.starts_with(begin), "{never}");
        assert!(!told(1.0).contains("none before"));
    }

    /// A burst as an alert has it.
    pub(in crate::report) fn burst(kind: &str, n: u64) -> Reason {
        let reason = format!(
            r#"{{"kind": "burst", "burst": "{kind}", "window": "10s", "observed": {n}, "required": 16, "start": "2026-03-16T04:10:06Z",
                "surprise": 7.0, "first": {{"time": "2026-03-16T04:10:06Z", "event_id": "e1", "operation": "s3:GetBucketAcl", "source_ip": "198.51.100.7"}}}}"#
        );
        serde_json::from_str(&reason).unwrap()
    }

    #[test]
    fn a_burst_says_what_came_at_once_and_from_where() {
        for (kind, said) in [
            (
                "posture_buckets",
                "configuration read of 1,020 distinct buckets within 10s from 198.51.100.7; it is a burst from 16 on",
            ),
            (
                "denied_calls",
                "1,020 denied calls in one bucket within 10s from 198.51.100.7; it is a burst from 16 on",
            ),
            (
                "denied_buckets",
                "calls denied in 1,020 distinct buckets within 10s from 198.51.100.7; it is a burst from 16 on",
            ),
            (
                "directory_families",
                "1,020 distinct directory operations within 10s from 198.51.100.7; it is a burst from 16 on",
            ),
            (
                "countries",
                "1,020 countries called from within 10s; it is a burst from 16 on",
            ),
            (
                "sort_to_come",
                "1,020 sort to come within 10s from 198.51.100.7; it is a burst from 16 on",
            ),
        ] {
            assert_eq!(sentence(&burst(kind, 1_020), "x"), said);
        }
    }

    #[test]
    fn an_alert_reads_well_and_is_harmless() {
        let expected = "\
HIGH      AN1594  97.1  2026-03-16T04:11:09Z  arn:…:role/etl
  Storage is listed as never before
  - list_calls 1,280 in 10m, usually 4.5, p99 50 (own history, 1,904 windows)
  - never seen region ap-south-1 (not in 21 active days; known of 2 other identities)
      first 2026-03-16T00:51:00Z  iam:CreateUser from 198.51.100.30  event e\\u{1b}0
  - newcomer: bytes_read 50.0 GB in 1h, usually 2.7 MB, p99 88.0 MB (peer group aws/role_session, 320 active hours)
  - payroll given to everybody in 1 act
  - payroll given to outside 9\\u{1b} by s3:PutBucketPolicy, which this analytic gives a weight of its own
  - that this happened at all, which this analytic gives a weight of its own
  - 2 steps in order:
      1. 2026-03-16T03:00:00Z  new identity, created by mallory\\u{1b} from 198.51.100.9  event e\\u{a}1
      2. 2026-03-16T03:00:00Z  new identity, by its first use: that it was created is not in these logs
    bucket   payroll (sensitive): 900 calls, 880 objects, 1.2 kB
    to       198.51.100.7 (external): 1.2 kB
    who      arn:aws:iam::111122223333:role/etl (role session)
    from     198.51.100.7, region ap-south-1, aws:111122223333
    client   aws-cli\\u{1b}[2J<script>\\u{202e}
    session  s\"'1, credential ASIA1, AssumeRole at 2026-03-16T04:00:00Z, 11m 09s before, without MFA from 198.51.100.7
    since    2026-01-02
    alert    5f0c (threshold 92.3, generation 7, 1,280 events)
";
        let shown = alert(&sample(), Paint::Never);
        assert_eq!(shown, expected);
        assert!(alert(&sample(), Paint::Ansi).contains("\u{1b}[1;31mHIGH    \u{1b}[0m"));
    }
}
