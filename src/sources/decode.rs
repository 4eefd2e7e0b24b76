//! Stored bytes to text: gzip, Zstandard, bzip2, xz and UTF-16, recognised from their first bytes. Parquet, ZIP and tar are
//! recognised as well.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::GzDecoder;
use lzma_rust2::XzReader;
use xxhash_rust::xxh3::Xxh3;

use crate::sources::report::Compression;

/// Bytes read from a file at a time.
const READ_BYTES: usize = 128 * 1024;
/// How many compressions may be nested.
const NESTING_MAX: usize = 2;
/// The first and last bytes of a Parquet file.
pub const PARQUET_MAGIC: &[u8; 4] = b"PAR1";
/// The first bytes of a gzip member.
pub const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const BZIP2_MAGIC: [u8; 3] = *b"BZh";
const XZ_MAGIC: [u8; 4] = [0xfd, b'7', b'z', b'X'];
/// The first bytes of a ZIP archive, and of one with nothing in it.
const ZIP_MAGICS: [[u8; 4]; 2] = [*b"PK\x03\x04", *b"PK\x05\x06"];
/// Where a header of a tar archive has its mark, in POSIX's form and in that of GNU.
const TAR_MARK: (usize, &[u8]) = (257, b"ustar");
/// Bytes that are peeked at: the first header of a tar archive.
const PEEKED_BYTES: usize = 512;
/// The most memory for the dictionary of an xz stream, in KiB. The highest level of `xz` needs 64 MiB, and some for tables.
const XZ_MEMORY_KIB: u32 = 128 << 10;
/// To how many bytes one stored byte may unpack. Real logs stay below some hundreds.
const RATIO_MAX: u64 = 2_000;
/// So many bytes may be unpacked from any file.
const UNPACKED_FREE: u64 = 256 << 20;

/// Returns whether the first bytes call for no decoder: it is text as it is.
pub fn is_text(start: &[u8]) -> bool {
    let marks: [&[u8]; 9] = [
        &GZIP_MAGIC,
        &ZSTD_MAGIC,
        &BZIP2_MAGIC,
        &XZ_MAGIC,
        &ZIP_MAGICS[0],
        &ZIP_MAGICS[1],
        PARQUET_MAGIC,
        &[0xff, 0xfe],
        &[0xfe, 0xff],
    ];
    !marks.iter().any(|mark| start.starts_with(mark)) && !is_tar(start)
}

fn is_tar(start: &[u8]) -> bool {
    let (at, mark) = TAR_MARK;
    start.get(at..).is_some_and(|rest| rest.starts_with(mark))
}

/// A reader that keeps the length and hash of what went through it.
pub struct HashingReader<R> {
    inner: R,
    hash: Xxh3,
    bytes: u64,
}

impl<R: Read> HashingReader<R> {
    /// Wraps a reader.
    pub fn new(inner: R) -> Self {
        Self {
            inner,
            hash: Xxh3::new(),
            bytes: 0,
        }
    }

    /// Reads what is left, so that length and hash are those of the whole.
    pub fn drain(&mut self) -> io::Result<()> {
        io::copy(self, &mut io::sink()).map(drop)
    }

    /// Returns the bytes and the XXH3-128 of all that was read.
    pub fn length_and_hash(&self) -> (u64, u128) {
        (self.bytes, self.hash.digest128())
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.hash.update(&buffer[..n]);
        self.bytes += n as u64;
        Ok(n)
    }
}

/// A reader with all compression removed.
pub struct Decoded<'a> {
    /// Its bytes.
    pub reader: Box<dyn Read + 'a>,
    /// The compressions, outermost first.
    pub layers: Vec<Compression>,
    /// What is in it.
    pub content: Content,
}

/// What is in a file below its compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Text.
    Text,
    /// A Parquet file.
    Parquet,
    /// A ZIP archive.
    Zip,
    /// A tar archive.
    Tar,
}

/// How many bytes were unpacked from one input, by all layers and for all files of archives in it, and how many packed bytes it has so far.
#[derive(Debug, Clone, Default)]
pub struct Unpacking {
    unpacked: Rc<Cell<u64>>,
    packed: Rc<Cell<u64>>,
}

impl Unpacking {
    /// Returns a reader of the input itself.
    pub fn input<R: Read>(&self, raw: R) -> impl Read + use<R> {
        Metered {
            inner: raw,
            bytes: self.packed.clone(),
        }
    }

