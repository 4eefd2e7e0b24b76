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

/// Entities of each list when none is asked for.
const LISTED: usize = 12;

/// Show a baseline: what is usual for an entity, and what it is known for
///
/// Without an entity, shows the most active identities, the newest, and those whose level has crept upwards.
#[derive(Debug, Args)]
pub struct Arguments {
    /// An id, an alias, or a part that only one id has.
    #[arg(value_name = "ENTITY")]
    entity: Option<String>,
    /// How it is written.
    #[arg(long, default_value = "text")]
    format: View,
}

/// Runs the command.
///
/// # Errors
///
/// Fails if nothing was trained, or nobody or several are called so.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let generation = common.store().load_generation()?;
    let text = match &arguments.entity {
        Some(wanted) => {
            let (entity, baseline) = find(&generation, wanted)?;
            let document = BaselineDocument::of(&generation, entity, baseline);
            match arguments.format {
                View::Text => baseline::text(&document, console.out()),
                View::Json => json::pretty(&document) + "\n",
            }
        }
        None => overview(&generation, arguments.format, console),
    };
    console.print(&text)?;
    Ok(Ending::Complete)
}

type Known<'g> = (&'g Entity, &'g Baseline);

/// Returns all entities, in order.
fn all(generation: &Generation) -> Vec<Known<'_>> {
    let mut all: Vec<Known> = generation.baselines.iter().collect();
    all.sort_by_key(|&(entity, _)| entity);
    all
}

fn overview(generation: &Generation, format: View, console: &Console) -> String {
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
            let lists = format!(
                "{}\n{}",
                baseline::list("Most active", &active, generation.as_of, console.out()),
                baseline::list("Newest", &newest, generation.as_of, console.out()),
            );
            let title = "Baselines that moved, the latest first";
            match drift::digest(title, &drifted, LISTED, console.out()) {
                none if none.is_empty() => lists,
                digest => format!("{lists}\n{digest}"),
            }
        }
        View::Json => {
            let documents = |known: &[Known]| -> Vec<BaselineDocument> {
                known
                    .iter()
                    .map(|(e, b)| BaselineDocument::of(generation, e, b))
                    .collect()
            };
            json::pretty(
                &serde_json::json!({"most_active": documents(&active), "newest": documents(&newest), "moved": drifted}),
            ) + "\n"
        }
    }
}

/// Finds an entity: by its whole id, else by an alias, else by a part of its id.
fn find<'g>(generation: &'g Generation, wanted: &str) -> Result<Known<'g>> {
    let aliases = |baseline: &Baseline| baseline.aliases.clone();
    lookup(&all(generation), aliases, wanted)?.ok_or_else(|| {
        Error::failed(format!(
            "no baseline for `{wanted}` in generation {}",
            generation.number
        ))
        .hint("`plimsoll show` lists the most active and the newest identities")
    })
}
