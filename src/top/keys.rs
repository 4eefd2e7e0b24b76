//! What is pressed, and what is wished for with it.

/// A key that means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A character.
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Escape,
    /// One up.
    Up,
    /// One down.
    Down,
    /// A screen up.
    PageUp,
    /// A screen down.
    PageDown,
    /// To the beginning.
    Home,
    /// To the end.
    End,
    /// What ends every program.
    Interrupt,
}

/// What whoever shows the screen is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// End.
    Quit,
    /// Ask again, for what is wanted now.
    Ask,
    /// Ask for the text of the incident with this id.
    Open(String),
}

/// The keys and what they do, for the help.
pub(super) const HELP: &[(&str, &str)] = &[
    ("↑ ↓  k j", "move; in an incident, scroll"),
    ("PgUp PgDn", "move by a screen"),
    ("Home g, End G", "to the first, to the last"),
    (
        "Enter",
        "open the incident: the text of `plimsoll incidents ID`",
    ),
    (
        "o",
        "only open ones: those on which nobody gave a verdict; again: all",
    ),
    (
        "s",
        "severity: all, medium and above, high and above, critical",
    ),
    ("p", "pause: the picture stays as it is; again: goes on"),
    ("?", "this help"),
    ("Esc", "back; in the list, quit"),
    ("q, Ctrl-C", "quit"),
];
