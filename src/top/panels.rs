//! What stands above and below the incidents.

use std::collections::BTreeMap;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::report::count;
use crate::stats::Severity;
use crate::time::Time;
use crate::top::history::{COLUMN_SECS, Delay, Rates};
use crate::top::look::Look;
use crate::top::snapshot::{FollowedLog, Judging, Origin, SinkState, Snapshot, Training};
use crate::top::state::{Picture, State, is_open};
use crate::top::words::{age, clip, columns, fit, harmless};
use crate::wording::{bytes, duration};

/// Columns of the names of panels.
const LABEL: usize = 9;
/// Heights of the drawing of rates.
const BLOCKS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/// The most columns that it has.
const DRAWN_MAX: usize = 75;
/// Columns of the number before the drawing, and of what is said behind it.
const NUMBER: usize = 12;
const BEHIND: usize = 24;
/// Logs that are listed one by one where there is room.
const LOGS_MAX: usize = 8;

/// A line that takes what still has room in it.
struct Row {
    spans: Vec<Span<'static>>,
    left: usize,
}

impl Row {
    fn new(label: &str, look: Look, width: u16) -> Self {
        let mut row = Self {
            spans: Vec::new(),
            left: usize::from(width),
        };
        row.push(&format!(" {}", fit(label, LABEL)), look.dim());
        row
    }

    /// Adds text, cut to what has room.
    fn push(&mut self, text: &str, style: Style) {
        let text = clip(text, self.left);
        self.left -= columns(&text);
        self.spans.push(Span::styled(text, style));
    }

    /// Adds text if all of it has room.
    fn push_whole(&mut self, text: &str, style: Style) -> bool {
        let has_room = columns(text) <= self.left;
        if has_room {
            self.push(text, style);
        }
        has_room
    }

    fn line(self) -> Line<'static> {
        Line::from(self.spans)
    }
}

/// Returns the first line: what is asked, whether it judges, and the time.
pub(super) fn header(state: &State, now: Time, look: Look, width: u16) -> Line<'static> {
    let mut row = Row {
        spans: Vec::new(),
        left: usize::from(width),
    };
    let present = format!("{} UTC ", clock(now));
    let (word, why, style) = standing(state, now, look);
    row.push(&format!(" {word} "), style);
    if let Some(since) = state.paused {
        row.push(" ", look.plain());
        row.push(&format!(" PAUSED {} ", clock(since)), look.warning());
    }
    let mut facts = vec![harmless(&why)];
    match state.picture.as_ref().map(|picture| &picture.snapshot) {
        Some(snapshot) => {
            let (place, version) = match &snapshot.origin {
                Origin::Service { address, version } => (address.clone(), version.as_ref()),
                Origin::Store(folder) => (format!("store {folder}"), None),
            };
            facts.push(harmless(&place));
            facts.extend(snapshot.generation.map(|n| format!("generation {n}")));
            facts.extend(version.map(|version| format!("plimsoll {}", harmless(version))));
        }
        None => facts.push(harmless(&state.source)),
    }
    let present_columns = columns(&present) + 2;
    for (n, fact) in facts.iter().filter(|fact| !fact.is_empty()).enumerate() {
        let text = format!("  {fact}");
        let room = row.left.saturating_sub(present_columns);
        // The first one is cut, so that there is something of it.
        if n == 0 || columns(&text) <= room {
            row.push(&clip(&text, room), look.plain());
        }
    }
    let blanks = row.left.saturating_sub(columns(&present));
    row.push(&" ".repeat(blanks), look.plain());
    row.push_whole(&present, look.dim());
    row.line()
}

/// Writes a time of day to the second.
fn clock(time: Time) -> String {
    let second = time.second_of_day();
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!("{hour:02}:{minute:02}:{:02}", second % 60)
}

