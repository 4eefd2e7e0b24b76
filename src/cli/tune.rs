//! `plimsoll tune`

use clap::Args;

use crate::cli::format::View;
use crate::cli::{Common, Console, Ending};
use crate::engine::{self, TuneAction, TuneOptions};
use crate::error::Result;
use crate::inquiry::{BUDGETS, Budget};
use crate::report::{json, tuning};

/// Choose thresholds for a budget of incidents, from the stored distributions
///
/// Shows for each budget the lowest threshold that keeps it on the stored days, its interval, and the incidents that it would
/// have raised. Where the stored days do not reach so far, the threshold is extrapolated, and told as such. A budget is a ceiling: what
/// an identity shows more often than once in two weeks is no alert, however much of the budget is left.
///
/// Nothing changes without `--apply`. Of several thresholds the first holds: one from `score --budget`, from the configuration,
/// tuned for the analytic, tuned for the estate.
///
/// A budget is for days without attacks, like those that were learnt, with a training every night. Incidents of attacks come
/// on top, and so do those of an estate that has changed since the last training. What an identity does whose approval covers all
/// of it is left out of budgets, intervals and forecasts. So are the days of the store's first week, when others are stored.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Incidents a day (or a week, as in `5/week`); several are compared [default: 1, 2, 5, 10 and 20; to apply, one a day for each
    /// 100 identities active on a day, at most 5 a day and at least 1 a week].
    #[arg(long, value_name = "N/day", num_args = 1.., allow_negative_numbers = true)]
    budget: Vec<Budget>,
    /// Give this analytic the budget alone, instead of the whole estate. Several analytics have it each.
    #[arg(long, value_name = "ID", num_args = 1..)]
    analytic: Vec<String>,
    /// Put the threshold in force; ends with 1 if nothing was to be changed.
    ///
    /// A threshold in force for the same scope and budget stays as long as the new one lies inside its interval. For another
    /// budget, the new one always replaces it.
    #[arg(long)]
    apply: bool,
    /// Replace the threshold even if the one in force could stay.
    #[arg(long, requires = "apply")]
    force: bool,
    /// Remove tuned thresholds: those of the estate and all analytics, or only those of `--analytic`.
    #[arg(long, conflicts_with_all = ["apply", "budget"])]
    reset: bool,
    /// List all alerts that would have been raised: day, score, analytic, entity. With one setting, the newest 50 are listed anyway.
    #[arg(long, conflicts_with = "reset")]
    list: bool,
    /// Format of the output.
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
        [] if arguments.apply => Vec::new(),
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
                "{} has a threshold in the configuration, which holds instead of a tuned one",
                analytic.id
            ));
        }
    }
    match arguments.format {
        View::Text => console.show(&tuning::text(&report, console.out())),
        View::Json => console.print(&(json::pretty(&report) + "\n")),
    }?;
    if report.nothing_was_applied() {
        console.warn(&tuning::why_nothing_was_applied(&report));
        return Ok(Ending::Incomplete);
    }
    Ok(Ending::Complete)
}
