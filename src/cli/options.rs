//! What every command takes, and what several understand alike.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args, ValueEnum};

use crate::analytic;
use crate::cli::Console;
use crate::cli::clock::now;
use crate::config::Config;
use crate::engine::{self, Reach, ScoreOptions, Setup};
use crate::error::Result;
use crate::report::approvals;
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

/// What every command takes.
#[derive(Debug, Args)]
pub struct Common {
    /// Configuration [default: ./plimsoll.toml if it is there].
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where baselines are kept.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        default_value = "./plimsoll-store"
    )]
    pub store: PathBuf,
    /// Read logs as this format instead of recognising it, as in `aws.cloudtrail`.
    #[arg(long, global = true, value_name = "FORMAT")]
    pub input: Option<String>,
    /// Keep records that could not be read as events, as JSON lines.
    #[arg(long, global = true, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Say nothing but results, warnings and errors.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Colour what is for people.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: When,
}

impl Common {
    /// Returns the store, which need not be there.
    pub fn store(&self) -> Store {
        Store::at(&self.store)
    }

    /// Reads the configuration and the analytics, and says what of them is not acted upon.
    ///
    /// # Errors
    ///
    /// A usage error with all faults of the files.
    pub fn setup(&self, console: &Console) -> Result<Setup> {
        let setup = load(self.config.as_deref())?;
        for warning in &setup.config.warnings {
            console.warn(warning);
        }
        if setup.is_blind_to_sensitive() {
            console.warn("AN0370 is blind: no bucket is listed under [[sensitive]]");
        }
        Ok(setup)
    }
}

/// Warns of approvals that have ended, end soon, or hide nothing any more.
///
/// # Errors
///
/// Fails if the store cannot be read.
pub fn warn_of_approvals(setup: &Setup, store: &Store, console: &Console) -> Result<()> {
    for state in engine::approval_states(setup, store, Reach::Recent)? {
        for warning in state.warnings.iter().filter(|w| w.is_pressing()) {
            console.warn(&approvals::warning(&state, warning));
        }
    }
    Ok(())
}

/// Warns of days in the store that were measured by other settings than those in force.
///
/// # Errors
///
/// Fails if the store cannot be read.
pub fn warn_of_other_measures(setup: &Setup, store: &Store, console: &Console) -> Result<()> {
    let Some(manifest) = store.manifest()? else {
        return Ok(());
    };
    let n_days = manifest.days_measured_otherwise(&setup.measured_by());
    if n_days > 0 {
        console.warn(&format!(
            "{n_days} of {} stored days were measured by another [network], [[sensitive]], [[binding]] or window than \
             now: what they know of sensitive buckets, egress and flows is as it was said then; to measure them anew, train into \
             a new store",
            manifest.days.len()
        ));
    }
    Ok(())
}

/// Reads a configuration and its analytics.
///
/// # Errors
///
/// A usage error with all faults of the files.
pub fn load(path: Option<&Path>) -> Result<Setup> {
    setup_of(Config::load(path)?)
}

/// Puts a configuration together with its analytics.
///
/// # Errors
///
/// A usage error with all faults of the analytics.
pub fn setup_of(config: Config) -> Result<Setup> {
    let definitions = analytic::definitions(&config.definitions)?;
    let mentioned = config.mentioned_analytics();
    let analytics = analytic::load_from(&definitions, &config.analytics, &mentioned)?;
    Setup::new(config, analytics, now()).with_databases()
}

/// Which alerts are told.
#[derive(Debug, Args)]
pub struct AlertSelection {
    /// Alerts a day (or a week, `5/week`) over the estate that thresholds aim at [default: as tuned in the store, else 5/day].
    ///
    /// A budget is for days without attacks, like those that were learnt: alerts on attacks come on top, and so do those of an
    /// estate that has changed since it was last trained.
    #[arg(long, value_name = "N/day", allow_negative_numbers = true)]
    pub budget: Option<Budget>,
    /// Also tell episodes below their threshold, as severity `low`: those that ten times the budget would let through (down to
    /// one entity-day in ten of the estate, score 53.6), and all from score 90.
    #[arg(long)]
    pub show_low: bool,
    /// Also tell alerts that an approval covers.
    #[arg(long)]
    pub show_suppressed: bool,
}

impl AlertSelection {
    /// Returns them as the engine takes them.
    pub fn options(&self) -> ScoreOptions {
        ScoreOptions {
            budget_per_day: self.budget.map(Budget::per_day),
            show_low: self.show_low,
            show_suppressed: self.show_suppressed,
        }
    }
}

/// A number of alerts a day: `5`, `5/day`, `0.5/day`, `10/week`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget(f64);

impl Budget {
    /// Returns alerts a day, above 0.
    pub fn per_day(self) -> f64 {
        self.0
    }
}

impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let (number, days) = match text.split_once('/') {
            None | Some((_, "day" | "d")) => (text.split('/').next().unwrap_or(text), 1.0),
            Some((number, "week" | "w")) => (number, 7.0),
            Some((_, unit)) => return Err(format!("`{unit}` is neither `day` nor `week`")),
        };
        match number.trim().parse::<f64>() {
            Ok(n) if n > 0.0 && n.is_finite() => Ok(Self(n / days)),
            _ => Err(
                "expected alerts a day or a week, above 0, as in `5/day`, `0.5/day` or `5/week`"
                    .to_owned(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_a_number_of_alerts_a_day() {
        for (text, per_day) in [
            ("5", 5.0),
            ("5/day", 5.0),
            ("14/week", 2.0),
            ("0.5/d", 0.5),
            ("7/week", 1.0),
        ] {
            assert_eq!(text.parse(), Ok(Budget(per_day)), "{text}");
        }
        for text in [
            "",
            "0",
            "-1/day",
            "five",
            "5/hour",
            "inf",
            "5/day/day",
            "NaN",
        ] {
            assert!(text.parse::<Budget>().is_err(), "{text}");
        }
    }
}
