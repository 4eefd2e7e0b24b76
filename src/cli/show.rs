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
use crate::vocab::{Entity, EntityKind};

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
            let (entity, baseline) = find(&generation, wanted)?;
            let document = BaselineDocument::of(&generation, entity, baseline);
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

/// Returns all entities, in order.
fn all(generation: &Generation) -> Vec<Known<'_>> {
    let mut all: Vec<Known> = generation.baselines.iter().collect();
    all.sort_by_key(|&(entity, _)| entity);
    all
}

fn overview(generation: &Generation, format: View, console: &Console) -> Result<()> {
    let mut active: Vec<Known> = all(generation)
        .into_iter()
        .filter(|(e, _)| e.kind == EntityKind::Identity)
        .collect();
    let mut newest = active.clone();
    active.sort_by_key(|(_, b)| Reverse(b.n_events));
    newest.sort_by_key(|(_, b)| Reverse(b.first_day));
    active.truncate(LISTED);
    newest.truncate(LISTED);
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
                    .map(|(e, b)| BaselineDocument::of(generation, e, b))
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
fn find<'g>(generation: &'g Generation, wanted: &str) -> Result<Known<'g>> {
    let aliases = |baseline: &Baseline| baseline.aliases.clone();
    lookup(&all(generation), aliases, wanted)?.ok_or_else(|| {
        Error::failed(format!(
            "generation {} has no baseline of `{wanted}`",
            generation.number
        ))
        .hint("`plimsoll show` lists the most active and the newest identities")
    })
}
