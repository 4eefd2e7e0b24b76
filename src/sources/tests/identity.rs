//! Ids of events and identities: the same in all logs of one action.
#![allow(clippy::unwrap_used)]

use crate::event::Provider;
use crate::sources::ReadOptions;
use crate::sources::tests::{quoted, read_all, record};

/// A record has one id in all logs, and equal ids of different products stay distinct.
#[test]
fn event_ids_are_scoped_to_their_issuer() {
    let id = |text: &str| {
        let read = read_all(text.as_bytes(), &ReadOptions::default());
        assert_eq!(read.events.len(), 1, "{text}");
        (read.events[0].provider, read.events[0].id.to_string())
    };
    let native = record("a");
    for wrapped in [
        format!(
            r#"{{"@timestamp":"2026-03-16T05:00:00Z","ecs":{{"version":"8.0"}},"event":{{"id":"x","dataset":"aws.cloudtrail","original":{}}}}}"#,
            quoted(&native)
        ),
        r#"{"@timestamp":"2026-03-16T04:11:09.000Z","ecs":{"version":"8.0"},"event":{"id":"a","dataset":"aws.cloudtrail","action":"GetObject","provider":"s3.amazonaws.com"}}"#.to_owned(),
        r#"{"class_uid":6003,"metadata":{"version":"1.1.0","uid":"a","product":{"name":"CloudTrail"}},"time":1773634269000,"api":{"operation":"GetObject","service":{"name":"s3.amazonaws.com"}}}"#.to_owned(),
    ] {
        assert_eq!(id(&wrapped), id(&native), "{wrapped}");
    }
    let ocsf = |product: &str, user: &str| {
        id(&format!(
            r#"{{"class_uid":3002,"activity_id":1,"metadata":{{"version":"1.1.0","uid":"1","product":{{"name":"{product}"}}}},"time":1773634269000,"user":{{"uid":"{user}"}}}}"#
        ))
    };
    assert_eq!(ocsf("Shop", "u1"), ocsf("Shop", "u1"));
    let ecs = |dataset: &str, user: &str| {
        id(&format!(
            r#"{{"@timestamp":"2026-03-16T04:11:09Z","ecs":{{"version":"8.0"}},"event":{{"id":"1","dataset":"{dataset}"}},"user":{{"id":"{user}"}}}}"#
        ))
    };
    assert_eq!(ecs("shop.audit", "u1"), ecs("shop.audit", "u1"));
    let mut ids = [
        ocsf("Shop", "u1"),
        ocsf("Shop", "u2"),
        ocsf("Desk", "u1"),
        ecs("shop.audit", "u1"),
        ecs("shop.audit", "u2"),
        ecs("desk.audit", "u1"),
    ];
    ids.sort();
    assert!(ids.windows(2).all(|two| two[0] != two[1]), "{ids:?}");
}

#[test]
fn an_identity_without_a_tenant_has_one_id_in_all_logs() {
    const WHO: &str = "5f2b6a0e-0000-4000-8000-00000000a001";
    for text in [
        format!(
            r#"{{"CreationTime":"2026-03-16T04:11:09","Id":"a","Operation":"FileAccessed","Workload":"OneDrive","RecordType":6,"UserId":"ana@example.com","UserKey":"{WHO}"}}"#
        ),
        format!(
            r#"{{"category":"AuditLogs","time":"2026-03-16T04:11:09Z","properties":{{"loggedByService":"Core Directory","activityDisplayName":"Add user","initiatedBy":{{"user":{{"id":"{WHO}"}}}}}}}}"#
        ),
        format!(
            r#"{{"class_uid":3002,"activity_id":1,"metadata":{{"version":"1.1.0","product":{{"name":"Entra ID"}}}},"time":1773634269000,"user":{{"uid":"{WHO}"}}}}"#
        ),
    ] {
        let events = read_all(text.as_bytes(), &ReadOptions::default()).events;
        let who = events[0].principal.as_ref().unwrap();
        assert_eq!(*who.id, *format!("entra:-/{WHO}"), "{text}");
    }
}

