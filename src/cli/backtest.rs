//! `plimsoll backtest`

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::alert::Alert;
use crate::cli::format::Format;
use crate::cli::inputs::{Inputs, close};
use crate::cli::options::AlertSelection;
use crate::cli::{Common, Console, Ending};
use crate::engine::{self, Backtest, BacktestOptions, Split, read_labels};
use crate::error::{Error, Result};
use crate::report::summary::{self, Summary};
use crate::report::{html, json};
use crate::time::{Day, Time};

/// Play the replay over past logs: learn, judge the days after, and sum up
///
/// Days before the split are learnt, each judged first so that scores can be calibrated. Each day after it is judged by
/// what was known the night before, then learnt. Nothing is kept: the store is not touched.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Files, folders, or `-` for standard input.
    #[arg(required = true, value_name = "LOGS")]
    logs: Vec<PathBuf>,
    /// Learn so many days before judging [default: two thirds of all].
    #[arg(long, value_name = "N", conflicts_with = "split")]
    train_days: Option<u32>,
    /// Learn the days before this one, as in 2026-03-16.
    #[arg(long, value_name = "TIME", value_parser = day)]
    split: Option<Day>,
    /// Learn nothing after the split, as `train` and then `score` would.
    #[arg(long)]
    frozen: bool,
    #[command(flatten)]
    telling: AlertSelection,
    /// Write alerts.jsonl, summary.json and report.html there; with labels each alert says whether it is true or false (`label`).
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Compare with what is known to have happened, one label a line: what was found, what was missed, which alerts are false.
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// How alerts are written.
    #[arg(long, default_value = "text")]
    format: Format,
}

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
/// Fails if there is too little to read, or what comes out cannot be written.
pub fn run(arguments: &Arguments, common: &Common, console: &Console) -> Result<Ending> {
    let setup = common.setup(console)?;
    let labels = arguments.labels.as_deref().map(read_labels).transpose()?;
    let inputs = Inputs::find(&arguments.logs, common, console)?;
    if let Some(out) = &arguments.out {
        std::fs::create_dir_all(out)
            .map_err(|e| Error::failed(format!("cannot make `{}`", out.display())).cause(e))?;
    }
    let options = BacktestOptions {
        split: match (arguments.train_days, arguments.split) {
            (Some(days), _) => Split::TrainDays(days),
            (None, Some(day)) => Split::At(day),
            (None, None) => Split::Default,
        },
        frozen: arguments.frozen,
        score: arguments.telling.options(),
        labels,
    };
    let (rejects, is_missing_some) = inputs.rest();
    let keeps_rejects = inputs.keeps_rejects();
    let backtest = engine::backtest(
        &setup,
        inputs.files,
        (&options, inputs.options, keeps_rejects),
        console,
        |alert| console.print(&arguments.format.write(alert, console.out())),
    )?;
    let summary = Summary::of_backtest(&backtest);
    if let Some(out) = &arguments.out {
        write_out(out, &summary, &backtest)?;
    }
    match arguments.format {
        Format::Text => console.print(&summary::text(&summary, console.out()))?,
        _ => console.say(&summary::text(&summary, console.err())),
    }
    close(
        &backtest.summary.intake,
        rejects.as_deref(),
        is_missing_some,
        console,
    )
}

/// An alert beside what labels say of it. Its digest does not cover that.
#[derive(Serialize)]
struct Labelled<'a> {
    #[serde(flatten)]
    alert: &'a Alert,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'static str>,
}

fn write_out(out: &Path, summary: &Summary, backtest: &Backtest) -> Result<()> {
    let evaluation = summary.evaluation.as_ref();
    let false_ids: Option<BTreeSet<&str>> =
        evaluation.map(|e| e.false_alerts.iter().map(|f| f.alert_id.as_str()).collect());
    let alerts: String = backtest
        .alerts
        .iter()
        .map(|alert| {
            let label = false_ids
                .as_ref()
                .filter(|_| alert.suppressed_by.is_none())
                .map(|ids| {
                    if ids.contains(alert.alert_id.as_str()) {
                        "false"
                    } else {
                        "true"
                    }
                });
            json::line(&Labelled { alert, label }) + "\n"
        })
        .collect();
    for (name, text) in [
        ("alerts.jsonl", alerts),
        ("summary.json", json::pretty(summary) + "\n"),
        ("report.html", html::page(summary, &backtest.alerts)),
    ] {
        let path = out.join(name);
        std::fs::write(&path, text)
            .map_err(|e| Error::failed(format!("cannot write `{}`", path.display())).cause(e))?;
    }
    Ok(())
}
