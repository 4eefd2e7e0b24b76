//! The form of a published file: written once, checked when read, and never changed, so that any number of readers read it
//! without a lock and without the right to write.
//!
//! ```text
//! header    magic, format, kind, version of the rows, place and checksum of the table, checksum of the header
//! sections  each: blocks of packed rows, then the index of these blocks
//! table     of each section: name, place, rows, checksum of its index
//! ```
//!
//! Format and version are checked before anything behind them is looked at. A block holds up to [`ROWS_PER_BLOCK`] rows, in
//! postcard, compressed; the index has its checksum, so that one block can be verified alone. Where rows have keys, the index
//! has the first key of each block, so that one row is found without reading the others; of [`keyed`] tables, it is also known
//! where each row begins.

mod keyed;

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;
use zstd::bulk::{Compressor, Decompressor};

use crate::error::{Error, Result};
use crate::store::fault;

pub(super) use keyed::KeyedRows;

const MAGIC: [u8; 8] = *b"plimsoll";
/// Changes when anything but the rows is laid out differently.
const FORMAT: u32 = 1;
const HEADER_BYTES: usize = 56;
const ROWS_PER_BLOCK: usize = 64;
const NUMBERS_PER_BLOCK: usize = 8_192;
const COMPRESSION_LEVEL: i32 = 1;
/// The most bytes of an unpacked block; more is damage.
const BLOCK_BYTES_MAX: usize = 1 << 30;

/// What a file holds: a number that is never given again, and the version of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub number: u32,
    /// Changes when the meaning of the rows changes.
    pub version: u32,
    /// The oldest version that is still read.
    pub oldest: u32,
}

/// The name of a table and the type of its rows.
pub(super) struct Table<T> {
    name: &'static str,
    rows: PhantomData<fn() -> T>,
}

impl<T> Table<T> {
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            rows: PhantomData,
        }
    }

    /// Returns its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

/// The place of a table in the file.
#[derive(Debug, Serialize, Deserialize)]
struct Section {
    name: String,
    offset: u64,
    /// Bytes of all blocks; the index follows.
    bytes: u64,
    index_bytes: u64,
    rows: u64,
    /// Of the index.
    checksum: u64,
}

/// A block, in the index of its section. The blocks follow one another.
#[derive(Debug, Serialize, Deserialize)]
struct Block {
    bytes: u32,
    unpacked: u32,
    rows: u32,
    checksum: u64,
    /// The key of the first row, in postcard; empty where rows have no key.
    first: Vec<u8>,
}

/// A section that is being written.
struct OpenSection {
    name: String,
    offset: u64,
    rows_per_block: usize,
    n_rows: u64,
    blocks: Vec<Block>,
    in_block: usize,
    /// The key of the first row of the block.
    first: Vec<u8>,
    /// The rows of the block.
    plain: Vec<u8>,
}

/// A file that is being written.
pub(super) struct Writer {
    out: BufWriter<File>,
    path: PathBuf,
    kind: Kind,
    at: u64,
    sections: Vec<Section>,
    compressor: Compressor<'static>,
}

impl Writer {
    /// Creates a file.
    pub fn create(path: &Path, kind: Kind) -> Result<Self> {
        let begin = || {
            let mut out = BufWriter::new(File::create(path)?);
            out.write_all(&[0; HEADER_BYTES])?;
            Ok((out, Compressor::new(COMPRESSION_LEVEL)?))
        };
        let (out, compressor) = begin().map_err(|e| fault::write(path, e))?;
        Ok(Self {
            out,
            path: path.to_owned(),
            kind,
            at: HEADER_BYTES as u64,
            sections: Vec::new(),
            compressor,
        })
    }

    /// Writes all rows of a table, in the order given.
    pub fn write<T, R: Serialize>(
        &mut self,
        table: &Table<T>,
        rows: impl IntoIterator<Item = R>,
    ) -> Result<()> {
        self.section(table.name, rows, ROWS_PER_BLOCK)
    }

