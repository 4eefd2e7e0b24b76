//! `plimsoll analytics`

mod lint;
mod list;
mod show;
mod test;

use std::path::Path;

use clap::{Args, Subcommand};

use crate::analytic::{self, Analytic, Definition};
use crate::cli::{Common, Console, Ending};
use crate::config::Config;
use crate::error::{Error, Result};

/// List, explain, check and test the analytics
///
/// These are the built-in analytics, and those that `analytics = [...]` in the configuration names. docs/ANALYTICS.md explains how
/// to write one.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::Arguments),
    Show(show::Arguments),
    Lint(lint::Arguments),
    Test(test::Arguments),
}

/// Runs the command.
///
/// # Errors
///
/// A usage error with all faults of the configuration and the definitions.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    match &arguments.command {
        Command::List(arguments) => list::run(arguments, common, console),
        Command::Show(arguments) => show::run(arguments, common, console),
        Command::Lint(arguments) => lint::run(arguments, common, console),
        Command::Test(arguments) => test::run(arguments, common, console),
    }
}

/// The definitions in force, and the analytics that they define, as configured.
struct Library {
    definitions: Vec<Definition>,
    analytics: Vec<Analytic>,
}

impl Library {
    fn load(common: &Common) -> Result<Self> {
        let config = Config::load(common.config.as_deref())?;
        let definitions = analytic::definitions(&config.definitions)?;
        let mentioned = config.mentioned_analytics();
        let analytics = analytic::load_from(&definitions, &config.analytics, &mentioned)?;
        Ok(Self {
            definitions,
            analytics,
        })
    }

    fn get(&self, id: &str) -> Result<&Analytic> {
        let found = self.analytics.iter().find(|analytic| *analytic.id == *id);
        found.ok_or_else(|| {
            let ids: Vec<&str> = self.analytics.iter().map(|a| &*a.id).collect();
            Error::usage(format!("there is no analytic `{id}`"))
                .hint(format!("the analytics are {}", ids.join(", ")))
        })
    }

    /// Returns the file that defines an analytic.
    fn definition(&self, analytic: &Analytic) -> Option<&Definition> {
        self.definitions
            .iter()
            .find(|file| *file.name == *analytic.file && file.is_builtin == analytic.is_builtin)
    }
}

/// Says where an analytic comes from.
pub fn origin(analytic: &Analytic) -> String {
    match (analytic.is_builtin, analytic::is_builtin(&analytic.id)) {
        (true, _) => "built in".to_owned(),
        (false, true) => format!("{}, replaces the built-in one", analytic.file),
        (false, false) => analytic.file.to_string(),
    }
}

/// Says how many there are of something.
fn some(n: usize, one: &str, several: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        n => format!("{n} {several}"),
    }
}

/// Returns the definitions of a path.
fn definitions_at(path: &Path) -> Result<Vec<Definition>> {
    analytic::definitions_at(path).map_err(Error::usage)
}

/// Says which threshold an analytic has.
fn threshold(analytic: &Analytic) -> String {
    match analytic.threshold {
        Some(score) => format!("{score}"),
        None => "from the budget".to_owned(),
    }
}
