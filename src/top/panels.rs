//! What stands above and below the incidents.

use std::collections::BTreeMap;

use ratatui::text::Line;

use crate::report::{count, noun};
use crate::time::Time;
use crate::top::history::{COLUMN_SECS, Delay, Rates};
use crate::top::look::Look;
use crate::top::open::OpenIncidents;
use crate::top::row::Row;
use crate::top::snapshot::{Counts, FollowedLog, Origin, SinkState, Snapshot, Training};
use crate::top::state::{Picture, State};
use crate::top::words::{age, columns, fit, harmless};
use crate::wording::{bytes, duration};

/// Heights of the drawing of rates.
const BLOCKS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/// The most columns that it has.
const DRAWN_MAX: usize = 75;
/// Columns of the number before the drawing, and of what is said behind it.
const NUMBER: usize = 12;
const BEHIND: usize = 24;
/// Logs that are listed one by one where there is room.
const LOGS_MAX: usize = 8;

/// A line above or below the incidents.
pub(super) struct Panel {
    /// How soon it gives way to incidents: the greatest first.
    pub(super) rank: u8,
    pub(super) line: Line<'static>,
}

/// Returns the lines above the incidents.
pub(super) fn panels(state: &State, now: Time, look: Look, width: u16) -> Vec<Panel> {
    let Some(picture) = &state.picture else {
        return Vec::new();
    };
    let snapshot = &picture.snapshot;
    // What is wrong gives way last.
    let fails = |sink: &SinkState| sink.failures > 0 || sink.given_up > 0;
    let of_sinks = if snapshot.sinks.iter().any(fails) {
        1
    } else {
        6
    };
    let of_training = match snapshot.training {
        Training::Failed(_) | Training::Running => 2,
        Training::Idle(_) => 7,
    };
    let mut panels = vec![(0, open(&snapshot.open, now, look, width))];
    if let Some(counts) = &snapshot.counts {
        panels.push((3, events(picture, counts, look, width)));
        panels.push((4, delay(picture, counts, look, width)));
        panels.push((5, alerts(counts, look, width)));
    }
    panels.push((of_sinks, sinks(snapshot, look, width)));
    panels.push((of_training, training(snapshot, now, look, width)));
    // Without an answer these are of then; only what incidents there are is still true.
    let is_of_then = state.unanswered.is_some();
    let panels = panels.into_iter().enumerate();
    let panels = panels.map(|(n, (rank, line))| match is_of_then && n > 0 {
        true => (rank, line.patch_style(look.dim())),
        false => (rank, line),
    });
    panels.map(|(rank, line)| Panel { rank, line }).collect()
}

/// How many incidents of each severity nobody has given a verdict on.
fn open(open: &OpenIncidents, now: Time, look: Look, width: u16) -> Line<'static> {
    let mut row = Row::new("open", look, width);
    if open.total() == 0 {
        row.push("none", look.good());
        return row.line();
    }
    let by_severity = open.by_severity.iter().rev().map(|(severity, n)| {
        let word = severity.to_string().to_uppercase();
        let text = format!("{} {word}", count(*n));
        (text, look.severity(*severity), *n)
    });
    let by_severity: Vec<_> = by_severity.collect();
    row.push_counted(&by_severity, |n| format!("+{}", count(n)));
    let total = noun(open.total(), "incident", "incidents");
    if row.push_whole(&format!("   {total}"), look.plain())
        && let Some(newest) = open.newest
    {
        let newest = age(now.secs_since(newest));
        row.push_whole(&format!(", newest {newest} ago"), look.plain());
    }
    row.line()
}

fn events(picture: &Picture, counts: &Counts, look: Look, width: u16) -> Line<'static> {
    let mut row = Row::new("events", look, width);
    let Rates {
        events_per_sec,
        columns,
        is_behind,
        ..
    } = &picture.rates;
    let rate = match events_per_sec {
        Some(rate) if *rate < 9.95 => format!("{rate:.1}/s"),
        Some(rate) => format!("{}/s", count(rate.round() as u64)),
        None => "–".to_owned(),
    };
    row.push(&fit(&rate, NUMBER), look.bold());
    let most = row.left.saturating_sub(BEHIND).min(DRAWN_MAX);
    let from = columns.len().saturating_sub(most);
    let shown = &columns[from..];
    let peak = shown.iter().copied().fold(0.0, f64::max);
    let drawn: String = shown.iter().map(|rate| bar(*rate, peak)).collect();
    row.push(&drawn, look.plain());
    let secs = shown.len() as u64 * COLUMN_SECS;
    if !shown.is_empty() {
        row.push_whole(&format!(" {}", duration(secs as i64)), look.dim());
    }
    let style = if *is_behind {
        look.warning()
    } else {
        look.plain()
    };
    let behind = bytes(counts.behind_bytes as f64);
    row.push_whole(&format!("   behind {behind}"), style);
    row.line()
}

