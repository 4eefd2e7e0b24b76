//! Identities that somebody makes on the spot, attackers and innocents alike.

use crate::time::Day;

use super::cast::{Form, Identity, Kind, make, new_instance};
use super::estate::US_EAST;
use super::random::{BASE32, Rng};
use super::world::World;

/// Such identities are numbered from here.
const INTRUDERS: u64 = 1_000_000;

/// Makes an identity that did not exist, or was never used, before.
pub(super) fn intruder(
    world: &World,
    number: u64,
    form: Form,
    account: usize,
    rng: &mut Rng,
    day: Day,
) -> Identity {
    let kind = if form == Form::User {
        Kind::Analyst
    } else {
        Kind::Etl
    };
    let mut who = make(
        world.seed,
        INTRUDERS + number,
        kind,
        world.start,
        1,
        &world.buckets,
        day,
    );
    let words = [
        "sync",
        "export",
        "metrics",
        "support",
        "migration",
        "reporting",
        "devops",
        "audit",
    ];
    who.form = form;
    who.account = account;
    who.region = US_EAST;
    let prefix = if form == Form::User { "svc" } else { "app" };
    who.name = format!("{prefix}-{}-{}", rng.pick(&words), 100 + number);
    who.unique = format!(
        "{}{}",
        if form == Form::User { "AIDA" } else { "AROA" },
        rng.text(BASE32, 17)
    );
    who.instance = (form == Form::Instance).then(|| new_instance(rng, account));
    who.trip = None;
    who.shift = None;
    who.rollout = None;
    who
}
