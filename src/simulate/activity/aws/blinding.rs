//! Calls that stop, delete or narrow logs, recorders and detectors; and the same settings as infrastructure code has them.

use crate::simulate::activity::aws::attack_plan::Attack;
use crate::simulate::activity::aws::attack_session::shuffled_buckets;
use crate::simulate::activity::aws::run::Run;
use crate::simulate::model::aws::attack_class::AttackClass;
use crate::simulate::model::aws::bucket::{Bucket, Purpose};
use crate::simulate::model::aws::call::Api;
use crate::simulate::model::aws::identity::Identity;
use crate::simulate::model::aws::world::World;
use crate::simulate::model::company::{ACCOUNTS, COMPANY, REGIONS, US_EAST};
use crate::simulate::model::grade::Grade;
use crate::simulate::model::random::Rng;
use crate::simulate::writers::aws::trail::Trail;

/// The selectors of a trail as the code has them: everything but the noise of keys.
const AS_CODE: &str = "[{\"readWriteType\":\"All\",\"includeManagementEvents\":true,\"dataResources\":\
     [{\"type\":\"AWS::S3::Object\",\"values\":[\"arn:aws:s3\"]}],\"excludeManagementEventSources\":[\"kms.amazonaws.com\"]}]";

/// Selectors that leave out what objects are asked for.
const NO_DATA: &str = "[{\"readWriteType\":\"All\",\"includeManagementEvents\":true,\"dataResources\":[],\
     \"excludeManagementEventSources\":[\"kms.amazonaws.com\",\"rdsdata.amazonaws.com\"]}]";

/// Selectors that leave out all that is read, and all management.
const WRITES_ONLY: &str = "[{\"readWriteType\":\"WriteOnly\",\"includeManagementEvents\":false,\"dataResources\":[],\
     \"excludeManagementEventSources\":[]}]";

fn change(
    run: &mut Run<'_>,
    account: usize,
    (service, name, command): (&str, &str, &str),
    parameters: &str,
) {
    let api = Api {
        service,
        name,
        region: US_EAST,
        read_only: false,
        parameters,
        command,
        ..Api::default()
    };
    run.api(account, 6.0, &api);
}

fn trail_arn(account: usize) -> String {
    format!(
        "arn:aws:cloudtrail:us-east-1:{}:trail/{COMPANY}-{}",
        ACCOUNTS[account].id, ACCOUNTS[account].name
    )
}

fn put_selectors(run: &mut Run<'_>, account: usize, selectors: &str) {
    let parameters = format!(
        "{{\"trailName\":\"{}\",\"eventSelectors\":{selectors}}}",
        trail_arn(account)
    );
    let call = (
        "cloudtrail",
        "PutEventSelectors",
        "cloudtrail.put-event-selectors",
    );
    change(run, account, call, &parameters);
}

fn delete_flow_log(run: &mut Run<'_>, account: usize) {
    let parameters = format!(
        "{{\"DeleteFlowLogsRequest\":{{\"FlowLogId\":{{\"tag\":1,\"content\":\"fl-0{}\"}}}}}}",
        ACCOUNTS[account].flow_log
    );
    let call = ("ec2", "DeleteFlowLogs", "ec2.delete-flow-logs");
    change(run, account, call, &parameters);
}

/// Puts the configuration of a bucket's access log: its target, or nothing.
fn put_access_log(run: &mut Run<'_>, account: usize, bucket: &Bucket, enabled: bool) {
    let target = match enabled {
        true => format!(
            ",\"LoggingEnabled\":{{\"TargetBucket\":\"{COMPANY}-{}-access-logs\",\"TargetPrefix\":\"{}/\"}}",
            ACCOUNTS[account].name, bucket.name
        ),
        false => String::new(),
    };
    let parameters = format!(
        "{{\"bucketName\":\"{0}\",\"Host\":\"{0}.s3.{1}.amazonaws.com\",\"logging\":\"\",\"BucketLoggingStatus\":\
         {{\"xmlns\":\"http://s3.amazonaws.com/doc/2006-03-01/\"{target}}}}}",
        bucket.name, REGIONS[bucket.region]
    );
    let api = Api {
        service: "s3",
        name: "PutBucketLogging",
        region: bucket.region,
        read_only: false,
        parameters: &parameters,
        bucket: Some(bucket),
        command: "s3api.put-bucket-logging",
        ..Api::default()
    };
    run.api(account, 4.0, &api);
}