fn bar(rate: f64, peak: f64) -> &'static str {
    match peak > 0.0 && rate > 0.0 {
        false => BLOCKS[0],
        true => BLOCKS[((rate / peak * 8.0).round() as usize).clamp(1, 8)],
    }
}

/// How late events come.
fn delay(picture: &Picture, counts: &Counts, look: Look, width: u16) -> Line<'static> {
    let mut row = Row::new("delay", look, width);
    let delays = &picture.rates.delays;
    match delays.p50_p99 {
        Some((p50, p99)) => {
            row.push_whole(&format!("p50 {}", span(p50)), look.bold());
            row.push_whole(&format!("  p99 {}", span(p99)), look.bold());
            let over = match delays.is_recent {
                true => "in 5 min",
                false => "in all",
            };
            row.push_whole(&format!(" {over}"), look.dim());
        }
        None => row.push("no events yet", look.dim()),
    }
    let late = (counts.late, "late", look.plain());
    let rejected = (counts.rejected, "rejected", look.warning());
    // What is lost is said first.
    let both = match counts.rejected {
        0 => [late, (0, "rejected", look.plain())],
        _ => [rejected, late],
    };
    for (n, what, style) in both {
        let text = format!("   {what} {}", count(n));
        let _ = row.push_whole(&format!("{text} in all"), style) || row.push_whole(&text, style);
    }
    row.line()
}

/// Writes a delay.
fn span(delay: Delay) -> String {
    let secs = duration(i64::try_from(delay.secs).unwrap_or(i64::MAX));
    match delay.is_more {
        true => format!("over {secs}"),
        false => secs,
    }
}

/// Alerts since the service began, by analytic. They have no severity here: that of the incidents which they joined is what counts.
fn alerts(counts: &Counts, look: Look, width: u16) -> Line<'static> {
    let mut row = Row::new("alerts", look, width);
    let mut analytics: Vec<_> = counts.alerts.iter().filter(|(_, n)| **n > 0).collect();
    if analytics.is_empty() {
        row.push("none in all", look.dim());
        return row.line();
    }
    analytics.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let total: u64 = counts.alerts.values().sum();
    row.push(&format!("{} in all   ", count(total)), look.plain());
    let analytics = analytics.into_iter().map(|(analytic, n)| {
        let text = format!("{} {}", harmless(analytic), count(*n));
        (text, look.dim(), *n)
    });
    let analytics: Vec<_> = analytics.collect();
    row.push_counted(&analytics, |n| format!("others {}", count(n)));
    row.line()
}

fn sinks(snapshot: &Snapshot, look: Look, width: u16) -> Line<'static> {
    let mut row = Row::new("sinks", look, width);
    if snapshot.sinks.is_empty() {
        row.push("none", look.dim());
    }
    // Those that fail come first: the others are well.
    let mut sinks: Vec<&SinkState> = snapshot.sinks.iter().collect();
    sinks.sort_by_key(|sink| std::cmp::Reverse((sink.failures, sink.given_up, sink.waiting)));
    let n_all = sinks.len();
    for (n, sink) in sinks.into_iter().enumerate() {
        let before = if n == 0 { "" } else { "   " };
        let (state, style) = match sink.failures {
            0 => ("ok".to_owned(), look.good()),
            n => (format!("FAILS {} in a row", count(n)), look.bad()),
        };
        let name = format!("{before}{} ", harmless(&sink.name));
        let more = match n_all - n {
            1 => String::new(),
            others => format!("   +{}", others - 1),
        };
        if columns(&name) + columns(&state) + columns(&more) > row.left {
            // What has no room is said to be there.
            let more = format!("{before}+{}", n_all - n);
            row.push_whole(
                &more,
                if sink.failures > 0 {
                    look.bad()
                } else {
                    look.dim()
                },
            );
            break;
        }
        row.push(&name, look.plain());
        row.push(&state, style);
        for (n, what) in [(sink.waiting, "wait"), (sink.given_up, "given up")] {
            let text = format!(", {} {what}", count(n));
            if n > 0 && columns(&text) + columns(&more) <= row.left {
                row.push(&text, look.warning());
            }
        }
    }
    row.line()
}

