//! A day's acts as they are thought of, and what is odd about them.

use std::rc::Rc;

use crate::simulate::anomaly::{BenignAnomaly, Cause};
use crate::simulate::label::Label;
use crate::simulate::random::Rng;
use crate::time::Day;

use super::action::{Action, Credential, DirectoryResource, NANOS, Outcome, Service, Verb};
use super::container::{Cloud, Container, Purpose};
use super::principal::Principal;
use super::tool::Tool;

/// A day's acts, in no order.
#[derive(Default)]
pub(super) struct ActionLog {
    pub(super) actions: Vec<Action>,
    pub(super) anomalies: Vec<BenignAnomaly>,
}

impl ActionLog {
    /// Returns the place that has been reached.
    pub(super) fn mark(&self) -> usize {
        self.actions.len()
    }

    /// Returns the first and last second since a mark, if anything was done.
    pub(super) fn span(&self, since: usize) -> Option<(i64, i64)> {
        let times = || self.actions[since..].iter().map(|action| action.at / NANOS);
        Some((times().min()?, times().max()?))
    }

    /// Notes that what was done since a mark was out of the ordinary.
    pub(super) fn note_anomaly(&mut self, cause: Cause, ids: Vec<String>, since: usize) {
        if let Some(span) = self.span(since) {
            self.anomalies.push(BenignAnomaly::new(cause, ids, span));
        }
    }

    /// Returns a label of what was done since a mark.
    pub(super) fn label(
        &self,
        analytic: &'static str,
        ids: Vec<String>,
        since: usize,
        note: String,
    ) -> Option<Label> {
        Some(Label::new(analytic, ids, self.span(since)?, note))
    }
}

/// Somebody at work for a while, with a clock that moves between acts.
pub(super) struct Run<'a> {
    pub(super) log: &'a mut ActionLog,
    pub(super) rng: &'a mut Rng,
    pub(super) who: Rc<Principal>,
    pub(super) day: Day,
    /// Nanoseconds since the epoch.
    pub(super) clock: i64,
    pub(super) address: String,
    pub(super) tool: Tool,
    pub(super) credential: Credential,
}

