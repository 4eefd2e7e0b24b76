//! Which analytics a command is about, and how they are shown.

use crate::analytic::{self, Analytic, Definition};
use crate::cli::Common;
use crate::config::Config;
use crate::error::{Error, Result};
use std::path::Path;

/// The definitions in force, and the analytics that they define, as configured.
pub(super) struct Library {
    pub(super) definitions: Vec<Definition>,
    pub(super) analytics: Vec<Analytic>,
}

impl Library {
    pub(super) fn load(common: &Common) -> Result<Self> {
        let config = Config::load(common.config.as_deref())?;
        let definitions = analytic::definitions(&config.definitions)?;
        let mentioned = config.mentioned_analytics();
        let analytics = analytic::load_from(&definitions, &config.analytics, &mentioned)?;
        Ok(Self {
            definitions,
            analytics,
        })
    }

    pub(super) fn get(&self, id: &str) -> Result<&Analytic> {
        let found = self.analytics.iter().find(|analytic| *analytic.id == *id);
        found.ok_or_else(|| {
            let ids: Vec<&str> = self.analytics.iter().map(|a| &*a.id).collect();
            Error::usage(format!("there is no analytic `{id}`"))
                .hint(format!("the analytics are {}", ids.join(", ")))
        })
    }

    /// Returns the file that defines an analytic.
    pub(super) fn definition(&self, analytic: &Analytic) -> Option<&Definition> {
        self.definitions
            .iter()
            .find(|file| *file.name == *analytic.file && file.is_builtin == analytic.is_builtin)
    }
}

/// Says where an analytic comes from.
pub(in crate::cli) fn origin(analytic: &Analytic) -> String {
    match (analytic.is_builtin, analytic::is_builtin(&analytic.id)) {
        (true, _) => "built in".to_owned(),
        (false, true) => format!("{}, replaces the built-in one", analytic.file),
        (false, false) => analytic.file.to_string(),
    }
}

/// Says how many there are of something.
pub(super) fn some(n: usize, one: &str, several: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        n => format!("{n} {several}"),
    }
}

/// Returns the definitions of a path.
pub(super) fn definitions_at(path: &Path) -> Result<Vec<Definition>> {
    analytic::definitions_at(path).map_err(Error::usage)
}

/// Says which threshold an analytic has.
pub(super) fn threshold(analytic: &Analytic) -> String {
    match analytic.threshold {
        Some(score) => format!("{score}"),
        None => "from the budget".to_owned(),
    }
}
