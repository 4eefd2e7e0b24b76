//! Files of one JSON object a line.

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::error::{Error, Result};

/// Writes labels or anomalies, one a line.
pub(crate) fn write_json_lines<T: Serialize>(path: &Path, lines: &[T]) -> Result<()> {
    let failed = |e: &dyn std::fmt::Display| {
        Error::failed(format!("cannot write `{}`", path.display())).cause(e)
    };
    let mut text = String::new();
    for line in lines {
        text.push_str(&serde_json::to_string(line).map_err(|e| failed(&e))?);
        text.push('\n');
    }
    fs::write(path, text).map_err(|e| failed(&e))
}
