//! Identities whose daily routine resembles attacks beyond the core set.

use crate::simulate::activity::aws::configure::put_policy;
use crate::simulate::activity::aws::identity_factory::make;
use crate::simulate::activity::aws::run::Run;
use crate::simulate::activity::aws::upkeep::UPKEEP;
use crate::simulate::model::aws::bucket::{Bucket, Purpose};
use crate::simulate::model::aws::call::Api;
use crate::simulate::model::aws::identity::{Identity, Kind};
use crate::simulate::model::aws::world::World;
use crate::simulate::model::company::{PARTNER, PROD};
use crate::simulate::model::random::Rng;
use crate::simulate::writers::aws::trail::Trail;
use crate::time::Day;

/// A call of a service: its name, the call's, and the command of the AWS CLI.
pub(crate) type Call = (&'static str, &'static str, &'static str);

/// Calls that list the accounts of an organisation; the least conspicuous first.
pub(crate) const ORGANISATION: [Call; 8] = [
    (
        "organizations",
        "DescribeOrganization",
        "organizations.describe-organization",
    ),
    ("iam", "ListAccountAliases", "iam.list-account-aliases"),
    (
        "organizations",
        "ListAccounts",
        "organizations.list-accounts",
    ),
    ("organizations", "ListRoots", "organizations.list-roots"),
    (
        "organizations",
        "ListOrganizationalUnitsForParent",
        "organizations.list-organizational-units-for-parent",
    ),
    (
        "organizations",
        "ListChildren",
        "organizations.list-children",
    ),
    (
        "organizations",
        "ListDelegatedAdministrators",
        "organizations.list-delegated-administrators",
    ),
    ("iam", "GetAccountSummary", "iam.get-account-summary"),
];

/// Makes these identities, numbered from `first`.
pub(crate) fn routine_identities(
    seed: u64,
    start: Day,
    days: u32,
    buckets: &[Bucket],
    first: u64,
) -> Vec<Identity> {
    let kinds = [Kind::Deployer, Kind::Auditor, Kind::Stuck, Kind::Mirror];
    (first..)
        .zip(kinds.into_iter().chain(UPKEEP))
        .map(|(number, kind)| {
            let long_ago = start.plus(-200);
            let mut who = make(seed, number, kind, start, days, buckets, long_ago);
            // Nothing ever changes about them.
            (who.shift, who.rollout, who.drift) = (None, None, 1.0);
            who
        })
        .collect()
}

/// Makes a read call without parameters.
pub(crate) fn read_call(
    run: &mut Run<'_>,
    account: usize,
    (service, name, command): Call,
    gap: f64,
) {
    let api = Api {
        service,
        name,
        command,
        ..Api::default()
    };
    run.api(account, gap, &api);
}

/// Opens pages of the IAM console, which make many calls by themselves.
pub(crate) fn browse_iam(run: &mut Run<'_>, account: usize) {
    for name in [
        "GetAccountSummary",
        "ListAccountAliases",
        "GetAccountPasswordPolicy",
        "ListMFADevices",
        "ListUsers",
        "ListGroups",
        "ListRoles",
        "ListPolicies",
    ] {
        read_call(run, account, ("iam", name, ""), 3.0);
    }
    let users = 3 + run.rng.below(6);
    for _ in 0..users {
        for name in ["ListAttachedUserPolicies", "ListAccessKeys"] {
            read_call(run, account, ("iam", name, ""), 2.0);
        }
    }
}

/// The public bucket of the website, and the feeds that a partner may read.
pub(crate) fn website_buckets(world: &World) -> impl Iterator<Item = (&Bucket, &'static str)> {
    world.buckets.iter().filter_map(|bucket| {
        if bucket.purpose == Purpose::Public {
            Some((bucket, "*"))
        } else if bucket.account == Some(PROD) && bucket.name.ends_with("catalog-feeds") {
            Some((bucket, PARTNER))
        } else {
            None
        }
    })
}

/// Writes what one of these identities does on a day.
pub(crate) fn write_routine(
    world: &World,
    who: &Identity,
    day: Day,
    rng: &mut Rng,
    trail: &mut Trail,
) {
    let hour = match who.kind {
        Kind::Deployer => 6,
        Kind::Auditor => 2,
        Kind::Stuck => 4,
        _ => 1,
    };
    let at = day.start().secs() + hour * 3_600 + rng.between(0, 900);
    let session = who.session(rng, at, None);
    let mut run = Run::at(at, day, &session, trail, rng);
    match who.kind {
        Kind::Deployer => {
            run.api(who.account, 1.0, &Api::default());
            for (bucket, whom) in website_buckets(world) {
                run.posture(who.account, bucket, &[1, 2, 3, 4, 7], 0.3);
                put_policy(&mut run, who.account, bucket, whom);
            }
        }
        Kind::Auditor => {
            for call in ORGANISATION {
                let pages = 1 + run.rng.below(3);
                for _ in 0..pages {
                    read_call(&mut run, who.account, call, 1.0);
                }
            }
        }
        _ => {
            let Some(&bucket) = who.buckets.first() else {
                return;
            };
            let bucket = &world.buckets[bucket];
            if who.kind == Kind::Stuck {
                let tries = run.rng.between(48, 64);
                for _ in 0..tries {
                    run.refused(bucket, false, 3.0);
                }
            } else {
                run.list(bucket, "", 3, 2.0);
                let objects = run.rng.count(25.0 * world.scale, 8.0);
                run.read(bucket, objects, 1.0);
            }
        }
    }
}
