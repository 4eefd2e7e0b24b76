//! `plimsoll generations`

use clap::Args;

use crate::cli::format::View;
use crate::cli::{Common, Console, Ending};
use crate::error::Result;
use crate::inquiry::Inquiry;
use crate::report::{generations, json};

/// List the generations of baselines that the store keeps, the one in force first
///
/// A training publishes a generation, and five earlier ones are kept. When each was published is the time of a file, which a copy of the
/// store may not keep.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Format of the output.
    #[arg(long, default_value = "text")]
    format: View,
}

/// Runs the command.
///
/// # Errors
///
/// Fails if nothing was trained, or the store cannot be read.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let kept = Inquiry::of_store(common.store()).generations()?;
    match arguments.format {
        View::Text => console.show(&generations::text(&kept, console.out())),
        View::Json => console.print(&(json::pretty(&generations::document(&kept)) + "\n")),
    }?;
    Ok(Ending::Complete)
}
