//! How much an episode came to, and through what it was done, in words.

use crate::alert::{Alert, Extent, SourceRecord};
use crate::report::number::{bytes, count, noun};

/// Sources that are shown; the document has more.
const SOURCES_SHOWN: usize = 3;

/// Returns an extent in words, as in `61 calls, 2,000 objects, 60 buckets, 2.1 GB read`; nothing of nothing.
pub(super) fn extent(extent: &Extent) -> String {
    let things = [
        (extent.calls, "call", "calls"),
        (extent.objects, "object", "objects"),
        (extent.buckets, "bucket", "buckets"),
        (extent.destinations, "destination", "destinations"),
        (extent.addresses, "address", "addresses"),
    ];
    let mut words: Vec<String> = things
        .into_iter()
        .filter(|(n, _, _)| *n > 0)
        .map(|(n, one, many)| noun(n, one, many))
        .collect();
    for (n, what) in [(extent.bytes_read, "read"), (extent.bytes_out, "sent out")] {
        if n > 0 {
            words.push(format!("{} {what}", bytes(n as f64)));
        }
    }
    words.join(", ")
}

/// Returns what an episode came to, and what it had come to when its threshold was crossed.
pub(super) fn came_to(alert: &Alert) -> Option<String> {
    let (whole, by_then) = (extent(&alert.extent), extent(&alert.extent_at_crossing));
    if whole.is_empty() {
        return None;
    }
    let by_then = match alert.crossed_at {
        Some(at) if !by_then.is_empty() && alert.extent != alert.extent_at_crossing => {
            format!("; {by_then} when it crossed its threshold at {at}")
        }
        _ => String::new(),
    };
    let span = match (alert.first_event, alert.last_event) {
        (Some(first), Some(last)) if first != last => format!(", from {first} to {last}"),
        _ => String::new(),
    };
    Some(format!("{whole}{span}{by_then}"))
}

/// Returns through what an episode was done where that is not one source, a line each, those first that did most of what was counted.
pub(super) fn sources(alert: &Alert) -> Vec<String> {
    if alert.sources.len() < 2 {
        return Vec::new();
    }
    let counted = |of: &SourceRecord| format!("{}, {} counted", source(of), count(of.counted));
    let shown = alert.sources.iter().take(SOURCES_SHOWN).map(counted);
    let mut lines: Vec<String> = shown.collect();
    let more = alert.sources.len().saturating_sub(SOURCES_SHOWN);
    if more > 0 {
        lines.push(format!("and {}", noun(more as u64, "other", "others")));
    }
    lines
}

/// Returns a source in one line.
pub(super) fn source(of: &SourceRecord) -> String {
    let named = |name: &str, value: &Option<String>| {
        let value = value.as_ref()?;
        Some(format!("{name}{value}"))
    };
    let place = [
        named("", &of.address),
        named("network ", &of.network),
        named("country ", &of.country),
        named("client ", &of.client),
        named("session ", &of.session),
        named("credential ", &of.credential),
    ];
    let place: Vec<String> = place.into_iter().flatten().collect();
    let mut amounts = vec![noun(of.calls, "call", "calls")];
    if of.objects > 0 {
        amounts.push(noun(of.objects, "object", "objects"));
    }
    if of.bytes > 0 {
        amounts.push(bytes(of.bytes as f64));
    }
    format!("{}: {}", place.join(", "), amounts.join(", "))
}
