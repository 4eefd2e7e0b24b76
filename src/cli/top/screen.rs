//! The terminal while it is drawn on.

use std::io;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};

use crate::error::{Error, Result};
use crate::time::Time;
use crate::top::{self, Key, State};

/// Keys that wait until they are taken.
const EVENTS_MAX: usize = 64;

/// The alternate screen of the terminal. However it ends, the terminal is as it was.
pub(super) struct Screen {
    terminal: DefaultTerminal,
    /// What comes from the terminal. A thread reads it: where the terminal is gone, reading never returns.
    events: Receiver<io::Result<Event>>,
    /// Dropped after the terminal, which shows the cursor again.
    _restored: Restored,
}

struct Restored;

impl Drop for Restored {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = ratatui::try_restore();
    }
}

impl Screen {
    /// Enters the alternate screen. A panic of any thread leaves it before it is printed.
    ///
    /// # Errors
    ///
    /// Fails if the terminal does.
    pub(super) fn open() -> Result<Self> {
        let restored = Restored;
        let terminal = ratatui::try_init().map_err(failed)?;
        let (give, events) = bounded(EVENTS_MAX);
        let read = move || {
            loop {
                let read = event::read();
                let is_over = read.is_err();
                if give.send(read).is_err() || is_over {
                    break;
                }
            }
        };
        let thread = std::thread::Builder::new().name("keys".to_owned());
        thread.spawn(read).map_err(failed)?;
        Ok(Self {
            terminal,
            events,
            _restored: restored,
        })
    }

    /// Draws. A terminal that knows synchronized updates (private mode 2026) shows a picture as a whole, and others ignore the mode.
    ///
    /// # Errors
    ///
    /// Fails if the terminal does.
    pub(super) fn draw(&mut self, state: &mut State, now: Time) -> Result<()> {
        execute!(io::stdout(), BeginSynchronizedUpdate).map_err(failed)?;
        let drawn = self.terminal.draw(|frame| top::draw(state, now, frame));
        let drawn = drawn.map(|_| ()).map_err(failed);
        execute!(io::stdout(), EndSynchronizedUpdate).map_err(failed)?;
        drawn
    }

    /// Waits for a key, at most so long; returns it, and whether the screen must be drawn anew.
    ///
    /// # Errors
    ///
    /// Fails if the terminal does.
    pub(super) fn key(&self, at_most: Duration) -> Result<(Option<Key>, bool)> {
        let event = match self.events.recv_timeout(at_most) {
            Ok(event) => event.map_err(failed)?,
            Err(RecvTimeoutError::Timeout) => return Ok((None, false)),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Error::failed("the terminal is gone"));
            }
        };
        match event {
            Event::Key(pressed) if pressed.kind != KeyEventKind::Release => {
                Ok((key(pressed), false))
            }
            Event::Resize(..) => Ok((None, true)),
            _ => Ok((None, false)),
        }
    }
}

fn failed(error: io::Error) -> Error {
    Error::failed("the terminal cannot be used").cause(error)
}

/// Returns what a key means, if it means something.
fn key(pressed: KeyEvent) -> Option<Key> {
    let has_control = pressed.modifiers.contains(KeyModifiers::CONTROL);
    match pressed.code {
        KeyCode::Char('c') if has_control => Some(Key::Interrupt),
        KeyCode::Char(c) if !has_control => Some(Key::Char(c)),
        KeyCode::Enter => Some(Key::Enter),
        KeyCode::Esc => Some(Key::Escape),
        KeyCode::Up => Some(Key::Up),
        KeyCode::Down => Some(Key::Down),
        KeyCode::PageUp => Some(Key::PageUp),
        KeyCode::PageDown => Some(Key::PageDown),
        KeyCode::Home => Some(Key::Home),
        KeyCode::End => Some(Key::End),
        _ => None,
    }
}