/// Returns how things stand, in one word, with why, and how that looks.
fn standing(state: &State, now: Time, look: Look) -> (String, String, Style) {
    if let Some(fault) = &state.fault {
        let ago = age(now.secs_since(fault.since));
        let word = format!("NOT ANSWERING since {}, {ago}", clock(fault.since));
        return (word, fault.why.clone(), look.bad());
    }
    let Some(picture) = &state.picture else {
        return ("ASKING".to_owned(), String::new(), look.plain());
    };
    let snapshot = &picture.snapshot;
    let nothing = String::new;
    match &snapshot.judging {
        Judging::Failed(why) => ("NOT JUDGING".to_owned(), why.clone(), look.bad()),
        Judging::Waits(_) if snapshot.training == Training::Running => {
            ("LEARNING".to_owned(), nothing(), look.warning())
        }
        Judging::Waits(why) => ("WAITING".to_owned(), why.clone(), look.warning()),
        Judging::Goes if picture.rates.is_behind => {
            ("BEHIND".to_owned(), nothing(), look.warning())
        }
        Judging::Goes => ("JUDGING".to_owned(), nothing(), look.good()),
        Judging::Noted(None) => (
            "STORE".to_owned(),
            "nothing follows".to_owned(),
            look.bold(),
        ),
        Judging::Noted(Some(at)) => {
            let since = age(now.secs_since(*at));
            (
                "STORE".to_owned(),
                format!("judged {since} ago"),
                look.bold(),
            )
        }
    }
}

/// Returns the lines above the incidents.
pub(super) fn panels(state: &State, now: Time, look: Look, width: u16) -> Vec<Line<'static>> {
    let Some(picture) = &state.picture else {
        return Vec::new();
    };
    let mut lines = vec![open(state, picture, now, look, width)];
    if picture.snapshot.counts.is_some() {
        lines.push(events(picture, look, width));
        lines.push(delay(picture, look, width));
        lines.push(alerts(&picture.snapshot, look, width));
    }
    lines.push(sinks(&picture.snapshot, look, width));
    lines.push(training(&picture.snapshot, now, look, width));
    if state.fault.is_some() {
        // These are of then; only what incidents there are is still true.
        let of_then = lines.drain(1..).map(|line| line.patch_style(look.dim()));
        let of_then: Vec<_> = of_then.collect();
        lines.extend(of_then);
    }
    lines
}

/// How many incidents of each severity nobody has given a verdict on.
fn open(state: &State, picture: &Picture, now: Time, look: Look, width: u16) -> Line<'static> {
    let mut row = Row::new("open", look, width);
    let all = picture.snapshot.incidents.iter();
    let open: Vec<_> = all.filter(|incident| is_open(incident)).collect();
    let wanted = state.wanted();
    let mut is_first = true;
    for severity in Severity::ALL.into_iter().rev() {
        let n = open.iter().filter(|i| i.severity == severity).count();
        if n == 0 {
            continue;
        }
        if !std::mem::take(&mut is_first) {
            row.push("  ", look.plain());
        }
        let word = severity.to_string().to_uppercase();
        let text = format!("{} {word}", count(n as u64));
        row.push_whole(&text, look.severity(severity));
    }
    match open.iter().map(|incident| incident.end).max() {
        Some(newest) => {
            let newest = age(now.secs_since(newest));
            row.push_whole(&format!("   newest {newest} ago"), look.plain());
        }
        None => match wanted.severity {
            None => row.push("none", look.good()),
            Some(least) => row.push(&format!("none that is {least} or above"), look.plain()),
        },
    }
    let shown = match (wanted.is_open, wanted.severity) {
        (false, None) => String::new(),
        (true, None) => "   shown: only open".to_owned(),
        (false, Some(least)) => format!("   shown: {least} and above"),
        (true, Some(least)) => format!("   shown: only open, {least} and above"),
    };
    row.push_whole(&shown, look.warning());
    row.line()
}

fn events(picture: &Picture, look: Look, width: u16) -> Line<'static> {
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
    let behind = picture
        .snapshot
        .counts
        .as_ref()
        .map_or(0, |c| c.behind_bytes);
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
    row.push_whole(&format!("   behind {}", bytes(behind as f64)), style);
    row.line()
}

fn bar(rate: f64, peak: f64) -> &'static str {
    match peak > 0.0 && rate > 0.0 {
        false => BLOCKS[0],
        true => BLOCKS[((rate / peak * 8.0).round() as usize).clamp(1, 8)],
    }
}

