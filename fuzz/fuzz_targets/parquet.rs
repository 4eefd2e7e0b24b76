//! Columns: the seeds of this target are Parquet files
#![no_main]

plimsoll_fuzz::target!(None);