    /// Returns a reader that fails if so much came out of the input that no log would have been packed so small.
    pub fn bounded<R: Read>(&self, inner: R) -> impl Read + use<R> {
        Bounded {
            inner,
            so_far: self.clone(),
        }
    }
}

/// A reader of what was unpacked.
struct Bounded<R> {
    inner: R,
    so_far: Unpacking,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let unpacked = self.so_far.unpacked.get() + n as u64;
        self.so_far.unpacked.set(unpacked);
        if unpacked > UNPACKED_FREE && unpacked / RATIO_MAX > self.so_far.packed.get() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("it unpacks to more than {RATIO_MAX} times its size, as no log does"),
            ));
        }
        Ok(n)
    }
}

/// A reader that counts what was read.
struct Metered<R> {
    inner: R,
    bytes: Rc<Cell<u64>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.bytes.set(self.bytes.get() + n as u64);
        Ok(n)
    }
}

/// Wraps an input in the decoders that its first bytes call for.
///
/// # Errors
///
/// Fails if the first bytes cannot be read or a decoder cannot be made.
pub fn decode<'a>(raw: impl Read + 'a) -> io::Result<Decoded<'a>> {
    let so_far = Unpacking::default();
    decode_within(so_far.input(raw), &so_far)
}

/// Returns a reader of what is below the compression of an input, which fails if so much comes out of it that no log would have been packed so small.
///
/// # Errors
///
/// Fails if the first bytes cannot be read or a decoder cannot be made.
pub fn unpacked<'a>(packed: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    Ok(decode(packed)?.reader)
}

/// Does what [`decode`] does for a part of an input.
///
/// # Errors
///
/// Fails as that does.
pub fn decode_within<'a>(raw: impl Read + 'a, so_far: &Unpacking) -> io::Result<Decoded<'a>> {
    let mut layers = Vec::new();
    let mut reader: Box<dyn Read + 'a> = Box::new(raw);
    loop {
        let mut peeked = Peeked::new(reader)?;
        let layer = compression(peeked.start());
        let Some(layer) = layer.filter(|_| layers.len() < NESTING_MAX) else {
            let content = match peeked.start() {
                start if start.starts_with(PARQUET_MAGIC) => Content::Parquet,
                start if ZIP_MAGICS.iter().any(|magic| start.starts_with(magic)) => Content::Zip,
                start if is_tar(start) => Content::Tar,
                _ => Content::Text,
            };
            let endian = match peeked.start() {
                [0xff, 0xfe, ..] => Some(u16::from_le_bytes as fn([u8; 2]) -> u16),
                [0xfe, 0xff, ..] => Some(u16::from_be_bytes as fn([u8; 2]) -> u16),
                _ => None,
            };
            let reader: Box<dyn Read + 'a> = match endian {
                Some(endian) => Box::new(Utf16::new(peeked, endian)),
                None => Box::new(peeked),
            };
            return Ok(Decoded {
                reader,
                layers,
                content,
            });
        };
        layers.push(layer);
        let buffered = BufReader::with_capacity(READ_BYTES, peeked);
        let unpacked: Box<dyn Read + 'a> = match layer {
            Compression::Gzip => Box::new(GzipMembers::Member(Box::new(GzDecoder::new(buffered)))),
            Compression::Bzip2 => Box::new(MultiBzDecoder::new(buffered)),
            Compression::Xz => Box::new(XzReader::new_mem_limit(buffered, true, XZ_MEMORY_KIB)),
            _ => Box::new(zstd::stream::read::Decoder::with_buffer(buffered)?),
        };
        reader = Box::new(so_far.bounded(unpacked));
    }
}

/// Returns the compression that the first bytes show.
fn compression(start: &[u8]) -> Option<Compression> {
    match start {
        _ if start.starts_with(&GZIP_MAGIC) => Some(Compression::Gzip),
        _ if start.starts_with(&ZSTD_MAGIC) => Some(Compression::Zstd),
        _ if start.starts_with(&XZ_MAGIC) => Some(Compression::Xz),
        [_, _, _, b'1'..=b'9', ..] if start.starts_with(&BZIP2_MAGIC) => Some(Compression::Bzip2),
        _ => None,
    }
}

/// A reader whose first bytes can be peeked at.
struct Peeked<R> {
    start: [u8; PEEKED_BYTES],
    len: usize,
    given: usize,
    /// The error that ended peeking. It is returned after the bytes before it.
    error: Option<io::Error>,
    inner: R,
}

