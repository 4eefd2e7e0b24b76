//! The files that plimsoll itself keeps and writes, and does not read as logs where it finds them among logs.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::DEFAULT_PATH;
use crate::store::is_part_of_store;

/// A larger file is no configuration.
const CONFIGURATION_BYTES_MAX: u64 = 1 << 20;

/// The files that are left out when folders are searched for logs: the parts of any store, configurations, and what a run
/// reads and writes besides logs.
#[derive(Debug, Clone, Default)]
pub struct OwnFiles {
    of_run: Vec<PathBuf>,
}

impl OwnFiles {
    /// Leaves out these files, which need not exist yet, and all stores and configurations.
    pub fn new(of_run: impl IntoIterator<Item = PathBuf>) -> Self {
        Self {
            of_run: of_run.into_iter().collect(),
        }
    }

    /// Returns whether a file or folder is left out.
    pub fn has(&self, path: &Path) -> bool {
        is_part_of_store(path)
            || self.of_run.iter().any(|own| is_same(own, path))
            || is_configuration(path)
    }
}

/// Returns whether two paths lead to the same file, if they end in the same name.
fn is_same(a: &Path, b: &Path) -> bool {
    a.file_name() == b.file_name()
        && matches!((fs::canonicalize(a), fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b)
}

/// Returns whether a file has the name and the form of a configuration. No log has this form.
fn is_configuration(path: &Path) -> bool {
    path.file_name() == Some(DEFAULT_PATH.as_ref())
        && fs::metadata(path).is_ok_and(|m| m.is_file() && m.len() <= CONFIGURATION_BYTES_MAX)
        && fs::read_to_string(path).is_ok_and(|text| toml::from_str::<toml::Table>(&text).is_ok())
}
