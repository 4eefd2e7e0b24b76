//! What log files contain, for people and programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::engine::{FormatSurvey, Survey};
use crate::event::{Action, Source};
use crate::report::layout::{clip, shorten};
use crate::report::number::{bytes, count, noun, percent};
use crate::report::{Paint, Plain};

/// Columns of a file's line before its path.
const BEFORE_PATH: usize = 58;
/// Events of a format from which on what none of them is about seems not to be logged.
const EVENTS_ENOUGH: u64 = 100;
/// Columns of a path, at least.
const PATH_MIN: usize = 22;

/// What one file contains: one document of the JSON form.
#[derive(Debug, Serialize)]
pub struct InspectionDocument {
    /// The file's name as it was given.
    pub file: String,
    /// Its format, `mixed`, or absent without events.
    pub format: Option<&'static str>,
    /// Events by format.
    pub formats: BTreeMap<&'static str, u64>,
    /// How it is compressed, outermost first.
    pub compression: Vec<&'static str>,
    /// Bytes as stored.
    pub bytes: u64,
    /// Records: events, skipped and rejected together.
    pub records: u64,
    /// Records that are events.
    pub events: u64,
    /// Records left out on purpose.
    pub skipped: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Why records were skipped or rejected, and how many.
    pub reasons: BTreeMap<&'static str, u64>,
    /// Records of known formats in members that are not opened.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wrapped: Vec<WrappedDocument>,
    /// Bytes of rejected records that were not looked at.
    #[serde(skip_serializing_if = "is_zero")]
    pub bytes_lost: u64,
    /// Distinct identities.
    pub identities: u64,
    /// First event.
    pub from: Option<String>,
    /// Last event.
    pub to: Option<String>,
    /// Events by class of action.
    pub actions: BTreeMap<&'static str, u64>,
    /// Fields that are missing, by format: of how many events that should have them.
    pub missing: BTreeMap<&'static str, BTreeMap<&'static str, MissingDocument>>,
    /// Why the file could not be read to its end.
    pub error: Option<String>,
}

/// Records that were found and not opened.
#[derive(Debug, Serialize)]
pub struct WrappedDocument {
    /// The names of the members on the way to them, with dots between them.
    pub member: String,
    /// Their format.
    pub format: &'static str,
    /// How many.
    pub records: u64,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// A field that is missing.
#[derive(Debug, Serialize)]
pub struct MissingDocument {
    /// Events without it.
    pub missing: u64,
    /// Events that should have it.
    pub of: u64,
}

impl InspectionDocument {
    /// Makes the document of a survey.
    pub fn of(survey: &Survey) -> Self {
        let report = &survey.report;
        let mut actions = BTreeMap::new();
        for format in survey.formats.values() {
            for (action, n) in &format.actions {
                *actions.entry(action.as_str()).or_insert(0) += n;
            }
        }
        let missing = |format: &FormatSurvey| -> BTreeMap<&'static str, MissingDocument> {
            let lacking = format.fields.iter().filter(|(_, field)| field.missing > 0);
            lacking
                .map(|(name, field)| {
                    let document = MissingDocument {
                        missing: field.missing,
                        of: field.of,
                    };
                    (*name, document)
                })
                .collect()
        };
        Self {
            file: report.file.to_string(),
            format: report.format(),
            formats: report
                .formats
                .iter()
                .map(|(source, n)| (source.as_str(), *n))
                .collect(),
            compression: report.compression.iter().map(|c| c.as_str()).collect(),
            bytes: report.bytes_raw,
            records: report.records,
            events: report.events,
            skipped: report.skipped.values().sum(),
            rejected: report.rejected.values().sum(),
            reasons: report
                .skipped
                .iter()
                .chain(&report.rejected)
                .map(|(reason, n)| (*reason, *n))
                .collect(),
            wrapped: report
                .held
                .iter()
                .map(|((member, source), n)| WrappedDocument {
                    member: member.clone(),
                    format: source.as_str(),
                    records: *n,
                })
                .collect(),
            bytes_lost: report.bytes_lost,
            identities: survey.identities.count(),
            from: survey.span.map(|(first, _)| first.to_string()),
            to: survey.span.map(|(_, last)| last.to_string()),
            actions,
            missing: survey
                .formats
                .iter()
                .map(|(source, format)| (source.as_str(), missing(format)))
                .filter(|(_, fields)| !fields.is_empty())
                .collect(),
            error: report.error.clone(),
        }
    }
}

impl InspectionDocument {
    /// Returns whether nothing, or not all, of the file could be read.
    pub fn is_unreadable(&self) -> bool {
        self.error.is_some() || (self.events == 0 && self.rejected > 0)
    }

    /// Returns whether something is wrong with the file: it is cut off, has records that were rejected, or several formats.
    pub fn is_odd(&self) -> bool {
        self.is_unreadable() || self.rejected > 0 || self.formats.len() > 1
    }
}

