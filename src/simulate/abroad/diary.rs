//! A day's acts as they are thought of, and what is odd about them.

use std::rc::Rc;

use crate::simulate::label::Label;
use crate::simulate::oddity::{Cause, Oddity};
use crate::simulate::random::Rng;
use crate::time::Day;

use super::deed::{Deed, NANOS, Noun, Outcome, Proof, Service, Verb};
use super::party::Party;
use super::place::{Cloud, Purpose, Store};
use super::tool::Tool;

/// A day's acts, in no order.
#[derive(Default)]
pub(super) struct Diary {
    pub(super) deeds: Vec<Deed>,
    pub(super) oddities: Vec<Oddity>,
}

impl Diary {
    /// Returns the place that has been reached.
    pub(super) fn mark(&self) -> usize {
        self.deeds.len()
    }

    /// Returns the first and last second since a mark, if anything was done.
    pub(super) fn span(&self, since: usize) -> Option<(i64, i64)> {
        let times = || self.deeds[since..].iter().map(|deed| deed.at / NANOS);
        Some((times().min()?, times().max()?))
    }

    /// Notes that what was done since a mark was out of the ordinary.
    pub(super) fn odd(&mut self, cause: Cause, ids: Vec<String>, since: usize) {
        if let Some(span) = self.span(since) {
            self.oddities.push(Oddity::new(cause, ids, span));
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
pub(super) struct Stint<'a> {
    pub(super) diary: &'a mut Diary,
    pub(super) rng: &'a mut Rng,
    pub(super) who: Rc<Party>,
    pub(super) day: Day,
    /// Nanoseconds since the epoch.
    pub(super) clock: i64,
    pub(super) address: String,
    pub(super) tool: Tool,
    pub(super) proof: Proof,
}

impl Stint<'_> {
    /// Adds an act after a random pause of so many seconds on average; the rest of it is set by `adjust`.
    pub(super) fn act(
        &mut self,
        gap: f64,
        service: Service,
        verb: Verb,
        adjust: impl FnOnce(&mut Deed),
    ) {
        self.clock +=
            (self.rng.exponential(gap) * NANOS as f64) as i64 + self.rng.between(1_000, 900_000);
        // The day's last second is the last in which anything is done.
        let at = self
            .clock
            .min((self.day.start().secs() + 86_399) * NANOS + self.clock % NANOS);
        let mut deed = Deed {
            at,
            who: self.who.clone(),
            service,
            verb,
            store: None,
            object: String::new(),
            prefix: String::new(),
            bytes: 0,
            address: self.address.clone(),
            tool: self.tool,
            proof: self.proof.clone(),
            outcome: Outcome::Success,
        };
        adjust(&mut deed);
        self.diary.deeds.push(deed);
    }

    fn stored(&mut self, gap: f64, verb: Verb, store: &Rc<Store>, adjust: impl FnOnce(&mut Deed)) {
        let service = match store.owner.cloud {
            Cloud::Azure => Service::Blob,
            Cloud::Google => Service::Gcs,
        };
        let store = store.clone();
        self.act(gap, service, verb, |deed| {
            deed.store = Some(store);
            adjust(deed);
        });
    }

    /// Lists the containers of an account or project, named by one of its containers.
    pub(super) fn shelves(&mut self, store: &Rc<Store>) {
        let bytes = self.rng.between(800, 9_000) as u64;
        self.stored(2.0, Verb::Shelves, store, |deed| deed.bytes = bytes);
    }

    /// Lists pages of a container.
    pub(super) fn list(&mut self, store: &Rc<Store>, prefix: &str, pages: usize, gap: f64) {
        for page in 0..pages {
            let full = page + 1 < pages;
            let bytes = if full {
                self.rng.between(600_000, 900_000)
            } else {
                self.rng.between(700, 400_000)
            };
            self.stored(gap, Verb::List, store, |deed| {
                deed.bytes = bytes as u64;
                deed.prefix = prefix.to_owned();
            });
        }
    }

    /// Reads the configuration of a container.
    pub(super) fn posture(&mut self, store: &Rc<Store>, gap: f64) {
        self.stored(gap, Verb::Posture, store, |deed| deed.bytes = 412);
    }

    /// Does something to objects of a container; returns the bytes.
    pub(super) fn objects(
        &mut self,
        store: &Rc<Store>,
        verb: &Verb,
        count: usize,
        gap: f64,
    ) -> u64 {
        let mut total = 0;
        for _ in 0..count {
            let (object, missing) = (
                self.object(store),
                *verb == Verb::Read && self.rng.chance(0.004),
            );
            let bytes = match verb {
                Verb::Read | Verb::Write | Verb::Copy(_) if !missing => self.size(store),
                _ => 0,
            };
            total += bytes;
            self.stored(gap, verb.clone(), store, |deed| {
                (deed.object, deed.bytes) = (object, bytes);
                if missing {
                    deed.outcome = Outcome::Missing;
                }
            });
        }
        total
    }

    /// Is refused to list or read.
    pub(super) fn refused(&mut self, store: &Rc<Store>, verb: Verb, gap: f64) {
        let object = if verb == Verb::Read {
            self.object(store)
        } else {
            String::new()
        };
        self.stored(gap, verb, store, |deed| {
            (deed.object, deed.outcome, deed.bytes) = (object, Outcome::Denied, 0);
        });
    }

    /// Opens or forwards a container.
    pub(super) fn give_away(&mut self, store: &Rc<Store>, verb: Verb) {
        self.stored(20.0, verb, store, |_| {});
    }

    /// Asks a directory for pages of something.
    pub(super) fn enumerate(&mut self, service: Service, noun: Noun, pages: usize, gap: f64) {
        for _ in 0..pages {
            let bytes = if noun == Noun::User {
                self.rng.between(600, 2_000)
            } else {
                self.rng.between(3_000, 190_000)
            };
            self.act(gap, service, Verb::Enumerate(noun), |deed| {
                deed.bytes = bytes as u64
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
        self.act(gap, service, verb, |deed| {
            deed.object = format!("{word}-{number:03}.{ending}")
        });
    }

    fn object(&mut self, store: &Store) -> String {
        let number = self.rng.below(400);
        match store.purpose {
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
    fn size(&mut self, store: &Store) -> u64 {
        let size = self.rng.log_normal(store.object_bytes, 0.9);
        (if self.rng.chance(0.002) {
            size * 50.0
        } else {
            size
        })
        .max(40.0) as u64
    }
}
