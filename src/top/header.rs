//! The first line: how things stand, of what, and the time.

use ratatui::style::Style;
use ratatui::text::Line;

use crate::time::Time;
use crate::top::fault::FaultKind;
use crate::top::look::Look;
use crate::top::row::Row;
use crate::top::snapshot::{Judging, Origin, Training};
use crate::top::state::{State, Unanswered};
use crate::top::words::{age, columns, harmless};

/// Returns the first line: how things stand, of what, and the time.
pub(super) fn header(state: &State, now: Time, look: Look, width: u16) -> Line<'static> {
    let mut row = Row::empty(width);
    let present = format!("{} UTC ", clock(now));
    let (word, why, style) = standing(state, now, look);
    row.push(&format!(" {word} "), style);
    if let Some(since) = state.paused {
        row.push_whole(" ", look.plain());
        if !row.push_whole(&format!(" PAUSED {} ", clock(since)), look.warning()) {
            row.push_whole(" PAUSED ", look.warning());
        }
    }
    let mut facts = vec![why];
    match state.picture.as_ref().map(|picture| &picture.snapshot) {
        Some(snapshot) => {
            let (place, version) = match &snapshot.origin {
                Origin::Service { address, version } => (address.clone(), version.as_ref()),
                Origin::Store { folder, instead_of } => {
                    let absent = instead_of.as_ref();
                    let absent = absent.filter(|service| service.fault.kind == FaultKind::Absent);
                    facts
                        .extend(absent.map(|service| format!("no service at {}", service.address)));
                    (format!("store {folder}"), None)
                }
            };
            facts.push(place);
            facts.extend(snapshot.generation.map(|n| format!("generation {n}")));
            facts.extend(version.map(|version| format!("plimsoll {version}")));
        }
        None => facts.push(state.source.clone()),
    }
    let present_columns = columns(&present) + 2;
    for fact in facts.iter().filter(|fact| !fact.is_empty()) {
        let text = format!("  {}", harmless(fact));
        if columns(&text) + present_columns <= row.left {
            row.push(&text, look.plain());
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

/// Returns how things stand, in one word, since when if that is known, and how that looks. Why is in the lines below.
fn standing(state: &State, now: Time, look: Look) -> (&'static str, String, Style) {
    if let Some(Unanswered { since, fault }) = &state.unanswered {
        let ago = age(now.secs_since(*since));
        let since = format!("since {}, {ago}", clock(*since));
        return (fault.kind.word(), since, look.bad());
    }
    let nothing = String::new();
    let Some(picture) = &state.picture else {
        return ("ASKING", nothing, look.plain());
    };
    let snapshot = &picture.snapshot;
    match &snapshot.judging {
        Judging::Failed(_) => ("NOT JUDGING", nothing, look.bad()),
        Judging::Waits(_) if snapshot.training == Training::Running => {
            ("LEARNING", nothing, look.warning())
        }
        Judging::Waits(_) => ("WAITING", nothing, look.warning()),
        Judging::Goes if picture.rates.is_behind => ("BEHIND", nothing, look.warning()),
        Judging::Goes => ("JUDGING", nothing, look.good()),
        Judging::Noted(None) => ("STORE", "nothing follows".to_owned(), look.bold()),
        Judging::Noted(Some(at)) => {
            let since = age(now.secs_since(*at));
            ("STORE", format!("judged {since} ago"), look.bold())
        }
    }
}
