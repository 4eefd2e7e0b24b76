//! What logs are, as a person or a program reads it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::engine::{FormatSurvey, Survey};
use crate::event::{Action, Source};
use crate::report::number::{bytes, count, noun, percent};
use crate::report::{Paint, Plain};

/// What one file is: one document of the JSON form.
#[derive(Debug, Serialize)]
pub struct InspectionDocument {
    /// The file's name as it was given.
    pub file: String,
    /// Its format, `mixed`, or absent without events.
    pub format: Option<&'static str>,
    /// Events by format.
    pub formats: BTreeMap<&'static str, u64>,
    /// How it is packed, outermost first.
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

/// Returns the head of the table of files.
pub fn head(paint: Paint) -> String {
    let line = format!(
        "{:<20} {:>9} {:>9} {:>8} {:>8} {:>10}  {:<20}  {:<20}  {}",
        "format", "records", "events", "skipped", "rejected", "identities", "from", "to", "file"
    );
    paint.bold(&line) + "\n"
}

/// Returns the line of a file, and one for each thing that is wrong with it.
pub fn file(document: &InspectionDocument) -> String {
    let time = |time: &Option<String>| {
        time.as_deref().map_or("–".to_owned(), |t| {
            t.chars().take(19).collect::<String>() + "Z"
        })
    };
    let mut text = format!(
        "{:<20} {:>9} {:>9} {:>8} {:>8} {:>10}  {:<20}  {:<20}  {}\n",
        document.format.unwrap_or("–"),
        count(document.records),
        count(document.events),
        count(document.skipped),
        count(document.rejected),
        count(document.identities),
        time(&document.from),
        time(&document.to),
        Plain(&document.file),
    );
    if document.formats.len() > 1 {
        let _ = writeln!(text, "  {}", reasons(&document.formats));
    }
    if !document.reasons.is_empty() {
        let _ = writeln!(text, "  {}", reasons(&document.reasons));
    }
    if let Some(error) = &document.error {
        let _ = writeln!(text, "  not read to its end: {}", Plain(error));
    }
    text
}

fn reasons(counts: &BTreeMap<&'static str, u64>) -> String {
    let parts: Vec<String> = counts
        .iter()
        .map(|(reason, n)| format!("{} {reason}", count(*n)))
        .collect();
    parts.join(", ")
}

/// Returns what all files come to together: how much, of what, which fields are missing, and what cannot be seen in them.
pub fn sum(total: &Survey, n_files: u64, paint: Paint) -> String {
    let document = InspectionDocument::of(total);
    let mut text = String::new();
    let mut say = |name: &str, what: String| {
        let _ = writeln!(text, "{} {what}", paint.bold(&format!("{name:<10}")));
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
        say("from, to", format!("{first}, {last}"));
    }
    say("who", noun(document.identities, "identity", "identities"));
    if !document.reasons.is_empty() {
        say("left out", reasons(&document.reasons));
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
        if let Some(blind) = blindness(*source, survey) {
            say("  blind to", blind.to_owned());
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

/// Returns what a format would tell if it were switched on, and does not here.
fn blindness(source: Source, survey: &FormatSurvey) -> Option<&'static str> {
    let has = |action: Action| survey.actions.contains_key(&action);
    let is_enough = survey.events >= 100;
    match source {
        Source::AwsCloudTrail
            if is_enough && !has(Action::ReadObject) && !has(Action::WriteObject) =>
        {
            Some("object reads, writes and listings: S3 data events seem to be off in this trail")
        }
        Source::AwsCloudTrail
            if is_enough && !has(Action::ReadPosture) && !has(Action::EnumerateDirectory) =>
        {
            Some(
                "enumeration: no read-only management event is here (an EventBridge rule leaves them out unless told)",
            )
        }
        Source::GcpAudit if is_enough && !has(Action::ReadObject) && !has(Action::ListObjects) => {
            Some("object reads and listings: Data Access audit logs for storage seem to be off")
        }
        Source::AzureStorage
            if is_enough && !has(Action::ReadObject) && !has(Action::ListObjects) =>
        {
            Some("reads and listings: the StorageRead category seems to be off")
        }
        _ => None,
    }
}