impl<R: Read> Peeked<R> {
    fn new(mut inner: R) -> io::Result<Self> {
        let (mut start, mut len, mut error) = ([0; PEEKED_BYTES], 0, None);
        // Who writes lines may wait for an answer to the first. No line has the zeros of a header of an archive.
        while len < 4 || len < start.len() && start[..len].contains(&0) {
            match inner.read(&mut start[len..]) {
                Ok(0) => break,
                Ok(n) => len += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    error = Some(e);
                    break;
                }
            }
        }
        Ok(Self {
            start,
            len,
            given: 0,
            error,
            inner,
        })
    }

    fn start(&mut self) -> &[u8] {
        &self.start[..self.len]
    }
}

impl<R: Read> Read for Peeked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given < self.len && !buffer.is_empty() {
            let n = buffer.len().min(self.len - self.given);
            buffer[..n].copy_from_slice(&self.start[self.given..self.given + n]);
            self.given += n;
            return Ok(n);
        }
        match self.error.take() {
            Some(error) => Err(error),
            None => self.inner.read(buffer),
        }
    }
}

/// Consecutive gzip members; zeros after the last are padding.
enum GzipMembers<R> {
    Member(Box<GzDecoder<R>>),
    Between(R),
    Done,
}

impl<R: BufRead> Read for GzipMembers<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(self, Self::Done) {
                Self::Member(mut decoder) => match decoder.read(buffer) {
                    Ok(0) if !buffer.is_empty() => *self = Self::Between(decoder.into_inner()),
                    result => {
                        *self = Self::Member(decoder);
                        return result;
                    }
                },
                Self::Between(mut inner) => {
                    let ahead = inner.fill_buf()?;
                    if ahead.is_empty() {
                        return Ok(0);
                    }
                    let zeros = ahead.iter().take_while(|&&b| b == 0).count();
                    if zeros > 0 {
                        inner.consume(zeros);
                        *self = Self::Between(inner);
                    } else if ahead[0] == GZIP_MAGIC[0] {
                        *self = Self::Member(Box::new(GzDecoder::new(inner)));
                    } else {
                        return Err(io::Error::new(
                            io::ErrorKind::InvalidData,
                            "bytes that are no gzip follow the last gzip member",
                        ));
                    }
                }
                Self::Done => return Ok(0),
            }
        }
    }
}

/// UTF-16 with a byte order mark, read as UTF-8.
struct Utf16<R> {
    inner: R,
    unit: fn([u8; 2]) -> u16,
    odd: Option<u8>,
    high: Option<u16>,
    out: Vec<u8>,
    given: usize,
}

impl<R: Read> Utf16<R> {
    fn new(inner: R, unit: fn([u8; 2]) -> u16) -> Self {
        Self {
            inner,
            unit,
            odd: None,
            high: None,
            out: Vec::new(),
            given: 0,
        }
    }

    fn push(&mut self, unit: u16) {
        let pair = match self.high.take() {
            Some(high) => vec![high, unit],
            None if (0xd800..0xdc00).contains(&unit) => {
                self.high = Some(unit);
                return;
            }
            None => vec![unit],
        };
        let text: String = char::decode_utf16(pair)
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        self.out.extend_from_slice(text.as_bytes());
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.out.len() {
            self.out.clear();
            self.given = 0;
            let mut raw = [0; 8 * 1024];
            let n = self.inner.read(&mut raw)?;
            if n == 0 {
                return Ok(0);
            }
            for &byte in &raw[..n] {
                match self.odd.take() {
                    Some(first) => self.push((self.unit)([first, byte])),
                    None => self.odd = Some(byte),
                }
            }
        }
        let n = buffer.len().min(self.out.len() - self.given);
        buffer[..n].copy_from_slice(&self.out[self.given..self.given + n]);
        self.given += n;
        Ok(n)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::sources::tests::gzip;

    /// The text of the first test, packed by xz 5.4.
    const XZ: &[u8] = &[
        253, 55, 122, 88, 90, 0, 0, 4, 230, 214, 180, 70, 2, 0, 33, 1, 22, 0, 0, 0, 116, 47, 229,
        163, 1, 0, 12, 123, 34, 107, 34, 58, 34, 240, 159, 152, 128, 34, 125, 10, 0, 0, 0, 0, 226,
        111, 67, 115, 43, 41, 179, 64, 0, 1, 37, 13, 113, 25, 196, 182, 31, 182, 243, 125, 1, 0, 0,
        0, 0, 4, 89, 90,
    ];

    fn bz2(text: &[u8]) -> Vec<u8> {
        let mut packed = Vec::new();
        bzip2::read::BzEncoder::new(text, bzip2::Compression::fast())
            .read_to_end(&mut packed)
            .unwrap();
        packed
    }

    fn zst(text: &[u8]) -> Vec<u8> {
        zstd::encode_all(text, 1).unwrap()
    }

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        std::iter::once(0xfeff)
            .chain(text.encode_utf16())
            .flat_map(unit)
            .collect()
    }

