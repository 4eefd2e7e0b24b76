//! Five situations that a baseline is for, each in the logs of AWS, Azure and Google Cloud: a newcomer who lists every
//! bucket, an established job that reads or deletes everything, a log that is switched off, and a name that is given
//! again. Beside each stands somebody who does the ordinary form of the same thing and must not alert.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::world::World;

/// The days of the logs are those of March 2026.
pub const DAYS: u32 = 21;
/// On the last day, at night, when only jobs work.
pub const TONIGHT: At = (DAYS, 3 * 3_600 + 240);
/// On that day, in the morning.
const TODAY: At = (DAYS, 9 * 3_600);

/// Day of the month and second of the day.
pub type At = (u32, u32);

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cloud {
    Aws,
    Azure,
    Google,
}

use Cloud::{Aws, Azure, Google};

pub const CLOUDS: [Cloud; 3] = [Aws, Azure, Google];

/// A person or a job.
#[derive(Clone, Copy, Default)]
pub struct Who {
    name: u32,
    /// What the id that the provider never gives twice is made of.
    number: u32,
    is_job: bool,
    /// With an address and a client that nobody else has.
    is_outside: bool,
}

pub fn person(name: u32) -> Who {
    Who {
        name,
        number: name,
        ..Who::default()
    }
}

pub fn job(name: u32) -> Who {
    Who {
        is_job: true,
        number: 100 + name,
        ..person(name)
    }
}

pub fn outside(who: Who) -> Who {
    Who {
        is_outside: true,
        ..who
    }
}

impl Who {
    fn name(self) -> String {
        let kind = if self.is_job { "job-" } else { "person" };
        format!("{kind}{:02}", self.name)
    }

    /// The canonical id, as alerts write it.
    pub fn id(self, cloud: Cloud) -> String {
        let id = match (cloud, self.is_job) {
            (Aws, true) => "arn:aws:iam::111122223333:role/<USER>",
            (Aws, false) => "arn:aws:iam::111122223333:user/<USER>",
            (Azure, _) => "entra:<TENANT>/<GUID>",
            (Google, true) => "gcp:sa:<EMAIL>",
            (Google, false) => "gcp:user:<EMAIL>",
        };
        self.fill(id, cloud)
    }

    /// Replaces what a text has in pointed brackets for somebody.
    fn fill(self, text: &str, cloud: Cloud) -> String {
        let number = self.number;
        let [email, kind, mut network, mut client] = if self.is_job { JOB } else { PERSON };
        if self.is_outside {
            (network, client) = ("203.0.113.", "rclone/v1.66.0");
        }
        let mut text = text.to_owned();
        if text.contains("<ID>") {
            text = text.replace("<ID>", &self.id(cloud));
        }
        for (name, value) in [
            ("<EMAIL>", email),
            ("<USER>", &self.name()),
            ("<GUID>", "<SHORT>-1111-4222-8333-444444444444"),
            ("<SHORT>", &format!("{number:08}")),
            ("<NUMBER>", &format!("{number:017}")),
            ("<TENANT>", "c4b1d7aa-2f60-4c1e-8d29-91d0e5a7b301"),
            ("<ADDRESS>", &format!("{network}{}", 10 + number % 200)),
            ("<CLIENT>", client),
            ("<KIND>", kind),
        ] {
            text = text.replace(name, value);
        }
        text
    }
}

