//! Standard output, standard error, and the progress that a command shows.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use terminal_size::{Height, Width, terminal_size_of};

use crate::cli::shown_commands::ShownCommands;
use crate::cli::{Common, When};
use crate::engine::Progress;
use crate::error::{Error, Result};
use crate::report::{Paint, Plain, count, layout};

/// How often progress is reported where there is no terminal to draw on.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// The fewest columns that output is laid out for.
const WIDTH_MIN: usize = 40;
/// The phase that is counted in bytes; the others are counted in days.
const READING: &str = "reading";

/// Standard output and standard error, with the progress drawn on the latter.
pub struct Console {
    out: Paint,
    err: Paint,
    out_width: usize,
    err_width: usize,
    is_quiet: bool,
    is_verbose: bool,
    is_drawing: bool,
    commands: ShownCommands,
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
    /// Makes a console that asks the engine to stop once `stopped` is set.
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
            out_width: width(terminal_size_of(io::stdout())),
            err_width: width(terminal_size_of(io::stderr())),
            is_quiet: common.quiet,
            is_verbose: common.verbose,
            is_drawing,
            commands: ShownCommands::of(common),
            stopped,
            closed: AtomicBool::new(false),
            phase: Mutex::new(None),
        }
    }

    /// Makes one that stops together with this one, for a thread that goes on by itself.
    pub fn another(&self, common: &Common) -> Self {
        Self::new(common, self.stopped.clone())
    }

    /// Returns whether the user asked to stop.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Returns how standard output is painted.
    pub fn out(&self) -> Paint {
        self.out
    }

    /// Returns how standard error is painted.
    pub fn err(&self) -> Paint {
        self.err
    }

    /// Returns how many columns standard output has.
    pub fn width(&self) -> usize {
        self.out_width
    }

    /// Returns how many columns standard error has.
    pub fn err_width(&self) -> usize {
        self.err_width
    }

    /// Returns the options that commands need which are shown for the user to run.
    pub fn commands(&self) -> &ShownCommands {
        &self.commands
    }

    /// Returns whether all details are wanted.
    pub fn is_verbose(&self) -> bool {
        self.is_verbose
    }

    /// Writes a result for people to standard output, wrapped to its width.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::print`] does.
    pub fn show(&self, text: &str) -> Result<()> {
        self.print(&layout::wrap_lines(
            &self.commands.complete(text),
            self.out_width,
        ))
    }

    /// Writes a result to standard output at once, as it is.
    ///
    /// # Errors
    ///
    /// Fails if the reader has closed it ([`Self::is_closed`] then returns true), or the disk is full.
    pub fn print(&self, text: &str) -> Result<()> {
        let written = self.print_bytes(text.as_bytes());
        written.map_err(|e| Error::failed("cannot write to standard output").cause(e))
    }

    /// Writes a part of a result to standard output at once, as it is.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::print`] does.
    pub fn print_bytes(&self, bytes: &[u8]) -> io::Result<()> {
        let written = self.beside_progress(|| {
            let mut out = io::stdout().lock();
            out.write_all(bytes).and_then(|()| out.flush())
        });
        written.inspect_err(|e| {
            if e.kind() == io::ErrorKind::BrokenPipe {
                self.closed.store(true, Ordering::Relaxed);
            }
        })
    }

    /// Returns whether the reader has closed standard output.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Writes something for people to standard error, wrapped to its width; nothing if `--quiet` is given.
    pub fn say(&self, text: &str) {
        if !self.is_quiet {
            self.write(layout::wrap_lines(
                &self.commands.complete(text),
                self.err_width,
            ));
        }
    }

    /// Writes a line of a log to standard error, as it is; nothing if `--quiet` is given.
    pub fn log(&self, line: &str) {
        if !self.is_quiet {
            self.write(self.commands.complete(line) + "\n");
        }
    }

    /// Writes a warning; nothing if `--quiet` is given.
    pub fn warn(&self, text: &str) {
        if !self.is_quiet {
            self.write(self.labelled("warning: ", text));
        }
    }

    /// Writes what went wrong with a part of the input, while the rest is done.
    pub fn fault(&self, text: &str) {
        self.write(self.labelled("error: ", text));
    }

    /// Writes why the command failed. Each line of the error is escaped, so that a name cannot control the terminal.
    pub fn complain(&self, error: &Error) {
        self.finish();
        let text: String = error
            .to_string()
            .lines()
            .map(|line| match line.split_once(": ") {
                Some((label @ ("error" | "cause" | "hint"), text)) => {
                    self.labelled(&format!("{:<7}", format!("{label}:")), text.trim_start())
                }
                _ => layout::wrap(&Plain(line).to_string(), self.err_width, 2) + "\n",
            })
            .collect();
        self.write(text);
    }

    /// Returns a line behind a label, escaped and wrapped.
    fn labelled(&self, label: &str, text: &str) -> String {
        let line = format!("{label}{}", Plain(&self.commands.complete(text)));
        layout::wrap(&line, self.err_width, label.len()) + "\n"
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

    fn write(&self, text: impl Display) {
        // If standard error is closed, nobody reads it.
        let _ = self.beside_progress(|| write!(io::stderr().lock(), "{text}"));
    }

    fn beside_progress<T>(&self, write: impl FnOnce() -> T) -> T {
        match &*self.phase.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(Phase::Bar(bar)) => bar.suspend(write),
            _ => write(),
        }
    }
}

/// Returns the columns of a terminal, or those that the environment names, or the usual ones.
fn width(terminal: Option<(Width, Height)>) -> usize {
    let named = || std::env::var("COLUMNS").ok()?.parse().ok();
    let columns = terminal.map(|(width, _)| usize::from(width.0));
    let columns = columns.or_else(named).filter(|columns| *columns > 0);
    columns.unwrap_or(layout::WIDTH).max(WIDTH_MIN)
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
