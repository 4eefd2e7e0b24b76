//! What attackers do beyond the core set: read postures, accounts and rights, try closed buckets, open others.

use crate::simulate::activity::aws::attack_plan::Attack;
use crate::simulate::activity::aws::attack_session::shuffled_buckets;
use crate::simulate::activity::aws::configure::{put_acl, put_policy};
use crate::simulate::activity::aws::routine::{ORGANISATION, read_call};
use crate::simulate::activity::aws::run::Run;
use crate::simulate::activity::aws::working_set::working_set;
use crate::simulate::model::aws::attack_class::AttackClass;
use crate::simulate::model::aws::bucket::Purpose;
use crate::simulate::model::aws::identity::Identity;
use crate::simulate::model::aws::user_agent::{Client, UserAgent};
use crate::simulate::model::aws::world::World;
use crate::simulate::model::company::{HOSTILE, PARTNER};
use crate::simulate::model::grade::Grade;
use crate::simulate::model::random::Rng;
use crate::simulate::writers::aws::trail::Trail;

/// What IAM can be asked for, the most telling first.
const RIGHTS: [(&str, &str); 14] = [
    ("ListUsers", "iam.list-users"),
    ("ListRoles", "iam.list-roles"),
    (
        "GetAccountAuthorizationDetails",
        "iam.get-account-authorization-details",
    ),
    (
        "ListAttachedRolePolicies",
        "iam.list-attached-role-policies",
    ),
    ("ListGroups", "iam.list-groups"),
    ("ListPolicies", "iam.list-policies"),
    ("ListAccessKeys", "iam.list-access-keys"),
    (
        "ListAttachedUserPolicies",
        "iam.list-attached-user-policies",
    ),
    ("ListRolePolicies", "iam.list-role-policies"),
    ("ListMFADevices", "iam.list-mfa-devices"),
    ("ListInstanceProfiles", "iam.list-instance-profiles"),
    (
        "GetAccountPasswordPolicy",
        "iam.get-account-password-policy",
    ),
    ("GetUser", "iam.get-user"),
    ("GetRole", "iam.get-role"),
];

impl Attack {
    /// Writes the records of a class beyond the core; nothing if there is nothing to do it to.
    pub(crate) fn run_further(
        &self,
        world: &World,
        who: &Identity,
        rng: &mut Rng,
        trail: &mut Trail,
    ) -> Option<()> {
        let (grade, day) = (self.grade, self.day);
        let at = self.begins(rng, Some(who));
        let mut session = self.stolen(rng, who, at);
        if self.class == AttackClass::StolenKeyClient && grade != Grade::Hidden {
            // Hidden, it takes the name of the victim's own tool.
            let client = grade.of([
                Client::S3Browser,
                Client::Cyberduck,
                Client::Rclone,
                who.client,
            ]);
            session.user_agent = UserAgent::new(client, 2, self.number as usize);
        }
        let mut run = Run::at(at, day, &session, trail, rng);
        let mut targets = shuffled_buckets(world, who, day, run.rng);
        let usual = working_set(world, who, day);
        match self.class {
            AttackClass::PostureScan => {
                if grade < Grade::Subtle {
                    run.list_buckets(who.account);
                }
                let settings: &[usize] =
                    grade.of([&[0, 1, 2, 3, 4][..], &[0, 2, 3], &[3], &[0, 1, 3, 4]]);
                let gap = grade.of([0.04, 0.1, 0.3, 20.0]);
                targets.truncate(grade.of([60, 26, 18, 3]));
                for bucket in targets {
                    run.posture(who.account, bucket, settings, gap);
                }
            }
            AttackClass::StolenKeyClient => {
                if grade < Grade::Subtle {
                    run.list_buckets(who.account);
                }
                let mut seen = match grade {
                    Grade::Subtle | Grade::Hidden if !usual.is_empty() => usual,
                    _ => targets,
                };
                seen.truncate(grade.of([25, 10, 3, 2]));
                for bucket in &seen {
                    run.list(bucket, "", 1, grade.of([1.0, 3.0, 10.0, 30.0]));
                }
                for turn in 0..grade.of([4, 2, 1, 1]) {
                    let gap = grade.of([0.5, 2.0, 8.0, 30.0]);
                    run.read(seen[turn % seen.len()], grade.of([40, 20, 12, 3]), gap);
                }
            }
            AttackClass::OrganisationDiscovery => {
                // A workload that only looks at its own account makes the least conspicuous calls.
                let asked = grade.of([ORGANISATION.len(), ORGANISATION.len(), 3, 8]);
                for _ in 0..grade.of([5, 1, 1, 1]) {
                    for call in &ORGANISATION[..asked] {
                        read_call(
                            &mut run,
                            who.account,
                            *call,
                            grade.of([0.5, 4.0, 30.0, 2.0]),
                        );
                    }
                }
            }
            AttackClass::IamEnumeration => {
                let (calls, kinds) = grade.of([(280, 14), (80, 10), (16, 6), (4, 2)]);
                for turn in 0..calls {
                    let (name, command) = RIGHTS[turn % kinds];
                    let gap = grade.of([0.4, 3.0, 25.0, 40.0]);
                    read_call(&mut run, who.account, ("iam", name, command), gap);
                }
            }
            AttackClass::DeniedBurst => {
                let closed = match grade {
                    Grade::Hidden => *usual.first()?,
                    _ => targets
                        .into_iter()
                        .find(|b| usual.iter().all(|known| known.name != b.name))?,
                };
                for _ in 0..grade.of([180, 80, 44, 12]) {
                    run.refused(closed, false, grade.of([1.0, 3.0, 5.0, 4.0]));
                }
                if let Some(open) = usual.first().filter(|_| grade < Grade::Subtle) {
                    run.read(open, 2, 5.0);
                }
            }
            AttackClass::PublicGrant | AttackClass::ExternalGrant => {
                targets.retain(|b| {
                    matches!(
                        b.purpose,
                        Purpose::Service | Purpose::Lake | Purpose::Project
                    )
                });
                targets.truncate(grade.of([3, 1, 1, 1]));
                let whom = match grade {
                    _ if self.class == AttackClass::PublicGrant => "*",
                    Grade::Hidden => PARTNER,
                    _ => HOSTILE[self.number as usize % HOSTILE.len()],
                };
                for bucket in targets {
                    if whom == "*" && grade == Grade::Medium {
                        put_acl(&mut run, who.account, bucket);
                    } else {
                        put_policy(&mut run, who.account, bucket, whom);
                    }
                }
            }
            _ => return None,
        }
        Some(())
    }
}
