//! `plimsoll inspect`

use std::path::PathBuf;

use clap::Args;

use crate::cli::format::View;
use crate::cli::inputs::{Inputs, ending};
use crate::cli::{Common, Console, Ending};
use crate::engine::{self, Survey};
use crate::error::Result;
use crate::report::inspection::{self, InspectionDocument};
use crate::report::json;
use crate::sources::FileReport;

/// Show what log files contain: formats, events, identities, period, rejected records, missing fields
///
/// Nothing is learnt and nothing is written. Of more than 20 files only those with a problem are listed: files that could not be
/// read to their end, or have rejected records or several formats. `--format json` writes one document a line for each file.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Files, folders, or `-` for standard input.
    #[arg(required = true, value_name = "LOGS")]
    logs: Vec<PathBuf>,
    /// List all files.
    #[arg(long)]
    files: bool,
    /// Format of the output.
    #[arg(long, default_value = "text")]
    format: View,
}

/// Files that are listed without `--files`.
const FILES_NAMED_MAX: usize = 20;

/// Runs the command.
///
/// # Errors
///
/// Fails if there is nothing to read, or rejected records cannot be written.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let inputs = Inputs::find(&arguments.logs, None, common, console)?;
    let rest = &inputs.rest;
    let surveys = engine::inspect(&inputs.files, &inputs.options, rest.keeps(), console)?;
    let mut total = Survey::new(FileReport::new("all"));
    let documents: Vec<InspectionDocument> = surveys.iter().map(InspectionDocument::of).collect();
    surveys.iter().for_each(|survey| total.merge(survey));
    let reports: Vec<&FileReport> = surveys.iter().map(|survey| &survey.report).collect();
    let ending = match rest.is_missing_some() {
        true => Ending::Incomplete,
        false => ending(&reports, true),
    };
    let paint = console.out();
    if arguments.format == View::Json {
        for document in &documents {
            console.print(&(json::line(document) + "\n"))?;
        }
        return Ok(ending);
    }
    console.show(&inspection::sum(&total, surveys.len() as u64, paint))?;
    let is_all = arguments.files || documents.len() <= FILES_NAMED_MAX;
    let named: Vec<&InspectionDocument> = documents
        .iter()
        .filter(|document| is_all || document.is_odd())
        .collect();
    if !named.is_empty() {
        console.show(&format!("\n{}", inspection::head(paint)))?;
    }
    for document in &named {
        console.show(&inspection::file(document, console.width()))?;
    }
    if !is_all {
        console.show(&inspection::unnamed(documents.len(), named.len(), paint))?;
    }
    Ok(ending)
}
