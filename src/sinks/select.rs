//! What a sink is told of.

use crate::config::{LeastSeverity, Sink, SinkFormat, Target, Tell};
use crate::glob::Glob;
use crate::sinks::notice::Notice;
use crate::stats::Severity;

/// Returns whether a sink is told of it: it is severe enough, of an analytic that is told, and no approval covers all of it.
pub(super) fn wants(sink: &Sink, notice: &Notice) -> bool {
    let (analytics, is_suppressed) = match notice {
        Notice::Incident { incident, .. } => (&*incident.analytics, incident.suppressed),
        Notice::Alert(alert) => (
            std::slice::from_ref(&alert.analytic),
            alert.suppressed_by.is_some(),
        ),
        Notice::Health(_) | Notice::Test(_) => return true,
    };
    let is_told = |glob: &Glob| analytics.iter().any(|analytic| glob.matches(analytic));
    !is_suppressed
        && notice.severity() >= least(sink.severity)
        && (sink.analytics.is_empty() || sink.analytics.iter().any(is_told))
}

fn least(severity: LeastSeverity) -> Severity {
    match severity {
        LeastSeverity::Informational => Severity::Informational,
        LeastSeverity::Low => Severity::Low,
        LeastSeverity::Medium => Severity::Medium,
        LeastSeverity::High => Severity::High,
        LeastSeverity::Critical => Severity::Critical,
    }
}

/// Returns whether documents of incidents must have those of their alerts.
pub(super) fn shows_alerts(sink: &Sink) -> bool {
    let format = match &sink.target {
        Target::File { format, .. }
        | Target::Webhook { format, .. }
        | Target::Syslog { format, .. } => *format,
        Target::Slack(_) | Target::Teams(_) | Target::PagerDuty { .. } | Target::Jira { .. } => {
            return false;
        }
    };
    format != SinkFormat::Plimsoll && sink.tell == Tell::Incidents
}
