//! `plimsoll evaluate`

use std::path::{Path, PathBuf};

use clap::Args;

use crate::analytic;
use crate::cli::format::View;
use crate::cli::simulate::{self, Formats, attack_set};
use crate::cli::{Console, Ending};
use crate::error::{Error, Result};
use crate::evaluation::{Ablate, Options, Report, evaluate};
use crate::inquiry::Budget;
use crate::report::{evaluation, json};
use crate::simulate::{AttackSet, Format};

/// Measure recall, false alerts and budgets over simulated estates
///
/// Each estate is simulated from its own seed. The first days are learnt; each of the others is judged, and then learnt. The
/// reference methods of the field get the same days, and the best threshold that they could have had in hindsight. Your own
/// logs, configuration and store are not used.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The number of estates.
    #[arg(long, value_name = "N", default_value_t = Options::default().seeds)]
    seeds: u32,
    /// The seed of the first estate; the others follow.
    #[arg(long, value_name = "N", default_value_t = Options::default().first_seed)]
    first_seed: u64,
    /// Days that are learnt before the first is judged.
    #[arg(long, value_name = "N", default_value_t = Options::default().days_learnt)]
    train_days: u32,
    /// Days that are judged.
    #[arg(long, value_name = "N", default_value_t = Options::default().days_judged)]
    days: u32,
    /// Identities of each estate at its start.
    #[arg(long, value_name = "N", default_value_t = Options::default().identities)]
    identities: u32,
    /// Alerts a day that are promised; may be given several times [default: 5/day and 20/day].
    #[arg(long, value_name = "N/day")]
    budget: Vec<Budget>,
    /// The log formats of each estate: as for `simulate`, but `all` leaves out conversions of CloudTrail and flow logs.
    #[arg(long, value_name = "FORMATS", default_value = "all", value_parser = formats)]
    formats: Formats,
    /// The attacks and decoys: `core` for those of AN1594, AN1328 and AN0370, `all` for those of every
    /// analytic. Analytics without any attack are not judged.
    #[arg(long, value_name = "WHICH", default_value = Options::default().attack_set.name(), value_parser = attack_set)]
    attacks: AttackSet,
    /// Plant each class of attack, in each grade, in one of so many estates, and each decoy in twice as many. Attacks are rare then, as they are in the
    /// world: what is learnt each night is hardly theirs.
    #[arg(long, value_name = "N", default_value_t = Options::default().one_in, value_parser = clap::value_parser!(u32).range(1..=100))]
    one_in: u32,
    /// Also plant honest situations that are loud because of the history that there is of them, as `simulate --traps` does, and
    /// print how many false incidents each kind of them raised.
    #[arg(long)]
    traps: bool,
    /// Also print what each gate saves and costs: the same days without it. With an id, only the gates of that analytic.
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = EVERY, value_parser = ablate)]
    ablate: Option<Ablate>,
    /// The form of the result.
    #[arg(long, default_value = "text")]
    format: View,
    /// Also write evaluation.md, evaluation.json, curves.svg and reliability.svg into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// What `--ablate` without an id stands for.
const EVERY: &str = "all";

fn ablate(text: &str) -> std::result::Result<Ablate, String> {
    match text {
        EVERY => Ok(Ablate::All),
        id if analytic::is_builtin(id) => Ok(Ablate::One(id.to_owned())),
        id => Err(format!(
            "no analytic that comes with the program is called `{id}`"
        )),
    }
}

fn formats(text: &str) -> std::result::Result<Formats, String> {
    match text {
        "all" => Ok(Formats(Format::originals())),
        _ => simulate::formats(text),
    }
}

/// Runs the command.
///
/// # Errors
///
/// Fails if an option is out of range, or the disk fails.
pub fn run(arguments: &Arguments, console: &Console) -> Result<Ending> {
    let mut options = Options {
        seeds: arguments.seeds,
        first_seed: arguments.first_seed,
        days_learnt: arguments.train_days,
        days_judged: arguments.days,
        identities: arguments.identities,
        formats: arguments.formats.0.clone(),
        attack_set: arguments.attacks,
        traps: arguments.traps,
        one_in: arguments.one_in,
        ablate: arguments.ablate.clone(),
        ..Options::default()
    };
    if !arguments.budget.is_empty() {
        options.budgets = arguments.budget.iter().map(|b| b.per_day()).collect();
    }
    let report = evaluate(&options, console)?;
    if let Some(folder) = &arguments.out {
        write(&report, folder)?;
    }
    console.print(&match arguments.format {
        View::Text => evaluation::text(&report),
        View::Json => json::pretty(&report) + "\n",
    })?;
    Ok(Ending::Complete)
}

fn write(report: &Report, folder: &Path) -> Result<()> {
    let cannot = |path: &Path, e: std::io::Error| {
        Error::failed(format!("cannot write `{}`", path.display())).cause(e)
    };
    std::fs::create_dir_all(folder).map_err(|e| cannot(folder, e))?;
    for (name, text) in [
        ("evaluation.md", evaluation::text(report)),
        ("evaluation.json", json::pretty(report) + "\n"),
        ("curves.svg", evaluation::curves(report)),
        ("reliability.svg", evaluation::reliability(report)),
    ] {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|e| cannot(&path, e))?;
    }
    Ok(())
}