    /// Writes all rows of a table in the order of their keys, so that each can be found by its key.
    pub fn write_by_key<'r, K: Serialize + 'r, V: Serialize + 'r>(
        &mut self,
        table: &Table<(K, V)>,
        rows: impl IntoIterator<Item = (&'r K, &'r V)>,
    ) -> Result<()> {
        let mut out = self.begin(table.name, ROWS_PER_BLOCK);
        for row in rows {
            self.add(&mut out, &row, || postcard::to_stdvec(row.0))?;
        }
        self.end(out)
    }

    /// Writes numbers.
    pub fn write_numbers(&mut self, table: &Table<u32>, numbers: &[u32]) -> Result<()> {
        self.section(table.name, numbers, NUMBERS_PER_BLOCK)
    }

    /// Writes numbers in ascending order as their differences.
    pub fn write_sorted_numbers(&mut self, table: &Table<u64>, numbers: &[u64]) -> Result<()> {
        self.sorted_numbers(table.name, numbers)
    }

    fn sorted_numbers(&mut self, name: &str, numbers: &[u64]) -> Result<()> {
        let mut last = 0;
        let differences = numbers.iter().enumerate().map(|(at, &n)| {
            if at % NUMBERS_PER_BLOCK == 0 {
                last = 0;
            }
            let difference = n.wrapping_sub(last);
            last = n;
            difference
        });
        self.section(name, differences, NUMBERS_PER_BLOCK)
    }

    fn section<R: Serialize>(
        &mut self,
        name: &str,
        rows: impl IntoIterator<Item = R>,
        rows_per_block: usize,
    ) -> Result<()> {
        let mut out = self.begin(name, rows_per_block);
        for row in rows {
            self.add(&mut out, &row, || Ok(Vec::new()))?;
        }
        self.end(out)
    }

    fn begin(&self, name: &str, rows_per_block: usize) -> OpenSection {
        OpenSection {
            name: name.to_owned(),
            offset: self.at,
            rows_per_block,
            n_rows: 0,
            blocks: Vec::new(),
            in_block: 0,
            first: Vec::new(),
            plain: Vec::new(),
        }
    }

    /// Adds a row to a section, and returns where it begins among the rows of its block. `key` is asked for the key of the
    /// first row of a block.
    fn add<R: Serialize>(
        &mut self,
        out: &mut OpenSection,
        row: &R,
        key: impl FnOnce() -> postcard::Result<Vec<u8>>,
    ) -> Result<u32> {
        if out.in_block == out.rows_per_block {
            self.end_block(out)?;
        }
        if out.in_block == 0 {
            out.first = key().map_err(|e| self.cannot_pack(e))?;
        }
        let offset = out.plain.len();
        out.plain = postcard::to_extend(row, std::mem::take(&mut out.plain))
            .map_err(|e| self.cannot_pack(e))?;
        out.in_block += 1;
        Ok(offset as u32)
    }

    fn end_block(&mut self, out: &mut OpenSection) -> Result<()> {
        // As postcard writes the rows as one sequence.
        let mut plain = postcard::to_stdvec(&out.in_block).map_err(|e| self.cannot_pack(e))?;
        plain.append(&mut out.plain);
        if plain.len() > BLOCK_BYTES_MAX {
            let name = &out.name;
            return Err(self.cannot_pack(format!("a block of table `{name}` is too large")));
        }
        let stored = self
            .compressor
            .compress(&plain)
            .map_err(|e| self.cannot_pack(e))?;
        self.put(&stored)?;
        out.n_rows += out.in_block as u64;
        out.blocks.push(Block {
            bytes: stored.len() as u32,
            unpacked: plain.len() as u32,
            rows: out.in_block as u32,
            checksum: xxh3_64(&stored),
            first: std::mem::take(&mut out.first),
        });
        out.in_block = 0;
        plain.clear();
        out.plain = plain;
        Ok(())
    }

    fn end(&mut self, mut out: OpenSection) -> Result<()> {
        if out.in_block > 0 {
            self.end_block(&mut out)?;
        }
        let bytes = self.at - out.offset;
        let index = postcard::to_stdvec(&out.blocks).map_err(|e| self.cannot_pack(e))?;
        self.put(&index)?;
        self.sections.push(Section {
            name: out.name,
            offset: out.offset,
            bytes,
            index_bytes: index.len() as u64,
            rows: out.n_rows,
            checksum: xxh3_64(&index),
        });
        Ok(())
    }

    /// Completes the file and makes its bytes durable.
    pub fn finish(self) -> Result<()> {
        let path = self.path.clone();
        let file = self.close()?;
        file.sync_all().map_err(|e| fault::write(&path, e))
    }

    /// Completes the file, and leaves it to the system when its bytes are written.
    pub fn close(mut self) -> Result<File> {
        let place = self.at;
        let table = postcard::to_stdvec(&self.sections).map_err(|e| self.cannot_pack(e))?;
        self.put(&table)?;
        let mut header = MAGIC.to_vec();
        header.extend(FORMAT.to_le_bytes());
        header.extend(self.kind.number.to_le_bytes());
        header.extend(self.kind.version.to_le_bytes());
        header.extend([0; 4]);
        for number in [place, table.len() as u64, xxh3_64(&table)] {
            header.extend(number.to_le_bytes());
        }
        header.extend(xxh3_64(&header).to_le_bytes());
        let mut end = || {
            self.out.seek(SeekFrom::Start(0))?;
            self.out.write_all(&header)?;
            self.out.flush()
        };
        end().map_err(|e| fault::write(&self.path, e))?;
        let file = self.out.into_inner();
        file.map_err(|e| fault::write(&self.path, e.into_error()))
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.at += bytes.len() as u64;
        self.out
            .write_all(bytes)
            .map_err(|e| fault::write(&self.path, e))
    }

    fn cannot_pack(&self, cause: impl std::fmt::Display) -> Error {
        Error::failed(format!("cannot write `{}`", self.path.display())).cause(cause)
    }
}

