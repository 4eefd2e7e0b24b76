//! What exists in the AWS accounts.

pub(crate) mod attack_class;
pub(crate) mod bucket;
pub(crate) mod call;
pub(crate) mod flow;
pub(crate) mod identity;
pub(crate) mod profile;
pub(crate) mod session;
pub(crate) mod user_agent;
pub(crate) mod world;
