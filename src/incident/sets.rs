//! Disjoint sets of numbers: which alerts hang together.

use std::collections::BTreeMap;

/// Disjoint sets of the numbers below a limit. Each is known by its smallest number.
#[derive(Debug, Clone)]
pub(super) struct Sets(Vec<usize>);

impl Sets {
    /// Makes a set of each number below `n`.
    pub(super) fn new(n: usize) -> Self {
        Self((0..n).collect())
    }

    /// Returns the smallest number of the set that has this one.
    pub(super) fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    /// Joins the sets of two numbers.
    pub(super) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }

    /// Returns the members of each set, in order, by its smallest.
    pub(super) fn members(&mut self) -> BTreeMap<usize, Vec<usize>> {
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for at in 0..self.0.len() {
            members.entry(self.root(at)).or_default().push(at);
        }
        members
    }
}