/// Of a person and of a job: address, kind, network and client.
const PERSON: [&str; 4] = ["<USER>@example.com", "User", "198.51.100.", "curl/8.5.0"];
const JOB: [&str; 4] = [
    "<USER>@prod.iam.gserviceaccount.com",
    "ServicePrincipal",
    "10.0.0.",
    "python-requests/2.32.0",
];
/// A person and a job as callers in CloudTrail.
const USER: &str = r#"{"type":"IAMUser","principalId":"AIDA<NUMBER>","arn":"<ID>","accountId":"111122223333","accessKeyId":"AKIA<NUMBER>","userName":"<USER>"}"#;
const ROLE: &str = r#"{"type":"AssumedRole","principalId":"AROA<NUMBER>:run","arn":"arn:aws:sts::111122223333:assumed-role/<USER>/run","accountId":"111122223333","accessKeyId":"ASIA<NUMBER>","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA<NUMBER>","arn":"<ID>","accountId":"111122223333","userName":"<USER>"}}}"#;
/// The records of each log; what differs is in pointed brackets.
const EVENT: &str = r#"{"eventVersion":"1.10","userIdentity":<CALLER>,"eventTime":"<TIME>","eventSource":"<SERVICE>.amazonaws.com","eventName":"<CALL>","awsRegion":"eu-west-1","sourceIPAddress":"<ADDRESS>","userAgent":"<CLIENT>","requestParameters":<ASKED>,"responseElements":<ANSWERED>,"eventID":"00000000-0000-4000-8000-<N>","eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}"#;
const OBJECT_EVENT: &str = r#"{"eventVersion":"1.10","userIdentity":<CALLER>,"eventTime":"<TIME>","eventSource":"s3.amazonaws.com","eventName":"<CALL>","awsRegion":"eu-west-1","sourceIPAddress":"<ADDRESS>","userAgent":"<CLIENT>","requestParameters":{"bucketName":"<ASKED>","key":"<N>"},"responseElements":null,"additionalEventData":{"bytesTransferredOut":<ANSWERED>},"eventID":"00000000-0000-4000-8000-<N>","eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"111122223333","eventCategory":"Data"}"#;
const STORAGE: &str = r#"{"time":"<TIME>","category":"<SERVICE>","operationName":"<CALL>","resourceId":"/subscriptions/6d1f/resourceGroups/data/providers/Microsoft.Storage/storageAccounts/lake/blobServices/default","statusCode":200,"statusText":"Success","callerIpAddress":"<ADDRESS>:51432","correlationId":"<N>","identity":{"type":"OAuth","requester":{"objectId":"<GUID>","tenantId":"<TENANT>"},"authorization":[{"principals":[{"id":"<GUID>","type":"<KIND>"}]}]},"location":"West Europe","uri":"https://lake.blob.core.windows.net:443/<ASKED>","properties":{"accountName":"lake","userAgentHeader":"<CLIENT>","serviceType":"blob","operationCount":0,"objectKey":"/lake/<ASKED>/<N>","responseBodySize":<ANSWERED>}}"#;
const ACTIVITY: &str = r#"{"time":"<TIME>","category":"Administrative","operationName":"<CALL>","resultType":"Success","resourceId":"/SUBSCRIPTIONS/6D1F/RESOURCEGROUPS/DATA/PROVIDERS/MICROSOFT.STORAGE/STORAGEACCOUNTS/LAKE/PROVIDERS/<TARGET>","callerIpAddress":"<ADDRESS>","correlationId":"<N>","location":"westeurope","identity":{"claims":{"http://schemas.microsoft.com/identity/claims/objectidentifier":"<GUID>","http://schemas.microsoft.com/identity/claims/tenantid":"<TENANT>"}},"properties":<ASKED>}"#;
const DIRECTORY: &str = r#"{"time":"<TIME>","category":"AuditLogs","operationName":"<CALL>","tenantId":"<TENANT>","resultType":"0","resourceId":"/tenants/<TENANT>/providers/Microsoft.aadiam","properties":{"id":"Directory_<N>","activityDisplayName":"<CALL>","activityDateTime":"<TIME>","loggedByService":"Core Directory","result":"success","targetResources":[<ANSWERED>],"initiatedBy":{"user":{"id":"<GUID>","userPrincipalName":"<EMAIL>","ipAddress":"<ADDRESS>"}}}}"#;
const AUDIT: &str = r#"{"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","authenticationInfo":{"principalEmail":"<EMAIL>"},"requestMetadata":{"callerIp":"<ADDRESS>","callerSuppliedUserAgent":"<CLIENT>"},"serviceName":"<SERVICE>.googleapis.com","methodName":"<CALL>","resourceName":"<TARGET>","request":<ASKED>,"response":<ANSWERED>},"insertId":"<N>","resource":{"type":"x","labels":{"project_id":"prod","location":"europe-west1"}},"timestamp":"<TIME>","logName":"projects/prod/logs/cloudaudit.googleapis.com%2Factivity"}"#;
const OBJECT_AUDIT: &str = r#"{"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","authenticationInfo":{"principalEmail":"<EMAIL>"},"requestMetadata":{"callerIp":"<ADDRESS>","callerSuppliedUserAgent":"<CLIENT>"},"serviceName":"storage.googleapis.com","methodName":"storage.objects.<CALL>","resourceName":"projects/_/buckets/<ASKED>/objects/<N>"},"insertId":"<N>","resource":{"type":"gcs_bucket","labels":{"project_id":"prod","location":"europe-west1","bucket_name":"<ASKED>"}},"timestamp":"<TIME>","logName":"projects/prod/logs/cloudaudit.googleapis.com%2Fdata_access"}"#;

