//! `plimsoll inspect`

use std::path::PathBuf;

use clap::Args;

use crate::cli::format::View;
use crate::cli::inputs::{Inputs, write_rejects};
use crate::cli::{Common, Console, Ending};
use crate::engine::{self, Survey};
use crate::error::{Error, Result};
use crate::report::inspection::{self, InspectionDocument};
use crate::report::json;
use crate::sources::FileReport;

/// Say what logs are: format, events, identities, time span, what is rejected and which fields are missing
///
/// Nothing is learnt and nothing is written. With `--format json` there is one document a line for each file.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Files, folders, or `-` for standard input.
    #[arg(required = true, value_name = "LOGS")]
    logs: Vec<PathBuf>,
    /// How it is written.
    #[arg(long, default_value = "text")]
    format: View,
}

/// Runs the command.
///
/// # Errors
///
/// Fails if there is nothing to read, or rejected records cannot be written.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let inputs = Inputs::find(&arguments.logs, common, console)?;
    let (surveys, rejects) = engine::inspect(
        &inputs.files,
        &inputs.options,
        inputs.keeps_rejects(),
        console,
    )?;
    let (rejects_to, is_missing_some) = inputs.rest();
    if let Some(path) = rejects_to {
        write_rejects(&path, &rejects).map_err(|e| {
            Error::failed(format!(
                "cannot write rejected records to `{}`",
                path.display()
            ))
            .cause(e)
        })?;
    }
    let mut total = Survey::new(FileReport::new("all"));
    let mut ending = if is_missing_some {
        Ending::Incomplete
    } else {
        Ending::Complete
    };
    let paint = console.out();
    if arguments.format == View::Text {
        console.print(&inspection::head(paint))?;
    }
    for survey in &surveys {
        let document = InspectionDocument::of(survey);
        console.print(&match arguments.format {
            View::Text => inspection::file(&document),
            View::Json => json::line(&document) + "\n",
        })?;
        if document.error.is_some() || (document.events == 0 && document.rejected > 0) {
            ending = Ending::Incomplete;
        }
        total.merge(survey);
    }
    if arguments.format == View::Text {
        console.print(&format!(
            "\n{}",
            inspection::sum(&total, surveys.len() as u64, paint)
        ))?;
    }
    Ok(ending)
}
