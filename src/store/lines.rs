//! Files of lines, one document each, that only grow.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Opens a file to add lines to it, and creates it if it is missing.
///
/// A last line without its end was cut short, by a crash or a full disk. It is ended here, so that it does not damage the
/// next line.
///
/// # Errors
///
/// Fails if the disk fails.
pub fn open_lines(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    if is_cut_short(path)? {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

/// Returns whether the last line of a file has no end. This is unknown for a pipe, and for a file that may be written but
/// not read.
fn is_cut_short(path: &Path) -> io::Result<bool> {
    let metadata = path.metadata()?;
    if !metadata.is_file() || metadata.len() == 0 {
        return Ok(false);
    }
    let mut file = match File::open(path) {
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => return Ok(false),
        other => other?,
    };
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}
