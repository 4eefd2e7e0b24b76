//! A terminal in which a line of shell runs, as `script` of util-linux makes one.

use std::io::{Read, Write};
use std::num::NonZero;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::world::{World, plimsoll};

/// Longer than anything here takes on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// Its usual size: lines, and columns.
const SIZE: (u16, u16) = (30, 100);
/// How a program begins and ends a picture that is to be shown as a whole: synchronized updates, private mode 2026.
const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

pub struct Terminal {
    child: Child,
    keys: ChildStdin,
    written: Receiver<Vec<u8>>,
    /// What was read and is not shown: a picture that has no end yet.
    pending: Vec<u8>,
    parser: vt100::Parser,
}

/// Returns how much of what was read can be shown: nothing of a picture without an end, and not the first bytes of what may begin one.
fn shown(read: &[u8]) -> usize {
    let find = |mark: &[u8]| read.windows(mark.len()).rposition(|bytes| bytes == mark);
    match (find(BEGIN), find(END)) {
        (Some(begin), None) => begin,
        (Some(begin), Some(end)) if begin > end => begin,
        _ => {
            let begun = |n: &usize| read.ends_with(&BEGIN[..*n]);
            read.len() - (1..BEGIN.len()).rfind(begun).unwrap_or(0)
        }
    }
}

impl Terminal {
    /// Runs a line of shell in a world; `$PLIMSOLL` is the program.
    pub fn run(world: &World, line: &str) -> Self {
        Self::run_in(SIZE, world, line)
    }

    /// The same in so many lines and columns.
    pub fn run_in((rows, columns): (u16, u16), world: &World, line: &str) -> Self {
        let line = format!("stty rows {rows} cols {columns}; {line}");
        let size = |n| NonZero::new(n).expect("it has a size");
        let mut child = Command::new("script")
            .args(["--quiet", "--return", "--command", &line, "/dev/null"])
            .current_dir(world.path())
            .env("PLIMSOLL", plimsoll())
            .env("TERM", "xterm-256color")
            .env("SHELL", "/bin/sh")
            .env_remove("NO_COLOR")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script of util-linux");
        let keys = child.stdin.take().expect("it has an input");
        let mut out = child.stdout.take().expect("it has an output");
        let (send, written) = channel();
        std::thread::spawn(move || {
            let mut bytes = vec![0; 1 << 16];
            while let Ok(n @ 1..) = out.read(&mut bytes) {
                if send.send(bytes[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            keys,
            written,
            pending: Vec::new(),
            parser: vt100::Parser::new(size(rows), size(columns), 0),
        }
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("it reads keys");
        self.keys.flush().expect("it reads keys");
    }

    /// Waits until something holds of the screen, and returns it.
    pub fn until(&mut self, what: &str, holds: impl Fn(&vt100::Screen) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let screen = self.parser.screen();
            if holds(screen) {
                return screen.contents();
            }
            let left = PATIENCE.saturating_sub(begun.elapsed());
            match self.written.recv_timeout(left) {
                Ok(bytes) => {
                    self.pending.extend(bytes);
                    let whole = self.pending.drain(..shown(&self.pending));
                    self.parser.process(&whole.collect::<Vec<u8>>());
                }
                Err(e) => panic!("{what}: {e}\n{}", self.parser.screen().contents()),
            }
        }
    }

    /// Waits until the screen has some text.
    pub fn until_shows(&mut self, text: &str) -> String {
        self.until(text, |screen| screen.contents().contains(text))
    }

    /// Waits for the end; returns the status and what is on the screen then.
    pub fn end(mut self) -> (Option<i32>, vt100::Screen) {
        self.parser.process(&std::mem::take(&mut self.pending));
        while let Ok(bytes) = self.written.recv_timeout(PATIENCE) {
            self.parser.process(&bytes);
        }
        let status = self.child.wait().expect("it ends");
        (status.code(), self.parser.screen().clone())
    }
}

/// A story that fails leaves nothing behind.
impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
