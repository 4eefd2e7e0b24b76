//! Inputs in the order in which they are read, opened for the threads that read them. Objects are asked for ahead of that, so
//! that threads do not wait for each of many small ones.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};

use crate::objects::{Object, Pending};
use crate::sources::InputFile;

/// The most objects that are asked for before a thread wants them.
const AHEAD_MAX: usize = 32;
/// The most bytes that they have together.
const AHEAD_BYTES_MAX: u64 = 32 << 20;

/// Inputs that several threads read.
pub(super) struct Opening<'a> {
    files: &'a [InputFile],
    /// The order in which they are read.
    order: Vec<usize>,
    ahead: Mutex<Ahead>,
}

/// What was asked for.
#[derive(Default)]
struct Ahead {
    /// The place in the order of the next input for a thread.
    next: usize,
    /// What inputs from there on gave so far; nothing for what is opened when it is read.
    pending: VecDeque<Option<Pending>>,
    bytes: u64,
}

/// An input for a thread.
pub(super) struct Next<'a> {
    /// Its number among all.
    pub number: usize,
    /// Where it lies.
    pub file: &'a InputFile,
    pending: Option<Pending>,
}

impl<'a> Opening<'a> {
    pub fn new(files: &'a [InputFile], order: Vec<usize>) -> Self {
        Self {
            files,
            order,
            ahead: Mutex::default(),
        }
    }

    /// Returns the next input; `None` if there is no more.
    pub fn next(&self) -> Option<Next<'a>> {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let number = *self.order.get(ahead.next)?;
        while let Some(&coming) = self.order.get(ahead.next + ahead.pending.len()) {
            let object = self.files[coming].object();
            let bytes = object.map_or(0, Object::bytes);
            let is_room = ahead.pending.len() < AHEAD_MAX && ahead.bytes + bytes <= AHEAD_BYTES_MAX;
            if !is_room && !ahead.pending.is_empty() {
                break;
            }
            ahead.pending.push_back(object.map(Object::begin));
            ahead.bytes += bytes;
        }
        ahead.next += 1;
        let file = &self.files[number];
        ahead.bytes -= file.object().map_or(0, Object::bytes);
        Some(Next {
            number,
            file,
            pending: ahead.pending.pop_front().flatten(),
        })
    }
}

impl Next<'_> {
    /// Opens it.
    pub fn open(&mut self) -> io::Result<Box<dyn Read>> {
        match self.file {
            InputFile::Stdin => Ok(Box::new(io::stdin().lock())),
            InputFile::File { path, .. } => Ok(Box::new(File::open(path)?)),
            InputFile::Object(object) => {
                let pending = self.pending.take().unwrap_or_else(|| object.begin());
                Ok(pending()?)
            }
        }
    }
}
