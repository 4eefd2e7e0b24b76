//! What was measured of each entity, per metric and window of time.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::export::cell::Cell;
use crate::export::rows::entity::names;
use crate::export::schema::{Field, Kind};
use crate::export::selection::Selection;
use crate::export::sink::RowSink;
use crate::measure::{DayFacts, KnownThings, Links};
use crate::store::Store;
use crate::time::{Day, Time, Window};
use crate::vocab::{Entity, Metric};

/// What to know of the table.
pub const NOTES: &str = "A row for each entity, metric and window of a stored day in which the metric was not zero, day by day and in the order of the \
    entities. Windows are of ten minutes, an hour and a day, and of the length that an analytic declares where that does not consist of \
    ten minutes. Sums of short windows are those of the long one; distinct things are not. Metrics of what is new to an entity, as `buckets_new`, are not stored: they depend on what was known \
    that morning. Nor are values of days that are no longer stored, or of a day that was judged and is not learnt yet.";

/// What was measured of an entity in a window.
pub struct Row<'f> {
    day: Day,
    entity: &'f Entity,
    facts: &'f DayFacts,
    metric: Metric,
    window: Window,
    slot: u16,
    value: u64,
}

impl Row<'_> {
    fn span(&self) -> (Time, Time) {
        let start = i64::from(self.slot) * i64::from(self.window.secs());
        let start = self.day.start().plus_secs(start);
        (start, start.plus_secs(self.window.secs().into()))
    }
}

/// Returns the columns.
pub fn fields<'f>() -> Vec<Field<Row<'f>>> {
    use Kind::{Date, Instant, Integer, Text};
    vec![
        Field::required(
            ("entity_kind", Text),
            ("", "The kind of entity: `identity`, `role` or `region`."),
            |row: &Row| Cell::text(row.entity.kind.as_str()),
        ),
        Field::required(
            ("entity_id", Text),
            ("", "Its canonical id."),
            |row: &Row| Cell::text(&row.entity.id),
        ),
        Field::required(
            ("identity_kind", Text),
            ("", "What kind of identity it was on that day."),
            |row: &Row| Cell::text(row.facts.profile.kind().as_str()),
        ),
        Field::optional(("provider", Text), ("", "Its provider."), |row: &Row| {
            Cell::of(row.facts.profile.provider, |provider| {
                Cell::text(provider.as_str())
            })
        }),
        Field::optional(("account", Text), ("", "Its account."), |row: &Row| {
            Cell::of(row.facts.profile.account.as_deref(), Cell::text)
        }),
        Field::optional(("role", Text), ("", "Its role."), |row: &Row| {
            Cell::of(row.facts.profile.role.as_deref(), Cell::text)
        }),
        Field::required(("day", Date), ("", "The UTC day."), |row: &Row| {
            Cell::Date(row.day)
        }),
        Field::required(("metric", Text), ("", "What was measured."), |row: &Row| {
            Cell::text(row.metric.as_str())
        }),
        Field::required(
            ("window", Text),
            (
                "",
                "In a window of which length, as in `10m`, `1h` or `1d`.",
            ),
            |row: &Row| Cell::Text(row.window.to_string().into()),
        ),
        Field::required(
            ("window_seconds", Integer),
            ("seconds", "The length of the window."),
            |row: &Row| Cell::count(row.window.secs().into()),
        ),
        Field::required(
            ("start", Instant),
            ("", "The first instant of the window."),
            |row: &Row| Cell::instant(row.span().0),
        ),
        Field::required(
            ("end", Instant),
            ("", "The first instant after the window."),
            |row: &Row| Cell::instant(row.span().1),
        ),
        Field::required(
            ("value", Integer),
            (
                "calls, bytes or distinct things",
                "How much it was, from 1; distinct things beyond a few thousand are an estimate.",
            ),
            |row: &Row| Cell::count(row.value),
        ),
        Field::required(
            ("day_events", Integer),
            ("events", "All events of the entity on that day."),
            |row: &Row| Cell::count(row.facts.n_events),
        ),
    ]
}

/// Writes the rows that are asked for. One day is in memory at a time.
///
/// # Errors
///
/// Fails if nothing was trained, a day cannot be read, or the rows cannot be written.
pub fn write(store: &Store, selection: &Selection, sink: &mut RowSink<'_>) -> Result<()> {
    let manifest = store.published()?;
    let own_accounts = store.load_generation_of(&manifest)?.own_accounts;
    let mut links = Links::new();
    for entry in &manifest.days {
        if !selection.has_days(entry.day, entry.day) {
            // What it says of whose an instance is holds on the days after it, too.
            links = store.load_links(entry)?.following(&links);
            continue;
        }
        let mut aggregate = store.load_day(entry)?;
        let mut own = own_accounts.clone();
        own.extend(aggregate.accounts.iter().cloned());
        let facts = aggregate.take_facts(&links, &own);
        links = std::mem::take(&mut aggregate.links).following(&links);
        write_day(entry.day, &facts, selection, sink)?;
    }
    Ok(())
}

fn write_day(
    day: Day,
    facts: &BTreeMap<Entity, DayFacts>,
    selection: &Selection,
    sink: &mut RowSink<'_>,
) -> Result<()> {
    let wanted = selection.names();
    let fields = fields();
    for (entity, facts) in facts {
        let aliases = facts.profile.aliases.iter().map(|(alias, _)| alias);
        if !wanted.has(names(entity, aliases)) {
            continue;
        }
        for (metric, window) in facts.measured() {
            for (slot, value) in facts.readings(metric, window, &KnownThings::NOTHING) {
                let row = Row {
                    day,
                    entity,
                    facts,
                    metric,
                    window,
                    slot,
                    value,
                };
                let (start, end) = row.span();
                let last = Time::from_nanos(end.nanos().saturating_sub(1));
                if selection.has((start, last)) {
                    sink.put(&fields, &row)?;
                }
            }
        }
    }
    Ok(())
}