/// Says how many files are not named, and how to see them.
pub fn unnamed(n_files: usize, n_named: usize, paint: Paint) -> String {
    let rest = (n_files - n_named.min(n_files)) as u64;
    if rest == 0 {
        return String::new();
    }
    let what = match n_named {
        0 => format!(
            "nothing is wrong with any of {}",
            noun(rest, "file", "files")
        ),
        _ => format!(
            "nothing is wrong with {}",
            noun(rest, "other file", "other files")
        ),
    };
    format!(
        "{} {what}; `--files` names all\n",
        paint.bold(&format!("{:<14} ", "files"))
    )
}

/// Returns the head of the table of files.
pub fn head(paint: Paint) -> String {
    let line = format!(
        "{:<18} {:>8} {:>7} {:>8}  {:<10}  {}",
        "format", "events", "skipped", "rejected", "first day", "file"
    );
    paint.bold(&line) + "\n"
}

/// Returns the line of a file, and one for each thing that is wrong with it.
pub fn file(document: &InspectionDocument, width: usize) -> String {
    let day = document
        .from
        .as_deref()
        .map(|time| time.chars().take(10).collect::<String>());
    let path_width = width.saturating_sub(BEFORE_PATH).max(PATH_MIN);
    let mut text = format!(
        "{:<18} {:>8} {:>7} {:>8}  {:<10}  {}\n",
        clip(document.format.unwrap_or("–"), 18),
        count(document.events),
        count(document.skipped),
        count(document.rejected),
        day.as_deref().unwrap_or("–"),
        Plain(&shorten(&document.file, path_width)),
    );
    if document.formats.len() > 1 {
        let _ = writeln!(text, "  {}", reasons(&document.formats));
    }
    if !document.reasons.is_empty() {
        let _ = writeln!(text, "  {}", reasons(&document.reasons));
    }
    for line in not_opened(document).iter().chain(&lost(document)) {
        let _ = writeln!(text, "  {line}");
    }
    if let Some(error) = &document.error {
        let _ = writeln!(text, "  not read to its end: {}", Plain(error));
    }
    text
}

/// Says which records were found and not opened, where, and what opens them.
fn not_opened(document: &InspectionDocument) -> Vec<String> {
    let line = |held: &WrappedDocument| {
        format!(
            "{} of {} in `{}` not opened: an application may have written it; `[input] unwrap = [\"{}\"]` opens it",
            noun(held.records, "record", "records"),
            held.format,
            Plain(&held.member),
            Plain(&held.member),
        )
    };
    document.wrapped.iter().map(line).collect()
}

/// Says how much was skipped with records that were too large.
fn lost(document: &InspectionDocument) -> Option<String> {
    (document.bytes_lost > 0).then(|| {
        format!(
            "{} in rejected records were not looked at",
            bytes(document.bytes_lost as f64)
        )
    })
}

fn reasons(counts: &BTreeMap<&'static str, u64>) -> String {
    let parts: Vec<String> = counts
        .iter()
        .map(|(reason, n)| format!("{} {reason}", count(*n)))
        .collect();
    parts.join(", ")
}

/// Returns the sum of all files: how many events, of which kinds, which fields are missing, and what cannot be seen in them.
pub fn sum(total: &Survey, n_files: u64, paint: Paint) -> String {
    let document = InspectionDocument::of(total);
    let mut text = String::new();
    let mut say = |name: &str, what: String| {
        let _ = writeln!(text, "{} {what}", paint.bold(&format!("{name:<14} ")));
    };
    say(
        "read",
        format!(
            "{} in {} ({}) from {}",
            noun(document.events, "event", "events"),
            noun(document.records, "record", "records"),
            bytes(document.bytes as f64),
            noun(n_files, "file", "files"),
        ),
    );
    if let Some((first, last)) = total.span {
        say("period", format!("{first} to {last}"));
    }
    let about = match total.identities.is_exact() {
        true => "",
        false => "about ",
    };
    say(
        "identities",
        format!("{about}{}", count(document.identities)),
    );
    for (name, counts) in [
        ("skipped", &total.report.skipped),
        ("rejected", &total.report.rejected),
    ] {
        if !counts.is_empty() {
            say(name, reasons(counts));
        }
    }
    for line in not_opened(&document) {
        say("not opened", line);
    }
    for (source, survey) in &total.formats {
        say(source.as_str(), actions(survey));
        let lacking: Vec<String> = survey
            .fields
            .iter()
            .filter(|(_, field)| field.missing > 0)
            .map(|(name, field)| {
                let share = percent(Some(field.missing as f64 / field.of as f64));
                format!("{name} in {share} of {}", count(field.of))
            })
            .collect();
        if !lacking.is_empty() {
            say("  missing", lacking.join(", "));
        }
        if let Some(objects) = object_level(*source, survey) {
            say("  objects", objects);
        }
        if let Some(blind) = blindness(*source, survey) {
            say("  not seen", blind.to_owned());
        }
    }
    text
}

