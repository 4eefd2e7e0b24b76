//! The file that a Parquet reader works on, and the error of one that is damaged.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use parquet::errors::ParquetError;

/// The largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 16 << 30;

/// The file from which columns are read, each at its own position.
#[derive(Clone)]
pub struct SharedFile(Arc<Mutex<File>>);

impl SharedFile {
    /// Shares a file.
    pub fn new(file: File) -> Self {
        Self(Arc::new(Mutex::new(file)))
    }

    /// Reads at a position; returns less than `len` only at the end of the file.
    pub fn read(&self, at: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))?;
        let mut bytes = Vec::with_capacity(len);
        Read::by_ref(&mut *file)
            .take(len as u64)
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Why a file cannot be read.
#[derive(Debug)]
struct DamagedFile(String);

impl fmt::Display for DamagedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its Parquet data cannot be read: {}", self.0)
    }
}

impl std::error::Error for DamagedFile {}

/// Makes the error of a damaged file.
pub fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, DamagedFile(what.to_owned()))
}

/// Makes the error of a damaged file from that of the decoder.
pub fn undecoded(what: &str, error: &ParquetError) -> io::Error {
    let error = error.to_string();
    let why = error.strip_prefix("Parquet error: ").unwrap_or(&error);
    damaged(&format!("{what}{why}"))
}

/// Returns whether an error is about Parquet, and not about its compression.
pub fn is_parquet_error(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(|inner| inner.is::<DamagedFile>())
}

/// Copies a reader to an unnamed temporary file, so that it can be read from its end.
///
/// # Errors
///
/// Fails if the reader does, or the file cannot be written, or would be larger than any real one.
pub fn copy_to_temporary_file(reader: &mut dyn Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    if io::copy(&mut reader.take(FILE_BYTES_MAX), &mut file)? == FILE_BYTES_MAX {
        return Err(damaged("it is larger than any real file"));
    }
    Ok(file)
}
