//! A file that is written beside its place, and put there when it is complete.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::error::{Error, Result};
use crate::store::sync_folder;

/// A file that is written. Unless it is kept, what was there stays as it was.
pub struct OutFile {
    path: PathBuf,
    kind: Kind,
}

enum Kind {
    /// It takes the place of another, or of none.
    Replacing(NamedTempFile),
    /// It is no file that could be replaced: a pipe, a device.
    Stream(File),
}

impl OutFile {
    /// Begins a file of a name. A link is followed; the permissions of a file that is replaced stay.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written there.
    pub fn create(path: &Path) -> Result<Self> {
        Self::begin(path).map_err(|e| cannot_write(path, e))
    }

    fn begin(path: &Path) -> io::Result<Self> {
        let (path, before) = match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => {
                (fs::canonicalize(path)?, Some(metadata.permissions()))
            }
            Ok(metadata) if metadata.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(_) => {
                let kind = Kind::Stream(File::options().write(true).open(path)?);
                let path = path.to_owned();
                return Ok(Self { path, kind });
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => (path.to_owned(), None),
            Err(e) => return Err(e),
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let prefix = format!(".{name}.");
        let mut builder = Builder::new();
        builder.prefix(&prefix).suffix(".unfinished");
        let usual = usual_permissions();
        if let Some(usual) = usual {
            builder.permissions(usual);
        }
        let file = builder.tempfile_in(folder_of(&path))?;
        if let Some(before) = before {
            file.as_file().set_permissions(before)?;
        }
        let kind = Kind::Replacing(file);
        Ok(Self { path, kind })
    }

    /// Returns what its content is written to.
    pub fn writer(&mut self) -> impl Write + Send {
        match &mut self.kind {
            Kind::Replacing(file) => file.as_file_mut(),
            Kind::Stream(file) => file,
        }
    }

    /// Puts it into its place, durably.
    ///
    /// # Errors
    ///
    /// Fails if the disk does; what was there is then as it was.
    pub fn keep(self) -> Result<()> {
        let path = self.path;
        let put = match self.kind {
            Kind::Stream(_) => Ok(()),
            Kind::Replacing(file) => file
                .as_file()
                .sync_all()
                .and_then(|()| file.persist(&path).map_err(|e| e.error))
                .and_then(|_| sync_folder(folder_of(&path))),
        };
        put.map_err(|e| cannot_write(&path, e))
    }
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

fn cannot_write(path: &Path, cause: io::Error) -> Error {
    Error::failed(format!("cannot write `{}`", path.display())).cause(cause)
}

/// Returns the permissions of a new file, of which the system takes away what the user does not want to give.
#[cfg(unix)]
fn usual_permissions() -> Option<Permissions> {
    Some(std::os::unix::fs::PermissionsExt::from_mode(0o666))
}

/// Returns the permissions of a new file, if others than those of a temporary one.
#[cfg(not(unix))]
fn usual_permissions() -> Option<Permissions> {
    None
}
