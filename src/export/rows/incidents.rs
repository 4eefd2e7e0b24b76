//! The incidents that the alerts belong to.

use crate::alert::Extent;
use crate::error::Result;
use crate::export::cell::Cell;
use crate::export::rows::extent::{Extended, extent_fields};
use crate::export::schema::{Field, Kind};
use crate::export::selection::Selection;
use crate::export::sink::RowSink;
use crate::incident::{Incident, IncidentEntity, Part, Playbook};
use crate::inquiry::Inquiry;
use crate::report::json;

/// What to know of the table.
pub const NOTES: &str = "A row for each incident, computed from the alerts, the newest first; also of those that approvals cover as a whole. \
    `document` is the whole incident as [INCIDENTS.md](INCIDENTS.md) describes it.";
/// Incidents that are in memory at once, with their alerts.
const PAGE: usize = 200;

/// An incident.
pub struct Row(Incident);

impl Row {
    fn actors(&self) -> impl Iterator<Item = &IncidentEntity> {
        let entities = self.0.entities.iter();
        entities.filter(|entity| matches!(entity.part, Part::Actor | Part::Member))
    }
}

impl Extended for Row {
    fn extent(&self) -> &Extent {
        &self.0.extent
    }
}

/// Returns the columns.
pub fn fields() -> Vec<Field<Row>> {
    use Kind::{Document, Flag, Instant, Integer, Number, Text, Texts};
    let mut fields = vec![
        Field::required(
            ("incident_id", Text),
            ("", "The id, a function of its earliest alert."),
            |row: &Row| Cell::text(&row.0.incident_id),
        ),
        Field::required(
            ("status", Text),
            (
                "",
                "`closed` once all of its alerts are, `new` while it is one alert that is new, else `update`.",
            ),
            |row: &Row| Cell::text(row.0.status.as_str()),
        ),
        Field::required(
            ("title", Text),
            ("", "What happened, in a sentence."),
            |row: &Row| Cell::text(&row.0.title),
        ),
        Field::required(
            ("severity", Text),
            (
                "",
                "`informational`, `low`, `medium`, `high` or `critical`.",
            ),
            |row: &Row| Cell::text(row.0.severity.as_str()),
        ),
        Field::required(
            ("severity_reason", Text),
            ("", "What the severity rests on."),
            |row: &Row| Cell::text(&row.0.severity_reason),
        ),
        Field::optional(
            ("score", Number),
            ("0 to 100", "The score of its highest alert."),
            |row: &Row| Cell::number(row.0.score),
        ),
        Field::required(
            ("provisional", Flag),
            (
                "",
                "Whether there was too little history for calibrated scores, for all of its alerts.",
            ),
            |row: &Row| Cell::Flag(row.0.provisional),
        ),
        Field::required(
            ("start", Instant),
            ("", "The first instant that its alerts tell of."),
            |row: &Row| Cell::instant(row.0.start),
        ),
        Field::required(
            ("end", Instant),
            ("", "The last instant that its alerts tell of."),
            |row: &Row| Cell::instant(row.0.end),
        ),
        Field::optional(
            ("crossed_at", Instant),
            ("", "When the first of its alerts reached its threshold."),
            |row: &Row| Cell::of(row.0.crossed_at, Cell::instant),
        ),
        Field::optional(
            ("cause_trait", Text),
            (
                "",
                "Of what its identities have a new value in common, if that is why they are told at once; `log` of a log that is still learnt.",
            ),
            |row: &Row| Cell::of(row.0.cause.as_ref(), |cause| Cell::text(&cause.r#trait)),
        ),
        Field::optional(
            ("cause_value", Text),
            ("", "That value; of a log, its provider."),
            |row: &Row| Cell::of(row.0.cause.as_ref(), |cause| Cell::text(&cause.value)),
        ),
        Field::required(
            ("stages", Texts),
            (
                "",
                "The stages of an attack that its alerts show, in the order in which they began.",
            ),
            |row: &Row| {
                let stages = row.0.stages.iter();
                Cell::Texts(stages.map(|stage| stage.as_str().into()).collect())
            },
        ),
        Field::required(
            ("actors", Texts),
            (
                "",
                "The canonical ids of the entities that alerts are about.",
            ),
            |row: &Row| Cell::texts(row.actors().map(|entity| &entity.id)),
        ),
        Field::required(
            ("n_entities", Integer),
            ("entities", "All that took part."),
            |row: &Row| Cell::count(row.0.entities.len() as u64),
        ),
        Field::required(
            ("alerts", Texts),
            (
                "",
                "The ids of its alerts, in the order of their beginnings.",
            ),
            |row: &Row| Cell::texts(&row.0.alerts),
        ),
        Field::required(
            ("analytics", Texts),
            ("", "The analytics that raised them."),
            |row: &Row| Cell::texts(&row.0.analytics),
        ),
        Field::required(
            ("approvals", Texts),
            ("", "The approvals that cover some of its alerts."),
            |row: &Row| Cell::texts(&row.0.approvals),
        ),
        Field::required(
            ("suppressed", Flag),
            ("", "Whether approvals cover all of its alerts."),
            |row: &Row| Cell::Flag(row.0.suppressed),
        ),
        Field::optional(
            ("verdict", Flag),
            (
                "",
                "What analysts said: whether something happened that is not normal, in any of its alerts; absent while nobody did.",
            ),
            |row: &Row| Cell::of(row.0.verdict.as_ref(), |said| Cell::Flag(said.verdict)),
        ),
        Field::optional(
            ("verdict_note", Text),
            ("", "The last note of an analyst."),
            |row: &Row| {
                let said = row.0.verdict.as_ref();
                Cell::of(said.and_then(|said| said.note.as_deref()), Cell::text)
            },
        ),
    ];
    fields.extend(extent_fields());
    fields.push(Field::required(
        ("document", Document),
        ("", "The whole incident, as JSON."),
        |row: &Row| Cell::Document(json::line(&row.0)),
    ));
    fields
}

/// Writes the rows that are asked for.
///
/// # Errors
///
/// Fails if the alerts cannot be read, there is no store, or the rows cannot be written.
pub fn write(
    inquiry: &Inquiry,
    selection: &Selection,
    playbook: &Playbook,
    sink: &mut RowSink<'_>,
) -> Result<()> {
    let fields = fields();
    let mut asked = selection.of_told(PAGE);
    loop {
        let page = inquiry.incidents(&asked, playbook)?;
        for (incident, _) in page.items {
            sink.put(&fields, &Row(incident))?;
        }
        if page.next.is_none() {
            return Ok(());
        }
        asked.cursor = page.next;
    }
}
