//! `plimsoll analytics`

mod library;
mod lint;
mod list;
mod show;
mod test;

pub(super) use library::origin;

use clap::{Args, Subcommand};

use crate::cli::{Common, Console, Ending};
use crate::error::Result;

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
