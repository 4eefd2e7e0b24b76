//! `m365.ual`
#![no_main]

plimsoll_fuzz::target!(Some(plimsoll::event::Source::M365Ual));
