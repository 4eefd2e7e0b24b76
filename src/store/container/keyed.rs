//! Rows that are found by the hash of their key, each without the rows beside it.
//!
//! ```text
//! name         the rows, in the order of their keys, in blocks that are small, since one is unpacked for each row
//! name_keys    the hashes of the keys, in ascending order
//! name_places  for each of these: which row it is, and where the row begins in its unpacked block
//! name_kinds   how many keys there are of each kind
//! ```

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::xxh3_64;
use zstd::bulk::Decompressor;

use crate::baseline::{Key, Place, PublishedValues};
use crate::error::Result;
use crate::store::container::{BLOCK_BYTES_MAX, NUMBERS_PER_BLOCK, Reader, Table, Writer};
use crate::vocab::EntityKind;

const ROWS_PER_BLOCK: usize = 16;

fn keys(name: &str) -> String {
    format!("{name}_keys")
}

fn places(name: &str) -> String {
    format!("{name}_places")
}

fn kinds(name: &str) -> String {
    format!("{name}_kinds")
}

impl Writer {
    /// Writes all rows of a table, which must come in the order of their keys, so that each can be found by its key.
    pub fn write_keyed<K, V, A, B>(
        &mut self,
        table: &Table<(K, V)>,
        rows: impl IntoIterator<Item = Result<(A, B)>>,
    ) -> Result<()>
    where
        K: Key + Serialize,
        V: Serialize,
        A: Borrow<K>,
        B: Borrow<V>,
    {
        let mut by_hash: Vec<(u64, u32, u32)> = Vec::new();
        let mut of_kind: BTreeMap<EntityKind, u64> = BTreeMap::new();
        let mut out = self.begin(table.name, ROWS_PER_BLOCK);
        let mut last: Option<K> = None;
        for row in rows {
            let (key, value) = row?;
            let (key, value): (&K, &V) = (key.borrow(), value.borrow());
            if last.as_ref().is_some_and(|last| last >= key) {
                return Err(
                    self.cannot_pack(format!("rows of table `{}` are not in order", table.name))
                );
            }
            let offset = self.add(&mut out, &(key, value), || postcard::to_stdvec(key))?;
            by_hash.push((key.hashed(), by_hash.len() as u32, offset));
            *of_kind.entry(key.kind()).or_insert(0) += 1;
            last = Some(key.clone());
        }
        self.end(out)?;
        by_hash.sort_unstable();
        let hashes: Vec<u64> = by_hash.iter().map(|&(hash, ..)| hash).collect();
        self.sorted_numbers(&keys(table.name), &hashes)?;
        let places_of = by_hash.iter().map(|&(_, row, offset)| (row, offset));
        self.section(&places(table.name), places_of, NUMBERS_PER_BLOCK)?;
        self.section(&kinds(table.name), of_kind, NUMBERS_PER_BLOCK)
    }
}

/// The rows of a table, each read when it is asked for.
pub(in crate::store) struct KeyedRows<K, V> {
    table: Table<(K, V)>,
    reader: Reader,
    blocks: Vec<BlockPlace>,
    n_rows: usize,
    hashes: Vec<u64>,
    places: Vec<Place>,
    kinds: Vec<(EntityKind, u64)>,
    unpacked: Mutex<Unpacked>,
}

struct BlockPlace {
    first_row: u32,
    bytes: u32,
    unpacked: u32,
    rows: u32,
    offset: u64,
    checksum: u64,
}

/// The block that was read last: who asks for one row of it may ask for the next.
struct Unpacked {
    number: Option<usize>,
    packed: Vec<u8>,
    plain: Vec<u8>,
    decompressor: Decompressor<'static>,
}

