//! An alert in a few lines for people: how bad, when, who; then what, why, and where to look.

use std::fmt::Write;

use crate::alert::{Alert, BlindedRecord, NamesakeRecord, Reason, Status};
use crate::report::escape::Plain;
use crate::report::extent::{came_to, sources};
use crate::report::number::{bytes, count, duration, noun};
use crate::report::paint::Paint;
use crate::report::reason::{self, assumed, sentence};
use crate::time::Time;
use crate::vocab::is_name_of_others;

/// Operations that are shown; the document has more.
const OPERATIONS_SHOWN: usize = 6;
/// Rows of buckets and destinations that are shown; the document has more.
const ROWS_SHOWN: usize = 5;
/// Credentials whose issuance is shown; the document has more.
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
        alert.crossed_at.unwrap_or(alert.time),
        paint.bold(&Plain(&short(&alert.entity.id)).to_string()),
        match alert.status {
            Status::New => "  (goes on)",
            Status::Update => "  (goes on, and has grown)",
            Status::Closed if alert.revision > 0 => "  (has changed since it was told)",
            Status::Closed => "",
        },
    )?;
    writeln!(out, "  {}", Plain(alert.headline()))?;
    for reason in &alert.reasons {
        write_reason(out, reason, &alert.entity.id)?;
    }
    if let Some(reason) = &alert.severity_reason {
        writeln!(out, "    {}", Plain(reason))?;
    }
    write_operations(out, alert)?;
    write_table(out, alert)?;
    let mut fact = |name: &str, value: Option<String>| -> std::fmt::Result {
        match value {
            Some(value) => write_value(out, &paint.dim(&format!("{name:<8}")), &value),
            None => Ok(()),
        }
    };
    fact("also", alike(alert))?;
    if let Some(silence) = &alert.silence {
        let stopped_by = silence.stopped_by.as_ref();
        let stopped_by = stopped_by.map(|by| format!("{} at {}", by.identity, by.time));
        fact("stopped by", stopped_by)?;
        let analytics = silence.analytics.join(", ");
        fact("rest on it", Some(analytics).filter(|all| !all.is_empty()))?;
    }
    for blinded in &alert.blinded {
        fact("blinded", Some(told_of_blinding(blinded)))?;
    }
    fact("extent", came_to(alert))?;
    fact("who", Some(who(alert)))?;
    fact("from", from(alert))?;
    for source in sources(alert) {
        fact("through", Some(source))?;
    }
    fact("client", alert.entity.user_agent.clone())?;
    fact("session", session(alert))?;
    for assumption in alert.assumed.iter().take(ASSUMED_SHOWN) {
        fact("assumed", Some(assumed(assumption)))?;
    }
    for finding in &alert.findings {
        fact("found", Some(finding.sentence()))?;
    }
    fact("since", alert.entity.first_seen.clone())?;
    fact("before", alert.entity.namesake.as_ref().map(namesake))?;
    fact("approved", alert.suppressed_by.clone())?;
    let provisional = if alert.provisional {
        ", provisional: too little history to calibrate scores"
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

/// Returns the analytics that would have told the same.
pub(super) fn alike(alert: &Alert) -> Option<String> {
    let others = alert.also.iter();
    let others: Vec<String> = others
        .map(|other| format!("{} ({})", other.analytic, other.name))
        .collect();
    (!others.is_empty()).then(|| format!("the same by {}", others.join(", ")))
}

/// Writes a labelled line. `value` is not yet escaped.
fn write_value(out: &mut String, label: &str, value: &str) -> std::fmt::Result {
    writeln!(out, "    {label} {}", Plain(value))
}

/// Returns what was blinded, and what sees less from then on.
fn told_of_blinding(blinded: &BlindedRecord) -> String {
    let target = blinded.target.as_deref().unwrap_or("a log");
    let logs = match blinded.logs.as_slice() {
        [] => String::new(),
        logs => format!(", of {}", logs.join(", ")),
    };
    let analytics = match blinded.analytics.as_slice() {
        [] => "no analytic here rests on it".to_owned(),
        analytics => format!("see less from then on: {}", analytics.join(", ")),
    };
    format!("{target} ({}){logs}; {analytics}", blinded.operation)
}

/// Returns who had the name before.
fn namesake(before: &NamesakeRecord) -> String {
    let id = match &before.unique_id {
        Some(id) => format!(", {id},"),
        None => String::new(),
    };
    format!(
        "another principal of the same name{id} was last seen on {}; its history does not count",
        before.last_seen
    )
}

fn who(alert: &Alert) -> String {
    let entity = &alert.entity;
    let mut who = match &entity.display_name {
        Some(name) => format!("{name}, {}", entity.id),
        None => entity.id.clone(),
    };
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
    if is_name_of_others(&entity.id) {
        who +=
            ", which are all new names of this account or role that were not told apart that day";
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
        let ago = since(a.time, alert.crossed_at.unwrap_or(alert.time))
            .map(|ago| format!(", {ago} before,"))
            .unwrap_or_default();
        let from = match (&a.source_ip, &a.country) {
            (Some(ip), Some(country)) => format!(" from {ip} ({country})"),
            (Some(place), None) | (None, Some(place)) => format!(" from {place}"),
            (None, None) => String::new(),
        };
        let unusual = match a.unusual.as_slice() {
            [] => String::new(),
            unusual => format!("; never before: {}", unusual.join(", ")),
        };
        let text = format!("{} at {}{ago}{factor}{from}{unusual}", a.method, a.time);
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

/// Returns the time between two instants; `None` if the first is the later one.
fn since(before: Time, after: Time) -> Option<String> {
    let between = after.secs() - before.secs();
    (between >= 0).then(|| duration(between))
}

fn write_reason(out: &mut String, reason: &Reason, entity: &str) -> std::fmt::Result {
    writeln!(out, "  - {}", Plain(&sentence(reason, entity)))?;
    if let Some(first) = reason.first() {
        let apart = match reason {
            Reason::Novelty { apart: true, .. } => ", not by whom most was counted",
            _ => "",
        };
        writeln!(out, "      {}{apart}", Plain(&reason::first(first)))?;
    }
    if let Reason::Sequence { steps } = reason {
        for (number, step) in steps.iter().enumerate() {
            let step = reason::step(step);
            writeln!(out, "      {}. {}", number + 1, Plain(&step))?;
        }
    }
    Ok(())
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
    write_value(out, "calls   ", &calls.join(", "))
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
    // The list is cut, and the extent is not.
    let extent = &alert.extent;
    let listed = |n: usize, counted: u64| n.max(usize::try_from(counted).unwrap_or(usize::MAX));
    let buckets = listed(alert.resources.len(), extent.buckets);
    write_more(out, buckets, "buckets")?;
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
    let destinations = listed(alert.destinations.len(), extent.destinations);
    write_more(out, destinations, "destinations")
}

fn write_more(out: &mut String, rows: usize, what: &str) -> std::fmt::Result {
    match rows.saturating_sub(ROWS_SHOWN) {
        0 => Ok(()),
        more => writeln!(out, "             and {} more {what}", count(more as u64)),
    }
}

/// Returns an id without the parts of an ARN that are the same all over an estate: `arn:…:role/etl`.
pub(super) fn short(id: &str) -> String {
    match id
        .strip_prefix("arn:")
        .and_then(|rest| rest.splitn(5, ':').nth(4))
    {
        Some(name) if !name.is_empty() => format!("arn:…:{name}"),
        _ => id.to_owned(),
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

    /// A burst as an alert has it.
    pub(in crate::report) fn burst(kind: &str, n: u64) -> Reason {
        let reason = format!(
            r#"{{"kind": "burst", "burst": "{kind}", "window": "10s", "observed": {n}, "required": 16, "start": "2026-03-16T04:10:06Z",
                "surprise": 7.0, "first": {{"time": "2026-03-16T04:10:06Z", "event_id": "e1", "operation": "s3:GetBucketAcl", "source_ip": "198.51.100.7"}}}}"#
        );
        serde_json::from_str(&reason).unwrap()
    }

    #[test]
    fn an_alert_reads_well_and_is_harmless() {
        let expected = "\
HIGH      AN1594  97.1  2026-03-16T04:11:09Z  arn:…:role/etl  (goes on)
  Storage is listed as never before
  - list_calls: 1,280 calls in 10 min. Own history (1,904 windows): typically 4.5, 99th percentile 50
  - region ap-south-1: never seen before in this identity's history of 22 active days; known to 2 other identities; judged against its peers (role r)
      first seen 2026-03-16T00:51:00Z: iam:CreateUser from 198.51.100.30, event e\\u{1b}0
  - bytes_read: 50.0 GB in 1 h by a newcomer. Peers (peer group aws/role_session, 320 active hours): typically 2.7 MB, 99th percentile 88.0 MB
  - payroll given to everybody in 1 act
  - payroll given to outside account 9\\u{1b} by s3:PutBucketPolicy: the analytic gives this a fixed weight, whatever the history
  - it happened at all: the analytic gives this a fixed weight, whatever the history
  - 2 steps in this order:
      1. 2026-03-16T03:00:00Z  new identity, created by mallory\\u{1b} from 198.51.100.9, event e\\u{a}1
      2. 2026-03-16T03:00:00Z  new identity, first seen (its creation is not in these logs)
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
