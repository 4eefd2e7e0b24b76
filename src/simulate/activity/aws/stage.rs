//! Buckets that are made, emptied and deleted.

use crate::simulate::activity::aws::run::{Run, object_key};
use crate::simulate::model::aws::bucket::{Bucket, Purpose};
use crate::simulate::model::aws::call::{Api, ObjectCall, Op};
use crate::simulate::model::aws::identity::Identity;
use crate::simulate::model::company::{ACCOUNTS, COMPANY, REGIONS};

/// The most keys in one call.
const KEYS_MAX: u64 = 1_000;

/// Returns a new bucket of an account in a region.
pub(crate) fn new_bucket(run: &Run<'_>, name: &str, account: usize, region: usize) -> Bucket {
    Bucket {
        name: format!("{COMPANY}-{}-{name}", ACCOUNTS[account].name),
        owner: ACCOUNTS[account].id.to_owned(),
        account: Some(account),
        region,
        purpose: Purpose::Project,
        created: run.day,
        object_bytes: 300e3,
    }
}

/// Makes a bucket.
pub(crate) fn make_bucket(run: &mut Run<'_>, account: usize, bucket: &Bucket) {
    let parameters = creation_parameters(bucket);
    run.api(account, 2.0, &creation(bucket, &parameters));
}

/// Returns the parameters of the call that makes a bucket.
pub(crate) fn creation_parameters(bucket: &Bucket) -> String {
    let region = REGIONS[bucket.region];
    format!(
        "{{\"CreateBucketConfiguration\":{{\"LocationConstraint\":\"{region}\",\
         \"xmlns\":\"http://s3.amazonaws.com/doc/2006-03-01/\"}},\"bucketName\":\"{}\",\
         \"Host\":\"s3.{region}.amazonaws.com\"}}",
        bucket.name
    )
}

/// Returns the call that makes a bucket.
pub(crate) fn creation<'a>(bucket: &Bucket, parameters: &'a str) -> Api<'a> {
    Api {
        service: "s3",
        name: "CreateBucket",
        region: bucket.region,
        read_only: false,
        parameters,
        command: "s3api.create-bucket",
        ..Api::default()
    }
}

/// Deletes an empty bucket.
pub(crate) fn delete_bucket(run: &mut Run<'_>, account: usize, bucket: &Bucket) {
    let parameters = format!(
        "{{\"bucketName\":\"{0}\",\"Host\":\"{0}.s3.{1}.amazonaws.com\"}}",
        bucket.name, REGIONS[bucket.region]
    );
    let api = Api {
        service: "s3",
        name: "DeleteBucket",
        region: bucket.region,
        read_only: false,
        parameters: &parameters,
        bucket: Some(bucket),
        command: "s3api.delete-bucket",
        ..Api::default()
    };
    run.api(account, 2.0, &api);
}

/// Deletes objects, as many in a call as one may.
pub(crate) fn delete_many(run: &mut Run<'_>, bucket: &Bucket, keys: u64, gap: f64) {
    let mut left = keys;
    while left > 0 {
        let now = left.min(KEYS_MAX);
        left -= now;
        let at = run.tick(gap);
        run.trail.s3(&ObjectCall {
            at,
            session: run.session,
            op: Op::DeleteMany(now),
            bucket,
            key: "",
            bytes: 0,
            fault: None,
        });
        // The call does not name them; CloudTrail writes a record for each beside it.
        for _ in 0..now {
            let key = object_key(run.rng, bucket, run.day);
            run.trail.s3(&ObjectCall {
                at,
                session: run.session,
                op: Op::DeleteInBatch,
                bucket,
                key: &key,
                bytes: 0,
                fault: None,
            });
        }
    }
}

/// Deploys to a stage of its own and deletes all of it.
pub(crate) fn tear_down(run: &mut Run<'_>, who: &Identity, keys: u64) {
    let name = format!("stage-{}-{}", run.day, run.rng.below(10_000));
    let bucket = new_bucket(run, &name, who.account, who.region);
    make_bucket(run, who.account, &bucket);
    run.store(&bucket, 12, 1.0);
    run.clock += 900.0;
    delete_many(run, &bucket, keys, 1.0);
    delete_bucket(run, who.account, &bucket);
}
