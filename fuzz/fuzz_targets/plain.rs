//! `plain`
#![no_main]

plimsoll_fuzz::target!(Some(plimsoll::event::Source::Plain));
