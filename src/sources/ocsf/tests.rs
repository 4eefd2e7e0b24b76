#![allow(clippy::unwrap_used)]

use crate::event::{Event, Source};
use crate::sources::ReadOptions;
use crate::sources::tests::read_all;

fn one(text: &str) -> Event {
    let read = read_all(text.as_bytes(), &ReadOptions::default());
    assert_eq!(read.events.len(), 1, "{:?}\n{text}", read.report);
    read.events.into_iter().next().unwrap()
}

/// An event converted from a record gives the same event as the record, in each version of the schema.
#[test]
fn converted_documents_give_the_original_event() {
    let record = r#"{"eventVersion":"1.08","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:nightly","arn":"arn:aws:sts::111122223333:assumed-role/etl/nightly","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE0002","sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/jobs/etl","userName":"etl"},"attributes":{"creationDate":"2026-03-16T04:00:00Z","mfaAuthenticated":"false"}}},"eventTime":"2026-03-16T04:11:09Z","eventSource":"s3.amazonaws.com","eventName":"ListObjects","awsRegion":"eu-west-1","sourceIPAddress":"198.51.100.7","userAgent":"Boto3/1.34.69","requestParameters":{"bucketName":"payroll","prefix":""},"additionalEventData":{"bytesTransferredOut":4096},"requestID":"R1","eventID":"a1","eventType":"AwsApiCall","recipientAccountId":"111122223333"}"#;
    let common = r#""cloud":{"region":"eu-west-1","provider":"AWS"},"http_request":{"user_agent":"Boto3/1.34.69"},"src_endpoint":{"ip":"198.51.100.7"},"time":1773634269000,"severity_id":1"#;
    let metadata = |version: &str| {
        format!(
            r#""metadata":{{"product":{{"version":"1.08","name":"CloudTrail","vendor_name":"AWS"}},"uid":"a1","version":"{version}"}}"#
        )
    };
    let first = format!(
        r#"{{{},{common},"class_uid":3005,"api":{{"operation":"ListObjects","service":{{"name":"s3.amazonaws.com"}},"request":{{"uid":"R1"}}}},"actor":{{"user":{{"type":"AssumedRole","uid":"AROAEXAMPLE:nightly","uuid":"arn:aws:sts::111122223333:assumed-role/etl/nightly","account_uid":"111122223333","credential_uid":"ASIAEXAMPLE0002"}},"session":{{"created_time":1773633600000,"mfa":false,"issuer":"arn:aws:iam::111122223333:role/jobs/etl"}}}},"unmapped":[["requestParameters.bucketName","payroll"],["requestParameters.prefix",""],["additionalEventData.bytesTransferredOut","4096.0"],["recipientAccountId","111122223333"],["eventType","AwsApiCall"],["userIdentity.sessionContext.sessionIssuer.userName","etl"]]}}"#,
        metadata("1.0.0-rc.2")
    );
    let later = format!(
        r#"{{{},{common},"class_uid":6003,"api":{{"operation":"ListObjects","service":{{"name":"s3.amazonaws.com"}},"request":{{"uid":"R1","data":"{{\"bucketName\":\"payroll\",\"prefix\":\"\"}}"}}}},"actor":{{"user":{{"type":"AssumedRole","uid_alt":"AROAEXAMPLE:nightly","uid":"arn:aws:sts::111122223333:assumed-role/etl/nightly","account":{{"uid":"111122223333"}},"credential_uid":"ASIAEXAMPLE0002"}},"session":{{"created_time_dt":"2026-03-16T00:00:00.000-04:00","is_mfa":false,"issuer":"arn:aws:iam::111122223333:role/jobs/etl"}}}},"unmapped":{{"additionalEventData.bytesTransferredOut":"4096","recipientAccountId":"111122223333","userIdentity":{{"sessionContext":{{"sessionIssuer":{{"userName":"etl"}}}}}}}}}}"#,
        metadata("1.1.0")
    );
    // A reader of Parquet may write a map as a list of objects.
    let keyed = first
        .replace("[\"", "{\"key\":\"")
        .replace("\",\"", "\",\"value\":\"")
        .replace("\"]", "\"}");
    let keyed = format!(
        "{}{}",
        &first[..first.find("\"unmapped\"").unwrap()],
        &keyed[keyed.find("\"unmapped\"").unwrap()..]
    );
    let mut native = one(record);
    native.source = Source::Ocsf;
    for told in [first, later, keyed] {
        assert_eq!(one(&told), native, "{told}");
    }
}

/// A flow's time is its end, and its id is that of the original row.
#[test]
fn converted_flows_give_the_original_event() {
    let row = r#"{"version":5,"account_id":"111122223333","interface_id":"eni-0abc","srcaddr":"10.0.0.5","dstaddr":"198.51.100.7","srcport":443,"dstport":5000,"protocol":6,"packets":9,"bytes":4000,"start":1773634200,"end":1773634260,"action":"ACCEPT","log_status":"OK","instance_id":"i-0abc1234def567890","region":"eu-west-1","tcp_flags":2,"flow_direction":"egress","pkt_srcaddr":"10.0.0.5","pkt_dstaddr":"198.51.100.7"}"#;
    let event = r#"{"metadata":{"product":{"version":"5","name":"Amazon VPC"},"version":"1.1.0"},"cloud":{"account":{"uid":"111122223333"},"region":"eu-west-1","provider":"AWS"},"class_uid":4001,"activity_id":6,"action_id":1,"src_endpoint":{"ip":"10.0.0.5","port":443,"interface_uid":"eni-0abc","instance_uid":"i-0abc1234def567890"},"dst_endpoint":{"ip":"198.51.100.7","port":5000,"svc_name":"-"},"connection_info":{"direction_id":2,"protocol_num":6,"tcp_flags":2},"traffic":{"bytes":4000,"packets":9},"time":1773634200000,"end_time_dt":"2026-03-16T00:11:00.000-04:00","status_code":"OK"}"#;
    let mut native = one(row);
    native.source = Source::Ocsf;
    assert_eq!(one(event), native);
}
