//! Recognises stores in a tree of files, so that what lies in them is not taken for logs.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::store::names;

/// A larger document is no manifest.
const MANIFEST_BYTES_MAX: u64 = 16 << 20;

/// The members that manifests of every schema have.
#[derive(Deserialize)]
struct AnyManifest {
    #[serde(rename = "schema")]
    _schema: u32,
    #[serde(rename = "generation")]
    _generation: u64,
    #[serde(rename = "days")]
    _days: Vec<IgnoredAny>,
}

/// Returns whether a folder is a store, of any version and whether it was ever published: it has the lock of a role, or a
/// manifest.
pub fn is_store(folder: &Path) -> bool {
    let has_lock = [names::LEARNER_LOCK, names::FOLLOWER_LOCK, names::TUNER_LOCK]
        .into_iter()
        .any(|name| fs::metadata(folder.join(name)).is_ok_and(|m| m.is_file() && m.len() == 0));
    has_lock || has_manifest(folder)
}

fn has_manifest(folder: &Path) -> bool {
    let Ok(file) = File::open(folder.join(names::MANIFEST)) else {
        return false;
    };
    let text = BufReader::new(file).take(MANIFEST_BYTES_MAX);
    serde_json::from_reader::<_, AnyManifest>(text).is_ok()
}

/// Returns whether a path is a part of a store: it lies in one and has the name of a part. Anything else that somebody put
/// there is none.
pub fn is_part_of_store(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(names::is_of_store) && path.parent().is_some_and(is_store)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_recognised_by_its_marks_and_only_its_parts_are_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = r#"{"schema":99,"generation":1,"directory":"x","days":[],"more":1}"#;
        let marks = [
            ("published", "MANIFEST.json", manifest, true),
            ("unpublished", "learner.lock", "", true),
            ("followed", "follower.lock", "", true),
            (
                "foreign-manifest",
                "MANIFEST.json",
                r#"{"name":"x"}"#,
                false,
            ),
            ("foreign-lock", "learner.lock", "pid 7", false),
            ("logs", "day-2026-03-01-000001", "", false),
        ];
        for (name, mark, text, expected) in marks {
            let store = folder.path().join(name);
            fs::create_dir(&store).unwrap();
            fs::write(store.join(mark), text).unwrap();
            assert_eq!(is_store(&store), expected, "{name}");
            for part in [
                "alerts",
                "day-2026-03-01-000001",
                "generation-000002.unfinished",
                "manifest-000001.json",
                "tuning.json.unfinished",
                "follow.checkpoint",
            ] {
                assert_eq!(
                    is_part_of_store(&store.join(part)),
                    expected,
                    "{name}/{part}"
                );
            }
            for other in ["trail.json", "2026", "day-2026-03-01", "manifest.json"] {
                assert!(!is_part_of_store(&store.join(other)), "{name}/{other}");
            }
        }
    }
}
