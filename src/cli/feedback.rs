//! `plimsoll feedback`

use clap::{Args, ValueEnum};

use crate::cli::format::View;
use crate::cli::sending::{Purpose, Sending};
use crate::cli::{Common, Console, Ending};
use crate::engine::VerdictInput;
use crate::error::Result;
use crate::inquiry::{GivenVerdict, Inquiry};
use crate::report::json;
use crate::report::verdict;

/// Give a verdict on an alert or an incident; what a true one is about is taken out of the baseline
///
/// A verdict on an incident is a verdict on each of its alerts.
///
/// `true` means that something happened that is not normal. Then the analytic's metrics of that day, and the values that were new
/// to the entity, are left out of its baseline, and the alert's values out of the stored distributions. `false` changes only
/// what `tune` counts. A later verdict on the same alert replaces an earlier one.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The id of an alert or an incident, or at least its first 6 characters.
    #[arg(value_name = "ID", required_unless_present = "list")]
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
/// Fails if there is no such alert or incident in the store, several begin so, or the store cannot be written.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let store = common.store();
    let (Some(id), Some(right)) = (&arguments.id, arguments.verdict) else {
        let verdicts = store.verdicts()?;
        if verdicts.is_empty() {
            store.published()?;
        }
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
    let judgement = VerdictInput {
        is_true: right == Right::True,
        note: arguments.note.clone(),
        is_later: arguments.later,
    };
    let given = Inquiry::of_store(store.clone()).give_verdict(&setup, (id, judgement), console)?;
    let sending = Sending::start(&setup, &store, Purpose::Verdict, console)?;
    let judged = given
        .alerts
        .iter()
        .map(|alert| (alert.alert_id.clone(), alert.day));
    sending.judged(judged.collect());
    match arguments.format {
        View::Text => {
            let GivenVerdict {
                alerts,
                judgement,
                said,
                ..
            } = &given;
            let text = verdict::text(alerts, judgement, said, console.out());
            console.show(&text)
        }
        View::Json => {
            let mut documents = given.documents();
            let text = match (given.is_on_incident, documents.pop()) {
                (false, Some(document)) => json::pretty(&document),
                (_, last) => {
                    documents.extend(last);
                    json::pretty(&documents)
                }
            };
            console.print(&(text + "\n"))
        }
    }?;
    sending.finish(Purpose::Verdict);
    Ok(Ending::Complete)
}
