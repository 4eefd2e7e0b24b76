//! `plimsoll backtest`

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::format::Format;
use crate::cli::inputs::{Inputs, close};
use crate::cli::options::{AlertSelection, PeriodSelection};
use crate::cli::{Common, Console, Ending};
use crate::engine::{self, Backtest, BacktestOptions, Setup, Split, read_labels};
use crate::error::{Error, Result};
use crate::report::backtest::{BUDGETS, Contents, Labelled, page};
use crate::report::bounds;
use crate::report::follow_up::Guide;
use crate::report::json;
use crate::report::screen::{self, Screen};
use crate::report::summary::{self, Summary};
use crate::time::{Day, Time};

/// Try plimsoll on past logs: learn the first days, judge the days after, and show the alerts
///
/// The days before the split are learnt; each is also judged first, to calibrate scores. Each day after the split is judged with
/// what was known the night before, and then learnt. Nothing is stored.
///
/// Without a split, logs of 16 days or fewer are looked at for the first time: every day is judged, the first by comparing each identity
/// with all others of that day, and scores are provisional until eleven days are learnt.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Files, folders, `-` for standard input, or `s3://bucket/prefix`, `gs://…`, `az://…`.
    #[arg(required = true, value_name = "LOGS")]
    logs: Vec<PathBuf>,
    #[command(flatten)]
    period: PeriodSelection,
    /// Learn this many days before judging [default: two thirds of all; none of 16 days or fewer].
    #[arg(long, value_name = "N", conflicts_with = "split")]
    train_days: Option<u32>,
    /// Learn the days before this one, as in 2026-03-16.
    #[arg(long, value_name = "DAY", value_parser = day)]
    split: Option<Day>,
    /// Learn nothing after the split, like `train` followed by `score`.
    #[arg(long)]
    frozen: bool,
    #[command(flatten)]
    selection: AlertSelection,
    /// Write alerts.jsonl, incidents.jsonl, summary.json and report.html to this folder.
    ///
    /// report.html is the pages of `plimsoll serve` in one file that loads nothing. With labels, each alert in alerts.jsonl has `label`:
    /// `true`, `false`, or `beside` if another alert of its incident is true; the page has them too.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Compare the alerts with known attacks: what was found, what was missed, which alerts are false.
    ///
    /// The file has one label a line, as JSON.
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Format of the alerts; `text` shows those of most weight, and with -v all.
    #[arg(long, default_value = "text")]
    format: Format,
}

/// The files that are written to the folder of `--out`.
const OUTPUTS: [&str; 4] = [
    "alerts.jsonl",
    "incidents.jsonl",
    "summary.json",
    "report.html",
];

/// Reads a day, or a time on it.
pub fn day(text: &str) -> std::result::Result<Day, String> {
    Day::parse(text)
        .or_else(|| Time::parse(text).map(Time::day))
        .ok_or_else(|| "expected a UTC day, as in 2026-03-16".to_owned())
}

/// Runs the command.
///
/// # Errors
///
/// Fails if the split leaves nothing to judge, or the output cannot be written.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let setup = common.setup(console)?;
    let labels = arguments.labels.as_deref().map(read_labels).transpose()?;
    let own = arguments
        .out
        .iter()
        .flat_map(|out| OUTPUTS.map(|name| out.join(name)));
    let own = own.chain(arguments.labels.clone());
    let inputs = Inputs::find(&arguments.logs, own, (&arguments.period, common), console)?;
    if let Some(out) = &arguments.out {
        std::fs::create_dir_all(out).map_err(|e| {
            Error::failed(format!("cannot create the folder `{}`", out.display())).cause(e)
        })?;
    }
    let options = BacktestOptions {
        split: match (arguments.train_days, arguments.split) {
            (Some(days), _) => Split::TrainDays(days),
            (None, Some(day)) => Split::At(day),
            (None, None) => Split::Default,
        },
        frozen: arguments.frozen,
        score: arguments.selection.options(),
        labels,
    };
    let rest = inputs.rest;
    let backtest = engine::backtest(
        &setup,
        inputs.files,
        (&options, inputs.options, rest.keeps()),
        console,
        |alert| match arguments.format {
            Format::Text if !console.is_verbose() => Ok(()),
            Format::Text => console.show(&arguments.format.write(alert, console.out())),
            _ => console.print(&arguments.format.write(alert, console.out())),
        },
    )?;
    let summary = Summary::of_backtest(&backtest);
    if let Some(out) = &arguments.out {
        let asked = options.score.budget_per_day;
        write_out(out, (&setup, asked), (&summary, &backtest), console)?;
    }
    let screen = Screen {
        summary: &summary,
        incidents: &backtest.incidents,
        budget_per_day: backtest.budget_per_day,
        out: arguments.out.as_deref(),
        is_verbose: console.is_verbose(),
    };
    let lines = |width, paint| {
        let details = match console.is_verbose() {
            true => summary::text(&summary, true, paint) + "\n",
            false => String::new(),
        };
        details + &screen::text(&screen, width, paint)
    };
    match arguments.format {
        Format::Text => console.show(&lines(console.width(), console.out()))?,
        _ => console.say(&lines(console.err_width(), console.err())),
    }
    for bound in bounds::lines(&summary.bounds_reached, false) {
        console.warn(&bound);
    }
    Ok(close(&backtest.summary.intake, &rest, console))
}

fn write_out(
    out: &Path,
    (setup, asked): (&Setup, Option<f64>),
    (summary, backtest): (&Summary, &Backtest),
    console: &Console,
) -> Result<()> {
    let alerts: String = backtest
        .alerts
        .iter()
        .map(|alert| json::line(&Labelled::of(alert, summary.evaluation.as_ref())) + "\n")
        .collect();
    let incidents = backtest.incidents.iter();
    let incidents: String = incidents
        .map(|incident| json::line(incident) + "\n")
        .collect();
    let guide = Guide {
        alerts: &out.join(OUTPUTS[0]).display().to_string(),
        complete: &|text| console.commands().complete(text),
    };
    let learnt = (&*backtest.generation, &backtest.log);
    let contents = Contents {
        backtest,
        summary,
        analytics: &setup.analytics,
        tuning: &engine::tune_preview(setup, learnt, &BUDGETS, asked),
        guide: &guide,
    };
    let texts = [
        alerts,
        incidents,
        json::pretty(summary) + "\n",
        page(&contents),
    ];
    for (name, text) in OUTPUTS.into_iter().zip(texts) {
        let path = out.join(name);
        std::fs::write(&path, text)
            .map_err(|e| Error::failed(format!("cannot write `{}`", path.display())).cause(e))?;
    }
    Ok(())
}
