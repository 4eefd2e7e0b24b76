//! The incidents, a line each.

use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::alert::Status;
use crate::incident::{Incident, IncidentEntity};
use crate::report::layout::name_of;
use crate::report::{count, noun};
use crate::time::Time;
use crate::top::look::Look;
use crate::top::open::is_open;
use crate::top::row::Row;
use crate::top::state::State;
use crate::top::words::{age, clip, fit, fit_right, harmless};

/// Columns of what each incident has, with a blank behind each.
const SEVERITY: usize = 13;
const AGE: usize = 5;
const STATE: usize = 5;
const VERDICT: usize = 8;
/// The least and the most columns of who it was; it gets a quarter of the line.
const WHO: (usize, usize) = (14, 40);
/// The width from which on a line has the state and the verdict.
const WIDE: usize = 76;
/// The longest word of a severity that is usual.
const SEVERITY_NARROW: usize = 8;

/// How wide each column is.
struct Columns {
    severity: usize,
    who: usize,
    is_wide: bool,
}

impl Columns {
    fn of(width: usize) -> Self {
        let is_wide = width >= WIDE;
        Self {
            severity: if width >= 2 * WIDE {
                SEVERITY
            } else {
                SEVERITY_NARROW
            },
            who: (width / 4).clamp(WHO.0, WHO.1),
            is_wide,
        }
    }

    /// Puts cells into a line: what stands before the name, the name, and the rest.
    fn line(&self, [severity, age, state, verdict, who, what]: [&str; 6]) -> (String, String) {
        let mut rest = format!(" {}  ", fit_right(age, AGE - 1));
        if self.is_wide {
            rest += &format!("{} {} ", fit(state, STATE), fit(verdict, VERDICT - 1));
        }
        rest += &format!("{}  {what}", fit(who, self.who));
        (fit(severity, self.severity), rest)
    }
}

/// The heights from which on there is a line that says which incidents are listed, and one of headings.
const WITH_CAPTION: u16 = 2;
const WITH_HEADINGS: u16 = 4;

/// Returns how many lines show all incidents.
pub(super) fn lines_needed(state: &State) -> u16 {
    let n = state.incidents().len().max(1) + 2;
    u16::try_from(n).unwrap_or(u16::MAX)
}

/// Returns how many incidents have room in so many lines.
pub(super) fn rows(height: u16) -> u16 {
    let above = u16::from(height >= WITH_CAPTION) + u16::from(height >= WITH_HEADINGS);
    height.saturating_sub(above).max(1)
}

/// Returns the lines of the table, of which there are `height`.
pub(super) fn table(
    state: &State,
    now: Time,
    look: Look,
    (width, height): (u16, u16),
) -> Vec<Line<'static>> {
    let rows = usize::from(rows(height));
    let incidents = state.incidents();
    let cursor = state.cursor();
    // The selected one is in the picture, and the first ones as long as that allows.
    let first = (cursor + 1).saturating_sub(rows);
    let last = incidents.len().min(first + rows);
    let mut lines = Vec::new();
    if height >= WITH_CAPTION {
        lines.push(caption(state, look, width, (first, last)));
    }
    let width = usize::from(width);
    let columns = Columns::of(width);
    if height >= WITH_HEADINGS {
        let headings = ["SEVERITY", "AGE", "STATE", "VERDICT", "WHO", "WHAT"];
        let (severity, rest) = columns.line(headings);
        let headings = clip(&format!(" {severity}{rest}"), width);
        let style = look.bold().add_modifier(Modifier::UNDERLINED);
        lines.push(Line::styled(headings, style));
    }
    if incidents.is_empty() {
        let nothing = clip(nothing(state), width);
        lines.push(Line::styled(nothing, look.dim()));
    }
    for (at, incident) in incidents.iter().enumerate().take(last).skip(first) {
        lines.push(row(incident, now, look, &columns, (width, at == cursor)));
    }
    lines
}