#[test]
fn provider_names_match_whole_words() {
    for (product, provider) in [
        ("Sophos Central", Provider::Other),
        ("Flaws Scanner", Provider::Other),
        ("Microsoft Entra ID", Provider::Entra),
    ] {
        let text = format!(
            r#"{{"class_uid":3002,"activity_id":1,"metadata":{{"version":"1.1.0","product":{{"name":"{product}"}}}},"time":1773634269000,"user":{{"uid":"u"}}}}"#
        );
        let events = read_all(text.as_bytes(), &ReadOptions::default()).events;
        assert_eq!(events[0].provider, provider, "{text}");
    }
    for (dataset, provider) in [
        ("awsome.audit", Provider::Other),
        ("aws_s3.generic", Provider::Aws),
        ("slack", Provider::Slack),
    ] {
        let text = format!(
            r#"{{"@timestamp":"2026-03-16T04:11:09Z","event":{{"dataset":"{dataset}"}},"user":{{"id":"u"}}}}"#
        );
        let events = read_all(text.as_bytes(), &ReadOptions::default()).events;
        assert_eq!(events[0].provider, provider, "{text}");
    }
}

/// Pipelines cut times to milliseconds.
#[test]
fn event_ids_do_not_depend_on_time_precision() {
    let ids = |texts: &[&str]| -> Vec<String> {
        let ids = texts.iter().map(|text| {
            let events = read_all(text.as_bytes(), &ReadOptions::default()).events;
            assert_eq!(events.len(), 1, "{text}");
            events[0].id.to_string()
        });
        ids.collect()
    };
    const AUDIT: &str = r#"{"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","serviceName":"storage.googleapis.com","methodName":"storage.objects.list"},"insertId":"g1","timestamp":"2026-03-16T06:00:00.123456789Z","logName":"projects/p/logs/cloudaudit.googleapis.com%2Fdata_access","resource":{"labels":{"project_id":"p"}}}"#;
    const AUDIT_ECS: &str = r#"{"@timestamp":"2026-03-16T06:00:00.123Z","ecs":{"version":"8.11.0"},"event":{"dataset":"gcp.audit","action":"storage.objects.list","id":"g1"},"service":{"name":"storage.googleapis.com"},"cloud":{"project":{"id":"p"}},"log":{"logger":"projects/p/logs/cloudaudit.googleapis.com%2Fdata_access"}}"#;
    const AUDIT_OCSF: &str = r#"{"class_uid":6003,"metadata":{"version":"1.1.0","uid":"g1","log_name":"projects/p/logs/cloudaudit.googleapis.com%2Fdata_access","product":{"name":"Cloud Audit Logs"}},"time":1773640800123,"api":{"operation":"storage.objects.list","service":{"name":"storage.googleapis.com"}}}"#;
    const FLOW: &str = r#"{"insertId":"g3","timestamp":"2026-03-16T06:05:00.5Z","logName":"projects/p/logs/compute.googleapis.com%2Fvpc_flows","resource":{"labels":{"project_id":"p"}},"jsonPayload":{"reporter":"SRC","start_time":"2026-03-16T06:01:00.987654321Z","end_time":"2026-03-16T06:02:00.123456789Z","bytes_sent":"5000","packets_sent":"9","connection":{"src_ip":"10.0.0.5","src_port":40000,"dest_ip":"203.0.113.80","dest_port":443,"protocol":6}}}"#;
    const FLOW_ECS: &str = r#"{"@timestamp":"2026-03-16T06:02:00.123Z","ecs":{"version":"8.11.0"},"event":{"dataset":"gcp.vpcflow","start":"2026-03-16T06:01:00.987Z","end":"2026-03-16T06:02:00.123Z","id":"g3"},"source":{"ip":"10.0.0.5","port":40000,"bytes":5000,"packets":9},"destination":{"ip":"203.0.113.80","port":443},"network":{"iana_number":"6"},"cloud":{"project":{"id":"p"}},"gcp":{"vpcflow":{"reporter":"SRC"}}}"#;
    let audit = ids(&[AUDIT, AUDIT_ECS, AUDIT_OCSF]);
    assert!(audit.iter().all(|id| *id == audit[0]), "{audit:?}");
    let flow = ids(&[FLOW, FLOW_ECS]);
    assert_eq!(flow[0], flow[1]);
}
