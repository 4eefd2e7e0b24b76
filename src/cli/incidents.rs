//! `plimsoll incidents`

use std::collections::BTreeSet;

use clap::Args;

use crate::alert::Alert;
use crate::cli::format::Format;
use crate::cli::selection::Selection;
use crate::cli::setup::load;
use crate::cli::told::{Place, in_pieces, warn_of_others};
use crate::cli::{Common, Console, Ending};
use crate::error::{Error, Result};
use crate::incident::{Group, Incident, Joiner, Playbook};
use crate::report::{Paint, follow_up, incident, noun};

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
    selection.check()?;
    let place = Place::of(selection.from.as_ref(), common.store());
    let playbook = Playbook::of(&load(common.config.as_deref())?.analytics);
    match &arguments.id {
        Some(id) => one(id, selection, &place, &playbook, console)?,
        None => list(selection, &place, &playbook, console)?,
    }
    Ok(Ending::Complete)
}

fn one(
    id: &str,
    selection: &Selection,
    place: &Place,
    playbook: &Playbook,
    console: &Console,
) -> Result<()> {
    let Some((told, alerts)) = place.find_incident(id, playbook)? else {
        place.must_be_one(0, 0)?;
        let error = Error::failed(format!(
            "there is no incident `{}`",
            id.to_ascii_lowercase()
        ));
        return Err(
            error.hint("`plimsoll incidents` lists them; an alert's id is for `plimsoll alerts`")
        );
    };
    // It may have become a part of another one since it was told.
    let earlier = id.to_ascii_lowercase();
    let mut merged = told.merged.iter();
    let told = match merged.find(|merged| merged.starts_with(&earlier)) {
        Some(merged) if !told.incident_id.starts_with(&earlier) => told.under(merged),
        _ => told,
    };
    match selection.format {
        Format::Text => {
            console.show(&incident::story(&told, &alerts, console.out()))?;
            let file = selection
                .from
                .as_ref()
                .map(|file| file.display().to_string());
            let steps = follow_up::commands((&told.incident_id, told.start), file.as_deref());
            let lines = steps
                .iter()
                .map(|(purpose, command)| format!("  {purpose}: {command}\n"));
            let title = console.out().bold("Commands");
            console.show(&format!("\n{title}\n{}", lines.collect::<String>()))
        }
        other => console.print(&other.write_incident(&told, &alerts, Paint::Never)),
    }
}

fn list(
    selection: &Selection,
    place: &Place,
    playbook: &Playbook,
    console: &Console,
) -> Result<()> {
    let (mut joiner, mut about) = (Joiner::default(), BTreeSet::new());
    let n_others = place.each_alert(|alert| {
        if selection.is_about(&alert) {
            about.insert(alert.alert_id.clone());
        }
        joiner.add(&alert);
    })?;
    place.must_be_one(joiner.groups().len(), n_others)?;
    warn_of_others(n_others, console);
    let verdicts = place.verdicts()?;
    let is_shown = |group: &&Group| {
        let mut ids = group.alerts.iter();
        selection.has((group.start, group.end), group.severity)
            && (selection.show_suppressed || !group.is_suppressed)
            && ids.clone().any(|id| about.contains(id))
            && (!selection.open
                || ids.any(|id| !group.covered.contains(id) && !verdicts.contains_key(id)))
    };
    let mut shown: Vec<&Group> = joiner.groups().iter().filter(is_shown).collect();
    shown.sort_by(|a, b| (b.end, b.start, &a.id).cmp(&(a.end, a.start, &b.id)));
    let n_left = shown
        .len()
        .saturating_sub(selection.limit.unwrap_or(usize::MAX));
    shown.truncate(shown.len() - n_left);
    if shown.is_empty() && selection.format == Format::Text {
        console.show("no incidents\n")?;
    }
    for piece in in_pieces(&shown, |group| group.alerts.len()) {
        let told = place.tell(piece, playbook)?;
        match selection.format {
            Format::Text => {
                let told: Vec<Incident> = told.into_iter().map(|(told, _)| told).collect();
                console.show(&incident::list(&told, console.out()))
            }
            other => {
                let write = |(told, alerts): &(Incident, Vec<Alert>)| {
                    other.write_incident(told, alerts, Paint::Never)
                };
                console.print(&told.iter().map(write).collect::<String>())
            }
        }?;
    }
    if n_left > 0 {
        let more = noun(n_left as u64, "older incident is", "older incidents are");
        console.say(&format!("{more} not shown\n"));
    }
    Ok(())
}
