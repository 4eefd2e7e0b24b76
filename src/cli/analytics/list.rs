//! `plimsoll analytics list`

use clap::Args;
use serde::Serialize;

use crate::analytic::Analytic;
use crate::cli::analytics::library::{Library, origin, some, threshold};
use crate::cli::format::View;
use crate::cli::{Common, Console, Ending};
use crate::error::Result;
use crate::report::{Plain, json};

/// List the analytics
#[derive(Debug, Args)]
pub struct Arguments {
    /// Format of the output.
    #[arg(long, default_value = "text")]
    format: View,
}

/// One analytic, in a line.
#[derive(Serialize)]
struct Row {
    id: String,
    title: String,
    status: &'static str,
    providers: Vec<&'static str>,
    techniques: Vec<String>,
    enabled: bool,
    /// The score that is configured, if one is.
    threshold: Option<f64>,
    from: String,
    stories: usize,
}

impl Row {
    fn of(analytic: &Analytic) -> Self {
        Self {
            id: analytic.id.to_string(),
            title: analytic.title.clone(),
            status: analytic.docs.status.as_str(),
            providers: analytic.providers.iter().map(|p| p.as_str()).collect(),
            techniques: analytic.techniques.clone(),
            enabled: analytic.enabled,
            threshold: analytic.threshold,
            from: origin(analytic),
            stories: analytic.stories.len(),
        }
    }
}

/// Runs the command.
///
/// # Errors
///
/// A usage error with all faults of the configuration and the definitions.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let library = Library::load(common)?;
    if arguments.format == View::Json {
        let rows: Vec<Row> = library.analytics.iter().map(Row::of).collect();
        console.print(&(json::pretty(&rows) + "\n"))?;
        return Ok(Ending::Complete);
    }
    let paint = console.out();
    let id_width = library.analytics.iter().map(|a| a.id.len()).max();
    let mut out = String::new();
    for analytic in &library.analytics {
        let row = Row::of(analytic);
        let id = format!("{:width$}", row.id, width = id_width.unwrap_or(0));
        out += &format!("{}  {}\n", paint.bold(&id), Plain(&row.title));
        let state = match row.enabled {
            true => format!("threshold {}", threshold(analytic)),
            false => "disabled".to_owned(),
        };
        let facts = [
            row.status.to_owned(),
            row.providers.join(" "),
            row.techniques.join(" "),
            state,
            some(row.stories, "story", "stories"),
            row.from,
        ];
        let facts: Vec<String> = facts.into_iter().filter(|f| !f.is_empty()).collect();
        out += &format!(
            "{:width$}  {}\n",
            "",
            Plain(&facts.join(" · ")),
            width = id.len()
        );
    }
    console.show(&out)?;
    Ok(Ending::Complete)
}
