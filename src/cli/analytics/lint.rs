//! `plimsoll analytics lint`

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::analytic::{self, Analytic, Definition};
use crate::cli::analytics::library::{definitions_at, some};
use crate::cli::format::View;
use crate::cli::{Common, Console, Ending};
use crate::config::Config;
use crate::document::{Faults, Place, Table};
use crate::error::Result;
use crate::report::{Plain, json};
use crate::story::{self, Ending as StoryEnding};

/// Find errors in the definitions of analytics and in their stories, and warn of bad style
///
/// Prints each with file and line. Ends with status 1 if there are errors.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Files or folders [default: all built-in and configured analytics].
    #[arg(value_name = "PATHS")]
    paths: Vec<PathBuf>,
    /// Format of the output.
    #[arg(long, default_value = "text")]
    format: View,
}

/// One finding, for programs.
#[derive(Serialize)]
struct Finding {
    /// `fault` or `warning`.
    kind: &'static str,
    place: String,
    message: String,
}

/// Runs the command.
///
/// # Errors
///
/// A usage error if a path cannot be read or, without paths, the configuration has faults.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let definitions = if arguments.paths.is_empty() {
        let config = Config::load(common.config.as_deref())?;
        analytic::definitions(&config.definitions)?
    } else {
        let mut found = Vec::new();
        for path in &arguments.paths {
            found.extend(definitions_at(path)?);
        }
        found
    };
    let mut faults = Faults::default();
    let mut warnings = Vec::new();
    // All together first, for what is wrong between files; what is wrong inside one is reported once.
    analytic::load_into(
        &definitions,
        &Table::empty("plimsoll.toml"),
        &[],
        &mut faults,
    );
    for definition in &definitions {
        if let Some((analytic, root)) = read(definition) {
            warnings.extend(analytic::style(&analytic, &root));
            warnings.extend(of_stories(&analytic, &root.place, &mut faults));
        }
    }
    let faults = faults.sorted();
    let (n_faults, n_warnings) = (faults.len(), warnings.len());
    let mut findings: BTreeMap<Place, Vec<Finding>> = BTreeMap::new();
    for (kind, found) in [("fault", faults), ("warning", warnings)] {
        for (place, message) in found {
            let finding = Finding {
                kind,
                place: place.to_string(),
                message,
            };
            findings.entry(place).or_default().push(finding);
        }
    }
    let findings: Vec<&Finding> = findings.values().flatten().collect();
    if arguments.format == View::Json {
        console.print(&(json::pretty(&findings) + "\n"))?;
    } else {
        // Not wrapped: editors read these lines.
        for found in findings {
            let line = format!("{:8} {}: {}", found.kind, found.place, found.message);
            console.print(&format!("{}\n", Plain(&line)))?;
        }
    }
    let n_files = definitions.len();
    console.say(&format!(
        "{}, {}, {}\n",
        some(n_files, "file", "files"),
        some(n_faults, "fault", "faults"),
        some(n_warnings, "warning", "warnings")
    ));
    Ok(match n_faults {
        0 => Ending::Complete,
        _ => Ending::Incomplete,
    })
}

/// Reads one definition; its faults are reported elsewhere.
fn read(definition: &Definition) -> Option<(Analytic, Table)> {
    let root = Table::parse(&definition.text, &definition.name, &mut Faults::default())?;
    let analytic = analytic::parse(&definition.text, &definition.name).ok()?;
    Some((analytic, root))
}

fn of_stories(analytic: &Analytic, place: &Place, faults: &mut Faults) -> Vec<(Place, String)> {
    let (mut n_firing, mut n_silent) = (0, 0);
    let before = faults.count();
    for story in &analytic.stories {
        match story::check(analytic, story, faults) {
            Some(StoryEnding::Fires) => n_firing += 1,
            Some(StoryEnding::IsSilent) => n_silent += 1,
            None => {}
        }
    }
    if faults.count() > before {
        return Vec::new();
    }
    analytic::style_of_stories(n_firing, n_silent)
        .into_iter()
        .map(|message| (place.clone(), message))
        .collect()
}
