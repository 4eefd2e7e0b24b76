//! `slack.audit`
#![no_main]

plimsoll_fuzz::target!(Some(plimsoll::event::Source::SlackAudit));
