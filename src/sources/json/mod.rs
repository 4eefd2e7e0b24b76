//! JSON text that is read in place: no tree, no copies, bounded depth.
//!
//! [`scan`] finds where a value ends and checks its grammar. [`Object`] holds the members of one object as ranges of the
//! text. The inside of a member is read only when it is asked for.

mod escape;
mod object;
mod scan;
mod skipper;
mod value;

#[cfg(test)]
use escape::unescape;
pub use object::{Layout, Object};
pub use scan::{ScanError, scan, skip_blanks};
pub use skipper::Skipper;
pub use value::{Fields, Value, parse_embedded, parse_text, stands_for_nothing};

#[cfg(test)]
mod tests;