/// Puts the logging of an account again, as the code has it.
pub(crate) fn put_logging_as_code(run: &mut Run<'_>, world: &World, account: usize) {
    put_selectors(run, account, AS_CODE);
    let day = run.day;
    let logged = world
        .own_buckets(day)
        .filter(|b| b.account == Some(account) && b.purpose == Purpose::Service && b.created < day);
    for bucket in logged.take(3) {
        put_access_log(run, account, bucket, true);
    }
}

impl Attack {
    /// Blinds a log, a recorder or a detector.
    pub(crate) fn blind(&self, world: &World, who: &Identity, rng: &mut Rng, trail: &mut Trail) {
        let (grade, day, account) = (self.grade, self.day, who.account);
        let at = self.begins(rng, Some(who));
        let session = self.stolen(rng, who, at);
        let mut run = Run::at(at, day, &session, trail, rng);
        if grade == Grade::Hidden {
            put_logging_as_code(&mut run, world, account);
            return;
        }
        let name = format!("{{\"name\":\"{}\"}}", trail_arn(account));
        match (self.class, grade) {
            (AttackClass::TrailStopped, Grade::Blatant) => {
                let call = ("cloudtrail", "StopLogging", "cloudtrail.stop-logging");
                change(&mut run, account, call, &name);
                let call = ("cloudtrail", "DeleteTrail", "cloudtrail.delete-trail");
                change(&mut run, account, call, &name);
                delete_flow_log(&mut run, account);
            }
            (AttackClass::TrailStopped, Grade::Medium) => {
                let call = ("cloudtrail", "StopLogging", "cloudtrail.stop-logging");
                change(&mut run, account, call, &name);
            }
            (AttackClass::TrailStopped, _) => delete_flow_log(&mut run, account),
            (AttackClass::LogNarrowed, Grade::Blatant) => {
                put_selectors(&mut run, account, WRITES_ONLY);
                let parameters = format!(
                    "{{\"name\":\"{}\",\"isMultiRegionTrail\":false,\"includeGlobalServiceEvents\":false}}",
                    trail_arn(account)
                );
                let call = ("cloudtrail", "UpdateTrail", "cloudtrail.update-trail");
                change(&mut run, account, call, &parameters);
            }
            (AttackClass::LogNarrowed, Grade::Medium) => put_selectors(&mut run, account, NO_DATA),
            (AttackClass::LogNarrowed, _) => {
                let targets = shuffled_buckets(world, who, day, run.rng);
                if let Some(bucket) = targets.first() {
                    put_access_log(&mut run, account, bucket, false);
                }
            }
            (_, Grade::Blatant) => {
                let call = ("guardduty", "DeleteDetector", "guardduty.delete-detector");
                change(
                    &mut run,
                    account,
                    call,
                    "{\"detectorId\":\"12abc34d567e8fa901bc2d34e56789f0\"}",
                );
                let call = (
                    "config",
                    "DeleteConfigurationRecorder",
                    "configservice.delete-configuration-recorder",
                );
                change(
                    &mut run,
                    account,
                    call,
                    "{\"configurationRecorderName\":\"default\"}",
                );
            }
            (_, Grade::Medium) => {
                let call = ("guardduty", "CreateFilter", "guardduty.create-filter");
                change(
                    &mut run,
                    account,
                    call,
                    "{\"detectorId\":\"12abc34d567e8fa901bc2d34e56789f0\",\"name\":\"known-noise\",\"action\":\"ARCHIVE\",\
                     \"rank\":1,\"findingCriteria\":{\"criterion\":{\"severity\":{\"gte\":1}}}}",
                );
            }
            _ => {
                let call = (
                    "config",
                    "StopConfigurationRecorder",
                    "configservice.stop-configuration-recorder",
                );
                change(
                    &mut run,
                    account,
                    call,
                    "{\"configurationRecorderName\":\"default\"}",
                );
            }
        }
    }
}
