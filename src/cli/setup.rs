//! What a command works with: the configuration, the analytics, and warnings about both.

use std::path::Path;

use crate::analytic;
use crate::cli::clock::now;
use crate::cli::{Common, Console};
use crate::config::Config;
use crate::engine::{self, Reach, Setup};
use crate::error::Result;
use crate::report::approvals;
use crate::store::Store;

impl Common {
    /// Reads the configuration and the analytics, and warns of what in them has no effect.
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
            console.warn(
                "AN0370 sees nothing: no bucket is listed under [[sensitive]] in the configuration",
            );
        }
        Ok(setup)
    }
}

/// Warns of approvals that have expired, expire soon, or no longer cover anything.
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

/// Warns of stored days that were measured with other settings than those in force.
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
            "{n_days} of {} stored days were measured with other settings of [network], [[sensitive]], [[binding]] or windows. \
             Their sensitive buckets, egress and flows keep the old settings; to measure them again, train into a new store",
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