/// A file that is being read. It is neither locked nor written.
#[derive(Clone)]
pub(super) struct Reader {
    file: Arc<Mutex<File>>,
    path: Arc<Path>,
    version: u32,
    sections: Arc<[Section]>,
}

impl Reader {
    /// Opens a file, and checks its version before anything else.
    pub fn open(path: &Path, kind: Kind) -> Result<Self> {
        let mut file = match File::open(path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(fault::damaged(path, "it is missing"));
            }
            other => other.map_err(|e| fault::read(path, e))?,
        };
        let mut header = [0; HEADER_BYTES];
        file.read_exact(&mut header)
            .map_err(|e| fault::read(path, e))?;
        let half = |at: usize| -> u32 {
            let bytes = header[at..at + 4].try_into();
            u32::from_le_bytes(bytes.unwrap_or_default())
        };
        let whole = |at: usize| -> u64 {
            let bytes = header[at..at + 8].try_into();
            u64::from_le_bytes(bytes.unwrap_or_default())
        };
        if header[..8] != MAGIC {
            return Err(fault::damaged(
                path,
                "it does not begin as such a file does",
            ));
        }
        if half(8) > FORMAT {
            return Err(fault::newer(path, half(8), FORMAT));
        }
        if whole(48) != xxh3_64(&header[..48]) || half(8) != FORMAT || half(12) != kind.number {
            return Err(fault::damaged(path, "its header is not as it was written"));
        }
        if half(16) > kind.version {
            return Err(fault::newer(path, half(16), kind.version));
        }
        if half(16) < kind.oldest {
            let cause = format!("its rows have version {}, not {}", half(16), kind.version);
            return Err(fault::damaged(path, cause));
        }
        let (place, bytes, checksum) = (whole(24), whole(32), whole(40));
        let stored = file.metadata().map_err(|e| fault::read(path, e))?.len();
        if place.checked_add(bytes) != Some(stored) {
            return Err(fault::damaged(path, "it is shorter or longer than it was"));
        }
        let mut reader = Self {
            file: Arc::new(Mutex::new(file)),
            path: path.into(),
            version: half(16),
            sections: Arc::default(),
        };
        let table = reader.bytes_at(place, bytes)?;
        let sections: Vec<Section> = reader.unpack(&table, checksum, "the table of sections")?;
        reader.sections = sections.into();
        let is_inside = |section: &Section| {
            let end = section.offset.checked_add(section.bytes);
            end.and_then(|end| end.checked_add(section.index_bytes))
                .is_some_and(|end| end <= place)
        };
        if !reader.sections.iter().all(is_inside) {
            return Err(fault::damaged(path, "a section lies outside"));
        }
        Ok(reader)
    }

    /// Returns the version of the rows.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Returns whether there is a table.
    pub fn has<T>(&self, table: &Table<T>) -> bool {
        self.sections
            .iter()
            .any(|section| section.name == table.name)
    }

    /// Adds all rows of a table to a collection.
    fn rows_into<T: DeserializeOwned>(&self, name: &str, rows: &mut impl Extend<T>) -> Result<()> {
        let (section, blocks) = self.index(name)?;
        let mut found = 0;
        self.each_block(section, &blocks, |block, plain| {
            let unpacked: Vec<T> = self.rows(name, plain)?;
            found += unpacked.len() as u64;
            if unpacked.len() != block.rows as usize {
                return Err(self.damaged(name, "has a block with too few rows"));
            }
            rows.extend(unpacked);
            Ok(())
        })?;
        if found != section.rows {
            return Err(self.damaged(name, "has too few rows"));
        }
        Ok(())
    }

    /// Reads every block of every table, and compares each with its checksum.
    pub fn verify(&self) -> Result<()> {
        for section in self.sections.iter() {
            let (section, blocks) = self.index(&section.name)?;
            self.each_block(section, &blocks, |_, _| Ok(()))?;
        }
        Ok(())
    }

    /// Adds all rows of a table to a collection.
    pub fn read_into<T: DeserializeOwned>(
        &self,
        table: &Table<T>,
        rows: &mut impl Extend<T>,
    ) -> Result<()> {
        self.rows_into(table.name, rows)
    }

    /// Reads all rows of a table.
    pub fn read<T: DeserializeOwned, C: Default + Extend<T>>(&self, table: &Table<T>) -> Result<C> {
        let mut rows = C::default();
        self.rows_into(table.name, &mut rows)?;
        Ok(rows)
    }

    /// Reads the only row of a table.
    pub fn read_one<T: DeserializeOwned>(&self, table: &Table<T>) -> Result<T> {
        let mut rows: Vec<T> = self.read(table)?;
        match (rows.pop(), rows.is_empty()) {
            (Some(row), true) => Ok(row),
            _ => Err(self.damaged(table.name, "should have one row")),
        }
    }

    /// Reads what [`Writer::write_sorted_numbers`] wrote.
    pub fn read_sorted_numbers<C: Default + Extend<u64>>(&self, table: &Table<u64>) -> Result<C> {
        self.sorted_numbers(table.name)
    }

    fn sorted_numbers<C: Default + Extend<u64>>(&self, name: &str) -> Result<C> {
        let (section, blocks) = self.index(name)?;
        let mut numbers = C::default();
        self.each_block(section, &blocks, |_, plain| {
            let mut last = 0u64;
            let differences: Vec<u64> = self.rows(name, plain)?;
            numbers.extend(differences.into_iter().map(|difference| {
                last = last.wrapping_add(difference);
                last
            }));
            Ok(())
        })?;
        Ok(numbers)
    }

    /// Finds a row by its key, and reads no block but the one that it must be in.
    pub fn find<K: DeserializeOwned + Ord, V: DeserializeOwned>(
        &self,
        table: &Table<(K, V)>,
        key: &K,
    ) -> Result<Option<V>> {
        let (section, blocks) = self.index(table.name)?;
        let mut offset = section.offset;
        let mut nearest = None;
        for block in &blocks {
            let first: K = postcard::from_bytes(&block.first)
                .map_err(|e| self.damaged(table.name, &e.to_string()))?;
            if first > *key {
                break;
            }
            nearest = Some((offset, block));
            offset += u64::from(block.bytes);
        }
        let Some((offset, block)) = nearest else {
            return Ok(None);
        };
        let plain = self.block(table.name, offset, block, &mut self.decompressor()?)?;
        let rows: Vec<(K, V)> = self.rows(table.name, &plain)?;
        let found = rows.into_iter().find(|(k, _)| k == key);
        Ok(found.map(|(_, value)| value))
    }

    /// Returns the unpacked bytes of all sections with their names, which do not depend on how they were compressed.
    #[cfg(test)]
    pub fn unpacked(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let section = |section: &Section| {
            let (_, blocks) = self.index(&section.name)?;
            let mut bytes = Vec::new();
            self.each_block(section, &blocks, |_, plain| {
                bytes.extend_from_slice(plain);
                Ok(())
            })?;
            Ok((section.name.clone(), bytes))
        };
        self.sections.iter().map(section).collect()
    }

    fn index(&self, name: &str) -> Result<(&Section, Vec<Block>)> {
        let section = self.sections.iter().find(|section| section.name == name);
        let section = section.ok_or_else(|| self.damaged(name, "is missing"))?;
        let index = self.bytes_at(section.offset + section.bytes, section.index_bytes)?;
        let blocks: Vec<Block> = self.unpack(&index, section.checksum, name)?;
        let bytes: u64 = blocks.iter().map(|block| u64::from(block.bytes)).sum();
        if bytes != section.bytes {
            return Err(self.damaged(name, "has blocks that are missing"));
        }
        Ok((section, blocks))
    }

    fn each_block(
        &self,
        section: &Section,
        blocks: &[Block],
        mut look: impl FnMut(&Block, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut decompressor = self.decompressor()?;
        let mut offset = section.offset;
        for block in blocks {
            let plain = self.block(&section.name, offset, block, &mut decompressor)?;
            look(block, &plain)?;
            offset += u64::from(block.bytes);
        }
        Ok(())
    }

    fn block(
        &self,
        name: &str,
        offset: u64,
        block: &Block,
        decompressor: &mut Decompressor,
    ) -> Result<Vec<u8>> {
        let stored = self.bytes_at(offset, u64::from(block.bytes))?;
        if xxh3_64(&stored) != block.checksum {
            return Err(self.damaged(name, "has a block that is not as it was written"));
        }
        decompressor
            .decompress(&stored, (block.unpacked as usize).min(BLOCK_BYTES_MAX))
            .map_err(|e| self.damaged(name, &e.to_string()))
    }

    fn rows<T: DeserializeOwned>(&self, name: &str, plain: &[u8]) -> Result<Vec<T>> {
        match postcard::take_from_bytes(plain) {
            Ok((rows, [])) => Ok(rows),
            Ok(_) => Err(self.damaged(name, "has rows that are longer than they should be")),
            Err(e) => Err(self.damaged(name, &e.to_string())),
        }
    }

    fn unpack<T: DeserializeOwned>(&self, bytes: &[u8], checksum: u64, what: &str) -> Result<T> {
        if xxh3_64(bytes) != checksum {
            return Err(fault::damaged(
                &self.path,
                format!("{what} is not as it was written"),
            ));
        }
        postcard::from_bytes(bytes).map_err(|e| fault::damaged(&self.path, e))
    }

    /// Reads bytes that are known to lie inside the file.
    fn bytes_at(&self, offset: u64, bytes: u64) -> Result<Vec<u8>> {
        let mut read = vec![0; bytes as usize];
        self.read_at(offset, &mut read)?;
        Ok(read)
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.read_exact(bytes))
            .map_err(|e| fault::read(&self.path, e))
    }

    fn decompressor(&self) -> Result<Decompressor<'static>> {
        Decompressor::new().map_err(|e| fault::read(&self.path, e))
    }

    pub fn damaged(&self, table: &str, what: &str) -> Error {
        fault::damaged(&self.path, format!("table `{table}` {what}"))
    }
}

#[cfg(test)]
mod tests;
