//! Stories: examples of what must alert and what must not. Here they are only text; `story` reads and plays them.

use crate::document::Place;
use crate::event::Provider;

/// A story, as written in the file of an analytic.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// Its title.
    pub title: String,
    /// The provider whose cloud it plays in, unless a line names another.
    pub provider: Provider,
    /// Its lines.
    pub text: String,
    /// The line of the file where its first line is.
    pub place: Place,
}
