//! Columns of tables whose rows are about an entity that was learnt.

use crate::baseline::{Baseline, Generation};
use crate::error::Result;
use crate::export::cell::Cell;
use crate::export::schema::{Field, Kind};
use crate::export::selection::Selection;
use crate::store::Store;
use crate::vocab::{Entity, Str};

/// A row that is about an entity that was learnt.
pub(super) trait Learnt {
    /// Returns the entity, and what is known of it.
    fn learnt(&self) -> (&Generation, &Entity, &Baseline);
}

/// Returns the columns that say which entity it is.
pub(super) fn learnt_fields<R: Learnt>() -> Vec<Field<R>> {
    use Kind::{Date, Flag, Integer, Text};
    vec![
        Field::required(
            ("entity_kind", Text),
            ("", "The kind of entity: `identity`, `role` or `region`."),
            |row: &R| Cell::text(row.learnt().1.kind.as_str()),
        ),
        Field::required(("entity_id", Text), ("", "Its canonical id."), |row: &R| {
            Cell::text(&row.learnt().1.id)
        }),
        Field::required(
            ("identity_kind", Text),
            ("", "What kind of identity it is."),
            |row: &R| Cell::text(row.learnt().2.kind.as_str()),
        ),
        Field::optional(("provider", Text), ("", "Its provider."), |row: &R| {
            Cell::of(row.learnt().2.provider, |provider| {
                Cell::text(provider.as_str())
            })
        }),
        Field::optional(("account", Text), ("", "Its account."), |row: &R| {
            Cell::of(row.learnt().2.account.as_deref(), Cell::text)
        }),
        Field::optional(("role", Text), ("", "Its role."), |row: &R| {
            Cell::of(row.learnt().2.role.as_deref(), Cell::text)
        }),
        Field::required(
            ("aliases", Kind::Texts),
            ("", "Other ids of it, as the provider writes them."),
            |row: &R| Cell::texts(&row.learnt().2.aliases),
        ),
        Field::required(
            ("first_seen", Date),
            (
                "",
                "The first day on which it was seen, as far as memory reaches.",
            ),
            |row: &R| Cell::Date(row.learnt().2.first_day),
        ),
        Field::required(
            ("may_be_older", Flag),
            (
                "",
                "Whether it may be older than that, because memory begins on that day.",
            ),
            |row: &R| {
                let (generation, _, baseline) = row.learnt();
                Cell::Flag(baseline.first_day <= generation.first_day)
            },
        ),
        Field::required(
            ("last_seen", Date),
            ("", "The last day on which it was seen."),
            |row: &R| Cell::Date(row.learnt().2.last_day),
        ),
        Field::required(
            ("events", Integer),
            ("events", "Those of the lookback of 28 days."),
            |row: &R| Cell::count(row.learnt().2.n_events),
        ),
        Field::required(
            ("active_days", Integer),
            (
                "days",
                "Those of the lookback on which it was active, its first included.",
            ),
            |row: &R| {
                let (generation, _, baseline) = row.learnt();
                Cell::count(baseline.days_seen(generation.as_of).into())
            },
        ),
    ]
}

/// Returns the columns that say by which generation it is so.
pub(super) fn generation_fields<R: Learnt>() -> [Field<R>; 2] {
    [
        Field::required(
            ("generation", Kind::Integer),
            ("", "The number of the generation."),
            |row: &R| Cell::count(row.learnt().0.number),
        ),
        Field::required(
            ("as_of", Kind::Date),
            ("", "The first day that the generation may judge."),
            |row: &R| Cell::Date(row.learnt().0.as_of),
        ),
    ]
}

/// What is called with a generation, an entity of it, and what is known of that.
type Take<'t> = dyn FnMut(&Generation, &Entity, &Baseline) -> Result<()> + 't;

/// Calls `take` with each entity of the generation in force that is asked for, in their order.
///
/// # Errors
///
/// Fails if nothing was trained, the generation cannot be read, or `take` fails.
pub(super) fn each_learnt(store: &Store, selection: &Selection, take: &mut Take<'_>) -> Result<()> {
    let generation = store.load_generation()?;
    let wanted = selection.names();
    let mut taken = Ok(());
    generation.baselines.each(|entity, baseline| {
        if taken.is_ok() && wanted.has(names(entity, &baseline.aliases)) {
            taken = take(&generation, entity, baseline);
        }
    })?;
    taken?;
    generation.intact()
}

/// Returns the names by which an entity is asked for.
pub(super) fn names<'e>(
    entity: &'e Entity,
    aliases: impl IntoIterator<Item = &'e Str>,
) -> impl Iterator<Item = &'e str> {
    let aliases = aliases.into_iter().map(|alias| &**alias);
    aliases.chain([&*entity.id])
}
