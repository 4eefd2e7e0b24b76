//! `plimsoll alerts`

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;

use crate::alert::Alert;
use crate::cli::format::Format;
use crate::cli::selection::Selection;
use crate::cli::told::{Place, in_pieces, warn_of_others};
use crate::cli::{Common, Console, Ending};
use crate::error::{Error, Result};
use crate::incident::Rank;
use crate::report::{Paint, alerts, noun, text};
use crate::time::Time;

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
    selection.check()?;
    let place = Place::of(selection.from.as_ref(), common.store());
    match &arguments.id {
        Some(id) => one(id, selection, &place, console)?,
        None => list(selection, &place, console)?,
    }
    Ok(Ending::Complete)
}

fn one(id: &str, selection: &Selection, place: &Place, console: &Console) -> Result<()> {
    let Some(alert) = place.find_alert(id)? else {
        place.must_be_one(0, 0)?;
        let error = Error::failed(format!("there is no alert `{}`", id.to_ascii_lowercase()));
        return Err(error
            .hint("`plimsoll alerts` lists them; an incident's id is for `plimsoll incidents`"));
    };
    match selection.format {
        Format::Text => console.show(&text::alert(&alert, console.out())),
        other => console.print(&other.write(&alert, Paint::Never)),
    }
}

fn list(selection: &Selection, place: &Place, console: &Console) -> Result<()> {
    let verdicts = place.verdicts()?;
    let is_shown = |alert: &Alert| {
        selection.has(alert.span(), alert.severity)
            && selection.is_about(alert)
            && (selection.show_suppressed || alert.suppressed_by.is_none())
            && (!selection.open || !verdicts.contains_key(&alert.alert_id))
    };
    // Of each alert its latest document: that one is shown or not, whatever an earlier one is.
    let mut latest: BTreeMap<String, (Rank, Option<(Time, Time)>)> = BTreeMap::new();
    // What a narrower analytic tells is in its alert.
    let mut told_elsewhere: BTreeSet<String> = BTreeSet::new();
    let n_others = place.each_alert(|alert| {
        let rank = Rank::of(&alert);
        told_elsewhere.extend(alert.also.iter().map(|other| other.alert_id.clone()));
        if latest
            .get(&alert.alert_id)
            .is_none_or(|(known, _)| *known <= rank)
        {
            let (start, end) = alert.span();
            let shown = is_shown(&alert).then_some((end, start));
            latest.insert(alert.alert_id, (rank, shown));
        }
    })?;
    place.must_be_one(latest.len(), n_others)?;
    warn_of_others(n_others, console);
    let is_shown = |(id, (_, when)): (_, &(Rank, Option<(Time, Time)>))| Some(((*when)?, id));
    let is_own = |(id, _): &(&String, _)| !told_elsewhere.contains(*id);
    let own = latest.iter().filter(is_own);
    let mut shown: Vec<((Time, Time), &String)> = own.filter_map(is_shown).collect();
    shown.sort_by(|a, b| b.cmp(a));
    let n_left = shown
        .len()
        .saturating_sub(selection.limit.unwrap_or(usize::MAX));
    shown.truncate(shown.len() - n_left);
    if shown.is_empty() && selection.format == Format::Text {
        console.show("no alerts\n")?;
    }
    for piece in in_pieces(&shown, |_| 1) {
        let ids: BTreeSet<&str> = piece.iter().map(|(_, id)| id.as_str()).collect();
        let mut found: BTreeMap<String, Alert> = BTreeMap::new();
        for alert in place.documents(&ids)? {
            let is_latest = |(rank, _): &(Rank, _)| *rank == Rank::of(&alert);
            if latest.get(&alert.alert_id).is_some_and(is_latest) {
                found.insert(alert.alert_id.clone(), alert);
            }
        }
        let alerts: Vec<Alert> = piece
            .iter()
            .filter_map(|(_, id)| found.remove(*id))
            .collect();
        match selection.format {
            Format::Text => {
                let verdict_on = |id: &str| verdicts.get(id).map(|verdict| verdict.is_true);
                console.show(&alerts::list(&alerts, verdict_on, console.out()))
            }
            other => {
                let lines = alerts.iter().map(|alert| other.write(alert, Paint::Never));
                console.print(&lines.collect::<String>())
            }
        }?;
    }
    if n_left > 0 {
        let more = noun(n_left as u64, "older alert is", "older alerts are");
        console.say(&format!("{more} not shown\n"));
    }
    Ok(())
}
