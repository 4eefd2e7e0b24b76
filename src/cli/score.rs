//! `plimsoll score`

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cli::clock::{elapsed, now};
use crate::cli::delivery::Delivery;
use crate::cli::format::Format;
use crate::cli::inputs::{
    Inputs, RejectFile, account_for, close, object_access, own_files, read_options, watched,
};
use crate::cli::options::{AlertSelection, PeriodSelection};
use crate::cli::sending::{Listening, Purpose, Sending};
use crate::cli::setup::{warn_of_approvals, warn_of_other_measures};
use crate::cli::{Common, Console, Ending};
use crate::engine::{self, FollowOptions, KeepRejects, ScoreOptions, ToldBefore};
use crate::error::Result;
use crate::report::summary::{self, Summary};
use crate::store::Archive;
use crate::time::parse_duration_secs;

/// The interval between looks at files.
pub(super) const POLL: Duration = Duration::from_secs(1);
/// The interval between listings of objects, each of which is a request that is paid for.
pub(super) const POLL_OBJECTS: Duration = Duration::from_secs(60);

/// Judge logs with the generation in force and write alerts
///
/// The alerts are also stored, for `plimsoll explain` and so that none is written twice. Nothing is learnt.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Files, folders, `-` for standard input, or `s3://bucket/prefix`, `gs://…`, `az://…`.
    #[arg(required = true, value_name = "LOGS")]
    logs: Vec<PathBuf>,
    #[command(flatten)]
    period: PeriodSelection,
    /// Go on with lines that are appended and files that are added, until stopped.
    #[arg(long)]
    follow: bool,
    /// How often to look for new input, as in `1s` or `200ms` [default: 1s, and 60s for objects].
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "follow")]
    poll: Option<Duration>,
    /// End after this time without new input [default: go on until stopped].
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "follow")]
    until_idle: Option<Duration>,
    /// Format of the alerts.
    #[arg(long, default_value = "json")]
    format: Format,
    /// Append alerts to this file instead of writing them to standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Also write alerts that were written before.
    #[arg(long, conflicts_with = "follow")]
    again: bool,
    #[command(flatten)]
    selection: AlertSelection,
}

impl Arguments {
    /// Returns whether it goes on until it is stopped.
    pub fn is_following(&self) -> bool {
        self.follow
    }
}

/// Runs the command.
///
/// # Errors
///
/// Fails if nothing was trained, there is nothing to read, or alerts cannot be written.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let setup = common.setup(console)?;
    let store = common.store();
    // While following, each delivery is recorded.
    let to = (arguments.out.as_deref(), arguments.format, arguments.follow);
    let purpose = match arguments.follow {
        true => Purpose::Following,
        false => Purpose::Batch,
    };
    let sending = Sending::start(&setup, &store, purpose, console)?;
    let archive = (Archive::alerts(&store), &sending);
    let mut delivery = Delivery::open(to, &arguments.selection, archive, console)?;
    warn_of_other_measures(&setup, &store, console)?;
    // Alerts that an approval covers are stored, too, so that `approve list` can count what each approval hides.
    let options = ScoreOptions {
        show_suppressed: true,
        ..arguments.selection.options()
    };
    if arguments.follow {
        let (locations, paths) = watched(&arguments.logs, &object_access())?;
        let follow = FollowOptions {
            paths,
            locations,
            own: own_files(arguments.out.clone(), common),
            score: options,
            read: read_options(&arguments.period, common)?,
            received: None,
            ending: Default::default(),
            leaving: Default::default(),
            poll: arguments.poll.unwrap_or(POLL),
            poll_objects: arguments.poll.unwrap_or(POLL_OBJECTS),
            until_idle: arguments.until_idle,
            clock: elapsed,
            now: Some(now),
        };
        let is_first = !store.was_followed();
        let rejects = common.rejects.as_deref().map(RejectFile::append);
        let rejects = rejects.transpose()?;
        let followed = engine::follow(
            &setup,
            &store,
            &follow,
            &Listening::new(console, &sending),
            &mut |alert| delivery.deliver(alert),
            rejects.as_ref().map(|file| file as &dyn KeepRejects),
        )?;
        say(&Summary::of_score(&followed, &delivery.tally), console);
        sending.finish(purpose);
        warn_of_approvals(&setup, &store, console)?;
        return Ok(account_for(&followed.intake, is_first, console));
    }
    let generation = store.load_generation()?;
    let inputs = Inputs::find(
        &arguments.logs,
        arguments.out.clone(),
        (&arguments.period, common),
        console,
    )?;
    let rest = inputs.rest;
    let archive = delivery.archive.clone();
    let before = match arguments.again {
        true => ToldBefore::Again(&archive),
        false => ToldBefore::Kept(&archive),
    };
    let scored = engine::score(
        &setup,
        generation,
        inputs.files,
        (&options, inputs.options, rest.keeps()),
        before,
        console,
        |alert| delivery.deliver(alert),
    )?;
    say(&Summary::of_score(&scored, &delivery.tally), console);
    sending.finish(purpose);
    warn_of_approvals(&setup, &store, console)?;
    Ok(close(&scored.intake, &rest, console))
}

/// Writes the summary of the run to standard error.
fn say(summary: &Summary, console: &Console) {
    console.say(&summary::text(summary, console.is_verbose(), console.err()));
}

/// Reads a duration from milliseconds to days.
pub(super) fn duration(text: &str) -> std::result::Result<Duration, String> {
    let millis = text
        .strip_suffix("ms")
        .and_then(|n| n.trim().parse::<u64>().ok());
    let duration = match millis {
        Some(millis) => Some(Duration::from_millis(millis)),
        None => parse_duration_secs(text)
            .and_then(|secs| u64::try_from(secs).ok())
            .map(Duration::from_secs),
    };
    duration
        .filter(|d| !d.is_zero())
        .ok_or_else(|| "a duration is a number and a unit: 200ms, 10s, 15m, 2h, 1d".to_owned())
}
