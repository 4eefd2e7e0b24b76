//! `plimsoll alerts`

use std::collections::BTreeMap;

use clap::Args;

use crate::alert::Alert;
use crate::cli::format::Format;
use crate::cli::selection::{Selection, each_page};
use crate::cli::{Common, Console, Ending};
use crate::error::Result;
use crate::inquiry::{self, Inquiry};
use crate::report::{Paint, alerts, noun, text};

/// List the alerts that were told; with an id, all of one
///
/// Lists the alerts in the store, the newest first, each as it was told last. Those that an approval covers are not listed unless asked
/// for. `plimsoll incidents` shows which of them belong together.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The alert's id, or at least its first 6 characters.
    #[arg(value_name = "ALERT_ID")]
    id: Option<String>,
    #[command(flatten)]
    selection: Selection,
}

/// Runs the command.
///
/// # Errors
///
/// Fails if there is no such alert, several begin so, or the alerts cannot be read. A usage error if what is asked for ends before it
/// begins.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let selection = &arguments.selection;
    let asked = selection.asked()?;
    let inquiry = selection.inquiry(common);
    match &arguments.id {
        Some(id) => one(&inquiry.alert(id)?, selection.format, console)?,
        None => list(asked, selection.format, &inquiry, console)?,
    }
    Ok(Ending::Complete)
}

fn one(alert: &Alert, format: Format, console: &Console) -> Result<()> {
    match format {
        Format::Text => console.show(&text::alert(alert, console.out())),
        other => console.print(&other.write(alert, Paint::Never)),
    }
}

fn list(
    asked: inquiry::Selection,
    format: Format,
    inquiry: &Inquiry,
    console: &Console,
) -> Result<()> {
    let mut is_first = true;
    let page = |asked: &inquiry::Selection| inquiry.alerts(asked);
    let n_left = each_page(asked, console, page, |listed| match format {
        Format::Text => {
            if std::mem::take(&mut is_first) && listed.is_empty() {
                return console.show("no alerts\n");
            }
            let said = listed.iter().filter_map(|listed| {
                let id = listed.alert.alert_id.clone();
                Some((id, listed.verdict?))
            });
            let said: BTreeMap<String, bool> = said.collect();
            let alerts: Vec<Alert> = listed.into_iter().map(|listed| listed.alert).collect();
            let verdict_on = |id: &str| said.get(id).copied();
            console.show(&alerts::list(&alerts, verdict_on, console.out()))
        }
        other => {
            let lines = listed.iter();
            let lines = lines.map(|listed| other.write(&listed.alert, Paint::Never));
            console.print(&lines.collect::<String>())
        }
    })?;
    if n_left > 0 {
        let more = noun(n_left as u64, "older alert is", "older alerts are");
        console.say(&format!("{more} not shown\n"));
    }
    Ok(())
}
