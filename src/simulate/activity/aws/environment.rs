//! What AWS's own services, anonymous callers and routine administration do on a day.

use crate::simulate::activity::aws::creation::create;
use crate::simulate::activity::aws::run::{Run, object_key, object_size};
use crate::simulate::activity::aws::stage::{creation, creation_parameters};
use crate::simulate::model::aws::bucket::{Bucket, Purpose};
use crate::simulate::model::aws::call::{Api, ObjectCall, Op};
use crate::simulate::model::aws::identity::{Identity, IdentityType, Kind};
use crate::simulate::model::aws::session::Session;
use crate::simulate::model::aws::user_agent::{Client, UserAgent};
use crate::simulate::model::aws::world::World;
use crate::simulate::model::calendar::LATEST_START;
use crate::simulate::model::company::{ACCOUNTS, PROD};
use crate::simulate::model::network::external_address;
use crate::simulate::model::random::{BASE32, Rng};
use crate::simulate::writers::aws::trail::Trail;
use crate::time::Day;

/// Writes what AWS's own services, anonymous callers and routine administration do on a day.
pub(crate) fn write_environment(world: &World, day: Day, trail: &mut Trail) {
    let mut rng = Rng::of(world.seed, &[0x5e1f, day.0 as u64]);
    let midnight = day.start().secs();
    for account in 0..ACCOUNTS.len() {
        // CloudTrail checks that it may deliver.
        let service = Session::of_service("cloudtrail.amazonaws.com");
        for bucket in world
            .buckets
            .iter()
            .filter(|b| b.purpose == Purpose::Logs && b.account == Some(account))
        {
            trail.posture(
                midnight + rng.between(0, LATEST_START),
                &service,
                account,
                bucket,
                0,
            );
        }
        recorder(world, account, day, &mut rng, trail);
    }
    // Service roles are assumed for functions.
    for who in world
        .population
        .iter()
        .filter(|w| w.identity_type == IdentityType::Lambda && w.is_here(day))
    {
        let service = Session::of_service("lambda.amazonaws.com");
        let parameters = format!(
            "{{\"roleArn\":\"{}\",\"roleSessionName\":\"{}\"}}",
            who.arn(),
            who.name.trim_start_matches("lambda-")
        );
        let api = Api {
            name: "AssumeRole",
            region: who.region,
            parameters: &parameters,
            ..Api::default()
        };
        trail.api(
            midnight + rng.between(0, LATEST_START),
            &service,
            who.account,
            &api,
        );
    }
    // Anonymous callers download from the public bucket.
    if let Some(bucket) = world.buckets.iter().find(|b| b.purpose == Purpose::Public) {
        for _ in 0..rng.count(14.0 * world.scale, 3.0) {
            let mut anonymous = Session::of_service("anonymous");
            anonymous.foreign_identity =
                "{\"type\":\"AWSAccount\",\"principalId\":\"\",\"accountId\":\"anonymous\"}"
                    .to_owned();
            anonymous.canonical.1 = "aws:anonymous".to_owned();
            anonymous.service_agent = None;
            anonymous.signed = false;
            anonymous.source = external_address(0xe000 + rng.bits() % 500, rng.bits());
            anonymous.user_agent = UserAgent::new(
                *rng.pick(&[Client::Browser, Client::Curl, Client::PythonRequests]),
                1,
                1,
            );
            let key = object_key(&mut rng, bucket, day);
            let bytes = object_size(&mut rng, bucket);
            trail.s3(&ObjectCall {
                at: midnight + rng.between(0, LATEST_START),
                session: &anonymous,
                op: Op::Get,
                bucket,
                key: &key,
                bytes,
                fault: None,
            });
        }
    }
    // New projects get their buckets.
    for bucket in world.buckets.iter().filter(|b| b.created == day) {
        let Some(account) = bucket.account else {
            continue;
        };
        let makers: Vec<&Identity> = world
            .population
            .iter()
            .filter(|w| {
                matches!(w.kind, Kind::Admin | Kind::Developer)
                    && w.account == account
                    && w.is_here(day)
            })
            .collect();
        if makers.is_empty() {
            continue;
        }
        let maker = *rng.pick(&makers);
        let at = midnight + rng.between(60, 3_600);
        let session = maker.session(&mut rng, at, None);
        let parameters = creation_parameters(bucket);
        trail.api(at, &session, account, &creation(bucket, &parameters));
    }
    // Users that start tomorrow are created today, unless single sign-on already knows them.
    for who in world.population.iter().filter(|w| w.joins == day.plus(1)) {
        let Some(admin) = world
            .admin_of(who.account, day)
            .filter(|_| who.identity_type != IdentityType::Sso)
        else {
            continue;
        };
        let at = midnight + admin.begins + rng.between(0, 6 * 3600);
        let session = admin.session(&mut rng, at, None);
        create(trail, at, &session, who);
    }
}

