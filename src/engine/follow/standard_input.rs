//! Standard input without an end: read in the background as one document, with any compression, and passed on in pieces.

use std::cell::RefCell;
use std::io;

use crossbeam_channel::{Receiver, bounded};

use crate::event::Event;
use crate::sources::{self, FileReport, ReadOptions, Reject};

/// Pieces in transit between the reader and the follower.
const PIECES_UNDER_WAY: usize = 4;

/// One piece of standard input.
pub struct Piece {
    /// Its events.
    pub events: Vec<Event>,
    /// Its rejects, if they are kept.
    pub rejects: Vec<Reject>,
    /// What was read so far, including this piece.
    pub report: FileReport,
}

/// Starts to read standard input. After the last piece the channel is closed.
pub fn read(options: ReadOptions, keep_rejects: bool) -> Receiver<Piece> {
    let (sender, receiver) = bounded(PIECES_UNDER_WAY);
    std::thread::spawn(move || {
        let (events, rejects) = (RefCell::default(), RefCell::default());
        let piece = |report| Piece {
            events: events.take(),
            rejects: rejects.take(),
            report,
        };
        let report = sources::read_while(
            io::stdin().lock(),
            FileReport::STDIN,
            &options,
            &mut |event| events.borrow_mut().push(event),
            &mut |reject| {
                if keep_rejects {
                    rejects.borrow_mut().push(reject);
                }
            },
            &mut |report| sender.send(piece(report.clone())).is_ok(),
        );
        // The receiver may be gone.
        sender.send(piece(report)).ok();
    });
    receiver
}
