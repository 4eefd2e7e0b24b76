//! Finds the files to read, and their order.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::objects::Object;
use crate::sources::decode::HashingReader;
use crate::sources::report::FileReport;

/// An input to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputFile {
    /// Standard input.
    Stdin,
    /// A file.
    File {
        /// Its path.
        path: PathBuf,
        /// Its name for messages.
        name: String,
        /// Its size when it was found.
        bytes: u64,
    },
    /// An object of an object store.
    Object(Object),
}

impl InputFile {
    /// Returns the name that reports carry.
    pub fn name(&self) -> &str {
        match self {
            Self::Stdin => FileReport::STDIN,
            Self::File { name, .. } => name,
            Self::Object(object) => object.url(),
        }
    }

    /// Returns its path; `None` for standard input and objects.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdin | Self::Object(_) => None,
            Self::File { path, .. } => Some(path),
        }
    }

    /// Returns the object that it is; `None` for what lies on this machine.
    pub fn object(&self) -> Option<&Object> {
        match self {
            Self::Stdin | Self::File { .. } => None,
            Self::Object(object) => Some(object),
        }
    }

    /// Returns the size in bytes; `None` for standard input.
    pub fn bytes(&self) -> Option<u64> {
        match self {
            Self::Stdin => None,
            Self::File { bytes, .. } => Some(*bytes),
            Self::Object(object) => Some(object.bytes()),
        }
    }
}

/// Finds the files under these paths; `-` is standard input. See [`discover_reachable`].
///
/// # Errors
///
/// Fails if a path does not exist or a directory cannot be read.
pub fn discover(paths: &[PathBuf]) -> Result<Vec<InputFile>> {
    let mut first_error = None;
    let found = discover_reachable(paths, &|_| false, &mut |on_unreachable| {
        first_error.get_or_insert(on_unreachable);
    });
    match first_error {
        None => Ok(found),
        Some(unreachable) => Err(unreachable.into_error()),
    }
}

/// A path that cannot be read.
#[derive(Debug)]
pub struct Unreachable {
    /// The path.
    pub path: PathBuf,
    /// Why.
    pub error: io::Error,
    /// Whether the user named it; otherwise it is a directory below one that the user named.
    pub is_named: bool,
}

impl Unreachable {
    /// Returns what to say of it.
    pub fn into_error(self) -> Error {
        let path = self.path.display();
        if self.is_named {
            Error::failed(format!("cannot read `{path}`"))
                .cause(self.error)
                .hint("give files, directories, or `-` for standard input")
        } else {
            Error::failed(format!("cannot read directory `{path}`")).cause(self.error)
        }
    }
}

/// Finds the files under these paths; `-` is standard input. Unreachable paths are reported to `on_unreachable`.
///
/// Below a directory, the files and directories that `is_left_out` returns true for are left out; what is named is not.
/// Directories are searched recursively. Hidden files in them are left out, and links to directories are not followed.
/// Files whose name carries the time of a delivery (`…_20260316T0410Z_…`) come last and in order of that time, so that
/// they are read about as they happened. All others come first, by path.
pub fn discover_reachable(
    paths: &[PathBuf],
    is_left_out: &dyn Fn(&Path) -> bool,
    on_unreachable: &mut dyn FnMut(Unreachable),
) -> Vec<InputFile> {
    let mut found = BTreeSet::new();
    let mut has_stdin = false;
    for path in paths {
        if path.as_os_str() == FileReport::STDIN {
            has_stdin = true;
            continue;
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                search(path, is_left_out, &mut found, on_unreachable)
            }
            Ok(metadata) => {
                found.insert((delivery_time(path), path.clone(), metadata.len()));
            }
            Err(error) => on_unreachable(Unreachable {
                path: path.clone(),
                error,
                is_named: true,
            }),
        }
    }
    let files = found.into_iter().map(|(_, path, bytes)| InputFile::File {
        name: path.display().to_string(),
        path,
        bytes,
    });
    has_stdin
        .then_some(InputFile::Stdin)
        .into_iter()
        .chain(files)
        .collect()
}

/// Puts files that several paths stand for into the order of [`discover_reachable`], each once.
pub fn in_order(mut files: Vec<InputFile>) -> Vec<InputFile> {
    files.sort_by_cached_key(|file| match file {
        InputFile::Stdin => (false, None, PathBuf::new()),
        InputFile::File { path, .. } => (true, delivery_time(path), path.clone()),
        InputFile::Object(object) => {
            let path = PathBuf::from(object.url());
            (true, delivery_time(&path), path)
        }
    });
    files.dedup();
    files
}

type Found = BTreeSet<(Option<String>, PathBuf, u64)>;

fn search(
    root: &Path,
    is_left_out: &dyn Fn(&Path) -> bool,
    found: &mut Found,
    on_unreachable: &mut dyn FnMut(Unreachable),
) {
    let mut directories = vec![root.to_path_buf()];
    while let Some(directory) = directories.pop() {
        if let Err(error) = search_in(&directory, is_left_out, &mut directories, found) {
            on_unreachable(Unreachable {
                path: directory,
                error,
                is_named: false,
            });
        }
    }
}

/// Searches one directory, and adds those below it to `directories`.
fn search_in(
    directory: &Path,
    is_left_out: &dyn Fn(&Path) -> bool,
    directories: &mut Vec<PathBuf>,
    found: &mut Found,
) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        if is_left_out(&path) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            directories.push(path);
            continue;
        }
        // A broken link is reported like any other unreadable file when it is opened.
        let bytes = match fs::metadata(&path) {
            Ok(target) if !target.is_file() => continue,
            Ok(target) => target.len(),
            Err(_) => 0,
        };
        found.insert((delivery_time(&path), path, bytes));
    }
    Ok(())
}

/// Reads `20260316T0410Z` from a name, between underscores or at its end.
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

/// Returns the XXH3-128 of a file's bytes as stored, and of an object its identity, for which nothing is read; `None` for standard
/// input and for what cannot be read.
pub fn content_hash_of(file: &InputFile) -> Option<u128> {
    let path = match file {
        InputFile::Stdin => return None,
        InputFile::Object(object) => return Some(object.identity()),
        InputFile::File { path, .. } => path,
    };
    let mut hashed = HashingReader::new(File::open(path).ok()?);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match hashed.read(&mut buffer) {
            Ok(0) => return Some(hashed.length_and_hash().1),
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn files_are_sorted_by_delivery_time_without_hidden_ones() {
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
        let named = [root.path().into(), root.path().join("c.json"), "-".into()];
        fs::write(root.path().join("a/c.json"), "left out").unwrap();
        let is_left_out = |path: &Path| path.file_name().unwrap() == "c.json";
        let found = discover_reachable(&named, &is_left_out, &mut |one| panic!("{one:?}"));
        let names: Vec<String> = found
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
