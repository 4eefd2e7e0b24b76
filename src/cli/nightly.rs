//! `plimsoll nightly`

use std::path::PathBuf;

use clap::Args;

use crate::cli::delivery::Delivery;
use crate::cli::format::Format;
use crate::cli::inputs::Inputs;
use crate::cli::options::{AlertSelection, PeriodSelection};
use crate::cli::sending::{Purpose, Sending};
use crate::cli::train::finish;
use crate::cli::{Common, Console, Ending};
use crate::engine;
use crate::engine::ScoreOptions;
use crate::error::Result;
use crate::report::summary::{self, Summary};
use crate::report::training;
use crate::store::Archive;

/// Judge what is new, write its alerts, and then learn it
///
/// For every night: logs that were not learnt yet are judged by the generation in force, and learnt only after that, so that
/// no attack is normal before anybody was told of it. Files are recognised by their content, so the same folder can be given
/// every night, and running it twice writes no alert twice. The first night only learns.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Files, folders, or `s3://bucket/prefix`, `gs://…`, `az://…`.
    #[arg(required = true, value_name = "LOGS")]
    logs: Vec<PathBuf>,
    #[command(flatten)]
    period: PeriodSelection,
    /// Format of the alerts.
    #[arg(long, default_value = "json")]
    format: Format,
    /// Append alerts to this file instead of writing them to standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    selection: AlertSelection,
}

/// Runs the command.
///
/// # Errors
///
/// Fails if there is nothing to read, alerts cannot be written, or the store cannot be written.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let setup = common.setup(console)?;
    let store = common.store();
    let inputs = Inputs::find_new(
        &arguments.logs,
        arguments.out.clone(),
        (&arguments.period, common),
        console,
    )?;
    let rest = inputs.rest;
    // What was told must be on disk before it is learnt.
    let to = (arguments.out.as_deref(), arguments.format, true);
    let sending = Sending::start(&setup, &store, Purpose::Batch, console)?;
    let archive = (Archive::alerts(&store), &sending);
    let mut delivery = Delivery::open(to, &arguments.selection, archive, console)?;
    let options = ScoreOptions {
        show_suppressed: true,
        ..arguments.selection.options()
    };
    let night = engine::nightly(
        &setup,
        &store,
        inputs.files,
        (&options, inputs.options, rest.keeps()),
        console,
        |alert| delivery.deliver(alert),
    )?;
    if let Some(scored) = &night.scored {
        let summary = Summary::of_score(scored, &delivery.tally);
        console.say(&summary::judged(
            &summary,
            console.is_verbose(),
            console.err(),
        ));
    }
    let trained = &night.trained;
    console.say(&training::text(
        trained,
        console.is_verbose(),
        console.err(),
    ));
    sending.finish(Purpose::Batch);
    finish(trained, &setup, common, &rest, console)
}
