//! What the service takes from outside the library.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::{Config, ConfigFile};
use crate::engine::{FollowOptions, Setup};
use crate::error::Result;
use crate::sinks::Surroundings;
use crate::sources::{InputFile, ReadOptions};
use crate::time::Time;

/// Whoever runs the service, and what it takes from outside the library.
pub trait Host: Send + Sync {
    /// Returns the present.
    fn now(&self) -> Time;

    /// Returns the time since a fixed instant, the same one at each call; never decreases.
    fn since_start(&self) -> Duration;

    /// Reads the configuration and the analytics as they are now.
    ///
    /// # Errors
    ///
    /// A usage error with all of their faults.
    fn setup(&self) -> Result<Setup>;

    /// Reads the file of the configuration, so that it can be replaced.
    ///
    /// # Errors
    ///
    /// A usage error if it cannot be read.
    fn config_file(&self) -> Result<ConfigFile>;

    /// Puts a configuration together with its analytics and the present.
    ///
    /// # Errors
    ///
    /// A usage error with all faults of the analytics.
    fn setup_of(&self, config: Config) -> Result<Setup>;

    /// Returns whether the configuration or an analytic was changed since this was asked last.
    fn is_changed(&self) -> bool;

    /// Returns which logs are followed, beside what is handed over.
    ///
    /// # Errors
    ///
    /// Fails if they cannot be followed.
    fn follow(&self) -> Result<FollowOptions>;

    /// Returns the logs that are to be learnt, beside these files, and how they are read.
    ///
    /// # Errors
    ///
    /// Fails if they cannot be found.
    fn logs(&self, received: &[PathBuf]) -> Result<(Vec<InputFile>, ReadOptions)>;

    /// Returns what sinks need of the world, and where secrets are found.
    fn surroundings(&self) -> Surroundings<'static>;

    /// Tells the operator something, as one line of a log.
    fn tell(&self, line: &str);

    /// Returns whether the operator asked to stop.
    fn is_stopped(&self) -> bool;
}