fn actions(survey: &FormatSurvey) -> String {
    let mut actions: Vec<(&Action, &u64)> = survey.actions.iter().collect();
    actions.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
    let parts: Vec<String> = actions
        .iter()
        .map(|(action, n)| format!("{} {action}", count(**n)))
        .collect();
    format!(
        "{}: {}",
        noun(survey.events, "event", "events"),
        parts.join(", ")
    )
}

/// Says whether events of single objects are there, for formats where they have to be switched on.
fn object_level(source: Source, survey: &FormatSurvey) -> Option<String> {
    let what = match source {
        Source::AwsCloudTrail => "S3 data events",
        Source::GcpAudit => "Data Access audit logs of storage",
        _ => return None,
    };
    Some(match on_objects(survey) {
        0 => format!("none: {what} are not in these logs"),
        n => format!("{} ({what} are here)", noun(n, "event", "events")),
    })
}

/// Returns how many events are about single objects.
fn on_objects(survey: &FormatSurvey) -> u64 {
    let objects = [
        Action::ListObjects,
        Action::ReadObject,
        Action::WriteObject,
        Action::CopyObject,
        Action::DeleteObject,
    ];
    let of_each = objects
        .iter()
        .filter_map(|action| survey.actions.get(action));
    of_each.sum()
}

/// Returns what a format could record, if it were switched on, and does not.
fn blindness(source: Source, survey: &FormatSurvey) -> Option<&'static str> {
    let has = |actions: &[Action]| actions.iter().any(|of| survey.actions.contains_key(of));
    let is_enough = survey.events >= EVENTS_ENOUGH;
    let reads = [Action::ReadObject, Action::ListObjects];
    // Each of these is recorded only by what also records the others.
    let looks = [
        Action::ReadPosture,
        Action::EnumerateDirectory,
        Action::ListBuckets,
    ];
    match source {
        Source::AwsCloudTrail if is_enough && on_objects(survey) > 0 && !has(&reads) => {
            Some("object reads and listings: the trail seems to record only data events that write")
        }
        Source::AwsCloudTrail if is_enough && !has(&looks) => Some(
            "enumeration: nobody listed buckets, read their settings or asked for the directory, so read-only management events may be \
             left out, as EventBridge rules do by default",
        ),
        Source::GcpAudit if is_enough && on_objects(survey) > 0 && !has(&reads) => Some(
            "object reads and listings: Data Access audit logs of storage seem to have no DATA_READ",
        ),
        Source::AzureStorage if is_enough && !has(&reads) => {
            Some("reads and listings: the StorageRead category seems to be off")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_never_contradicts_the_actions_that_are() {
        use Action::{
            AssumeRole, EnumerateDirectory, ListBuckets, ListObjects, ReadPosture, WriteObject,
        };
        let said = |source, actions: &[Action]| {
            let survey = FormatSurvey {
                events: 200,
                actions: actions.iter().map(|action| (*action, 100)).collect(),
                ..FormatSurvey::default()
            };
            let objects = object_level(source, &survey).unwrap_or_default();
            format!(
                "{objects}; {}",
                blindness(source, &survey).unwrap_or("sees all")
            )
        };
        for (source, actions, words, not_words) in [
            (
                Source::AwsCloudTrail,
                &[ListObjects, AssumeRole][..],
                "are here",
                "object reads",
            ),
            (
                Source::AwsCloudTrail,
                &[WriteObject, ListBuckets],
                "only data events that write",
                "enumeration",
            ),
            (
                Source::AwsCloudTrail,
                &[AssumeRole],
                "read-only management events may be left out",
                "object reads",
            ),
            (
                Source::AwsCloudTrail,
                &[ListBuckets],
                "sees all",
                "left out",
            ),
            (
                Source::AwsCloudTrail,
                &[ReadPosture, ListObjects],
                "sees all",
                "left out",
            ),
            (
                Source::AwsCloudTrail,
                &[EnumerateDirectory],
                "none: S3 data events",
                "left out",
            ),
            (
                Source::GcpAudit,
                &[WriteObject],
                "no DATA_READ",
                "are not in",
            ),
            (
                Source::GcpAudit,
                &[AssumeRole],
                "are not in these logs",
                "DATA_READ",
            ),
        ] {
            let said = said(source, actions);
            let fits = said.contains(words) && !said.contains(not_words);
            assert!(fits, "{source:?} {actions:?}: {said}");
        }
    }

    #[test]
    fn files_without_fault_are_only_counted() {
        assert_eq!(unnamed(21, 21, Paint::Never), "");
        let none = unnamed(322, 0, Paint::Never);
        assert!(none.contains("any of 322 files; `--files`"), "{none}");
        let some = unnamed(322, 2, Paint::Never);
        assert!(some.contains("320 other files"), "{some}");
    }
}
