//! Who it was, and whether an address is ours.

pub mod address;
