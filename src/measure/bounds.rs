//! How much of a day is kept, whatever its logs say.
//!
//! An attacker writes part of every log. So each thing of which there could be any number has a bound, and what lies beyond
//! it is counted and told. What is kept never depends on the order of events: it is what has the lowest hashes, or came first
//! or last by its own time. Each bound lies far above what an honest day has.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

/// The most identities of a day that are distinguished though no generation knows them. Those beyond are counted together,
/// by account and role.
pub const NEW_IDENTITIES_MAX: usize = 1 << 16;
/// The same where there is no generation yet, so that everybody is new.
pub const FIRST_IDENTITIES_MAX: usize = 1 << 18;
/// Of roles and of regions, so many times fewer are distinguished.
pub(super) const OTHER_KINDS_FEWER: usize = 8;
/// The most entities of others of a day, for each kind, before those of a provider are counted together.
pub(super) const OTHERS_MAX: usize = 256;

/// The most persons that are distinguished in one role and day. An identity that may assume a role may choose any session
/// name. So beyond this limit names mean nothing, and all sessions count for the role.
pub const PERSONS_PER_ROLE_MAX: usize = 2_000;

/// The most values of one trait that are kept of one subject and day; beyond, those with the lowest hashes are a fair sample.
pub const TRAIT_VALUES_MAX: usize = 256;

/// The most instances that one identity's sessions of one day may be named after, if the provider does not state that they
/// are on these. An identity that may assume a role may choose any session name. So beyond this limit, names mean nothing.
pub const NAMED_INSTANCES_MAX: usize = 2_000;
/// The most addresses and interfaces whose identity is passed on to the next day: those that were seen with one last.
pub const ADDRESSES_MAX: usize = 1 << 17;
/// The most instances whose given identity is remembered: those that were given one last.
pub const ASSIGNED_INSTANCES_MAX: usize = 1 << 16;

/// The most creations of identities that are kept of a day, each of about a quarter of a kilobyte: those of the names with
/// the lowest hashes.
pub const CREATIONS_MAX: usize = 1 << 16;
/// The most issued credentials that are kept of a day, each of about a quarter of a kilobyte: those with the lowest hashes.
pub const CREDENTIALS_MAX: usize = 1 << 16;
/// The most identities whose sign-ins are kept of a day or remembered, each with about a fifth of a kilobyte a sign-in: those with
/// the lowest hashes.
pub(super) const SIGNED_IN_MAX: usize = 1 << 17;
/// The most sign-ins of one identity that are kept of a day or remembered: the last.
pub(super) const SIGN_INS_MAX: usize = 8;
/// The most names of identities whose findings by other detectors are kept of a day or remembered, each with about a fifth of a kilobyte a
/// finding: those with the lowest hashes.
pub(super) const FOUND_MAX: usize = 1 << 12;
/// The most findings of one of them that are kept of a day or remembered, each of another day or kind: the last.
pub(super) const FINDINGS_MAX: usize = 64;
/// The most of these from one address: the last session there, and the one before, which may go on.
pub(super) const SIGN_INS_OF_ADDRESS_MAX: usize = 2;

/// The most spans of interfaces for which it is kept what a flow log told, each of about fifty bytes: those with the lowest hashes.
/// What is told twice of others counts twice.
pub(super) const FLOW_SPANS_MAX: usize = 1 << 19;

/// The most records of a day without a caller that a record of the same id with a caller can replace. Each takes about a
/// kilobyte; of further ones, the first one added counts.
pub const UNNAMED_RECORDS_MAX: usize = 4_096;

/// A bound that a day reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// [`NEW_IDENTITIES_MAX`] or [`FIRST_IDENTITIES_MAX`]: about how many identities were counted together.
    Identities,
    /// The same of roles.
    Roles,
    /// The same of regions.
    Regions,
    /// [`PERSONS_PER_ROLE_MAX`]: the roles with more.
    PersonsPerRole,
    /// [`TRAIT_VALUES_MAX`]: the entities with more of some trait.
    TraitValues,
    /// [`NAMED_INSTANCES_MAX`]: the identities whose sessions are named after more.
    NamedInstances,
    /// [`ASSIGNED_INSTANCES_MAX`]: the instances that are remembered.
    AssignedInstances,
    /// [`CREATIONS_MAX`]: the creations that are kept.
    Creations,
    /// [`CREDENTIALS_MAX`]: the credentials that are kept.
    Credentials,
    /// [`UNNAMED_RECORDS_MAX`]: the records that are kept.
    UnnamedRecords,
}

/// The bounds that a day reached, with how much lies beyond, or what [`Bound`] says.
pub type Reached = BTreeMap<Bound, u64>;
