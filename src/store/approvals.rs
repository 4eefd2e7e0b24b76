//! The day since when each approval is known: one small file, replaced as a whole. Without it, an approval that hid nothing
//! for long could not be distinguished from one that was added yesterday.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::store::durable::replace_document;
use crate::store::manifest::schema_of;
use crate::store::{Store, fault, names};
use crate::time::Day;

/// Changes when the meaning of the file's fields changes.
const SCHEMA: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Document {
    schema: u32,
    /// By id, the last stored day when it was first seen.
    known_since: BTreeMap<String, String>,
}

impl Store {
    /// Returns, by approval, the last stored day when a training first saw it. A damaged file counts as empty.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, or was written by a newer version.
    pub fn approvals_known_since(&self) -> Result<BTreeMap<String, Day>> {
        let path = self.root().join(names::APPROVALS);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(e) => return Err(fault::read(&path, e)),
        };
        match schema_of(&text) {
            Ok(newer) if newer > SCHEMA => return Err(fault::newer(&path, newer, SCHEMA)),
            Ok(_) | Err(_) => {}
        }
        let document = serde_json::from_slice::<Document>(&text).ok();
        let known = document.map(|document| document.known_since);
        let known = known.into_iter().flatten();
        Ok(known
            .filter_map(|(id, day)| Some((id, Day::parse(&day)?)))
            .collect())
    }

    /// Records which approvals exist, as of the last stored day; approvals that are gone are forgotten.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn note_approvals(&self, ids: impl IntoIterator<Item = String>, last: Day) -> Result<()> {
        let before = self.approvals_known_since()?;
        let since = |id: &String| before.get(id).copied().unwrap_or(last).min(last);
        let now: BTreeMap<String, Day> = ids
            .into_iter()
            .map(|id| {
                let since = since(&id);
                (id, since)
            })
            .collect();
        if now == before {
            return Ok(());
        }
        let texts = now.into_iter().map(|(id, day)| (id, day.to_string()));
        let document = Document {
            schema: SCHEMA,
            known_since: texts.collect(),
        };
        replace_document(self.root(), names::APPROVALS, &document)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_approval_is_known_since_it_was_first_seen() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let note = |ids: &[&str], last| {
            let ids = ids.iter().map(|id| (*id).to_owned());
            store.note_approvals(ids, Day(last)).unwrap();
            let known = store.approvals_known_since().unwrap();
            known
                .into_iter()
                .map(|(id, day)| format!("{id} {}", day.0))
                .collect::<Vec<_>>()
        };
        assert!(note(&[], 20_000).is_empty());
        assert!(!folder.path().join(names::APPROVALS).exists());
        assert_eq!(note(&["a"], 20_000), ["a 20000"]);
        assert_eq!(note(&["b", "a"], 20_009), ["a 20000", "b 20009"]);
        assert_eq!(note(&["b"], 20_010), ["b 20009"]);
        std::fs::write(folder.path().join(names::APPROVALS), "{").unwrap();
        assert_eq!(note(&["b"], 20_011), ["b 20011"]);
    }
}
