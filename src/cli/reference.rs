//! `plimsoll reference`

mod commands;
mod configuration;
mod heading;

use clap::{Args, Command, ValueEnum};

use crate::analytic;
use crate::cli::reference::heading::heading;
use crate::cli::{Console, Ending};
use crate::error::Result;
use crate::export;
use crate::report::json;

pub(super) use commands::exit_status;

/// A reference that is written from the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Subject {
    /// Every key of `plimsoll.toml`, in Markdown.
    Configuration,
    /// Every key of the file of an analytic, in Markdown.
    Analytic,
    /// Every command and option, in Markdown.
    Commands,
    /// Every table of `plimsoll export` with its columns, in Markdown.
    Export,
    /// The JSON Schema of `plimsoll.toml`.
    ConfigurationSchema,
    /// The JSON Schema of the file of an analytic.
    AnalyticSchema,
    /// The OpenAPI document of the service.
    #[cfg(feature = "service")]
    #[value(name = "openapi")]
    OpenApi,
}

/// Print a reference: keys of the configuration, commands, or a JSON Schema for editors
///
/// The files docs/CONFIGURATION.md, docs/ANALYTIC-KEYS.md, docs/COMMANDS.md, docs/EXPORT.md, docs/openapi.json and docs/schemas/ are what this
/// prints.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What it is about.
    subject: Subject,
}

/// Runs the command; `program` is the whole command line.
///
/// # Errors
///
/// Fails if standard output cannot be written.
pub fn run(arguments: &Arguments, program: &Command, console: &Console) -> Result<Ending> {
    console.print(&match arguments.subject {
        Subject::Configuration => configuration::page()?,
        Subject::Analytic => analytic_page(),
        Subject::Commands => commands::page(program),
        Subject::Export => heading("Tables for notebooks", "export") + &export::page(),
        Subject::ConfigurationSchema => json::pretty(&configuration::schema()?) + "\n",
        Subject::AnalyticSchema => {
            json::pretty(&analytic::ANALYTIC.schema("An analytic of plimsoll")) + "\n"
        }
        #[cfg(feature = "service")]
        Subject::OpenApi => crate::service::openapi_text(),
    })?;
    Ok(Ending::Complete)
}

fn analytic_page() -> String {
    heading("Keys of an analytic", "analytic")
        + "Every key of a file that defines an analytic. [ANALYTICS.md](ANALYTICS.md) says how to write one. For completion \
           in an editor, let the first line of the file be `#:schema PATH` with the path or address of \
           `docs/schemas/analytic.schema.json`.\n\n"
        + &analytic::ANALYTIC.page(2)
}
