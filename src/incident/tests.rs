#![allow(clippy::unwrap_used)]

mod joins;
mod laws;
mod timelines;
mod titles;

use serde_json::{Value, json};

use crate::alert::Alert;
use crate::incident::{Incident, Playbook, incidents};

/// An alert that is written a field at a time.
#[derive(Clone)]
pub(super) struct Draft(Value);

/// Begins an alert of an analytic on an identity, with the beginning and the end of its episode, as in `16 03:04` of March 2026.
pub(super) fn alert(id: &str, analytic: &str, entity: &str, from: &str, to: &str) -> Draft {
    let account = entity.split(':').nth(4).unwrap_or("111122223333");
    Draft(json!({
        "schema": 1, "alert_id": id, "status": "closed", "analytic": analytic, "name": "Something is unusual",
        "headline": "Something is unusual", "techniques": [], "severity": "medium", "score": 93.0, "surprise": 3.5, "threshold": 90.0,
        "arm": "A", "statistic": 12.0, "time": instant(to), "crossed_at": instant(from), "first_event": instant(from),
        "last_event": instant(to), "window": {"start": instant(from), "end": instant(to)},
        "entity": {"kind": "identity", "id": entity, "aliases": [], "identity_kind": "role_session", "provider": "aws",
            "account": account},
        "reasons": [], "events": 1, "event_ids": [format!("first-of-{id}")], "generation": 1, "suppressed_by": null,
    }))
}

/// Reads `16 03:04` as an instant of March 2026.
pub(super) fn instant(text: &str) -> String {
    let (day, time) = text.split_once(' ').unwrap();
    format!("2026-03-{day}T{time}:00Z")
}

impl Draft {
    /// Sets a field; a dot leads into an object.
    pub(super) fn with(mut self, path: &str, value: Value) -> Self {
        let mut at = &mut self.0;
        for key in path.split('.') {
            at = &mut at[key];
        }
        *at = value;
        self
    }

    pub(super) fn amount(self, metric: &str, observed: u64, window: &str) -> Self {
        self.reason(json!({"kind": "volume", "metric": metric, "window": window, "observed": observed, "p50": 1.0, "p99": 5.0,
            "p_value": 1e-6, "surprise": 9.0}))
    }

    /// Rests on a log that began on a day.
    pub(super) fn learning(self, since: &str) -> Self {
        self.with("learning", json!({"log": "account", "since": since}))
            .with("provisional", true.into())
    }

    pub(super) fn novelty(self, which: &str, value: &str) -> Self {
        self.known_novelty(which, value, 0)
    }

    /// A value that so many others are known for.
    pub(super) fn known_novelty(self, which: &str, value: &str, support: u32) -> Self {
        self.reason(json!({"kind": "novelty", "trait": which, "value": value, "seen": 0, "of": 20, "support": support,
            "p_value": 1e-3, "surprise": 6.0}))
    }

    pub(super) fn reason(mut self, reason: Value) -> Self {
        self.0["reasons"].as_array_mut().unwrap().push(reason);
        self
    }

    pub(super) fn created(self, by: &str, at: &str) -> Self {
        self.with(
            "entity.created",
            json!({"time": instant(at), "operation": "iam:CreateRole", "event_id": "made", "by": by, "source_ip": "203.0.113.9"}),
        )
    }

    pub(super) fn assumed(self, by: &str, at: &str) -> Self {
        self.with(
            "assumed",
            json!([{"credential": "ASIA1", "time": instant(at), "operation": "sts:AssumeRole", "event_id": "issued", "by": by,
                "source_ip": "203.0.113.9"}]),
        )
    }

    pub(super) fn severity(self, severity: &str, score: f64) -> Self {
        self.with("severity", severity.into())
            .with("score", score.into())
    }

    pub(super) fn suppressed(self) -> Self {
        self.with("suppressed_by", "approval a1".into())
            .with("approval", "a1".into())
    }

    pub(super) fn done(self) -> Alert {
        Alert::parse(&self.0.to_string()).unwrap()
    }
}

/// Tells the incidents of alerts.
pub(super) fn told(alerts: &[Draft]) -> Vec<Incident> {
    let alerts: Vec<Alert> = alerts.iter().map(|draft| draft.clone().done()).collect();
    incidents(&alerts, &Playbook::default())
}

pub(super) fn role(account: u8, name: &str) -> String {
    format!(
        "arn:aws:iam::{}:role/{name}",
        account.to_string().repeat(12)
    )
}