/// How late events come.
fn delay(picture: &Picture, look: Look, width: u16) -> Line<'static> {
    let mut row = Row::new("delay", look, width);
    let delays = &picture.rates.delays;
    match delays.p50_p99 {
        Some((p50, p99)) => {
            row.push(
                &format!("p50 {}  p99 {}", span(p50), span(p99)),
                look.bold(),
            );
            let over = match delays.is_recent {
                true => "in 5 min",
                false => "since it began",
            };
            row.push_whole(&format!(" {over}"), look.dim());
        }
        None => row.push("no events yet", look.dim()),
    }
    if let Some(counts) = &picture.snapshot.counts {
        row.push_whole(&format!("   late {}", count(counts.late)), look.plain());
        let style = match counts.rejected {
            0 => look.plain(),
            _ => look.warning(),
        };
        row.push_whole(&format!("   rejected {}", count(counts.rejected)), style);
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

/// Alerts since the service began, by severity and by analytic.
fn alerts(snapshot: &Snapshot, look: Look, width: u16) -> Line<'static> {
    let mut row = Row::new("alerts", look, width);
    let alerts = snapshot.counts.as_ref().map_or(&[][..], |c| &c.alerts);
    let mut by_severity: BTreeMap<Severity, u64> = BTreeMap::new();
    let mut by_analytic: BTreeMap<&str, (Severity, u64)> = BTreeMap::new();
    for alert in alerts.iter().filter(|alert| alert.n > 0) {
        *by_severity.entry(alert.severity).or_default() += alert.n;
        let of = by_analytic
            .entry(&alert.analytic)
            .or_insert((alert.severity, 0));
        *of = (of.0.max(alert.severity), of.1 + alert.n);
    }
    if by_severity.is_empty() {
        row.push("none since it began", look.dim());
    }
    for (n, (severity, alerts)) in by_severity.iter().rev().enumerate() {
        let before = if n == 0 { "" } else { "  " };
        row.push(
            &format!("{before}{} {severity}", count(*alerts)),
            look.plain(),
        );
    }
    let mut analytics: Vec<_> = by_analytic.into_iter().collect();
    analytics.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    for (n, (analytic, (_, alerts))) in analytics.iter().enumerate() {
        let before = if n == 0 { "   " } else { "  " };
        let text = format!("{before}{} {}", harmless(analytic), count(*alerts));
        if !row.push_whole(&text, look.dim()) {
            break;
        }
    }
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
    for (n, sink) in sinks.iter().enumerate() {
        let before = if n == 0 { "" } else { "   " };
        row.push(&format!("{before}{} ", harmless(&sink.name)), look.plain());
        match sink.failures {
            0 => row.push("ok", look.good()),
            n => row.push(&format!("FAILS {n} in a row"), look.bad()),
        }
        for (n, what) in [(sink.waiting, "wait"), (sink.given_up, "given up")] {
            if n > 0 {
                row.push_whole(&format!(", {} {what}", count(n)), look.warning());
            }
        }
    }
    row.line()
}

fn training(snapshot: &Snapshot, now: Time, look: Look, width: u16) -> Line<'static> {
    let mut row = Row::new("training", look, width);
    match &snapshot.training {
        Training::Running => row.push("runs", look.warning()),
        Training::Failed(why) => {
            row.push("FAILED", look.bad());
            row.push(&format!(" {}", harmless(why)), look.plain());
        }
        Training::Idle(Some(at)) => {
            let ago = age(now.secs_since(*at));
            row.push(&format!("{ago} ago"), look.plain());
        }
        Training::Idle(None) => match snapshot.origin {
            Origin::Service { .. } => row.push("none since it began", look.dim()),
            Origin::Store(_) => row.push("none yet", look.dim()),
        },
    }
    row.line()
}

/// Returns the lines below the incidents: how old the newest event of each log is.
pub(super) fn logs(
    state: &State,
    now: Time,
    look: Look,
    width: u16,
    is_roomy: bool,
) -> Vec<Line<'static>> {
    let Some(picture) = &state.picture else {
        return Vec::new();
    };
    let logs = &picture.snapshot.logs;
    match is_roomy {
        true => by_account(logs, now, look, width),
        false => vec![by_log(logs, now, look, width)],
    }
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
        let more = format!("  +{}", n_all - n);
        if columns(&text) + columns(&more) > row.left {
            row.push(&more, look.dim());
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
        row.push(
            &format!("last event {} ago", age(now.secs_since(*at))),
            look.plain(),
        );
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