fn training(snapshot: &Snapshot, now: Time, look: Look, width: u16) -> Line<'static> {
    let mut row = Row::new("training", look, width);
    match &snapshot.training {
        Training::Running => row.push("runs", look.warning()),
        // Why is in the lines above.
        Training::Failed(_) => row.push("FAILED", look.bad()),
        Training::Idle(Some(at)) => {
            let ago = age(now.secs_since(*at));
            row.push(&format!("{ago} ago"), look.plain());
        }
        Training::Idle(None) => match snapshot.origin {
            Origin::Service { .. } => row.push("none since the service began", look.dim()),
            Origin::Store { .. } => row.push("none yet", look.dim()),
        },
    }
    row.line()
}

/// Returns the lines below the incidents: how old the newest event of each log is.
pub(super) fn logs(state: &State, now: Time, look: Look, width: u16, is_roomy: bool) -> Vec<Panel> {
    let Some(picture) = &state.picture else {
        return Vec::new();
    };
    let logs = &picture.snapshot.logs;
    let lines = match is_roomy {
        true => by_account(logs, now, look, width),
        false => vec![by_log(logs, now, look, width)],
    };
    let lines = lines.into_iter();
    lines.map(|line| Panel { rank: 4, line }).collect()
}

/// Each log on one line, with the newest of its events.
fn by_log(logs: &[FollowedLog], now: Time, look: Look, width: u16) -> Line<'static> {
    let mut newest: BTreeMap<&str, Time> = BTreeMap::new();
    for log in logs {
        let of = newest.entry(&log.log).or_insert(log.newest);
        *of = (*of).max(log.newest);
    }
    let mut row = Row::new("logs", look, width);
    if newest.is_empty() {
        row.push("none is followed", look.dim());
    }
    let n_all = newest.len();
    for (n, (log, newest)) in newest.into_iter().enumerate() {
        let before = if n == 0 { "" } else { "  " };
        let text = format!("{before}{} {}", harmless(log), age(now.secs_since(newest)));
        // What has no room is said to be there.
        let more = match n_all - n {
            1 => String::new(),
            more => format!("  +{}", more - 1),
        };
        if columns(&text) + columns(&more) > row.left {
            row.push_whole(&format!("{before}+{}", n_all - n), look.dim());
            break;
        }
        row.push(&text, look.plain());
    }
    row.line()
}

/// Each log of each account, those first that are silent for longest.
fn by_account(logs: &[FollowedLog], now: Time, look: Look, width: u16) -> Vec<Line<'static>> {
    let mut newest: BTreeMap<(&str, &str), Time> = BTreeMap::new();
    for log in logs {
        let of = newest.entry((&log.log, &log.account)).or_insert(log.newest);
        *of = (*of).max(log.newest);
    }
    let mut newest: Vec<_> = newest.into_iter().collect();
    newest.sort_by_key(|(name, at)| (*at, *name));
    let mut lines: Vec<Line<'static>> = Vec::new();
    for (n, ((log, account), at)) in newest.iter().take(LOGS_MAX).enumerate() {
        let mut row = Row::new(if n == 0 { "logs" } else { "" }, look, width);
        row.push(&fit(&harmless(log), 24), look.plain());
        row.push(&format!(" {} ", fit(&harmless(account), 20)), look.plain());
        let ago = age(now.secs_since(*at));
        row.push_whole(&format!("last event {ago} ago"), look.plain());
        lines.push(row.line());
    }
    let more = newest.len().saturating_sub(LOGS_MAX);
    if more > 0 {
        let mut row = Row::new("", look, width);
        row.push(&format!("and {more} more, with newer events"), look.dim());
        lines.push(row.line());
    }
    if lines.is_empty() {
        lines.push(by_log(logs, now, look, width));
    }
    lines
}
