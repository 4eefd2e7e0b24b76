//! Any format, recognised from content.
#![no_main]

plimsoll_fuzz::target!(None);
