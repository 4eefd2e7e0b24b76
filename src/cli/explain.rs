//! `plimsoll explain`

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use clap::Args;

use crate::cli::format::View;
use crate::cli::{Common, Console, Ending};
use crate::error::{Error, Result};
use crate::report::{AlertDocument, explain, json};
use crate::store::{Archive, find_in};

/// The fewest characters that stand for an alert's id.
const PREFIX_MIN: usize = 6;
/// Alerts that are named when several begin alike.
const NAMED_MAX: usize = 10;

/// Tell why an alert was raised: each contribution with what was expected
#[derive(Debug, Args)]
pub struct Arguments {
    /// The alert's id, or at least its first 6 characters.
    #[arg(value_name = "ALERT_ID")]
    id: String,
    /// Look in this file of alerts, such as a backtest's alerts.jsonl, instead of in the store.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// How it is written.
    #[arg(long, default_value = "text")]
    format: View,
}

/// Runs the command.
///
/// # Errors
///
/// Fails if there is no such alert, or several begin so.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let id = arguments.id.to_ascii_lowercase();
    if id.len() < PREFIX_MIN {
        return Err(
            Error::usage(format!("`{}` is too short for an alert's id", arguments.id))
                .hint(format!("give at least its first {PREFIX_MIN} characters")),
        );
    }
    let store = common.store();
    let (mut found, place) = match &arguments.from {
        Some(path) => {
            let cannot = |e| Error::failed(format!("cannot read `{}`", path.display())).cause(e);
            let mut found = BTreeMap::new();
            find_in(
                BufReader::new(File::open(path).map_err(cannot)?),
                &id,
                &mut found,
            )
            .map_err(cannot)?;
            (found, path.clone())
        }
        None => (Archive::of(&store).find(&id)?, store.root().to_path_buf()),
    };
    if found.len() > 1 && !found.contains_key(&id) {
        let named = found.keys().take(NAMED_MAX);
        let error = Error::failed(format!("{} alerts begin with `{id}`", found.len()));
        return Err(named.fold(error, |error, id| error.hint(id.as_str())));
    }
    let text = found.remove(&id).or_else(|| found.into_values().next()).ok_or_else(|| {
        Error::failed(format!("there is no alert `{id}` in `{}`", place.display())).hint(
            "the store has alerts that `score` told; those of a backtest are in the alerts.jsonl of its `--out`: `--from FILE`",
        )
    })?;
    let alert = AlertDocument::parse(&text)?;
    console.print(&match arguments.format {
        View::Text => explain::explain(&alert, console.out()),
        View::Json => json::pretty(&alert) + "\n",
    })?;
    Ok(Ending::Complete)
}
