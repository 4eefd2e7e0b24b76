//! The records of the AWS accounts in other formats.

pub(crate) mod dispatch;
pub(crate) mod ecs;
pub(crate) mod fields;
pub(crate) mod flow_record;
pub(crate) mod ocsf;
pub(crate) mod plain;
pub(crate) mod s3_access;
pub(crate) mod transit_gateway;
