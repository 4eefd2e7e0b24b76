//! `plimsoll inspect`

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use clap::Args;

use crate::cli::format::View;
use crate::cli::inputs::{Inputs, ending};
use crate::cli::options::PeriodSelection;
use crate::cli::{Common, Console, Ending};
use crate::engine::{self, Survey, TakeEvent};
use crate::error::Result;
use crate::event::Event;
use crate::report::inspection::{self, InspectionDocument};
use crate::report::{Paint, json, normalised};
use crate::sources::FileReport;

/// Show what log files contain: formats, events, identities, period, rejected records, missing fields
///
/// Nothing is learnt and nothing is written. Of more than 20 files only those with a problem are listed: files that could not be
/// read to their end, or have rejected records or several formats. `--format json` writes one document a line for each file.
/// `--events` writes what each record became instead, one normalised event a line, in the plain format of docs/PLAIN.md with `file`
/// and `format` beside it.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Files, folders, `-` for standard input, or `s3://bucket/prefix`, `gs://…`, `az://…`.
    #[arg(required = true, value_name = "LOGS")]
    logs: Vec<PathBuf>,
    #[command(flatten)]
    period: PeriodSelection,
    /// List all files.
    #[arg(long)]
    files: bool,
    /// Print each event as normalised JSON, in the order of the files.
    #[arg(long)]
    events: bool,
    /// Format of the output.
    #[arg(long, default_value = "text")]
    format: View,
}

/// Events are printed in pieces of about this many bytes.
const PIECE_BYTES: usize = 64 * 1024;

/// Files that are listed without `--files`.
const FILES_NAMED_MAX: usize = 20;

/// Runs the command.
///
/// # Errors
///
/// Fails if there is nothing to read, or rejected records cannot be written.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let inputs = Inputs::find(&arguments.logs, None, (&arguments.period, common), console)?;
    let rest = &inputs.rest;
    let piece: Mutex<String> = Mutex::default();
    let take = |file: &str, event: &Event| {
        let mut piece = piece.lock().unwrap_or_else(PoisonError::into_inner);
        *piece += &json::line(&normalised::document(event, file));
        piece.push('\n');
        match piece.len() {
            0..PIECE_BYTES => Ok(()),
            _ => console.print(&std::mem::take(&mut *piece)),
        }
    };
    let takes = arguments.events.then_some(&take as &TakeEvent<'_>);
    let what = (rest.keeps(), takes);
    let surveys = engine::inspect(&inputs.files, &inputs.options, what, console)?;
    let mut total = Survey::new(FileReport::new("all"));
    let documents: Vec<InspectionDocument> = surveys.iter().map(InspectionDocument::of).collect();
    surveys.iter().for_each(|survey| total.merge(survey));
    let reports: Vec<&FileReport> = surveys.iter().map(|survey| &survey.report).collect();
    let ending = match rest.is_missing_some() {
        true => Ending::Incomplete,
        false => ending(&reports, true),
    };
    if arguments.events {
        console.print(&piece.into_inner().unwrap_or_default())?;
        console.say(&inspection::sum(&total, surveys.len() as u64, Paint::Never));
        return Ok(ending);
    }
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
