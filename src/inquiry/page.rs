//! Lists in pages.

use std::cmp::Ordering;

use crate::alert::Alert;
use crate::incident::Incident;
use crate::inquiry::cursor::Cursor;
use crate::inquiry::selection::Selection;
use crate::time::Time;

/// The most documents of alerts on a page, unless a single thing has more.
pub const PAGE_DOCUMENTS_MAX: usize = 20_000;

/// A part of a list, the newest first.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next one begins; `None` if this is the last, or nothing was asked for.
    pub next: Option<Cursor>,
    /// How many that are asked for come after it.
    pub n_left: usize,
    /// Lines that are no alerts, such as one that a crash cut short.
    pub n_others: u64,
}

impl<T> Page<T> {
    /// Returns the same page of what each of its things is turned into.
    pub fn map<U>(self, of: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(of).collect(),
            next: self.next,
            n_left: self.n_left,
            n_others: self.n_others,
        }
    }
}

/// An incident with its alerts in the order of their beginnings.
pub type ToldIncident = (Incident, Vec<Alert>);

/// An alert with what an analyst said of it.
#[derive(Debug, Clone)]
pub struct ListedAlert {
    /// The alert.
    pub alert: Alert,
    /// Whether it was right, if somebody said so.
    pub verdict: Option<bool>,
}

/// One of a list, with its place in it.
pub(super) struct Placed<'a, T> {
    pub(super) end: Time,
    pub(super) start: Time,
    pub(super) id: &'a str,
    pub(super) thing: T,
}

/// Cuts a page out of what is asked for. `ids` orders what tells of the same instants, and `weight` is how many documents a thing has.
pub(super) fn cut<T>(
    mut all: Vec<Placed<T>>,
    selection: &Selection,
    ids: impl Fn(&str, &str) -> Ordering,
    weight: impl Fn(&T) -> usize,
) -> Page<T> {
    let order = |a: (Time, Time, &str), b: (Time, Time, &str)| {
        (b.0, b.1).cmp(&(a.0, a.1)).then_with(|| ids(a.2, b.2))
    };
    all.sort_by(|a, b| order((a.end, a.start, a.id), (b.end, b.start, b.id)));
    if let Some(Cursor { end, start, id }) = &selection.cursor {
        let is_before = |placed: &Placed<T>| {
            order((placed.end, placed.start, placed.id), (*end, *start, id)).is_le()
        };
        all.drain(..all.partition_point(is_before));
    }
    let limit = selection.limit.unwrap_or(usize::MAX);
    let mut sum = 0;
    let fits = all.iter().take(limit).take_while(|placed| {
        let is_first = sum == 0;
        sum += weight(&placed.thing);
        is_first || sum <= PAGE_DOCUMENTS_MAX
    });
    let n = fits.count();
    let n_left = all.len() - n;
    all.truncate(n);
    let last = all.last().filter(|_| n_left > 0);
    Page {
        next: last.map(|last| Cursor {
            end: last.end,
            start: last.start,
            id: last.id.to_owned(),
        }),
        items: all.into_iter().map(|placed| placed.thing).collect(),
        n_left,
        n_others: 0,
    }
}
