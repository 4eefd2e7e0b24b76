//! The pages of one column: read from the file, decompressed within limits, and passed to the decoder one by one.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parquet::basic::{Compression, Encoding};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescriptor;

use crate::sources::parquet::file::SharedFile;
use crate::sources::parquet::thrift::{InvalidThrift, Kind, ThriftReader};

/// The largest page, in bytes, compressed or not. Writers aim at one megabyte.
const PAGE_BYTES_MAX: usize = 16 << 20;
/// The most values of a page.
const PAGE_VALUES_MAX: i64 = 1 << 24;
/// The most entries of a dictionary.
const DICTIONARY_VALUES_MAX: i64 = 1 << 20;
/// The memory of a decoded dictionary entry, in bytes.
const ENTRY_BYTES: u64 = 40;
/// The memory limit for the current pages of all columns together, in bytes.
const HELD_BYTES_MAX: u64 = 512 << 20;
/// The most values that one record may have in one column. A flattened record has some hundreds.
const RECORD_VALUES_MAX: u64 = 4_096;
/// The longest page header. Most have about twenty bytes; those with statistics are longer.
const HEADER_BYTES_MAX: usize = 1 << 20;
/// The number of bytes that is read first for a header.
const HEADER_BYTES: usize = 4 << 10;

fn error(what: &str) -> ParquetError {
    ParquetError::General(what.to_owned())
}

impl From<InvalidThrift> for ParquetError {
    fn from(_: InvalidThrift) -> Self {
        error("a page header is damaged")
    }
}

/// A page header.
#[derive(Debug, Clone, Default)]
struct Header {
    kind: i64,
    unpacked: usize,
    packed: usize,
    values: i64,
    nulls: i64,
    rows: i64,
    encoding: i64,
    levels_encoding: [i64; 2],
    levels_bytes: [usize; 2],
    is_compressed: bool,
    /// Its own length.
    bytes: usize,
}

const DATA: i64 = 0;
const INDEX: i64 = 1;
const DICTIONARY: i64 = 2;
const DATA_V2: i64 = 3;

impl Header {
    fn of(bytes: &[u8]) -> std::result::Result<Self, InvalidThrift> {
        let mut reader = ThriftReader::new(bytes);
        let mut header = Self {
            is_compressed: true,
            ..Self::default()
        };
        let size = |number: i64| usize::try_from(number).map_err(|_| InvalidThrift);
        let mut last = 0;
        while let Some((id, kind)) = reader.field(&mut last)? {
            match (id, kind) {
                (1, Kind::Number) => header.kind = reader.number()?,
                (2, Kind::Number) => header.unpacked = size(reader.number()?)?,
                (3, Kind::Number) => header.packed = size(reader.number()?)?,
                (5 | 7 | 8, Kind::Struct) => {
                    let mut last = 0;
                    while let Some((inner, kind)) = reader.field(&mut last)? {
                        match (id, inner, kind) {
                            (_, 1, Kind::Number) => header.values = reader.number()?,
                            (5 | 7, 2, Kind::Number) | (8, 4, Kind::Number) => {
                                header.encoding = reader.number()?
                            }
                            (5, 3, Kind::Number) => header.levels_encoding[0] = reader.number()?,
                            (5, 4, Kind::Number) => header.levels_encoding[1] = reader.number()?,
                            (8, 2, Kind::Number) => header.nulls = reader.number()?,
                            (8, 3, Kind::Number) => header.rows = reader.number()?,
                            (8, 5, Kind::Number) => {
                                header.levels_bytes[0] = size(reader.number()?)?
                            }
                            (8, 6, Kind::Number) => {
                                header.levels_bytes[1] = size(reader.number()?)?
                            }
                            (8, 7, Kind::Truth(yes)) => header.is_compressed = yes,
                            _ => reader.skip(kind)?,
                        }
                    }
                }
                _ => reader.skip(kind)?,
            }
        }
        header.bytes = reader.position();
        Ok(header)
    }
}

