//! What documents of alerts and incidents have in common.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::{Value, json};

use crate::alert::{Alert, AssumptionRecord};
use crate::report::layout::name_of;
use crate::report::ocsf::without_null;
use crate::stats::Severity;

/// Version of the schema that the mapping follows.
pub const VERSION: &str = "8.17.0";

/// Returns who observed it.
pub(super) fn observer() -> Value {
    json!({"product": "plimsoll", "vendor": "plimsoll", "version": env!("CARGO_PKG_VERSION")})
}

/// Returns the number that Elastic's own rules give a severity.
pub(super) fn severity(severity: Severity) -> u32 {
    match severity {
        Severity::Informational => 1,
        Severity::Low => 21,
        Severity::Medium => 47,
        Severity::High => 73,
        Severity::Critical => 99,
    }
}

/// Returns techniques, with sub-techniques apart; each of these brings the technique that it belongs to.
pub(super) fn technique<'a>(ids: impl Iterator<Item = &'a String>) -> Value {
    let ids: BTreeSet<&str> = ids.map(String::as_str).collect();
    let parent = |id: &&'a str| id.split_once('.').map_or(*id, |(parent, _)| parent);
    let parents: BTreeSet<&str> = ids.iter().map(parent).collect();
    let subtechniques: Vec<&&str> = ids.iter().filter(|id| id.contains('.')).collect();
    without_null(json!({
        "id": parents,
        "subtechnique": (!subtechniques.is_empty()).then(|| json!({"id": subtechniques})),
    }))
}

/// Addresses, names of users and hosts that documents can be found by; each once, in the order in which they were added.
#[derive(Debug, Default)]
pub(super) struct Related<'a> {
    ips: Vec<&'a str>,
    users: Vec<&'a str>,
    hosts: Vec<&'a str>,
}

impl<'a> Related<'a> {
    /// Adds an address; what is none, such as an account, is left out: the field takes addresses only.
    pub(super) fn address(&mut self, text: &'a str) {
        if text.parse::<IpAddr>().is_ok() {
            self.ips.push(text);
        }
    }

    /// Adds an identity, and the instance that it is, if it is one.
    pub(super) fn user(&mut self, id: &'a str) {
        self.users.push(id);
        let name = id.rsplit(['/', ':']).next().unwrap_or(id);
        let digits = name.strip_prefix("i-");
        let is_instance = id.contains("/instances/")
            || digits.is_some_and(|of| of.len() >= 8 && of.bytes().all(|b| b.is_ascii_hexdigit()));
        if is_instance {
            self.hosts.push(name);
        }
    }

    /// Adds who and what an alert names.
    pub(super) fn alert(&mut self, alert: &'a Alert) {
        let entity = &alert.entity;
        let ids = std::iter::once(&entity.id).chain(&entity.aliases);
        let ids = ids.chain(&entity.role).chain(&entity.display_name);
        let created = entity.created.iter();
        let assumed = alert.assumed.iter().flat_map(AssumptionRecord::chain);
        let by = assumed.map(|of| &of.by);
        let by = by.chain(created.map(|of| &of.by)).flatten();
        for id in ids.chain(by) {
            self.user(id);
        }
        // What else the entity did that day came from addresses that nobody should block.
        let sources = alert.sources_of_act().into_iter().map(|of| &of.address);
        let addresses = std::iter::once(&entity.source_ip).chain(sources).flatten();
        let origins = alert.origins().into_iter().map(|(_, address)| address);
        let destinations = alert.destinations.iter().map(|of| &*of.address);
        let addresses = addresses.map(String::as_str).chain(origins);
        for address in addresses.chain(destinations) {
            self.address(address);
        }
    }

    /// Returns the fields; those that are empty are absent.
    pub(super) fn fields(self) -> Value {
        let firsts = |mut texts: Vec<&'a str>| {
            let mut seen = BTreeSet::new();
            texts.retain(|text| seen.insert(*text));
            (!texts.is_empty()).then_some(texts)
        };
        without_null(json!({
            "ip": firsts(self.ips), "user": firsts(self.users), "hosts": firsts(self.hosts),
        }))
    }
}

/// Returns the name that people know an identity by, or else the last part of its id.
pub(super) fn name(display_name: Option<&String>, id: &str) -> String {
    display_name.map_or_else(|| name_of(id, usize::MAX), Clone::clone)
}
