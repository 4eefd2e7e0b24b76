//! Calls that configure buckets and instances, in legitimate work and in attacks.

use crate::simulate::activity::aws::identity_factory::instance_id;
use crate::simulate::activity::aws::run::Run;
use crate::simulate::model::aws::bucket::Bucket;
use crate::simulate::model::aws::call::Api;
use crate::simulate::model::aws::identity::Identity;
use crate::simulate::model::aws::session::Session;
use crate::simulate::model::company::{ACCOUNTS, REGIONS};
use crate::simulate::writers::aws::trail::Trail;

/// Lists the instances of a region.
pub(crate) fn look_around(run: &mut Run<'_>, account: usize, region: usize) {
    for (name, command) in [
        ("DescribeInstances", "ec2.describe-instances"),
        ("DescribeSecurityGroups", "ec2.describe-security-groups"),
    ] {
        run.api(
            account,
            1.0,
            &Api {
                service: "ec2",
                name,
                region,
                command,
                ..Api::default()
            },
        );
    }
}

/// Writes the start of the instance that a new role is attached to.
pub(crate) fn run_instance(trail: &mut Trail, at: i64, session: &Session, who: &Identity) {
    let Some(instance) = &who.instance else {
        return;
    };
    let account = ACCOUNTS[who.account].id;
    let parameters = format!(
        "{{\"instancesSet\":{{\"items\":[{{\"imageId\":\"ami-0c101f26f147fa7fd\",\"minCount\":1,\"maxCount\":1}}]}},\
         \"instanceType\":\"m5.large\",\"iamInstanceProfile\":{{\"name\":\"{}\"}}}}",
        who.name
    );
    let response = format!(
        "{{\"requestId\":\"a8c1f6d0-2f7b-4d0c-9b62-6b1f4f0d1c11\",\"ownerId\":\"{account}\",\"instancesSet\":{{\"items\":\
         [{{\"instanceId\":\"{}\",\"privateIpAddress\":\"{}\",\"networkInterfaceSet\":{{\"items\":\
         [{{\"networkInterfaceId\":\"{}\"}}]}}}}]}}}}",
        instance.id, instance.address, instance.interface
    );
    let api = Api {
        service: "ec2",
        name: "RunInstances",
        region: who.region,
        read_only: false,
        parameters: &parameters,
        response: &response,
        command: "ec2.run-instances",
        ..Api::default()
    };
    trail.api(at, session, who.account, &api);
}

/// Lets old versions in a bucket expire.
pub(crate) fn put_lifecycle(run: &mut Run<'_>, account: usize, bucket: &Bucket) {
    let old = "\"NoncurrentVersionExpiration\":{\"NoncurrentDays\":90}";
    put_lifecycle_rule(run, account, bucket, "expire-old", old);
}

fn put_lifecycle_rule(run: &mut Run<'_>, account: usize, bucket: &Bucket, id: &str, rule: &str) {
    let parameters = format!(
        "{{\"bucketName\":\"{0}\",\"Host\":\"{0}.s3.{1}.amazonaws.com\",\"lifecycle\":\"\",\"LifecycleConfiguration\":\
         {{\"xmlns\":\"http://s3.amazonaws.com/doc/2006-03-01/\",\"Rule\":{{\"ID\":\"{id}\",\"Filter\":\"\",\
         \"Status\":\"Enabled\",{rule}}}}}}}",
        bucket.name, REGIONS[bucket.region]
    );
    let api = Api {
        service: "s3",
        name: "PutBucketLifecycle",
        region: bucket.region,
        read_only: false,
        parameters: &parameters,
        bucket: Some(bucket),
        command: "s3api.put-bucket-lifecycle-configuration",
        ..Api::default()
    };
    run.api(account, 5.0, &api);
}

/// Configures the replication of a bucket to a bucket of the given account.
pub(crate) fn put_replication(
    run: &mut Run<'_>,
    account: usize,
    bucket: &Bucket,
    target: &str,
    owner: &str,
) {
    let parameters = format!(
        "{{\"bucketName\":\"{0}\",\"Host\":\"{0}.s3.{1}.amazonaws.com\",\"replication\":\"\",\
         \"ReplicationConfiguration\":{{\"xmlns\":\"http://s3.amazonaws.com/doc/2006-03-01/\",\
         \"Role\":\"arn:aws:iam::{2}:role/service-role/s3-replication\",\"Rule\":{{\"ID\":\"all\",\"Priority\":1,\
         \"Status\":\"Enabled\",\"Filter\":\"\",\"DeleteMarkerReplication\":{{\"Status\":\"Disabled\"}},\
         \"Destination\":{{\"Bucket\":\"arn:aws:s3:::{target}\",\"Account\":\"{owner}\",\
         \"AccessControlTranslation\":{{\"Owner\":\"Destination\"}}}}}}}}}}",
        bucket.name, REGIONS[bucket.region], ACCOUNTS[account].id
    );
    put(
        run,
        account,
        bucket,
        "PutBucketReplication",
        "s3api.put-bucket-replication",
        &parameters,
        (owner, target),
    );
}