/// Config's service-linked role looks at some buckets.
fn recorder(world: &World, account: usize, day: Day, rng: &mut Rng, trail: &mut Trail) {
    let id = ACCOUNTS[account].id;
    let unique = Rng::of(world.seed, &[0xc0f1, account as u64]).text(BASE32, 17);
    let mut session = Session::of_service("config.amazonaws.com");
    session.account = Some(account);
    session.canonical.0 = format!(
        "arn:aws:iam::{id}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    );
    session.identity = format!(
        "{{\"type\":\"AssumedRole\",\"principalId\":\"AROA{unique}:AWSConfig-Describe\",\
         \"arn\":\"arn:aws:sts::{id}:assumed-role/AWSServiceRoleForConfig/AWSConfig-Describe\",\"accountId\":\"{id}\",\
         \"sessionContext\":{{\"sessionIssuer\":{{\"type\":\"Role\",\"principalId\":\"AROA{unique}\",\
         \"arn\":\"arn:aws:iam::{id}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig\",\
         \"accountId\":\"{id}\",\"userName\":\"AWSServiceRoleForConfig\"}},\"attributes\":{{\"creationDate\":\"{}\",\
         \"mfaAuthenticated\":\"false\"}}}},\"invokedBy\":\"config.amazonaws.com\"",
        day.start()
    );
    let own: Vec<&Bucket> = world
        .own_buckets(day)
        .filter(|b| b.account == Some(account))
        .collect();
    let begin = day.start().secs() + rng.between(0, 80_000);
    let mut run = Run::at(begin, day, &session, trail, rng);
    for _ in 0..2 {
        let bucket = *run.rng.pick(&own);
        run.posture(account, bucket, &[0, 1, 3, 4, 5], 0.2);
    }
    if account == PROD {
        replicate(world, day, run.rng, run.trail);
    }
}

/// S3 replication carries a service bucket to the disaster recovery account.
fn replicate(world: &World, day: Day, rng: &mut Rng, trail: &mut Trail) {
    let id = ACCOUNTS[PROD].id;
    let unique = Rng::of(world.seed, &[0x4e91]).text(BASE32, 17);
    let Some(from) = world
        .buckets
        .iter()
        .find(|b| b.account == Some(PROD) && b.name.ends_with("orders-documents"))
    else {
        return;
    };
    let mut session = Session::of_service("s3.amazonaws.com");
    session.account = Some(PROD);
    session.canonical.0 = format!("arn:aws:iam::{id}:role/service-role/s3-replication-orders");
    session.identity = format!(
        "{{\"type\":\"AssumedRole\",\"principalId\":\"AROA{unique}:s3-replication\",\
         \"arn\":\"arn:aws:sts::{id}:assumed-role/s3-replication-orders/s3-replication\",\"accountId\":\"{id}\",\
         \"sessionContext\":{{\"sessionIssuer\":{{\"type\":\"Role\",\"principalId\":\"AROA{unique}\",\
         \"arn\":\"arn:aws:iam::{id}:role/service-role/s3-replication-orders\",\"accountId\":\"{id}\",\
         \"userName\":\"s3-replication-orders\"}},\"attributes\":{{\"creationDate\":\"{}\",\
         \"mfaAuthenticated\":\"false\"}}}},\"invokedBy\":\"s3.amazonaws.com\"",
        day.start()
    );
    for _ in 0..rng.count(8.0 * world.scale, 6.0) {
        let at = day.start().secs() + rng.between(0, 86_000);
        let key = object_key(rng, from, day);
        let bytes = object_size(rng, from);
        trail.s3(&ObjectCall {
            at,
            session: &session,
            op: Op::Get,
            bucket: from,
            key: &key,
            bytes,
            fault: None,
        });
    }
}
