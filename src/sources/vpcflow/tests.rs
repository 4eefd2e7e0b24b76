#![allow(clippy::unwrap_used)]

use super::*;
use crate::event::Destination;
use crate::sources::{FileReport, ReadOptions, read};

fn events(text: &str, name: &str) -> (Vec<Event>, FileReport) {
    let mut found = Vec::new();
    let report = read(
        text.as_bytes(),
        name,
        &ReadOptions::default(),
        &mut |e| found.push(e),
        &mut |_| {},
    );
    (found, report)
}

fn event(text: &str) -> Event {
    let (mut found, report) = events(text, "1_vpcflowlogs_eu-west-1_fl-1_20260316T0410Z_a.log");
    assert_eq!((found.len(), report.records), (1, 1), "{text}: {report:?}");
    found.remove(0)
}

#[test]
fn a_row_is_read_field_by_field() {
    let e = event(
        "2 111122223333 eni-0a 10.0.0.5 198.51.100.7 44300 443 6 9 4000 1773634200 1773634260 ACCEPT OK\n",
    );
    assert_eq!(
        (e.time.secs(), e.account.as_deref(), e.region.as_deref()),
        (1_773_634_260, Some("111122223333"), Some("eu-west-1"))
    );
    assert_eq!(
        (e.action, e.outcome, e.principal, &*e.op),
        (Action::EgressFlow, Outcome::Success, None, "ACCEPT")
    );
    assert_eq!((e.bytes_out, e.bytes_in), (Some(4000), None));
    assert_eq!(
        (e.destination.ip, e.destination.port),
        (Some([198, 51, 100, 7].into()), Some(443))
    );
    let ours = Attachment {
        instance: None,
        interface: Some("eni-0a".into()),
        address: Some([10, 0, 0, 5].into()),
    };
    assert_eq!(e.attachment, Some(ours));

    let e = event(
        "2 unknown eni-0a 198.51.100.7 10.0.0.5 443 44300 6 9 4000 1773634200 1773634260 REJECT OK",
    );
    assert_eq!(
        (e.account, e.action, e.outcome),
        (None, Action::Other, Outcome::Denied)
    );
    assert_eq!(
        (e.peer.ip, e.peer.port, e.bytes_in, e.bytes_out),
        (Some([198, 51, 100, 7].into()), Some(443), Some(4000), None)
    );
    assert_eq!(e.destination, Destination::default());

    // Between two private addresses the row does not show which side is ours.
    let e = event(
        "2 111122223333 eni-0a 10.0.0.5 10.0.0.6 443 44300 6 9 4000 1773634200 1773634260 ACCEPT OK",
    );
    assert_eq!(
        (e.action, e.bytes_in, e.bytes_out),
        (Action::Other, None, None)
    );
}

#[test]
fn a_header_states_the_order_and_packet_addresses_win() {
    let header = "end start flow-direction pkt-dst-aws-service pkt-dstaddr pkt-srcaddr bytes action srcaddr dstaddr \
        instance-id interface-id account-id srcport dstport protocol packets log-status region";
    let row = "1773634260 1773634200 egress S3 203.0.113.9 10.0.1.7 77 ACCEPT 10.0.0.5 10.0.0.1 i-0abc eni-0a \
        111122223333 44300 443 6 1 OK eu-north-1";
    let e = event(&format!("{header}\n{row}\n"));
    assert_eq!(
        (e.action, e.bytes_out, e.region.as_deref()),
        (Action::EgressFlow, Some(77), Some("eu-north-1"))
    );
    assert_eq!(e.destination.ip, Some([203, 0, 113, 9].into()));
    assert_eq!(e.destination.endpoint.unwrap().raw(), "S3");
    let ours = e.attachment.unwrap();
    assert_eq!(
        (ours.instance.as_deref(), ours.address),
        (Some("i-0abc"), Some([10, 0, 1, 7].into()))
    );

    let json = r#"{"account_id":"111122223333","srcaddr":"10.0.0.5","dstaddr":"198.51.100.7","srcport":44300,"dstport":443,
        "protocol":6,"packets":9,"bytes":4000,"start":1773634200,"end":"1773634260","action":"ACCEPT","log-status":"OK"}"#;
    assert_eq!(event(json).bytes_out, Some(4000));
}

/// The three rows of one transfer through a NAT gateway: two interfaces send it, one of them to the outside.
#[test]
fn a_nat_gateway_flow_leaves_once_at_each_interface() {
    let header = "interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes end action log-status";
    let tail = "1000 1773634260 ACCEPT OK";
    for (row, bytes_out) in [
        (
            "eni-0inst 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5",
            Some(1000),
        ),
        ("eni-0nat 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5", None),
        (
            "eni-0nat 10.0.0.220 203.0.113.5 10.0.0.220 203.0.113.5",
            Some(1000),
        ),
        // And back in.
        (
            "eni-0nat 203.0.113.5 10.0.0.220 203.0.113.5 10.0.0.220",
            None,
        ),
        ("eni-0nat 10.0.0.220 10.0.1.5 203.0.113.5 10.0.1.5", None),
    ] {
        let e = event(&format!("{header}\n{row} {tail}\n"));
        assert_eq!(e.bytes_out, bytes_out, "{row}");
    }
    let of_packets = format!(
        "pkt-srcaddr pkt-dstaddr bytes end action log-status\n10.0.1.5 203.0.113.5 {tail}\n"
    );
    assert_eq!(event(&of_packets).bytes_out, Some(1000));
}

#[test]
fn rows_without_a_flow_are_counted_by_reason() {
    let head = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n";
    let text = format!(
        "{head}2 1 eni-a - - - - - - - 1773634200 1773634260 - NODATA\n2 1 eni-a - - - - - - - 1 2 - SKIPDATA\n\
         2 1 eni-a 10.0.0.5 198.51.100.7 1 2 6 9 4000 1773634200 - ACCEPT OK\n2 1 eni-a 10.0.0.5\n"
    );
    let (found, report) = events(&text, "x");
    assert!(found.is_empty());
    assert_eq!(report.skipped, [("no_data", 1), ("skip_data", 1)].into());
    assert_eq!(
        report.rejected,
        [("no_time", 1), ("malformed_row", 1)].into()
    );
    // Rows in a custom order without a header are rejected as such, each on its own.
    let custom = "10.0.0.5 198.51.100.7 4000 1773634260 ACCEPT i-0abc\n";
    let (found, report) = events(&custom.repeat(3), "x");
    assert_eq!(
        (found.len(), report.rejected),
        (0, [("flow_without_header", 3)].into())
    );
    let (found, report) = events(
        &format!(
            "{custom}{head}2 1 eni-a 10.0.0.5 198.51.100.7 1 2 6 9 4000 1773634200 1773634260 ACCEPT OK\n"
        ),
        "x",
    );
    assert_eq!((found.len(), report.records), (1, 2));
}

#[test]
fn the_same_flow_has_the_same_id_in_any_order_of_fields() {
    let plain =
        event("2 1 eni-a 10.0.0.5 198.51.100.7 1 2 6 9 4000 1773634200 1773634260 ACCEPT OK");
    let turned = event(
        "log-status action end start bytes packets protocol dstport srcport dstaddr srcaddr interface-id account-id version\n\
         OK ACCEPT 1773634260 1773634200 4000 9 6 2 1 198.51.100.7 10.0.0.5 eni-a 1 2\n",
    );
    assert_eq!(plain.id, turned.id);
    assert_eq!(plain.id.len(), 35);
}
