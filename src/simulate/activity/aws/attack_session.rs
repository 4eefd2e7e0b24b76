//! When an attack begins, from where it comes, and what it finds.

use crate::simulate::activity::aws::attack_plan::Attack;
use crate::simulate::model::aws::bucket::Bucket;
use crate::simulate::model::aws::identity::Identity;
use crate::simulate::model::aws::session::Session;
use crate::simulate::model::aws::user_agent::{Client, UserAgent};
use crate::simulate::model::aws::world::World;
use crate::simulate::model::grade::Grade;
use crate::simulate::model::network::{external_address, office_address};
use crate::simulate::model::random::Rng;
use crate::time::Day;

impl Attack {
    /// Returns when it begins: loud ones at night, quiet ones among the day's work.
    pub(crate) fn begins(&self, rng: &mut Rng, who: Option<&Identity>) -> i64 {
        let second = match self.grade {
            Grade::Subtle | Grade::Hidden => {
                who.map_or(13 * 3600, |w| w.begins) + rng.between(1_800, 4 * 3600)
            }
            Grade::Medium => rng.between(8 * 3600, 16 * 3600),
            Grade::Blatant => rng.between(1_800, 5 * 3600),
        };
        self.day.start().secs() + second
    }

    /// Opens a session with stolen credentials: from a new network if loud, and with another tool if blatant.
    pub(crate) fn stolen(&self, rng: &mut Rng, who: &Identity, at: i64) -> Session {
        let network = external_address(0x1_0000 + self.number, rng.bits() % 2);
        let source = (self.grade < Grade::Subtle).then_some(network);
        let mut session = who.session(rng, at, source);
        if self.grade == Grade::Blatant {
            let client = *rng.pick(&[Client::PythonRequests, Client::S5cmd, Client::AwsCli]);
            session.user_agent = UserAgent::new(client, 3, 1);
        }
        session
    }

    /// Returns the address of an identity that was created for the attack: external, unless hidden.
    pub(crate) fn attacker_address(&self, rng: &mut Rng) -> String {
        match self.grade {
            Grade::Hidden => office_address(rng.bits()),
            _ => external_address(0x1_4000 + self.number, 1),
        }
    }
}

/// Returns the older buckets of an identity's account, in a random order.
pub(crate) fn shuffled_buckets<'a>(
    world: &'a World,
    who: &Identity,
    day: Day,
    rng: &mut Rng,
) -> Vec<&'a Bucket> {
    let mut buckets: Vec<&Bucket> = world
        .own_buckets(day)
        .filter(|b| b.account == Some(who.account) && b.created < day)
        .collect();
    rng.shuffle(&mut buckets);
    buckets
}
