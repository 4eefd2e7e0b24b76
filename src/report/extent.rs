//! How much an episode came to, and through what it was done, in words.

use crate::alert::{Alert, Extent, SourceRecord};
use crate::report::number::{bytes, count, noun};

/// Sources that are shown; the document has more.
const SOURCES_SHOWN: usize = 3;

/// Returns an extent in words, as in `61 calls (12 listings), 2,000 objects (1,950 read, 50 deleted), 60 buckets, 2.1 GB read`; nothing of
/// nothing.
pub fn extent(extent: &Extent) -> String {
    let listings = noun(extent.list_calls, "listing", "listings");
    let of_calls = match extent.list_calls {
        0 => String::new(),
        _ => format!(" ({listings})"),
    };
    let of_objects = parts(&[
        (extent.objects_read, "read"),
        (extent.objects_copied, "copied"),
        (extent.objects_deleted, "deleted"),
    ]);
    let of_buckets = parts(&[
        (extent.buckets_listed, "listed"),
        (extent.buckets_read, "read from"),
        (extent.buckets_deleted_from, "deleted from"),
    ]);
    let things = [
        (extent.calls, "call", "calls", of_calls),
        (extent.objects, "object", "objects", of_objects),
        (extent.buckets, "bucket", "buckets", of_buckets),
        (
            extent.destinations,
            "destination",
            "destinations",
            String::new(),
        ),
        (extent.addresses, "address", "addresses", String::new()),
    ];
    let mut words: Vec<String> = things
        .into_iter()
        .filter(|(n, ..)| *n > 0)
        .map(|(n, one, many, parts)| noun(n, one, many) + &parts)
        .collect();
    for (n, what) in [(extent.bytes_read, "read"), (extent.bytes_out, "sent out")] {
        if n > 0 {
            words.push(format!("{} {what}", bytes(n as f64)));
        }
    }
    words.join(", ")
}

/// Returns what was done to things, as in ` (1,950 read, 50 deleted)`.
fn parts(of: &[(u64, &str)]) -> String {
    let told = of.iter().filter(|(n, _)| *n > 0);
    let told: Vec<String> = told
        .map(|(n, done)| format!("{} {done}", count(*n)))
        .collect();
    match told.as_slice() {
        [] => String::new(),
        told => format!(" ({})", told.join(", ")),
    }
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
    let is_told = alert.sources.iter().any(|of| of.is_of_act);
    let counted = |of: &SourceRecord| {
        let beside = beside(of, is_told);
        format!("{}, {} counted{beside}", source(of), count(of.counted))
    };
    let shown = alert.sources.iter().take(SOURCES_SHOWN).map(counted);
    let mut lines: Vec<String> = shown.collect();
    let more = alert.sources.len().saturating_sub(SOURCES_SHOWN);
    if more > 0 {
        lines.push(format!("and {}", noun(more as u64, "other", "others")));
    }
    lines
}

/// Says of a source that the act did not come through it, where a document tells them apart.
pub(super) fn beside(source: &SourceRecord, is_told: bool) -> &'static str {
    if is_told && !source.is_of_act {
        " (not of the act)"
    } else {
        ""
    }
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
