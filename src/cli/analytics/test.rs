//! `plimsoll analytics test`

use std::path::{Path, PathBuf, is_separator};

use clap::Args;

use crate::analytic::{self, Analytic, Definition};
use crate::cli::analytics::{Library, definitions_at, some};
use crate::cli::{Common, Console, Ending};
use crate::document::Table;
use crate::error::Result;
use crate::report::{Paint, Plain};
use crate::stats::Severity;
use crate::story;

/// Play the stories of the detections, and compare what is told with what should be
///
/// Prints a line for each story: `ok`, or `failed` with what was told instead. Elements have the values of their definitions,
/// whatever the configuration says. Ends with status 1 if a story failed.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Ids, files or folders [default: all that come with plimsoll or are configured].
    #[arg(value_name = "IDS|PATHS")]
    which: Vec<PathBuf>,
    /// Also say what was told in stories that are ok.
    #[arg(long)]
    told: bool,
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
            console.print(&format!("none    {}  it has no story\n", analytic.id))?;
        }
        for story in &analytic.stories {
            n_stories += 1;
            let (failures, told) = match story::play(&definitions, analytic, story) {
                Ok(played) => (played.failures, played.alerts),
                Err(error) => (
                    error.to_string().lines().map(str::to_owned).collect(),
                    Vec::new(),
                ),
            };
            n_failed += usize::from(!failures.is_empty());
            let mut lines = line(analytic, &story.title, failures.is_empty(), console.out());
            for failure in &failures {
                lines += &format!("        {}\n", Plain(failure));
            }
            if arguments.told {
                for told in &told {
                    lines += &format!("        told {}\n", Plain(told));
                }
            }
            console.print(&lines)?;
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

/// Returns whether somebody means a file or folder, and not an id.
fn is_path(text: &Path) -> bool {
    let has_separator = text.to_string_lossy().contains(is_separator);
    text.exists() || text.extension().is_some() || has_separator
}

fn is_wanted(analytic: &Analytic, wanted: &[String]) -> bool {
    wanted
        .iter()
        .any(|wanted| **wanted == *analytic.id || **wanted == *analytic.file)
}