/// The memory of the current pages of all columns.
#[derive(Debug, Clone, Default)]
pub struct BufferedBytes(Arc<AtomicU64>);

/// Reads the pages of one column of one row group.
pub struct Pages {
    source: SharedFile,
    /// The range that is still to be read.
    at: u64,
    end: u64,
    compression: Compression,
    /// The highest definition and repetition level.
    max_def: i16,
    max_rep: i16,
    ahead: Option<Header>,
    has_dictionary: bool,
    /// Number of values so far of the record in which the last page ended.
    run: u64,
    held: BufferedBytes,
    page_bytes: u64,
    dictionary_bytes: u64,
}

impl Pages {
    /// Makes a reader of the pages in a range of the file.
    pub fn new(
        source: SharedFile,
        place: std::ops::Range<u64>,
        compression: Compression,
        descriptor: &ColumnDescriptor,
        held: BufferedBytes,
    ) -> Self {
        Self {
            source,
            at: place.start,
            end: place.end,
            compression,
            max_def: descriptor.max_def_level(),
            max_rep: descriptor.max_rep_level(),
            ahead: None,
            has_dictionary: false,
            run: 0,
            held,
            page_bytes: 0,
            dictionary_bytes: 0,
        }
    }

    /// Reads the next header, if there is one, and leaves it for the next page.
    fn peek(&mut self) -> Result<Option<&Header>> {
        while self.ahead.is_none() && self.at < self.end {
            let header = self.header()?;
            if header.packed > PAGE_BYTES_MAX || header.unpacked > PAGE_BYTES_MAX {
                return Err(error("a page is larger than any real one"));
            }
            let end = self.at + (header.bytes + header.packed) as u64;
            if end > self.end {
                return Err(error("a page ends beyond its column"));
            }
            match header.kind {
                DATA | DICTIONARY | DATA_V2 => self.ahead = Some(header),
                INDEX => self.at = end,
                _ => return Err(error("a page is of an unknown kind")),
            }
        }
        Ok(self.ahead.as_ref())
    }

    fn header(&self) -> Result<Header> {
        let mut len = HEADER_BYTES;
        loop {
            let available = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
            let bytes = self.source.read(self.at, len.min(available))?;
            match Header::of(&bytes) {
                Ok(header) => return Ok(header),
                Err(InvalidThrift) if len < available.min(HEADER_BYTES_MAX) => len *= 16,
                Err(broken) => return Err(broken.into()),
            }
        }
    }

    /// Replaces the memory of the previous page by that of the current one.
    fn reserve(&mut self, bytes: u64, is_dictionary: bool) -> Result<()> {
        let mine = if is_dictionary {
            &mut self.dictionary_bytes
        } else {
            &mut self.page_bytes
        };
        self.held.0.fetch_sub(*mine, Ordering::Relaxed);
        *mine = bytes;
        let all = self.held.0.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if all > HELD_BYTES_MAX {
            return Err(error("its pages take more state than any real file's"));
        }
        Ok(())
    }

