//! Identities that somebody makes on the spot, attackers and innocents alike.

use crate::time::Day;

use super::estate::US_EAST;
use super::population::{Identity, IdentityType, Kind, make, new_instance};
use super::random::{BASE32, Rng};
use super::world::World;

/// Such identities are numbered from here.
const FIRST_NEW: u64 = 1_000_000;

/// Makes an identity that did not exist, or was never used, before.
pub(super) fn new_identity(
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
