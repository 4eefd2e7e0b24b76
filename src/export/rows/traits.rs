//! The known values of each entity.

use crate::baseline::{Baseline, Generation, KnownSet, KnownValue};
use crate::error::Result;
use crate::export::cell::Cell;
use crate::export::rows::entity::{Learnt, each_learnt, generation_fields, learnt_fields};
use crate::export::schema::{Field, Kind};
use crate::export::selection::Selection;
use crate::export::sink::RowSink;
use crate::store::Store;
use crate::vocab::{Entity, Trait};

/// What to know of the table.
pub const NOTES: &str = "A row for each entity, trait and known value of the generation in force, in the order of the entities; the values of a trait \
    that was seen on most days come first. A value that was not seen for 90 days is forgotten. Of a value the day on which it was first \
    seen is not stored; `since` and `until` choose by the last.";

/// A known value of an entity.
pub struct Row<'g> {
    generation: &'g Generation,
    entity: &'g Entity,
    baseline: &'g Baseline,
    which: Trait,
    known: &'g KnownSet,
    value: &'g KnownValue,
}

impl Learnt for Row<'_> {
    fn learnt(&self) -> (&Generation, &Entity, &Baseline) {
        (self.generation, self.entity, self.baseline)
    }
}

/// Returns the columns.
pub fn fields<'g>() -> Vec<Field<Row<'g>>> {
    use Kind::{Date, Flag, Integer, Text};
    let mut fields = learnt_fields();
    // What these say of the entity, `last_seen` says here of the value.
    fields.retain(|field: &Field<Row>| {
        !["first_seen", "may_be_older", "last_seen"].contains(&field.column.name)
    });
    fields.extend([
        Field::required(
            ("trait", Text),
            ("", "Of what it is a value, as in `region`, `bucket` or `network`."),
            |row: &Row| Cell::text(row.which.as_str()),
        ),
        Field::required(("value", Text), ("", "The value."), |row: &Row| {
            Cell::text(&row.value.value)
        }),
        Field::required(
            ("days", Integer),
            ("days, up to 255", "On how many days it was seen."),
            |row: &Row| Cell::count(row.value.n_days.into()),
        ),
        Field::required(
            ("last_seen", Date),
            ("", "The last day on which it was seen."),
            |row: &Row| Cell::Date(row.value.last_day),
        ),
        Field::required(
            ("novel_days", Integer),
            (
                "days",
                "Active days of the lookback on which the entity showed a new value of the trait.",
            ),
            |row: &Row| Cell::count(row.baseline.novel_days(row.which).into()),
        ),
        Field::required(
            ("is_saturated", Flag),
            (
                "",
                "Whether values of the trait were dropped for want of room, so that an unknown one says little.",
            ),
            |row: &Row| Cell::Flag(row.known.is_saturated()),
        ),
    ]);
    fields.extend(generation_fields());
    fields
}

/// Writes the rows that are asked for.
///
/// # Errors
///
/// Fails if nothing was trained, the generation cannot be read, or the rows cannot be written.
pub fn write(store: &Store, selection: &Selection, sink: &mut RowSink<'_>) -> Result<()> {
    each_learnt(store, selection, &mut |generation, entity, baseline| {
        write_entity(generation, (entity, baseline), selection, sink)
    })
}

fn write_entity<'g>(
    generation: &'g Generation,
    (entity, baseline): (&'g Entity, &'g Baseline),
    selection: &Selection,
    sink: &mut RowSink<'_>,
) -> Result<()> {
    let fields = fields();
    for (which, known) in &baseline.traits {
        let values = known.values().iter();
        let mut values: Vec<&KnownValue> = values
            .filter(|value| selection.has_days(value.last_day, value.last_day))
            .collect();
        values.sort_by(|a, b| (b.n_days, &a.value).cmp(&(a.n_days, &b.value)));
        for value in values {
            let row = Row {
                generation,
                entity,
                baseline,
                which: *which,
                known,
                value,
            };
            sink.put(&fields, &row)?;
        }
    }
    Ok(())
}
