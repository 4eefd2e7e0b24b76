//! A request to a receiver, as it is made.

use crate::sinks::secret::Secret;

/// What is done with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// Something is read.
    Get,
    /// Something is told.
    Post,
}

/// A request. What it shows for debugging has no secret: neither its address nor its headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    /// Whether it reads or tells.
    pub(super) method: Method,
    /// The whole address.
    pub(super) url: Secret,
    /// Headers, beside the type of the body.
    pub(super) headers: Vec<(&'static str, Secret)>,
    /// The body, as JSON.
    pub(super) body: String,
}

impl Request {
    /// Returns one that tells a body.
    pub(super) fn post(url: &Secret, body: String) -> Self {
        Self {
            method: Method::Post,
            url: url.clone(),
            headers: Vec::new(),
            body,
        }
    }

    /// Adds a header.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, Secret::new(value)));
        self
    }
}
