//! Files that survive a crash: their bytes, and the entries of the folders that name them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::store::{fault, names};

/// Replaces a small document, as [`replace`] does a file.
///
/// # Errors
/// Fails if the disk fails; the earlier document is then still there.
pub(super) fn replace_document(root: &Path, name: &str, document: &impl Serialize) -> Result<()> {
    let path = root.join(name);
    let mut text = serde_json::to_vec_pretty(document)
        .map_err(|e| Error::failed(format!("cannot write `{}`", path.display())).cause(e))?;
    text.push(b'\n');
    replace(root, name, &text).map_err(|e| fault::write(&path, e))
}

/// Replaces a file so that a reader, or a crash, sees the old text or the new one and nothing between. Its permissions stay.
pub(crate) fn replace(root: &Path, name: &str, text: &[u8]) -> io::Result<()> {
    let beside = root.join(format!("{name}{}", names::UNFINISHED));
    let mut file = File::create(&beside)?;
    if let Ok(before) = fs::metadata(root.join(name)) {
        file.set_permissions(before.permissions())?;
    }
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&beside, root.join(name))?;
    sync_folder(root)
}

/// Creates a folder and those above it, durably.
pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = path.parent().filter(|above| !above.as_os_str().is_empty());
    if let Some(above) = above {
        create_folder(above)?;
    }
    match fs::create_dir(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        other => other?,
    }
    match sync_folder(above.unwrap_or(Path::new("."))) {
        // A folder that others own may be one in which this user may create, but that it may not open.
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        other => other,
    }
}

/// Makes the names in a folder durable, where the platform and the file system know how.
#[cfg(unix)]
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    match File::open(path)?.sync_all() {
        Err(e)
            if matches!(
                e.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        other => other,
    }
}

/// Makes the names in a folder durable, where the platform and the file system know how. This one does it by itself.
#[cfg(not(unix))]
pub(crate) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
