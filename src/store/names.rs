//! The names of what lies in a store.

use crate::time::Day;

/// The suffix of the name of what is being written.
pub const UNFINISHED: &str = ".unfinished";
/// The end of the names of published files.
pub const SUFFIX: &str = ".plimsoll";
/// The end of the names of documents of a day in the archive.
const LINES: &str = ".jsonl";
/// The end of the names of the indexes of these.
const INDEX: &str = ".index";
/// The document that names what is in force.
pub const MANIFEST: &str = "MANIFEST.json";
/// The folder of the archive of alerts.
pub const ALERTS: &str = "alerts";
/// Since when each approval is known.
pub const APPROVALS: &str = "approvals.json";
/// What analysts said of alerts.
pub const VERDICTS: &str = "verdicts.jsonl";
/// The file that is held while a verdict is added, or old ones are removed.
pub const VERDICTS_LOCK: &str = "verdicts.lock";
/// Thresholds that were tuned.
pub const TUNING: &str = "tuning.json";
/// How far live logs were followed.
pub const CHECKPOINT: &str = "follow.checkpoint";
/// The folder of the events that may still be judged while live logs are followed.
pub const FOLLOWED_EVENTS: &str = "follow-events";
/// Who decided what by way of the service.
pub const AUDIT: &str = "audit.jsonl";
/// The folder of what clients handed over. It is no part of the store that logs are kept apart from: its archives are logs.
pub const RECEIVED: &str = "received";
/// The folder of what waits to be sent elsewhere.
pub const OUTBOX: &str = "outbox";
/// The folder of the learner's database.
pub const LEARNER: &str = "learner";
/// The file that a learner holds.
pub const LEARNER_LOCK: &str = "learner.lock";
/// The file that a follower holds.
pub const FOLLOWER_LOCK: &str = "follower.lock";
/// The file that is held while thresholds are moved.
pub const TUNER_LOCK: &str = "tuner.lock";

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

/// Returns whether a training of the version before gave this name to a folder.
pub fn is_trained_folder(name: &str) -> bool {
    generation_of_folder(finished(name)).is_some()
}

/// Returns whether a training gives this name to a file that it may remove again.
pub fn is_trained_file(name: &str) -> bool {
    let name = finished(name);
    number_of_manifest(name).is_some() || is_published_name(name)
}

/// Returns whether anything in a store has this name.
pub fn is_of_store(name: &str) -> bool {
    const FIXED: [&str; 14] = [
        MANIFEST,
        AUDIT,
        ALERTS,
        APPROVALS,
        VERDICTS,
        VERDICTS_LOCK,
        TUNING,
        CHECKPOINT,
        FOLLOWED_EVENTS,
        OUTBOX,
        LEARNER,
        LEARNER_LOCK,
        FOLLOWER_LOCK,
        TUNER_LOCK,
    ];
    FIXED.contains(&finished(name)) || is_trained_folder(name) || is_trained_file(name)
}

/// Returns the name that something has when it is written.
fn finished(name: &str) -> &str {
    name.strip_suffix(UNFINISHED).unwrap_or(name)
}

/// Returns the name of a day, as of the generation that wrote it.
pub fn day(day: Day, generation: u64) -> String {
    format!("day-{day}-{generation:06}{SUFFIX}")
}

/// Returns the name of the file of the documents of a day in the archive.
pub fn archived_day(day: Day) -> String {
    format!("{day}{LINES}")
}

/// Returns the name of the index of the documents of a day in the archive. It is hidden, so that `alerts/*` are the documents.
pub fn archive_index(day: Day) -> String {
    format!(".{day}{INDEX}")
}

/// Returns the day of a file of the archive, of documents or an index; `None` for a name that the archive does not give.
pub fn day_in_archive(name: &str) -> Option<Day> {
    let of_index = || name.strip_prefix('.')?.strip_suffix(INDEX);
    let stem = name.strip_suffix(LINES).or_else(of_index)?;
    Day::parse(stem).filter(|day| day.to_string() == stem)
}

/// Returns the name of a generation.
pub fn generation(number: u64) -> String {
    format!("generation-{number:06}{SUFFIX}")
}

/// Returns the name of a state of learning: what was remembered on the morning of a day, as of the generation that wrote it.
pub fn state(morning: Day, generation: u64) -> String {
    format!("state-{morning}-{generation:06}{SUFFIX}")
}

/// Returns the generation that wrote a day or a generation of this name: it must be exactly one that a training gives.
/// `suffix` is that of the published files, or none for the folders of an earlier version.
fn generation_in(name: &str, suffix: &str) -> Option<u64> {
    let stem = name.strip_suffix(suffix)?;
    let (kind, number) = stem.rsplit_once('-')?;
    let number = number.parse().ok()?;
    let of_day = kind.strip_prefix("day-").and_then(Day::parse);
    let given = match of_day {
        Some(of_day) => day(of_day, number),
        None => generation(number),
    };
    (given.strip_suffix(SUFFIX) == Some(stem)).then_some(number)
}

/// Returns whether a training published a file of this name.
pub fn is_published_name(name: &str) -> bool {
    let as_day = name
        .strip_prefix("state-")
        .map(|rest| format!("day-{rest}"));
    generation_in(as_day.as_deref().unwrap_or(name), SUFFIX).is_some()
}

/// Returns the generation that wrote a folder of this name, as versions up to schema 7 did.
pub fn generation_of_folder(name: &str) -> Option<u64> {
    generation_in(name, "")
}
