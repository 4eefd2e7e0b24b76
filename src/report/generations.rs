//! The generations that a store keeps.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use crate::engine::Rollback;
use crate::report::days::named;
use crate::report::{Paint, Plain, count, noun};

/// Version of the document.
const SCHEMA: u32 = 1;

/// The generations of a store, for programs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Document<'a> {
    /// Version of this document.
    pub schema: u32,
    /// The one in force first.
    pub generations: &'a [GenerationEntry],
}

/// A generation that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GenerationEntry {
    /// Its number.
    pub generation: u64,
    /// Whether it is the one in force.
    pub in_force: bool,
    /// When it was published, as the file of its manifest says; `null` if the system does not tell.
    pub published_at: Option<String>,
    /// The first of its days.
    pub first_day: Option<String>,
    /// The last of its days.
    pub last_day: Option<String>,
    /// Its days.
    pub days: u64,
    /// Distinct events on its days.
    pub events: u64,
    /// Entities that have a baseline; `null` if its file was removed meanwhile.
    pub entities: Option<u64>,
    /// Confirmed alerts of its days, whose activity was left out.
    pub exclusions: u64,
}

/// Returns generations as a document.
pub fn document(generations: &[GenerationEntry]) -> Document<'_> {
    Document {
        schema: SCHEMA,
        generations,
    }
}

/// Returns generations, each on a line.
pub fn text(generations: &[GenerationEntry], paint: Paint) -> String {
    let row = |cells: [&str; 7]| {
        let [number, published, days, from, to, events, entities] = cells;
        format!(
            "{number:>6}  {published:<16}  {days:>4}  {from:<10}  {to:<10}  {events:>11}  {entities:>9}"
        )
    };
    let head = [
        "number",
        "published (UTC)",
        "days",
        "from",
        "to",
        "events",
        "entities",
    ];
    let mut out = format!("{}\n", paint.bold(&row(head)));
    for entry in generations {
        let (number, days) = (entry.generation.to_string(), entry.days.to_string());
        let published = entry.published_at.as_deref().map(to_the_minute);
        let cells = [
            &*number,
            published.as_deref().unwrap_or("-"),
            &*days,
            entry.first_day.as_deref().unwrap_or("-"),
            entry.last_day.as_deref().unwrap_or("-"),
            &*count(entry.events),
            &*entry.entities.map_or_else(|| "-".to_owned(), count),
        ];
        out.push_str(&row(cells));
        out.push('\n');
    }
    // Writing to a string cannot fail.
    for entry in generations.iter().filter(|entry| entry.in_force) {
        let _ = writeln!(out, "\ngeneration {} is in force", entry.generation);
    }
    for entry in generations.iter().filter(|entry| entry.exclusions > 0) {
        let alerts = noun(entry.exclusions, "confirmed alert", "confirmed alerts");
        let _ = writeln!(
            out,
            "generation {} leaves out the activity of {alerts}",
            entry.generation
        );
    }
    out
}

/// Returns an instant without its seconds.
fn to_the_minute(instant: &str) -> String {
    let minute: String = instant.chars().take(16).collect();
    minute.replace('T', " ")
}

/// The most files of a rollback that are named for people.
const FILES_NAMED: usize = 5;

/// What going back to a generation undid, or would undo, for programs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RollbackDocument<'a> {
    /// Version of this document.
    pub schema: u32,
    /// The generation that it goes back to.
    pub to: u64,
    /// The one in force before.
    pub from: u64,
    /// The one that was published for it; `null` of a dry run.
    pub generation: Option<u64>,
    /// The days that it knows.
    pub days: u64,
    /// Days that are other than they were, or are no longer known.
    pub undone_days: Vec<String>,
    /// Names of files that count as never learnt.
    pub undone_files: Vec<&'a str>,
}

/// Returns what going back did as a document.
pub fn rollback(undone: &Rollback) -> RollbackDocument<'_> {
    RollbackDocument {
        schema: SCHEMA,
        to: undone.to,
        from: undone.from,
        generation: undone.generation,
        days: undone.days as u64,
        undone_days: undone.undone_days.iter().map(ToString::to_string).collect(),
        undone_files: undone.undone_files.iter().map(String::as_str).collect(),
    }
}

/// Returns what going back did in lines.
pub fn rollback_text(undone: &Rollback) -> String {
    let days = noun(undone.days as u64, "day", "days");
    let mut out = match undone.generation {
        Some(generation) => format!(
            "generation {generation} is published: what generation {} was, of {days}, by the verdicts of today\n",
            undone.to
        ),
        None => format!(
            "would publish what generation {} was, of {days}, by the verdicts of today\n",
            undone.to
        ),
    };
    // Writing to a string cannot fail.
    if !undone.undone_days.is_empty() {
        let all: Vec<String> = undone.undone_days.iter().map(ToString::to_string).collect();
        let names: Vec<&str> = all.iter().map(String::as_str).collect();
        let _ = writeln!(out, "  unlearnt   {}", named(&names));
    }
    if !undone.undone_files.is_empty() {
        let files = noun(undone.undone_files.len() as u64, "file", "files");
        let _ = writeln!(
            out,
            "  untrained  {files}: the next training that sees them learns them again"
        );
        for name in undone.undone_files.iter().take(FILES_NAMED) {
            let _ = writeln!(out, "    {}", Plain(name));
        }
        if let more @ 1.. = undone.undone_files.len().saturating_sub(FILES_NAMED) {
            let _ = writeln!(out, "    and {} more", count(more as u64));
        }
    }
    out
}
