//! Numbers, names and spans of time as people read them. Nothing here is escaped: that is `report`'s task.

mod name;
mod number;
mod when;

pub use name::{clip, name_of, shorten};
pub use number::{amount, bytes, count, duration, noun, percent, probability, return_period};
pub use when::{dated_period, period};