    fn page(&mut self, header: &Header) -> Result<Page> {
        let is_dictionary = header.kind == DICTIONARY;
        let values_max = if is_dictionary {
            DICTIONARY_VALUES_MAX
        } else {
            PAGE_VALUES_MAX
        };
        if !(0..=values_max).contains(&header.values) {
            return Err(error("a page has more values than any real one"));
        }
        let entries = if is_dictionary {
            header.values as u64 * ENTRY_BYTES
        } else {
            0
        };
        self.reserve(header.unpacked as u64 + entries, is_dictionary)?;
        let packed = self
            .source
            .read(self.at + header.bytes as u64, header.packed)?;
        if packed.len() != header.packed {
            return Err(error("the file ends inside a page"));
        }
        // The levels of a version 2 data page are before its values and never compressed.
        let levels = header.levels_bytes[0].saturating_add(header.levels_bytes[1]);
        if levels > packed.len().min(header.unpacked) {
            return Err(error("a page has more levels than bytes"));
        }
        let is_packed = header.is_compressed && self.compression != Compression::UNCOMPRESSED;
        let buf = if is_packed {
            let mut out = packed[..levels].to_vec();
            unpack(
                self.compression,
                &packed[levels..],
                header.unpacked - levels,
                &mut out,
            )?;
            out
        } else {
            packed
        };
        if buf.len() != header.unpacked {
            return Err(error("a page is not as long as it says"));
        }
        let encoding = encoding(header.encoding)?;
        let is_indexed = matches!(
            encoding,
            Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY
        );
        if !is_dictionary && is_indexed && !self.has_dictionary {
            return Err(error("a page refers to a dictionary that is not there"));
        }
        self.has_dictionary |= is_dictionary;
        let num_values = header.values as u32;
        Ok(match header.kind {
            DICTIONARY => Page::DictionaryPage {
                buf: buf.into(),
                num_values,
                encoding,
                is_sorted: false,
            },
            DATA => {
                let [def, rep] = header.levels_encoding;
                let mut rest = &buf[..];
                if self.max_rep > 0 {
                    let levels = levels_of(&mut rest)?;
                    self.check_records(levels, header.values)?;
                }
                if self.max_def > 0 {
                    levels_of(&mut rest)?;
                }
                Page::DataPage {
                    buf: buf.into(),
                    num_values,
                    encoding,
                    def_level_encoding: level_encoding(def, self.max_def)?,
                    rep_level_encoding: level_encoding(rep, self.max_rep)?,
                    statistics: None,
                }
            }
            _ => {
                if self.max_rep > 0 {
                    self.check_records(&buf[..header.levels_bytes[1]], header.values)?;
                }
                let count = |number: i64| u32::try_from(number).map_err(|_| InvalidThrift);
                Page::DataPageV2 {
                    buf: buf.into(),
                    num_values,
                    encoding,
                    num_nulls: count(header.nulls)?,
                    num_rows: count(header.rows)?,
                    def_levels_byte_len: header.levels_bytes[0] as u32,
                    rep_levels_byte_len: header.levels_bytes[1] as u32,
                    is_compressed: false,
                    statistics: None,
                }
            }
        })
    }

    /// Checks the number of values of each record. A record is held whole, and a few bytes of levels can state millions of
    /// values. Levels are runs of one value or bit-packed values; a record begins at a zero.
    fn check_records(&mut self, levels: &[u8], values: i64) -> Result<()> {
        let width = 16
            - u32::from(self.max_rep as u16)
                .leading_zeros()
                .saturating_sub(16);
        let (mut at, mut left) = (0, values as u64);
        let mut longest = self.run;
        while left > 0 && at < levels.len() {
            let mut reader = 0u64;
            for shift in (0..35).step_by(7) {
                let byte = *levels.get(at).unwrap_or(&0);
                at += 1;
                reader |= u64::from(byte & 0x7f) << shift;
                if byte < 0x80 {
                    break;
                }
            }
            if reader & 1 == 0 {
                let count = (reader >> 1).min(left);
                let bytes = (width as usize).div_ceil(8);
                let is_start = levels
                    .get(at..at + bytes)
                    .is_none_or(|level| level.iter().all(|b| *b == 0));
                at += bytes;
                left -= count;
                if count == 0 {
                    continue;
                }
                self.run = if is_start { 1 } else { self.run + count };
                longest = longest.max(self.run);
            } else {
                let count = ((reader >> 1) * 8).min(left);
                for n in 0..count {
                    let bit = at as u64 * 8 + n * u64::from(width);
                    let is_set = |bit: u64| {
                        let byte = levels.get((bit / 8) as usize).copied().unwrap_or(0);
                        byte >> (bit % 8) & 1 == 1
                    };
                    let is_start = (bit..bit + u64::from(width)).all(|bit| !is_set(bit));
                    self.run = if is_start { 1 } else { self.run + 1 };
                    longest = longest.max(self.run);
                }
                at = at.saturating_add(((reader >> 1) * u64::from(width)) as usize);
                left -= count;
            }
        }
        if longest > RECORD_VALUES_MAX {
            return Err(error(
                "a record has more values in one column than any real one",
            ));
        }
        Ok(())
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.held
            .0
            .fetch_sub(self.page_bytes + self.dictionary_bytes, Ordering::Relaxed);
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let Some(header) = self.peek()?.cloned() else {
            return Ok(None);
        };
        let page = self.page(&header)?;
        self.at += (header.bytes + header.packed) as u64;
        self.ahead = None;
        Ok(Some(page))
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        Ok(self.peek()?.map(|header| PageMetadata {
            num_rows: (header.kind == DATA_V2)
                .then(|| usize::try_from(header.rows).unwrap_or_default()),
            num_levels: usize::try_from(header.values).ok(),
            is_dict: header.kind == DICTIONARY,
        }))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.get_next_page().map(drop)
    }
}