/// What is done to an object, by its service or category and name in each log.
pub type Does = [&'static str; 3];
pub const LIST: Does = ["s3:ListObjects", "StorageRead:ListBlobs", "storage:list"];
pub const READ: Does = ["s3:GetObject", "StorageRead:GetBlob", "storage:get"];
const DELETE: Does = [
    "s3:DeleteObject",
    "StorageDelete:DeleteBlob",
    "storage:delete",
];

/// The logs of one provider.
pub struct Logs {
    pub cloud: Cloud,
    pub text: String,
    records: u64,
}

impl Logs {
    pub fn none(cloud: Cloud) -> Self {
        Self {
            cloud,
            text: String::new(),
            records: 0,
        }
    }

    /// Fills a record in and writes it: a call, `service:name`, on something, with what was asked and answered.
    fn write(&mut self, record: &str, (day, second): At, who: Who, row: &[&str]) {
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        let time = format!("2026-03-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
        let (service, name) = row[0].split_once(':').expect("a service and a name");
        let mut record = record.replace("<CALLER>", if who.is_job { ROLE } else { USER });
        for (name, value) in [
            ("<SERVICE>", service),
            ("<CALL>", name),
            ("<TARGET>", row[1]),
            ("<ASKED>", row[2]),
            ("<ANSWERED>", row.get(3).unwrap_or(&"{}")),
            ("<TIME>", &time),
            ("<N>", &format!("{:012x}", self.records)),
        ] {
            record = record.replace(name, value);
        }
        self.records += 1;
        self.text += &(who.fill(&record, self.cloud) + "\n");
    }

    pub fn call(&mut self, at: At, who: Who, row: &[&str]) {
        let record = match self.cloud {
            Aws => EVENT,
            Azure if row[0].starts_with("entra:") => DIRECTORY,
            Azure => ACTIVITY,
            Google => AUDIT,
        };
        self.write(record, at, who, row);
    }

    /// Calls on objects of so many bytes, spread evenly over some seconds, in one bucket after the other.
    pub fn objects(
        &mut self,
        at: At,
        secs: u32,
        who: Who,
        does: Does,
        [n, buckets, bytes]: [u32; 3],
    ) {
        for i in 0..n {
            let bucket = format!("ex-{:02}", i % buckets);
            self.object((at.0, at.1 + i * secs / n), who, does, &bucket, bytes);
        }
    }

    fn object(&mut self, at: At, who: Who, does: Does, bucket: &str, bytes: u32) {
        let record = [OBJECT_EVENT, STORAGE, OBJECT_AUDIT][self.cloud as usize];
        let row = [does[self.cloud as usize], "", bucket, &bytes.to_string()];
        self.write(record, at, who, &row);
    }

    /// Three ordinary weeks: people by day and jobs around the clock, each in four buckets of their own.
    pub fn ordinary(cloud: Cloud, is_there: impl Fn(Who, u32) -> bool) -> Self {
        let mut logs = Self::none(cloud);
        let mut dice = 7_u64;
        let mut roll = |bound: u32| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (dice >> 33) as u32 % bound
        };
        for who in (0..16).map(person).chain((0..14).map(job)) {
            for day in (1..=DAYS).filter(|&day| is_there(who, day)) {
                let visits = if who.is_job { 6 } else { 2 + roll(5) };
                for visit in 0..visits {
                    let second = match who.is_job {
                        true => visit * 14_400 + roll(300),
                        false => 8 * 3_600 + roll(36_000),
                    };
                    let bucket = format!("ex-{:02}", (who.number * 7 + 13 * roll(4)) % 60);
                    logs.object((day, second), who, LIST, &bucket, 500 + roll(19_500));
                    for read in 0..1 + roll(8) {
                        let at = (day, second + 2 + 5 * read);
                        logs.object(at, who, READ, &bucket, 2_000 + roll(900_000));
                    }
                }
            }
        }
        logs
    }

    /// Learns the days before one, judges the others, and returns the last alert, which is the most severe one, of each
    /// analytic and identity.
    fn judge(self, first: u32) -> Alerts {
        let world = World::empty();
        world.write("logs.jsonl", self.text);
        let split = format!("--split=2026-03-{first:02}");
        let said = world.run(&["backtest", "logs.jsonl", &split, "--format=json"]);
        let mut alerts = BTreeMap::new();
        for line in said.succeeds().out.lines() {
            let alert: Value = serde_json::from_str(line).expect("an alert");
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            let key = (text(&alert["analytic"]), text(&alert["entity"]["id"]));
            alerts.insert(key, alert);
        }
        let cloud = self.cloud;
        Alerts { cloud, alerts }
    }
}

const LOUD: &[&str] = &["high", "critical"];

struct Alerts {
    cloud: Cloud,
    alerts: BTreeMap<(String, String), Value>,
}

impl Alerts {
    /// Demands that an analytic alerts on somebody with one of some severities, and returns that alert.
    #[track_caller]
    fn tell(&self, analytic: &str, who: Who, severities: &[&str]) -> &Value {
        let key = (analytic.to_owned(), who.id(self.cloud));
        let alert = self.alerts.get(&key);
        let alert = alert.unwrap_or_else(|| panic!("no {key:?} in {:?}", self.alerts.keys()));
        let severity = alert["severity"].as_str().expect("a severity");
        assert!(severities.contains(&severity), "{alert:#}");
        alert
    }

    /// Demands that an analytic does not alert on somebody.
    #[track_caller]
    fn spare(&self, analytic: &str, who: Who) {
        let key = (analytic.to_owned(), who.id(self.cloud));
        assert_eq!(self.alerts.get(&key), None);
    }
}

#[test]
fn a_newcomer_lists_sixty_buckets() {
    for cloud in CLOUDS {
        let mut logs = Logs::ordinary(cloud, |_, _| true);
        logs.objects(TONIGHT, 600, outside(person(70)), LIST, [300, 60, 4_000]);
        logs.objects(TODAY, 36_000, person(71), LIST, [5, 4, 4_000]);
        let alerts = logs.judge(DAYS);
        alerts.tell("AN1594", person(70), LOUD);
        alerts.spare("AN1594", person(71));
    }
}

#[test]
fn an_established_job_reads_every_bucket() {
    for cloud in CLOUDS {
        let mut logs = Logs::ordinary(cloud, |_, _| true);
        for day in 1..=DAYS {
            logs.objects((day, TONIGHT.1), 1_200, job(30), READ, [24, 3, 300_000]);
        }
        logs.objects(TONIGHT, 2_500, job(2), READ, [5_000, 60, 1_000_000]);
        let alerts = logs.judge(DAYS);
        let resources = alerts.tell("ACCESS-SPIKE", job(2), LOUD)["resources"].as_array();
        assert!(resources.expect("buckets").len() > 4, "{resources:#?}");
        alerts.spare("ACCESS-SPIKE", job(30));
    }
}

#[test]
fn a_job_that_never_deleted_empties_ten_buckets() {
    for cloud in CLOUDS {
        let mut logs = Logs::ordinary(cloud, |_, _| true);
        logs.objects(TONIGHT, 1_250, job(5), DELETE, [5_000, 10, 0]);
        // A first deletion of a few files is no destruction.
        logs.objects(TONIGHT, 300, job(6), DELETE, [7, 1, 0]);
        let alerts = logs.judge(DAYS);
        // Medium is enough in an estate this small: the tail of its ranks rests on few values and is wide, so high comes late.
        let alert = alerts.tell("DELETE-SPIKE", job(5), &["medium", "high", "critical"]);
        assert_eq!(alert["resources"].as_array().map(Vec::len), Some(10));
        alerts.spare("DELETE-SPIKE", job(6));
    }
}

/// Calls that blind a log of each provider, what they are on, and what they ask. Infrastructure code makes the first every
/// night.
const BLINDING: [&str; 3] = [
    r#"cloudtrail:PutEventSelectors main {"trailName":"main","eventSelectors":[{"readWriteType":"WriteOnly","includeManagementEvents":false}]}
cloudtrail:StopLogging main {"name":"main"}
cloudtrail:DeleteTrail main {"name":"main"}
guardduty:DeleteDetector d1 {"detectorId":"d1"}"#,
    "insights:MICROSOFT.INSIGHTS/DIAGNOSTICSETTINGS/DELETE MICROSOFT.INSIGHTS/DIAGNOSTICSETTINGS/SIEM {}
network:MICROSOFT.NETWORK/NETWORKWATCHERS/FLOWLOGS/DELETE MICROSOFT.NETWORK/NETWORKWATCHERS/W/FLOWLOGS/F {}",
    r#"logging:google.logging.v2.ConfigServiceV2.DeleteSink projects/prod/sinks/siem {}
logging:google.logging.v2.ConfigServiceV2.CreateExclusion projects/prod/exclusions/quiet {"exclusion":{"name":"quiet","filter":"protoPayload.serviceName=\"storage.googleapis.com\""}}
logging:google.logging.v2.ConfigServiceV2.UpdateSink projects/prod/sinks/other {"sink":{"name":"other","disabled":true},"updateMask":"disabled"}"#,
];

#[test]
fn a_log_is_switched_off() {
    for cloud in CLOUDS {
        let mut logs = Logs::ordinary(cloud, |_, _| true);
        let rows = BLINDING[cloud as usize].lines();
        let rows = rows.map(|row| row.splitn(3, ' ').collect::<Vec<_>>());
        let rows: Vec<_> = (0..).zip(rows).collect();
        for (n, row) in &rows {
            // Each is made once, by somebody who never did so.
            logs.call(TONIGHT, outside(person(*n)), row);
        }
        for day in 1..=DAYS {
            logs.call((day, TONIGHT.1), job(30), &rows[0].1);
        }
        let alerts = logs.judge(DAYS);
        for (n, row) in rows {
            let operations = alerts.tell("LOG-BLINDED", person(n), LOUD)["operations"].to_string();
            let (_, name) = row[0].split_once(':').expect("a service");
            assert!(operations.contains(name), "{operations}");
        }
        alerts.spare("LOG-BLINDED", job(30));
    }
}

/// Calls that delete and make somebody, and what the second answers.
const MAKING: [&str; 3] = [
    r#"iam:DeleteUser|iam:CreateUser|{"user":{"arn":"<ID>","userName":"<USER>","userId":"AIDA<NUMBER>"}}"#,
    r#"entra:Delete user|entra:Add user|{"id":"<GUID>","type":"User","userPrincipalName":"<EMAIL>"}"#,
    r#"iam:google.iam.admin.v1.DeleteServiceAccount|iam:google.iam.admin.v1.CreateServiceAccount|{"email":"<EMAIL>","unique_id":"<NUMBER>"}"#,
];

#[test]
fn a_name_is_given_again() {
    for cloud in CLOUDS {
        // People of Google Cloud are made elsewhere, and the log has service accounts.
        let new = if cloud == Google { job } else { person };
        let (old, newcomer, mut again) = (new(3), new(72), outside(new(3)));
        again.number = 903;
        let mut logs = Logs::ordinary(cloud, |who, day| who.name() != old.name() || day < 16);
        let calls: Vec<&str> = MAKING[cloud as usize].split('|').collect();
        for (day, call, who) in [(16, 0, old), (18, 1, again), (18, 1, newcomer)] {
            let fill = |text: &str| who.fill(text, cloud);
            let target = fill("projects/prod/serviceAccounts/<EMAIL>");
            let asked = fill(r#"{"userName":"<USER>"}"#);
            let row = [calls[call], &target, &asked, &fill(calls[2])];
            logs.call((day, 32_400), person(9), &row);
        }
        logs.objects((18, 39_600), 1_600, again, READ, [400, 1, 2_000_000]);
        logs.objects((18, 39_600), 14_400, newcomer, READ, [12, 2, 200_000]);
        let alerts = logs.judge(15);
        let alert = alerts.tell("AN1328", again, LOUD);
        let reasons = alert["reasons"].as_array().expect("reasons");
        let first = reasons.iter().find_map(|reason| reason["steps"].get(0));
        assert_eq!(first.expect("steps")["by"], person(9).id(cloud));
        // Only where the id is a name can somebody else have had it.
        let namesake = &alert["entity"]["namesake"];
        assert_eq!(namesake.is_null(), cloud == Azure, "{alert:#}");
        alerts.spare("AN1328", newcomer);
    }
}
