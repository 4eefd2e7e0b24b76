//! The tuned thresholds: one small file, replaced as a whole.

use serde::{Deserialize, Serialize};

use crate::baseline::Tuning;
use crate::error::Result;
use crate::store::durable::replace_document;
use crate::store::manifest::schema_of;
use crate::store::{Store, fault, names};

/// Changes when the meaning of the file's fields changes.
const SCHEMA: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Document {
    schema: u32,
    #[serde(flatten)]
    tuning: Tuning,
}

impl Store {
    /// Returns the tuned thresholds, none before the first tuning.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, is damaged, or was written by a newer version.
    pub fn tuning(&self) -> Result<Tuning> {
        let path = self.root().join(names::TUNING);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Tuning::default()),
            Err(e) => return Err(fault::read(&path, e)),
        };
        let damaged = |e| {
            let hint = "remove it and tune again: `plimsoll tune --budget N --apply`";
            fault::damaged_but(&path, e, hint)
        };
        let schema = schema_of(&text).map_err(damaged)?;
        if schema > SCHEMA {
            return Err(fault::newer(&path, schema, SCHEMA));
        }
        let document: Document = serde_json::from_slice(&text).map_err(damaged)?;
        Ok(document.tuning)
    }

    /// Puts thresholds in force, at once.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails; the earlier thresholds are then still in force.
    pub fn keep_tuning(&self, tuning: &Tuning) -> Result<()> {
        let document = Document {
            schema: SCHEMA,
            tuning: tuning.clone(),
        };
        replace_document(self.root(), names::TUNING, &document)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::baseline::TunedThreshold;

    #[test]
    fn what_was_tuned_is_read_back_and_damage_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let mut tuning = store.tuning().unwrap();
        assert_eq!(tuning, Tuning::default());
        let threshold = TunedThreshold {
            budget_per_day: 5.0,
            surprise: 3.1,
            score: 90.7,
            incidents_per_day: (3.0, 8.0),
            scores: (90.1, 92.8),
            generation: 7,
            tuned: "2026-03-16T04:00:00Z".to_owned(),
        };
        tuning.set(None, threshold.clone());
        tuning.set(Some(&"AN1594".into()), threshold);
        store.keep_tuning(&tuning).unwrap();
        assert_eq!(store.tuning().unwrap(), tuning);
        for (text, words) in [
            ("{", "is damaged"),
            (r#"{"schema":2,"estates":[]}"#, "newer version"),
        ] {
            std::fs::write(folder.path().join(names::TUNING), text).unwrap();
            let told = store.tuning().unwrap_err().to_string();
            assert!(told.contains(words), "{told}");
        }
    }
}
