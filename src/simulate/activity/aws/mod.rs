//! What happens in the AWS accounts.

pub(crate) mod attack_plan;
pub(crate) mod attack_session;
pub(crate) mod configure;
pub(crate) mod core_attacks;
pub(crate) mod creation;
pub(crate) mod decoy;
pub(crate) mod environment;
pub(crate) mod estate;
pub(crate) mod further_attacks;
pub(crate) mod identity_day;
pub(crate) mod identity_factory;
pub(crate) mod incident;
pub(crate) mod instance_flows;
pub(crate) mod lifecycle;
pub(crate) mod new_identity;
pub(crate) mod new_role;
pub(crate) mod people;
pub(crate) mod population;
pub(crate) mod routine;
pub(crate) mod run;
pub(crate) mod scans;
pub(crate) mod schedule;
pub(crate) mod working_set;
pub(crate) mod workload;
