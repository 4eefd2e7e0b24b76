//! The unchanging world abroad, in which a day passes.

use std::rc::Rc;

use crate::simulate::random::Rng;
use crate::time::Day;

use super::action::{Credential, NANOS};
use super::action_log::{ActionLog, Run};
use super::container::{Cloud, Container, Purpose};
use super::principal::{Kind, Principal};
use super::tool::Tool;

/// The unchanging world abroad.
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) start: Day,
    pub(super) scale: f64,
    pub(super) containers: Vec<Rc<Container>>,
    pub(super) population: Vec<Rc<Principal>>,
}

impl World {
    /// Begins somebody's work at a second of a day, from wherever they are.
    pub(super) fn run<'a>(
        &self,
        log: &'a mut ActionLog,
        rng: &'a mut Rng,
        who: &Rc<Principal>,
        day: Day,
        second: i64,
        tool: Tool,
    ) -> Run<'a> {
        let address = who.address(rng, day);
        Run {
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

    /// Returns the containers of a cloud with one of some purposes.
    pub(super) fn containers(&self, cloud: Cloud, purposes: &[Purpose]) -> Vec<Rc<Container>> {
        self.containers
            .iter()
            .filter(|container| container.is(cloud, purposes))
            .cloned()
            .collect()
    }

    /// Returns the few containers that somebody works with: favourite first, and always the same.
    pub(super) fn own(&self, who: &Principal) -> Vec<Rc<Container>> {
        let cloud = if who.is_at_google() {
            Cloud::Google
        } else {
            Cloud::Azure
        };
        let mut containers = self.containers(cloud, &[Purpose::Lake, Purpose::Service]);
        let mut rng = Rng::of(self.seed, &[0xab0, 0x5707e, who.number]);
        for place in (1..containers.len()).rev() {
            containers.swap(place, rng.below(place + 1));
        }
        containers.truncate(2 + rng.below(3));
        containers
    }

    /// Returns those of a kind who are here on a day.
    pub(super) fn here(&self, kind: Kind, day: Day) -> impl Iterator<Item = &Rc<Principal>> {
        self.population
            .iter()
            .filter(move |who| who.kind == kind && who.joins <= day)
    }
}
