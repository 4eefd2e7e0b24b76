//! How much an episode came to, and through what it was done, in words.

use crate::alert::{Alert, Extent, SourceRecord};
use crate::report::number::{bytes, count, noun};

/// Sources that are shown; the document has more.
const SOURCES_SHOWN: usize = 3;

/// Returns an extent in words, as in `61 calls, 60 buckets, 2,000 objects, 2.1 GB read`; `None` of nothing.
pub(super) fn extent(of: &Extent) -> Option<String> {
    let named = |n: u64, one: &str, many: &str| (n > 0).then(|| noun(n, one, many));
    let sized = |n: u64, what: &str| (n > 0).then(|| format!("{} {what}", bytes(n as f64)));
    let parts = [
        named(of.calls, "call", "calls"),
        named(of.buckets, "bucket", "buckets"),
        named(of.objects, "object", "objects"),
        sized(of.bytes_read, "read"),
        sized(of.bytes_out, "sent out"),
        named(of.destinations, "destination", "destinations"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Returns what an episode came to, and what it had come to when its threshold was crossed.
pub(super) fn came_to(alert: &Alert) -> Option<String> {
    let whole = extent(&alert.extent)?;
    let by_then = match (alert.crossed_at, extent(&alert.extent_at_crossing)) {
        (Some(at), Some(by_then)) if alert.extent != alert.extent_at_crossing => {
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
    let shown = alert.sources.iter().take(SOURCES_SHOWN).map(source);
    let mut lines: Vec<String> = shown.collect();
    let more = alert.sources.len().saturating_sub(SOURCES_SHOWN);
    if more > 0 {
        lines.push(format!("and {}", noun(more as u64, "other", "others")));
    }
    lines
}

fn source(of: &SourceRecord) -> String {
    let address = of
        .address
        .as_deref()
        .unwrap_or("an address that is not stated");
    let place: Vec<&str> = [&of.network, &of.country]
        .into_iter()
        .filter_map(|part| part.as_deref())
        .collect();
    let place = match place.is_empty() {
        true => String::new(),
        false => format!(" ({})", place.join(", ")),
    };
    let with = |word: &str, value: &Option<String>| {
        value
            .as_ref()
            .map_or_else(String::new, |value| format!(" {word} {value}"))
    };
    let size = match of.bytes {
        0 => String::new(),
        n => format!(", {}", bytes(n as f64)),
    };
    format!(
        "{address}{place}{}{}{}: {}, {} counted{size}",
        with("by", &of.client),
        with("in session", &of.session),
        with("with", &of.credential),
        noun(of.calls, "call", "calls"),
        count(of.counted),
    )
}