/// Opens a bucket to an account, or to everyone: `*`.
pub(crate) fn put_policy(run: &mut Run<'_>, account: usize, bucket: &Bucket, whom: &str) {
    write_policy(run, account, bucket, whom, "", (whom, ""));
}

/// Opens a bucket to the organisation only.
pub(crate) fn put_policy_within(run: &mut Run<'_>, account: usize, bucket: &Bucket) {
    let condition = ",\"Condition\":{\"StringEquals\":{\"aws:PrincipalOrgID\":\"o-h4lcy0n1xz\"}}";
    write_policy(run, account, bucket, "*", condition, ("", ""));
}

/// Opens a bucket to everyone by a canned ACL.
pub(crate) fn put_acl(run: &mut Run<'_>, account: usize, bucket: &Bucket) {
    let parameters = format!(
        "{{\"bucketName\":\"{0}\",\"Host\":\"{0}.s3.{1}.amazonaws.com\",\"acl\":\"\",\"x-amz-acl\":\"public-read\"}}",
        bucket.name, REGIONS[bucket.region]
    );
    put(
        run,
        account,
        bucket,
        "PutBucketAcl",
        "s3api.put-bucket-acl",
        &parameters,
        ("*", ""),
    );
}

fn write_policy(
    run: &mut Run<'_>,
    account: usize,
    bucket: &Bucket,
    whom: &str,
    condition: &str,
    shared: (&str, &str),
) {
    let principal = match whom {
        "*" => "\"*\"".to_owned(),
        _ => format!("{{\"AWS\":\"arn:aws:iam::{whom}:root\"}}"),
    };
    let parameters = format!(
        "{{\"bucketName\":\"{0}\",\"Host\":\"{0}.s3.{1}.amazonaws.com\",\"policy\":\"\",\"bucketPolicy\":\
         {{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Sid\":\"read\",\"Effect\":\"Allow\",\"Principal\":{principal},\
         \"Action\":[\"s3:GetObject\",\"s3:ListBucket\"],\"Resource\":[\"arn:aws:s3:::{0}\",\"arn:aws:s3:::{0}/*\"]{condition}}}]}}}}",
        bucket.name, REGIONS[bucket.region]
    );
    put(
        run,
        account,
        bucket,
        "PutBucketPolicy",
        "s3api.put-bucket-policy",
        &parameters,
        shared,
    );
}

fn put(
    run: &mut Run<'_>,
    account: usize,
    bucket: &Bucket,
    name: &str,
    command: &str,
    parameters: &str,
    shared: (&str, &str),
) {
    let (region, bucket) = (bucket.region, Some(bucket));
    let api = Api {
        service: "s3",
        name,
        region,
        read_only: false,
        parameters,
        bucket,
        shared: Some(shared),
        command,
        ..Api::default()
    };
    run.api(account, 4.0, &api);
}

/// Lets all objects of a bucket expire after so many days.
pub(crate) fn put_expiry(run: &mut Run<'_>, account: usize, bucket: &Bucket, days: u32) {
    let all = format!("\"Expiration\":{{\"Days\":{days}}}");
    put_lifecycle_rule(run, account, bucket, "expire", &all);
}

/// Starts machines.
pub(crate) fn start_machines(run: &mut Run<'_>, account: usize, region: usize, count: usize) {
    let kind = if count > 1 { "g5.12xlarge" } else { "m5.large" };
    let parameters = format!(
        "{{\"instancesSet\":{{\"items\":[{{\"imageId\":\"ami-0c101f26f147fa7fd\",\"minCount\":{count},\"maxCount\":{count}}}]}},\
         \"instanceType\":\"{kind}\"}}"
    );
    let started: Vec<String> = (0..count)
        .map(|_| {
            format!(
                "{{\"instanceId\":\"{}\",\"instanceType\":\"{kind}\"}}",
                instance_id(run.rng)
            )
        })
        .collect();
    let response = format!(
        "{{\"requestId\":\"a8c1f6d0-2f7b-4d0c-9b62-6b1f4f0d1c11\",\"ownerId\":\"{}\",\"instancesSet\":{{\"items\":[{}]}}}}",
        ACCOUNTS[account].id,
        started.join(",")
    );
    let api = Api {
        service: "ec2",
        name: "RunInstances",
        region,
        read_only: false,
        parameters: &parameters,
        response: &response,
        command: "ec2.run-instances",
        ..Api::default()
    };
    run.api(account, 6.0, &api);
}
