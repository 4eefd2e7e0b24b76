//! What is wrong and what to do, below the first line, in as many lines as it needs.

use ratatui::text::{Line, Span};

use crate::top::fault::FaultKind;
use crate::top::look::Look;
use crate::top::snapshot::{Judging, Origin, Snapshot, Training};
use crate::top::state::State;
use crate::top::words::{clip, columns, folded, harmless};

/// What stands before what to do, as where errors are printed.
const HINT: &str = "hint: ";

/// What is wrong, and what to do; nothing if nobody knows.
struct Notice {
    what: String,
    hint: String,
}

/// Returns the lines of what is wrong, at most so many. What to do is among them, however long the rest is.
pub(super) fn notices(state: &State, look: Look, width: u16, most: u16) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let width = usize::from(width).saturating_sub(2);
    for Notice { what, hint } in of(state) {
        let room = usize::from(most).saturating_sub(lines.len());
        let hint = match hint.is_empty() {
            true => Vec::new(),
            false => folded(&harmless(&hint), width.saturating_sub(columns(HINT))),
        };
        let for_hint = hint.len().min(room.saturating_sub(1));
        let what = at_most(folded(&harmless(&what), width), room - for_hint, width);
        let what = what.into_iter();
        lines.extend(what.map(|line| Line::styled(format!(" {line}"), look.bold())));
        let hint = at_most(hint, for_hint, width.saturating_sub(columns(HINT)));
        for (n, line) in hint.into_iter().enumerate() {
            let before = if n == 0 { HINT } else { "      " };
            let before = Span::styled(format!(" {before}"), look.dim());
            lines.push(Line::from(vec![before, Span::raw(line)]));
        }
    }
    lines
}

/// Keeps so many lines. Where some are left out, the last one says so.
fn at_most(mut lines: Vec<String>, most: usize, width: usize) -> Vec<String> {
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last = clip(&format!("{last} …"), width);
        }
    }
    lines
}

fn of(state: &State) -> Vec<Notice> {
    let mut notices = Vec::new();
    let mut add = |what: String, hint: &str| {
        notices.push(Notice {
            what,
            hint: hint.to_owned(),
        });
    };
    if let Some(unanswered) = &state.unanswered {
        add(unanswered.fault.what.clone(), &unanswered.fault.hint);
        return notices;
    }
    let Some(picture) = &state.picture else {
        return notices;
    };
    let Snapshot {
        origin,
        judging,
        training,
        ..
    } = &picture.snapshot;
    if let Origin::Store {
        instead_of: Some(service),
        ..
    } = origin
        && service.fault.kind != FaultKind::Absent
    {
        let what = format!("the store is shown, because {}", service.fault.what);
        add(what, &service.fault.hint);
    }
    match judging {
        Judging::Failed(why) => add(format!("logs are judged no more: {why}"), ""),
        Judging::Waits(why) if *training != Training::Running && !why.is_empty() => {
            let hint = "it begins with the first training: hand over logs, and POST /v1/generations, or `serve --nightly`";
            add(format!("logs are not judged yet: {why}"), hint);
        }
        _ => {}
    }
    if let Training::Failed(why) = training {
        add(format!("the last training failed: {why}"), "");
    }
    notices
}
