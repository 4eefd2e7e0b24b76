//! A network flow of an instance, and the headers of flow logs.

/// The header of flow logs that are delivered in the default format.
pub(crate) const FLOW_HEADER_DEFAULT: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";

/// The header of flow logs in the company's own format.
pub(crate) const FLOW_HEADER_CUSTOM: &str = "version account-id interface-id instance-id srcaddr dstaddr srcport dstport \
     protocol packets bytes start end action log-status flow-direction pkt-srcaddr pkt-dstaddr pkt-dst-aws-service";

/// The other end of an instance's flow.
#[derive(Debug, Clone)]
pub(crate) enum Peer {
    /// The regional endpoint of S3.
    S3,
    /// A neighbour in the same VPC, by the last octet of its address.
    Inside(i64),
    /// A host on the internet.
    Outside(String),
}

/// One aggregated flow in one direction.
pub(crate) struct Flow {
    /// When the aggregation window ended, in seconds since the epoch.
    pub(crate) end: i64,
    pub(crate) peer: Peer,
    pub(crate) bytes: u64,
    /// Whether the instance sent.
    pub(crate) egress: bool,
}
