//! What is done in the traps of the AWS accounts: known work in bulk, again, refused, or through a console.

use crate::simulate::activity::aws::people::enter_console;
use crate::simulate::activity::aws::routine::{browse_iam, read_call};
use crate::simulate::activity::aws::run::Run;
use crate::simulate::activity::aws::stage::delete_many;
use crate::simulate::activity::aws::working_set::working_set;
use crate::simulate::model::aws::bucket::Bucket;
use crate::simulate::model::aws::call::POSTURE;
use crate::simulate::model::aws::identity::Identity;
use crate::simulate::model::aws::user_agent::{Client, UserAgent};
use crate::simulate::model::aws::world::World;
use crate::simulate::model::random::Rng;
use crate::simulate::writers::aws::trail::Trail;
use crate::time::Day;

/// When an outage begins, in seconds of the day.
const OUTAGE: i64 = 13 * 3_600;

/// What is done in a trap, beside what its identities do anyway.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Work {
    /// Reads so many objects of the first bucket of one's own, from an hour on.
    Read { objects: usize, hour: i64 },
    /// Lists so many buckets of the account, two pages of each, from an hour on.
    ListBuckets { buckets: usize, hour: i64 },
    /// Deletes so many objects of the first bucket of one's own, from an hour on.
    Delete { objects: u64, hour: i64 },
    /// Repeats reads and listings of one bucket, which are refused.
    Refused(usize),
    /// Goes through so many users in the IAM console.
    ReviewUsers(usize),
    /// Opens the property pages of so many buckets.
    OpenProperties(usize),
}

/// Writes the work of one identity in a trap.
pub(crate) fn write_work(
    work: Work,
    world: &World,
    who: &Identity,
    day: Day,
    rng: &mut Rng,
    trail: &mut Trail,
) {
    let midnight = day.start().secs();
    let own = working_set(world, who, day).first().copied();
    let at = midnight
        + match work {
            Work::Read { hour, .. }
            | Work::ListBuckets { hour, .. }
            | Work::Delete { hour, .. } => hour * 3_600 + rng.between(0, 240),
            Work::Refused(_) => OUTAGE + rng.between(0, 300),
            Work::ReviewUsers(_) | Work::OpenProperties(_) => who.begins + rng.between(900, 9_000),
        };
    let mut session = who.session(rng, at, None);
    if let Work::ReviewUsers(_) | Work::OpenProperties(_) = work {
        enter_console(&mut session, who, at, rng, trail);
    }
    if let Work::OpenProperties(_) = work {
        session.user_agent = UserAgent::new(Client::S3Console, 0, 0);
    }
    let mut run = Run::at(at, day, &session, trail, rng);
    match work {
        Work::Read { objects, .. } => {
            if let Some(own) = own {
                run.list(own, "", 3, 2.0);
                run.read(own, objects, 5.0);
            }
        }
        Work::Delete { objects, .. } => {
            if let Some(own) = own {
                run.list(own, "", 3, 2.0);
                delete_many(&mut run, own, objects, 2.0);
            }
        }
        Work::ListBuckets { buckets, .. } => {
            run.list_buckets(who.account);
            for bucket in of_account(world, who.account).take(buckets) {
                run.list(bucket, "", 2, 2.0);
            }
        }
        Work::Refused(bucket) => {
            let bucket = &world.buckets[bucket];
            let tries = run.rng.between(40, 160);
            for turn in 0..tries {
                run.refused(bucket, turn % 12 == 0, 10.0);
            }
        }
        Work::ReviewUsers(users) => {
            browse_iam(&mut run, who.account);
            for _ in 0..users {
                for name in [
                    "GetUser",
                    "ListGroupsForUser",
                    "ListAttachedUserPolicies",
                    "ListAccessKeys",
                    "GetAccessKeyLastUsed",
                ] {
                    read_call(&mut run, who.account, ("iam", name, ""), 4.0);
                }
            }
        }
        Work::OpenProperties(buckets) => {
            run.list_buckets(who.account);
            let mut shown: Vec<&Bucket> = of_account(world, who.account).collect();
            run.rng.shuffle(&mut shown);
            let opened = 3 + run.rng.below(buckets);
            let all: Vec<usize> = (0..POSTURE.len()).collect();
            for bucket in shown.into_iter().take(opened) {
                run.posture(who.account, bucket, &all, 0.4);
                run.clock += 30.0;
            }
        }
    }
}

/// Returns the buckets that an account always had.
fn of_account(world: &World, account: usize) -> impl Iterator<Item = &Bucket> {
    let day = world.start;
    world
        .own_buckets(day)
        .filter(move |bucket| bucket.account == Some(account))
}
