//! `plimsoll generations`

use clap::{Args, Subcommand};

use crate::cli::format::View;
use crate::cli::{Common, Console, Ending};
use crate::engine::roll_back;
use crate::error::Result;
use crate::inquiry::Inquiry;
use crate::report::{generations, json};

/// List the generations of baselines that the store keeps, or go back to one of them
///
/// A training publishes a generation, and five earlier ones are kept.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(List),
    Rollback(Rollback),
}

/// List the generations that the store keeps, the one in force first [default]
///
/// When each was published is the time of a file, which a copy of the store may not keep.
#[derive(Debug, Args)]
struct List {
    /// Format of the output.
    #[arg(long, default_value = "text")]
    format: View,
}

/// Go back to an earlier generation: what the trainings since then learnt is unlearnt
///
/// The earlier generation is published anew, under the next number, with the verdicts of today; a service takes it over as any other. The
/// files of the undone trainings count as never learnt: the next training that sees them learns them again, and `nightly` judges them
/// again. Alerts that were told stay, and are not told twice. What clients of a service handed over, and was learnt since, is gone.
#[derive(Debug, Args)]
struct Rollback {
    /// The number of the generation, as `plimsoll generations` lists it.
    #[arg(value_name = "GENERATION")]
    to: u64,
    /// Only say what it would undo.
    #[arg(long)]
    dry_run: bool,
    /// Format of the output.
    #[arg(long, default_value = "text")]
    format: View,
}

/// Runs the command.
///
/// # Errors
///
/// Fails if nothing was trained, or the store cannot be read. Going back fails as [`roll_back`] does.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    match &arguments.action {
        None => list(&arguments.list, common, console),
        Some(Action::List(asked)) => list(asked, common, console),
        Some(Action::Rollback(asked)) => go_back(asked, common, console),
    }
}

fn list(asked: &List, common: &Common, console: &Console) -> Result<Ending> {
    let kept = Inquiry::of_store(common.store()).generations()?;
    match asked.format {
        View::Text => console.show(&generations::text(&kept, console.out())),
        View::Json => console.print(&(json::pretty(&generations::document(&kept)) + "\n")),
    }?;
    Ok(Ending::Complete)
}

fn go_back(asked: &Rollback, common: &Common, console: &Console) -> Result<Ending> {
    let setup = common.setup(console)?;
    let what = (asked.to, asked.dry_run);
    let undone = roll_back(&setup, &common.store(), what, console)?;
    match asked.format {
        View::Text => console.show(&generations::rollback_text(&undone)),
        View::Json => console.print(&(json::pretty(&generations::rollback(&undone)) + "\n")),
    }?;
    Ok(Ending::Complete)
}
