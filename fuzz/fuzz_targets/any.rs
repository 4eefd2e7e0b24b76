//! Whatever it is
#![no_main]

plimsoll_fuzz::target!(None);
