//! The screen.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::report::layout::wrap_lines;
use crate::time::Time;
use crate::top::header::header;
use crate::top::help::help;
use crate::top::look::Look;
use crate::top::notice::notices;
use crate::top::panels::{self, Panel};
use crate::top::state::State;
use crate::top::table;
use crate::top::words::{broken, columns, harmless};

/// The lines from which on there is room for empty ones, and for each log.
const ROOMY: u16 = 36;

/// Draws all, at a time. What is scrolled too far is put right.
///
/// The first line and the keys stay at any size. What is wrong has a third of the rest, with what to do however little that is; incidents have
/// two thirds of what is left then, or what they need; panels have the remainder, those that tell of trouble before the others.
pub fn draw(state: &mut State, now: Time, frame: &mut Frame<'_>) {
    let look = Look {
        has_colours: state.has_colours,
    };
    let area = frame.area();
    let is_overview = state.story.is_none() && state.help.is_none();
    let most = match state.picture {
        None => area.height.saturating_sub(2),
        Some(_) => (area.height / 3).max(1),
    };
    let notices = match is_overview {
        true => notices(state, look, area.width, most),
        false => Vec::new(),
    };
    let [first, wrong, body, last] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(notices.len() as u16),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(header(state, now, look, area.width), first);
    frame.render_widget(Paragraph::new(notices), wrong);
    if state.help.is_some() {
        draw_help(state, look, frame, body);
    } else if state.story.is_some() {
        draw_story(state, look, frame, body);
    } else if state.picture.is_some() || state.unanswered.is_none() {
        draw_overview(state, now, look, frame, body);
    }
    frame.render_widget(keys(state, look, area.width), last);
}

fn draw_overview(state: &mut State, now: Time, look: Look, frame: &mut Frame<'_>, area: Rect) {
    let width = area.width;
    let is_roomy = area.height >= ROOMY;
    let gap = u16::from(is_roomy);
    let for_incidents = match is_roomy {
        true => area.height / 2,
        false => area.height - area.height / 3,
    };
    let for_incidents = for_incidents.min(table::lines_needed(state));
    let room = usize::from(area.height.saturating_sub(for_incidents + 3 * gap));
    let above = panels::panels(state, now, look, width);
    let n_above = above.len();
    let below = panels::logs(state, now, look, width, is_roomy);
    let mut all: Vec<_> = above.into_iter().chain(below).enumerate().collect();
    all.sort_by_key(|(n, panel)| (panel.rank, *n));
    all.truncate(room);
    all.sort_by_key(|(n, _)| *n);
    let (above, below): (Vec<_>, Vec<_>) = all.into_iter().partition(|(n, _)| *n < n_above);
    let lines = |panels: Vec<(usize, Panel)>| -> Vec<Line<'_>> {
        panels.into_iter().map(|(_, panel)| panel.line).collect()
    };
    let (above, below) = (lines(above), lines(below));
    let [_, panels, _, table, _, logs] = Layout::vertical([
        Constraint::Length(gap),
        Constraint::Length(above.len() as u16),
        Constraint::Length(gap),
        Constraint::Min(0),
        Constraint::Length(gap),
        Constraint::Length(below.len() as u16),
    ])
    .areas(area);
    frame.render_widget(Paragraph::new(above), panels);
    frame.render_widget(Paragraph::new(below), logs);
    state.page = usize::from(table::rows(table.height));
    let rows = table::table(state, now, look, (width, table.height));
    frame.render_widget(Paragraph::new(rows), table);
}

fn draw_story(state: &mut State, look: Look, frame: &mut Frame<'_>, area: Rect) {
    let height = usize::from(area.height);
    state.page = height.saturating_sub(1).max(1);
    let Some(story) = &mut state.story else {
        return;
    };
    let text = match &story.text {
        None => format!("asking for incident {} …", story.id),
        Some(Ok(text)) => text.clone(),
        Some(Err(why)) => format!("incident {}: {why}", story.id),
    };
    // Lines are lines of the report; what is between them is made harmless once more, whoever answered.
    let text: Vec<String> = text.lines().map(harmless).collect();
    let width = usize::from(area.width);
    let wrapped = wrap_lines(&text.join("\n"), width);
    let lines: Vec<String> = wrapped
        .lines()
        .flat_map(|line| broken(line, width))
        .collect();
    let shown = story.scrolled.shown(&lines, height).iter();
    // Where the report is printed, headings are bold: they alone begin in the first column.
    let shown = shown.map(|line| match line.starts_with(' ') {
        true => Line::styled(line.clone(), look.plain()),
        false => Line::styled(line.clone(), look.bold()),
    });
    frame.render_widget(Paragraph::new(shown.collect::<Vec<_>>()), area);
}

fn draw_help(state: &mut State, look: Look, frame: &mut Frame<'_>, area: Rect) {
    let height = usize::from(area.height);
    state.page = height.saturating_sub(1).max(1);
    if let Some(scrolled) = &mut state.help {
        let lines = help(look, usize::from(area.width));
        let shown = scrolled.shown(&lines, height).to_vec();
        frame.render_widget(Paragraph::new(shown), area);
    }
}

/// Returns the line of keys, as far as there is room: those that do something now.
fn keys(state: &State, look: Look, width: u16) -> Line<'static> {
    let of_story = state.story.as_ref().map(|story| story.scrolled);
    let scrolled = state.help.or(of_story);
    let room = state.page + 1;
    let is_longer = scrolled.is_some_and(|scrolled| scrolled.n_lines > room);
    let (scroll, move_, open) = (("↑↓", "scroll"), ("↑↓", "move"), ("Enter", "open"));
    let pause = (
        "p",
        if state.paused.is_some() {
            "go on"
        } else {
            "pause"
        },
    );
    let (is_help, is_story) = (state.help.is_some(), state.story.is_some());
    let n = state.incidents().len();
    let is_list = !is_help && !is_story;
    let has_list = is_list && state.picture.is_some();
    let keys = [
        ((is_help || is_story), ("Esc", "back")),
        (is_longer, scroll),
        (is_story && !is_help, ("?", "help")),
        (true, ("q", "quit")),
        (is_list, ("?", "help")),
        (is_list && n > 1, move_),
        (is_list && n > 0, open),
        (has_list, ("o", "only open")),
        (has_list, ("s", "severity")),
        (has_list, pause),
    ];
    let mut spans = vec![Span::raw(" ")];
    let mut left = usize::from(width).saturating_sub(1);
    for (_, (key, what)) in keys.into_iter().filter(|(is_shown, _)| *is_shown) {
        let needed = columns(key) + columns(what) + 3;
        let Some(rest) = left.checked_sub(needed) else {
            break;
        };
        left = rest;
        spans.push(Span::styled(key, look.bold()));
        spans.push(Span::styled(format!(" {what}  "), look.dim()));
    }
    if let Some(scrolled) = scrolled {
        let last = (scrolled.above + room).min(scrolled.n_lines);
        let place = format!("line {last} of {} ", scrolled.n_lines);
        if let Some(blanks) = left.checked_sub(columns(&place)) {
            spans.push(Span::raw(" ".repeat(blanks)));
            spans.push(Span::styled(place, look.dim()));
        }
    }
    Line::from(spans)
}
