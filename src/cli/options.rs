//! Options that every command takes, and those that several share.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Command, ValueEnum};

use crate::engine::ScoreOptions;
use crate::inquiry::{Budget, Instant};
use crate::sources::Period;
use crate::store::Store;

/// Where colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The store of a run that names none.
pub(super) const STORE_DEFAULT: &str = "./plimsoll-store";
/// Heading of the common options in a command's help.
const HEADING: &str = "Common options";

/// What every command takes. `without_unused` takes out of a command's help what it does not use.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Configuration file [default: ./plimsoll.toml if it exists].
    #[arg(long, global = true, help_heading = HEADING, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of the store, which holds the baselines.
    #[arg(
        long,
        global = true,
        help_heading = HEADING,
        value_name = "DIR",
        default_value = STORE_DEFAULT
    )]
    pub store: PathBuf,
    /// Read all logs as this format, as in `aws.cloudtrail`, instead of recognising it.
    #[arg(long, global = true, help_heading = HEADING, value_name = "FORMAT")]
    pub input: Option<String>,
    /// Read logs on this many threads [default: one for each core]. The result does not depend on it.
    #[arg(long, global = true, help_heading = HEADING, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Write records that could not be read as events to this file, as JSON lines; `train`, `nightly` and `score --follow` append.
    #[arg(long, global = true, help_heading = HEADING, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Print results and errors only: no progress, no warnings, no summary on standard error.
    #[arg(long, short, global = true, help_heading = HEADING)]
    pub quiet: bool,
    /// Print all details.
    #[arg(long, short, global = true, help_heading = HEADING, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Colour the output for people.
    #[arg(long, global = true, help_heading = HEADING, value_name = "WHEN", default_value = "auto")]
    pub color: When,
}

/// Common options that only some commands use, and these commands.
const USED_BY: &[(&str, &[&str])] = &[
    (
        "config",
        &[
            "backtest",
            "nightly",
            "train",
            "score",
            "tune",
            "coverage",
            "incidents",
            "explain",
            "export",
            "feedback",
            "approve",
            "mcp",
            "sink",
            "check",
            "analytics",
            "inspect",
            "serve",
            "top",
        ],
    ),
    (
        "store",
        &[
            "serve",
            "top",
            "nightly",
            "train",
            "score",
            "tune",
            "coverage",
            "show",
            "generations",
            "incidents",
            "alerts",
            "explain",
            "export",
            "feedback",
            "approve",
            "mcp",
            "sink",
            "check",
        ],
    ),
    (
        "input",
        &[
            "inspect", "backtest", "nightly", "train", "score", "coverage", "explain", "serve",
        ],
    ),
    (
        "threads",
        &[
            "backtest", "nightly", "train", "score", "coverage", "explain", "serve",
        ],
    ),
    (
        "rejects",
        &[
            "inspect", "backtest", "nightly", "train", "score", "coverage",
        ],
    ),
    ("verbose", &["backtest", "nightly", "train", "score"]),
];

/// Returns whether a command uses a common option that only some use.
pub(super) fn is_used_by(option: &str, command: &str) -> bool {
    let mut commands = USED_BY.iter().filter(|(name, _)| *name == option);
    commands.any(|(_, commands)| commands.contains(&command))
}

/// Hides those common options in the help of a command that it does not use. They may still stand before the command.
pub fn without_unused(command: Command) -> Command {
    let common = Common::augment_args(Command::new("common"));
    let name = command.get_name().to_owned();
    let is_unused = |id: &str| {
        USED_BY
            .iter()
            .any(|(option, commands)| *option == id && !commands.contains(&name.as_str()))
    };
    common
        .get_arguments()
        .filter(|argument| is_unused(argument.get_id().as_str()))
        .fold(command, |command, argument| {
            command.arg(argument.clone().hide(true))
        })
}

impl Common {
    /// Returns the store, which need not exist.
    pub fn store(&self) -> Store {
        Store::at(&self.store)
    }
}

/// Which events of logs are read.
#[derive(Debug, Default, Args)]
pub struct PeriodSelection {
    /// Read only events of this time or later: a day, as in 2026-03-16, or an instant. Of object stores, older days are not even
    /// listed.
    #[arg(long, value_name = "TIME")]
    since: Option<Instant<false>>,
    /// Read only events of this time or earlier: a day, with all of it, or an instant.
    #[arg(long, value_name = "TIME")]
    until: Option<Instant<true>>,
}

impl PeriodSelection {
    /// Returns the period.
    pub fn period(&self) -> Period {
        Period {
            since: self.since.map(Instant::time),
            until: self.until.map(Instant::time),
        }
    }
}

/// Which alerts are reported.
#[derive(Debug, Clone, Args)]
pub struct AlertSelection {
    /// Incidents a day (or a week, as in `5/week`) that thresholds aim at [default: as tuned in the store, else one a day
    /// for each 100 identities active on a day, at most 5/day and at least 1/week].
    ///
    /// A budget is for days without attacks, like those that were learnt. Incidents of attacks come on top, and so do those of an
    /// estate that has changed since the last training.
    #[arg(long, value_name = "N/day", allow_negative_numbers = true)]
    pub budget: Option<Budget>,
    /// Also report alerts below their threshold, with severity `low`.
    ///
    /// These are the alerts that ten times the budget would let through (down to one entity-day in ten, score 53.6), and all
    /// from score 90 on.
    #[arg(long)]
    pub show_low: bool,
    /// Also report alerts that an approval covers.
    #[arg(long)]
    pub show_suppressed: bool,
    /// Of past days, also report alerts as they crossed their threshold (`new`) and grew (`update`).
    ///
    /// Without it, each is reported once, when its day is over (`closed`).
    #[arg(long)]
    pub every_status: bool,
}

impl AlertSelection {
    /// Returns them as the engine takes them.
    pub fn options(&self) -> ScoreOptions {
        ScoreOptions {
            budget_per_day: self.budget.map(Budget::per_day),
            show_low: self.show_low,
            show_suppressed: self.show_suppressed,
            every_status: self.every_status,
        }
    }
}
