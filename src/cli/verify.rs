//! `plimsoll verify`

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::{Common, Console, Ending};
use crate::error::{Error, Result};
use crate::report::Plain;
use crate::verify::{Verified, documents, verify};

/// Compute an alert's score again from what it carries, without a store
///
/// Prints a line for each alert: `ok`, or each field that differs, with what it says and what follows from the rest. The
/// digest in an alert guards against damage and slips; it is no signature. Alerts that were written as OCSF or ECS do not carry
/// the numbers and cannot be verified: give the one that the store kept, `alerts/DAY.jsonl` in it.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A file with an alert document, or several after each other, or `-` for standard input.
    #[arg(value_name = "ALERT.json")]
    file: PathBuf,
    /// Only alerts whose id begins so.
    #[arg(long, value_name = "PREFIX")]
    id: Option<String>,
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
            console.print(&lines(&verified, at + 1))?;
        }
    }
    if n_verified == 0 {
        let place = arguments.file.display();
        return Err(Error::failed(match &arguments.id {
            Some(id) => format!("no alert in `{place}` begins with `{id}`"),
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

/// Returns the line of an alert that is well, or one for each field that differs.
fn lines(verified: &Verified, number: usize) -> String {
    let who = match &verified.alert {
        Some(alert) => format!(
            "{}  {}  {:.2}  {}",
            Plain(&alert.alert_id),
            Plain(&alert.analytic),
            alert.score,
            Plain(&alert.entity.id),
        ),
        None => format!("document {number}"),
    };
    if verified.differences.is_empty() {
        return format!("ok       {who}\n");
    }
    if let Some(schema) = verified.foreign {
        return format!(
            "unread   {who}: it is an {schema} document; only plimsoll's own form (`--format json`, and what the store keeps) \
             carries the numbers that a score is computed from\n"
        );
    }
    let mut lines = format!("differs  {who}\n");
    for difference in &verified.differences {
        lines.push_str(&format!(
            "         {}: it says {}, recomputed {}\n",
            Plain(&difference.field),
            Plain(&difference.stored),
            Plain(&difference.recomputed),
        ));
    }
    lines
}
