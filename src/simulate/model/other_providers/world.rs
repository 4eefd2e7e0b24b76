//! What exists at the other providers and stays the same on all days.

use std::rc::Rc;

use crate::simulate::model::other_providers::container::{Cloud, Container, Purpose};
use crate::simulate::model::other_providers::principal::{Kind, Principal};
use crate::simulate::model::random::Rng;
use crate::time::Day;

/// What exists at the other providers and stays the same on all days.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) start: Day,
    pub(crate) scale: f64,
    pub(crate) containers: Vec<Rc<Container>>,
    pub(crate) population: Vec<Rc<Principal>>,
    /// Workloads whose routine resembles plain spikes, and jobs on machines; none with the core attack set.
    pub(crate) upkeep: Vec<Rc<Principal>>,
}

impl World {
    /// Returns the containers of a cloud with one of some purposes.
    pub(crate) fn containers(&self, cloud: Cloud, purposes: &[Purpose]) -> Vec<Rc<Container>> {
        self.containers
            .iter()
            .filter(|container| container.is(cloud, purposes))
            .cloned()
            .collect()
    }

    /// Returns the few containers that a principal works with, the most used first, the same on all days.
    pub(crate) fn own(&self, who: &Principal) -> Vec<Rc<Container>> {
        let mut containers = self.containers(who.cloud(), &[Purpose::Lake, Purpose::Service]);
        let mut rng = Rng::of(self.seed, &[0xab0, 0x5707e, who.number]);
        rng.shuffle(&mut containers);
        containers.truncate(2 + rng.below(3));
        containers
    }

    /// Returns those of a kind who are here on a day.
    pub(crate) fn here(&self, kind: Kind, day: Day) -> impl Iterator<Item = &Rc<Principal>> {
        self.population
            .iter()
            .filter(move |who| who.kind == kind && who.joins <= day)
    }
}
