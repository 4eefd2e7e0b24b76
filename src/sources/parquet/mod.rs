//! Records in Parquet files, as Security Lake, flow logs and exports have them.
//!
//! A file is read from its end: the footer states where the columns are. Row group by row group, batches of records are taken
//! from the useful columns and written as JSON text, which is parsed like any other; so a record gives the same event in
//! Parquet and in JSON. The file is not trusted: sizes, counts and depths are checked before memory is allocated. The records
//! before any damage are read.

mod columns;
mod file;
mod footer;
mod pages;
mod rows;
mod thrift;

pub use columns::is_decoding;
pub use file::{copy_to_temporary_file, is_parquet_error};

use std::fs::File;
use std::io::{self, Seek, SeekFrom};

use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};

use crate::sources::parquet::columns::Column;
use crate::sources::parquet::file::{SharedFile, damaged, undecoded};
use crate::sources::parquet::pages::{BufferedBytes, Pages};
use crate::sources::parquet::rows::{ColumnMismatch, Plan};
use crate::sources::{ocsf, vpcflow};

/// The records of one batch.
const BATCH_RECORDS: usize = 64;
/// The most values of one batch in all columns together.
const BATCH_VALUES_MAX: usize = 1 << 20;
/// The most columns that are read.
const COLUMNS_MAX: usize = 1_024;
/// Passes the rows of a file to `row` as JSON text, each with its number, counted from 0.
///
/// # Errors
///
/// Fails if the file is damaged, encrypted or compressed in an unknown way; the rows before were passed on.
pub fn rows(mut file: File, row: &mut dyn FnMut(u64, &[u8])) -> io::Result<()> {
    let bytes = file.seek(SeekFrom::End(0))?;
    let metadata = footer::read(&mut file, bytes)?;
    let Some(plan) = plan(&metadata) else {
        return Ok(());
    };
    if plan.leaves.len() > COLUMNS_MAX {
        return Err(damaged("it has more columns than any real file"));
    }
    let shared = SharedFile::new(file);
    let (mut number, mut json) = (0, Vec::new());
    for group in metadata.row_groups() {
        read_group(&shared, bytes, group, &plan, &mut |columns, records| {
            for _ in 0..records {
                json.clear();
                plan.write(columns, &mut json)
                    .map_err(|ColumnMismatch| damaged("its columns do not fit together"))?;
                row(number, &json);
                number += 1;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Chooses the members of records that are read: for wide known formats, only the useful ones.
fn plan(metadata: &ParquetMetaData) -> Option<Plan> {
    let schema = metadata.file_metadata().schema();
    let has = |name: &str| schema.get_fields().iter().any(|field| field.name() == name);
    if has("class_uid") && has("metadata") {
        Plan::new(schema, |name| ocsf::MEMBERS.contains(&name))
    } else if has("srcaddr") && has("dstaddr") {
        Plan::new(schema, vpcflow::is_read)
    } else {
        Plan::new(schema, |_| true)
    }
}

type Batch<'a> = &'a mut dyn FnMut(&mut Vec<Column>, usize) -> io::Result<()>;

fn read_group(
    file: &SharedFile,
    bytes: u64,
    group: &RowGroupMetaData,
    plan: &Plan,
    batch: Batch<'_>,
) -> io::Result<()> {
    let held = BufferedBytes::default();
    let mut columns = Vec::with_capacity(plan.leaves.len());
    for leaf in &plan.leaves {
        let chunk = group
            .columns()
            .get(*leaf)
            .ok_or_else(|| damaged("a column is missing"))?;
        if chunk.file_path().is_some() {
            return Err(damaged("a column lies in another file"));
        }
        let place = |offset: i64| u64::try_from(offset).ok();
        let dictionary = chunk
            .dictionary_page_offset()
            .and_then(place)
            .filter(|offset| *offset > 0);
        let start =
            place(chunk.data_page_offset()).map(|data| dictionary.map_or(data, |d| d.min(data)));
        let end = start
            .zip(place(chunk.compressed_size()))
            .and_then(|(start, len)| start.checked_add(len));
        let (Some(start), Some(end)) = (start, end.filter(|end| *end <= bytes)) else {
            return Err(damaged("a column lies beyond the end of the file"));
        };
        let descriptor = chunk.column_descr_ptr();
        let pages = Pages::new(
            file.clone(),
            start..end,
            chunk.compression(),
            &descriptor,
            held.clone(),
        );
        columns.push(Column::new(descriptor, pages));
    }
    let mut left = usize::try_from(group.num_rows()).unwrap_or_default();
    while left > 0 {
        let (mut records, mut values) = (None, 0);
        for column in &mut columns {
            let wanted = left.min(BATCH_RECORDS);
            let (found, levels) = column.fill(wanted).map_err(|e| undecoded("", &e))?;
            values += levels;
            if records.is_some_and(|records| records != found) || found > wanted {
                return Err(damaged("its columns do not fit together"));
            }
            if values > BATCH_VALUES_MAX {
                return Err(damaged("its records have more values than any real ones"));
            }
            records = Some(found);
        }
        let records = records.unwrap_or_default();
        if records == 0 {
            return Err(damaged("a row group has fewer rows than its footer says"));
        }
        batch(&mut columns, records)?;
        left -= records;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
