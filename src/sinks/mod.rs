//! Sinks: where incidents also go, beside the output.
//!
//! What is told is put into the outbox of the store first, and a thread for each sink sends it from there until the receiver has it:
//! so a receiver that stalls holds up nothing, and a crash loses nothing. A document is sent at least once, always under the same id, and
//! those of one incident in their order. What a receiver refuses for good is kept with the reason, and can be sent once more.
//!
//! [`Sinks`] does all of it for a run that tells alerts. A message to a receiver is a pure function of a [`Notice`]: a file for each kind.
//! Secrets come from whoever starts it; none of them is ever in a message, an error, a log or the outbox.

mod answer;
mod backoff;
mod brief;
mod concerned;
mod deliver;
mod file;
mod heartbeat;
mod http;
mod jira;
mod notice;
mod pagerduty;
mod ready;
mod request;
mod secret;
mod select;
mod service;
mod slack;
mod syslog;
mod teams;
mod tell;
mod webhook;
mod wire;

pub use answer::Outcome;
pub use deliver::{Clock, Deliverer, News, Timing};
pub use heartbeat::{HealthStatus, Schedule, Trouble, due};
pub use http::{Clients, leaves_unencrypted, why_unanswered};
pub use notice::{Health, Notice};
pub use ready::Ready;
pub use secret::Secret;
pub use service::{Sinks, State, Surroundings, check, faults, states, test, warnings};

#[cfg(test)]
mod tests;
