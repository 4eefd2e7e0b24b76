//! The unchanging world abroad, in which a day passes.

use std::rc::Rc;

use crate::simulate::random::Rng;
use crate::time::Day;

use super::deed::{NANOS, Proof};
use super::diary::{Diary, Stint};
use super::party::{Kind, Party};
use super::place::{Cloud, Purpose, Store};
use super::tool::Tool;

/// The unchanging world abroad.
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) start: Day,
    pub(super) scale: f64,
    pub(super) stores: Vec<Rc<Store>>,
    pub(super) cast: Vec<Rc<Party>>,
}

impl World {
    /// Begins somebody's work at a second of a day, from wherever they are.
    pub(super) fn stint<'a>(
        &self,
        diary: &'a mut Diary,
        rng: &'a mut Rng,
        who: &Rc<Party>,
        day: Day,
        second: i64,
        tool: Tool,
    ) -> Stint<'a> {
        let address = who.address(rng, day);
        Stint {
            diary,
            who: who.clone(),
            day,
            clock: (day.start().secs() + second) * NANOS + rng.between(0, NANOS - 1),
            address,
            tool,
            proof: Proof::Token,
            rng,
        }
    }

    /// Returns the containers of a cloud with one of some purposes.
    pub(super) fn stores(&self, cloud: Cloud, purposes: &[Purpose]) -> Vec<Rc<Store>> {
        self.stores
            .iter()
            .filter(|store| store.is(cloud, purposes))
            .cloned()
            .collect()
    }

    /// Returns the few containers that somebody works with: favourite first, and always the same.
    pub(super) fn own(&self, who: &Party) -> Vec<Rc<Store>> {
        let cloud = if who.is_at_google() {
            Cloud::Google
        } else {
            Cloud::Azure
        };
        let mut stores = self.stores(cloud, &[Purpose::Lake, Purpose::Service]);
        let mut rng = Rng::of(self.seed, &[0xab0, 0x5707e, who.number]);
        for place in (1..stores.len()).rev() {
            stores.swap(place, rng.below(place + 1));
        }
        stores.truncate(2 + rng.below(3));
        stores
    }

    /// Returns those of a kind who are here on a day.
    pub(super) fn here(&self, kind: Kind, day: Day) -> impl Iterator<Item = &Rc<Party>> {
        self.cast
            .iter()
            .filter(move |who| who.kind == kind && who.joins <= day)
    }
}
