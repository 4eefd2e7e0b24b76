//! A run of actions by one principal, with a clock that moves between them.

use std::rc::Rc;

use crate::simulate::activity::other_providers::action_log::ActionLog;
use crate::simulate::model::other_providers::action::{
    Action, Credential, DirectoryResource, NANOS, Outcome, Service, Verb,
};
use crate::simulate::model::other_providers::container::{Cloud, Container, Purpose};
use crate::simulate::model::other_providers::principal::Principal;
use crate::simulate::model::other_providers::tool::Tool;
use crate::simulate::model::random::Rng;
use crate::time::Day;

/// A run of actions of one principal, with a clock that moves between them.
pub(crate) struct Run<'a> {
    pub(crate) log: &'a mut ActionLog,
    pub(crate) rng: &'a mut Rng,
    pub(crate) who: Rc<Principal>,
    pub(crate) day: Day,
    /// Nanoseconds since the epoch.
    pub(crate) clock: i64,
    pub(crate) address: String,
    pub(crate) tool: Tool,
    pub(crate) credential: Credential,
}

impl<'a> Run<'a> {
    /// Begins at a second of a day, from the principal's address on that day.
    pub(crate) fn begin(
        log: &'a mut ActionLog,
        rng: &'a mut Rng,
        who: &Rc<Principal>,
        day: Day,
        second: i64,
        tool: Tool,
    ) -> Self {
        let address = who.address(rng, day);
        Self {
            log,
            who: who.clone(),
            day,
            clock: (day.start().secs() + second) * NANOS + rng.between(0, NANOS - 1),
            address,
            tool,
            credential: Credential::Token,
            rng,
        }
    }

    /// Adds an action after a random pause of so many seconds on average; the rest of it is set by `adjust`.
    pub(crate) fn act(
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
        self.log.add(action);
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
    pub(crate) fn list_containers(&mut self, container: &Rc<Container>) {
        let bytes = self.rng.between(800, 9_000) as u64;
        self.stored(2.0, Verb::ListContainers, container, |action| {
            action.bytes = bytes
        });
    }

    /// Lists pages of a container.
    pub(crate) fn list(&mut self, container: &Rc<Container>, prefix: &str, pages: usize, gap: f64) {
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
    pub(crate) fn posture(&mut self, container: &Rc<Container>, gap: f64) {
        self.stored(gap, Verb::ReadPosture, container, |action| {
            action.bytes = 412
        });
    }

    /// Does something to objects of a container; returns the bytes.
    pub(crate) fn objects(
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

    /// Is denied to list or read.
    pub(crate) fn refused(&mut self, container: &Rc<Container>, verb: Verb, gap: f64) {
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
    pub(crate) fn change_access(&mut self, container: &Rc<Container>, verb: Verb) {
        self.stored(20.0, verb, container, |_| {});
    }

    /// Reads pages of a directory resource.
    pub(crate) fn enumerate(
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
    pub(crate) fn sign_in(&mut self, service: Service) {
        self.act(1.0, service, Verb::SignIn, |_| {});
    }

    /// Does something with a file or mail that is named by a few words.
    pub(crate) fn file(&mut self, service: Service, verb: Verb, gap: f64) {
        let number = self.rng.below(300);
        let word = *self
            .rng
            .pick(&["budget", "minutes", "offer", "plan", "review", "roadmap"]);
        let ending = *self.rng.pick(&["docx", "xlsx", "pptx", "pdf"]);
        self.act(gap, service, verb, |action| {
            action.object = format!("{word}-{number:03}.{ending}")
        });
    }

    /// Does something to an object of a name and size.
    pub(crate) fn named(
        &mut self,
        container: &Rc<Container>,
        verb: Verb,
        (object, bytes): (String, u64),
        gap: f64,
    ) {
        self.stored(gap, verb, container, |action| {
            (action.object, action.bytes) = (object, bytes);
        });
    }

    /// Changes a container as a whole.
    pub(crate) fn manage(&mut self, container: &Rc<Container>, verb: Verb, gap: f64) {
        self.stored(gap, verb, container, |_| {});
    }

    pub(crate) fn object(&mut self, container: &Container) -> String {
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
    pub(crate) fn size(&mut self, container: &Container) -> u64 {
        let size = self.rng.log_normal(container.object_bytes, 0.9);
        (if self.rng.chance(0.002) {
            size * 50.0
        } else {
            size
        })
        .max(40.0) as u64
    }
}
