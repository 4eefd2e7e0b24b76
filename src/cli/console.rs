//! The two streams that a command speaks on, and the progress that it shows.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::{Common, When};
use crate::engine::Progress;
use crate::error::{Error, Result};
use crate::report::{Paint, Plain, count};

/// How often progress is told where there is no terminal to draw on.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// The phase that is counted in bytes; the others are counted in days.
const READING: &str = "reading";

/// Standard output and standard error, with the progress drawn on the latter.
pub struct Console {
    out: Paint,
    err: Paint,
    is_quiet: bool,
    is_drawing: bool,
    stopped: Arc<AtomicBool>,
    closed: AtomicBool,
    phase: Mutex<Option<Phase>>,
}

enum Phase {
    Bar(ProgressBar),
    Lines {
        name: String,
        total: Option<u64>,
        last: Instant,
    },
}

impl Console {
    /// Makes a console that tells the engine to stop once `stopped` is set.
    pub fn new(common: &Common, stopped: Arc<AtomicBool>) -> Self {
        let paint = |is_terminal: bool| match common.color {
            When::Always => Paint::Ansi,
            When::Auto if is_terminal && wants_colour() => Paint::Ansi,
            When::Auto | When::Never => Paint::Never,
        };
        let is_drawing = io::stderr().is_terminal();
        Self {
            out: paint(io::stdout().is_terminal()),
            err: paint(is_drawing),
            is_quiet: common.quiet,
            is_drawing,
            stopped,
            closed: AtomicBool::new(false),
            phase: Mutex::new(None),
        }
    }

    /// Returns how standard output is painted.
    pub fn out(&self) -> Paint {
        self.out
    }

    /// Returns how standard error is painted.
    pub fn err(&self) -> Paint {
        self.err
    }

    /// Writes a result to standard output, at once.
    ///
    /// # Errors
    ///
    /// Fails if nobody reads any more, which [`Self::is_closed`] then tells, or the disk is full.
    pub fn print(&self, text: &str) -> Result<()> {
        let written = self.beside_progress(|| {
            let mut out = io::stdout().lock();
            out.write_all(text.as_bytes()).and_then(|()| out.flush())
        });
        written.map_err(|e| {
            if e.kind() == io::ErrorKind::BrokenPipe {
                self.closed.store(true, Ordering::Relaxed);
            }
            Error::failed("cannot write to standard output").cause(e)
        })
    }

    /// Returns whether whoever read standard output has gone.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Says something to the person, unless that wants quiet.
    pub fn say(&self, text: &str) {
        if !self.is_quiet {
            self.tell(text);
        }
    }

    /// Says something that even those who want quiet should know.
    pub fn warn(&self, text: &str) {
        self.tell(format!("warning: {}\n", Plain(text)));
    }

    /// Says why the command failed. Each line of the error is escaped, so that a name cannot steer the terminal.
    pub fn complain(&self, error: &Error) {
        self.finish();
        let text: String = error
            .to_string()
            .lines()
            .map(|line| format!("{}\n", Plain(line)))
            .collect();
        self.tell(&text);
    }

    /// Takes the progress off the screen.
    pub fn finish(&self) {
        if let Some(Phase::Bar(bar)) = self
            .phase
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            bar.finish_and_clear();
        }
    }

    fn tell(&self, text: impl Display) {
        // If standard error is closed, nobody is there to be told.
        let _ = self.beside_progress(|| write!(io::stderr().lock(), "{text}"));
    }

    fn beside_progress<T>(&self, write: impl FnOnce() -> T) -> T {
        match &*self.phase.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(Phase::Bar(bar)) => bar.suspend(write),
            _ => write(),
        }
    }
}

fn wants_colour() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

impl Progress for Console {
    fn begin(&self, phase: &str, total: Option<u64>) {
        if self.is_quiet {
            return;
        }
        let begun = if self.is_drawing {
            Phase::Bar(bar(phase, total))
        } else {
            Phase::Lines {
                name: phase.to_owned(),
                total,
                last: Instant::now(),
            }
        };
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun);
    }

    fn advance(&self, done: u64) {
        match &mut *self.phase.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(Phase::Bar(bar)) => bar.set_position(done),
            Some(Phase::Lines { name, total, last }) if last.elapsed() >= LINE_EVERY => {
                *last = Instant::now();
                let unit = if name == READING { " bytes" } else { "" };
                let of = total
                    .map(|total| format!(" of {}", count(total)))
                    .unwrap_or_default();
                let _ = writeln!(io::stderr().lock(), "{name}: {}{of}{unit}", count(done));
            }
            _ => {}
        }
    }

    fn end(&self) {
        self.finish();
    }

    fn warn(&self, text: &str) {
        Self::warn(self, text);
    }

    fn is_cancelled(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

fn bar(phase: &str, total: Option<u64>) -> ProgressBar {
    let template = match (phase == READING, total) {
        (true, Some(_)) => {
            "{msg:<20} {bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left"
        }
        (true, None) => "{msg:<20} {spinner} {bytes}, {bytes_per_sec}",
        (false, Some(_)) => "{msg:<20} {bar:30} {pos} of {len}, {eta} left",
        (false, None) => "{msg:<20} {spinner} {pos}",
    };
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(phase.to_owned());
    bar
}
