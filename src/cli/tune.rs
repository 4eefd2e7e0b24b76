//! `plimsoll tune`

use clap::Args;

use crate::cli::format::View;
use crate::cli::{Budget, Common, Console, Ending};
use crate::engine::{self, TuneAction, TuneOptions};
use crate::error::Result;
use crate::report::{json, tuning};

/// Budgets that are compared when none is given, in alerts a day.
const BUDGETS: [f64; 5] = [1.0, 2.0, 5.0, 10.0, 20.0];

/// Choose thresholds from the stored distributions: what keeps a budget, how surely, what it would have raised
///
/// Nothing changes without `--apply`. A threshold in the configuration comes before a tuned one, an analytic's own before
/// the estate's, and a budget that is given to `score` before both.
///
/// A budget is for days without attacks, like those that were learnt, with a training every night: alerts on attacks come on
/// top, and so do those of an estate that has moved on from its baselines. What an approval covers whatever the identity does is
/// left out of budgets, intervals and forecasts; where nothing was tuned, and in `score --budget`, it counts.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Alerts a day, or a week as in `5/week`; give several to compare them [default: 1, 2, 5, 10 and 20, or 5 to apply].
    #[arg(long, value_name = "N/day", num_args = 1.., allow_negative_numbers = true)]
    budget: Vec<Budget>,
    /// Give this analytic the budget for itself, instead of the estate as a whole; several have it each.
    #[arg(long, value_name = "ID", num_args = 1..)]
    analytic: Vec<String>,
    /// Put the threshold in force. If one is in force for the same scope and the same budget, it stays as long as the new one
    /// lies inside its interval; for another budget the new one always takes its place.
    #[arg(long)]
    apply: bool,
    /// Move the threshold even if the one in force could stay.
    #[arg(long, requires = "apply")]
    force: bool,
    /// Take what was tuned out of force: the estate's threshold and those of all analytics, or only those of `--analytic`.
    #[arg(long, conflicts_with_all = ["apply", "budget"])]
    reset: bool,
    /// List everybody who would have come: day, score, analytic, identity. A single setting lists the newest 50 by itself.
    #[arg(long, conflicts_with = "reset")]
    list: bool,
    /// How it is written.
    #[arg(long, default_value = "text")]
    format: View,
}

/// Runs the command.
///
/// # Errors
///
/// A usage error if an analytic is unknown or several budgets are to be applied; a failure if nothing was trained.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let setup = common.setup(console)?;
    let budgets = match arguments.budget.as_slice() {
        _ if arguments.reset => Vec::new(),
        [] if arguments.apply => vec![engine::BUDGET_PER_DAY],
        [] => BUDGETS.to_vec(),
        given => given.iter().map(|budget| budget.per_day()).collect(),
    };
    let action = if arguments.reset {
        TuneAction::Reset
    } else if arguments.apply {
        TuneAction::Apply {
            is_forced: arguments.force,
        }
    } else {
        TuneAction::Show
    };
    let options = TuneOptions {
        budgets,
        analytics: arguments.analytic.clone(),
        action,
        is_listing: arguments.list,
    };
    let report = engine::tune(&setup, &common.store(), &options)?;
    for analytic in setup.analytics.iter().filter(|a| a.threshold.is_some()) {
        let is_tuned = options
            .analytics
            .iter()
            .any(|id| analytic.id.eq_ignore_ascii_case(id));
        if is_tuned {
            console.warn(&format!(
                "{} has a threshold in the configuration, which comes before what is tuned",
                analytic.id
            ));
        }
    }
    console.print(&match arguments.format {
        View::Text => tuning::text(&report, console.out()),
        View::Json => json::pretty(&report) + "\n",
    })?;
    Ok(Ending::Complete)
}
