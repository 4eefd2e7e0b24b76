//! `plimsoll coverage`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::inputs::{Inputs, close};
use crate::cli::options::PeriodSelection;
use crate::cli::setup::load;
use crate::cli::{Common, Console, Ending};
use crate::engine::{self, CoverageVerdict, assess, covered_logs};
use crate::error::Result;
use crate::inquiry::Inquiry;
use crate::report::coverage::{self, CoverageDocument};
use crate::report::{json, navigator};

/// Show what the analytics can see in the logs, and what is missing for them
///
/// Without LOGS, judges the days in the store; with LOGS, these logs, without a store. On a provider, an analytic is BLIND if records
/// that it requires never came, lack what is judged, or stopped while other logs of the provider go on. It is PARTIAL if it could see more.
/// A log is SILENT, in all accounts, in one or in one region of it, if it pauses for clearly longer than ever before while others of the
/// provider go on.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Files, folders, `-` for standard input, or `s3://bucket/prefix`, `gs://…`, `az://…`.
    #[arg(value_name = "LOGS")]
    logs: Vec<PathBuf>,
    #[command(flatten)]
    period: PeriodSelection,
    /// End with status 1 if a log is silent, or an enabled analytic is blind on a provider that has records.
    #[arg(long)]
    strict: bool,
    /// Format of the output.
    #[arg(long, default_value = "text")]
    format: Format,
}

/// Format of the output.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// A layer of the ATT&CK Navigator: techniques in the colours of what is seen of them, with why in their comments.
    Navigator,
}

/// Runs the command.
///
/// # Errors
///
/// Fails if there are neither logs nor a trained store.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let setup = load(common.config.as_deref())?;
    let mut ending = Ending::Complete;
    let covered = if arguments.logs.is_empty() {
        Inquiry::of_store(common.store()).covered(&setup)?
    } else {
        let inputs = Inputs::find(&arguments.logs, None, (&arguments.period, common), console)?;
        let rest = inputs.rest;
        let reading = (inputs.options, rest.keeps());
        let (covered, intake) = covered_logs(&setup, inputs.files, reading, console)?;
        ending = close(&intake, &rest, console);
        covered
    };
    let judged = assess(&setup, &covered.days, &covered.silent);
    let document = || CoverageDocument::of(&covered, &judged, &setup.analytics);
    match arguments.format {
        Format::Text => console.show(&coverage::text(&document(), console.out())),
        Format::Json => console.print(&(json::pretty(&document()) + "\n")),
        Format::Navigator => {
            let days = covered.days.keys();
            let period = days.clone().next().zip(days.clone().next_back());
            let period = period.map(|(first, last)| (first.to_string(), last.to_string()));
            let layer = navigator::layer(&judged, &setup.analytics, period);
            console.print(&(json::pretty(&layer) + "\n"))
        }
    }?;
    let is_blind =
        |j: &engine::AnalyticCoverage| j.verdict == CoverageVerdict::Blind && j.has_records;
    let is_silent = !covered.silent.is_empty();
    if arguments.strict && (is_silent || judged.iter().any(is_blind)) {
        ending = Ending::Incomplete;
    }
    Ok(ending)
}
