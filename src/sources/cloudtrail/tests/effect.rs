//! What calls blind, delete, expire and start.
#![allow(clippy::unwrap_used)]

use serde_json::{Value as Tree, json};

use crate::event::Action::{self, *};
use crate::event::Source::{self, *};
use crate::sources::cloudtrail::tests::{event, raw};

fn call(source: &str, op: &str, parameters: Tree) -> Tree {
    json!({"eventSource": format!("{source}.amazonaws.com"), "eventName": op, "requestParameters": parameters})
}

#[test]
fn a_call_blinds_by_its_name_or_by_its_parameters() {
    type Case = (
        &'static str,
        &'static str,
        Tree,
        Action,
        &'static [Source],
        Option<&'static str>,
    );
    const TRAIL: &[Source] = &[AwsCloudTrail];
    let selector = |kind: &str, management: bool, excluded: Tree| {
        json!({"trailName": "t", "eventSelectors": [{"readWriteType": kind,
        "includeManagementEvents": management, "excludeManagementEventSources": excluded, "dataResources": []}]})
    };
    let fields = |fields: Tree| json!({"trailName": "t", "advancedEventSelectors": [{"name": "all", "fieldSelectors": fields}]});
    let category = json!({"field": "eventCategory", "equals": ["Management"]});
    let arn = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main";
    #[rustfmt::skip]
    let cases: Vec<Case> = vec![
        ("cloudtrail", "StopLogging", json!({"name": arn}), BlindLog, TRAIL, Some("main")),
        ("cloudtrail", "DeleteTrail", json!({"name": "main"}), BlindLog, TRAIL, Some("main")),
        ("cloudtrail", "StartLogging", json!({"name": arn}), Other, &[], None),
        ("cloudtrail", "CreateTrail", json!({"name": "main", "s3BucketName": "b", "isMultiRegionTrail": false}), Other, &[], None),
        ("cloudtrail", "UpdateTrail", json!({"name": "main", "isMultiRegionTrail": false}), BlindLog, TRAIL, Some("main")),
        ("cloudtrail", "UpdateTrail", json!({"name": "main", "includeGlobalServiceEvents": "false"}), BlindLog, TRAIL, Some("main")),
        ("cloudtrail", "UpdateTrail", json!({"name": "main", "enableLogFileValidation": false}), BlindLog, TRAIL, Some("main")),
        ("cloudtrail", "UpdateTrail", json!({"name": "main", "s3BucketName": "theirs"}), BlindLog, TRAIL, Some("main")),
        ("cloudtrail", "UpdateTrail", json!({"name": "main", "cloudWatchLogsLogGroupArn": ""}), BlindLog, TRAIL, Some("main")),
        ("cloudtrail", "UpdateTrail", json!({"name": "main", "isMultiRegionTrail": true, "enableLogFileValidation": true}), Other, &[], None),
        ("cloudtrail", "UpdateTrail", json!({"name": "main", "cloudWatchLogsLogGroupArn": "arn:x"}), Other, &[], None),
        ("cloudtrail", "UpdateTrail", json!(null), Other, &[], None),
        ("cloudtrail", "PutEventSelectors", selector("ReadOnly", false, json!([])), BlindLog, TRAIL, Some("t")),
        ("cloudtrail", "PutEventSelectors", selector("WriteOnly", true, json!([])), BlindLog, TRAIL, Some("t")),
        ("cloudtrail", "PutEventSelectors", selector("All", true, json!(["kms.amazonaws.com"])), BlindLog, TRAIL, Some("t")),
        // All management events and no data events: nothing is seen of objects.
        ("cloudtrail", "PutEventSelectors", selector("All", true, json!([])), BlindLog, TRAIL, Some("t")),
        ("cloudtrail", "PutEventSelectors", json!({"trailName": "t", "eventSelectors": [{"readWriteType": "All", "includeManagementEvents": true, "dataResources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}]}]}), Other, &[], None),
        ("cloudtrail", "PutEventSelectors", json!({"trailName": "t", "eventSelectors": [{"readWriteType": "ReadOnly"}, {"readWriteType": "WriteOnly", "dataResources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}]}]}), Other, &[], None),
        ("cloudtrail", "PutEventSelectors", json!({"trailName": "t", "eventSelectors": []}), BlindLog, TRAIL, Some("t")),
        ("cloudtrail", "PutEventSelectors", json!(null), Other, &[], None),
        ("cloudtrail", "PutEventSelectors", fields(json!([category])), BlindLog, TRAIL, Some("t")),
        ("cloudtrail", "PutEventSelectors", json!({"trailName": "t", "advancedEventSelectors": [{"fieldSelectors": [category]}, {"fieldSelectors": [{"field": "eventCategory", "equals": ["Data"]}, {"field": "resources.type", "equals": ["AWS::S3::Object"]}]}]}), Other, &[], None),
        ("cloudtrail", "PutEventSelectors", fields(json!([category, {"field": "readOnly", "equals": ["false"]}])), BlindLog, TRAIL, Some("t")),
        ("cloudtrail", "PutEventSelectors", fields(json!([{"field": "eventCategory", "equals": ["Data"]}])), BlindLog, TRAIL, Some("t")),
        ("cloudtrail", "PutInsightSelectors", json!({"trailName": "t", "insightSelectors": []}), BlindLog, &[], Some("t")),
        ("cloudtrail", "PutInsightSelectors", json!({"trailName": "t", "insightSelectors": [{"insightType": "ApiCallRateInsight"}]}), Other, &[], None),
        ("cloudtrail", "DeleteEventDataStore", json!({"eventDataStore": "arn:aws:cloudtrail:x:1:eventdatastore/ee-1"}), BlindLog, TRAIL, Some("ee-1")),
        ("cloudtrail", "UpdateEventDataStore", json!({"eventDataStore": "e", "multiRegionEnabled": false}), BlindLog, TRAIL, Some("e")),
        ("cloudtrail", "UpdateEventDataStore", json!({"eventDataStore": "e", "retentionPeriod": 2557, "multiRegionEnabled": true}), Other, &[], None),
        ("organizations", "LeaveOrganization", json!(null), BlindLog, TRAIL, None),
        ("organizations", "DisableAWSServiceAccess", json!({"servicePrincipal": "guardduty.amazonaws.com"}), BlindLog, &[], Some("guardduty.amazonaws.com")),
        ("organizations", "DisableAWSServiceAccess", json!({"servicePrincipal": "ram.amazonaws.com"}), Other, &[], None),
        ("ec2", "DeleteFlowLogs", json!({"DeleteFlowLogsRequest": {"FlowLogId": {"content": "fl-1", "tag": 1}}}), BlindLog, &[AwsVpcFlow], Some("fl-1")),
        ("ec2", "DeleteFlowLogs", json!({"DeleteFlowLogsRequest": {"FlowLogId": [{"content": "fl-1", "tag": 1}, {"content": "fl-2", "tag": 2}]}}), BlindLog, &[AwsVpcFlow], Some("fl-1")),
        ("ec2", "CreateFlowLogs", json!({"x": 1}), Other, &[], None),
        ("s3", "PutBucketLogging", json!({"bucketName": "b", "BucketLoggingStatus": {"xmlns": "x"}}), BlindLog, &[AwsS3Access], Some("b")),
        ("s3", "PutBucketLogging", json!({"bucketName": "b", "BucketLoggingStatus": ""}), BlindLog, &[AwsS3Access], Some("b")),
        ("s3", "PutBucketLogging", json!({"bucketName": "b", "BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "l"}}}), WritePosture, &[], None),
        ("s3", "PutBucketLogging", json!({"bucketName": "b"}), WritePosture, &[], None),
        ("route53resolver", "DeleteResolverQueryLogConfig", json!({"resolverQueryLogConfigId": "rqlc-1"}), BlindLog, &[], Some("rqlc-1")),
        ("network-firewall", "UpdateLoggingConfiguration", json!({"firewallName": "f", "loggingConfiguration": {"logDestinationConfigs": []}}), BlindLog, &[], Some("f")),
        ("network-firewall", "UpdateLoggingConfiguration", json!({"firewallName": "f", "loggingConfiguration": {"logDestinationConfigs": [{"logType": "FLOW"}]}}), Other, &[], None),
        ("elasticloadbalancing", "ModifyLoadBalancerAttributes", json!({"loadBalancerArn": "arn:aws:elasticloadbalancing:x:1:loadbalancer/app/lb/50dc", "attributes": [{"key": "access_logs.s3.enabled", "value": "false"}]}), BlindLog, &[], Some("50dc")),
        ("elasticloadbalancing", "ModifyLoadBalancerAttributes", json!({"attributes": [{"key": "deletion_protection.enabled", "value": "false"}]}), Other, &[], None),
        ("rds", "ModifyDBInstance", json!({"dBInstanceIdentifier": "d", "cloudwatchLogsExportConfiguration": {"disableLogTypes": ["audit"]}}), BlindLog, &[], Some("d")),
        ("rds", "ModifyDBInstance", json!({"dBInstanceIdentifier": "d", "allocatedStorage": 20}), Other, &[], None),
        ("eks", "UpdateClusterConfig", json!({"name": "k", "logging": {"clusterLogging": [{"types": ["audit"], "enabled": false}]}}), BlindLog, &[], Some("k")),
        ("logs", "DeleteLogGroup", json!({"logGroupName": "/aws/lambda/x"}), Other, &[], None),
        ("logs", "DeleteLogGroup", json!({"logGroupName": "aws-cloudtrail-logs"}), BlindLog, &[], Some("aws-cloudtrail-logs")),
        ("logs", "PutRetentionPolicy", json!({"logGroupName": "audit/x", "retentionInDays": 1}), BlindLog, &[], Some("audit/x")),
        ("logs", "PutRetentionPolicy", json!({"logGroupName": "/aws/x", "retentionInDays": 30}), Other, &[], None),
        ("monitoring", "DeleteAlarms", json!({"alarmNames": ["b", "cpu"]}), Other, &[], None),
        ("events", "DisableRule", json!({"name": "guardduty-findings"}), BlindLog, &[], Some("guardduty-findings")),
        ("events", "PutRule", json!({"name": "r", "state": "ENABLED"}), Other, &[], None),
        ("config", "StopConfigurationRecorder", json!({"configurationRecorderName": "default"}), BlindLog, &[], Some("default")),
        ("config", "StartConfigurationRecorder", json!({"configurationRecorderName": "default"}), Other, &[], None),
        ("guardduty", "DeleteDetector", json!({"detectorId": "12ab"}), BlindLog, &[], Some("12ab")),
        ("guardduty", "UpdateDetector", json!({"detectorId": "12ab", "enable": false}), BlindLog, &[], Some("12ab")),
        ("guardduty", "UpdateDetector", json!({"detectorId": "12ab", "enable": true, "dataSources": {"s3Logs": {"enable": false}}}), BlindLog, &[], Some("12ab")),
        ("guardduty", "UpdateDetector", json!({"detectorId": "12ab", "dataSources": {"kubernetes": {"auditLogs": {"enable": false}}}}), BlindLog, &[], Some("12ab")),
        ("guardduty", "UpdateDetector", json!({"detectorId": "12ab", "features": [{"name": "S3_DATA_EVENTS", "status": "DISABLED"}]}), BlindLog, &[], Some("12ab")),
        ("guardduty", "UpdateDetector", json!({"detectorId": "12ab", "enable": true, "findingPublishingFrequency": "SIX_HOURS"}), Other, &[], None),
        ("guardduty", "CreateFilter", json!({"name": "hide", "action": "ARCHIVE"}), BlindLog, &[], Some("hide")),
        ("guardduty", "CreateFilter", json!({"name": "view", "action": "NOOP"}), Other, &[], None),
        ("guardduty", "CreateIPSet", json!({"name": "trusted", "activate": true}), BlindLog, &[], Some("trusted")),
        ("guardduty", "UpdateIPSet", json!({"ipSetId": "i", "activate": false}), Other, &[], None),
        ("guardduty", "DeleteIPSet", json!({"ipSetId": "i"}), Other, &[], None),
        ("guardduty", "CreateDetector", json!({"enable": true}), Other, &[], None),
        ("securityhub", "DisableSecurityHub", json!(null), BlindLog, &[], None),
        ("securityhub", "BatchUpdateFindings", json!({"findingIdentifiers": [{"id": "arn:aws:securityhub:x:1:finding/f1"}], "workflow": {"status": "SUPPRESSED"}}), BlindLog, &[], Some("f1")),
        ("securityhub", "BatchUpdateFindings", json!({"workflow": {"status": "NOTIFIED"}}), Other, &[], None),
        ("macie2", "DisableMacie", json!(null), BlindLog, &[], None),
        ("inspector2", "Disable", json!({"accountIds": ["111122223333"]}), BlindLog, &[], Some("111122223333")),
        ("access-analyzer", "CreateArchiveRule", json!({"analyzerName": "a", "ruleName": "hide"}), BlindLog, &[], Some("hide")),
        ("wafv2", "DeleteLoggingConfiguration", json!({"resourceArn": "arn:aws:wafv2:x:1:regional/webacl/web/1a"}), BlindLog, &[], Some("1a")),
    ];
    for (source, op, parameters, action, logs, target) in cases {
        let e = event(call(source, op, parameters.clone()));
        let blinding = e
            .blinding
            .map_or((Vec::new(), None), |b| (b.logs, b.target));
        let found = (e.action, &*blinding.0, raw(&blinding.1), e.items);
        assert_eq!(found, (action, logs, target, None), "{op} {parameters}");
    }
    let failed = event(
        json!({"eventSource": "cloudtrail.amazonaws.com", "eventName": "StopLogging",
        "errorCode": "AccessDenied", "requestParameters": {"name": "main"}}),
    );
    assert_eq!((failed.action, failed.blinding), (BlindLog, None));
    let long = "x".repeat(9_000);
    let bounded = event(call("cloudtrail", "StopLogging", json!({"name": long})));
    assert!(bounded.blinding.unwrap().target.unwrap().raw().len() <= 2_048);
}

#[test]
fn deletions_expiries_and_starts_state_how_many() {
    let lifecycle =
        |rule: Tree| json!({"bucketName": "b", "LifecycleConfiguration": {"Rule": rule}});
    let on = |more: Tree| {
        let mut rule = json!({"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}});
        for (name, value) in more.as_object().unwrap() {
            rule[name] = value.clone();
        }
        rule
    };
    // The record is of 16 March 2026.
    #[rustfmt::skip]
    let rules = [
        (on(json!({"Expiration": {"Days": 1}})), Some(1)),
        (json!([on(json!({"Expiration": {"Days": "7"}})), on(json!({"NoncurrentVersionExpiration": {"NoncurrentDays": 1}})),
            on(json!({"Expiration": {"Days": 365}}))]), Some(2)),
        (on(json!({"Expiration": {"Date": "2026-03-20T00:00:00Z"}})), Some(1)),
        (on(json!({"Expiration": {"Date": "2025-01-01T00:00:00.000Z"}})), Some(1)),
        (on(json!({"Expiration": {"Date": "2027-01-01T00:00:00Z"}})), None),
        (on(json!({"Expiration": {"Days": 8}})), None),
        (on(json!({"Expiration": {"ExpiredObjectDeleteMarker": true}})), None),
        (on(json!({"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}})), None),
        (on(json!({"Transition": {"Days": 1, "StorageClass": "GLACIER"}})), None),
        (json!({"Status": "Disabled", "Expiration": {"Days": 1}}), None),
        (json!(null), None),
    ];
    for (rule, soon) in rules {
        for op in ["PutBucketLifecycle", "PutBucketLifecycleConfiguration"] {
            let e = event(call("s3", op, lifecycle(rule.clone())));
            let action = if soon.is_some() {
                ExpireObjects
            } else {
                WritePosture
            };
            let found = (e.action, e.items, raw(&e.container));
            assert_eq!(found, (action, soon, Some("b")), "{rule}");
        }
    }
    let instances =
        json!({"instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"}]}});
    #[rustfmt::skip]
    let cases = [
        ("s3", "DeleteBucket", json!({"bucketName": "b"}), json!(null), DeleteBucket, None, Some("b")),
        ("s3", "DeleteObject", json!({"bucketName": "b", "key": "k", "versionId": "3"}), json!(null), DeleteObject, None, Some("b")),
        // As CloudTrail writes it.
        ("s3", "DeleteObjects", json!({"bucketName": "b", "delete": "", "x-id": "DeleteObjects"}), json!(null), DeleteObject, None, Some("b")),
        ("s3", "DeleteObjects", json!({"bucketName": "b", "delete": {"objects": [{"key": "a"}, {"key": "c"}]}}), json!(null), DeleteObject, Some(2), Some("b")),
        ("s3", "DeleteObjects", json!({"bucketName": "b", "Delete": {"Objects": [{"Key": "a"}, {"Key": "c"}]}}),
            json!({"DeleteResult": {"Deleted": [{"key": "a"}], "Error": []}}), DeleteObject, Some(1), Some("b")),
        ("ec2", "DeleteSnapshot", json!({"snapshotId": "snap-0ab"}), json!({"_return": true}), DeleteBucket, None, Some("snapshot/snap-0ab")),
        ("ec2", "CreateSnapshot", json!({"volumeId": "vol-1"}), json!(null), Other, None, None),
        ("rds", "DeleteDBInstance", json!({"dBInstanceIdentifier": "prod", "skipFinalSnapshot": true}), json!(null), DeleteBucket, None, Some("database/prod")),
        ("backup", "DeleteRecoveryPoint", json!({"backupVaultName": "v", "recoveryPointArn": "arn:aws:backup:x:1:recovery-point:1EB3"}), json!(null), DeleteBucket, None, Some("recovery-point/1EB3")),
        ("kms", "ScheduleKeyDeletion", json!({"keyId": "arn:aws:kms:x:1:key/12ab", "pendingWindowInDays": 7}), json!(null), DeleteBucket, None, Some("key/12ab")),
        ("kms", "EnableKey", json!({"keyId": "12ab"}), json!(null), Other, None, None),
        ("dynamodb", "DeleteTable", json!({"tableName": "t"}), json!(null), DeleteBucket, None, Some("table/t")),
        ("s3tables", "DeleteTable", json!({"tableBucketARN": "arn:x", "name": "t"}), json!(null), DeleteBucket, None, Some("table/t")),
        ("ec2", "RunInstances", json!({"instancesSet": {"items": [{"imageId": "ami-1", "minCount": 1, "maxCount": 20}]}}), json!(null), StartCompute, Some(20), None),
        ("ec2", "RunInstances", json!({"instancesSet": {"items": [{"imageId": "ami-1", "minCount": 1, "maxCount": 20}]}}), instances.clone(), StartCompute, Some(2), None),
        ("ec2", "StartInstances", instances.clone(), instances.clone(), StartCompute, Some(2), None),
        ("ec2", "StopInstances", instances.clone(), instances.clone(), Other, None, None),
        ("ec2", "RequestSpotFleet", json!({"spotFleetRequestConfig": {"targetCapacity": 40}}), json!(null), StartCompute, Some(40), None),
        ("lambda", "CreateFunction20150331", json!({"functionName": "f"}), json!(null), StartCompute, None, None),
        ("lambda", "DeleteFunction20150331", json!({"functionName": "f"}), json!(null), Other, None, None),
        ("ecs", "RunTask", json!({"count": 3}), json!(null), StartCompute, Some(3), None),
        ("ecs", "StopTask", json!({"task": "t"}), json!(null), Other, None, None),
    ];
    for (source, op, parameters, response, action, items, container) in cases {
        let mut record = call(source, op, parameters);
        record["responseElements"] = response;
        let e = event(record);
        let found = (e.action, e.items, raw(&e.container), e.blinding);
        assert_eq!(found, (action, items, container, None), "{op}");
    }
}
