//! `plimsoll explain`

use std::path::PathBuf;

use clap::Args;

use crate::cli::format::View;
use crate::cli::inputs::Inputs;
use crate::cli::options::PeriodSelection;
use crate::cli::setup::load;
use crate::cli::{Common, Console, Ending};
use crate::engine;
use crate::error::{Error, Result};
use crate::incident::Playbook;
use crate::inquiry::{Budget, DayOrInstant, Found, Inquiry, Place, WhyNot};
use crate::report::{explain, json, not_alerted};

/// Explain why an alert or an incident was raised, or why there was none
///
/// For an alert, shows each contribution with what was expected; for an incident, its story and then each of its alerts. With --not-alerted, shows for each analytic the conditions that
/// were not met, and how much was missing.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The id of an alert or an incident, or at least its first 6 characters.
    #[arg(value_name = "ID", required_unless_present = "not_alerted")]
    id: Option<String>,
    /// Explain why an entity raised no alert on a day, or up to a time of that day.
    ///
    /// ENTITY is an id, an alias, or a part of one. Without LOGS the day must have been learnt, and is judged as a whole.
    #[arg(
        long,
        value_names = ["ENTITY", "TIME", "LOGS"],
        num_args = 2..,
        conflicts_with = "from"
    )]
    not_alerted: Vec<String>,
    /// Alerts a day that thresholds aim at where none is tuned, with --not-alerted.
    #[arg(long, value_name = "N/day")]
    budget: Option<Budget>,
    /// Read alerts from this file, such as the alerts.jsonl of a backtest, instead of the store.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Format of the output.
    #[arg(long, default_value = "text")]
    format: View,
}

/// Runs the command.
///
/// # Errors
///
/// Fails if there is no such alert or incident, or several begin so; with `--not-alerted`, if the day or the entity is not known.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    match &arguments.id {
        Some(id) if arguments.not_alerted.is_empty() => of_alert(id, arguments, common, console),
        _ => of_no_alert(arguments, common, console),
    }
}

/// Explains why there was no alert.
fn of_no_alert(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let [entity, time, logs @ ..] = arguments.not_alerted.as_slice() else {
        return Err(Error::usage("name an entity and a day"));
    };
    let setup = common.setup(console)?;
    let why_not = WhyNot {
        entity: entity.clone(),
        time: DayOrInstant::parse(time)?,
        budget: arguments.budget,
    };
    // Logs may also stand after other options, where they look like an id.
    let logs = logs.iter().chain(&arguments.id);
    let paths: Vec<PathBuf> = logs.map(PathBuf::from).collect();
    let files = if paths.is_empty() {
        if why_not.time.until.is_some() {
            console.warn("a stored day is judged as a whole; give its logs to judge a part of it");
        }
        None
    } else {
        let inputs = Inputs::find(&paths, None, (&PeriodSelection::default(), common), console)?;
        Some((inputs.files, inputs.options))
    };
    let explanation = match files {
        None => Inquiry::of_store(common.store()).not_alerted(&setup, &why_not, console)?,
        files => {
            let question = why_not.question();
            engine::explain_not_alerted(&setup, &common.store(), &question, files, console)?
        }
    };
    match arguments.format {
        View::Text => console.show(&not_alerted::text(&explanation, console.out())),
        View::Json => console.print(&(json::pretty(&explanation) + "\n")),
    }?;
    Ok(Ending::Complete)
}

/// Explains why there was an alert, or an incident.
fn of_alert(
    wanted: &str,
    arguments: &Arguments,
    common: &Common,
    console: &Console,
) -> Result<Ending> {
    let inquiry = Inquiry::of(Place::of(arguments.from.as_ref(), common.store()));
    // Only an incident needs the analytics, so that an alert is explained with any configuration.
    let playbook = || Ok(Playbook::of(&load(common.config.as_deref())?.analytics));
    let found = inquiry.find(wanted, playbook)?;
    let paint = console.out();
    match (&found, arguments.format) {
        (Found::Alert(alert), View::Text) => console.show(&explain::explain(alert, paint)),
        (Found::Alert(alert), View::Json) => console.print(&(json::pretty(alert) + "\n")),
        (Found::Incident(incident, alerts), View::Text) => {
            console.show(&explain::explain_incident(incident, alerts, paint))
        }
        (Found::Incident(incident, _), View::Json) => {
            console.print(&(json::pretty(incident) + "\n"))
        }
    }?;
    Ok(Ending::Complete)
}
