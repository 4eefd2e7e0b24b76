//! What is looked at, and what was pressed so far.

use crate::incident::Incident;
use crate::time::Time;
use crate::top::fault::Fault;
use crate::top::history::{History, Moment, Rates};
use crate::top::keys::{Key, Wish};
use crate::top::open::is_open;
use crate::top::snapshot::Snapshot;
use crate::top::wanted::Wanted;

/// A snapshot with what changed up to it.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    pub(super) snapshot: Snapshot,
    pub(super) rates: Rates,
}

/// Since when there is no answer, and why.
#[derive(Debug, Clone)]
pub(super) struct Unanswered {
    pub(super) since: Time,
    pub(super) fault: Fault,
}

/// Lines of which the screen may have no room for all.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scrolled {
    /// Lines above the screen.
    pub(super) above: usize,
    /// How many there are, as they were drawn last.
    pub(super) n_lines: usize,
}

impl Scrolled {
    fn by(&mut self, lines: isize) {
        // What is too far is put right when it is drawn.
        self.above = self.above.saturating_add_signed(lines);
    }

    /// Takes how many lines there are, and how many have room; returns those that are on the screen.
    pub(super) fn shown<'l, T>(&mut self, lines: &'l [T], room: usize) -> &'l [T] {
        self.n_lines = lines.len();
        self.above = self.above.min(lines.len().saturating_sub(room));
        &lines[self.above..lines.len().min(self.above + room)]
    }
}

/// An incident that was opened.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) id: String,
    /// Its text, or why there is none; nothing while it is asked for.
    pub(super) text: Option<Result<String, String>>,
    pub(super) scrolled: Scrolled,
}

/// What is looked at, and what was pressed so far.
#[derive(Debug)]
pub struct State {
    /// What is asked, as the user knows it.
    pub(super) source: String,
    pub(super) has_colours: bool,
    pub(super) picture: Option<Picture>,
    /// The newest one, while the picture is paused.
    newest: Option<Picture>,
    pub(super) paused: Option<Time>,
    pub(super) unanswered: Option<Unanswered>,
    /// When something was answered last.
    answered: Option<Time>,
    pub(super) wanted: Wanted,
    /// The id of the incident that is selected; the first one if it is not there.
    selected: Option<String>,
    pub(super) story: Option<Story>,
    /// The help, if it is open.
    pub(super) help: Option<Scrolled>,
    history: History,
    /// Lines of the list, or of what is opened, that the screen has. It is known once something was drawn.
    pub(super) page: usize,
}

impl State {
    /// Begins, with nothing known yet. `source` is what is asked, as the user knows it.
    pub fn new(source: String, has_colours: bool) -> Self {
        Self {
            source,
            has_colours,
            picture: None,
            newest: None,
            paused: None,
            unanswered: None,
            answered: None,
            wanted: Wanted::default(),
            selected: None,
            story: None,
            help: None,
            history: History::default(),
            page: 1,
        }
    }

    /// Takes a snapshot. A picture that is paused stays.
    pub fn take(&mut self, mut snapshot: Snapshot, at: Moment) {
        self.unanswered = None;
        if let Some(counts) = &snapshot.counts {
            self.history.add(at.elapsed, counts);
        }
        put_in_order(&mut snapshot.listed.incidents);
        let picture = Picture {
            snapshot,
            rates: self.history.rates(at.elapsed),
        };
        self.answered = Some(at.now);
        match self.paused {
            Some(_) => self.newest = Some(picture),
            None => self.picture = Some(picture),
        }
    }

    /// Takes that nothing was answered, and why. What was known stays.
    pub fn fail(&mut self, fault: Fault, now: Time) {
        let first = self.unanswered.as_ref().map(|unanswered| unanswered.since);
        let since = self.answered.or(first).unwrap_or(now);
        self.unanswered = Some(Unanswered { since, fault });
    }

