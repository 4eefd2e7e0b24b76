//! `plimsoll incidents`

use clap::Args;

use crate::cli::format::Format;
use crate::cli::selection::{Selection, each_page};
use crate::cli::setup::load;
use crate::cli::{Common, Console, Ending};
use crate::error::Result;
use crate::incident::{Incident, Playbook};
use crate::inquiry::{self, Page, ToldIncident};
use crate::report::{Paint, follow_up, incident, noun};
use crate::time::Time;

/// List what was told, as incidents; with an id, all of one
///
/// An incident is what one analyst looks at once: the alerts of one actor, of identities that created or assumed one another, or of
/// one cause such as a roll-out. Incidents are computed from the alerts in the store, the newest first. Those that an approval covers
/// as a whole are not listed unless asked for.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The incident's id, or at least its first 6 characters.
    #[arg(value_name = "INCIDENT_ID")]
    id: Option<String>,
    #[command(flatten)]
    selection: Selection,
}

/// Runs the command.
///
/// # Errors
///
/// Fails if there is no such incident, several begin so, or the alerts cannot be read. A usage error if what is asked for ends before it
/// begins.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let selection = &arguments.selection;
    let asked = selection.asked()?;
    let inquiry = selection.inquiry(common);
    let playbook = Playbook::of(&load(common.config.as_deref())?.analytics);
    match &arguments.id {
        Some(id) => one(&inquiry.incident(id, &playbook)?, selection, console)?,
        None => {
            let page = |asked: &_| inquiry.incidents(asked, &playbook);
            list(asked, selection.format, page, console)?;
        }
    }
    Ok(Ending::Complete)
}

fn one((told, alerts): &ToldIncident, selection: &Selection, console: &Console) -> Result<()> {
    match selection.format {
        Format::Text => {
            console.show(&incident::story(told, alerts, console.out()))?;
            let file = selection
                .from
                .as_ref()
                .map(|file| file.display().to_string());
            let incident = (&*told.incident_id, told.start);
            console.show(&commands(incident, file.as_deref(), console.out()))
        }
        other => console.print(&other.write_incident(told, alerts, Paint::Never)),
    }
}

/// Returns what is done next with an incident that began at an instant, and the commands for it.
pub(super) fn commands(incident: (&str, Time), file: Option<&str>, paint: Paint) -> String {
    let steps = follow_up::commands(incident, file);
    let lines = steps
        .iter()
        .map(|(purpose, command)| format!("  {purpose}: {command}\n"));
    let title = paint.bold("Commands");
    format!("\n{title}\n{}", lines.collect::<String>())
}

fn list(
    asked: inquiry::Selection,
    format: Format,
    page: impl Fn(&inquiry::Selection) -> Result<Page<ToldIncident>>,
    console: &Console,
) -> Result<()> {
    let mut is_first = true;
    let n_left = each_page(asked, console, page, |told| match format {
        Format::Text => {
            let told: Vec<Incident> = told.into_iter().map(|(told, _)| told).collect();
            if std::mem::take(&mut is_first) && told.is_empty() {
                return console.show("no incidents\n");
            }
            console.show(&incident::list(&told, console.out()))
        }
        other => {
            let write =
                |(told, alerts): &ToldIncident| other.write_incident(told, alerts, Paint::Never);
            console.print(&told.iter().map(write).collect::<String>())
        }
    })?;
    if n_left > 0 {
        let more = noun(n_left as u64, "older incident is", "older incidents are");
        console.say(&format!("{more} not shown\n"));
    }
    Ok(())
}
