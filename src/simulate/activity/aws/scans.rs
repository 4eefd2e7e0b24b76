//! Workloads that read everything, or much at fixed times: scanners, inventories, exports.

use crate::simulate::activity::aws::instance_flows::instance_flows;
use crate::simulate::activity::aws::run::Run;
use crate::simulate::activity::aws::schedule::is_weekly_run;
use crate::simulate::model::anomaly::Cause;
use crate::simulate::model::aws::bucket::Bucket;
use crate::simulate::model::aws::flow::{Flow, Peer};
use crate::simulate::model::aws::identity::Identity;
use crate::simulate::model::aws::world::World;
use crate::simulate::model::company::{ACCOUNTS, DATA, PROD};
use crate::simulate::model::network::external_address;
use crate::simulate::model::random::Rng;
use crate::simulate::writers::aws::trail::Trail;
use crate::time::Day;

/// Returns an identity as it appears in each account, where its role goes by the same name.
pub(crate) fn in_every_account(who: &Identity) -> impl Iterator<Item = Identity> {
    (0..ACCOUNTS.len()).map(|account| Identity {
        account,
        ..who.clone()
    })
}

/// When a scan begins, on which day, and the anomaly that it is.
struct Scan {
    day: Day,
    begins: i64,
    cause: Cause,
}

impl Scan {
    /// Visits every bucket in each of some accounts, one account after the other.
    fn visit(
        &self,
        world: &World,
        accounts: impl Iterator<Item = Identity>,
        rng: &mut Rng,
        trail: &mut Trail,
        visit: impl Fn(&mut Run<'_>, &Identity, usize, &Bucket),
    ) {
        let mut clock = self.begins as f64;
        for here in accounts {
            let since = trail.anomalies.set_actor(here.ids());
            let session = here.session(rng, clock as i64, None);
            let mut run = Run {
                trail: &mut *trail,
                rng: &mut *rng,
                session: &session,
                day: self.day,
                clock,
            };
            run.list_buckets(here.account);
            let own = world
                .own_buckets(self.day)
                .filter(|b| b.account == Some(here.account));
            for (turn, bucket) in own.enumerate() {
                visit(&mut run, &here, turn, bucket);
            }
            clock = run.clock + 30.0;
            trail.anomalies.note_anomaly(self.cause, since);
        }
    }
}

/// Reads the posture of every bucket, under a role of the same name in every account.
pub(crate) fn scan(world: &World, who: &Identity, day: Day, rng: &mut Rng, trail: &mut Trail) {
    let new = who.joins >= world.start;
    let hour = if new { 20 } else { 5 };
    let scan = Scan {
        day,
        begins: day.start().secs() + hour * 3600 + rng.between(0, 300),
        cause: if new && day.since(who.joins) < 3 {
            Cause::NewScanner
        } else {
            Cause::Scanner
        },
    };
    let accounts = in_every_account(who);
    scan.visit(world, accounts, rng, trail, |run, here, turn, bucket| {
        let settings = [turn % 2, 3 + turn % 2];
        run.posture(here.account, bucket, &settings, 0.12);
    });
}

/// Lists every bucket of the production and data accounts once a week.
pub(crate) fn take_inventory(
    world: &World,
    who: &Identity,
    day: Day,
    rng: &mut Rng,
    trail: &mut Trail,
) {
    if !is_weekly_run(who, day) {
        return;
    }
    let scan = Scan {
        day,
        begins: day.start().secs() + 15 * 3600 + rng.between(0, 300),
        cause: Cause::WeeklyJob,
    };
    let accounts = in_every_account(who).filter(|w| matches!(w.account, PROD | DATA));
    scan.visit(world, accounts, rng, trail, |run, here, _, bucket| {
        run.list(bucket, "", 1, 1.0);
        run.posture(here.account, bucket, &[7], 0.2);
    });
}

/// Reads a table and sends an extract of it to a partner: little every day, much every Wednesday.
pub(crate) fn send_export(
    world: &World,
    who: &Identity,
    set: &[&Bucket],
    day: Day,
    rng: &mut Rng,
    trail: &mut Trail,
) {
    let midnight = day.start().secs();
    let weekly = is_weekly_run(who, day);
    let begin = midnight + 10 * 3600 + rng.between(0, 900);
    let session = who.session(rng, begin, None);
    let mut run = Run::at(begin, day, &session, trail, rng);
    run.list(set[0], "orders/", if weekly { 4 } else { 1 }, 1.0);
    let mean = if weekly { 110.0 } else { 6.0 };
    let objects = run.rng.count(mean * world.scale, 20.0);
    let bytes = run.read(set[0], objects, 10.0);
    let end = run.clock as i64 + 300;
    instance_flows(trail, rng, who, end, bytes);
    export(trail, rng, who, end + 60, bytes / 3);
}

/// Sends an export to the partner who gets it every time.
fn export(trail: &mut Trail, rng: &mut Rng, who: &Identity, at: i64, bytes: u64) {
    let Some(instance) = &who.instance else {
        return;
    };
    for round in 0..4 {
        let flow = Flow {
            end: at + round * 120,
            peer: Peer::Outside(external_address(0xa800 + who.number, 1)),
            bytes: bytes / 4 + rng.below(9_000) as u64,
            egress: true,
        };
        trail.instance_flow(rng, who.account, who.region, instance, &flow);
    }
}
