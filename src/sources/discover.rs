//! Which files there are to read, and in which order.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::sources::decode::Hashed;
use crate::sources::report::FileReport;

/// Something to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputFile {
    /// Standard input.
    Stdin,
    /// A file.
    File {
        /// Where it lies.
        path: PathBuf,
        /// Its name for messages.
        name: String,
        /// Its size when it was found.
        bytes: u64,
    },
}

impl InputFile {
    /// Returns the name that reports carry.
    pub fn name(&self) -> &str {
        match self {
            Self::Stdin => FileReport::STDIN,
            Self::File { name, .. } => name,
        }
    }

    /// Returns where it lies; `None` for standard input.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdin => None,
            Self::File { path, .. } => Some(path),
        }
    }

    /// Returns the size in bytes; `None` for standard input.
    pub fn bytes(&self) -> Option<u64> {
        match self {
            Self::Stdin => None,
            Self::File { bytes, .. } => Some(*bytes),
        }
    }
}

/// Finds the files under these paths; `-` is standard input.
///
/// Directories are searched to the bottom. What is hidden in them is left out, and links to directories are not followed.
/// Files whose name carries the time of a delivery (`…_20260316T0410Z_…`) come last and in order of that time, so that
/// they are read about as they happened; all others come by path.
///
/// # Errors
///
/// Fails if a path does not exist or a directory cannot be read.
pub fn discover(paths: &[PathBuf]) -> Result<Vec<InputFile>> {
    let mut found = BTreeSet::new();
    let mut has_stdin = false;
    for path in paths {
        if path.as_os_str() == FileReport::STDIN {
            has_stdin = true;
            continue;
        }
        let metadata = fs::metadata(path).map_err(|e| {
            Error::failed(format!("cannot read `{}`", path.display()))
                .cause(e)
                .hint("give files, directories, or `-` for standard input")
        })?;
        if metadata.is_dir() {
            search(path, &mut found)?;
        } else {
            found.insert((delivery_time(path), path.clone(), metadata.len()));
        }
    }
    let files = found.into_iter().map(|(_, path, bytes)| InputFile::File {
        name: path.display().to_string(),
        path,
        bytes,
    });
    Ok(has_stdin
        .then_some(InputFile::Stdin)
        .into_iter()
        .chain(files)
        .collect())
}

type Found = BTreeSet<(Option<String>, PathBuf, u64)>;

fn search(root: &Path, found: &mut Found) -> Result<()> {
    let mut directories = vec![root.to_path_buf()];
    while let Some(directory) = directories.pop() {
        let failed = |e: std::io::Error| {
            Error::failed(format!("cannot read directory `{}`", directory.display())).cause(e)
        };
        for entry in fs::read_dir(&directory).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = entry.path();
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() {
                directories.push(path);
                continue;
            }
            // A link that leads nowhere is told like any other unreadable file, when its turn comes.
            let bytes = match fs::metadata(&path) {
                Ok(target) if !target.is_file() => continue,
                Ok(target) => target.len(),
                Err(_) => 0,
            };
            found.insert((delivery_time(&path), path, bytes));
        }
    }
    Ok(())
}

/// Reads `20260316T0410Z` out of a name, where it stands between underscores or at its end.
fn delivery_time(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    name.split(['_', '.'])
        .find(|part| {
            let b = part.as_bytes();
            matches!(b.len(), 14 | 16)
                && b[8] == b'T'
                && b[b.len() - 1] == b'Z'
                && b[..8]
                    .iter()
                    .chain(&b[9..b.len() - 1])
                    .all(u8::is_ascii_digit)
        })
        .map(str::to_owned)
}

/// Returns the XXH3-128 of a file's bytes as stored; `None` for standard input and for what cannot be read.
pub fn content_hash_of(file: &InputFile) -> Option<u128> {
    let InputFile::File { path, .. } = file else {
        return None;
    };
    let mut hashed = Hashed::new(File::open(path).ok()?);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match hashed.read(&mut buffer) {
            Ok(0) => return Some(hashed.sum().1),
            Ok(_) => {}
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_come_in_order_of_time_and_hidden_files_not_at_all() {
        let root = tempfile::tempdir().unwrap();
        for name in [
            "a/1_CloudTrail_eu-west-1_20260316T0415Z_x.json.gz",
            "b/1_CloudTrail_eu-west-1_20260316T0410Z_x.json.gz",
            "z.json",
            "c.json",
            ".hidden/d.json",
            ".e.json",
        ] {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        let names: Vec<String> =
            discover(&[root.path().into(), root.path().join("c.json"), "-".into()])
                .unwrap()
                .iter()
                .map(|f| f.name().rsplit('/').next().unwrap_or_default().to_owned())
                .collect();
        assert_eq!(
            names,
            [
                "-",
                "c.json",
                "z.json",
                "1_CloudTrail_eu-west-1_20260316T0410Z_x.json.gz",
                "1_CloudTrail_eu-west-1_20260316T0415Z_x.json.gz",
            ]
        );
    }

    #[test]
    fn a_missing_path_is_named() {
        let error = discover(&["/no/such/logs".into()]).unwrap_err();
        assert_eq!(error.kind(), crate::error::Kind::Failed);
        assert!(error.message().contains("/no/such/logs"));
    }
}
