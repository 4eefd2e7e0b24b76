//! `plimsoll show`

use std::cmp::Reverse;

use clap::Args;

use crate::baseline::{Baseline, Generation};
use crate::cli::format::View;
use crate::cli::{Common, Console, Ending};
use crate::engine::lookup;
use crate::error::{Error, Result};
use crate::report::baseline::{self, BaselineDocument};
use crate::report::{drift, json};
use crate::time::Day;
use crate::vocab::{Entity, EntityKind, Str};

/// Entities of each list if none is named.
const LISTED: usize = 12;

/// Show a baseline: the usual amounts of an entity and its known values
///
/// Without ENTITY, shows the most active identities, the newest ones, and those whose baseline drifted upwards.
#[derive(Debug, Args)]
pub struct Arguments {
    /// An id, an alias, or a part of an id that no other id has.
    #[arg(value_name = "ENTITY")]
    entity: Option<String>,
    /// Format of the output.
    #[arg(long, default_value = "text")]
    format: View,
}

/// Runs the command.
///
/// # Errors
///
/// Fails if nothing was trained, or if no entity or several match.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let generation = common.store().load_generation()?;
    match &arguments.entity {
        Some(wanted) => {
            let entity = find(&generation, wanted)?;
            let known = all_known(&generation, [&entity])?;
            let document = document(&generation, known[0]);
            generation.intact()?;
            match arguments.format {
                View::Text => console.show(&baseline::text(&document, console.out())),
                View::Json => console.print(&(json::pretty(&document) + "\n")),
            }
        }
        None => overview(&generation, arguments.format, console),
    }?;
    Ok(Ending::Complete)
}

type Known<'g> = (&'g Entity, &'g Baseline);

/// Returns entities with their baselines.
fn all_known<'g>(
    generation: &'g Generation,
    entities: impl IntoIterator<Item = &'g Entity>,
) -> Result<Vec<Known<'g>>> {
    let baselines = &generation.baselines;
    let known = entities
        .into_iter()
        .filter_map(|entity| Some((entity, baselines.get(entity)?)))
        .collect();
    baselines.intact()?;
    Ok(known)
}

fn document(generation: &Generation, (entity, baseline): Known) -> BaselineDocument {
    BaselineDocument::of(generation, entity, baseline)
}

/// Returns the entities that come first by something; those that are equal in it are in the order of their names.
fn first_by<T: Ord>(
    identities: &[(Entity, u64, Day)],
    by: impl Fn(&(Entity, u64, Day)) -> T,
) -> Vec<&Entity> {
    let mut first: Vec<_> = identities.iter().collect();
    first.sort_by_key(|identity| by(identity));
    first.truncate(LISTED);
    first.into_iter().map(|(entity, ..)| entity).collect()
}

fn overview(generation: &Generation, format: View, console: &Console) -> Result<()> {
    let mut identities: Vec<(Entity, u64, Day)> = Vec::new();
    generation.baselines.each(|entity, baseline| {
        if entity.kind == EntityKind::Identity {
            identities.push((entity.clone(), baseline.n_events, baseline.first_day));
        }
    })?;
    let active = first_by(&identities, |&(_, n_events, _)| Reverse(n_events));
    let newest = first_by(&identities, |&(_, _, first_day)| Reverse(first_day));
    let (active, newest) = (
        all_known(generation, active)?,
        all_known(generation, newest)?,
    );
    let drifted = drift::documents(&generation.drift_report, &generation.drift_report.drifted());
    match format {
        View::Text => {
            let (at, paint) = ((generation.as_of, console.width()), console.out());
            let mut text = baseline::list("most active", &active, at, paint);
            text += "\n";
            text += &baseline::list("newest", &newest, at, paint);
            let title = "Baseline drift, the latest first";
            let digest = drift::digest(title, &drifted, LISTED, paint);
            if !digest.is_empty() {
                text += "\n";
                text += &digest;
            }
            console.show(&text)
        }
        View::Json => {
            let documents = |known: &[Known]| -> Vec<BaselineDocument> {
                known
                    .iter()
                    .map(|&known| document(generation, known))
                    .collect()
            };
            let document = serde_json::json!({
                "most_active": documents(&active), "newest": documents(&newest), "baseline_drift": drifted,
            });
            console.print(&(json::pretty(&document) + "\n"))
        }
    }
}

/// Finds an entity: by its whole id, else by an alias, else by a part of its id.
fn find(generation: &Generation, wanted: &str) -> Result<Entity> {
    // By its whole id it is found without the others. A role is an entity of its own beside the identity of the same name.
    let by_kind = EntityKind::ALL.iter().map(|&kind| Entity {
        kind,
        id: wanted.into(),
    });
    let mut by_id = by_kind.filter(|entity| generation.baselines.contains_key(entity));
    if let Some(entity) = by_id.next() {
        return Ok(entity);
    }
    let mut all: Vec<(Entity, Vec<Str>)> = Vec::new();
    generation.baselines.each(|entity, baseline| {
        all.push((entity.clone(), baseline.aliases.clone()));
    })?;
    let all: Vec<(&Entity, &[Str])> = all
        .iter()
        .map(|(entity, aliases)| (entity, aliases.as_slice()))
        .collect();
    let found = lookup(&all, <[Str]>::to_vec, wanted)?;
    found.map(|(entity, _)| entity.clone()).ok_or_else(|| {
        Error::failed(format!(
            "generation {} has no baseline of `{wanted}`",
            generation.number
        ))
        .hint("`plimsoll show` lists the most active and the newest identities")
    })
}
