//! `plimsoll show`

use clap::Args;

use crate::cli::format::View;
use crate::cli::{Common, Console, Ending};
use crate::error::Result;
use crate::inquiry::{Inquiry, LISTED, Overview};
use crate::report::{baseline, drift, json};

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
    let inquiry = Inquiry::of_store(common.store());
    match &arguments.entity {
        Some(wanted) => {
            let document = inquiry.entity(wanted)?;
            match arguments.format {
                View::Text => console.show(&baseline::text(&document, console.out())),
                View::Json => console.print(&(json::pretty(&document) + "\n")),
            }
        }
        None => overview(&inquiry.overview()?, arguments.format, console),
    }?;
    Ok(Ending::Complete)
}

fn overview(overview: &Overview, format: View, console: &Console) -> Result<()> {
    match format {
        View::Text => {
            let (at, paint) = ((overview.as_of(), console.width()), console.out());
            let mut text = baseline::list("most active", &overview.active()?, at, paint);
            text += "\n";
            text += &baseline::list("newest", &overview.newest()?, at, paint);
            let title = "Baseline drift, the latest first";
            let digest = drift::digest(title, &overview.drifted, LISTED, paint);
            if !digest.is_empty() {
                text += "\n";
                text += &digest;
            }
            console.show(&text)
        }
        View::Json => console.print(&(json::pretty(&overview.document()?) + "\n")),
    }
}
