//! Numbers, as reports write them.

pub use crate::wording::{
    amount, bytes, count, duration, noun, percent, probability, return_period,
};
