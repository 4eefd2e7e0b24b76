//! The generations that a store keeps.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::{Paint, count, noun};

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
