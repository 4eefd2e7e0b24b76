//! Numbers and names as people read them. Nothing here is escaped: that is `report`'s task.

mod name;
mod number;

pub use name::{clip, name_of, shorten};
pub use number::{amount, bytes, count, duration, noun, percent, probability, return_period};
