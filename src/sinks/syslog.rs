//! A line of syslog by RFC 5424, and how it is framed in a stream (RFC 5425 and RFC 6587).

use crate::config::SinkFormat;
use crate::sinks::notice::Notice;
use crate::stats::Severity;
use crate::time::Time;

/// The facility of logs of audits.
const FACILITY: u8 = 13;
/// The name of the structured data: 32473 is the number that is kept for those who have none.
const DATA: &str = "plimsoll@32473";
/// The most characters of a message's kind.
const KIND_MAX: usize = 32;

/// Returns the line of a notice that was told at an instant.
pub(super) fn line(notice: &Notice, id: &str, at: Time, format: SinkFormat) -> String {
    let severity = match notice.severity() {
        Severity::Critical => 2,
        Severity::High => 3,
        Severity::Medium => 4,
        Severity::Low => 5,
        Severity::Informational => 6,
    };
    let kind: String = notice.kind().chars().take(KIND_MAX).collect();
    let values = [
        ("id", notice.key()),
        ("delivery", id),
        ("severity", &notice.severity().to_string()),
        ("status", notice.status()),
    ];
    let values = values.map(|(name, value)| format!(" {name}=\"{}\"", escaped(value)));
    format!(
        "<{}>1 {} - plimsoll - {kind} [{DATA}{}] {}",
        FACILITY * 8 + severity,
        at.whole_secs(),
        values.concat(),
        notice.line(format),
    )
}

/// Writes the characters that end a value with a backslash before them.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace(']', "\\]")
}

/// Returns a line with its length before it, as streams have it.
pub(super) fn framed(line: &str) -> String {
    format!("{} {line}", line.len())
}