/// Takes length-prefixed levels from the beginning of a version 1 data page.
fn levels_of<'a>(page: &mut &'a [u8]) -> Result<&'a [u8]> {
    let (len, rest) = page.split_first_chunk().unwrap_or((&[0xff; 4], page));
    let len = u32::from_le_bytes(*len) as usize;
    let (levels, values) = rest
        .split_at_checked(len)
        .ok_or_else(|| error("a page has more levels than bytes"))?;
    *page = values;
    Ok(levels)
}

/// Decompresses at most `len` bytes to the end of `out`.
fn unpack(compression: Compression, packed: &[u8], len: usize, out: &mut Vec<u8>) -> Result<()> {
    let read = |reader: &mut dyn Read, out: &mut Vec<u8>| {
        // One byte more shows that the page is longer than stated.
        reader.take(len as u64 + 1).read_to_end(out).map(drop)
    };
    let result = match compression {
        _ if packed.is_empty() && len == 0 => Ok(()),
        Compression::SNAPPY => {
            if snap::raw::decompress_len(packed).is_ok_and(|unpacked| unpacked == len) {
                let from = out.len();
                out.resize(from + len, 0);
                let done = snap::raw::Decoder::new().decompress(packed, &mut out[from..]);
                done.map(drop).map_err(io::Error::other)
            } else {
                return Err(error("a page is not as long as it says"));
            }
        }
        Compression::GZIP(_) => read(&mut flate2::bufread::MultiGzDecoder::new(packed), out),
        Compression::ZSTD(_) => {
            zstd::stream::read::Decoder::with_buffer(packed).and_then(|mut r| read(&mut r, out))
        }
        other => {
            return Err(ParquetError::NYI(format!(
                "a page is packed with {other}, which is not read"
            )));
        }
    };
    result.map_err(|e| error(&format!("a page's packed data is damaged ({e})")))
}

fn encoding(number: i64) -> Result<Encoding> {
    Ok(match number {
        0 => Encoding::PLAIN,
        2 => Encoding::PLAIN_DICTIONARY,
        3 => Encoding::RLE,
        5 => Encoding::DELTA_BINARY_PACKED,
        6 => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        7 => Encoding::DELTA_BYTE_ARRAY,
        8 => Encoding::RLE_DICTIONARY,
        9 => Encoding::BYTE_STREAM_SPLIT,
        _ => return Err(error("a page is of an unknown encoding")),
    })
}

/// Returns the encoding of levels, which is RLE since the first release; older encodings are not read. If there is only one
/// level, none is written, and the stated encoding is ignored.
fn level_encoding(number: i64, max: i16) -> Result<Encoding> {
    match (number, max) {
        (3, _) | (_, 0) => Ok(Encoding::RLE),
        _ => Err(error("the levels of a page are of an unknown encoding")),
    }
}
