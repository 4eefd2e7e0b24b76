//! The native formats of the other providers.

pub(crate) mod azure_activity;
pub(crate) mod azure_storage;
pub(crate) mod dispatch;
pub(crate) mod entra;
pub(crate) mod gcp_entry;
pub(crate) mod gcp_iam;
pub(crate) mod gcp_platform;
pub(crate) mod gcp_storage;
pub(crate) mod gcp_traffic;
pub(crate) mod graph;
pub(crate) mod m365;
pub(crate) mod okta;
pub(crate) mod paths;
pub(crate) mod slack;
pub(crate) mod workspace;