    #[test]
    fn compression_is_recognised_from_content() {
        let text = "{\"k\":\"\u{1f600}\"}\n";
        let bytes = text.as_bytes();
        for (name, packed, layers, times) in [
            ("plain", bytes.to_vec(), 0, 1),
            ("gzip", gzip(bytes), 1, 1),
            (
                "members and padding",
                [gzip(bytes), gzip(bytes), vec![0; 9]].concat(),
                1,
                2,
            ),
            ("zstd frames", [zst(bytes), zst(bytes)].concat(), 1, 2),
            ("nested", gzip(&zst(bytes)), 2, 1),
            ("bzip2 streams", [bz2(bytes), bz2(bytes)].concat(), 1, 2),
            ("bzip2 in gzip", gzip(&bz2(bytes)), 2, 1),
            ("xz", XZ.to_vec(), 1, 1),
            ("xz streams", [XZ, XZ].concat(), 1, 2),
            ("utf-16 le", utf16(text, u16::to_le_bytes), 0, 1),
            ("utf-16 be", gzip(&utf16(text, u16::to_be_bytes)), 1, 1),
            ("empty", Vec::new(), 0, 0),
        ] {
            let mut raw = HashingReader::new(&packed[..]);
            let Decoded {
                mut reader,
                layers: found,
                ..
            } = decode(&mut raw).unwrap();
            let mut out = String::new();
            reader.read_to_string(&mut out).unwrap();
            drop(reader);
            raw.drain().unwrap();
            assert_eq!(
                out.trim_start_matches('\u{feff}'),
                text.repeat(times),
                "{name}"
            );
            assert_eq!(found.len(), layers, "{name}");
            assert_eq!(
                raw.length_and_hash(),
                (packed.len() as u64, xxhash_rust::xxh3::xxh3_128(&packed)),
                "{name}"
            );
        }
    }

    /// Real logs stay far below what bombs unpack to, and a dictionary may not be larger than xz itself makes it.
    #[test]
    fn what_unpacks_to_far_more_than_it_is_ends_with_an_error() {
        let zeros = vec![b'\n'; 1 << 20];
        for (name, magnified) in [("zstd", zst(&zeros)), ("bzip2", bz2(&zeros))] {
            let bomb = magnified.repeat(400);
            let mut unpacked = decode(&bomb[..]).unwrap().reader;
            let read = io::copy(&mut unpacked, &mut io::sink());
            assert!(
                read.unwrap_err().to_string().contains("2000 times"),
                "{name}"
            );
        }
        // Of many small files in an archive none is one, and all together are.
        let so_far = Unpacking::default();
        let files = (0..3).map(|_| {
            let zeros = io::repeat(0).take(100 << 20);
            io::copy(&mut so_far.bounded(zeros), &mut io::sink()).is_ok()
        });
        assert_eq!(files.collect::<Vec<_>>(), [true, true, false]);
        let honest = gzip(&vec![b'\n'; 1 << 20]);
        let mut unpacked = decode(&honest[..]).unwrap().reader;
        assert!(io::copy(&mut unpacked, &mut io::sink()).is_ok());
        // The dictionary's size is in the header of the block: 4 GiB - 1.
        let mut greedy = XZ.to_vec();
        greedy[16] = 40;
        let crc = libdeflater::crc32(&greedy[12..20]).to_le_bytes();
        greedy[20..24].copy_from_slice(&crc);
        let mut unpacked = decode(&greedy[..]).unwrap().reader;
        assert!(io::copy(&mut unpacked, &mut io::sink()).is_err());
    }

    #[test]
    fn content_before_damage_is_read() {
        let text: String = (0..20_000)
            .map(|n: u32| n.wrapping_mul(2_654_435_761).to_string())
            .collect();
        let packed = gzip(text.as_bytes());
        let mut reader = decode(&packed[..packed.len() / 2]).unwrap().reader;
        let mut out = Vec::new();
        assert!(reader.read_to_end(&mut out).is_err());
        assert!(out.len() > 1_000 && text.as_bytes().starts_with(&out));
    }
}