impl Run<'_> {
    /// Adds an act after a random pause of so many seconds on average; the rest of it is set by `adjust`.
    pub(super) fn act(
        &mut self,
        gap: f64,
        service: Service,
        verb: Verb,
        adjust: impl FnOnce(&mut Action),
    ) {
        self.clock +=
            (self.rng.exponential(gap) * NANOS as f64) as i64 + self.rng.between(1_000, 900_000);
        // The day's last second is the last in which anything is done.
        let at = self
            .clock
            .min((self.day.start().secs() + 86_399) * NANOS + self.clock % NANOS);
        let mut action = Action {
            at,
            who: self.who.clone(),
            service,
            verb,
            container: None,
            object: String::new(),
            prefix: String::new(),
            bytes: 0,
            address: self.address.clone(),
            tool: self.tool,
            credential: self.credential.clone(),
            outcome: Outcome::Success,
        };
        adjust(&mut action);
        self.log.actions.push(action);
    }

    fn stored(
        &mut self,
        gap: f64,
        verb: Verb,
        container: &Rc<Container>,
        adjust: impl FnOnce(&mut Action),
    ) {
        let service = match container.owner.cloud {
            Cloud::Azure => Service::Blob,
            Cloud::Google => Service::Gcs,
        };
        let container = container.clone();
        self.act(gap, service, verb, |action| {
            action.container = Some(container);
            adjust(action);
        });
    }

    /// Lists the containers of an account or project, named by one of its containers.
    pub(super) fn list_containers(&mut self, container: &Rc<Container>) {
        let bytes = self.rng.between(800, 9_000) as u64;
        self.stored(2.0, Verb::ListContainers, container, |action| {
            action.bytes = bytes
        });
    }

    /// Lists pages of a container.
    pub(super) fn list(&mut self, container: &Rc<Container>, prefix: &str, pages: usize, gap: f64) {
        for page in 0..pages {
            let full = page + 1 < pages;
            let bytes = if full {
                self.rng.between(600_000, 900_000)
            } else {
                self.rng.between(700, 400_000)
            };
            self.stored(gap, Verb::ListObjects, container, |action| {
                action.bytes = bytes as u64;
                action.prefix = prefix.to_owned();
            });
        }
    }

    /// Reads the configuration of a container.
    pub(super) fn posture(&mut self, container: &Rc<Container>, gap: f64) {
        self.stored(gap, Verb::ReadPosture, container, |action| {
            action.bytes = 412
        });
    }

    /// Does something to objects of a container; returns the bytes.
    pub(super) fn objects(
        &mut self,
        container: &Rc<Container>,
        verb: &Verb,
        count: usize,
        gap: f64,
    ) -> u64 {
        let mut total = 0;
        for _ in 0..count {
            let (object, missing) = (
                self.object(container),
                *verb == Verb::Read && self.rng.chance(0.004),
            );
            let bytes = match verb {
                Verb::Read | Verb::Write | Verb::Copy(_) if !missing => self.size(container),
                _ => 0,
            };
            total += bytes;
            self.stored(gap, verb.clone(), container, |action| {
                (action.object, action.bytes) = (object, bytes);
                if missing {
                    action.outcome = Outcome::Missing;
                }
            });
        }
        total
    }

    /// Is refused to list or read.
    pub(super) fn refused(&mut self, container: &Rc<Container>, verb: Verb, gap: f64) {
        let object = if verb == Verb::Read {
            self.object(container)
        } else {
            String::new()
        };
        self.stored(gap, verb, container, |action| {
            (action.object, action.outcome, action.bytes) = (object, Outcome::Denied, 0);
        });
    }

    /// Opens or forwards a container.
    pub(super) fn change_access(&mut self, container: &Rc<Container>, verb: Verb) {
        self.stored(20.0, verb, container, |_| {});
    }

    /// Asks a directory for pages of something.
    pub(super) fn enumerate(
        &mut self,
        service: Service,
        resource: DirectoryResource,
        pages: usize,
        gap: f64,
    ) {
        for _ in 0..pages {
            let bytes = if resource == DirectoryResource::User {
                self.rng.between(600, 2_000)
            } else {
                self.rng.between(3_000, 190_000)
            };
            self.act(gap, service, Verb::Enumerate(resource), |action| {
                action.bytes = bytes as u64
            });
        }
    }

    /// Signs in.
    pub(super) fn sign_in(&mut self, service: Service) {
        self.act(1.0, service, Verb::SignIn, |_| {});
    }

    /// Does something with a file or mail that is named by a few words.
    pub(super) fn file(&mut self, service: Service, verb: Verb, gap: f64) {
        let number = self.rng.below(300);
        let word = *self
            .rng
            .pick(&["budget", "minutes", "offer", "plan", "review", "roadmap"]);
        let ending = *self.rng.pick(&["docx", "xlsx", "pptx", "pdf"]);
        self.act(gap, service, verb, |action| {
            action.object = format!("{word}-{number:03}.{ending}")
        });
    }

    fn object(&mut self, container: &Container) -> String {
        let number = self.rng.below(400);
        match container.purpose {
            Purpose::Lake => {
                let table = self.rng.pick(&["events", "orders", "stock", "visits"]);
                let age = self.rng.exponential(3.0) as i32;
                format!(
                    "{table}/dt={}/part-{:05}.parquet",
                    self.day.plus(-age),
                    number % 40
                )
            }
            Purpose::Sensitive => format!("2026/{:02}/file {number:04}.pdf", number % 12 + 1),
            Purpose::Backup => format!("nightly/{}/dump-{number:04}.gz", self.day),
            _ => format!("items/{:02x}/{number:06}.json", number % 64),
        }
    }

    /// Log-normal about the container's median, one in five hundred fifty times as large.
    fn size(&mut self, container: &Container) -> u64 {
        let size = self.rng.log_normal(container.object_bytes, 0.9);
        (if self.rng.chance(0.002) {
            size * 50.0
        } else {
            size
        })
        .max(40.0) as u64
    }
}
