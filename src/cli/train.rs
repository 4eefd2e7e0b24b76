//! `plimsoll train`

use std::path::PathBuf;

use clap::Args;

use crate::cli::format::View;
use crate::cli::inputs::{Inputs, Rest, close};
use crate::cli::options::PeriodSelection;
use crate::cli::setup::{warn_of_approvals, warn_of_other_measures};
use crate::cli::{Common, Console, Ending};
use crate::engine::{self, Setup, TrainSummary};
use crate::error::Result;
use crate::report::training::{self, TrainingDocument};
use crate::report::{json, tuning};

/// Learn new logs and publish a new generation of baselines
///
/// Files that were learnt before are recognised by their content and skipped, so the same folder can be given every night. If
/// the training is stopped or crashes, the generation in force stays in force, and running it again completes the work.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Files, folders, `-` for standard input, or `s3://bucket/prefix`, `gs://…`, `az://…`.
    #[arg(required = true, value_name = "LOGS")]
    logs: Vec<PathBuf>,
    #[command(flatten)]
    period: PeriodSelection,
    /// Format of the summary; `json` goes to standard output.
    #[arg(long, default_value = "text")]
    format: View,
}

/// Runs the command.
///
/// # Errors
///
/// Fails if there is nothing to read, or the store cannot be written.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let setup = common.setup(console)?;
    let inputs = Inputs::find_new(&arguments.logs, None, (&arguments.period, common), console)?;
    let rest = inputs.rest;
    let trained = engine::train(
        &setup,
        &common.store(),
        inputs.files,
        inputs.options,
        rest.keeps(),
        console,
    )?;
    match arguments.format {
        View::Text => {
            let lines = training::text(&trained, console.is_verbose(), console.err());
            console.say(&lines);
        }
        View::Json => console.print(&(json::pretty(&TrainingDocument::of(&trained)) + "\n"))?,
    }
    finish(&trained, &setup, common, &rest, console)
}

/// Warns of what a training shows, and reports files that could not be read.
///
/// # Errors
///
/// Fails if the store cannot be read, or the rejected records cannot be written.
pub fn finish(
    trained: &TrainSummary,
    setup: &Setup,
    common: &Common,
    rest: &Rest,
    console: &Console,
) -> Result<Ending> {
    let store = common.store();
    warn_of_other_measures(setup, &store, console)?;
    warn_of_approvals(setup, &store, console)?;
    for outgrown in &trained.outgrown {
        console.warn(&tuning::outgrown(outgrown));
    }
    Ok(close(&trained.intake, rest, console))
}
