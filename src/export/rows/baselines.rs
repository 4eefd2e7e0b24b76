//! What is usual for each entity, per metric and window.

use crate::baseline::{Baseline, Generation, Group, MetricState};
use crate::error::Result;
use crate::export::cell::Cell;
use crate::export::rows::entity::{Learnt, each_learnt, generation_fields, learnt_fields};
use crate::export::schema::{Field, Kind};
use crate::export::selection::Selection;
use crate::export::sink::RowSink;
use crate::stats::Predictive;
use crate::store::Store;
use crate::time::Window;
use crate::vocab::{Entity, Metric};

/// What to know of the table.
pub const NOTES: &str = "A row for each entity, metric and window that the generation in force knows, in the order of the entities. `window` and `metric` \
    are those of `windows`, so that measured values join what is expected of them: an entity that never had a metric has no row of it. \
    An amount x is expected as its predictive distribution says: `(ln(x + 0.5) - location) / scale` follows Student's t with \
    `freedom` degrees of freedom. Each training replaces the generation: what a day was judged by is here until that day is learnt.";

/// What is expected of an entity in one metric and window.
pub struct Row<'g> {
    generation: &'g Generation,
    entity: &'g Entity,
    baseline: &'g Baseline,
    metric: Metric,
    window: Window,
    state: MetricState,
    predictive: Predictive,
    prior_of: Option<&'g Group>,
}

impl Learnt for Row<'_> {
    fn learnt(&self) -> (&Generation, &Entity, &Baseline) {
        (self.generation, self.entity, self.baseline)
    }
}

/// Returns the columns.
pub fn fields<'g>() -> Vec<Field<Row<'g>>> {
    use Kind::{Integer, Number, Text};
    let mut fields = learnt_fields();
    fields.extend([
        Field::required(
            ("metric", Text),
            ("", "What is measured."),
            |row: &Row| Cell::text(row.metric.as_str()),
        ),
        Field::required(
            ("window", Text),
            ("", "In windows of which length, as in `10m`, `1h` or `1d`."),
            |row: &Row| Cell::Text(row.window.to_string().into()),
        ),
        Field::required(
            ("window_seconds", Integer),
            ("seconds", "The length of the window."),
            |row: &Row| Cell::count(row.window.secs().into()),
        ),
        Field::required(
            ("windows", Number),
            ("weighted windows", "How many active windows of its own there are; older ones weigh less, and a day counts for only so much."),
            |row: &Row| Cell::number(row.state.n),
        ),
        Field::optional(
            ("own_mean", Number),
            ("ln(1 + x)", "The mean over its own active windows; absent if there is none."),
            |row: &Row| Cell::of((row.state.n > 0.0).then_some(row.state.mean), Cell::number),
        ),
        Field::optional(
            ("own_sd", Number),
            ("ln(1 + x)", "The standard deviation over its own active windows; absent if there is none."),
            |row: &Row| {
                let variance = row.state.m2 / row.state.n;
                Cell::of((row.state.n > 0.0).then_some(variance.max(0.0).sqrt()), Cell::number)
            },
        ),
        Field::required(
            ("exposure", Number),
            ("weighted days", "How long it could have been active."),
            |row: &Row| Cell::number(row.baseline.exposure),
        ),
        Field::required(
            ("active_per_day", Number),
            ("windows a day", "How many active windows are expected."),
            |row: &Row| Cell::number(row.predictive.lambda),
        ),
        Field::optional(
            ("p50", Number),
            ("unit of the metric", "The median that is expected of an active window."),
            |row: &Row| Cell::number(row.predictive.quantile(0.5)),
        ),
        Field::optional(
            ("p90", Number),
            ("unit of the metric", "The 90th percentile that is expected of an active window."),
            |row: &Row| Cell::number(row.predictive.quantile(0.9)),
        ),
        Field::optional(
            ("p99", Number),
            ("unit of the metric", "The 99th percentile that is expected of an active window."),
            |row: &Row| Cell::number(row.predictive.quantile(0.99)),
        ),
        Field::optional(
            ("p999", Number),
            ("unit of the metric", "The 99.9th percentile that is expected of an active window."),
            |row: &Row| Cell::number(row.predictive.quantile(0.999)),
        ),
        Field::required(
            ("location", Number),
            ("ln(x + 0.5)", "The location of the predictive distribution."),
            |row: &Row| Cell::number(row.predictive.loc),
        ),
        Field::required(
            ("scale", Number),
            ("ln(x + 0.5)", "The scale of the predictive distribution."),
            |row: &Row| Cell::number(row.predictive.scale),
        ),
        Field::required(
            ("freedom", Number),
            ("degrees of freedom", "Those of the predictive distribution."),
            |row: &Row| Cell::number(row.predictive.nu),
        ),
        Field::required(
            ("own_weight", Number),
            ("0 to 1", "The weight of its own history in the location; the rest is its peers'."),
            |row: &Row| Cell::number(row.predictive.own_weight()),
        ),
        Field::optional(
            ("prior_kind", Text),
            ("", "The kind of the peer group whose prior it is mixed with: `role`, `region`, `peer_group` or `estate`; absent for the built-in prior."),
            |row: &Row| Cell::of(row.prior_of, |group| Cell::text(group.kind.as_str())),
        ),
        Field::optional(
            ("prior_id", Text),
            ("", "The name of that peer group."),
            |row: &Row| Cell::of(row.prior_of, |group| Cell::text(&group.id)),
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
    each_learnt(
        store,
        selection,
        &mut |generation, entity, baseline| match selection
            .has_days(baseline.first_day, baseline.last_day)
        {
            true => write_entity(generation, (entity, baseline), sink),
            false => Ok(()),
        },
    )
}

fn write_entity<'g>(
    generation: &'g Generation,
    (entity, baseline): (&'g Entity, &'g Baseline),
    sink: &mut RowSink<'_>,
) -> Result<()> {
    let fields = fields();
    for &((metric, window), state) in &baseline.metrics {
        let (prior, prior_of) = generation.prior(&baseline.chain, baseline.kind, (metric, window));
        let row = Row {
            generation,
            entity,
            baseline,
            metric,
            window,
            state,
            predictive: Predictive::new(&prior, &baseline.evidence_of(&state)),
            prior_of,
        };
        sink.put(&fields, &row)?;
    }
    Ok(())
}
