//! What exists in the other providers: Azure, Entra, Microsoft 365, Google Cloud, Workspace, Okta and Slack.

pub(crate) mod action;
pub(crate) mod attack_class;
pub(crate) mod container;
pub(crate) mod principal;
pub(crate) mod tool;
pub(crate) mod unrecorded;
pub(crate) mod world;
