//! `plimsoll train`

use std::path::PathBuf;

use clap::Args;

use crate::cli::inputs::{Inputs, close};
use crate::cli::options::{warn_of_approvals, warn_of_other_measures};
use crate::cli::{Common, Console, Ending};
use crate::engine;
use crate::error::Result;
use crate::report::{summary, tuning};

/// Learn what is new in the logs and publish a generation
///
/// Files that were learnt before are known by their content and left out, so the same folder can be given every night.
/// Stopped or crashed at any moment, the generation in force stays in force, and running again completes the work.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Files, folders, or `-` for standard input.
    #[arg(required = true, value_name = "LOGS")]
    logs: Vec<PathBuf>,
}

/// Runs the command.
///
/// # Errors
///
/// Fails if there is nothing to read, or the store cannot be written.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let setup = common.setup(console)?;
    let inputs = Inputs::find(&arguments.logs, common, console)?;
    let (rejects, is_missing_some) = inputs.rest();
    let keeps_rejects = inputs.keeps_rejects();
    let trained = engine::train(
        &setup,
        &common.store(),
        inputs.files,
        inputs.options,
        keeps_rejects,
        console,
    )?;
    console.say(&summary::training(&trained, console.err()));
    warn_of_other_measures(&setup, &common.store(), console)?;
    warn_of_approvals(&setup, &common.store(), console)?;
    for outgrown in &trained.outgrown {
        console.warn(&tuning::outgrown(outgrown));
    }
    close(
        &trained.intake,
        rejects.as_deref(),
        is_missing_some,
        console,
    )
}
