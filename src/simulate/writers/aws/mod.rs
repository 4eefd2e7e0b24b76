//! The native formats of AWS: CloudTrail and VPC flow logs.

pub(crate) mod anomaly_log;
pub(crate) mod cloudtrail;
pub(crate) mod expected;
pub(crate) mod trail;
pub(crate) mod vpc_flow;
