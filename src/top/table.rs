//! The incidents, a line each.

use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::alert::Status;
use crate::incident::{Incident, IncidentEntity};
use crate::report::layout::name_of;
use crate::time::Time;
use crate::top::look::Look;
use crate::top::state::{State, is_open};
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

/// Returns the lines of the table, of which there are `height`.
pub(super) fn table(
    state: &State,
    now: Time,
    look: Look,
    (width, height): (u16, u16),
) -> Vec<Line<'static>> {
    let width = usize::from(width);
    let columns = Columns::of(width);
    let heads = ["SEVERITY", "AGE", "STATE", "VERDICT", "WHO", "WHAT"];
    let (first, rest) = columns.line(heads);
    let head = clip(&format!(" {first}{rest}"), width);
    let mut lines = vec![Line::styled(
        head,
        look.bold().add_modifier(Modifier::UNDERLINED),
    )];
    let incidents = state.incidents();
    if incidents.is_empty() {
        lines.push(Line::styled(nothing(state), look.dim()));
        return lines;
    }
    let n_left = state.picture.as_ref().map_or(0, |p| p.snapshot.n_left);
    let rows = usize::from(height).saturating_sub(1).max(1);
    let cursor = state.cursor();
    // The selected one is in the picture, and the first ones as long as that allows.
    let first = (cursor + 1).saturating_sub(rows);
    for (at, incident) in incidents.iter().enumerate().skip(first).take(rows) {
        lines.push(row(incident, now, look, &columns, (width, at == cursor)));
    }
    if n_left > 0 && incidents.len() < rows {
        let older = crate::report::noun(n_left, "older one", "older ones");
        lines.push(Line::styled(format!(" and {older}"), look.dim()));
    }
    lines
}

/// Says why there is no incident.
fn nothing(state: &State) -> String {
    let wanted = state.wanted();
    match (&state.picture, wanted.is_open || wanted.severity.is_some()) {
        (None, _) => " asking …".to_owned(),
        (Some(_), false) => " no incidents".to_owned(),
        (Some(_), true) => " no such incidents; `o` and `s` show others".to_owned(),
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
        Some(said) if said.open > 0 => format!("{} part", said.verdict),
        Some(said) => said.verdict.to_string(),
        None => "–".to_owned(),
    };
    let verdict = match &*verdict {
        "true part" => "partly",
        "false part" => "partly",
        other => other,
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
