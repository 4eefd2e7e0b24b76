//! The alerts, each as it was told last.

use crate::alert::{Alert, Extent};
use crate::error::Result;
use crate::export::cell::Cell;
use crate::export::rows::extent::{Extended, extent_fields};
use crate::export::schema::{Field, Kind};
use crate::export::selection::Selection;
use crate::export::sink::RowSink;
use crate::inquiry::{Inquiry, ListedAlert};
use crate::report::json;

/// What to know of the table.
pub const NOTES: &str = "A row for each alert that was told, as it was told last, the newest first; also of those that an approval covers, which have it in \
    `suppressed_by`. `document` is the whole alert as [ALERTS.md](ALERTS.md) describes it, with its `reasons`, and in `event_ids` the first \
    events behind it: `plimsoll inspect LOGS --events` says in which file each stands.";
/// Documents that are in memory at once.
const PAGE: usize = 1_000;

/// An alert, and what an analyst said of it.
pub struct Row(ListedAlert);

impl Extended for Row {
    fn extent(&self) -> &Extent {
        &self.0.alert.extent
    }
}

/// Returns the columns.
pub fn fields() -> Vec<Field<Row>> {
    use Kind::{Document, Flag, Instant, Integer, Number, Text, Texts};
    fn of(row: &Row) -> &Alert {
        &row.0.alert
    }
    let mut fields = vec![
        Field::required(
            ("alert_id", Text),
            ("", "The id, the same for each alert of the same episode."),
            |row: &Row| Cell::text(&of(row).alert_id),
        ),
        Field::required(
            ("status", Text),
            (
                "",
                "Where in the life of its episode it was told: `new`, `update` or `closed`.",
            ),
            |row: &Row| Cell::text(of(row).status.as_str()),
        ),
        Field::required(("analytic", Text), ("", "The analytic."), |row: &Row| {
            Cell::text(&of(row).analytic)
        }),
        Field::required(
            ("name", Text),
            ("", "The title of the analytic."),
            |row: &Row| Cell::text(&of(row).name),
        ),
        Field::optional(
            ("headline", Text),
            ("", "What happened; absent where the title says it."),
            |row: &Row| Cell::of(of(row).headline.as_deref(), Cell::text),
        ),
        Field::required(
            ("techniques", Texts),
            ("", "Techniques of ATT&CK."),
            |row: &Row| Cell::texts(&of(row).techniques),
        ),
        Field::required(
            ("severity", Text),
            (
                "",
                "`informational`, `low`, `medium`, `high` or `critical`.",
            ),
            |row: &Row| Cell::text(of(row).severity.as_str()),
        ),
        Field::optional(
            ("severity_reason", Text),
            ("", "What the severity rests on."),
            |row: &Row| Cell::of(of(row).severity_reason.as_deref(), Cell::text),
        ),
        Field::optional(
            ("score", Number),
            ("0 to 100", "The score."),
            |row: &Row| Cell::number(of(row).score),
        ),
        Field::optional(
            ("threshold", Number),
            ("0 to 100", "The score that had to be reached."),
            |row: &Row| Cell::number(of(row).threshold),
        ),
        Field::optional(
            ("surprise", Number),
            (
                "decades",
                "Minus log10 of the share of entity-days at least as extreme.",
            ),
            |row: &Row| Cell::number(of(row).surprise),
        ),
        Field::required(
            ("arm", Text),
            ("", "The arm of the analytic that it rests on."),
            |row: &Row| Cell::text(&of(row).arm),
        ),
        Field::optional(
            ("statistic", Number),
            ("natural logarithms", "The statistic of the arm."),
            |row: &Row| Cell::number(of(row).statistic),
        ),
        Field::required(
            ("provisional", Flag),
            (
                "",
                "Whether there was too little history for calibrated scores.",
            ),
            |row: &Row| Cell::Flag(of(row).provisional),
        ),
        Field::required(
            ("start", Instant),
            ("", "The first instant that it tells of."),
            |row: &Row| Cell::instant(of(row).span().0),
        ),
        Field::required(
            ("end", Instant),
            ("", "The last instant that it tells of."),
            |row: &Row| Cell::instant(of(row).span().1),
        ),
        Field::required(
            ("time", Instant),
            ("", "When the score was reached."),
            |row: &Row| Cell::instant(of(row).time),
        ),
        Field::optional(
            ("crossed_at", Instant),
            ("", "When the threshold was reached."),
            |row: &Row| Cell::of(of(row).crossed_at, Cell::instant),
        ),
        Field::required(
            ("entity_kind", Text),
            (
                "",
                "The kind of entity that it is about: `identity`, `role` or `region`.",
            ),
            |row: &Row| Cell::text(&of(row).entity.kind),
        ),
        Field::required(
            ("entity_id", Text),
            ("", "The canonical id of the entity."),
            |row: &Row| Cell::text(&of(row).entity.id),
        ),
        Field::optional(
            ("entity_name", Text),
            (
                "",
                "A name that people know it by, where the logs tell one.",
            ),
            |row: &Row| Cell::of(of(row).entity.display_name.as_deref(), Cell::text),
        ),
        Field::required(
            ("identity_kind", Text),
            ("", "What kind of identity it is."),
            |row: &Row| Cell::text(&of(row).entity.identity_kind),
        ),
        Field::optional(("provider", Text), ("", "Its provider."), |row: &Row| {
            Cell::of(of(row).entity.provider.as_deref(), Cell::text)
        }),
        Field::optional(("account", Text), ("", "Its account."), |row: &Row| {
            Cell::of(of(row).entity.account.as_deref(), Cell::text)
        }),
        Field::optional(("role", Text), ("", "Its role."), |row: &Row| {
            Cell::of(of(row).entity.role.as_deref(), Cell::text)
        }),
        Field::optional(
            ("region", Text),
            (
                "",
                "The region of the event that shows most of what is new, or else of the last event.",
            ),
            |row: &Row| Cell::of(of(row).entity.region.as_deref(), Cell::text),
        ),
        Field::optional(
            ("source_ip", Text),
            ("", "The address of the caller."),
            |row: &Row| Cell::of(of(row).entity.source_ip.as_deref(), Cell::text),
        ),
        Field::optional(
            ("user_agent", Text),
            ("", "The client, as it named itself."),
            |row: &Row| Cell::of(of(row).entity.user_agent.as_deref(), Cell::text),
        ),
        Field::optional(
            ("session", Text),
            ("", "The name of the session."),
            |row: &Row| Cell::of(of(row).entity.session.as_deref(), Cell::text),
        ),
        Field::optional(
            ("credential", Text),
            ("", "The credential."),
            |row: &Row| Cell::of(of(row).entity.credential.as_deref(), Cell::text),
        ),
    ];
    fields.extend(extent_fields());
    fields.extend([
        Field::required(
            ("events", Integer),
            ("events", "Those behind it."),
            |row: &Row| Cell::count(of(row).events),
        ),
        Field::optional(
            ("incident_id", Text),
            ("", "The incident that it belonged to when it was written."),
            |row: &Row| Cell::of(of(row).incident_id.as_deref(), Cell::text),
        ),
        Field::required(
            ("generation", Integer),
            ("", "The generation that it was judged by."),
            |row: &Row| Cell::count(of(row).generation),
        ),
        Field::optional(
            ("suppressed_by", Text),
            ("", "The approval that covers it."),
            |row: &Row| Cell::of(of(row).suppressed_by.as_deref(), Cell::text),
        ),
        Field::optional(
            ("approval", Text),
            ("", "The id of that approval, which stays the same when its lines move in the file."),
            |row: &Row| Cell::of(of(row).approval.as_deref(), Cell::text),
        ),
        Field::optional(
            ("verdict", Flag),
            ("", "What an analyst said: whether something happened that is not normal; absent while nobody did."),
            |row: &Row| Cell::of(row.0.verdict, Cell::Flag),
        ),
        Field::required(
            ("document", Document),
            ("", "The whole alert, as JSON."),
            |row: &Row| Cell::Document(json::line(of(row))),
        ),
    ]);
    fields
}

/// Writes the rows that are asked for.
///
/// # Errors
///
/// Fails if the alerts cannot be read, there is no store, or the rows cannot be written.
pub fn write(inquiry: &Inquiry, selection: &Selection, sink: &mut RowSink<'_>) -> Result<()> {
    let fields = fields();
    let mut asked = selection.of_told(PAGE);
    loop {
        let page = inquiry.alerts(&asked)?;
        for listed in page.items {
            sink.put(&fields, &Row(listed))?;
        }
        if page.next.is_none() {
            return Ok(());
        }
        asked.cursor = page.next;
    }
}
