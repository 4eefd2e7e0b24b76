//! What exists in the AWS accounts and stays the same on all days.

use crate::simulate::model::aws::bucket::{Bucket, Purpose};
use crate::simulate::model::aws::identity::{Identity, Kind};
use crate::time::Day;

/// What exists in the AWS accounts and stays the same on all days.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) start: Day,
    pub(crate) scale: f64,
    pub(crate) buckets: Vec<Bucket>,
    pub(crate) population: Vec<Identity>,
}

impl World {
    /// Returns the buckets of ours that exist on a day.
    pub(crate) fn own_buckets(&self, day: Day) -> impl Iterator<Item = &Bucket> {
        self.buckets
            .iter()
            .filter(move |b| b.account.is_some() && b.created <= day)
    }

    /// Returns an administrator of an account; where none is left, no user is created.
    pub(crate) fn admin_of(&self, account: usize, day: Day) -> Option<&Identity> {
        self.population
            .iter()
            .find(|w| w.kind == Kind::Admin && w.account == account && w.is_here(day))
    }

    /// Returns our sensitive buckets.
    pub(crate) fn sensitive(&self) -> Vec<&Bucket> {
        self.buckets
            .iter()
            .filter(|b| b.purpose == Purpose::Sensitive)
            .collect()
    }
}