impl<K: Key + DeserializeOwned, V: DeserializeOwned> KeyedRows<K, V> {
    /// Reads where the rows of a table are, and none of them.
    pub fn open(reader: Reader, table: Table<(K, V)>) -> Result<Self> {
        let name = table.name;
        let hashes: Vec<u64> = reader.sorted_numbers(&keys(name))?;
        let mut at: Vec<(u32, u32)> = Vec::with_capacity(hashes.len());
        reader.rows_into::<(u32, u32)>(&places(name), &mut at)?;
        let places: Vec<Place> = at
            .into_iter()
            .map(|(row, offset)| Place { row, offset })
            .collect();
        let mut of_kind: Vec<(EntityKind, u64)> = Vec::new();
        reader.rows_into::<(EntityKind, u64)>(&kinds(name), &mut of_kind)?;
        let (section, stored) = reader.index(name)?;
        let (mut offset, mut first_row) = (section.offset, 0);
        let mut blocks = Vec::with_capacity(stored.len());
        for block in stored {
            blocks.push(BlockPlace {
                first_row,
                bytes: block.bytes,
                unpacked: block.unpacked,
                rows: block.rows,
                offset,
                checksum: block.checksum,
            });
            offset += u64::from(block.bytes);
            first_row = first_row.saturating_add(block.rows);
        }
        let n_rows = first_row as usize;
        if section.rows != n_rows as u64 || hashes.len() != n_rows || places.len() != n_rows {
            return Err(reader.damaged(name, "has too few rows"));
        }
        let unpacked = Mutex::new(Unpacked {
            number: None,
            packed: Vec::new(),
            plain: Vec::new(),
            decompressor: reader.decompressor()?,
        });
        Ok(Self {
            table,
            reader,
            blocks,
            n_rows,
            hashes,
            places,
            kinds: of_kind,
            unpacked,
        })
    }

    /// Unpacks a block, unless it is the one that was unpacked last.
    fn unpack(&self, number: usize, unpacked: &mut Unpacked) -> Result<()> {
        if unpacked.number == Some(number) {
            return Ok(());
        }
        let (block, name) = (&self.blocks[number], self.table.name);
        unpacked.number = None;
        unpacked.packed.resize(block.bytes as usize, 0);
        self.reader.read_at(block.offset, &mut unpacked.packed)?;
        if xxh3_64(&unpacked.packed) != block.checksum {
            return Err(self
                .reader
                .damaged(name, "has a block that is not as it was written"));
        }
        let bytes = (block.unpacked as usize).min(BLOCK_BYTES_MAX);
        unpacked.plain.clear();
        unpacked.plain.reserve(bytes);
        unpacked
            .decompressor
            .decompress_to_buffer(&unpacked.packed, &mut unpacked.plain)
            .map_err(|e| self.reader.damaged(name, &e.to_string()))?;
        unpacked.number = Some(number);
        Ok(())
    }
}

impl<K, V> PublishedValues<K, V> for KeyedRows<K, V>
where
    K: Key + DeserializeOwned + Send + Sync,
    V: DeserializeOwned + Send + Sync,
{
    fn n_values(&self) -> usize {
        self.n_rows
    }

    fn n_of(&self, kind: EntityKind) -> usize {
        let of_kind = self.kinds.iter().filter(|(of, _)| *of == kind);
        of_kind.map(|&(_, n)| n as usize).sum()
    }

    fn places(&self, hashed: u64) -> &[Place] {
        let first = self.hashes.partition_point(|&hash| hash < hashed);
        let same = self.hashes[first..]
            .iter()
            .take_while(|&&hash| hash == hashed);
        &self.places[first..first + same.count()]
    }

    fn read(&self, place: Place) -> Result<(K, V)> {
        let mut unpacked = self.unpacked.lock().unwrap_or_else(PoisonError::into_inner);
        let after = self
            .blocks
            .partition_point(|block| block.first_row <= place.row);
        let number = after.saturating_sub(1);
        self.unpack(number, &mut unpacked)?;
        let rows = postcard::take_from_bytes::<u64>(&unpacked.plain);
        let row = rows.and_then(|(_, rows)| {
            let row = rows.get(place.offset as usize..).unwrap_or_default();
            postcard::take_from_bytes(row)
        });
        row.map(|(row, _)| row)
            .map_err(|e| self.reader.damaged(self.table.name, &e.to_string()))
    }

    fn read_all(&self, each: &mut dyn FnMut(usize, K, V)) -> Result<()> {
        let mut unpacked = Unpacked {
            number: None,
            packed: Vec::new(),
            plain: Vec::new(),
            decompressor: self.reader.decompressor()?,
        };
        for (number, block) in self.blocks.iter().enumerate() {
            self.unpack(number, &mut unpacked)?;
            let rows: Vec<(K, V)> = self.reader.rows(self.table.name, &unpacked.plain)?;
            if rows.len() != block.rows as usize {
                return Err(self
                    .reader
                    .damaged(self.table.name, "has a block with too few rows"));
            }
            for (row, (key, value)) in (block.first_row as usize..).zip(rows) {
                each(row, key, value);
            }
        }
        Ok(())
    }
}

impl<K, V> Debug for KeyedRows<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows of `{}`", self.n_rows, self.table.name)
    }
}
