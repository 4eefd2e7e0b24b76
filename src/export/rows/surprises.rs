//! The stored distributions from which thresholds are chosen.

use crate::baseline::CalibrationLog;
use crate::error::Result;
use crate::export::cell::Cell;
use crate::export::schema::{Field, Kind};
use crate::export::selection::Selection;
use crate::export::sink::RowSink;
use crate::sketch::{Distribution, FrozenDistribution};
use crate::stats::rank::score;
use crate::store::Store;
use crate::time::Day;

/// What to know of the table.
pub const NOTES: &str = "A row for each stored value of each distribution and week: how many entity-days had that value. There are three kinds of \
    distribution. `arm` has the statistic of each arm of an analytic, in natural logarithms; `analytic` the largest rank over the arms of an \
    analytic; `all` the largest rank over all analytics, from which the thresholds of the estate are chosen. Most entity-days have the value 0, and its \
    `reached` is the number of all of them. \
    Values are stored to a thousandth of themselves. `reached` and `surprise` are about all stored weeks and not about the one of the row, whatever is asked for.";
/// Days of a week.
const WEEK: i32 = 7;

/// A value of a distribution in a week.
pub struct Row<'l> {
    week: Day,
    of: Of<'l>,
    value: f64,
    n: u64,
    all_weeks: &'l FrozenDistribution,
    pooled: &'l FrozenDistribution,
}

/// What a distribution is of.
#[derive(Clone, Copy, PartialEq)]
enum Of<'l> {
    All,
    Analytic(&'l str),
    Arm(&'l str, &'l str),
}

impl<'l> Of<'l> {
    fn analytic(self) -> Option<&'l str> {
        match self {
            Self::All => None,
            Self::Analytic(analytic) | Self::Arm(analytic, _) => Some(analytic),
        }
    }
}

/// Returns the columns.
pub fn fields<'l>() -> Vec<Field<Row<'l>>> {
    use Kind::{Date, Integer, Number, Text};
    vec![
        Field::required(
            ("distribution", Text),
            ("", "What it is of: `all`, `analytic` or `arm`."),
            |row: &Row| {
                Cell::text(match row.of {
                    Of::All => "all",
                    Of::Analytic(_) => "analytic",
                    Of::Arm(..) => "arm",
                })
            },
        ),
        Field::optional(
            ("analytic", Text),
            ("", "The analytic; absent for all of them."),
            |row: &Row| Cell::of(row.of.analytic(), Cell::text),
        ),
        Field::optional(
            ("arm", Text),
            ("", "The arm of the analytic, if it is of an arm."),
            |row: &Row| match row.of {
                Of::Arm(_, arm) => Cell::text(arm),
                _ => Cell::Nothing,
            },
        ),
        Field::required(
            ("week_start", Date),
            (
                "",
                "The first day of the week; weeks begin on Thursdays, as 1970 did.",
            ),
            |row: &Row| Cell::Date(row.week),
        ),
        Field::required(
            ("week_end", Date),
            ("", "The last day of the week."),
            |row: &Row| Cell::Date(row.week.plus(WEEK - 1)),
        ),
        Field::required(
            ("value", Number),
            (
                "natural logarithms of an arm, else decades",
                "The statistic of an arm, or the largest rank.",
            ),
            |row: &Row| Cell::number(row.value),
        ),
        Field::required(
            ("entity_days", Integer),
            ("entity-days", "How many of the week had that value."),
            |row: &Row| Cell::count(row.n),
        ),
        Field::required(
            ("reached", Integer),
            (
                "entity-days",
                "How many of all stored weeks had that value or a larger one.",
            ),
            |row: &Row| Cell::count(row.all_weeks.count_at_least(row.value)),
        ),
        Field::required(
            ("surprise", Number),
            (
                "decades",
                "How rare that is: minus log10 of the share of all entity-days that reach the value, by counting and, of the rarest, by the fitted tail.",
            ),
            |row: &Row| Cell::number(row.all_weeks.surprise(row.value)),
        ),
        Field::optional(
            ("score", Number),
            (
                "0 to 100",
                "The score of an alert of that rank; absent for an arm.",
            ),
            |row: &Row| match row.of {
                Of::Arm(..) => Cell::Nothing,
                _ => Cell::number(score(row.pooled.surprise(row.value))),
            },
        ),
    ]
}

/// Writes the rows that are asked for.
///
/// # Errors
///
/// Fails if nothing was trained, the generation cannot be read, or the rows cannot be written.
pub fn write(store: &Store, selection: &Selection, sink: &mut RowSink<'_>) -> Result<()> {
    let log = store.load_calibration_log(&store.published()?)?;
    let pooled = log.pooled.freeze();
    for (of, distribution) in distributions(&log) {
        let is_wanted = match of.analytic() {
            Some(analytic) => selection.has_analytic(analytic),
            None => selection.analytic.is_none(),
        };
        if is_wanted {
            let all_weeks = distribution.freeze();
            let of = (of, distribution);
            write_distribution(of, (&all_weeks, &pooled), selection, sink)?;
        }
    }
    Ok(())
}

fn distributions(log: &CalibrationLog) -> impl Iterator<Item = (Of<'_>, &Distribution)> {
    let analytics = log.analytics.iter();
    let analytics = analytics.map(|(analytic, stored)| (Of::Analytic(analytic), stored));
    let arms = log.arms.iter().filter_map(|(key, stored)| {
        let (analytic, arm) = key.split_once('/')?;
        Some((Of::Arm(analytic, arm), stored))
    });
    [(Of::All, &log.pooled)]
        .into_iter()
        .chain(analytics)
        .chain(arms)
}

fn write_distribution<'l>(
    (of, distribution): (Of<'l>, &'l Distribution),
    (all_weeks, pooled): (&'l FrozenDistribution, &'l FrozenDistribution),
    selection: &Selection,
    sink: &mut RowSink<'_>,
) -> Result<()> {
    let fields = fields();
    for (first_day, value, n) in distribution.counts() {
        let week = Day(first_day);
        if selection.has_days(week, week.plus(WEEK - 1)) {
            let row = Row {
                week,
                of,
                value,
                n,
                all_weeks,
                pooled,
            };
            sink.put(&fields, &row)?;
        }
    }
    Ok(())
}
