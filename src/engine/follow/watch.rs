//! Which files exist, and which paths cannot be reached: these are reported once, and tried again at each look.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::engine::own_files::OwnFiles;
use crate::sources::{self, FileReport};

/// Files and folders under watch.
pub struct Watch {
    paths: Vec<PathBuf>,
    own: OwnFiles,
    /// Number of the current look.
    look: u64,
    lost: BTreeMap<PathBuf, UnreachablePath>,
}

/// A path that could not be reached.
struct UnreachablePath {
    why: io::Error,
    /// The first look of the current series of failures.
    first: u64,
    /// The last of them.
    last: u64,
}

impl UnreachablePath {
    /// Returns whether it was missing at this look and at the one before. A file that vanishes between being found and
    /// being opened, as rotated files do, is not reported.
    fn lasts(&self) -> bool {
        self.last > self.first
    }
}

impl Watch {
    /// Watches these paths; `-` is left out, and below folders what is plimsoll's own.
    pub fn new(paths: &[PathBuf], own: OwnFiles) -> Self {
        Self {
            paths: paths
                .iter()
                .filter(|path| path.as_os_str() != FileReport::STDIN)
                .cloned()
                .collect(),
            own,
            look: 0,
            lost: BTreeMap::new(),
        }
    }

    /// Starts a look: returns the existing files with their sizes, in reading order.
    pub fn begin(&mut self) -> Vec<(PathBuf, u64)> {
        self.look += 1;
        let mut unreachable = Vec::new();
        let is_own = |path: &Path| self.own.has(path);
        let found = sources::discover_reachable(&self.paths, &is_own, &mut |lost| {
            unreachable.push(lost);
        });
        for lost in unreachable {
            self.lose(&lost.path, lost.error);
        }
        found
            .iter()
            .filter_map(|file| Some((file.path()?.to_owned(), file.bytes()?)))
            .collect()
    }

    /// Records that a path could not be read.
    pub fn lose(&mut self, path: &Path, why: io::Error) {
        let look = self.look;
        let lost = self
            .lost
            .entry(path.to_owned())
            .or_insert_with(|| UnreachablePath {
                why: io::ErrorKind::Other.into(),
                first: look,
                last: look,
            });
        (lost.why, lost.last) = (why, look);
    }

    /// Ends a look: forgets paths that were reached again or are gone, and returns what to report now.
    pub fn end(&mut self) -> Vec<String> {
        self.lost.retain(|_, lost| lost.last == self.look);
        self.lost
            .iter()
            .filter(|(_, lost)| lost.last == lost.first + 1)
            .map(|(path, lost)| {
                format!(
                    "`{}` cannot be read, and is tried again at each look: {}",
                    path.display(),
                    lost.why
                )
            })
            .collect()
    }

    /// Returns a report for each path that cannot be reached.
    pub fn unreadable(&self) -> impl Iterator<Item = FileReport> {
        self.lost
            .iter()
            .filter(|(_, lost)| lost.lasts())
            .map(|(path, lost)| FileReport::unreadable(&path.display().to_string(), &lost.why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreachable_path_is_reported_once_and_forgotten_when_it_returns() {
        let mut watch = Watch::new(&["/no/such/logs".into(), "-".into()], OwnFiles::default());
        let (flaky, gone) = (Path::new("/flaky"), Path::new("/gone"));
        let mut reported = Vec::new();
        for look in 0..6 {
            assert!(watch.begin().is_empty());
            if (2..5).contains(&look) {
                watch.lose(flaky, io::ErrorKind::PermissionDenied.into());
            }
            if look == 1 {
                watch.lose(gone, io::ErrorKind::NotFound.into());
            }
            reported.push(watch.end().join("; "));
        }
        let words = ["", "/no/such/logs", "", "/flaky", "", ""];
        for (line, word) in reported.iter().zip(words) {
            assert!(
                line.contains(word) && line.is_empty() == word.is_empty(),
                "{line}"
            );
        }
        let unreadable: Vec<String> = watch.unreadable().map(|f| f.file.to_string()).collect();
        assert_eq!(unreadable, ["/no/such/logs"]);
    }
}
