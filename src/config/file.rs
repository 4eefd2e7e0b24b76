//! The configuration as a file that a command changes.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::config::{Config, DEFAULT_PATH};
use crate::error::{Error, Result};

/// Permissions of a new configuration file, before the user's mask.
#[cfg(unix)]
const NEW_FILE_MODE: u32 = 0o666;

/// The configuration as a file that is about to be changed.
#[derive(Debug)]
pub struct ConfigFile {
    path: PathBuf,
    name: String,
    text: String,
    is_there: bool,
}

impl ConfigFile {
    /// Reads the file that the user named, or [`DEFAULT_PATH`]. One that is not there, and may be missing, is empty, and comes into being when it
    /// is replaced.
    ///
    /// # Errors
    ///
    /// A usage error if it cannot be read, or is not UTF-8.
    pub fn read(path: Option<&Path>, may_be_missing: bool) -> Result<Self> {
        let path = path.unwrap_or(Path::new(DEFAULT_PATH)).to_owned();
        let text = text_of(&path, may_be_missing)?;
        Ok(Self {
            name: path.display().to_string(),
            path,
            is_there: text.is_some(),
            text: text.unwrap_or_default(),
        })
    }

    /// Returns its name, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its text, as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns what it says.
    ///
    /// # Errors
    ///
    /// A usage error with all of its faults.
    pub fn config(&self) -> Result<Config> {
        Config::parse(&self.text, &self.name)
    }

    /// Replaces the file, so that a reader or a crash sees the old text or the new and nothing between. It keeps its owner and its
    /// permissions, and a link to it stays a link.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written, or was changed since it was read: then nothing is written.
    pub fn replace(&self, text: &str) -> Result<()> {
        let cannot = |e: std::io::Error| {
            Error::failed(format!("cannot write the configuration `{}`", self.name))
                .cause(e)
                .hint("nothing was written")
        };
        let cannot_replace = |e| {
            cannot(e).hint_by_http(
                "the service must be allowed to replace the file: to write into its folder, which is mounted whole where it is mounted at all",
            )
        };
        // A link stays a link: its target is replaced.
        let path = match self.is_there {
            true => fs::canonicalize(&self.path).map_err(cannot)?,
            false => self.path.clone(),
        };
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(NEW_FILE_MODE));
        let mut beside = builder.tempfile_in(folder).map_err(cannot_replace)?;
        beside.write_all(text.as_bytes()).map_err(cannot)?;
        if self.is_there {
            let before = fs::metadata(&path).map_err(cannot)?;
            // The owner first: to give a file away may cost it some permissions.
            keep_owner(beside.as_file(), &before).map_err(|e| {
                cannot(e)
                    .hint_by_command("run the command as the owner of the file")
                    .hint_by_http("the service must run as the owner of the file, or be allowed to give files to him")
            })?;
            let permissions = before.permissions();
            beside
                .as_file()
                .set_permissions(permissions)
                .map_err(cannot)?;
        }
        beside.as_file().sync_all().map_err(cannot)?;
        let now = fs::read(&path).unwrap_or_default();
        if now != self.text.as_bytes() {
            return Err(
                Error::conflict(format!("`{}` was changed by another program", self.name))
                    .hint("nothing was written")
                    .hint_by_command("run the command again")
                    .hint_by_http("send it again"),
            );
        }
        if self.is_there {
            beside.persist(&path).map_err(|e| cannot_replace(e.error))?;
        } else {
            beside
                .persist_noclobber(&path)
                .map_err(|e| cannot_replace(e.error))?;
        }
        if let Ok(folder) = fs::File::open(folder) {
            // Makes the rename itself durable; not every platform lets a directory be opened.
            folder.sync_all().ok();
        }
        Ok(())
    }
}

/// Returns the text of a file; `None` if it is not there and need not be.
///
/// # Errors
///
/// A usage error if it cannot be read, or is not UTF-8.
pub(super) fn text_of(path: &Path, may_be_missing: bool) -> Result<Option<String>> {
    let name = path.display();
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == ErrorKind::NotFound && may_be_missing => return Ok(None),
        Err(e) => {
            let error = Error::usage(format!("cannot read the configuration `{name}`"));
            let error = match e.kind() {
                ErrorKind::NotFound => error.hint_by_http(
                    "put the file back, or an empty one if there is nothing to configure",
                ),
                _ => error.hint_by_http("the service must be allowed to read the file"),
            };
            return Err(error
                .cause(e)
                .hint_by_command("name another with `--config`"));
        }
    };
    let text = String::from_utf8(bytes)
        .map_err(|e| Error::usage(format!("`{name}` is not UTF-8")).cause(e.utf8_error()))?;
    Ok(Some(text))
}

/// Gives a file to the owner and group of the one that it replaces, so that they can still read it.
#[cfg(unix)]
fn keep_owner(file: &fs::File, before: &fs::Metadata) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let now = file.metadata()?;
    let changed = |is: u32, was: u32| (is != was).then_some(was);
    match (
        changed(now.uid(), before.uid()),
        changed(now.gid(), before.gid()),
    ) {
        (None, None) => Ok(()),
        (uid, gid) => fchown(file, uid, gid),
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &fs::File, _: &fs::Metadata) -> std::io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

    use super::*;

    #[test]
    fn a_configuration_keeps_its_owner_and_mode() {
        /// Somebody else, as most systems know him.
        const NOBODY: u32 = 65_534;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plimsoll.toml");
        fs::write(&path, "old").unwrap();
        // Only the superuser may give a file away.
        let owner = match chown(&path, Some(NOBODY), Some(NOBODY)) {
            Ok(()) => (NOBODY, NOBODY),
            Err(_) => {
                let before = fs::metadata(&path).unwrap();
                (before.uid(), before.gid())
            }
        };
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let file = ConfigFile {
            name: "p".to_owned(),
            path,
            text: "old".to_owned(),
            is_there: true,
        };
        file.replace("new").unwrap();
        let after = fs::metadata(&file.path).unwrap();
        assert_eq!(fs::read_to_string(&file.path).unwrap(), "new");
        assert_eq!((after.uid(), after.gid()), owner);
        assert_eq!(after.mode() & 0o777, 0o600);
    }
}