/// Returns which incidents are listed, of how many, and which of these are on the screen.
fn caption(state: &State, look: Look, width: u16, (first, last): (usize, usize)) -> Line<'static> {
    let Some(picture) = &state.picture else {
        return Line::default();
    };
    let mut row = Row::new("listed", look, width);
    let listed = &picture.snapshot.listed;
    let wanted = picture.snapshot.wanted;
    let n = listed.incidents.len() as u64;
    let shown = format!("{}–{}", count(first as u64 + 1), count(last as u64));
    let shown = match (n, listed.left) {
        (0, _) => "none".to_owned(),
        (_, 0) => format!("{shown} of {}", noun(n, "incident", "incidents")),
        (_, _) => format!("{shown} of the newest {}", count(n)),
    };
    row.push_whole(&shown, look.plain());
    if !wanted.is_all() {
        row.push_whole(&format!("   {wanted}"), look.warning());
    }
    if state.wanted() != wanted {
        // The list is of what was wanted before.
        let until = match state.paused {
            Some(_) => "after the pause",
            None => "asking for",
        };
        row.push_whole(&format!("   {until}: {}", state.wanted()), look.dim());
    }
    if listed.left > 0 {
        let left = format!("   {} older not listed", count(listed.left));
        row.push_whole(&left, look.warning());
    }
    row.line()
}

/// Says why there is no incident.
fn nothing(state: &State) -> &'static str {
    match &state.picture {
        None => " asking …",
        Some(picture) if picture.snapshot.wanted.is_all() => " no incidents",
        Some(_) => " no such incidents; `o` and `s` show others",
    }
}

/// Returns the name of the first entity, with how many others there are, and what happened. A title that begins with the name does not
/// say it once more.
fn who_and_what(incident: &Incident, width: usize) -> (String, String) {
    let is_actor = |entity: &&IncidentEntity| entity.alerts > 0;
    let actors: Vec<_> = incident.entities.iter().filter(is_actor).collect();
    let Some(first) = actors.first() else {
        return (String::new(), harmless(&incident.title));
    };
    let name = harmless(first.display_name.as_ref().unwrap_or(&first.id));
    let others = match actors.len() - 1 {
        0 => String::new(),
        n => format!(" +{n}"),
    };
    let who = name_of(&name, width.saturating_sub(others.len())) + &others;
    let title = harmless(&incident.title);
    let in_title = name_of(&name, usize::MAX);
    let what = title.strip_prefix(&in_title).and_then(|rest| {
        let rest = rest.strip_prefix(": ").or(rest.strip_prefix(' '))?;
        Some(rest.to_owned())
    });
    (who, what.unwrap_or(title))
}

fn row(
    incident: &Incident,
    now: Time,
    look: Look,
    columns: &Columns,
    (width, is_selected): (usize, bool),
) -> Line<'static> {
    let state = match incident.status {
        Status::New => "new",
        Status::Update => "grew",
        Status::Closed => "over",
    };
    let verdict = match &incident.verdict {
        None => "–",
        Some(said) if said.open > 0 => "partly",
        Some(said) if said.verdict => "true",
        Some(_) => "false",
    };
    let severity = incident.severity.to_string().to_uppercase();
    let (who, what) = who_and_what(incident, columns.who);
    let age = age(now.secs_since(incident.end));
    let (first, rest) = columns.line([&severity, &age, state, verdict, &who, &what]);
    let is_open = is_open(incident);
    let mark = if is_selected { "›" } else { " " };
    let rest = fit(&rest, width.saturating_sub(1 + columns.severity));
    let mut style = if is_open { look.plain() } else { look.dim() };
    if is_selected {
        style = style.add_modifier(Modifier::REVERSED);
    }
    let of_severity = match is_open {
        true => look.severity(incident.severity),
        false => look.dim(),
    };
    Line::from(vec![
        Span::styled(mark, look.bold()),
        Span::styled(clip(&first, width.saturating_sub(1)), of_severity),
        Span::styled(rest, style),
    ])
}
