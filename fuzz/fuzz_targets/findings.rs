//! `okta.system`
#![no_main]

plimsoll_fuzz::target!(Some(plimsoll::event::Source::Findings));
