//! ZIP and tar archives: the files in one, each as it would be read alone.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _};

use tar::EntryType;
use zip::ZipArchive;
use zip::read::{ZipFile, read_zipfile_from_stream};
use zip::result::ZipError;

use crate::sources::decode::Unpacking;

/// The most files of one archive that are read.
const FILES_MAX: usize = 100_000;
/// The folder in which macOS puts what belongs to a file and is not in it.
const RESOURCES: &str = "__MACOSX";

/// Passes the files of a tar archive to `read`, as [`files`] does those of a ZIP archive. Links and devices are passed over.
///
/// # Errors
///
/// Fails where the archive is damaged, and after all files were passed on if one of them could not be read to its end.
pub fn files_of_tar(
    archive: &mut dyn Read,
    read: &mut dyn FnMut(&mut dyn Read) -> io::Result<bool>,
) -> io::Result<()> {
    let mut archive = tar::Archive::new(archive);
    let (mut first_error, mut n_files) = (None, 0);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        let is_file = matches!(
            kind,
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse
        );
        if !is_file || is_hidden(&String::from_utf8_lossy(&entry.path_bytes())) {
            continue;
        }
        n_files += 1;
        if n_files > FILES_MAX {
            return Err(damaged("it has more files than are read"));
        }
        match read(&mut entry) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(e) => first_error = first_error.or(Some(e)),
        }
    }
    first_error.map_or(Ok(()), Err)
}

/// Passes the files of a ZIP archive in an input to `read`, in the order of the archive, without folders and hidden files. Goes on until `read`
/// returns false.
///
/// # Errors
///
/// Fails if the archive cannot be read at all, and after all files were passed on if one of them could not be read to its end.
pub fn files(
    archive: File,
    so_far: &Unpacking,
    read: &mut dyn FnMut(&mut dyn Read) -> io::Result<bool>,
) -> io::Result<()> {
    let bytes = archive.metadata()?.len();
    let mut opened = match ZipArchive::new(archive.try_clone()?) {
        Ok(opened) if opened.offset() == 0 => opened,
        // What was found is the table of contents of an archive in it.
        Ok(_) => {
            return files_before(archive, so_far, read).and(Err(damaged("its end is missing")));
        }
        // Its table of contents is at its end and lost; what is before it may be read.
        Err(error) => return files_before(archive, so_far, read).and(Err(of_zip(error))),
    };
    let (mut first_error, mut packed_left) = (None, bytes);
    for number in 0..opened.len().min(FILES_MAX) {
        let result = opened.by_index(number).map_err(of_zip).and_then(|file| {
            // Files that overlap unpack to far more than an archive of its size can hold.
            packed_left = packed_left
                .checked_sub(file.compressed_size())
                .ok_or_else(|| damaged("its files overlap"))?;
            one(file, so_far, read)
        });
        match result {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(e) => first_error = first_error.or(Some(e)),
        }
    }
    if opened.len() > FILES_MAX {
        first_error = first_error.or_else(|| Some(damaged("it has more files than are read")));
    }
    first_error.map_or(Ok(()), Err)
}

/// Passes the files of an archive without its table of contents, up to where it is damaged.
fn files_before(
    mut archive: File,
    so_far: &Unpacking,
    read: &mut dyn FnMut(&mut dyn Read) -> io::Result<bool>,
) -> io::Result<()> {
    archive.rewind()?;
    let mut archive = BufReader::new(archive);
    while let Some(file) = read_zipfile_from_stream(&mut archive).map_err(of_zip)? {
        if !one(file, so_far, read)? {
            break;
        }
    }
    Ok(())
}

/// Passes one file.
fn one<R: Read>(
    file: ZipFile<'_, R>,
    so_far: &Unpacking,
    read: &mut dyn FnMut(&mut dyn Read) -> io::Result<bool>,
) -> io::Result<bool> {
    if file.is_dir() || file.name().is_ok_and(|name| is_hidden(&name)) {
        return Ok(true);
    }
    read(&mut so_far.bounded(file))
}

fn is_hidden(name: &str) -> bool {
    let mut parts = name.split(['/', '\\']);
    let is_hidden = |part: &str| part.starts_with('.') && !matches!(part, "." | "..");
    parts.any(|part| is_hidden(part) || part == RESOURCES)
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

fn of_zip(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        ZipError::UnsupportedArchive(why) => damaged(&format!(
            "a file in it is packed in a way that is not read: {why}"
        )),
        other => damaged(&other.to_string()),
    }
}
