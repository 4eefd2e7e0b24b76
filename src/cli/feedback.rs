//! `plimsoll feedback`

use clap::{Args, ValueEnum};

use crate::alert::Alert;
use crate::cli::format::View;
use crate::cli::{Common, Console, Ending};
use crate::engine::{self, Reported, VerdictInput};
use crate::error::{Error, Result};
use crate::report::json;
use crate::report::verdict::{self, FeedbackDocument};
use crate::store::{Archive, Store};
use crate::vocab::{Entity, EntityKind};

/// The fewest characters that stand for an alert's id.
const PREFIX_MIN: usize = 6;
/// Alerts that are named when several begin alike.
const NAMED_MAX: usize = 10;

/// Give a verdict on an alert; what a true alert is about is taken out of the baseline
///
/// `true` means that something happened that is not normal. Then the analytic's metrics of that day, and the values that were new
/// to the entity, are left out of its baseline, and the alert's values out of the stored distributions. `false` changes only
/// what `tune` counts. A later verdict on the same alert replaces an earlier one.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The alert's id, or at least its first 6 characters.
    #[arg(value_name = "ALERT_ID", required_unless_present = "list")]
    id: Option<String>,
    /// Whether the alert was right.
    #[arg(value_name = "VERDICT", required_unless_present = "list")]
    verdict: Option<Right>,
    /// A note, up to 500 characters.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Only store the verdict; the next training applies it.
    #[arg(long)]
    later: bool,
    /// List all verdicts.
    #[arg(long, conflicts_with_all = ["id", "verdict", "note", "later"])]
    list: bool,
    /// Format of the output.
    #[arg(long, default_value = "text")]
    format: View,
}

/// Whether an alert was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Right {
    /// Something happened that is not normal.
    True,
    /// A false alert.
    False,
}

/// Runs the command.
///
/// # Errors
///
/// Fails if there is no such alert in the store, several begin so, or the store cannot be written.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let store = common.store();
    let (Some(id), Some(right)) = (&arguments.id, arguments.verdict) else {
        let verdicts = store.verdicts()?;
        match arguments.format {
            View::Text => console.show(&verdict::list(&verdicts, console.out())),
            View::Json => {
                let documents = verdict::documents(&verdicts);
                console.print(&(json::pretty(&documents) + "\n"))
            }
        }?;
        return Ok(Ending::Complete);
    };
    let setup = common.setup(console)?;
    let alert = reported(&Alert::parse(&find(&store, id)?)?)?;
    let judgement = VerdictInput {
        is_true: right == Right::True,
        note: arguments.note.clone(),
        is_later: arguments.later,
    };
    let said = engine::feedback(&setup, &store, (&alert, judgement.clone()), console)?;
    match arguments.format {
        View::Text => console.show(&verdict::text(&alert, &judgement, &said, console.out())),
        View::Json => {
            let document = FeedbackDocument::of(&alert, &judgement, &said);
            console.print(&(json::pretty(&document) + "\n"))
        }
    }?;
    Ok(Ending::Complete)
}

/// Returns the document of the one alert whose id begins so.
fn find(store: &Store, id: &str) -> Result<String> {
    let id = id.to_ascii_lowercase();
    if id.len() < PREFIX_MIN {
        return Err(
            Error::usage(format!("`{id}` is too short for an alert's id"))
                .hint(format!("give at least its first {PREFIX_MIN} characters")),
        );
    }
    let mut found = Archive::alerts(store).find(&id)?;
    if found.len() > 1 && !found.contains_key(&id) {
        let error = Error::failed(format!("{} alerts begin with `{id}`", found.len()));
        let named = found.keys().take(NAMED_MAX);
        return Err(named.fold(error, |error, id| error.hint(id.as_str())));
    }
    found
        .remove(&id)
        .or_else(|| found.into_values().next())
        .ok_or_else(|| {
            Error::failed(format!(
                "there is no alert `{id}` in `{}`",
                store.root().display()
            ))
            .hint("the store has the alerts of `score`, not those of a backtest")
        })
}

/// Returns what a verdict is about, from the alert's document.
fn reported(document: &Alert) -> Result<Reported> {
    let Some(kind) = EntityKind::parse(&document.entity.kind) else {
        return Err(Error::failed(format!(
            "the stored alert `{}` is damaged",
            document.alert_id
        )));
    };
    Ok(Reported {
        alert_id: document.alert_id.clone(),
        analytic: document.analytic.as_str().into(),
        entity: Entity {
            kind,
            id: document.entity.id.as_str().into(),
        },
        day: document.time.day(),
        surprise: document.surprise,
    })
}
