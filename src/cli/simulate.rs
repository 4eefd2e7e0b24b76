//! `plimsoll simulate`

use std::path::PathBuf;

use clap::Args;

use crate::cli::backtest::day;
use crate::cli::{Console, Ending};
use crate::engine::Progress;
use crate::error::{Error, Result};
use crate::report::count;
use crate::simulate::{self, AttackSet, Format, Grade, Options};
use crate::time::Day;

/// Write a labelled, simulated estate in native log formats
///
/// The same options write the same bytes. The logs lie in the folder `logs`; beside it there are:
///
/// labels.jsonl: the attacks, each with its grade: blatant, medium, subtle, or hidden (not visible in the logs);
///
/// decoys.jsonl: legitimate work that resembles an attack and must not raise an alert;
///
/// oddities.jsonl: benign anomalies, that is, unusual but legitimate activity, each with its cause, so that false alerts
/// can be counted by cause;
///
/// plimsoll.toml: the configuration of the estate.
///
/// Five AWS accounts are simulated, and the same company in Azure, Entra, Microsoft 365, Google Cloud, Workspace, Okta and
/// Slack if `--formats` names formats of theirs. `ocsf`, `ecs` and `plain` are conversions of `aws.cloudtrail` and
/// `aws.vpcflow`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The folder to write to; it must be empty or new.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The seed of all random numbers.
    #[arg(long, value_name = "N", default_value_t = Options::default().seed)]
    seed: u64,
    /// The number of days.
    #[arg(long, value_name = "N", default_value_t = Options::default().days)]
    days: u32,
    /// The number of identities at the start.
    #[arg(long, value_name = "N", default_value_t = Options::default().identities)]
    identities: u32,
    /// The first day.
    #[arg(long, value_name = "DAY", value_parser = day, default_value_t = Options::default().start)]
    start: Day,
    /// The first day with attacks, counted from 0 [default: after two thirds of the days].
    #[arg(long, value_name = "N")]
    attack_days_from: Option<u32>,
    /// How often each class of attack is planted.
    #[arg(long, value_name = "N", default_value_t = Options::default().attack_rounds)]
    attack_rounds: u32,
    /// Plant each class of attack, in each grade, in one of so many seeds that follow one another, and each decoy in twice
    /// as many.
    #[arg(long, value_name = "N", default_value_t = Options::default().one_in, value_parser = clap::value_parser!(u32).range(1..=100))]
    one_in: u32,
    /// Plant attacks of these grades only, separated by commas [default: all].
    #[arg(long, value_name = "GRADES", value_delimiter = ',', value_parser = grade)]
    grades: Vec<Grade>,
    /// The attacks and decoys: `core` for those of AN1594, AN1328 and AN0370, `all` for those of every analytic.
    #[arg(long, value_name = "WHICH", default_value = Options::default().attack_set.name(), value_parser = attack_set)]
    attacks: AttackSet,
    /// Plant no decoys.
    #[arg(long)]
    no_decoys: bool,
    /// Also plant honest situations that are loud because of the history that there is of them: what begins later than the
    /// rest, what repeats by the week or month, own data in bulk, outages, access reviews, roll-outs. They are noted in
    /// traps.jsonl.
    #[arg(long)]
    traps: bool,
    /// The log formats: `aws` for aws.cloudtrail and aws.vpcflow, `all`, or names such as `gcp.audit` and beginnings such as
    /// `gcp`, separated by commas.
    #[arg(long, value_name = "FORMATS", default_value = "aws", value_parser = formats)]
    formats: Formats,
    /// Also write expected-events.jsonl: the normalised event that each record should give.
    #[arg(long)]
    expected_events: bool,
    /// Compress every file, even if its provider does not.
    #[arg(long)]
    gzip: bool,
    /// The effort of compression, 1 to 9.
    #[arg(long, value_name = "N", default_value_t = Options::default().gzip_level, hide = true)]
    gzip_level: u32,
    /// A factor on the volumes of legitimate work.
    #[arg(long, value_name = "X", default_value_t = Options::default().scale)]
    scale: f64,
}

/// Some formats.
#[derive(Debug, Clone)]
pub(super) struct Formats(pub(super) Vec<Format>);

pub(super) fn formats(text: &str) -> std::result::Result<Formats, String> {
    Format::list(text).map(Formats).map_err(|word| {
        let names = Format::ALL.map(Format::name).join(", ");
        format!("there is no `{word}`, but aws, all, {names}")
    })
}

fn grade(text: &str) -> std::result::Result<Grade, String> {
    Grade::ALL
        .into_iter()
        .find(|grade| grade.name() == text)
        .ok_or_else(|| format!("there are {}", Grade::ALL.map(Grade::name).join(", ")))
}

pub(super) fn attack_set(text: &str) -> std::result::Result<AttackSet, String> {
    AttackSet::ALL
        .into_iter()
        .find(|attack_set| attack_set.name() == text)
        .ok_or_else(|| {
            format!(
                "there are {}",
                AttackSet::ALL.map(AttackSet::name).join(", ")
            )
        })
}

/// Runs the command.
///
/// # Errors
///
/// Fails if an option is out of range, or a file cannot be written.
pub fn run(arguments: &Arguments, console: &Console) -> Result<Ending> {
    let is_used =
        std::fs::read_dir(&arguments.out).is_ok_and(|mut entries| entries.next().is_some());
    if is_used {
        return Err(
            Error::usage(format!("`{}` is not empty", arguments.out.display()))
                .hint("give a new folder: the command writes plimsoll.toml and labels.jsonl there"),
        );
    }
    let options = Options {
        seed: arguments.seed,
        days: arguments.days,
        identities: arguments.identities,
        start: arguments.start,
        attack_days_from: arguments
            .attack_days_from
            .unwrap_or(arguments.days - arguments.days / 3),
        attack_rounds: arguments.attack_rounds,
        one_in: arguments.one_in,
        grades: match arguments.grades.as_slice() {
            [] => Grade::ALL.to_vec(),
            some => some.to_vec(),
        },
        attack_set: arguments.attacks,
        decoys: !arguments.no_decoys,
        traps: arguments.traps,
        gzip_level: arguments.gzip_level,
        gzip: arguments.gzip,
        scale: arguments.scale,
        formats: arguments.formats.0.clone(),
        expected_events: arguments.expected_events,
        ..Options::default()
    };
    console.begin("simulating", Some(u64::from(options.days)));
    let written = simulate::simulate(&options, &arguments.out, &mut |days| console.advance(days))?;
    console.end();
    console.say(&format!(
        "wrote {} audit records and {} flows of {} identities to {}: {} attacks, {} decoys, {} benign anomalies{}\n",
        count(written.records),
        count(written.flows),
        count(written.identities),
        arguments.out.display(),
        written.attacks,
        written.decoys,
        count(written.anomalies),
        match written.traps {
            0 => String::new(),
            traps => format!(", {traps} traps"),
        },
    ));
    Ok(Ending::Complete)
}
