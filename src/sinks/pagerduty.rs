//! An event for PagerDuty's Events API, version 2.
//!
//! An incident is one incident there as well: its id is the key by which events meet. It is resolved when analysts have judged all of it, or
//! when it became a part of an older one; never because its day is over.

use serde_json::{Map, Value, json};

use crate::sinks::brief::{Brief, Telling};
use crate::sinks::notice::Notice;
use crate::sinks::request::Request;
use crate::sinks::secret::Secret;
use crate::stats::Severity;
use crate::wording::clip;

/// Where events go.
pub(super) const URL: &str = "https://events.pagerduty.com/v2/enqueue";
/// The most characters of a summary.
const SUMMARY_MAX: usize = 1_000;

/// Returns the request that tells a notice of a sink of this name.
pub(super) fn request(
    (url, key): (&Secret, &Secret),
    sink: &str,
    notice: &Notice,
    telling: Telling,
) -> Request {
    Request::post(url, body(key, sink, notice, telling).to_string())
}

fn body(key: &Secret, sink: &str, notice: &Notice, telling: Telling) -> Value {
    let brief = Brief::of(notice, telling);
    let is_own = matches!(notice, Notice::Health(_) | Notice::Test(_));
    // What is of the program is of this sink, and no incident.
    let dedup_key = match is_own {
        true => format!("plimsoll-{}-{sink}", notice.key()),
        false => notice.key().to_owned(),
    };
    let action = if notice.is_resolved() {
        "resolve"
    } else {
        "trigger"
    };
    let severity = match brief.severity {
        Severity::Critical => "critical",
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Informational => "info",
    };
    let mut details = Map::new();
    for (name, fact) in &brief.facts {
        details.insert((*name).to_owned(), fact.clone().into());
    }
    let steps = if is_own { "Figures" } else { "Next steps" };
    details.insert(steps.to_owned(), brief.steps.clone().into());
    details.insert("Id".to_owned(), brief.footer.clone().into());
    let (source, class, time) = match notice {
        Notice::Incident { incident, .. } => {
            let first = incident.entities.iter().find(|entity| entity.alerts > 0);
            let account = first.and_then(|entity| entity.account.clone());
            (account, incident.analytics.join(", "), incident.start)
        }
        Notice::Alert(alert) => (
            alert.entity.account.clone(),
            alert.analytic.clone(),
            alert.time,
        ),
        Notice::Health(health) | Notice::Test(health) => {
            (None, notice.kind().to_owned(), health.time)
        }
    };
    json!({
        "routing_key": key.expose(),
        "event_action": action,
        "dedup_key": dedup_key,
        "client": "plimsoll",
        "payload": {
            "summary": clip(&format!("{}: {}", brief.heading, brief.title), SUMMARY_MAX),
            "severity": severity,
            "source": source.unwrap_or_else(|| "plimsoll".to_owned()),
            "class": class,
            "timestamp": time.to_string(),
            "custom_details": details,
        },
    })
}
