//! The screen.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use crate::report::layout::wrap_lines;
use crate::time::Time;
use crate::top::keys::HELP;
use crate::top::look::Look;
use crate::top::panels;
use crate::top::state::State;
use crate::top::table;
use crate::top::words::{broken, clip, columns, harmless};

/// The lines from which on there is room for empty ones, and for each log.
const ROOMY: u16 = 36;

/// Draws all, at a time. What is scrolled too far is put right.
pub fn draw(state: &mut State, now: Time, frame: &mut Frame<'_>) {
    let look = Look {
        has_colours: state.has_colours,
    };
    let area = frame.area();
    let [header, body, footer] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(panels::header(state, now, look, area.width), header);
    if state.story.is_some() {
        draw_story(state, look, frame, body);
    } else {
        draw_overview(state, now, look, frame, body);
    }
    frame.render_widget(keys(state, look, area.width), footer);
    if state.is_helping {
        draw_help(look, frame, area);
    }
}

fn draw_overview(state: &mut State, now: Time, look: Look, frame: &mut Frame<'_>, area: Rect) {
    let width = area.width;
    let is_roomy = area.height >= ROOMY;
    let top = panels::panels(state, now, look, width);
    let logs = panels::logs(state, now, look, width, is_roomy);
    let gap = u16::from(is_roomy);
    let [_, panels, _, table, _, logs_area] = Layout::vertical([
        Constraint::Length(gap),
        Constraint::Length(top.len() as u16),
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(gap),
        Constraint::Length(logs.len() as u16),
    ])
    .areas(area);
    frame.render_widget(Paragraph::new(top), panels);
    frame.render_widget(Paragraph::new(logs), logs_area);
    state.page = usize::from(table.height.saturating_sub(1)).max(1);
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
    story.n_lines = lines.len();
    story.scroll = story.scroll.min(lines.len().saturating_sub(height));
    let shown = lines.iter().skip(story.scroll).take(height);
    // Where the report is printed, headings are bold: they alone begin in the first column.
    let shown = shown.map(|line| match line.starts_with(' ') {
        true => Line::styled(line.clone(), look.plain()),
        false => Line::styled(line.clone(), look.bold()),
    });
    frame.render_widget(Paragraph::new(shown.collect::<Vec<_>>()), area);
}

/// Returns the line of keys, as far as there is room.
fn keys(state: &State, look: Look, width: u16) -> Line<'static> {
    let keys: &[(&str, &str)] = match &state.story {
        Some(_) => &[
            ("Esc", "back"),
            ("↑↓", "scroll"),
            ("?", "help"),
            ("q", "quit"),
        ],
        None => &[
            ("q", "quit"),
            ("?", "help"),
            ("↑↓", "move"),
            ("Enter", "open"),
            ("o", "only open"),
            ("s", "severity"),
            ("p", "pause"),
        ],
    };
    let mut spans = vec![Span::raw(" ")];
    let mut left = usize::from(width).saturating_sub(1);
    for (key, what) in keys {
        let needed = columns(key) + columns(what) + 3;
        let Some(rest) = left.checked_sub(needed) else {
            break;
        };
        left = rest;
        spans.push(Span::styled(*key, look.bold()));
        spans.push(Span::styled(format!(" {what}  "), look.dim()));
    }
    if let Some(story) = &state.story {
        let last = (story.scroll + state.page + 1).min(story.n_lines);
        let place = format!("line {last} of {} ", story.n_lines);
        if let Some(blanks) = left.checked_sub(columns(&place)) {
            spans.push(Span::raw(" ".repeat(blanks)));
            spans.push(Span::styled(place, look.dim()));
        }
    }
    Line::from(spans)
}

fn draw_help(look: Look, frame: &mut Frame<'_>, area: Rect) {
    const WIDTH: u16 = 76;
    let height = HELP.len() as u16 + 4;
    let [area] = Layout::horizontal([Constraint::Max(WIDTH)])
        .flex(ratatui::layout::Flex::Center)
        .areas(area);
    let [area] = Layout::vertical([Constraint::Max(height)])
        .flex(ratatui::layout::Flex::Center)
        .areas(area);
    frame.render_widget(Clear, area);
    let inner = usize::from(area.width.saturating_sub(2));
    let mut lines: Vec<Line<'_>> = HELP
        .iter()
        .map(|(keys, what)| {
            let keys = format!(" {:<14} ", keys);
            let what = clip(what, inner.saturating_sub(columns(&keys)));
            Line::from(vec![Span::styled(keys, look.bold()), Span::raw(what)])
        })
        .collect();
    lines.push(Line::raw(""));
    let last = " Nothing here changes anything: verdicts are `plimsoll feedback`.";
    lines.push(Line::styled(clip(last, inner), look.dim()));
    let block = Block::bordered().title(" Keys ");
    frame.render_widget(Paragraph::new(lines).block(block), area);
}
