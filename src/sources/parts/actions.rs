//! A table of operations and their actions. An exact row wins over a pattern, and the longest pattern wins.

use rustc_hash::FxHashMap;

use crate::event::Action;
use crate::glob::Glob;

/// Service, operation, class; one or more `*` in the operation each stand for any text.
pub type ActionRow = (&'static str, &'static str, Action);

#[derive(Default)]
struct Service {
    exact: FxHashMap<&'static str, Action>,
    /// The longest first.
    patterns: Vec<(Glob, Action)>,
}

/// Classes of operations, by service.
pub struct ActionTable {
    services: FxHashMap<&'static str, Service>,
}

impl ActionTable {
    /// Takes rows in any order.
    pub fn new(rows: &[ActionRow]) -> Self {
        let mut services: FxHashMap<&'static str, Service> = FxHashMap::default();
        for &(service, op, action) in rows {
            let service = services.entry(service).or_default();
            match Glob::new(op).filter(|_| op.contains('*')) {
                Some(glob) => service.patterns.push((glob, action)),
                None => drop(service.exact.insert(op, action)),
            }
        }
        services.values_mut().for_each(|service| {
            service
                .patterns
                .sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.as_str().len()));
        });
        Self { services }
    }

    /// Returns the class of an operation, if a row fits. Case counts.
    pub fn get(&self, service: &str, op: &str) -> Option<Action> {
        let service = self.services.get(service)?;
        if let Some(action) = service.exact.get(op) {
            return Some(*action);
        }
        service
            .patterns
            .iter()
            .find(|(pattern, _)| pattern.matches(op))
            .map(|(_, action)| *action)
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.services
            .values()
            .map(|s| s.exact.len() + s.patterns.len())
            .sum()
    }
}
