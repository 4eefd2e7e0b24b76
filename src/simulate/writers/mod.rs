//! How records are written: every native format, and the files of a day. Nothing here knows why a record is written.

pub(crate) mod aws;
pub(crate) mod convert;
pub(crate) mod day_files;
pub(crate) mod gzip;
pub(crate) mod json_lines;
pub(crate) mod other_providers;
pub(crate) mod parquet;
pub(crate) mod settings;
