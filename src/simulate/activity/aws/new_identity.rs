//! Identities that are created during a simulation, for attacks and decoys.

use crate::simulate::activity::aws::identity_factory::{make, new_instance};
use crate::simulate::model::aws::identity::{Identity, IdentityType, Kind};
use crate::simulate::model::aws::world::World;
use crate::simulate::model::company::US_EAST;
use crate::simulate::model::random::{BASE32, Rng};
use crate::time::Day;

/// Such identities are numbered from here.
const FIRST_NEW: u64 = 1_000_000;

/// Makes an identity that did not exist, or was never used, before.
pub(crate) fn new_identity(
    world: &World,
    number: u64,
    identity_type: IdentityType,
    account: usize,
    rng: &mut Rng,
    day: Day,
) -> Identity {
    let kind = if identity_type == IdentityType::User {
        Kind::Analyst
    } else {
        Kind::Etl
    };
    let mut who = make(
        world.seed,
        FIRST_NEW + number,
        kind,
        world.start,
        1,
        &world.buckets,
        day,
    );
    let note = [
        "sync",
        "export",
        "metrics",
        "support",
        "migration",
        "reporting",
        "devops",
        "audit",
    ];
    who.identity_type = identity_type;
    who.account = account;
    who.region = US_EAST;
    let prefix = if identity_type == IdentityType::User {
        "svc"
    } else {
        "app"
    };
    who.name = format!("{prefix}-{}-{}", rng.pick(&note), 100 + number);
    who.unique = format!(
        "{}{}",
        if identity_type == IdentityType::User {
            "AIDA"
        } else {
            "AROA"
        },
        rng.text(BASE32, 17)
    );
    who.instance = (identity_type == IdentityType::Instance).then(|| new_instance(rng, account));
    who.trip = None;
    who.shift = None;
    who.rollout = None;
    who
}
