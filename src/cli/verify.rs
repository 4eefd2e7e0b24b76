//! `plimsoll verify`

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::cli::format::View;
use crate::cli::{Common, Console, Ending};
use crate::error::{Error, Result};
use crate::report::{Plain, json, layout};
use crate::verify::{Verified, documents, verify};

/// Columns before an alert in its line.
const LABEL_COLUMNS: usize = 9;
/// Columns of an entity, at least.
const ENTITY_MIN: usize = 16;

/// Recompute the scores of alerts from their own numbers, without a store
///
/// Prints a line for each alert: `ok`, or each field that differs, with the value in the alert and the recomputed one. The digest
/// of an alert protects against damage and mistakes; it is no signature. Alerts in OCSF or ECS form do not have the numbers and
/// cannot be verified: use those in the store, `alerts/DAY.jsonl`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// File with one or more alert documents, or `-` for standard input.
    #[arg(value_name = "ALERT.json")]
    file: PathBuf,
    /// Verify only alerts whose id begins with this.
    #[arg(long, value_name = "PREFIX")]
    id: Option<String>,
    /// Format of the output; `json` is one document a line for each alert.
    #[arg(long, default_value = "text")]
    format: View,
}

/// Runs the command.
///
/// # Errors
///
/// Fails if the file cannot be read, or has no such alert.
pub fn run(arguments: &Arguments, _: &Common, console: &Console) -> Result<Ending> {
    let text = read(&arguments.file)?;
    let wanted = arguments.id.as_deref().map(str::to_ascii_lowercase);
    let is_wanted = |verified: &Verified| match (&wanted, &verified.alert) {
        (Some(prefix), Some(alert)) => alert.alert_id.starts_with(prefix.as_str()),
        (Some(_), None) => false,
        (None, _) => true,
    };
    let (mut n_verified, mut n_differing) = (0u64, 0u64);
    for (at, document) in documents(&text).into_iter().enumerate() {
        let verified = verify(document);
        if is_wanted(&verified) {
            n_verified += 1;
            n_differing += u64::from(!verified.differences.is_empty());
            match arguments.format {
                View::Text => console.show(&lines(&verified, at + 1, console.width())),
                View::Json => console.print(&(json::line(&Document::of(&verified)) + "\n")),
            }?;
        }
    }
    if n_verified == 0 {
        let place = arguments.file.display();
        return Err(Error::failed(match &arguments.id {
            Some(id) => format!("no id of an alert in `{place}` begins with `{id}`"),
            None => format!("there is no alert in `{place}`"),
        }));
    }
    Ok(if n_differing == 0 {
        Ending::Complete
    } else {
        Ending::Incomplete
    })
}

fn read(file: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    read.map_err(|e| Error::failed(format!("cannot read `{}`", file.display())).cause(e))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// An alert that was verified, for programs.
#[derive(Serialize)]
struct Document<'a> {
    alert_id: Option<&'a str>,
    /// `ok`, `differs`, or `unread` for a document of another schema.
    outcome: &'static str,
    differences: Vec<DifferenceDocument<'a>>,
}

#[derive(Serialize)]
struct DifferenceDocument<'a> {
    field: &'a str,
    stored: &'a str,
    recomputed: &'a str,
}

impl<'a> Document<'a> {
    fn of(verified: &'a Verified) -> Self {
        let differences = verified.differences.iter().map(|d| DifferenceDocument {
            field: &d.field,
            stored: &d.stored,
            recomputed: &d.recomputed,
        });
        Self {
            alert_id: verified.alert.as_ref().map(|a| a.alert_id.as_str()),
            outcome: match (verified.differences.is_empty(), verified.foreign) {
                (true, _) => "ok",
                (false, Some(_)) => "unread",
                (false, None) => "differs",
            },
            differences: differences.collect(),
        }
    }
}

/// Returns the line of an alert without differences, or one for each field that differs.
fn lines(verified: &Verified, number: usize, width: usize) -> String {
    let who = match &verified.alert {
        Some(alert) => {
            let before = format!(
                "{}  {}  {:.2}  ",
                Plain(&alert.alert_id),
                Plain(&alert.analytic),
                alert.score
            );
            let left = width.saturating_sub(LABEL_COLUMNS + layout::columns(&before));
            let entity = layout::name_of(&alert.entity.id, left.max(ENTITY_MIN));
            format!("{before}{}", Plain(&entity))
        }
        None => format!("document {number}"),
    };
    if verified.differences.is_empty() {
        return format!("ok       {who}\n");
    }
    if let Some(schema) = verified.foreign {
        return format!(
            "unread   {who}: it is an {schema} document; only the documents of plimsoll (`--format json`, and those in the \
             store) have the numbers that a score is computed from\n"
        );
    }
    let mut lines = format!("differs  {who}\n");
    for difference in &verified.differences {
        lines.push_str(&format!(
            "         {}: {} in the alert, {} recomputed\n",
            Plain(&difference.field),
            Plain(&difference.stored),
            Plain(&difference.recomputed),
        ));
    }
    lines
}
