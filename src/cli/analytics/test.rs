//! `plimsoll analytics test`

use std::path::{Path, PathBuf, is_separator};

use clap::Args;
use serde::Serialize;

use crate::analytic::{self, Analytic, Definition};
use crate::cli::analytics::library::{Library, definitions_at, some};
use crate::cli::format::View;
use crate::cli::{Common, Console, Ending};
use crate::document::Table;
use crate::error::Result;
use crate::report::{Paint, Plain, json};
use crate::stats::Severity;
use crate::story;

/// Check analytics with their stories: play each, and compare its alerts with the expected ones
///
/// Prints a line for each story: `ok`, or `failed` with the differences. Elements have the values of their definitions, not those
/// of the configuration. Ends with status 1 if a story failed.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Ids, files or folders [default: all built-in and configured analytics].
    #[arg(value_name = "IDS|PATHS")]
    which: Vec<PathBuf>,
    /// Also print the alerts of stories that are ok.
    #[arg(long, alias = "told")]
    alerts: bool,
    /// Format of the output; `json` is one document a line for each story.
    #[arg(long, default_value = "text")]
    format: View,
}

/// One story, for programs.
#[derive(Serialize)]
struct Played<'a> {
    analytic: &'a str,
    story: &'a str,
    ok: bool,
    failures: &'a [String],
    alerts: &'a [String],
}

/// Runs the command.
///
/// # Errors
///
/// A usage error if there is no such analytic or path, or the configuration or a definition has faults.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let (definitions, wanted) = find(&arguments.which, common)?;
    let analytics = analytic::load_from(&definitions, &Table::empty("plimsoll.toml"), &[])?;
    let (mut n_stories, mut n_failed) = (0, 0);
    for analytic in &analytics {
        if !wanted.is_empty() && !is_wanted(analytic, &wanted) {
            continue;
        }
        if analytic.stories.is_empty() {
            console.say(&format!("none    {}  it has no story\n", analytic.id));
        }
        for story in &analytic.stories {
            n_stories += 1;
            let (failures, alerts): (Vec<String>, Vec<String>) =
                match story::play(&definitions, analytic, story) {
                    Ok(played) => (played.failures, played.alerts),
                    Err(error) => (
                        error.to_string().lines().map(str::to_owned).collect(),
                        Vec::new(),
                    ),
                };
            n_failed += usize::from(!failures.is_empty());
            if arguments.format == View::Json {
                let played = Played {
                    analytic: &analytic.id,
                    story: &story.title,
                    ok: failures.is_empty(),
                    failures: &failures,
                    alerts: &alerts,
                };
                console.print(&(json::line(&played) + "\n"))?;
                continue;
            }
            let mut lines = line(analytic, &story.title, failures.is_empty(), console.out());
            for failure in &failures {
                lines += &format!("        {}\n", Plain(failure));
            }
            if arguments.alerts {
                for alert in &alerts {
                    lines += &format!("        alert: {}\n", Plain(alert));
                }
            }
            console.show(&lines)?;
        }
    }
    console.say(&format!(
        "{}, {n_failed} failed\n",
        some(n_stories, "story", "stories")
    ));
    Ok(match n_failed {
        0 => Ending::Complete,
        _ => Ending::Incomplete,
    })
}

fn line(analytic: &Analytic, title: &str, is_ok: bool, paint: Paint) -> String {
    let word = match is_ok {
        true => "ok      ".to_owned(),
        false => paint.severity(Severity::High, "failed") + "  ",
    };
    format!("{word}{}  {}\n", analytic.id, Plain(title))
}

/// Returns all definitions at hand, and which analytics to play: their ids or files; none for all.
fn find(which: &[PathBuf], common: &Common) -> Result<(Vec<Definition>, Vec<String>)> {
    let library = Library::load(common)?;
    let mut definitions = library.definitions.clone();
    let mut wanted = Vec::new();
    for one in which {
        let text = one.display().to_string();
        let is_id = library.analytics.iter().any(|a| *a.id == *text);
        if is_id || !is_path(one) {
            wanted.push(library.get(&text)?.id.to_string());
            continue;
        }
        for file in definitions_at(one)? {
            wanted.push(file.name.clone());
            definitions.retain(|other| other.name != file.name);
            definitions.push(file);
        }
    }
    Ok((definitions, wanted))
}

/// Returns whether a text is a file or folder, and not an id.
fn is_path(text: &Path) -> bool {
    let has_separator = text.to_string_lossy().contains(is_separator);
    text.exists() || text.extension().is_some() || has_separator
}

fn is_wanted(analytic: &Analytic, wanted: &[String]) -> bool {
    wanted
        .iter()
        .any(|wanted| **wanted == *analytic.id || **wanted == *analytic.file)
}
