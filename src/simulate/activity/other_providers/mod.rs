//! What happens in the other providers.

pub(crate) mod action_log;
pub(crate) mod attack_actions;
pub(crate) mod attack_plan;
pub(crate) mod decoy;
pub(crate) mod estate;
pub(crate) mod machines;
pub(crate) mod people;
pub(crate) mod plain_actions;
pub(crate) mod run;
pub(crate) mod settings;
pub(crate) mod traps;
pub(crate) mod upkeep;

#[cfg(test)]
mod tests;