    /// Takes the text of an incident, or why there is none. If another one was opened in the meantime, it is left.
    pub fn take_story(&mut self, id: &str, text: Result<String, String>) {
        if let Some(story) = self.story.as_mut().filter(|story| story.id == id) {
            story.text = Some(text);
        }
    }

    /// Takes a key; returns what is to be done, if anything is.
    pub fn press(&mut self, key: Key, now: Time) -> Option<Wish> {
        if matches!(key, Key::Interrupt | Key::Char('q')) {
            return Some(Wish::Quit);
        }
        match key {
            Key::Char('?') if self.help.is_some() => self.help = None,
            Key::Escape | Key::Enter if self.help.is_some() => self.help = None,
            // What lies beneath the help is not steered.
            Key::Char('p' | 'o' | 's') if self.help.is_some() => {}
            Key::Char('?') => self.help = Some(Scrolled::default()),
            Key::Char('p') => self.pause(now),
            Key::Escape if self.story.is_some() => self.story = None,
            Key::Escape => return Some(Wish::Quit),
            Key::Up | Key::Char('k') => self.go(-1),
            Key::Down | Key::Char('j') => self.go(1),
            Key::PageUp => self.go(-(self.page as isize)),
            Key::PageDown | Key::Char(' ') => self.go(self.page as isize),
            Key::Home | Key::Char('g') => self.go(isize::MIN),
            Key::End | Key::Char('G') => self.go(isize::MAX),
            Key::Enter if self.story.is_none() => return self.open(),
            Key::Char('o') if self.story.is_none() => {
                self.wanted.is_open = !self.wanted.is_open;
                return Some(Wish::Ask);
            }
            Key::Char('s') if self.story.is_none() => {
                self.wanted.turn_severity();
                return Some(Wish::Ask);
            }
            _ => {}
        }
        None
    }

    /// Returns which incidents are wanted.
    pub fn wanted(&self) -> Wanted {
        self.wanted
    }

    fn pause(&mut self, now: Time) {
        match self.paused.take() {
            None => self.paused = Some(now),
            Some(_) => {
                if let Some(newest) = self.newest.take() {
                    self.picture = Some(newest);
                }
            }
        }
    }

    fn open(&mut self) -> Option<Wish> {
        let id = self.incidents().get(self.cursor())?.incident_id.clone();
        self.selected = Some(id.clone());
        self.story = Some(Story {
            id: id.clone(),
            text: None,
            scrolled: Scrolled::default(),
        });
        Some(Wish::Open(id))
    }

    fn go(&mut self, by: isize) {
        if let Some(scrolled) = self.scrolled() {
            scrolled.by(by);
            return;
        }
        let incidents = self.incidents();
        let last = incidents.len().saturating_sub(1);
        let at = self.cursor().saturating_add_signed(by).min(last);
        self.selected = incidents.get(at).map(|i| i.incident_id.clone());
    }

    /// Returns what is scrolled: nothing while the incidents are listed.
    fn scrolled(&mut self) -> Option<&mut Scrolled> {
        let story = self.story.as_mut().map(|story| &mut story.scrolled);
        self.help.as_mut().or(story)
    }

    /// Returns the incidents that are listed.
    pub(super) fn incidents(&self) -> &[Incident] {
        let picture = self.picture.as_ref();
        picture.map_or(&[], |picture| &picture.snapshot.listed.incidents)
    }

    /// Returns the place of the selected incident.
    pub(super) fn cursor(&self) -> usize {
        let is_it = |incident: &Incident| Some(&incident.incident_id) == self.selected.as_ref();
        self.incidents().iter().position(is_it).unwrap_or_default()
    }
}

/// Puts open ones first, of these the severest, and of these those that went on last.
fn put_in_order(incidents: &mut [Incident]) {
    incidents.sort_by(|a, b| {
        (is_open(b).cmp(&is_open(a)))
            .then(b.severity.cmp(&a.severity))
            .then(b.end.cmp(&a.end))
            .then(a.incident_id.cmp(&b.incident_id))
    });
}
