//! Files on disk, gzipped where their names end in `.gz`.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::error::{Error, Result};

/// Writes one file, gzipped without a timestamp if its name ends in `.gz`; returns its size.
pub(crate) fn write_file(path: &Path, text: &[u8], gzip_level: u32) -> Result<u64> {
    let failed =
        |e: std::io::Error| Error::failed(format!("cannot write `{}`", path.display())).cause(e);
    fs::create_dir_all(path.parent().unwrap_or(path)).map_err(failed)?;
    let packed = if path.extension().is_some_and(|ending| ending == "gz") {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::new(gzip_level.clamp(1, 9)));
        encoder.write_all(text).map_err(failed)?;
        Some(encoder.finish().map_err(failed)?)
    } else {
        None
    };
    let bytes = packed.as_deref().unwrap_or(text);
    fs::write(path, bytes).map_err(failed)?;
    Ok(bytes.len() as u64)
}
