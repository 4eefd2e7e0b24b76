//! The names of what lies in a store.

use crate::time::Day;

/// The suffix of the name of what is being written.
pub const UNFINISHED: &str = ".unfinished";
/// The document that names what is in force.
pub const MANIFEST: &str = "MANIFEST.json";
/// The folder of the archive of alerts.
pub const ALERTS: &str = "alerts";
/// Since when each approval is known.
pub const APPROVALS: &str = "approvals.json";
/// What analysts said of alerts.
pub const VERDICTS: &str = "verdicts.jsonl";
/// Thresholds that were tuned.
pub const TUNING: &str = "tuning.json";
/// How far live logs were followed.
pub const CHECKPOINT: &str = "follow.checkpoint";
/// The folder of the events that may still be judged while live logs are followed.
pub const FOLLOWED_EVENTS: &str = "follow-events";
/// The file that a learner holds.
pub const LEARNER_LOCK: &str = "learner.lock";
/// The file that a follower holds.
pub const FOLLOWER_LOCK: &str = "follower.lock";
/// The file that is held while thresholds are moved.
pub const TUNER_LOCK: &str = "tuner.lock";

/// Returns the name of a day, as of the generation that wrote it.
pub fn day(day: Day, generation: u64) -> String {
    format!("day-{day}-{generation:06}")
}

/// Returns the name of a generation.
pub fn generation(number: u64) -> String {
    format!("generation-{number:06}")
}

/// Returns the name of the copy of a manifest that outlives the next generation.
pub fn numbered_manifest(number: u64) -> String {
    format!("manifest-{number:06}.json")
}

/// Returns the number in the name of a numbered manifest.
pub fn number_of_manifest(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("manifest-")?.strip_suffix(".json")?;
    let number = digits.parse().ok()?;
    (name == numbered_manifest(number)).then_some(number)
}

/// Returns whether a training gives this name to a directory.
pub fn is_trained_directory(name: &str) -> bool {
    let name = finished(name);
    let Some((kind, number)) = name.rsplit_once('-') else {
        return false;
    };
    let Ok(number) = number.parse() else {
        return false;
    };
    let of_day = kind.strip_prefix("day-").and_then(Day::parse);
    name == generation(number) || of_day.is_some_and(|of_day| name == day(of_day, number))
}

/// Returns whether a training gives this name to a file that it may remove again.
pub fn is_trained_file(name: &str) -> bool {
    number_of_manifest(finished(name)).is_some()
}

/// Returns whether anything in a store has this name.
pub fn is_of_store(name: &str) -> bool {
    const FIXED: [&str; 10] = [
        MANIFEST,
        ALERTS,
        APPROVALS,
        VERDICTS,
        TUNING,
        CHECKPOINT,
        FOLLOWED_EVENTS,
        LEARNER_LOCK,
        FOLLOWER_LOCK,
        TUNER_LOCK,
    ];
    FIXED.contains(&finished(name)) || is_trained_directory(name) || is_trained_file(name)
}

/// Returns the name that something has when it is written.
fn finished(name: &str) -> &str {
    name.strip_suffix(UNFINISHED).unwrap_or(name)
}
