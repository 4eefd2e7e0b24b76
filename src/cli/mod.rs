//! The command line: one file for each command, whose doc comment is its help.
//!
//! Results go to standard output, everything else for people to standard error.

mod alerts;
mod analytics;
mod approve;
mod backtest;
mod check;
mod clock;
mod completions;
mod console;
mod coverage;
mod delivery;
mod ending;
#[cfg(feature = "simulate")]
mod evaluate;
mod explain;
mod export;
mod feedback;
mod format;
mod generations;
mod incidents;
mod inputs;
mod inspect;
mod man;
#[cfg(feature = "service")]
mod mcp;
mod nightly;
mod options;
mod out_file;
mod reference;
mod score;
mod selection;
#[cfg(not(feature = "service"))]
#[path = "not_sending.rs"]
mod sending;
#[cfg(feature = "service")]
mod sending;
#[cfg(feature = "service")]
mod serve;
mod setup;
mod show;
mod shown_commands;
#[cfg(feature = "simulate")]
mod simulate;
#[cfg(feature = "service")]
mod sink;
#[cfg(feature = "service")]
mod top;
mod train;
mod tune;
mod verify;
mod version;

pub use console::Console;
pub use ending::Ending;
pub use options::{Common, When};

use clap::{CommandFactory, Parser, Subcommand};

use crate::error::Result;

/// Learns from cloud audit logs what is normal for each identity, and alerts when it changes
#[derive(Debug, Parser)]
#[command(
    name = "plimsoll",
    version,
    long_version = version::long(),
    propagate_version = true,
    max_term_width = 100,
    mut_subcommands(options::without_unused)
)]
pub struct Arguments {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Inspect(inspect::Arguments),
    Backtest(backtest::Arguments),
    Nightly(nightly::Arguments),
    Train(train::Arguments),
    Score(score::Arguments),
    #[cfg(feature = "service")]
    Serve(serve::Arguments),
    #[cfg(feature = "service")]
    Top(top::Arguments),
    Tune(tune::Arguments),
    Coverage(coverage::Arguments),
    Show(show::Arguments),
    Generations(generations::Arguments),
    Incidents(incidents::Arguments),
    Alerts(alerts::Arguments),
    Explain(explain::Arguments),
    Export(export::Arguments),
    Feedback(feedback::Arguments),
    Approve(approve::Arguments),
    #[cfg(feature = "service")]
    Mcp(mcp::Arguments),
    #[cfg(feature = "service")]
    Sink(sink::Arguments),
    #[cfg(feature = "simulate")]
    Simulate(simulate::Arguments),
    #[cfg(feature = "simulate")]
    Evaluate(evaluate::Arguments),
    Check(check::Arguments),
    Analytics(analytics::Arguments),
    Verify(verify::Arguments),
    Reference(reference::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

impl Command {
    /// Returns whether it is a failure if nobody reads what it has to say: its alerts are told once.
    fn must_be_heard(&self) -> bool {
        match self {
            Self::Nightly(_) => true,
            Self::Score(arguments) => arguments.is_following(),
            _ => false,
        }
    }
}

/// Runs a command.
///
/// # Errors
///
/// The error of the command. If the reader has closed standard output, that is no failure but the end, unless alerts were to be
/// delivered that a next run would not tell again.
pub fn run(arguments: &Arguments, console: &Console) -> Result<Ending> {
    let common = &arguments.common;
    let ending = match &arguments.command {
        Command::Inspect(arguments) => inspect::run(arguments, common, console),
        Command::Backtest(arguments) => backtest::run(arguments, common, console),
        Command::Nightly(arguments) => nightly::run(arguments, common, console),
        Command::Train(arguments) => train::run(arguments, common, console),
        Command::Score(arguments) => score::run(arguments, common, console),
        #[cfg(feature = "service")]
        Command::Serve(arguments) => serve::run(arguments, common, console),
        #[cfg(feature = "service")]
        Command::Top(arguments) => top::run(arguments, common, console),
        Command::Tune(arguments) => tune::run(arguments, common, console),
        Command::Coverage(arguments) => coverage::run(arguments, common, console),
        Command::Show(arguments) => show::run(arguments, common, console),
        Command::Generations(arguments) => generations::run(arguments, common, console),
        Command::Incidents(arguments) => incidents::run(arguments, common, console),
        Command::Alerts(arguments) => alerts::run(arguments, common, console),
        Command::Explain(arguments) => explain::run(arguments, common, console),
        Command::Export(arguments) => export::run(arguments, common, console),
        Command::Feedback(arguments) => feedback::run(arguments, common, console),
        Command::Approve(arguments) => approve::run(arguments, common, console),
        #[cfg(feature = "service")]
        Command::Mcp(arguments) => mcp::run(arguments, common, console),
        #[cfg(feature = "service")]
        Command::Sink(arguments) => sink::run(arguments, common, console),
        #[cfg(feature = "simulate")]
        Command::Simulate(arguments) => simulate::run(arguments, console),
        #[cfg(feature = "simulate")]
        Command::Evaluate(arguments) => evaluate::run(arguments, console),
        Command::Check(arguments) => check::run(arguments, common, console),
        Command::Analytics(arguments) => analytics::run(arguments, common, console),
        Command::Verify(arguments) => verify::run(arguments, common, console),
        Command::Reference(arguments) => reference::run(arguments, &Arguments::command(), console),
        Command::Completions(arguments) => {
            completions::run(arguments, Arguments::command(), console)
        }
        Command::Man(arguments) => man::run(arguments, Arguments::command()),
    };
    console.finish();
    match ending {
        Err(_) if console.is_closed() && !arguments.command.must_be_heard() => Ok(Ending::Complete),
        ending => ending,
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_help_of_a_command_has_only_options_that_it_uses() {
        let mut command = super::Arguments::command();
        command.build();
        let names = |path: &[&str]| -> Vec<String> {
            let found = path
                .iter()
                .try_fold(&command, |command, name| command.find_subcommand(name));
            let arguments = found.into_iter().flat_map(clap::Command::get_arguments);
            arguments
                .filter(|argument| !argument.is_hide_set())
                .map(|argument| argument.get_id().to_string())
                .collect()
        };
        let has = |path: &[&str], id: &str| names(path).iter().any(|name| name == id);
        assert!(has(&["train"], "store") && has(&["train"], "verbose"));
        assert!(has(&["approve", "add"], "store") && !has(&["approve", "add"], "input"));
        assert!(has(&["analytics", "list"], "config") && !has(&["analytics", "list"], "store"));
        for id in ["config", "store", "input", "rejects", "verbose"] {
            assert!(!has(&["verify"], id), "{id}");
        }
        assert!(has(&["verify"], "quiet"));
        // An option may stand before a command that does not use it.
        let parsed = super::Arguments::try_parse_from(["plimsoll", "--store", "x", "verify", "a"]);
        assert_eq!(parsed.map(|a| a.common.store).ok(), Some("x".into()));
    }

    #[test]
    fn the_command_line_is_sound_and_each_command_has_help() {
        let mut command = super::Arguments::command();
        command.build();
        command.clone().debug_assert();
        for subcommand in command.get_subcommands() {
            let about = subcommand
                .get_about()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(
                !about.is_empty() && !about.ends_with('.'),
                "{}: {about}",
                subcommand.get_name()
            );
        }
    }
}
