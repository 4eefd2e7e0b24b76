//! What went wrong with a file of the store, told as what it is: a missing right, a read-only or full disk, another process,
//! another version, or damage.
//!
//! Only damage is called damage, and only then is anything other than the cause advised to be replaced.

use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::error::Error;

/// The kinds of failure that call for different actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    NoPermission,
    ReadOnly,
    Full,
    InUse,
    Damaged,
    Other,
}

/// Classifies an error of the system.
fn classify(error: &io::Error) -> Fault {
    match error.kind() {
        ErrorKind::PermissionDenied => Fault::NoPermission,
        ErrorKind::ReadOnlyFilesystem => Fault::ReadOnly,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Fault::Full,
        ErrorKind::WouldBlock | ErrorKind::ResourceBusy => Fault::InUse,
        ErrorKind::UnexpectedEof | ErrorKind::InvalidData => Fault::Damaged,
        _ => Fault::Other,
    }
}

/// Returns the error of a file or folder that could not be read.
pub(crate) fn read(path: &Path, error: io::Error) -> Error {
    let shown = path.display();
    match classify(&error) {
        Fault::NoPermission => {
            Error::failed(format!("no permission to read `{shown}`")).hint(format!(
                "this user needs the right to read `{shown}`, and to enter the folders above it"
            ))
        }
        Fault::Damaged => damaged(path, error),
        Fault::InUse => in_use(path),
        Fault::ReadOnly | Fault::Full | Fault::Other => {
            Error::failed(format!("cannot read `{shown}`")).cause(error)
        }
    }
}

/// Returns the error of a file or folder that could not be written, created or removed.
pub(crate) fn write(path: &Path, error: io::Error) -> Error {
    let shown = path.display();
    match classify(&error) {
        Fault::NoPermission => {
            Error::failed(format!("no permission to write `{shown}`")).hint(right_to_write(path))
        }
        Fault::ReadOnly => Error::failed(format!(
            "cannot write `{shown}`: its file system is read-only"
        ))
        .hint_by_command("mount it writable for this command; commands that only read work as it is"),
        Fault::Full => Error::failed(format!("no space left to write `{shown}`")).hint(
            "free some space on its disk, or raise the quota, and run again; what was in force still is",
        ),
        Fault::InUse => in_use(path),
        Fault::Damaged | Fault::Other => {
            Error::failed(format!("cannot write `{shown}`")).cause(error)
        }
    }
}

/// Names the right that is missing: that of the file, or that of the nearest folder above it that exists.
fn right_to_write(path: &Path) -> String {
    let folder = path.ancestors().skip(1).find(|folder| folder.is_dir());
    let folder = folder.unwrap_or(path).display();
    if path.exists() {
        format!(
            "this user needs the right to write `{}` and its folder `{folder}`",
            path.display()
        )
    } else {
        format!("this user needs the right to write in `{folder}`")
    }
}

/// Returns the error of something that another process holds.
pub(crate) fn in_use(path: &Path) -> Error {
    Error::failed(format!(
        "`{}` is in use by another plimsoll",
        path.display()
    ))
    .hint("wait until it is done")
    .hint_by_command("or give another store with `--store`")
}

/// Returns the error of a file whose bytes are not what was written.
pub(crate) fn damaged(path: &Path, cause: impl Display) -> Error {
    damaged_but(
        path,
        cause,
        "restore it from a copy, or train into a new store: the logs have everything that it needs",
    )
}

/// Does the same for a file that can be replaced by itself.
pub(crate) fn damaged_but(path: &Path, cause: impl Display, hint: &str) -> Error {
    Error::failed(format!("`{}` is damaged", path.display()))
        .cause(cause)
        .hint(hint)
}

/// Returns the error of a file that this version is too old to read.
pub(crate) fn newer(path: &Path, found: u32, known: u32) -> Error {
    Error::failed(format!(
        "`{}` was written by a newer version of plimsoll: it has format {found}, and this version reads {known}",
        path.display()
    ))
    .hint("use that version or a later one; the store is sound")
}

/// Returns the error of a store that this version is too new to read as it is.
pub(crate) fn earlier(path: &Path, found: u32, known: u32, migrated: u32) -> Error {
    let error = Error::failed(format!(
        "`{}` was written by an earlier version of plimsoll: it has schema {found}, and this version reads {known}",
        path.display()
    ));
    if found == migrated {
        error.hint_by_command(
            "run `plimsoll train LOGS` once, with logs new or old: it migrates the store and keeps all that was learnt",
        )
    } else {
        error.hint(format!(
            "this version migrates schema {migrated} only: use the version that wrote it, or one between"
        ))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_has_words_of_its_own_and_only_damage_speaks_of_damage() {
        let path = Path::new("store/MANIFEST.json");
        let of = |kind: ErrorKind| io::Error::from(kind);
        let told = [
            (
                write(path, of(ErrorKind::PermissionDenied)),
                "no permission to write",
            ),
            (
                read(path, of(ErrorKind::PermissionDenied)),
                "no permission to read",
            ),
            (write(path, of(ErrorKind::ReadOnlyFilesystem)), "read-only"),
            (write(path, of(ErrorKind::StorageFull)), "no space left"),
            (
                write(path, of(ErrorKind::WouldBlock)),
                "in use by another plimsoll",
            ),
            (newer(path, 9, 8), "newer version"),
            (earlier(path, 7, 8, 7), "plimsoll train LOGS"),
            (read(path, of(ErrorKind::UnexpectedEof)), "is damaged"),
        ];
        for (error, words) in &told {
            let text = error.to_string();
            let words_of = told.iter().filter(|(_, words)| text.contains(words));
            assert_eq!(words_of.count(), 1, "{text}");
            assert!(text.contains(words), "{text}");
            assert!(text.contains("store/MANIFEST.json"), "{text}");
            let is_damage = *words == "is damaged";
            assert_eq!(text.contains("damaged"), is_damage, "{text}");
            assert_eq!(text.contains("new store"), is_damage, "{text}");
        }
    }
}
