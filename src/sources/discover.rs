//! Which files to read, and in which order.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::sources::window::Hashed;

/// One input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputFile {
    /// Standard input.
    Stdin,
    /// A file.
    File {
        /// Where.
        path: PathBuf,
        /// Its name as messages show it.
        name: String,
        /// Its size.
        bytes: u64,
    },
}

impl InputFile {
    /// Returns its name: `-` for standard input.
    pub fn name(&self) -> &str {
        match self {
            Self::Stdin => "-",
            Self::File { name, .. } => name,
        }
    }

    /// Returns its size, where it has one.
    pub fn bytes(&self) -> Option<u64> {
        match self {
            Self::Stdin => None,
            Self::File { bytes, .. } => Some(*bytes),
        }
    }

    /// Returns its path, where it has one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdin => None,
            Self::File { path, .. } => Some(path),
        }
    }
}

/// Returns the files that some paths stand for: themselves, all below a folder, or standard input for `-`.
///
/// Files whose name carries a time come in its order, so that days are read about one after the other; others by path.
/// Hidden files are left out.
///
/// # Errors
///
/// Fails if a path does not exist or a folder cannot be listed.
pub fn discover(paths: &[PathBuf]) -> Result<Vec<InputFile>> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            files.push(InputFile::Stdin);
            continue;
        }
        let meta = std::fs::metadata(path).map_err(|e| {
            Error::failed(format!("cannot read `{}`", path.display()))
                .cause(e)
                .hint("check the path; `-` is standard input")
        })?;
        if meta.is_dir() {
            walk(path, &mut files)?;
        } else {
            files.push(file(path.clone(), meta.len()));
        }
    }
    files.sort_by_cached_key(|f| (time_in_name(f.name()), f.name().to_owned()));
    files.dedup();
    Ok(files)
}

fn file(path: PathBuf, bytes: u64) -> InputFile {
    let name = path.display().to_string();
    InputFile::File { path, name, bytes }
}

fn walk(folder: &Path, files: &mut Vec<InputFile>) -> Result<()> {
    let cannot =
        |e: std::io::Error| Error::failed(format!("cannot list `{}`", folder.display())).cause(e);
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        // Links to files are followed, links to folders are not: they may lead in a circle.
        let kind = entry.file_type().map_err(cannot)?;
        if kind.is_dir() {
            walk(&path, files)?;
        } else if let Some(meta) = std::fs::metadata(&path).ok().filter(|m| m.is_file()) {
            files.push(file(path, meta.len()));
        }
    }
    Ok(())
}

/// Returns the time in a name such as `…_20260316T0410Z_…`; names without one come first.
fn time_in_name(name: &str) -> Option<String> {
    let name = name.rsplit('/').next().unwrap_or(name);
    name.split('_')
        .find(|part| {
            let digits = part.strip_suffix('Z').unwrap_or(part);
            digits.split_once('T').is_some_and(|(date, clock)| {
                date.len() == 8
                    && (4..=6).contains(&clock.len())
                    && date
                        .bytes()
                        .chain(clock.bytes())
                        .all(|b| b.is_ascii_digit())
            })
        })
        .map(str::to_owned)
}

/// Returns the hash of a file's content; `None` for standard input, and for what cannot be read.
pub fn content_hash_of(file: &InputFile) -> Option<u128> {
    let mut reader = File::open(file.path()?).ok()?;
    let bytes = file.bytes()?;
    let (hash, read) = Hashed::new((&mut reader).take(u64::MAX)).finish();
    (read >= bytes).then_some(hash)
}
