//! Answers in a page, found by what asks for them.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use crate::report::json;

/// Documents, each with the path that the page asks for it by.
#[derive(Default)]
pub(super) struct Answers {
    /// The number of each document, by path.
    index: BTreeMap<String, usize>,
    documents: Vec<String>,
}

impl Answers {
    /// Adds a document.
    pub(super) fn add(&mut self, path: String, document: &impl Serialize) {
        self.add_text(path, json::in_page(document));
    }

    /// Adds a document as [`json::in_page`] wrote it.
    pub(super) fn add_text(&mut self, path: String, text: String) {
        self.index.insert(path, self.documents.len());
        self.documents.push(text);
    }

    /// Returns the document of a path.
    #[cfg(test)]
    pub(super) fn document(&self, path: &str) -> Option<serde_json::Value> {
        let text = &self.documents[*self.index.get(path)?];
        serde_json::from_str(text).ok()
    }

    /// Returns the bytes of all documents.
    pub(super) fn n_bytes(&self) -> usize {
        self.documents.iter().map(String::len).sum()
    }

    /// Returns a number that depends on all answers and on these texts.
    pub(super) fn nonce(&self, texts: &[&str]) -> String {
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        let index = json::in_page(&self.index);
        let own = self.documents.iter().map(String::as_str).chain([&*index]);
        for text in own.chain(texts.iter().copied()) {
            hasher.update(text.as_bytes());
        }
        format!("{:032x}", hasher.digest128())
    }

    /// Writes the elements of the answers, each of which is read only when it is asked for.
    pub(super) fn write(&self, out: &mut String) -> std::fmt::Result {
        let index = json::in_page(&self.index);
        writeln!(
            out,
            "<script type=\"application/json\" id=\"answers\">{index}</script>"
        )?;
        for (number, text) in self.documents.iter().enumerate() {
            writeln!(
                out,
                "<script type=\"application/json\" id=\"answer-{number}\">{text}</script>"
            )?;
        }
        Ok(())
    }
}
